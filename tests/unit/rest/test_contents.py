"""Resources, events, outputs and operations of a stack."""

from typing import Any

import pytest

from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.test_stacks import BASE, DONE, TEMPLATE, complete
from tests.unit.rest.world import World


async def test_resources_have_heats_fields(world: World) -> None:
    made = await complete(world)
    rnd, val = (await world.body(f"{made.path}/resources"))["resources"]
    assert (rnd["resource_name"], val["resource_name"]) == ("rnd", "val")
    assert rnd["required_by"] == ["val"] and val["required_by"] == []
    created, updated = val.pop("creation_time"), val.pop("updated_time")
    assert created.endswith("Z") and updated.endswith("Z")
    assert val == {
        "logical_resource_id": "val",
        "resource_name": "val",
        "physical_resource_id": "main-val-x",
        "resource_status": "CREATE_COMPLETE",
        "resource_status_reason": "state changed",
        "resource_type": "OS::Heat::Value",
        "links": [
            {"href": f"{BASE}{made.path}/resources/val", "rel": "self"},
            {"href": f"{BASE}{made.path}", "rel": "stack"},
        ],
        "required_by": [],
    }


async def test_a_resource_has_its_description_and_attributes(world: World) -> None:
    made = await complete(world)
    shown = (await world.body(f"{made.path}/resources/val"))["resource"]
    assert (shown["description"], shown["attributes"]) == ("", {"value": "one"})
    detailed = (await world.body(f"{made.path}/resources", with_detail="True"))["resources"]
    assert [one["attributes"] for one in detailed] == [{"value": "ZuPVQ7PL"}, {"value": "one"}]
    assert detailed[1] == shown


async def test_a_resource_that_is_not_made_has_null_attributes_and_no_physical_id(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    shown = (await world.body(f"{made.path}/resources/val"))["resource"]
    assert (shown["attributes"], shown["physical_resource_id"]) == ({"value": None}, "")
    assert shown["resource_status"] == "INIT_COMPLETE"


async def test_metadata_has_a_route_of_its_own(world: World) -> None:
    made = await complete(world)
    assert await world.body(f"{made.path}/resources/val/metadata") == {"metadata": {"role": "x"}}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"type": "OS::Heat::Value"}, ["val"]),
        ({"name": ["val", "rnd"]}, ["rnd", "val"]),
        ({"status": "COMPLETE", "action": "CREATE"}, ["rnd", "val"]),
        ({"status": "FAILED"}, []),
        ({"physical_resource_id": "main-rnd-x"}, ["rnd"]),
        ({"nested_depth": "2"}, ["rnd", "val"]),
    ],
)
async def test_resources_can_be_filtered(world: World, query: dict[str, Any], names: list[str]) -> None:
    made = await complete(world)
    rows = (await world.body(f"{made.path}/resources", **query))["resources"]
    assert [row["resource_name"] for row in rows] == names


@pytest.mark.parametrize(
    ("path", "query", "status", "kind", "message"),
    [
        ("/resources", {"bogus": "1"}, 400, "HTTPBadRequest", "Invalid filter parameters ['bogus']"),
        ("/resources", {"nested_depth": "xx"}, 400, "HTTPBadRequest", "Only integer is acceptable by 'nested_depth'."),
        ("/resources/no", {}, 404, "ResourceNotFound", "The Resource (no) could not be found in Stack main."),
        ("/resources/no/events", {}, 404, "HTTPNotFound", "No events found for resource no"),
        ("/outputs/no", {}, 404, "NotFound", "Specified output key no not found."),
    ],
)
async def test_what_is_not_there_is_refused_in_heats_words(
    world: World, path: str, query: dict[str, str], status: int, kind: str, message: str
) -> None:
    made = await complete(world)
    answer = await world.get(made.path + path, **query)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, status)
    assert body["error"] == {"type": kind, "traceback": None, "message": message}


async def test_events_are_the_newest_first(world: World) -> None:
    made = await complete(world)
    events = (await world.body(f"{made.path}/events"))["events"]
    assert [(one["resource_name"], one["resource_status"]) for one in events] == [
        ("main", "CREATE_COMPLETE"),
        ("val", "CREATE_COMPLETE"),
        ("val", "CREATE_IN_PROGRESS"),
        ("rnd", "CREATE_COMPLETE"),
        ("rnd", "CREATE_IN_PROGRESS"),
        ("main", "CREATE_IN_PROGRESS"),
    ]
    event = events[1]
    event_id, when = event.pop("id"), event.pop("event_time")
    assert when.endswith("Z")
    assert event == {
        "links": [
            {"href": f"{BASE}{made.path}/resources/val/events/{event_id}", "rel": "self"},
            {"href": f"{BASE}{made.path}/resources/val", "rel": "resource"},
            {"href": f"{BASE}{made.path}", "rel": "stack"},
        ],
        "logical_resource_id": "val",
        "resource_name": "val",
        "physical_resource_id": "main-val-x",
        "resource_status": "CREATE_COMPLETE",
        "resource_status_reason": "state changed",
    }
    assert events[0]["physical_resource_id"] == made.id


async def test_events_can_be_filtered_sorted_and_paged(world: World) -> None:
    made = await complete(world)
    path = f"{made.path}/events"
    everything = (await world.body(path, sort_dir="asc"))["events"]
    assert everything == (await world.body(path))["events"][::-1]
    assert (await world.body(path, limit=2, sort_dir="asc"))["events"] == everything[:2]
    marker = everything[1]["id"]
    assert (await world.body(path, marker=marker, sort_dir="asc"))["events"] == everything[2:]
    assert (await world.body(path, marker=marker))["events"] == everything[:1]
    assert (await world.body(path, resource_name="val", sort_dir="asc"))["events"] == everything[3:5]
    assert (await world.body(f"{made.path}/resources/val/events", sort_dir="asc"))["events"] == everything[3:5]
    failed = await world.get(path, sort_dir="sideways")
    assert failed.status_code == 400 and failed.json()["error"] == {"type": "ValueError", "traceback": None}


async def test_a_follower_reads_on_by_sequence(world: World) -> None:
    made = await complete(world)
    path = f"{made.path}/events"
    first = (await world.body(path, after_seq=0, limit=4))["events"]
    assert [one["seq"] for one in first] == [1, 2, 3, 4]
    rest = (await world.body(path, after_seq=4))["events"]
    assert [one["seq"] for one in rest] == [5, 6]
    assert (await world.body(path, after_seq=6))["events"] == []
    assert "seq" not in (await world.body(path))["events"][0]


async def test_an_event_shows_no_value_of_a_secret_property(world: World) -> None:
    template = {
        "heat_template_version": "2018-08-31",
        "resources": {"clerk": {"type": "Firebrick::Postgres::Role", "properties": {"name": "clerk"}}},
    }
    made = await world.create("main", template)
    admin = {"host": "db", "user": "admin", "password": "hunter2"}
    properties = {"name": "clerk", "password": "hunter2", "connection": admin}
    await made.carry_out({"clerk": RowOutcome.done(physical_id="c", attributes={}, properties=properties)})
    (event, *_) = (await world.body(f"{made.path}/resources/clerk/events"))["events"]
    shown = (await world.body(f"{made.path}/resources/clerk/events/{event['id']}"))["event"]["resource_properties"]
    assert shown == {"name": "clerk", "password": "******", "connection": admin | {"password": "******"}}


async def test_an_event_alone_has_type_and_properties(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    await made.carry_out(DONE | {"val": RowOutcome.done(physical_id="v", attributes={}, properties={"value": "hello"})})
    (event, *_) = (await world.body(f"{made.path}/resources/val/events"))["events"]
    shown = (await world.body(f"{made.path}/resources/val/events/{event['id']}"))["event"]
    assert shown == event | {"resource_type": "OS::Heat::Value", "resource_properties": {"value": "hello"}}
    assert (await world.get(f"{made.path}/resources/rnd/events/{event['id']}")).status_code == 404
    assert (await world.get(f"{made.path}/resources/val/events/none")).status_code == 404


async def test_outputs_are_listed_without_values_and_shown_with_them(world: World) -> None:
    made = await complete(world)
    assert await world.body(f"{made.path}/outputs") == {
        "outputs": [
            {"output_key": "rnd", "description": "random"},
            {"output_key": "plain", "description": "No description given"},
        ]
    }
    assert await world.body(f"{made.path}/outputs/rnd") == {
        "output": {"output_key": "rnd", "description": "random", "output_value": "ZuPVQ7PL"}
    }


async def test_an_operation_that_is_not_there_is_not_found(world: World) -> None:
    assert (await world.get("/operations/none")).status_code == 404
