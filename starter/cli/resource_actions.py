"""`firebrick stack resource signal|mark` and `firebrick stack hook ...`: what is told to resources.

The words of `openstack stack resource signal`, `openstack stack resource mark unhealthy` and `openstack stack hook`.
"""

import json
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from firebrick.diagnostics import Diagnostic, NotFound
from starter.cli.connection import Connection
from starter.cli.render import output_options, show_listing
from starter.http_api import Api, StackAddress

HOOKS = ("pre-create", "pre-update", "pre-delete", "post-create", "post-update", "post-delete")
_PAUSED = re.compile(r"paused until Hook (\S+) is cleared$")
_CLEARED = re.compile(r"^Hook (\S+) is cleared$")
_FAILED = "Failure occurred while waiting."
_PAGE = 500


@click.command("signal")
@click.argument("name", metavar="STACK")
@click.argument("resource_name", metavar="RESOURCE")
@click.option("--data", metavar="JSON", help="What to tell it.")
@click.option("--data-file", type=click.Path(path_type=Path), metavar="FILE", help="A file with what to tell it.")
@click.pass_obj
def signal(connection: Connection, name: str, resource_name: str, data: str | None, data_file: Path | None) -> None:
    """Send a signal to a resource that takes signals."""
    if data is not None and data_file is not None:
        raise click.UsageError("--data and --data-file do not go together")
    if data_file is not None:
        try:
            data = data_file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise click.UsageError(f"{data_file} cannot be read: {reason}") from None
    try:
        body = None if data is None else json.loads(data)
    except ValueError as error:
        raise click.UsageError(f"Data should be in JSON format: {error}") from None
    api = Api(connection)
    api.signal(api.find(name), resource_name, body)


@click.group()
def mark() -> None:
    """Mark a resource."""


@mark.command("unhealthy")
@click.argument("name", metavar="STACK")
@click.argument("resource_name", metavar="RESOURCE")
@click.argument("reason", metavar="[REASON]", required=False)
@click.option("--reset", is_flag=True, help="It is well again.")
@click.pass_obj
def mark_unhealthy(connection: Connection, name: str, resource_name: str, reason: str | None, reset: bool) -> None:
    """Have the next update replace a resource. RESOURCE: its name in the template, or its physical id."""
    api = Api(connection)
    api.mark_unhealthy(api.find(name), resource_name, unhealthy=not reset, reason=reason)


@click.group()
def hook() -> None:
    """Resources that wait until you say that they may go on."""


@hook.command("poll")
@click.argument("name", metavar="STACK")
@output_options()
@click.pass_obj
def hook_poll(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """List the resources that wait at a hook."""
    api = Api(connection)
    headings = ["resource_name", "id", "resource_status_reason", "resource_status", "event_time"]
    waiting = _waiting(api, api.find(name))
    show_listing(headings, [[one.get(heading) for heading in headings] for _, one in waiting], form, columns)


def _hook_options(command: Any) -> Any:
    for one in reversed(HOOKS):
        flag = one.replace("-", "_")
        command = click.option(f"--{one}", flag, is_flag=True, help=f"Those at {one}.")(command)
    return command


@hook.command("clear")
@click.argument("name", metavar="STACK")
@click.argument("patterns", metavar="RESOURCE...", nargs=-1, required=True)
@_hook_options
@click.pass_obj
def hook_clear(connection: Connection, /, name: str, patterns: Sequence[str], **chosen: bool) -> None:
    """Let resources go on past a hook. RESOURCE: a name, or a pattern of names that wait. Without an option:
    pre-create."""
    kinds = [one for one in HOOKS if chosen[one.replace("-", "_")]] or ["pre-create"]
    api = Api(connection)
    address = api.find(name)
    waiting = {(one["resource_name"], kind) for kind, one in _waiting(api, address)}
    for pattern in patterns:
        found = sorted(pair for pair in waiting if pair[1] in kinds and fnmatchcase(pair[0], pattern))
        if not found and any(sign in pattern for sign in "*?["):
            raise NotFound(
                Diagnostic(
                    code="no-such-hook",
                    summary=f"no resource like {pattern} waits at {' or '.join(kinds)}",
                    detail="`firebrick stack hook poll` shows which resources wait, and where.",
                )
            )
        for resource_name, kind in found or [(pattern, kinds[0])]:  # the server says what is wrong with that
            api.signal(address, resource_name, {"unset_hook": kind})


def _waiting(api: Api, address: StackAddress) -> list[tuple[str, Any]]:
    """(hook, the event that told of it) of each resource that waits, from the stack's events."""
    found: dict[tuple[str, str], Any] = {}
    after = 0
    while True:
        events = api.events(address, {"after_seq": after, "limit": _PAGE})
        for one in events:
            name, reason = str(one["resource_name"]), str(one["resource_status_reason"])
            if told := _PAUSED.search(reason):
                found[name, told[1]] = one
            elif told := _CLEARED.search(reason):
                found.pop((name, told[1]), None)
            elif reason == _FAILED:
                found = {key: event for key, event in found.items() if key[0] != name}
        if len(events) < _PAGE:
            return [(key[1], event) for key, event in found.items()]
        after = events[-1]["seq"]
