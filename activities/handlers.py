"""Where handlers of resource types run: never on the worker's own loop, which must stay free for heartbeats.

``def`` handlers run in threads, ``async def`` handlers on a loop in a thread of their own; types of this project
that only compute (``inline``) run where they are called. Every call has a time limit; a call that outlives it is
abandoned and counts as lost.
"""

import asyncio
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from firebrick.resources.base import ResourceType


class HandlerRunner:
    """Runs handler calls for one worker. threads: how many ``def`` handlers may be inside a call at once."""

    def __init__(self, threads: int = 64) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="handler-loop", daemon=True)
        self._thread.start()

    async def call(self, kind: ResourceType, handler: Callable[..., Any], *arguments: Any) -> Any:
        """The handler's answer. TimeoutError after kind.call_timeout seconds; the handler's own errors as they are."""
        if kind.inline:
            return handler(*arguments)
        if inspect.iscoroutinefunction(handler):
            future = asyncio.run_coroutine_threadsafe(handler(*arguments), self._loop)
            call: asyncio.Future[Any] = asyncio.wrap_future(future)
        else:
            call = asyncio.get_running_loop().run_in_executor(self._threads, handler, *arguments)
        done, _ = await asyncio.wait((call,), timeout=kind.call_timeout)
        if not done:
            call.add_done_callback(_forget)
            raise TimeoutError(f"no answer within {kind.call_timeout:g} s")
        return call.result()

    def close(self) -> None:
        """Let go of the threads; calls that are still running are abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._loop.is_running():
            self._loop.close()


def _forget(call: "asyncio.Future[Any]") -> None:
    """Take note of an abandoned call's end, so that nobody warns that it was never looked at."""
    if not call.cancelled():
        call.exception()
