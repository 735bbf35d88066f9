"""Heartbeats and interrupts of an activity, apart from the work itself.

The work runs in a task of its own. This side sends a heartbeat a second, and when the activity is cancelled it does
not cancel the work (a create, update or delete call must never be cut in half): it raises a flag that the work looks
at between two calls.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import activity

INTERVAL = 1.0

T = TypeVar("T")


class Interrupt:
    """Whether this activity was asked to stop."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: asyncio.Event | None = None

    def raise_flag(self) -> None:
        if self._event is None:
            self._event = asyncio.Event()
        self._event.set()

    def __bool__(self) -> bool:
        return self._event is not None and self._event.is_set()

    async def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until the interrupt; whether there is one."""
        if self._event is None:
            self._event = asyncio.Event()
        if self._event.is_set():
            return True
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True


async def alive(work: Coroutine[Any, Any, T], interrupt: Interrupt) -> T:
    """Run `work` to its end under heartbeats; a cancellation of the activity becomes the interrupt's flag."""
    task = asyncio.create_task(work)
    while True:
        try:
            done, _ = await asyncio.wait((task,), timeout=INTERVAL)
        except asyncio.CancelledError:
            interrupt.raise_flag()
            continue
        if done:
            return task.result()
        activity.heartbeat()
