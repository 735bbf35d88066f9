"""`firebrick operation ...`: what was asked of a stack, by whom, and what became of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from starter.cli.connection import Connection
from starter.cli.render import output_options, show_listing, show_record
from starter.http_api import Api

HEADINGS = (
    "id",
    "action",
    "state",
    "accepted_time",
    "ended_time",
    "requested_by",
    "target",
    "cancel",
    "follows",
    "reason",
)


@click.group()
def operation() -> None:
    """What was asked of a stack, and what became of it."""


@operation.command("list")
@click.argument("name", metavar="STACK")
@output_options()
@click.pass_obj
def operation_list(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """List all operations of a stack, the newest first; of a deleted stack by its id."""
    api = Api(connection)
    rows = [[_shown(one)[heading] for heading in HEADINGS] for one in api.operations(api.find(name))]
    show_listing(HEADINGS, rows, form, columns)


@operation.command("show")
@click.argument("operation_id", metavar="OPERATION")
@output_options()
@click.pass_obj
def operation_show(connection: Connection, operation_id: str, form: str, columns: Sequence[str]) -> None:
    """Show one operation, by its id: who asked, its deadline, how it ended and why; which operation's target the stack
    is brought to, whether it was cancelled, and which one's failure led to it."""
    show_record(Api(connection).operation(operation_id), form, columns)


def _shown(one: Mapping[str, Any]) -> dict[str, Any]:
    """In a list, who asked is a name."""
    return {**one, "requested_by": one["requested_by"].get("user") or None}
