"""`firebrick stack update, cancel, continue, rollback`: bringing a living stack to something else, or back."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import click

from starter.cli.connection import Connection
from starter.cli.follow import Followed, newest_seq
from starter.cli.plans import show_plan
from starter.cli.problems import print_warnings
from starter.cli.render import output_options
from starter.cli.stack_inputs import OPERATION_ID
from starter.cli.update_inputs import ROLL_BACK_TO, read_update, update_options
from starter.cli.watching import show_stack, watch
from starter.http_api import Api, NoServer, StackAddress

WAIT = click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")


@click.command()
@click.argument("name", metavar="STACK")
@update_options
@click.option("--dry-run", is_flag=True, help="Show what it would do, as `stack plan` does, and do nothing.")
@WAIT
@OPERATION_ID
@output_options()
@click.pass_obj
def update(
    connection: Connection,
    /,
    name: str,
    dry_run: bool,
    wait: bool,
    operation_id: uuid.UUID | None,
    form: str,
    columns: Sequence[str],
    **given: Any,
) -> int:
    """Bring a stack to a new template, or with --existing to other parameters. Whatever the stack does makes way."""
    body = read_update(given)
    api = Api(connection)
    address = api.find(name)
    if given["existing"]:
        _tell_unknown(api, address, body)
    if dry_run:
        return show_plan(api.plan(address, body, existing=given["existing"]), "json" if form == "json" else "text")
    start = newest_seq(api, address)
    token = str(operation_id or uuid.uuid4())
    try:
        asked = api.update(address, body, token, existing=given["existing"])
    except NoServer as lost:
        if lost.sent:
            click.echo(f"To ask again without asking twice: add --operation-id {token}", err=True)
        raise
    print_warnings(asked.warnings)
    _shown(api, address, asked.operation, "UPDATE", start, wait, form, columns)
    return 0


def _tell_unknown(api: Api, address: StackAddress, body: Mapping[str, Any]) -> None:
    """Heat's API drops parameters that the template of what exists does not have, without a word: a typo would pass."""
    if not body.get("parameters"):
        return
    template = body.get("template") or api.document(address, "template")
    if isinstance(template, str):
        import yaml

        try:
            template = yaml.load(template, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except (yaml.YAMLError, ValueError):  # refused by the server, which says where
            return
    if not isinstance(template, dict):
        return
    known = template.get("parameters") or template.get("Parameters") or {}
    if not isinstance(known, dict):
        return
    for name in sorted(body["parameters"].keys() - known.keys()):
        click.echo(f"warning: the template has no parameter {name}; what was given for it is not used", err=True)


@click.command()
@click.argument("name", metavar="STACK")
@click.option("--no-rollback", is_flag=True, help="Stop and leave it there. A create can be stopped so, too.")
@click.option("--now", is_flag=True, help="Do not wait for resources that are in progress.")
@click.option("--wait", is_flag=True, help="Follow it until it has stopped, or is back; exit code 0 only then.")
@output_options()
@click.pass_obj
def cancel(
    connection: Connection, name: str, no_rollback: bool, now: bool, wait: bool, form: str, columns: Sequence[str]
) -> None:
    """Stop an update and bring the stack back to what it was before.

    Resources that are in progress come to their end first; with --now they are left to the operation that comes next.
    """
    api = Api(connection)
    address = api.find(name)
    start = newest_seq(api, address)
    operation = api.cancel(address, rollback=not no_rollback, at_once=now)
    if wait:
        watch(api, address, operation, "UPDATE", start, form, columns, good=_stopped)
    else:
        click.echo(f"Cancelling what {address.name} does; to follow: firebrick stack wait {address.name}", err=True)
        if not now:
            again = f"firebrick stack cancel {address.name} --now{' --no-rollback' if no_rollback else ''}"
            click.echo(f"Resources in progress come to their end first; to go on without them: {again}", err=True)
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
@click.option("--to", type=ROLL_BACK_TO, help="The template before the failed one, or the last that was complete.")
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
