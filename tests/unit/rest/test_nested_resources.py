"""Resources of nested stacks, listed with those of the outer one: as Heat lists them (recorded answer 243)."""

from typing import Any

import pytest

from firebrick.contract import CreateStackRequest
from firebrick.intake import Owner, accept_create
from firebrick.resources.registry import Registry
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.test_stacks import BASE
from tests.unit.rest.world import Made, World

VERSION = "heat_template_version: 2018-08-31\n"
CHILD = VERSION + "resources:\n  r: {type: OS::Heat::TestResource}\n"
OUTER = VERSION + "resources:\n  c: {type: child.yaml}\n  d: {type: OS::Heat::None, depends_on: c}\n"


async def nested(world: World) -> tuple[Made, Made]:
    """An outer stack, and the one that its resource c has become."""
    outer = await world.create("knest", OUTER, files={"child.yaml": CHILD})
    await outer.begin()
    row = next(row for row in await world.repository.resources(outer.id) if row.name == "c")
    owner = Owner(outer.id, row.id, outer.operation, outer.id, depth=1, facade={})
    request = CreateStackRequest(name="knest-c-x", template=CHILD, project=world.project)
    operation = await accept_create(world.store, Registry.default({}), request, owner=owner)
    await outer.carry_out({"c": RowOutcome.done(physical_id=operation.stack_id), "d": RowOutcome.done()})
    return outer, Made(world, "knest-c-x", operation.stack_id, operation.id)


async def listed(world: World, stack: Made, **query: Any) -> list[Any]:
    found: list[Any] = (await world.body(f"{stack.path}/resources", **query))["resources"]
    return found


async def test_nested_depth_adds_the_resources_of_nested_stacks(world: World) -> None:
    outer, inner = await nested(world)
    c, d, r = await listed(world, outer, nested_depth="2")
    assert [one["resource_name"] for one in (c, d, r)] == ["c", "d", "r"]
    assert c["links"][2] == {"href": f"{BASE}{inner.path}", "rel": "nested"} and len(d["links"]) == 2
    assert r["links"] == [
        {"href": f"{BASE}{inner.path}/resources/r", "rel": "self"},
        {"href": f"{BASE}{inner.path}", "rel": "stack"},
    ]
    assert (r["parent_resource"], "parent_resource" in c) == ("c", False)


async def test_without_it_a_resource_says_which_stack_it_is_and_whose_it_is(world: World) -> None:
    outer, inner = await nested(world)
    assert [one["resource_name"] for one in await listed(world, outer)] == ["c", "d"]
    (alone,) = await listed(world, inner)
    assert alone["parent_resource"] == "c"
    shown = (await world.body(f"{outer.path}/resources/c"))["resource"]
    assert [one["rel"] for one in shown["links"]] == ["self", "stack", "nested"]


@pytest.mark.parametrize(("query", "names"), [({"name": "r"}, ["r"]), ({"type": "child.yaml"}, ["c"])])
async def test_filters_hold_on_every_level(world: World, query: dict[str, str], names: list[str]) -> None:
    outer, _ = await nested(world)
    assert [one["resource_name"] for one in await listed(world, outer, nested_depth="5", **query)] == names
