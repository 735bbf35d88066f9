"""Stacks: created, listed, looked up, shown, deleted; bodies field by field as a recorded Heat answers them."""

import uuid
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.world import OPERATION, Made, World

BASE = "http://heat.test:8004/v1/p1"
TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2021-04-16",
    "description": "golden stack",
    "parameters": {
        "value": {"type": "string", "default": "hello"},
        "secret": {"type": "string", "default": "s3cret", "hidden": True},
        "count": {"type": "number", "default": 2},
        "flag": {"type": "boolean", "default": True},
        "blob": {"type": "json", "default": {"k": "v"}},
    },
    "resources": {
        "rnd": {"type": "OS::Heat::RandomString", "properties": {"length": 8}},
        "val": {
            "type": "OS::Heat::Value",
            "depends_on": "rnd",
            "properties": {"value": {"get_param": "value"}},
            "metadata": {"role": "x"},
        },
    },
    "outputs": {
        "rnd": {"description": "random", "value": {"get_attr": ["rnd", "value"]}},
        "plain": {"value": {"get_param": "value"}},
    },
}
DONE = {
    "rnd": RowOutcome.done(physical_id="main-rnd-x", attributes={"value": "ZuPVQ7PL"}),
    "val": RowOutcome.done(physical_id="main-val-x", attributes={"value": "one"}),
}


async def complete(world: World, name: str = "main", **fields: Any) -> Made:
    made = await world.create(name, TEMPLATE, **fields)
    await made.carry_out(DONE)
    return made


async def test_create_answers_the_address_and_names_the_operation(world: World) -> None:
    answer = await world.http.post("/v1/p1/stacks", json={"stack_name": "main", "template": TEMPLATE})
    stack_id = answer.json()["stack"]["id"]
    href = f"{BASE}/stacks/main/{stack_id}"
    assert answer.status_code == 201
    assert answer.headers["location"] == href
    assert answer.json() == {"stack": {"id": stack_id, "links": [{"href": href, "rel": "self"}]}}
    operation = await world.body(f"/operations/{answer.headers[OPERATION]}")
    assert operation["operation"]["state"] == "PENDING" and operation["operation"]["stack_id"] == stack_id


async def test_the_same_operation_id_again_is_the_same_create(world: World) -> None:
    token = str(uuid.uuid4())
    body = {"stack_name": "main", "template": TEMPLATE}
    answers = [await world.http.post("/v1/p1/stacks", json=body, headers={OPERATION: token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len((await world.body("/stacks"))["stacks"]) == 1


async def test_show_has_heats_fields(world: World) -> None:
    made = await complete(world, parameters={"value": "one"}, tags="blue,green", timeout_mins=10, disable_rollback=True)
    body = (await world.body(made.path))["stack"]
    created = body.pop("creation_time")
    assert len(created) == 20 and created.endswith("Z")
    assert body == {
        "stack_name": "main",
        "id": made.id,
        "links": [{"href": f"{BASE}/stacks/main/{made.id}", "rel": "self"}],
        "updated_time": None,
        "deletion_time": None,
        "notification_topics": [],
        "parameters": {
            "OS::stack_id": made.id,
            "OS::project_id": "p1",
            "OS::stack_name": "main",
            "value": "one",
            "secret": "******",
            "count": "2",
            "flag": "True",
            "blob": '{"k": "v"}',
        },
        "description": "golden stack",
        "template_description": "golden stack",
        "capabilities": [],
        "disable_rollback": True,
        "timeout_mins": 10,
        "stack_owner": "",
        "parent": None,
        "stack_user_project_id": None,
        "tags": ["blue", "green"],
        "stack_status": "CREATE_COMPLETE",
        "stack_status_reason": "Stack CREATE completed successfully",
        "outputs": [
            {"output_key": "rnd", "description": "random", "output_value": "ZuPVQ7PL"},
            {"output_key": "plain", "description": "No description given", "output_value": "one"},
        ],
    }


async def test_show_without_outputs_leaves_them_out(world: World) -> None:
    made = await complete(world)
    assert "outputs" not in (await world.body(made.path, resolve_outputs="False"))["stack"]


async def test_show_has_the_newest_operation_only_when_asked(world: World) -> None:
    made = await complete(world)
    assert "operation" not in (await world.body(made.path))["stack"]
    operation = (await world.body(made.path, with_operation="true"))["stack"]["operation"]
    assert (operation["id"], operation["action"], operation["state"]) == (made.operation, "CREATE", "DONE")


async def test_an_output_is_null_before_its_resource_is_made(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    outputs = {one["output_key"]: one for one in (await world.body(made.path))["stack"]["outputs"]}
    assert outputs["rnd"] == {"output_key": "rnd", "description": "random", "output_value": None}
    assert outputs["plain"]["output_value"] == "hello"


async def test_an_output_that_cannot_be_computed_says_why(world: World) -> None:
    template = TEMPLATE | {"outputs": {"bad": {"value": {"list_join": [",", {"get_attr": ["val", "value"]}]}}}}
    made = await world.create("main", template)
    await made.carry_out(DONE | {"val": RowOutcome.done(physical_id="x", attributes={"value": {"not": "a list"}})})
    (output,) = (await world.body(made.path))["stack"]["outputs"]
    assert output["output_value"] is None and output["output_error"]


async def test_the_list_form_has_no_description_and_null_for_no_tags(world: World) -> None:
    made = await complete(world)
    (body,) = (await world.body("/stacks"))["stacks"]
    created = body.pop("creation_time")
    assert created == (await world.body(made.path))["stack"]["creation_time"]
    assert body == {
        "id": made.id,
        "links": [{"href": f"{BASE}/stacks/main/{made.id}", "rel": "self"}],
        "stack_name": "main",
        "description": "",
        "stack_status": "CREATE_COMPLETE",
        "stack_status_reason": "Stack CREATE completed successfully",
        "updated_time": None,
        "deletion_time": None,
        "stack_owner": "",
        "parent": None,
        "stack_user_project_id": None,
        "tags": None,
    }


@pytest.fixture
async def three(world: World) -> World:
    await complete(world, "a", tags="blue,green")
    await world.create("b", TEMPLATE, tags="blue", timeout_mins=7)
    await complete(world, "c", timeout_mins=8)
    return world


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "cba"),
        ({"sort_keys": "stack_name"}, "abc"),
        ({"sort_keys": "stack_name", "sort_dir": "desc"}, "cba"),
        ({"sort_dir": "asc"}, "abc"),
        ({"name": "b"}, "b"),
        ({"stack_name": ["a", "c"]}, "ca"),
        ({"status": "COMPLETE"}, "ca"),
        ({"status": "CREATE_IN_PROGRESS"}, "b"),
        ({"action": "DELETE"}, ""),
        ({"tags": "blue"}, "ba"),
        ({"tags": "blue,green"}, "a"),
        ({"tags_any": "green,red"}, "a"),
        ({"not_tags": "blue,green"}, "cb"),
        ({"not_tags_any": "blue,green"}, "c"),
        ({"limit": 2}, "cb"),
        ({"tags": "blue", "limit": 1}, "b"),
        ({"limit": 0}, ""),
        ({"limit": ""}, "cba"),
        ({"marker": ""}, "cba"),
        ({"sort_keys": "", "sort_dir": ""}, "cba"),
        ({"name": ""}, "cba"),
        ({"name": ["", "a"]}, "a"),
        ({"stack_action": "CREATE"}, "cba"),
        ({"stack_action": "UPDATE"}, ""),
        ({"tenant": "p1"}, "cba"),
        ({"tenant": "p2"}, ""),
        ({"parent": "none"}, ""),
        ({"owner_id": "none"}, ""),
        ({"disable_rollback": "True"}, "cba"),
        ({"disable_rollback": "false"}, ""),
        ({"timeout_mins": "7"}, "b"),
        ({"timeout_mins": ["7", "8"]}, "cb"),
        ({"nobody_knows_this": "1"}, "cba"),
    ],
)
async def test_the_list_can_be_filtered_sorted_and_cut(three: World, query: dict[str, Any], names: str) -> None:
    assert "".join(one["stack_name"] for one in (await three.body("/stacks", **query))["stacks"]) == names
    assert (await three.body("/stacks/detail", **query))["stacks"] == (await three.body("/stacks", **query))["stacks"]


async def test_pages_are_linked_until_the_last(three: World) -> None:
    first = await three.body("/stacks", limit=2, with_count="true")
    assert first["count"] == 3
    (following,) = first["links"]
    assert following["rel"] == "next" and following["href"].startswith(f"{BASE}/stacks?")
    second = (await three.http.get(following["href"])).json()
    assert [one["stack_name"] for one in second["stacks"]] == ["a"]
    assert "links" not in second


async def test_another_projects_stacks_are_not_there(three: World) -> None:
    made = await three.create("mine", TEMPLATE)
    other = World(three.store, three.starter, three.http, "p2")
    assert (await other.body("/stacks"))["stacks"] == []
    assert (await other.get(made.path)).status_code == 404
    assert (await other.get("/stacks/mine")).status_code == 404
    assert (await other.get(f"/operations/{made.operation}")).status_code == 404


@pytest.mark.parametrize("inside", ["", "/resources", "/events", "/template", "/files", "/outputs"])
async def test_a_name_or_id_alone_is_redirected(world: World, inside: str) -> None:
    made = await complete(world)
    for name in (made.name, made.id):
        answer = await world.get(f"/stacks/{name}{inside}", a="1")
        location = f"{BASE}/stacks/main/{made.id}{inside}?a=1"
        assert answer.status_code == 302 and answer.headers["location"] == location
        assert answer.json() == {
            "message": f'The resource was found at <a href="{location}">{location}</a>;\n'
            "you should be redirected automatically.\n\n",
            "code": "302 Found",
            "title": "Found",
        }


async def test_a_stack_called_like_what_is_inside_one_is_found(world: World) -> None:
    made = await complete(world, "resources")
    answer = await world.get("/stacks/resources")
    assert answer.headers["location"] == f"{BASE}{made.path}"


async def test_the_name_must_belong_to_the_id(world: World) -> None:
    made = await complete(world)
    answer = await world.get(f"/stacks/other/{made.id}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "The Stack (other) could not be found."
    assert (await world.get(f"/stacks/{made.name}/{made.name}")).status_code == 404


async def test_delete_is_accepted_and_the_name_is_free_when_it_is_done(world: World) -> None:
    made = await complete(world)
    deleting = await made.delete()
    assert deleting.operation != made.operation
    await deleting.carry_out({"val": RowOutcome.done(), "rnd": RowOutcome.done()}, action=Action.DELETE)
    assert (await world.get("/stacks/main")).status_code == 404
    shown = (await world.body(made.path))["stack"]
    assert shown["stack_status"] == "DELETE_COMPLETE" and shown["deletion_time"] is not None
    assert "outputs" not in shown
    assert [one["id"] for one in (await world.body("/stacks", show_deleted="True"))["stacks"]] == [made.id]
    again = await world.http.delete(f"/v1/p1{made.path}")
    assert again.status_code == 404
    assert again.json()["error"]["message"] == "The Stack (main) could not be found."
    await world.create("main", TEMPLATE)


async def test_the_same_operation_id_again_is_the_same_delete_even_when_it_is_done(world: World) -> None:
    made = await complete(world)
    token = {OPERATION: str(uuid.uuid4())}
    first = await world.http.delete(f"/v1/p1{made.path}", headers=token)
    deleting = Made(world, made.name, made.id, first.headers[OPERATION])
    await deleting.carry_out({"val": RowOutcome.done(), "rnd": RowOutcome.done()}, action=Action.DELETE)
    second = await world.http.delete(f"/v1/p1{made.path}", headers=token)
    assert (first.status_code, second.status_code) == (204, 204)
    assert second.headers[OPERATION] == first.headers[OPERATION]


async def test_outputs_while_it_is_deleted_refer_to_nothing(world: World) -> None:
    made = await complete(world)
    await (await made.delete()).begin(Action.DELETE)
    outputs = {one["output_key"]: one for one in (await world.body(made.path))["stack"]["outputs"]}
    assert outputs["rnd"] == {
        "output_key": "rnd",
        "description": "random",
        "output_error": 'The specified reference "rnd" (in unknown) is incorrect.',
        "output_value": None,
    }
    assert outputs["plain"]["output_value"] == "hello"


async def test_the_template_and_the_files_are_given_back(world: World) -> None:
    made = await complete(world, files={"a": "text"})
    assert await world.body(f"{made.path}/template") == TEMPLATE
    assert await world.body(f"{made.path}/files") == {"a": "text"}


async def test_a_failed_stack_says_which_resource_and_the_operation_has_the_tree(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    await made.carry_out({"rnd": RowOutcome.failed("permanent", "it broke", error="ValueError")})
    shown = (await world.body(made.path))["stack"]
    assert shown["stack_status"] == "CREATE_FAILED"
    assert shown["stack_status_reason"] == "Resource CREATE failed: ValueError: resources.rnd: it broke"
    operation = (await world.body(f"/operations/{made.operation}"))["operation"]
    assert operation["state"] == "FAILED" and operation["ended_time"] is not None
    (cause,) = operation["failure"]["causes"]
    assert (cause["resource"], cause["error"], cause["message"]) == ("rnd", "ValueError", "it broke")
    assert operation["failure"]["not_started"] == ["val"]


async def test_several_environment_files_are_merged_later_over_earlier(world: World) -> None:
    files = {"one": "parameters: {value: one}\nparameter_defaults: {count: 5}\n", "two": "parameters: {value: two}\n"}
    made = await world.create(
        "main", TEMPLATE, environment={"parameters": {"value": "ignored"}}, environment_files=list(files), files=files
    )
    parameters = (await world.body(made.path))["stack"]["parameters"]
    assert (parameters["value"], parameters["count"]) == ("two", "5")
