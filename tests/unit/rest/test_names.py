"""A name that is not there is answered with the one that was meant, or with those that there are."""

import pytest

from tests.unit.rest.test_stacks import DONE, TEMPLATE, complete
from tests.unit.rest.world import World


async def detail(world: World, path: str) -> str:
    answer = await world.get(path)
    assert answer.status_code == 404, answer.text
    told: str = answer.json()["diagnostics"][0]["detail"]
    return told


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("/resources/rdn", "Did you mean rnd? There are: rnd, val."),
        ("/resources/zebra", "There are: rnd, val."),
        ("/resources/zebra/metadata", "There are: rnd, val."),
        ("/outputs/plian", "Did you mean plain? There are: rnd, plain."),
        ("/outputs/zebra", "There are: rnd, plain."),
    ],
)
async def test_what_is_in_a_stack(world: World, asked: str, says: str) -> None:
    made = await complete(world)
    assert await detail(world, made.path + asked) == says


async def test_a_stack_without_any_says_so(world: World) -> None:
    made = await world.create("bare", {"heat_template_version": "2021-04-16"})
    assert await detail(world, f"{made.path}/resources/a") == "The stack has no resources."
    assert await detail(world, f"{made.path}/outputs/a") == "The stack has no outputs."


async def test_of_very_many_the_first_are_named_and_how_many_more(world: World) -> None:
    outputs = {f"o{number:03}": {"value": 1} for number in range(50)}
    made = await world.create("wide", {"heat_template_version": "2021-04-16", "outputs": outputs})
    told = await detail(world, f"{made.path}/outputs/zebra")
    assert told.startswith("There are: o000, o001,") and told.endswith("o019 and 30 more.")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("OS::Heat::RandomStrin", "Did you mean OS::Heat::RandomString?"),
        ("Heat::RandomString", "Did you mean OS::Heat::RandomString?"),
        ("randomstring", "Did you mean OS::Heat::RandomString?"),
        ("Acme::Zebra", "There are: Firebrick::Exec, "),
    ],
)
async def test_a_resource_type(world: World, asked: str, says: str) -> None:
    assert (await detail(world, f"/resource_types/{asked}")).startswith(says)
    assert (await detail(world, f"/resource_types/{asked}/template")).startswith(says)


async def test_an_operation(world: World) -> None:
    assert (await detail(world, "/operations/nothing")).startswith("Nothing was asked for in this project yet.")
    made = await world.create("main", TEMPLATE)
    await made.carry_out(DONE)
    named = f"{made.operation} (CREATE of main)"
    assert await detail(world, f"/operations/{made.operation[:8]}") == f"Did you mean {named}?"
    assert (await detail(world, "/operations/nothing")).startswith(f"The newest are: {named}. ")
    assert await detail(world, "/operations/main") == (
        "That is a stack: `firebrick operation list main` shows its operations."
    )
    other = World(world.store, world.starter, world.http, "p2")
    assert "main" not in await detail(other, f"/operations/{made.operation}")
