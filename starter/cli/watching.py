"""Following what was asked of a stack from a command: shown as it happens, told at its end, decided by its outcome."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from starter.cli.follow import Followed
from starter.cli.render import show_record
from starter.http_api import Api, StackAddress

INTERRUPTED = 130
RECORD = ("id", "stack_name", "description", "creation_time", "updated_time", "stack_status", "stack_status_reason")


def as_asked(chain: Sequence[Followed]) -> bool:
    """Whether the operation that was asked for is DONE; that its failure was undone is no success."""
    return bool(chain[0].operation["state"] == "DONE")


def watch(
    api: Api,
    address: StackAddress,
    operation: str,
    action: str,
    start: int,
    form: str,
    columns: Sequence[str],
    *,
    good: Callable[[Sequence[Followed]], bool] = as_asked,
) -> None:
    """Follow, then the stack on standard output. Exit code 1 unless it ended well. The rest is as in `watched`."""
    ended_well = watched(api, address, operation, action, start, good=good)
    show_record(stack_record(api.stack(address), with_outputs=True), form, columns)
    if not ended_well:
        raise click.exceptions.Exit(1)


def watched(
    api: Api,
    address: StackAddress,
    operation: str,
    action: str,
    start: int,
    *,
    good: Callable[[Sequence[Followed]], bool] = as_asked,
) -> bool:
    """Whether it ended well; events after `start` are shown, also those of what its failure leads to. Ctrl-C detaches:
    the operation goes on."""
    from starter.cli.displays import make_display
    from starter.cli.follow import follow
    from starter.cli.outcome import print_outcome

    try:
        with make_display(address, api.resources(address, {"with_row": "True"})) as display:
            chain = follow(api, address, operation, display, after_seq=start)
    except KeyboardInterrupt:
        again = address.id if action == "DELETE" else address.name
        click.echo(
            f"\ndetached; the {action.lower()} of {address.name} goes on; re-attach with: firebrick stack wait {again}",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED) from None
    print_outcome(address, chain)
    return good(chain)


def show_stack(api: Api, address: StackAddress, form: str, columns: Sequence[str]) -> None:
    """The stack as it is now, on standard output, without outputs: what was asked for has hardly begun."""
    show_record(stack_record(api.stack(address, resolve_outputs=False), with_outputs=False), form, columns)


def stack_record(body: Mapping[str, Any], *, with_outputs: bool) -> dict[str, Any]:
    """The fields of a stack, the ones people look for first."""
    record = {name: body[name] for name in RECORD if name in body}
    if with_outputs and "outputs" in body:
        record["outputs"] = body["outputs"]
    return record | {name: body[name] for name in body if name not in record and name not in ("outputs", "operation")}
