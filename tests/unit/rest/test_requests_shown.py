"""What was asked for, as it is shown afterwards: template, environment, files, operations."""

from typing import Any

from firebrick.contract import Action
from tests.unit.rest.test_stacks import TEMPLATE, complete
from tests.unit.rest.world import World

ENVIRONMENT: dict[str, Any] = {
    "parameters": {"count": 1, "secret": "from the environment"},
    "parameter_defaults": {"secret": "a default", "flag": False},
    "resource_registry": {"My::Value": "OS::Heat::Value"},
}


async def test_template_and_files_are_shown_as_they_came(world: World) -> None:
    made = await complete(world, files={"a.sh": "#!/bin/sh\n"})
    assert await world.body(f"{made.path}/template") == TEMPLATE
    assert await world.body(f"{made.path}/files") == {"a.sh": "#!/bin/sh\n"}


async def test_an_environment_has_every_section_and_the_requests_parameters(world: World) -> None:
    made = await world.create("main", TEMPLATE, environment=ENVIRONMENT, parameters={"value": "one"})
    assert await world.body(f"{made.path}/environment") == {
        "parameters": {"count": 1, "secret": "******", "value": "one"},
        "parameter_defaults": {"secret": "******", "flag": False},
        "resource_registry": {"resources": {}, "My::Value": "OS::Heat::Value"},
        "event_sinks": [],
        "encrypted_param_names": [],
    }


async def test_a_stack_without_an_environment_shows_an_empty_one(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    assert await world.body(f"{made.path}/environment") == {
        "parameters": {},
        "parameter_defaults": {},
        "resource_registry": {"resources": {}},
        "event_sinks": [],
        "encrypted_param_names": [],
    }


async def test_environment_and_operations_are_found_by_the_stacks_name(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    for inside in ("environment", "operations"):
        answer = await world.get(f"/stacks/main/{inside}")
        assert (answer.status_code, answer.headers["location"]) == (
            302,
            f"http://heat.test:8004/v1/p1{made.path}/{inside}",
        )


async def test_operations_are_listed_the_newest_first_for_deleted_stacks_too(world: World) -> None:
    made = await complete(world)
    gone = await made.delete()
    await gone.carry_out({}, action=Action.DELETE)
    newest, oldest = (await world.body(f"{made.path}/operations"))["operations"]
    assert (newest["action"], oldest["action"]) == ("DELETE", "CREATE")
    assert (newest["id"], oldest["id"]) == (gone.operation, made.operation)
    alone = (await world.body(f"/operations/{made.operation}"))["operation"]
    assert alone == oldest | {"no_worker": None}


async def test_followers_can_filter_events(world: World) -> None:
    made = await complete(world)
    events = (await world.body(f"{made.path}/events", after_seq=0, resource_name="val"))["events"]
    assert [one["resource_status"] for one in events] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    later = (await world.body(f"{made.path}/events", after_seq=events[0]["seq"], resource_name="val"))["events"]
    assert later == events[1:]
