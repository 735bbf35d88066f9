"""How progress looks on standard error: a live tree on a terminal, one greppable line an event elsewhere."""

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from starter.cli.follow import Display, Event, is_stack_event
from starter.cli.render import printable
from starter.http_api import StackAddress

if TYPE_CHECKING:
    from rich.console import Console, ConsoleRenderable
    from rich.text import Text

STYLES = {"IN_PROGRESS": "yellow", "COMPLETE": "green", "FAILED": "red"}


def event_line(event: Event, stack: StackAddress) -> str:
    """``TIME [stack.resource]: STATUS  reason``, the form of `openstack stack event list`; ``[stack]`` for its own."""
    name = event["resource_name"]
    place = stack.name if is_stack_event(event, stack) else f"{stack.name}.{name}"
    reason = printable(str(event["resource_status_reason"] or "")).replace("\n", " ")
    return f"{event['event_time']} [{place}]: {event['resource_status']}  {reason}".rstrip()


def make_display(stack: StackAddress, resources: Iterable[Mapping[str, Any]]) -> Display:
    """For the standard error there is. resources: as the API lists them, so the tree shows what has not begun."""
    if sys.stderr.isatty():
        return Tree(stack, resources)
    return Lines(stack)


class Lines:
    """err: events are progress, on standard error; else they are data."""

    def __init__(self, stack: StackAddress, *, err: bool = True) -> None:
        self._stack = stack
        self._err = err

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def event(self, event: Event) -> None:
        click.echo(event_line(event, self._stack), err=self._err)

    def note(self, text: str) -> None:
        click.echo(f"note: {text}", err=True)


@dataclass(slots=True)
class Leaf:
    """One resource as the tree shows it. since: when it took this state, by our clock."""

    name: str
    type: str
    state: str
    reason: str
    since: float

    @property
    def status(self) -> str:
        return self.state.partition("_")[2]


class Tree:
    """Redrawn in place. When there are more resources than lines, those that run or failed are shown first."""

    def __init__(
        self, stack: StackAddress, resources: Iterable[Mapping[str, Any]], console: "Console | None" = None
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        now = time.monotonic()
        self._stack = stack
        self._state = ""
        self._note = ""
        self._began = now
        self._leaves = {
            one["resource_name"]: Leaf(one["resource_name"], one["resource_type"], one["resource_status"], "", now)
            for one in resources
        }
        self._console = console or Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=8, get_renderable=self.draw)

    def __enter__(self) -> "Tree":
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def event(self, event: Event) -> None:
        self._note = ""
        if is_stack_event(event, self._stack):
            self._state = event["resource_status"]
            return
        name, now = event["resource_name"], time.monotonic()
        leaf = self._leaves.setdefault(name, Leaf(name, "", "", "", now))
        if leaf.state != event["resource_status"]:
            leaf.state, leaf.since = event["resource_status"], now
        leaf.reason = str(event["resource_status_reason"] or "")

    def note(self, text: str) -> None:
        self._note = text

    def draw(self) -> "ConsoleRenderable":
        from rich.console import Group
        from rich.text import Text

        leaves = list(self._leaves.values())
        rows = max(5, self._console.height - 4)
        shown = leaves if len(leaves) <= rows else sorted(leaves, key=_interest)[:rows]
        lines: list[Text] = [self._root(leaves)]
        for number, leaf in enumerate(shown):
            last = number == len(shown) - 1 and len(shown) == len(leaves)
            lines.append(self._line("└─ " if last else "├─ ", leaf))
        if len(shown) < len(leaves):
            lines.append(Text(f"└─ … and {len(leaves) - len(shown)} more"))
        if self._note:
            lines.append(Text(f"note: {self._note}", style="yellow"))
        return Group(*lines)

    def _root(self, leaves: list[Leaf]) -> "Text":
        from rich.text import Text

        done, action = 0, self._state.partition("_")[0]
        for leaf in leaves:
            done += leaf.state == f"{action}_COMPLETE"
        status = self._state.partition("_")[2]
        return Text.assemble(
            (self._stack.name, "bold"),
            "  ",
            (self._state or "accepted", STYLES.get(status, "")),
            f"  {done}/{len(leaves)} resources  {time.monotonic() - self._began:.0f} s",
        )

    def _line(self, branch: str, leaf: Leaf) -> "Text":
        from rich.text import Text

        waiting = leaf.state == "INIT_COMPLETE"
        state = ("waiting", "dim") if waiting else (leaf.state, STYLES.get(leaf.status, "dim"))
        text = Text.assemble(branch, printable(leaf.name), "  ", state)
        if leaf.status == "IN_PROGRESS":
            text.append(f"  {time.monotonic() - leaf.since:.0f} s")
        if leaf.reason and leaf.reason != "state changed":
            text.append("  " + printable(leaf.reason).replace("\n", " "))
        elif leaf.type:
            text.append(f"  {leaf.type}", style="dim")
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


def _interest(leaf: Leaf) -> int:
    order = {"FAILED": 0, "IN_PROGRESS": 1, "COMPLETE": 3}
    return 2 if leaf.state == "INIT_COMPLETE" else order.get(leaf.status, 4)
