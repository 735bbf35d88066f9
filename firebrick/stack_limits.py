"""How many stacks and resources there may be, and which stacks lists leave out: settings, read here alone.

They are Heat's, with Heat's defaults. Light, because the command line reads it at its start.
"""

import os
from collections.abc import Mapping

from firebrick.diagnostics import Diagnostic, InvalidInput

RESOURCES_SETTING = "FIREBRICK_MAX_RESOURCES_PER_STACK"
RESOURCES_DEFAULT = 1000
STACKS_SETTING = "FIREBRICK_MAX_STACKS_PER_PROJECT"
STACKS_DEFAULT = 512
HIDDEN_SETTING = "FIREBRICK_HIDDEN_STACK_TAGS"
HIDDEN_DEFAULT = "data-processing-cluster"
UNLIMITED = -1


def most_resources(environ: Mapping[str, str] = os.environ) -> int | None:
    """Of a stack with all that is nested in it; None: any number. InvalidInput when the variable holds no number."""
    return _number(RESOURCES_SETTING, RESOURCES_DEFAULT, environ)


def most_stacks(environ: Mapping[str, str] = os.environ) -> int | None:
    """Of a project, without nested ones; None: any number. InvalidInput when the variable holds no number."""
    return _number(STACKS_SETTING, STACKS_DEFAULT, environ)


def hidden_tags(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Stacks with one of these tags are left out of lists. An empty variable: none are."""
    return tuple(word.strip() for word in environ.get(HIDDEN_SETTING, HIDDEN_DEFAULT).split(",") if word.strip())


def too_many_resources(path: str = "resources") -> InvalidInput:
    return _exceeded(
        "Maximum resources per stack exceeded.",
        f"{RESOURCES_SETTING} is {most_resources()}, of a stack with all that is nested in it. Make several stacks.",
        path,
    )


def too_many_stacks(most: int) -> InvalidInput:
    return _exceeded(
        f"You have reached the maximum stacks per tenant, {most}. Please delete some stacks.",
        f"{STACKS_SETTING} says how many stacks a project may have.",
        "stack_name",
    )


def _exceeded(message: str, detail: str, path: str) -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            code="limit-exceeded",
            summary=message,
            detail=detail,
            path=path,
            heat_type="RequestLimitExceeded",
            heat_message=f"Request limit exceeded: {message}",
        )
    )


def _number(setting: str, default: int, environ: Mapping[str, str]) -> int | None:
    text = environ.get(setting, "").strip()
    if not text:
        return default
    digits = text.removeprefix("-")
    number = int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else UNLIMITED - 1
    if number == UNLIMITED:
        return None
    if number >= 0:
        return number
    raise InvalidInput(
        Diagnostic(
            code="bad-setting",
            summary=f"{setting} is not a number from {UNLIMITED} on",
            detail=f"{UNLIMITED} is without limit. Without the variable it is {default}.",
            path=setting,
        )
    )
