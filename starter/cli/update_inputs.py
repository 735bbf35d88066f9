"""What an update is asked for with: the options of `stack update` and `stack plan`, and a request's body."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from starter.cli.stack_inputs import input_options, read_inputs

F = TypeVar("F", bound=Callable[..., Any])
ROLL_BACK_TO = click.Choice(["previous", "complete"])


def update_options(function: F) -> F:
    """All that says what the update is; the parameters go to `read_update`, as a mapping."""
    for option in reversed(
        (
            click.option("--existing", is_flag=True, help="What is not given stays as it is."),
            click.option(
                "--clear-parameter",
                "clear_parameters",
                multiple=True,
                metavar="NAME",
                help="With --existing: forget its value. May be repeated.",
            ),
            click.option(
                "--rollback",
                type=click.Choice(["enabled", "disabled", "keep"]),
                help="Whether a failure is rolled back; keep: as the stack has it.  [default: keep]",
            ),
            click.option("--enable-rollback", is_flag=True, help="As --rollback enabled."),
            click.option("--disable-rollback", is_flag=True, help="As --rollback disabled."),
            click.option(
                "--on-failure",
                type=click.Choice(["keep", "rollback"]),
                help="For this update only, whatever the stack has.",
            ),
            click.option(
                "--roll-back-to", type=ROLL_BACK_TO, help="The template before this one, or the last that was complete."
            ),
            click.option(
                "--continue-independent", is_flag=True, help="After a failure, what does not depend on it goes on."
            ),
            click.option("--converge", is_flag=True, help="Look at every resource, also where nothing changed."),
        )
    ):
        function = option(function)
    function = input_options(function)
    return click.option("-t", "--template", metavar="FILE", help="The template; - is standard input.")(function)


def read_update(given: Mapping[str, Any]) -> dict[str, Any]:
    """The request's body. UsageError for options that do not go together; InvalidInput names the file."""
    if given["template"] is None and not given["existing"]:
        raise click.UsageError("give the new template with -t FILE, or --existing to keep the stack's own")
    if given["clear_parameters"] and not given["existing"]:
        raise click.UsageError("--clear-parameter goes with --existing: else nothing is kept that is not given")
    inputs = ("template", "environments", "parameters", "parameter_files", "timeout", "tags")
    body = read_inputs(**{name: given[name] for name in inputs})
    disabled = _disable_rollback(given["rollback"], given["enable_rollback"], given["disable_rollback"])
    for name in ("clear_parameters", "on_failure", "roll_back_to", "continue_independent", "converge"):
        if given[name]:
            body[name] = list(given[name]) if name == "clear_parameters" else given[name]
    if disabled is not None:
        body["disable_rollback"] = disabled
    return body


def _disable_rollback(rollback: str | None, enable: bool, disable: bool) -> bool | None:
    """What is asked of the stack's setting; None: keep it."""
    asked = {rollback} if rollback else set()
    asked |= {"enabled"} if enable else set()
    asked |= {"disabled"} if disable else set()
    if len(asked) > 1:
        raise click.UsageError("--rollback, --enable-rollback and --disable-rollback say different things: give one")
    return {"enabled": False, "disabled": True}.get(asked.pop()) if asked else None
