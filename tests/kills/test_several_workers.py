"""Two workers on one task queue: one dies, one is told to end, one has other code. Stacks do not notice.

Which worker does what is read from histories: each started task names the process that took it.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from firebrick.contract import OperationState
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED
from tests.integration.history import (
    Requires,
    check_created_once,
    check_deleted_once,
    check_events,
    check_idle_after_end,
)
from tests.integration.rig import Rig, WorkerProcess, earlier_code, until
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(300)  # the first test waits for all cases

LATENCY = 0.7  # seconds of one call to the provider: long enough to do something to a worker that is inside one
BELOW = [f"below{number}" for number in range(4)]
REQUIRES: Requires = {**dict.fromkeys(BELOW, ()), "above": tuple(BELOW), "top": ("above",)}
RESOURCES: dict[str, Any] = {
    name: {"type": "Firebrick::Test::Object", "depends_on": list(requires)} for name, requires in REQUIRES.items()
}
TEMPLATE = {"heat_template_version": "2021-04-16", "resources": RESOURCES}


async def history(rig: Rig, operation: OperationRow) -> list[HistoryEvent]:
    return list((await rig.client.get_workflow_handle(operation.workflow_id).fetch_history()).events)


async def pids(rig: Rig, operation: OperationRow, kind: EventType.ValueType) -> list[int]:
    """The processes that took the operation's tasks of this kind, in order."""
    taken = [
        event.workflow_task_started_event_attributes.identity or event.activity_task_started_event_attributes.identity
        for event in await history(rig, operation)
        if event.event_type == kind
    ]
    return [int(identity.partition("@")[0]) for identity in taken]


async def workflow_task_pids(rig: Rig, operation: OperationRow) -> list[int]:
    return await pids(rig, operation, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)


async def at_work(rig: Rig, operation: OperationRow, workers: Sequence[WorkerProcess]) -> tuple[WorkerProcess, ...]:
    """Once calls are on their way: the worker that carries the operation, then the others."""

    async def called() -> bool:
        return bool(rig.provider.ledger.requests(method="POST"))

    await until(called, "a call is on its way")
    carrier = (await workflow_task_pids(rig, operation))[-1]
    return tuple(sorted(workers, key=lambda worker: worker.pid != carrier))


async def check_whole_life(rig: Rig, operation: OperationRow) -> None:
    """The create ends DONE with each effect once and its events in order; so does a delete."""
    await rig.done(operation)
    check_created_once(rig.provider.ledger, operation.stack_name, sorted(RESOURCES))
    check_events(await rig.project.events(operation.stack_id), REQUIRES)
    await rig.done(await rig.delete(operation.stack_name))
    check_deleted_once(rig.provider.ledger, operation.stack_name, sorted(RESOURCES))
    events = await rig.project.events(operation.stack_id)
    check_events(events, REQUIRES)
    check_idle_after_end(events, rig.provider.ledger)


async def _killed(rig: Rig) -> None:
    """kill -9 of the worker that carries the operation, while it is inside calls."""
    workers = [await rig.worker(), await rig.worker()]
    operation = await rig.create(TEMPLATE)
    victim, other = await at_work(rig, operation, workers)
    victim.kill()
    await check_whole_life(rig, operation)
    assert (await workflow_task_pids(rig, operation))[-1] == other.pid


async def _drains(rig: Rig) -> None:
    """SIGTERM to the worker that carries the operation: its calls end and are recorded, nothing more begins there."""
    workers = [await rig.worker(), await rig.worker()]
    held = RESOURCES | {"above": {**RESOURCES["above"], "properties": {"hold": "ready"}}}
    operation = await rig.create({**TEMPLATE, "resources": held})
    leaving, staying = await at_work(rig, operation, workers)
    assert await leaving.stop() == 0
    made = {effect.label for effect in rig.provider.ledger.effects(what=CREATED)}
    assert not (await rig.state(operation)).state.ended and "top" not in made
    rig.provider.release("above")
    await rig.done(operation)
    steps = {
        event.event_id: event.activity_task_scheduled_event_attributes.activity_id
        for event in await history(rig, operation)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    }
    started = [
        event.activity_task_started_event_attributes
        for event in await history(rig, operation)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    ]
    assert {one.attempt for one in started} == {1}, "what ran in the leaving worker came to its end there"
    last = next(one for one in started if steps[one.scheduled_event_id].startswith("top."))
    assert int(last.identity.partition("@")[0]) == staying.pid
    calls = [request.label for request in rig.provider.ledger.requests(method="POST")]
    assert sorted(calls) == sorted(RESOURCES), "nothing was asked for twice"
    await check_whole_life(rig, operation)


async def _two_builds(rig: Rig) -> None:
    """A newer build starts while an operation runs: that one ends on the build it began on, a new one begins on the
    newer. Then the older worker is not needed any more."""
    older = await rig.worker(code=earlier_code(rig.directory))
    rig.provider.fault("fail", method="POST", match="held", times=1_000, status=429, retry_after=3)
    waits = {
        "held": {"type": "Firebrick::Test::Object"},
        "after": {"type": "Firebrick::Test::Object", "depends_on": "held"},
    }
    running = await rig.create({"heat_template_version": "2021-04-16", "resources": waits}, name="running")
    await at_work(rig, running, [older])
    newer = await rig.worker()
    assert older.build != newer.build
    begun = await rig.create(TEMPLATE, name="begun")
    await rig.done(begun)
    assert (await rig.state(running)).state is OperationState.RUNNING
    rig.provider.clear_faults()
    await rig.done(running)
    for operation, worker in ((running, older), (begun, newer)):
        assert set(await workflow_task_pids(rig, operation)) == {worker.pid}
        described = await rig.client.get_workflow_handle(operation.workflow_id).describe()
        info = described.raw_description.workflow_execution_info.versioning_info
        assert info.deployment_version.build_id == worker.build
        steps = await pids(rig, operation, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
        assert set(steps) == {worker.pid}, "activities stay with their build, too"
    assert await older.stop() == 0
    deleted = await rig.done(await rig.delete("running"))
    assert set(await workflow_task_pids(rig, deleted)) == {newer.pid}
    assert rig.provider.ledger.doubles() == []


CASES: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "one is killed": _killed,
    "one drains": _drains,
    "two builds": _two_builds,
}


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            directory: Path = tmp_path_factory.mktemp("rig")
            async with Rig(directory, module_server, latency=LATENCY) as rig:
                await CASES[name](rig)

        return run

    return side_by_side(request, {name: case(name) for name in CASES})


@pytest.mark.parametrize("what", CASES)
def test_a_stack_does_not_notice_that(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)
