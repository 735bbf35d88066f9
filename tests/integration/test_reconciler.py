"""What the store says is under way and what the cluster runs differ; a worker's reconciler puts that right.

And the other way round: workflows that the cluster starts or repeats without being asked do no harm, since the
operation's row is the lock.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus

from firebrick.contract import Accepted, Cancel, CreateStackRequest, DeleteStackRequest, OperationState
from firebrick.intake import accept_create, accept_delete
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.history import Requires, check_created_once, check_deleted_once, check_events, check_no_orphans
from tests.integration.rig import Rig, earlier_code
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(400)  # the first test waits for all cases

RESOURCES: dict[str, Any] = {
    "below": {"type": "Firebrick::Test::Object"},
    "parked": {
        "type": "Firebrick::Test::Object",
        "properties": {"hold": "ready"},
        "depends_on": "below",
    },
    "above": {"type": "Firebrick::Test::Token", "depends_on": "parked"},
}
SLOW = {"type": "Firebrick::Test::Object", "properties": {"ready_after": 600}}
REQUIRES: Requires = {"below": (), "parked": ("below",), "above": ("parked",)}
TEMPLATE = {"heat_template_version": "2021-04-16", "resources": RESOURCES}
REQUEST = CreateStackRequest(name="demo", template=TEMPLATE)


async def is_parked(rig: Rig, operation: OperationRow) -> None:
    await rig.reached(operation, lambda _: "parked" in _made(rig), "the parked object is made")


def _made(rig: Rig) -> set[str]:
    return {effect.label for effect in rig.provider.ledger.living()}


async def _check_done(rig: Rig, operation: OperationRow) -> None:
    rig.provider.release("parked")
    await rig.done(operation)
    check_created_once(rig.provider.ledger, "demo", sorted(RESOURCES))
    check_events(await rig.project.events(operation.stack_id), REQUIRES)


async def _check_deletable(rig: Rig) -> None:
    deleted = await rig.done(await rig.delete())
    check_no_orphans(rig.provider.ledger)
    assert rig.provider.ledger.doubles() == []
    check_events(await rig.project.events(deleted.stack_id), REQUIRES)


# --- the store knows, the cluster does not --------------------------------------------------------------------------


async def _never_started(rig: Rig) -> None:
    """Whoever accepted it died before it started the workflow. A worker is there all the time."""
    await rig.worker()
    operation = await accept_create(rig.store, rig.registry, REQUEST)
    await _check_done(rig, operation)


async def _accepted_without_a_worker(rig: Rig) -> None:
    operation = await rig.create(TEMPLATE)
    assert (await rig.state(operation)).state is OperationState.PENDING
    await rig.worker()
    await _check_done(rig, operation)


async def _server_dies_before_the_start(rig: Rig) -> None:
    """The server answered when the operation was accepted, and is gone when it is to be started."""
    operation = await accept_create(rig.store, rig.registry, REQUEST)
    await asyncio.to_thread(rig.server.kill)
    assert not await rig.starter.start(operation)
    assert (await rig.state(operation)).state is OperationState.PENDING
    await asyncio.to_thread(rig.server.start)
    # Only now: polls that reach a server while it starts may hang there for a minute, which is its affair.
    await rig.worker()
    await _check_done(rig, operation)


async def _nudge_lost_and_create_ends(rig: Rig) -> None:
    """A delete is accepted while a create runs, and nobody tells the create: it looks when it ends."""
    await rig.worker()
    created = await rig.create({"heat_template_version": "2021-04-16", "resources": {"below": RESOURCES["below"]}})
    deleted = await accept_delete(rig.store, DeleteStackRequest(stack="demo"))
    await rig.done(deleted)
    assert (await rig.state(created)).state.ended
    check_no_orphans(rig.provider.ledger)


async def _nudge_lost_and_create_waits(rig: Rig) -> None:
    """The same, and the create would wait for long: the reconciler tells it."""
    await rig.worker()
    created = await rig.create({"heat_template_version": "2021-04-16", "resources": {"slow": SLOW}})
    await rig.reached(created, lambda _: "slow" in _made(rig), "it is at work")
    deleted = await accept_delete(rig.store, DeleteStackRequest(stack="demo"))
    await rig.done(deleted)
    assert (await rig.state(created)).state is OperationState.SUPERSEDED
    check_deleted_once(rig.provider.ledger, "demo", ["slow"])


async def _server_lost_its_memory(rig: Rig) -> None:
    """The server comes back with an empty database: what ran is FAILED with a reason, and can be deleted."""
    await rig.worker()
    operation = await rig.create(TEMPLATE)
    await is_parked(rig, operation)
    await asyncio.to_thread(rig.server.kill)
    await rig.no_workers()
    for file in rig.server.database.parent.glob(f"{rig.server.database.name}*"):
        file.unlink()
    await asyncio.to_thread(rig.server.start)
    await rig.worker()
    ended = await rig.ended(operation)
    reason = f"workflow {operation.workflow_id} is not known to the server any more"
    assert (ended.state, ended.reason) == (OperationState.FAILED, reason)
    row = await rig.project.resource(operation.stack_id, "parked")
    assert row.state == "CREATE_FAILED" and row.status_reason == f"CREATE aborted ({reason})"
    await _check_deletable(rig)


async def _terminated_with_a_nested_stack(rig: Rig) -> None:
    """What the terminated run had asked of the stack inside does not go on by itself."""
    worker = await rig.worker()
    inner = {"heat_template_version": "2021-04-16", "resources": {"slow": SLOW}}
    outer = {"heat_template_version": "2021-04-16", "resources": {"nest": {"type": "inner.yaml"}}}
    operation = await rig.create(outer, files={"inner.yaml": json.dumps(inner)})
    await rig.reached(operation, lambda _: "slow" in _made(rig), "the inner stack is at work")
    asked = (await rig.project.open_inside(operation))[0]
    worker.kill()
    await rig.client.get_workflow_handle(operation.workflow_id).terminate()
    await rig.worker()
    assert (await rig.ended(operation)).state is OperationState.FAILED
    ended = await rig.ended(asked)
    assert (ended.state, ended.cancel) == (OperationState.FAILED, Cancel.KEEP)
    await rig.done(await rig.delete())
    check_no_orphans(rig.provider.ledger)


async def _terminated_after_a_cancel(rig: Rig) -> None:
    """A rollback was promised, and the run ends before it has heard of that: it is rolled back all the same."""
    worker = await rig.worker()
    made = {"heat_template_version": "2021-04-16", "resources": {"below": RESOURCES["below"]}}
    await rig.done(await rig.create(made))
    operation = await rig.update(TEMPLATE)
    await is_parked(rig, operation)
    worker.kill()
    await rig.starter.cancel("default", operation.stack_id, Cancel.ROLL_BACK)
    assert (await rig.project.stack("demo")).state == "ROLLBACK_IN_PROGRESS"
    await rig.client.get_workflow_handle(operation.workflow_id).terminate()
    before = (await rig.project.events(operation.stack_id))[-1].seq
    await rig.worker()
    assert (await rig.ended(operation)).state is OperationState.FAILED
    rollback = (await rig.project.operations(operation.stack_id))[0]
    assert rollback.follows == operation.id
    await rig.done(rollback)
    told = await rig.project.events(operation.stack_id, after_seq=before)
    assert [one.state for one in told if one.resource_id is None] == ["ROLLBACK_COMPLETE"]
    assert {effect.label for effect in rig.provider.ledger.living()} == {"below"}
    await rig.done(await rig.delete())
    check_no_orphans(rig.provider.ledger)


# --- the cluster does what nobody asked for --------------------------------------------------------------------------


async def _started_twice(rig: Rig) -> None:
    """A second workflow for one operation, under another id, waits for the first and tells the same result."""
    await rig.worker()
    operation = await rig.create(TEMPLATE)
    await is_parked(rig, operation)
    second = await rig.client.start_workflow(
        "CreateStack",
        Accepted(project=operation.project, stack_id=operation.stack_id, operation_id=operation.id),
        id=f"another-{rig.task_queue}",
        task_queue=rig.task_queue,
    )
    await _check_done(rig, operation)
    result = await second.result()
    assert (result["operation_id"], result["state"]) == (operation.id, "DONE")
    # And a third, once all is over.
    third = await rig.client.start_workflow(
        "CreateStack",
        Accepted(project=operation.project, stack_id=operation.stack_id, operation_id=operation.id),
        id=operation.workflow_id,
        task_queue=rig.task_queue,
    )
    assert (await third.result())["state"] == "DONE"
    await _check_done(rig, operation)
    await _check_deletable(rig)


async def _reset(rig: Rig) -> None:
    """Somebody resets the run to its beginning: it goes through its steps again, and none has an effect again."""
    await rig.worker()
    operation = await rig.create(TEMPLATE)
    await is_parked(rig, operation)
    handle = rig.client.get_workflow_handle(operation.workflow_id)
    description = await handle.describe()
    first = next(
        event.event_id
        for event in (await handle.fetch_history()).events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    )
    await rig.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=rig.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=operation.workflow_id, run_id=description.run_id),
            workflow_task_finish_event_id=first,
            reason="a test",
            request_id=rig.task_queue,
        )
    )
    await _check_done(rig, operation)
    assert (await handle.describe()).run_id != description.run_id
    assert await rig.closed(operation.workflow_id) is WorkflowExecutionStatus.COMPLETED
    await _check_deletable(rig)


UNKNOWN_TO_THE_CLUSTER: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "never started": _never_started,
    "accepted without a worker": _accepted_without_a_worker,
    "the server dies before the start": _server_dies_before_the_start,
    "a delete's nudge is lost, the create ends": _nudge_lost_and_create_ends,
    "a delete's nudge is lost, the create waits": _nudge_lost_and_create_waits,
}
LOST: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "the server lost its memory": _server_lost_its_memory,
    "terminated with a nested stack": _terminated_with_a_nested_stack,
    "terminated after a cancel": _terminated_after_a_cancel,
}
NOT_ASKED_FOR: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "started twice": _started_twice,
    "reset": _reset,
}
CASES = UNKNOWN_TO_THE_CLUSTER | LOST | NOT_ASKED_FOR
OWN_SERVER = ("the server dies before the start", "the server lost its memory")


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            directory = tmp_path_factory.mktemp("rig")
            if name not in OWN_SERVER:
                async with Rig(directory, module_server) as rig:
                    return await CASES[name](rig)
            server = DevServer(directory / "temporal.db")
            await asyncio.to_thread(server.start)
            try:
                async with Rig(directory, server) as rig:
                    await CASES[name](rig)
            finally:
                await asyncio.to_thread(server.stop)

        return run

    return side_by_side(request, {name: case(name) for name in CASES}, at_once=len(CASES))


@pytest.mark.parametrize("what", UNKNOWN_TO_THE_CLUSTER)
def test_an_accepted_operation_is_carried_out_whoever_forgets_it(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)


@pytest.mark.parametrize("what", LOST)
def test_an_operation_whose_run_is_lost_fails_with_a_reason(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)


@pytest.mark.parametrize("what", NOT_ASKED_FOR)
def test_a_run_that_nobody_asked_for_does_no_harm(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)


@pytest.mark.soak
async def test_a_run_whose_build_has_no_worker_left_is_moved_to_the_one_there_is(
    module_server: DevServer, tmp_path: Path
) -> None:
    """An upgrade in place: the run was begun by code that is not installed any more. Takes more than 90 s."""
    old = earlier_code(tmp_path)
    async with Rig(tmp_path / "rig", module_server) as rig:
        before = await rig.worker(code=old)
        operation = await rig.create(TEMPLATE)
        await is_parked(rig, operation)
        before.kill()
        after = await rig.worker()
        assert before.build != after.build
        await _check_done(rig, operation)
        await _check_deletable(rig)
