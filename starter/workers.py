"""Whether workers take the tasks of a task queue: what a server says to those who wait for an operation, and in /ready.

What is accepted is kept, and goes on as soon as a worker is there; but whoever waits should hear why nothing happens.
The cluster is asked, with two questions, at most every FRESH seconds and only while somebody wants to know.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError

from starter.builds import GONE_AFTER

log = structlog.get_logger("firebrick.workers")

FRESH = 3.0  # seconds that an answer is good for
WAITS = 5.0  # seconds that a task may wait before somebody should look
WITHIN = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Attendance:
    """For people, without values; "" when all is well. polling: why nobody can take tasks. waiting: why those that
    there are have not been taken; the same as polling where that says something."""

    polling: str = ""
    waiting: str = ""


class Workers:
    """Of one task queue. client: called for each question, so that a connection may be replaced."""

    def __init__(self, client: Callable[[], Client], task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._found = Attendance()
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def attendance(self) -> Attendance:
        """A worker that was killed is missed when it has not polled for GONE_AFTER seconds, or when a task waits. A
        cluster that does not answer, or does not say, is no reason to miss anybody."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= FRESH:
                try:
                    self._found = await self._ask()
                except (RPCError, OSError, RuntimeError) as error:
                    log.debug("the cluster does not say who polls", error=type(error).__name__)
                    self._found = Attendance()
                self._asked_at = time.monotonic()
            return self._found

    async def _ask(self) -> Attendance:
        flows, steps = await asyncio.gather(
            self._describe(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
            self._describe(TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        )
        return attendance_of(self._task_queue, flows, steps, time.time())

    async def _describe(self, kind: "TaskQueueType.ValueType") -> DescribeTaskQueueResponse:
        client = self._client()
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=kind,
            report_stats=True,
        )
        return await client.workflow_service.describe_task_queue(request, timeout=WITHIN)


def attendance_of(
    task_queue: str, flows: DescribeTaskQueueResponse, steps: DescribeTaskQueueResponse, now: float
) -> Attendance:
    """What the answers for workflow tasks and for activities say. now: seconds since the epoch."""
    living = [one for one in flows.pollers if now - one.last_access_time.seconds < GONE_AFTER]
    build = flows.versioning_info.current_deployment_version.build_id
    missing = ""
    if not living:
        missing = f"no worker polls the task queue {task_queue!r}"
    elif build and not any(_is_of(one, build) for one in living):
        missing = f"workers poll the task queue {task_queue!r}, but none of the current build {build}"
    if missing:
        return Attendance(missing, missing)
    longest = max(one.stats.approximate_backlog_age.ToTimedelta().total_seconds() for one in (flows, steps))
    return Attendance("", f"no worker takes the tasks that wait in the task queue {task_queue!r}" * (longest >= WAITS))


def _is_of(poller: PollerInfo, build: str) -> bool:
    return bool(poller.deployment_options.build_id == build)
