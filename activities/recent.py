"""Steps that began a moment ago, by the run that asked for them.

Where many steps of a run begin together and are quick, they end one shortly after the other, and the server asks the
run what to do next after the first, again after some more, and so on. If nothing can begin yet, each of these workflow
tasks is for nothing, and costs what several steps cost. So a run that has nothing to ask for answers when those that
began together have ended, or have turned out to take longer (workflows.runner.patient).

Steps that begin later are another group. What runs on beside them is in none that is waited for: it would hold up all
that goes on meanwhile, again and again.
"""

import asyncio
import threading
import time

MANY = 8
"""So many steps of a group that have not ended; fewer are not waited for."""
MOMENT = 0.2
"""Seconds from a group's first step: so long others join it, and so long it is waited for. It is what a cancel, a
signal or a step beside the group may come late, once."""


class RecentSteps:
    """Of one worker. `begin` is called on its loop, `wait` in other threads."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}  # the newest of each run

    def begin(self, run_id: str) -> None:
        """The current task, which is an activity's, has begun a step of this run. It ends when the server knows."""
        task = asyncio.current_task()
        assert task is not None
        group, now = self._groups.get(run_id), time.monotonic()
        if group is None or now >= group.until:
            group = self._groups[run_id] = _Group(now + MOMENT)
        group.steps += 1
        task.add_done_callback(lambda _: self._end(run_id, group))

    def _end(self, run_id: str, group: "_Group") -> None:
        group.steps -= 1
        if not group.steps:
            group.over.set()
            if self._groups.get(run_id) is group:
                del self._groups[run_id]

    def wait(self, run_id: str) -> None:
        """Until the steps of the run's newest group have ended, if there are many; a moment at most."""
        group = self._groups.get(run_id)
        if group is not None and group.steps >= MANY:
            group.over.wait(max(0.0, group.until - time.monotonic()))


class _Group:
    """steps: begun and not ended. until: when it is waited for no longer. over: all have ended."""

    __slots__ = ("over", "steps", "until")

    def __init__(self, until: float) -> None:
        self.steps = 0
        self.until = until
        self.over = threading.Event()
