"""`firebrick stack update, cancel, continue, rollback`: bringing a living stack to something else, or back."""

import uuid
from collections.abc import Sequence
from typing import Any

import click

from starter.cli.connection import Connection
from starter.cli.follow import Followed, newest_seq
from starter.cli.render import output_options
from starter.cli.stack_inputs import input_options, read_inputs
from starter.cli.watching import show_stack, watch
from starter.http_api import Api, NoServer, StackAddress

WAIT = click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")
OPERATION_ID = click.option(
    "--operation-id", type=click.UUID, metavar="UUID", help="Names the request: repeated, it counts once."
)
TO = click.Choice(["previous", "complete"])


@click.command()
@click.argument("name", metavar="STACK")
@click.option("-t", "--template", metavar="FILE", help="The template; - is standard input.")
@input_options
@click.option("--existing", is_flag=True, help="What is not given stays as it is.")
@click.option(
    "--clear-parameter",
    "clear_parameters",
    multiple=True,
    metavar="NAME",
    help="With --existing: forget its value. May be repeated.",
)
@click.option(
    "--rollback",
    type=click.Choice(["enabled", "disabled", "keep"]),
    help="Whether a failure is rolled back; keep: as the stack has it.  [default: keep]",
)
@click.option("--enable-rollback", is_flag=True, help="As --rollback enabled.")
@click.option("--disable-rollback", is_flag=True, help="As --rollback disabled.")
@click.option(
    "--on-failure", type=click.Choice(["keep", "rollback"]), help="For this update only, whatever the stack has."
)
@click.option("--roll-back-to", type=TO, help="The template before this one, or the last that was complete.")
@click.option("--continue-independent", is_flag=True, help="After a failure, what does not depend on it goes on.")
@click.option("--converge", is_flag=True, help="Look at every resource, also where nothing changed.")
@WAIT
@OPERATION_ID
@output_options()
@click.pass_obj
def update(
    connection: Connection,
    name: str,
    template: str | None,
    environments: Sequence[str],
    parameters: Sequence[str],
    parameter_files: Sequence[str],
    timeout: int | None,
    tags: str | None,
    existing: bool,
    clear_parameters: Sequence[str],
    rollback: str | None,
    enable_rollback: bool,
    disable_rollback: bool,
    on_failure: str | None,
    roll_back_to: str | None,
    continue_independent: bool,
    converge: bool,
    wait: bool,
    operation_id: uuid.UUID | None,
    form: str,
    columns: Sequence[str],
) -> None:
    """Bring a stack to a new template, or with --existing to other parameters. Whatever the stack does makes way."""
    if template is None and not existing:
        raise click.UsageError("give the new template with -t FILE, or --existing to keep the stack's own")
    if clear_parameters and not existing:
        raise click.UsageError("--clear-parameter goes with --existing: else nothing is kept that is not given")
    body = read_inputs(template, environments, parameters, parameter_files, timeout, tags)
    disabled = _disable_rollback(rollback, enable_rollback, disable_rollback)
    options: dict[str, Any] = {
        "clear_parameters": list(clear_parameters),
        "on_failure": on_failure,
        "roll_back_to": roll_back_to,
        "continue_independent": continue_independent,
        "converge": converge,
    }
    body |= {key: value for key, value in options.items() if value}
    if disabled is not None:
        body["disable_rollback"] = disabled
    api = Api(connection)
    address = api.find(name)
    start = newest_seq(api, address)
    token = str(operation_id or uuid.uuid4())
    try:
        operation = api.update(address, body, token, existing=existing)
    except NoServer as lost:
        if lost.sent:
            click.echo(f"To ask again without asking twice: add --operation-id {token}", err=True)
        raise
    _shown(api, address, operation, "UPDATE", start, wait, form, columns)


def _disable_rollback(rollback: str | None, enable: bool, disable: bool) -> bool | None:
    """What is asked of the stack's setting; None: keep it."""
    asked = {rollback} if rollback else set()
    asked |= {"enabled"} if enable else set()
    asked |= {"disabled"} if disable else set()
    if len(asked) > 1:
        raise click.UsageError("--rollback, --enable-rollback and --disable-rollback say different things: give one")
    return {"enabled": False, "disabled": True}.get(asked.pop()) if asked else None


@click.command()
@click.argument("name", metavar="STACK")
@click.option("--no-rollback", is_flag=True, help="Stop and leave it there. A create can be stopped so, too.")
@click.option("--wait", is_flag=True, help="Follow it until it has stopped, or is back; exit code 0 only then.")
@output_options()
@click.pass_obj
def cancel(connection: Connection, name: str, no_rollback: bool, wait: bool, form: str, columns: Sequence[str]) -> None:
    """Stop an update and bring the stack back to what it was before."""
    api = Api(connection)
    address = api.find(name)
    start = newest_seq(api, address)
    operation = api.cancel(address, rollback=not no_rollback)
    if wait:
        watch(api, address, operation, "UPDATE", start, form, columns, good=_stopped)
    else:
        click.echo(f"Cancelling what {address.name} does; to follow: firebrick stack wait {address.name}", err=True)
        show_stack(api, address, form, columns)


def _stopped(chain: Sequence[Followed]) -> bool:
    """Whether a cancelled operation was stopped, and what followed was done."""
    cancelled, *followed = chain
    if cancelled.operation["state"] == "DONE":
        click.echo("It was complete before the cancel reached it.", err=True)
    return bool(cancelled.operation["state"] == "FAILED" and all(one.operation["state"] == "DONE" for one in followed))


@click.command("continue")
@click.argument("name", metavar="STACK")
@WAIT
@OPERATION_ID
@output_options()
@click.pass_obj
def continue_(
    connection: Connection, name: str, wait: bool, operation_id: uuid.UUID | None, form: str, columns: Sequence[str]
) -> None:
    """Go on with what failed: to the same target, and only what is unfinished."""
    api = Api(connection)
    address = api.find(name)
    start = newest_seq(api, address)
    operation = api.continue_(address, str(operation_id or uuid.uuid4()))
    _shown(api, address, operation, "UPDATE", start, wait, form, columns)


@click.command()
@click.argument("name", metavar="STACK")
@click.option("--skip", metavar="NAME,NAME", help="Resources to leave as they are; they are shown as drifted.")
@click.option("--to", type=TO, help="The template before the failed one, or the last that was complete.")
@WAIT
@OPERATION_ID
@output_options()
@click.pass_obj
def rollback(
    connection: Connection,
    name: str,
    skip: str | None,
    to: str | None,
    wait: bool,
    operation_id: uuid.UUID | None,
    form: str,
    columns: Sequence[str],
) -> None:
    """Bring a stack whose create, update or rollback failed back to what it was before."""
    api = Api(connection)
    address = api.find(name)
    start = newest_seq(api, address)
    body: dict[str, Any] = {"skip": words(skip)}
    if to is not None:
        body["to"] = to
    operation = api.rollback(address, body, str(operation_id or uuid.uuid4()))
    _shown(api, address, operation, "ROLLBACK", start, wait, form, columns)


def words(given: str | None) -> list[str]:
    """The names of a list with commas."""
    return [word for part in (given or "").split(",") if (word := part.strip())]


def _shown(
    api: Api,
    address: StackAddress,
    operation: str,
    action: str,
    start: int,
    wait: bool,
    form: str,
    columns: Sequence[str],
) -> None:
    if wait:
        watch(api, address, operation, action, start, form, columns)
    else:
        show_stack(api, address, form, columns)
