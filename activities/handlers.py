"""Where handlers of resource types run: never on the worker's own loop, which must stay free for heartbeats.

``def`` handlers run in threads, ``async def`` handlers on a loop in a thread of their own; types of this project
that only compute (``inline``) run where they are called.

A call's time begins in the thread that makes it. Right before, the thread looks whether the row is still held for as
long as the call may take; if not, nothing is called. There are as many threads as a worker has places for activities,
so a call does not wait for another, but where calls that were given up still hold theirs; one that did not get a thread
in time is taken back. A call that outlives its time is given up and counts as lost.
"""

import asyncio
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from activities.lease import Lease
from activities.places import Place, Places
from firebrick.elapsed import elapsed
from firebrick.resources.base import Context, ResourceType
from firebrick.resources.errors import TransientError

SLOTS = 200
"""Activities that a worker runs at once."""

GETS_A_THREAD_WITHIN = 2.0
"""Seconds after which a call that no thread has begun is taken back."""

SHORTEST_HOLD = 1.0
"""Seconds that a row must be held for, at the least, when a call begins whose lease grows while it runs."""


class NotBegun(TransientError):
    """The call was not made: nothing has happened."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the call was not made: {why}", not_sent=True)


class HandlerRunner:
    """Runs handler calls for one worker. slots: how many calls there may be at once, those that were given up included.
    Of them a provider may have one half, a project three quarters."""

    def __init__(self, slots: int = SLOTS) -> None:
        self.places = Places(of_provider=max(1, slots // 2), of_project=max(1, slots * 3 // 4))
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="handler")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="handler-loop", daemon=True)
        self._thread.start()

    async def call(
        self,
        kind: ResourceType,
        handler: Callable[[Context], Any],
        context: Context,
        *,
        lease: Lease | None = None,
        place: Place | None = None,
    ) -> Any:
        """The handler's answer, and its own errors as they are.

        lease: of a call that has an effect; it must cover the call's time. place: that the step has taken.
        TimeoutError: the call took longer than ``kind.call_seconds``, and goes on by itself. NotBegun: it was not made.
        """
        if kind.inline:
            return handler(context)
        call = _Call(kind, handler, context, lease, place)
        if inspect.iscoroutinefunction(handler):
            future: Future[Any] = asyncio.run_coroutine_threadsafe(call.run_async(), self._loop)
        else:
            future = self._threads.submit(call.run)
        waited = asyncio.wrap_future(future)
        while True:
            done, _ = await asyncio.wait((waited,), timeout=max(0.0, call.left()))
            if done:
                return waited.result()
            if call.left() > 0:  # it has begun in this moment
                continue
            waited.add_done_callback(_forget)
            taken_back = call.take_back()
            future.cancel()  # a thread that is inside a call cannot be stopped
            if taken_back:
                raise NotBegun("all threads are taken by calls that do not end")
            raise TimeoutError(f"no answer within {call.seconds:g} s")

    def close(self) -> None:
        """Let go of the threads; calls that are still running are abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._loop.is_running():
            self._loop.close()


class _Call:
    """One call. begun: when its thread began it, on the clock of elapsed time."""

    def __init__(
        self,
        kind: ResourceType,
        handler: Callable[[Context], Any],
        context: Context,
        lease: Lease | None,
        place: Place | None,
    ) -> None:
        self.seconds = seconds_of(kind, context)
        self.begun: float | None = None
        self._kind = kind
        self._handler = handler
        self._context = context
        self._lease = lease
        self._place = place
        self._asked = elapsed()
        self._lock = threading.Lock()
        self._taken_back = False
        if place is not None:
            place.hold()

    def run(self) -> Any:
        """In a thread."""
        context = self._begin()
        try:
            return self._handler(self._checked(context))
        finally:
            self._let_go()

    async def run_async(self) -> Any:
        """On the loop of coroutines."""
        context = self._begin()
        try:
            return await self._handler(self._checked(context))
        finally:
            self._let_go()

    def left(self) -> float:
        """Seconds until the call is given up, or taken back."""
        if self.begun is None:
            return self._asked + GETS_A_THREAD_WITHIN - elapsed()
        return self.begun + self.seconds - elapsed()

    def take_back(self) -> bool:
        """See to it that it is not begun any more. False: it was."""
        with self._lock:
            self._taken_back = self.begun is None
        if self._taken_back:
            self._let_go()
        return self._taken_back

    def _let_go(self) -> None:
        if self._place is not None:
            self._place.release()

    def _begin(self) -> Context:
        with self._lock:
            if self._taken_back:
                raise NotBegun("it was taken back")
            self.begun = elapsed()
        return replace(self._context, seconds_left=self._seconds_left)

    def _checked(self, context: Context) -> Context:
        """The last look before the handler is called: whether nobody else may act meanwhile."""
        if self._lease is not None:
            needed = SHORTEST_HOLD if self._kind.fenced else self.seconds
            if self._lease.left() < needed:
                raise NotBegun("the resource is not held for as long as it may take")
        return context

    def _seconds_left(self) -> float:
        """See Context.seconds_left."""
        left = self.left()
        return left if self._lease is None else min(left, self._lease.left())


def seconds_of(kind: ResourceType, context: Context) -> float:
    """What one call for this resource may take."""
    return kind.call_timeout if context.properties is None else kind.call_seconds(context.properties)


def _forget(call: "asyncio.Future[Any]") -> None:
    """Take note of an abandoned call's end, so that nobody warns that it was never looked at."""
    if not call.cancelled():
        call.exception()
