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
REPLACED = " (replaced)"


def event_line(event: Event, stack: StackAddress, *, replaced: bool = False) -> str:
    """``TIME [stack.resource]: STATUS  reason``, the form of `openstack stack event list`; ``[stack]`` for its own.
    replaced: it is of what another of the same name takes the place of."""
    name = event["resource_name"]
    place = stack.name if is_stack_event(event, stack) else f"{stack.name}.{name}"
    reason = printable(str(event["resource_status_reason"] or "")).replace("\n", " ")
    reason += REPLACED if replaced else ""
    return f"{event['event_time']} [{place}]: {event['resource_status']}  {reason}".rstrip()


def make_display(stack: StackAddress, resources: Iterable[Mapping[str, Any]]) -> Display:
    """For the standard error there is. resources: as the API lists them, so the tree shows what has not begun."""
    if sys.stderr.isatty():
        return Tree(stack, resources)
    return Lines(stack, resources)


class Rows:
    """Which rows of a resource are there: while it is replaced it has two, and the events of both bear its name."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._living: dict[str, set[int]] = {}
        for one in resources:
            if one["resource_status"] != "INIT_COMPLETE":
                self._living.setdefault(one["resource_name"], set()).add(one["row"])

    def replaced(self, event: Event) -> bool:
        """Whether the event is of a row that goes while another of its name stays. To be told of every event."""
        row, living = event["row"], self._living.setdefault(event["resource_name"], set())
        if row is None:  # the stack's own
            return False
        goes = event["resource_status"].startswith("DELETE_")
        if event["resource_status"] == "DELETE_COMPLETE":
            living.discard(row)
        else:
            living.add(row)
        return goes and bool(living - {row})


class Lines:
    """resources: see make_display. err: events are progress, on standard error; else they are data."""

    def __init__(self, stack: StackAddress, resources: Iterable[Mapping[str, Any]] = (), *, err: bool = True) -> None:
        self._stack = stack
        self._rows = Rows(resources)
        self._err = err

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def event(self, event: Event) -> None:
        click.echo(event_line(event, self._stack, replaced=self._rows.replaced(event)), err=self._err)

    def note(self, text: str) -> None:
        click.echo(f"note: {text}", err=True)


@dataclass(slots=True)
class Leaf:
    """One row of a resource as the tree shows it. since: when it took this state, by our clock. touched: in the action
    that runs. replaced: another of its name takes its place."""

    name: str
    type: str
    state: str
    reason: str
    since: float
    touched: bool = False
    replaced: bool = False

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
        found = list(resources)
        self._rows = Rows(found)
        self._places: dict[str, int] = {}  # of a name: its oldest row
        for one in found:
            self._place(one["resource_name"], one["row"])
        self._leaves = {
            one["row"]: Leaf(one["resource_name"], one["resource_type"], one["resource_status"], "", now)
            for one in found
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
            if self._state.endswith("_IN_PROGRESS"):
                for leaf in self._leaves.values():
                    leaf.touched = False
            return
        name, now = event["resource_name"], time.monotonic()
        leaf = self._leaves.setdefault(event["row"], Leaf(name, event["resource_type"], "", "", now))
        self._place(name, event["row"])
        leaf.touched, leaf.replaced = True, self._rows.replaced(event)
        if leaf.state != event["resource_status"]:
            leaf.state, leaf.since = event["resource_status"], now
        leaf.reason = str(event["resource_status_reason"] or "")

    def _place(self, name: str, row: int) -> None:
        self._places[name] = min(row, self._places.get(name, row))

    def note(self, text: str) -> None:
        self._note = text

    def draw(self) -> "ConsoleRenderable":
        from rich.console import Group
        from rich.text import Text

        # Rows of a name together, in the order of rows: the same whenever the resources were listed, also when what
        # replaces another was there before its first event was seen.
        ordered = sorted(self._leaves.items(), key=lambda row: (self._places[row[1].name], row[0]))
        leaves = [leaf for _, leaf in ordered]
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

        action, _, status = self._state.partition("_")
        if action in ("", "CREATE", "DELETE"):
            done = sum(leaf.state == f"{action}_COMPLETE" for leaf in leaves)
            count = f"{done}/{len(leaves)} resources"
        else:  # how many will be touched is not known: what does not change is left alone
            touched = [leaf for leaf in leaves if leaf.touched]
            done = sum(leaf.status == "COMPLETE" for leaf in touched)
            count = f"{done} of {len(touched)} changes done"
        return Text.assemble(
            (self._stack.name, "bold"),
            "  ",
            (self._state or "accepted", STYLES.get(status, "")),
            f"  {count}  {time.monotonic() - self._began:.0f} s",
        )

    def _line(self, branch: str, leaf: Leaf) -> "Text":
        from rich.text import Text

        waiting = leaf.state == "INIT_COMPLETE"
        untouched = leaf.status == "COMPLETE" and not leaf.touched
        state = ("waiting", "dim") if waiting else (leaf.state, "dim" if untouched else STYLES.get(leaf.status, "dim"))
        text = Text.assemble(branch, printable(leaf.name) + (REPLACED if leaf.replaced else ""), "  ", state)
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
