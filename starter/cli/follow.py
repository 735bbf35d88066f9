"""Following an operation to its end: events as they come, told to a display; the operation is asked for, not guessed.

Polling, so that it works through every proxy; the server holds no connection and no memory for a follower.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from firebrick.diagnostics import Unavailable
from starter.http_api import Api, StackAddress
from starter.no_worker import NoWorker

SHORTEST, LONGEST = 0.1, 1.0  # seconds between two looks: short while things happen
PAGE = 500  # events asked for at once
PATIENCE = 60.0  # seconds without an answer before giving up
QUIET = 5.0  # seconds without an event after which it is asked whether somebody holds the operation's run
ENDED = frozenset({"DONE", "FAILED", "SUPERSEDED"})

Event = Mapping[str, Any]
Operation = Mapping[str, Any]


class Display(Protocol):
    """What a follower tells. Used as a context: enter() before the first event, exit() always."""

    def __enter__(self) -> "Display": ...
    def __exit__(self, *_: object) -> None: ...
    def event(self, event: Event) -> None: ...
    def note(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """An operation at its end. touched: the resources that something happened to in it, each with its last state."""

    operation: Operation
    touched: Mapping[str, str]


def follow(
    api: Api,
    stack: StackAddress,
    operation_id: str,
    display: Display,
    *,
    after_seq: int = 0,
    filters: Mapping[str, Any] | None = None,
) -> Sequence[Followed]:
    """Until the operation has ended, and what its failure leads to (a rollback, a delete); every event after that
    sequence number once, in order. The operation, then what followed it.

    filters: of the events, as the API takes them. A server that is away for a while, or whose database is, is waited
    for: the operation goes on without it. That no worker goes on with it is noted.
    """
    pause, silent_since, quiet_since = SHORTEST, 0.0, time.monotonic()
    held: list[str] = []
    missed = NoWorker()
    chain: list[Operation] = []
    touched = Touched(stack)
    while True:
        try:
            is_quiet = time.monotonic() - quiet_since > QUIET
            # Before the events: when it has ended, all are there.
            operation: Operation = api.operation(operation_id, with_holds=is_quiet)
            seen = after_seq
            for event in events_after(api, stack, after_seq, filters):
                display.event(event)
                touched.event(event)
                after_seq = event["seq"]
            ended = operation["state"] in ENDED
            following = api.what_follows(stack, operation_id) if operation["state"] == "FAILED" else None
            silent_since = 0.0
            if (line := missed.line(operation.get("no_worker"))) is not None:
                display.note(line)
        except Unavailable as error:
            now = time.monotonic()
            if not silent_since:
                silent_since = now
                display.note(f"{error.first.summary.rstrip('.')}; still trying, the operation goes on")
            if now - silent_since > PATIENCE:
                raise
            time.sleep(LONGEST)
            continue
        if is_quiet:
            held = _tell_holds(operation, held, display)
        if is_quiet or after_seq > seen:
            quiet_since = time.monotonic()
        if ended:
            chain.append(operation)
            if following is None:
                return [Followed(one, touched.of(one["action"])) for one in chain]
            operation_id = following["id"]
            continue
        pause = SHORTEST if after_seq > seen else min(LONGEST, pause * 1.5)
        time.sleep(pause)


def _tell_holds(operation: Operation, told: list[str], display: Display) -> list[str]:
    """What holds it now, as texts; each is told once."""
    held = [one["text"] for one in operation.get("held") or ()]
    for text in held:
        if text not in told:
            display.note(text)
    return held


class Touched:
    """What happened to which resource in which action: events belong to the action that the stack began last."""

    def __init__(self, stack: StackAddress) -> None:
        self._stack = stack
        self._now: dict[str, str] = {}
        self._by_action: dict[str, dict[str, str]] = {}

    def event(self, event: Event) -> None:
        name, state = event["resource_name"], event["resource_status"]
        if is_stack_event(event, self._stack):
            action, _, status = state.partition("_")
            if status == "IN_PROGRESS":
                self._now = self._by_action[action] = {}
            return
        self._now.pop(name, None)
        self._now[name] = state

    def of(self, action: str) -> Mapping[str, str]:
        return self._by_action.get(action, {})


def events_after(
    api: Api, stack: StackAddress, after_seq: int, filters: Mapping[str, Any] | None = None
) -> Iterator[Event]:
    """Events with their `seq`, oldest first, page by page."""
    while True:
        page = api.events(stack, {**(filters or {}), "after_seq": after_seq, "limit": PAGE})
        yield from page
        if len(page) < PAGE:
            return
        after_seq = page[-1]["seq"]


def is_stack_event(event: Event, stack: StackAddress) -> bool:
    return bool(event["physical_resource_id"] == stack.id and event["resource_name"] == stack.name)


def newest_seq(api: Api, stack: StackAddress) -> int:
    """The sequence number of what happened last."""
    return max((event["seq"] for event in api.events(stack, {"limit": 1, "with_seq": "True"})), default=0)


def start_of(api: Api, stack: StackAddress, action: str) -> int:
    """The sequence number before the newest start of this action, for whoever comes later to watch it."""
    query = {"resource_name": stack.name, "resource_status": f"{action}_IN_PROGRESS", "with_seq": "True"}
    return max((event["seq"] - 1 for event in api.events(stack, query) if is_stack_event(event, stack)), default=0)
