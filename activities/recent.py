"""Steps that began a moment ago, by the run that asked for them.

Where many steps of a run are quick, they end one shortly after the other, and the server asks the run what to do next
after the first, again after some more, and so on. If nothing can begin yet, each of these workflow tasks is for
nothing, and costs what several steps cost. So a run that has nothing to ask for answers when those that began with the
others have ended too, or have turned out to take longer (workflows.runner.patient).
"""

import asyncio
import threading
import time

MANY = 8
"""So many steps of a run; fewer are not waited for."""
MOMENT = 0.1
"""Seconds from the last one's beginning. It is what a cancel, a signal or the step after this one may come late."""


class RecentSteps:
    """Of one worker. `begin` is called on its loop, `wait` in other threads."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def begin(self, run_id: str) -> None:
        """The current task, which is an activity's, has begun a step of this run. It ends when the server knows."""
        task = asyncio.current_task()
        assert task is not None
        run = self._runs.get(run_id)
        if run is None:
            run = self._runs[run_id] = _Run()
        run.steps += 1
        run.latest = time.monotonic()
        task.add_done_callback(lambda _: self._end(run_id, run))

    def _end(self, run_id: str, run: "_Run") -> None:
        run.steps -= 1
        if not run.steps:
            del self._runs[run_id]
            run.over.set()

    def wait(self, run_id: str) -> None:
        """Until the run's recent steps have ended, if there are many; a moment at most."""
        run = self._runs.get(run_id)
        if run is not None and run.steps >= MANY:
            run.over.wait(max(0.0, run.latest + MOMENT - time.monotonic()))


class _Run:
    """steps: begun and not ended. latest: when the last one began. over: all have ended."""

    __slots__ = ("latest", "over", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.latest = 0.0
        self.over = threading.Event()
