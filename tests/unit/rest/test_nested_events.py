"""Events of nested stacks, listed with those of the outer one: as Heat lists them (recorded answer 097)."""

from typing import Any

import pytest

from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.test_nested_resources import nested
from tests.unit.rest.test_stacks import BASE
from tests.unit.rest.world import Made, World


async def listed(world: World, stack: Made, **query: Any) -> list[Any]:
    found: list[Any] = (await world.body(f"{stack.path}/events", **query))["events"]
    return found


async def both(world: World) -> tuple[Made, Made]:
    """Events of both: the outer stack's create, and one of its nested stack's resource."""
    outer, inner = await nested(world)
    await inner.begin()
    await inner.carry_out({"r": RowOutcome.done(physical_id="made")})
    return outer, inner


def rel(event: Any, name: str) -> list[str]:
    return [str(one["href"]) for one in event["links"] if one["rel"] == name]


async def test_nested_depth_adds_the_events_of_nested_stacks(world: World) -> None:
    outer, inner = await both(world)
    alone = [await listed(world, one) for one in (outer, inner)]
    together = await listed(world, outer, nested_depth="2")
    assert {one["id"] for one in together} == {one["id"] for of_one in alone for one in of_one}
    assert [one["event_time"] for one in together] == sorted((one["event_time"] for one in together), reverse=True)
    assert {rel(one, "root_stack")[0] for one in together} == {f"{BASE}{outer.path}"}
    for stack, of_one in zip((outer, inner), alone, strict=True):
        mine = [one for one in together if rel(one, "stack") == [f"{BASE}{stack.path}"]]
        assert [one["id"] for one in mine] == [one["id"] for one in of_one], "its own order stays"
        assert not any(rel(one, "root_stack") for one in of_one)
    assert await listed(world, outer, nested_depth="2", sort_dir="asc") == together[::-1]


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_of_them_join(world: World, direction: str) -> None:
    outer, _ = await both(world)
    whole = await listed(world, outer, nested_depth="1", sort_dir=direction)
    paged: list[Any] = []
    marker: dict[str, str] = {}
    while page := await listed(world, outer, nested_depth="1", sort_dir=direction, limit="2", **marker):
        paged += page
        marker = {"marker": page[-1]["id"]}
    assert paged == whole


async def test_filters_hold_for_all_of_them(world: World) -> None:
    outer, _ = await both(world)
    found = await listed(world, outer, nested_depth="1", resource_name="r", resource_status="COMPLETE")
    assert [(one["resource_name"], one["resource_status"]) for one in found] == [("r", "CREATE_COMPLETE")]


async def test_of_the_inner_one_they_are_its_own_and_name_the_root(world: World) -> None:
    outer, inner = await both(world)
    found = await listed(world, inner, nested_depth="3")
    assert [one["id"] for one in found] == [one["id"] for one in await listed(world, inner)]
    assert {rel(one, "root_stack")[0] for one in found} == {f"{BASE}{outer.path}"}


async def test_an_event_of_another_stack_is_no_marker(world: World) -> None:
    outer, inner = await both(world)
    other = (await listed(world, outer))[0]["id"]
    answer = await world.get(f"{inner.path}/events", nested_depth="1", marker=other)
    assert answer.status_code == 404
