"""Whoever waits hears why nothing happens: that no worker takes the tasks, what to do, and when that is over."""

import asyncio
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.deployment.v1 import WorkerDeploymentOptions, WorkerDeploymentVersion
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueueStats, TaskQueueVersioningInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse
from temporalio.service import RPCError, RPCStatusCode

from starter.no_worker import ADVICE, BACK, SOON, NoWorker
from starter.workers import Attendance, Workers, attendance_of

NOW = 1_000_000.0
MISSING = "no worker polls the task queue 'q'"


def poller(ago: float, build: str = "b1") -> PollerInfo:
    options = WorkerDeploymentOptions(deployment_name="d", build_id=build)
    return PollerInfo(last_access_time=Timestamp(seconds=int(NOW - ago)), deployment_options=options)


def answer(*pollers: PollerInfo, current: str = "", waits: float = 0.0) -> DescribeTaskQueueResponse:
    return DescribeTaskQueueResponse(
        pollers=pollers,
        stats=TaskQueueStats(approximate_backlog_age=Duration(seconds=int(waits))),
        versioning_info=TaskQueueVersioningInfo(
            current_deployment_version=WorkerDeploymentVersion(deployment_name="d", build_id=current)
        ),
    )


@pytest.mark.parametrize(
    ("flows", "steps", "polling", "waiting"),
    [
        (answer(), answer(), MISSING, MISSING),
        (answer(poller(100)), answer(), MISSING, MISSING),
        (answer(poller(50)), answer(), "", ""),
        (answer(poller(1), current="b1"), answer(), "", ""),
        (answer(poller(1), poller(2, "b2"), current="b2"), answer(), "", ""),
        (
            answer(poller(1), current="b2"),
            answer(),
            "workers poll the task queue 'q', but none of the current build b2",
            "workers poll the task queue 'q', but none of the current build b2",
        ),
        (answer(poller(50), waits=6), answer(), "", "no worker takes the tasks that wait in the task queue 'q'"),
        (answer(poller(50)), answer(waits=6), "", "no worker takes the tasks that wait in the task queue 'q'"),
        (answer(poller(50), waits=2), answer(waits=2), "", ""),
    ],
)
def test_what_the_cluster_says_of_a_task_queue(flows: Any, steps: Any, polling: str, waiting: str) -> None:
    assert attendance_of("q", flows, steps, NOW) == Attendance(polling, waiting)


class Cluster:
    """A client's end, as far as it is asked here."""

    namespace = "default"

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.asked = 0
        self.workflow_service = self

    async def describe_task_queue(self, request: Any, timeout: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_however_many_wait_the_cluster_is_asked_once_in_a_while() -> None:
    cluster: Any = Cluster(answer())
    workers = Workers(lambda: cluster, "q")
    found = await asyncio.gather(*(workers.attendance() for _ in range(20)))
    assert set(found) == {Attendance(MISSING, MISSING)}
    assert cluster.asked == 2  # of workflow tasks, and of activities


@pytest.mark.parametrize(
    "error", [RPCError("no", RPCStatusCode.PERMISSION_DENIED, b""), RuntimeError("not connected"), OSError()]
)
async def test_a_cluster_that_does_not_say_is_no_reason_to_miss_anybody(error: Exception) -> None:
    cluster: Any = Cluster(error)
    assert await Workers(lambda: cluster, "q").attendance() == Attendance()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_told_after_a_while_and_again_only_when_it_changes() -> None:
    clock = Clock()
    missed = NoWorker(clock)
    told = []
    for second, reason in enumerate(["one"] * 8 + [None] * 3 + ["two"] * 2 + ["three"] * 8):
        clock.now = float(second)
        told.append(missed.line(reason))
    assert [line for line in told if line] == [f"one: {ADVICE}", BACK, f"three: {ADVICE}"]
    assert told.index(f"one: {ADVICE}") == SOON
    assert told.index(BACK) == 8


def test_of_a_worker_that_is_back_at_once_nothing_is_told() -> None:
    clock = Clock()
    missed = NoWorker(clock)
    assert missed.line("one") is None
    clock.now = SOON - 0.5
    assert missed.line("one") is None
    assert missed.line(None) is None
    clock.now = SOON + 0.5
    assert missed.line("one") is None
