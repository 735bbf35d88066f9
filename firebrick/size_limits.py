"""How large a template and a request may be: settings, read here alone.

Light, because the command line reads them at its start. Who sends and who receives read the same variables, each from
its own environment.
"""

import os

from firebrick.diagnostics import Diagnostic, InvalidInput

TEMPLATE_SETTING = "FIREBRICK_MAX_TEMPLATE_SIZE"
TEMPLATE_DEFAULT = 524_288  # Heat's max_template_size
BODY_SETTING = "FIREBRICK_MAX_BODY_SIZE"
BODY_DEFAULT = 1_048_576  # Heat's max_json_body_size


def most_template() -> int:
    """Characters of a template, and bytes of its file. InvalidInput when the variable holds no positive number."""
    return _limit(TEMPLATE_SETTING, TEMPLATE_DEFAULT, "characters")


def most_body() -> int:
    """Bytes of a request's body: the template with everything that is sent along. InvalidInput as most_template."""
    return _limit(BODY_SETTING, BODY_DEFAULT, "bytes")


def _limit(setting: str, default: int, of_what: str) -> int:
    text = os.environ.get(setting, "").strip()
    if not text:
        return default
    if text.isascii() and text.isdigit() and len(text) < 16 and int(text) > 0:
        return int(text)
    raise InvalidInput(
        Diagnostic(
            code="bad-setting",
            summary=f"{setting} is not a positive number",
            detail=f"Set it to a number of {of_what}, or remove it: then it is {default}.",
            path=setting,
        )
    )
