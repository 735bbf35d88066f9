"""A create that is taken over, runs out of time, is cancelled or torn down; and requests that are refused meanwhile.

Whatever happened to the create, its delete leaves nothing behind, outside or in the store.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from firebrick.contract import PROGRESS, OperationState, Progress, RollbackStackRequest
from firebrick.diagnostics import ActionInProgress, FirebrickError, InvalidInput, NameInUse
from firebrick.store.rows import EventRow, OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.history import Requires, check_deleted_once, check_events, check_no_orphans
from tests.integration.rig import Rig, until
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(400)  # the first test waits for all cases

SEED = 20_26  # of the moments at which creates are taken over
MOMENTS = 10

LAYERED: dict[str, Any] = {
    "word": {"type": "OS::Heat::RandomString"},
    "said": {"type": "OS::Heat::Value", "properties": {"value": {"get_attr": ["word", "value"]}}},
    "below": {"type": "Firebrick::Test::Object", "properties": {"value": {"get_attr": ["said", "value"]}}},
    "beside": {"type": "Firebrick::Test::Token", "properties": {"ready_after": 0.4, "gone_after": 0.2}},
    "middle": {"type": "Firebrick::Test::Token", "depends_on": ["below", "beside"]},
    "plain": {"type": "OS::Heat::TestResource", "properties": {"wait_secs": 0.1}, "depends_on": "below"},
    "above": {"type": "Firebrick::Test::Object", "depends_on": ["middle", "plain"]},
    "last": {"type": "OS::Heat::Value", "properties": {"value": {"get_attr": ["above", "name"]}}},
}
REQUIRES: Requires = {
    "word": (),
    "said": ("word",),
    "below": ("said",),
    "beside": (),
    "middle": ("below", "beside"),
    "plain": ("below",),
    "above": ("middle", "plain"),
    "last": ("above",),
}


def template(resources: dict[str, Any]) -> dict[str, Any]:
    return {"heat_template_version": "2021-04-16", "resources": resources}


def said(events: list[EventRow], name: str) -> list[str]:
    return [f"{event.state} {event.reason}" for event in events if event.resource_name == name]


def has(name: str, state: str) -> Callable[[list[EventRow]], bool]:
    return lambda events: any(event.resource_name == name and event.state == state for event in events)


async def check_gone(rig: Rig, stack_id: str, requires: Requires) -> list[EventRow]:
    """Nothing is left outside, nothing happened twice, the events are legal and the name is free."""
    check_no_orphans(rig.provider.ledger)
    assert rig.provider.ledger.doubles() == []
    events = await rig.project.events(stack_id)
    check_events(events, requires)
    assert await rig.project.stacks() == []
    assert (await rig.project.stack(stack_id, include_deleted=True)).state == "DELETE_COMPLETE"
    assert all(one.state.ended for one in await rig.project.operations(stack_id))
    return events


# --- takeover ------------------------------------------------------------------------------------------------------


def taken_over_after(share: float) -> Callable[[Rig], Awaitable[None]]:
    """A delete is asked for when so much of the time that an undisturbed create takes has passed (1: at its end)."""

    async def case(rig: Rig) -> None:
        calm = await rig.done(await rig.create(template(LAYERED), "calm"))
        assert calm.began_at is not None and calm.ended_at is not None
        await rig.done(await rig.delete("calm"))
        created = await rig.create(template(LAYERED))
        if share < 1:
            await asyncio.sleep((calm.ended_at - calm.accepted_at) * share)
        else:  # in the very moment of its end
            await rig.reached(created, has("last", "CREATE_COMPLETE"), "the last resource is there")
        deleted = await rig.done(await rig.delete())
        assert (await rig.state(created)).state in (OperationState.SUPERSEDED, OperationState.DONE)
        await check_gone(rig, deleted.stack_id, REQUIRES)

    return case


async def _taken_over(rig: Rig) -> None:
    """A create in the middle: a parked resource is aborted at once, a call under way is waited for, the rest is not
    begun."""
    resources = {
        "done": {"type": "Firebrick::Test::Object"},
        "parked": {"type": "Firebrick::Test::Object", "properties": {"ready_after": 600}, "depends_on": "done"},
        "calling": {"type": "Firebrick::Test::Token", "depends_on": "done"},
        "never": {"type": "Firebrick::Test::Object", "depends_on": ["parked", "calling"]},
    }
    requires = {"done": (), "parked": ("done",), "calling": ("done",), "never": ("parked", "calling")}
    rig.provider.fault("stall-before-effect", method="POST", match="calling", seconds=1.5)
    created = await rig.create(template(resources))

    def under_way(_: list[EventRow]) -> bool:
        asked = {request.label for request in rig.provider.ledger.requests(method="POST")}
        return {"parked", "calling"} <= asked

    await rig.reached(created, under_way, "one is parked, one is in its call")
    deleted = await rig.delete()
    ended = await rig.done(deleted)
    superseded = await rig.state(created)
    assert (superseded.state, superseded.superseded_by) == (OperationState.SUPERSEDED, ended.id)
    assert superseded.failure is not None
    assert (superseded.failure.aborted, superseded.failure.not_started) == (("parked",), ("never",))
    events = await check_gone(rig, ended.stack_id, requires)
    assert said(events, "parked")[:2] == ["CREATE_IN_PROGRESS state changed", "DELETE_IN_PROGRESS state changed"]
    assert said(events, "calling")[1] == "CREATE_COMPLETE state changed"
    assert said(events, "demo") == [  # what was taken over is no failure
        "CREATE_IN_PROGRESS Stack CREATE started",
        "DELETE_IN_PROGRESS Stack DELETE started",
        "DELETE_COMPLETE Stack DELETE completed successfully",
    ]
    check_deleted_once(rig.provider.ledger, "demo", ["calling", "done", "parked"])


async def _taken_over_before_it_began(rig: Rig) -> None:
    """Nobody has begun the create when the delete is accepted: the create never runs."""
    await rig.no_workers()
    created = await rig.create(template(LAYERED))
    deleted = await rig.delete()
    await rig.worker()
    await rig.done(deleted)
    superseded = await rig.state(created)
    assert (superseded.state, superseded.superseded_by) == (OperationState.SUPERSEDED, deleted.id)
    assert rig.provider.ledger.requests() == []
    await check_gone(rig, deleted.stack_id, REQUIRES)


# --- refusals ------------------------------------------------------------------------------------------------------


async def _refused(rig: Rig) -> None:
    """A name in use, what a delete does not allow: refused with the operation in the way, and nothing is stored."""
    held = {"slow": {"type": "Firebrick::Test::Object", "properties": {"hold": "ready"}}}
    created = await rig.create(template(held))
    refusal = await _refusal(rig.create(template(LAYERED)), NameInUse)
    assert created.id in refusal and "CREATE" in refusal and created.stack_id in refusal
    assert [one.id for one in await rig.project.operations(created.stack_id)] == [created.id]
    rig.provider.release("slow")
    await rig.done(created)
    assert "Choose another name" in await _refusal(rig.create(template(LAYERED)), NameInUse)
    await rig.done(await rig.delete())

    held = {"leaving": {"type": "Firebrick::Test::Object", "properties": {"hold": "gone"}}}
    created = await rig.done(await rig.create(template(held)))
    deleted = await rig.delete()
    assert deleted.id in await _refusal(rig.create(template(LAYERED)), NameInUse)
    refusal = await _refusal(rig.starter.rollback(RollbackStackRequest(stack="demo")), ActionInProgress)
    assert deleted.id in refusal and "DELETE" in refusal
    assert "deleting" in await _refusal(rig.update(template(LAYERED)), InvalidInput)
    stored = [one.id for one in await rig.project.operations(created.stack_id)]
    assert stored == [deleted.id, created.id]
    assert len(await rig.project.stacks()) == 1
    rig.provider.release("leaving")
    await rig.done(deleted)
    check_deleted_once(rig.provider.ledger, "demo", ["leaving", "slow"])
    await rig.done(await rig.create(template({"word": {"type": "OS::Heat::RandomString"}})))  # the name is free


async def _refusal(ask: Awaitable[OperationRow], kind: type[FirebrickError]) -> str:
    with pytest.raises(kind) as refused:
        await ask
    return str(refused.value)


# --- deadline, cancel, terminate -----------------------------------------------------------------------------------


async def _out_of_time(rig: Rig) -> None:
    """One resource is parked and one inside a call when the time is up: both are aborted and deleted later."""
    resources = {
        "parked": {"type": "Firebrick::Test::Object", "properties": {"ready_after": 600}},
        "stalled": {"type": "Firebrick::Test::Object", "properties": {"ready_after": 4}},
        "never": {"type": "Firebrick::Test::Token", "depends_on": ["parked", "stalled"]},
    }
    requires = {"parked": (), "stalled": (), "never": ("parked", "stalled")}
    # Each call to it outlives the call's time limit, so it is in a call, or between two, whenever the time is up.
    rig.provider.fault("stall-after-effect", match="stalled", seconds=5, times=1000)
    created = await rig.create(template(resources), timeout_mins=6)
    ended = await rig.ended(created)
    assert ended.began_at is not None and ended.deadline == ended.began_at + 6
    assert (ended.state, ended.reason) == (OperationState.FAILED, "Timed out")
    assert ended.ended_at is not None and ended.ended_at >= ended.deadline
    stack = await rig.project.stack("demo")
    assert (stack.state, stack.status_reason) == ("CREATE_FAILED", "Timed out")
    rows = {row.name: f"{row.state} {row.status_reason}".strip() for row in await rig.project.resources(stack.id)}
    assert rows["parked"] == "CREATE_FAILED CREATE aborted (Timed out)"
    assert rows["stalled"] == "CREATE_FAILED CREATE aborted (Timed out)"
    assert rows["never"] == "INIT_COMPLETE"
    assert await rig.closed(ended.workflow_id) is WorkflowExecutionStatus.FAILED
    rig.provider.clear_faults()
    deleted = await rig.done(await rig.delete())
    await check_gone(rig, deleted.stack_id, requires)
    check_deleted_once(rig.provider.ledger, "demo", ["parked", "stalled"])


async def _cancelled(rig: Rig) -> None:
    """Temporal's own cancel stops a create, which lets what is in progress finish and ends FAILED; its delete leaves
    nothing."""
    resources = LAYERED | {
        "parked": {"type": "Firebrick::Test::Object", "properties": {"hold": "ready"}},
        "never": {"type": "Firebrick::Test::Object", "depends_on": "parked"},
    }
    requires = {**REQUIRES, "parked": (), "never": ("parked",)}
    created = await rig.create(template(resources))
    await rig.reached(created, has("below", "CREATE_COMPLETE"), "some of it is there")
    handle = rig.client.get_workflow_handle(created.workflow_id)
    await handle.cancel()

    async def stopping() -> bool:
        return (await handle.query(PROGRESS, result_type=Progress)).stopping == "cancel"

    await until(stopping, "the run has heard of it")
    assert (await rig.state(created)).state is OperationState.RUNNING
    rig.provider.release("parked")
    ended = await rig.ended(created)
    assert (ended.state, ended.reason) == (OperationState.FAILED, "Stack CREATE cancelled")
    assert await rig.closed(ended.workflow_id) is WorkflowExecutionStatus.FAILED
    events = await rig.project.events(created.stack_id)
    assert said(events, "parked")[-1] == "CREATE_COMPLETE state changed" and said(events, "never") == []
    assert not any(row.status == "IN_PROGRESS" for row in await rig.project.resources(created.stack_id))
    deleted = await rig.done(await rig.delete())
    await check_gone(rig, deleted.stack_id, requires)


async def _cancel_of_a_delete(rig: Rig) -> None:
    """A delete runs to its end, whoever cancels it."""
    held = {"slow": {"type": "Firebrick::Test::Object", "properties": {"hold": "gone"}}}
    await rig.done(await rig.create(template(held)))
    deleted = await rig.delete()
    await rig.reached(deleted, has("slow", "DELETE_IN_PROGRESS"), "the delete is at work")
    await rig.client.get_workflow_handle(deleted.workflow_id).cancel()
    rig.provider.release("slow")
    await rig.done(deleted)
    assert await rig.closed(deleted.workflow_id) is WorkflowExecutionStatus.COMPLETED
    await check_gone(rig, deleted.stack_id, {"slow": ()})


async def _terminated(rig: Rig) -> None:
    """A terminated run is found out by the next worker's reconciler; what it was doing is aborted with a reason."""
    resources = LAYERED | {"parked": {"type": "Firebrick::Test::Object", "properties": {"ready_after": 600}}}
    requires = {**REQUIRES, "parked": ()}
    created = await rig.create(template(resources))
    await rig.reached(created, has("below", "CREATE_IN_PROGRESS"), "it is at work")
    await rig.client.get_workflow_handle(created.workflow_id).terminate("somebody pulled the plug")
    await rig.worker()
    ended = await rig.ended(created)
    reason = f"workflow {created.workflow_id} was terminated"
    assert (ended.state, ended.reason) == (OperationState.FAILED, reason)
    stack = await rig.project.stack("demo")
    assert (stack.state, stack.status_reason) == ("CREATE_FAILED", reason)
    assert not any(row.status == "IN_PROGRESS" for row in await rig.project.resources(stack.id))
    deleted = await rig.done(await rig.delete())
    await check_gone(rig, deleted.stack_id, requires)


def _moments() -> dict[str, Callable[[Rig], Awaitable[None]]]:
    chance = random.Random(SEED)
    shares = [1.0, 1.0, *(round(chance.random(), 3) for _ in range(MOMENTS - 2))]
    return {f"{number}, at {share:.3f} of its time": taken_over_after(share) for number, share in enumerate(shares)}


TAKEOVERS: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "in the middle": _taken_over,
    "before it began": _taken_over_before_it_began,
}
MOMENTS_OF_TAKEOVER = _moments()
ENDS: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "out of time": _out_of_time,
    "cancelled": _cancelled,
    "terminated": _terminated,
}
OTHERS: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "refused": _refused,
    "cancel of a delete": _cancel_of_a_delete,
}
CASES = TAKEOVERS | ENDS | OTHERS | MOMENTS_OF_TAKEOVER


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(name: str) -> Callable[[], Awaitable[None]]:
        async def with_worker() -> None:
            directory: Path = tmp_path_factory.mktemp("rig")
            minute = 1.0 if name == "out of time" else 60.0
            latency = 0.1 if name in MOMENTS_OF_TAKEOVER else 0.0
            async with Rig(directory, module_server, minute=minute, latency=latency) as rig:
                await rig.worker()
                await CASES[name](rig)

        return with_worker

    return side_by_side(request, {name: case(name) for name in CASES})


@pytest.mark.parametrize("when", TAKEOVERS)
def test_a_delete_takes_a_create_over(outcomes: Outcomes, when: str) -> None:
    outcomes.check(when)


@pytest.mark.parametrize("moment", MOMENTS_OF_TAKEOVER)
def test_a_takeover_at_any_moment_leaves_nothing(outcomes: Outcomes, moment: str) -> None:
    outcomes.check(moment)


@pytest.mark.parametrize("how", ENDS)
def test_a_create_that_was_stopped_says_why_and_can_be_deleted(outcomes: Outcomes, how: str) -> None:
    outcomes.check(how)


@pytest.mark.parametrize("what", ["refused"])
def test_what_cannot_run_now_is_refused_with_the_operation_in_the_way(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)


@pytest.mark.parametrize("what", ["cancel of a delete"])
def test_a_delete_cannot_be_cancelled(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)
