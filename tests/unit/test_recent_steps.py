"""What a run waits for before it answers with nothing to do."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from activities.recent import MANY, MOMENT, RecentSteps
from workflows.runner import patient

LONG = 60.0  # seconds: nobody waits so long here


class Steps:
    """Activities of a run that end when they are told to."""

    def __init__(self, recent: RecentSteps) -> None:
        self._recent = recent
        self._tasks: list[asyncio.Task[None]] = []
        self._ends: list[asyncio.Event] = []

    async def begin(self, run_id: str, count: int) -> None:
        for _ in range(count):
            end = asyncio.Event()
            self._ends.append(end)
            self._tasks.append(asyncio.create_task(self._step(run_id, end)))
        await asyncio.sleep(0)  # each has begun

    async def _step(self, run_id: str, end: asyncio.Event) -> None:
        self._recent.begin(run_id)
        await end.wait()

    async def end(self, count: int) -> None:
        for end in self._ends[:count]:
            end.set()
        await asyncio.gather(*self._tasks[:count])
        del self._ends[:count], self._tasks[:count]


@pytest.fixture
def recent(monkeypatch: pytest.MonkeyPatch) -> RecentSteps:
    monkeypatch.setattr("activities.recent.MOMENT", LONG)
    return RecentSteps()


@pytest.fixture
async def steps(recent: RecentSteps) -> AsyncIterator[Steps]:
    made = Steps(recent)
    yield made
    await made.end(1_000)


async def test_a_run_is_waited_for_until_all_its_steps_have_ended(recent: RecentSteps, steps: Steps) -> None:
    await steps.begin("run", MANY + 2)
    waiting = asyncio.create_task(asyncio.to_thread(recent.wait, "run"))
    await steps.end(MANY + 1)
    assert not waiting.done()
    await steps.end(1)
    await asyncio.wait_for(waiting, LONG / 2)


async def test_few_steps_and_those_of_other_runs_are_not_waited_for(recent: RecentSteps, steps: Steps) -> None:
    await steps.begin("few", MANY - 1)
    await steps.begin("many", MANY)
    for run in ("few", "none"):
        await asyncio.wait_for(asyncio.to_thread(recent.wait, run), LONG / 2)


async def test_steps_of_before_are_not_waited_for(recent: RecentSteps, steps: Steps, monkeypatch: Any) -> None:
    monkeypatch.setattr("activities.recent.MOMENT", 0.0)  # each that begins now is a group by itself
    await steps.begin("run", MANY)
    monkeypatch.setattr("activities.recent.MOMENT", LONG)
    await steps.begin("run", 1)
    await asyncio.wait_for(asyncio.to_thread(recent.wait, "run"), LONG / 2)


async def test_a_step_of_before_does_not_hold_up_those_that_began_together(
    recent: RecentSteps, steps: Steps, monkeypatch: Any
) -> None:
    old = Steps(recent)
    monkeypatch.setattr("activities.recent.MOMENT", 0.0)
    await old.begin("run", 1)
    monkeypatch.setattr("activities.recent.MOMENT", LONG)
    await steps.begin("run", MANY)
    waiting = asyncio.create_task(asyncio.to_thread(recent.wait, "run"))
    await steps.end(MANY)
    await asyncio.wait_for(waiting, LONG / 2)
    await old.end(1)


async def test_steps_that_take_longer_are_not_waited_for(steps: Steps, recent: RecentSteps, monkeypatch: Any) -> None:
    monkeypatch.setattr("activities.recent.MOMENT", MOMENT)
    began = time.monotonic()
    await steps.begin("run", MANY)
    await asyncio.wait_for(asyncio.to_thread(recent.wait, "run"), LONG / 2)  # though none has ended
    assert time.monotonic() - began >= MOMENT


async def test_a_run_that_was_waited_for_begins_anew(recent: RecentSteps, steps: Steps) -> None:
    await steps.begin("run", MANY)
    await steps.end(MANY)
    await asyncio.wait_for(asyncio.to_thread(recent.wait, "run"), LONG / 2)
    await steps.begin("run", MANY)
    waiting = asyncio.create_task(asyncio.to_thread(recent.wait, "run"))
    await steps.end(MANY - 1)
    assert not waiting.done()
    await steps.end(1)
    await asyncio.wait_for(waiting, LONG / 2)


class Answering(WorkflowInstance, WorkflowRunner):
    """Both a runner and its instance, which answers what it is told to."""

    answer: WorkflowActivationCompletion

    def prepare_workflow(self, defn: Any) -> None: ...

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return self

    def activate(self, act: Any) -> WorkflowActivationCompletion:
        return self.answer

    def get_serialization_context(self, command_info: Any) -> None: ...

    def get_external_store_context(self, command_info: Any) -> Any: ...

    def get_info(self) -> Any: ...

    def get_thread_id(self) -> None: ...

    def set_worker_level_failure_exception_types(self, types: Any) -> None: ...


def answer(*, commands: int = 0, failed: bool = False) -> WorkflowActivationCompletion:
    made = WorkflowActivationCompletion()
    (made.failed if failed else made.successful).SetInParent()
    for _ in range(commands):
        made.successful.commands.add().start_timer.seq = 1
    return made


def task(*jobs: str, replaying: bool = False) -> WorkflowActivation:
    made = WorkflowActivation(run_id="the run", is_replaying=replaying)
    for job in jobs:
        getattr(made.jobs.add(), job).SetInParent()
    return made


@pytest.mark.parametrize(
    ("asked", "answered", "waits"),
    [
        (task("resolve_activity"), answer(), True),
        (task("signal_workflow", "resolve_activity"), answer(), True),
        (task("resolve_activity"), answer(commands=1), False),
        (task("resolve_activity"), answer(failed=True), False),
        (task("resolve_activity", replaying=True), answer(), False),
        (task("signal_workflow"), answer(), False),
        (task("fire_timer"), answer(), False),
        (task("initialize_workflow"), answer(), False),
    ],
)
def test_only_an_end_of_activities_with_nothing_to_do_is_answered_late(
    asked: WorkflowActivation, answered: WorkflowActivationCompletion, waits: bool
) -> None:
    waited: list[str] = []
    plain = Answering()
    plain.answer = answered
    runner: Any = patient(plain, waited.append)
    assert runner.create_instance(None).activate(asked) is answered
    assert waited == (["the run"] if waits else [])
