"""A stack whose run somebody holds in Temporal says so: what, since when, why, and how it goes on."""

from typing import Any

from firebrick.store.step_outcomes import RowOutcome
from starter.holds import Hold
from tests.unit.rest.world import World

TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2021-04-16",
    "resources": {"rnd": {"type": "OS::Heat::RandomString"}},
}
DONE = {"rnd": RowOutcome.done(physical_id="r", attributes={"value": "x"})}
RUN = Hold("main", "stack/p1/main/1", "", "paused", 1_796_000_000.0, "lunch")
ACTIVITY = Hold("main-inner", "stack/p1/inner/2", "rnd.7.1", "paused")
FAILING = Hold("main", "stack/p1/main/1", "", "failing")


async def test_the_reason_says_what_is_held_since_when_why_and_how_it_goes_on(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    path = f"/stacks/main/{made.id}"
    assert (await world.body(path))["stack"]["stack_status_reason"] == "Stack CREATE started"
    world.starter.held = [RUN, ACTIVITY]
    shown = (await world.body(path))["stack"]
    assert shown["stack_status"] == "CREATE_IN_PROGRESS"
    assert shown["stack_status_reason"] == (
        "Stack CREATE started. Somebody paused stack/p1/main/1 (stack main) in Temporal since 2026-11-30T00:53:20Z "
        "(lunch). What is asked of the stack is accepted and waits. To let it go on: `temporal workflow unpause "
        "--workflow-id stack/p1/main/1`. Somebody paused activity rnd.7.1 of workflow stack/p1/inner/2 (stack "
        "main-inner) in Temporal. What is asked of the stack is accepted and waits. To let it go on: `temporal "
        "activity unpause --workflow-id stack/p1/inner/2 --activity-id rnd.7.1`."
    )


async def test_an_operation_has_it_field_by_field_where_it_is_asked_for(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    world.starter.held = [RUN, FAILING]
    told = (await world.body(f"/stacks/main/{made.id}", with_operation="True"))["stack"]["operation"]["held"]
    assert [one | {"text": ""} for one in told] == [
        {
            "stack_name": "main",
            "workflow_id": "stack/p1/main/1",
            "activity_id": None,
            "state": "paused",
            "since": "2026-11-30T00:53:20Z",
            "reason": "lunch",
            "to_go_on": "temporal workflow unpause --workflow-id stack/p1/main/1",
            "text": "",
        },
        {
            "stack_name": "main",
            "workflow_id": "stack/p1/main/1",
            "activity_id": None,
            "state": "failing",
            "since": None,
            "reason": None,
            "to_go_on": None,
            "text": "",
        },
    ]
    operation = f"/operations/{made.operation}"
    assert (await world.body(operation, with_holds="True"))["operation"]["held"] == told
    assert (await world.body(operation))["operation"]["held"] == []


async def test_nobody_is_asked_about_a_stack_at_rest(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    world.starter.held = [RUN]
    await made.carry_out(DONE)
    shown = (await world.body(f"/stacks/main/{made.id}"))["stack"]
    assert shown["stack_status_reason"] == "Stack CREATE completed successfully"
