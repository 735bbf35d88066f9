"""Signals to resources, and marks that they are unhealthy, over the API; answers are those that a real Heat gave."""

import time
from typing import Any

import pytest

from firebrick.contract import Action, StepKind
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome
from tests.unit.rest.test_stacks import TEMPLATE, complete
from tests.unit.rest.world import Made, World


async def patch(made: Made, resource: str, body: Any) -> Any:
    return await made.world.http.patch(f"/v1/{made.world.project}{made.path}/resources/{resource}", json=body)


async def signal(made: Made, resource: str, body: Any) -> Any:
    return await made.world.http.post(f"/v1/{made.world.project}{made.path}/resources/{resource}/signal", json=body)


async def waiting(world: World) -> Made:
    """A create whose resource rnd waits at its hook."""
    environment = {"resource_registry": {"resources": {"rnd": {"hooks": "pre-create"}}}}
    made = await world.create("main", TEMPLATE, environment=environment)
    operation = await made.begin()
    row = await world.repository.resource(made.id, "rnd")
    claim = Claim(made.id, row.id, operation.seq, chain_run=1, step=1, attempt=1)
    now = time.time()
    held = await world.repository.claim(claim, action=operation.action, operation_id=operation.id, now=now, lease=5)
    assert isinstance(held, Claimed) and not held.in_progress
    parked = RowOutcome.parked(StepKind.WAIT_SIGNAL, now + 60, key="signal.rnd", hook="pre-create")
    assert await world.repository.record(claim, parked, now=now)
    return made


async def test_a_resource_is_marked_unhealthy_and_well_again(world: World) -> None:
    made = await complete(world)
    answer = await patch(made, "rnd", {"mark_unhealthy": True, "resource_status_reason": "test"})
    assert (answer.status_code, answer.json()) == (200, None)
    shown = (await world.body(f"{made.path}/resources/rnd"))["resource"]
    assert (shown["resource_status"], shown["resource_status_reason"]) == ("CHECK_FAILED", "test")
    assert (await patch(made, shown["physical_resource_id"], {"mark_unhealthy": "False"})).status_code == 200
    shown = (await world.body(f"{made.path}/resources/rnd"))["resource"]
    default = "state changed by resource_mark_unhealthy api"
    assert (shown["resource_status"], shown["resource_status_reason"]) == ("CHECK_COMPLETE", default)
    events = (await world.body(f"{made.path}/resources/rnd/events"))["events"]
    assert [event["resource_status"] for event in events[:2]] == ["CHECK_COMPLETE", "CHECK_FAILED"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"bogus": 1}, "Invalid keys in resource mark unhealthy {'bogus'}"),
        ({"resource_status_reason": "x"}, "Missing mandatory (mark_unhealthy) key from mark unhealthy request"),
        (
            {"mark_unhealthy": "yes"},
            'Unrecognized value "yes" for "mark_unhealthy", acceptable values are: true, false.',
        ),
        ({"mark_unhealthy": True, "resource_status_reason": 5}, "resource_status_reason must be text"),
    ],
)
async def test_wrong_marks_are_refused(world: World, body: Any, message: str) -> None:
    made = await complete(world)
    answer = await patch(made, "rnd", body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    assert (await world.body(f"{made.path}/resources/rnd"))["resource"]["resource_status"] == "CREATE_COMPLETE"


async def test_a_mark_needs_a_resource_that_is_there_and_left_alone(world: World) -> None:
    made = await complete(world)
    assert (await patch(made, "nothing", {"mark_unhealthy": True})).status_code == 404
    row = await world.repository.resource(made.id, "rnd")
    deleting = await made.delete()
    operation = await deleting.begin(Action.DELETE)
    claim = Claim(made.id, row.id, operation.seq, chain_run=1, step=1, attempt=1)
    await world.repository.claim(claim, action=operation.action, operation_id=operation.id, now=time.time(), lease=60)
    answer = await patch(made, "rnd", {"mark_unhealthy": True})
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "ActionInProgress")


async def test_a_signal_for_a_type_that_takes_none_is_refused_as_heat_does(world: World) -> None:
    made = await complete(world)
    answer = await signal(made, "rnd", {"a": 1})
    error = {
        "type": "ResourceActionNotSupported",
        "traceback": None,
        "message": "signal is not supported for resource.",
    }
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await signal(made, "nothing", {"a": 1})).status_code == 404
    assert world.starter.told == []


async def test_a_hook_is_cleared_once_and_the_run_is_woken(world: World) -> None:
    made = await waiting(world)
    assert (await signal(made, "rnd", {"unset_hook": "pre-crate"})).json()["error"]["type"] == "InvalidBreakPointHook"
    assert (await signal(made, "rnd", {"unset_hook": ["pre-create"]})).status_code == 400
    answer = await signal(made, "rnd", {"unset_hook": "pre-create"})
    assert (answer.status_code, answer.json()) == (200, None)
    assert world.starter.told == [("w", "wake", "signal.rnd")]
    again = await signal(made, "rnd", {"unset_hook": "pre-create"})
    text = f'The "pre-create" hook is not defined on RandomString "rnd" Stack "main" [{made.id}]'
    assert (again.status_code, again.json()["error"]["message"]) == (400, text)
    events = (await world.body(f"{made.path}/resources/rnd/events"))["events"]
    assert [(one["resource_status"], one["resource_status_reason"]) for one in reversed(events)] == [
        ("INIT_COMPLETE", "CREATE paused until Hook pre-create is cleared"),
        ("INIT_COMPLETE", "Hook pre-create is cleared"),
    ]
