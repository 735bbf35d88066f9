"""Heartbeats and interrupts of an activity, apart from the work itself.

The work runs in a task of its own. When the activity is cancelled, that is not (a create, update or delete call must
never be cut in half): a flag is raised that the work looks at between two calls. It says whether the run wants the work
to stop, or only this attempt is not wanted any more (the worker drains, the server gave it up, somebody ended it by
hand): then another attempt goes on, and nothing was aborted. An operator's pause or reset stops nothing that is under
way: it counts for the attempt that would come next.

Heartbeats are sent for all activities of a loop in turn, once a second, so that the many that are over before need no
timer of their own.
"""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from temporalio import activity

INTERVAL = 1.0
"""Seconds between two heartbeats of an activity; the first one comes after half as long to one and a half times."""

T = TypeVar("T")


class Interrupt:
    """Whether this activity is to stop. lost: not because its run asked for that; whatever it tells is not heard."""

    __slots__ = ("_asked", "_event")

    def __init__(self) -> None:
        self._event: asyncio.Event | None = None
        self._asked = False

    @property
    def lost(self) -> bool:
        return bool(self) and not self._asked

    def raise_flag(self, *, lost: bool = False) -> None:
        self._asked = self._asked or not lost
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
    """Run `work` to its end under heartbeats; a cancellation of the activity becomes the interrupt's flag, unless it is
    an operator's pause or reset of it."""
    task = asyncio.create_task(work)
    pulse = _Pulse.here()
    beats = pulse.begin()
    try:
        while True:
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.cancelled():
                    raise
                why = activity.cancellation_details()
                if why is not None and why.cancel_requested:
                    interrupt.raise_flag()
                elif why is None or why.not_found or why.timed_out or why.worker_shutdown:
                    interrupt.raise_flag(lost=True)
    finally:
        pulse.end(beats)


class _Pulse:
    """The heartbeats of the activities of one event loop."""

    _of: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Pulse]" = WeakKeyDictionary()

    def __init__(self) -> None:
        self._running: dict[int, tuple[float, contextvars.Context]] = {}  # since when; in the order in which they began
        self._number = 0
        self._ticks = False

    @classmethod
    def here(cls) -> "_Pulse":
        loop = asyncio.get_running_loop()
        found = cls._of.get(loop)
        if found is None:
            found = cls._of[loop] = cls()
        return found

    def begin(self) -> int:
        """The activity that calls this beats until `end` is called with what it gets."""
        self._number += 1
        loop = asyncio.get_running_loop()
        self._running[self._number] = (loop.time(), contextvars.copy_context())
        if not self._ticks:
            self._ticks = True
            loop.call_later(INTERVAL, self._tick, loop)
        return self._number

    def end(self, number: int) -> None:
        del self._running[number]

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ticks = bool(self._running)
        if not self._ticks:
            return
        loop.call_later(INTERVAL, self._tick, loop)
        latest = loop.time() - INTERVAL / 2
        for began, context in tuple(self._running.values()):
            if began > latest:
                return
            loop.call_soon(activity.heartbeat, context=context)  # by itself: an error is that activity's alone
