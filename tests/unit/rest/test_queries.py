"""What requests may say beside Heat's common queries and fields: each is honoured or refused; what nobody knows is
ignored where Heat ignores it. See docs/rest-api.md."""

from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.stack_limits import HIDDEN_SETTING
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.test_stacks import DONE, TEMPLATE, complete
from tests.unit.rest.world import Made, World

FOUR: dict[str, Any] = {
    "heat_template_version": "2021-04-16",
    "resources": {
        "text": {"type": "OS::Heat::RandomString"},
        "value": {"type": "OS::Heat::Value", "properties": {"value": "v"}},
        "other": {"type": "OS::Heat::Value", "properties": {"value": "w"}},
        "test": {"type": "OS::Heat::TestResource"},
    },
}
ENDS = {
    "text": RowOutcome.done(physical_id="t", attributes={"value": "abc"}),
    "value": RowOutcome.done(physical_id="v", attributes={"value": "v"}),
    "other": RowOutcome.done(physical_id="w", attributes={"value": "w"}),
    "test": RowOutcome.done(physical_id="x", attributes={"output": "o"}),
}


async def four(world: World) -> Made:
    made = await world.create("four", FOUR)
    return await made.carry_out(ENDS)


def names(body: Any) -> list[str]:
    return [one["stack_name"] for one in body["stacks"]]


# --- lists of stacks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stack_status_reason", "stack_user_project_id"])
async def test_a_filter_of_heats_that_is_not_had_is_refused(world: World, name: str) -> None:
    answer = await world.get("/stacks", **{name: "x"})
    assert answer.status_code == 400 and answer.json()["error"]["message"] == f"Stacks cannot be filtered by {name}"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "-1"}, "Value '-1' is invalid for 'limit' which only accepts non-negative integer."),
        ({"limit": "x"}, "Only integer is acceptable by 'limit'."),
        ({"show_hidden": "x"}, 'Unrecognized value "x" for "show_hidden", acceptable values are: true, false.'),
        (
            {"disable_rollback": "x"},
            'Unrecognized value "x" for "disable_rollback", acceptable values are: true, false.',
        ),
        ({"timeout_mins": "x"}, "Only integer is acceptable by 'timeout_mins'."),
    ],
)
async def test_a_value_that_cannot_be_is_refused(world: World, query: dict[str, str], message: str) -> None:
    answer = await world.get("/stacks", **query)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


async def test_a_page_goes_on_behind_a_marker_that_is_deleted_meanwhile(world: World) -> None:
    for name in ("a", "b", "c"):
        await complete(world, name)
    page = await world.body("/stacks", limit=2)
    assert names(page) == ["c", "b"]
    last = page["stacks"][-1]
    deleting = await Made(world, "b", last["id"], "").delete()
    await deleting.carry_out({"val": RowOutcome.done(), "rnd": RowOutcome.done()}, action=Action.DELETE)
    assert names(await world.body("/stacks", limit=2, marker=last["id"])) == ["a"]
    assert (await world.get("/stacks", marker="none")).status_code == 404


@pytest.fixture
async def tagged(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv(HIDDEN_SETTING, 'secret, ä"quoted,')
    for name, tags in {"a": "blue", "b": "secret,blue", "c": 'ä"quoted', "d": "secrets", "e": None}.items():
        await world.create(name, TEMPLATE, tags=tags)
    return world


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({}, "eda"),
        ({"show_hidden": "False"}, "eda"),
        ({"show_hidden": "True"}, "edcba"),
        ({"tags": "blue"}, "a"),
        ({"tags": "secret"}, ""),
        ({"tags": "secret", "show_hidden": "true"}, "b"),
        ({"limit": 2}, "ed"),
    ],
)
async def test_hidden_stacks_are_listed_only_when_they_are_asked_for(
    tagged: World, query: dict[str, Any], listed: str
) -> None:
    body = await tagged.body("/stacks", with_count="True", **query)
    assert "".join(names(body)) == listed
    assert body["count"] == (3 if "limit" in query else len(listed))


async def test_a_hidden_stack_is_found_by_its_name_and_its_resources_are_shown(tagged: World) -> None:
    answer = await tagged.http.get("/v1/p1/stacks/b", follow_redirects=True)
    assert answer.json()["stack"]["tags"] == ["secret", "blue"]
    assert len((await tagged.http.get("/v1/p1/stacks/b/resources", follow_redirects=True)).json()["resources"]) == 2


@pytest.mark.parametrize(("value", "listed"), [(None, "a"), ("", "ba"), ("blue", "b")])
async def test_without_the_setting_heats_tag_is_hidden(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str | None, listed: str
) -> None:
    if value is None:
        monkeypatch.delenv(HIDDEN_SETTING, raising=False)
    else:
        monkeypatch.setenv(HIDDEN_SETTING, value)
    await world.create("a", TEMPLATE, tags="blue")
    await world.create("b", TEMPLATE, tags="data-processing-cluster")
    assert "".join(names(await world.body("/stacks"))) == listed


# --- what is inside a stack -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({"type": "Value"}, ["value", "other"]),
        ({"type": "OS::Heat::Value"}, ["value", "other"]),
        ({"type": "value"}, []),
        ({"type": ["Random", "Test"]}, ["text", "test"]),
        ({"type": "Value", "name": "other"}, ["other"]),
        ({"type": ""}, ["text", "value", "other", "test"]),
        ({"name": ""}, ["text", "value", "other", "test"]),
        ({"status": "COMPLETE", "physical_resource_id": "x"}, ["test"]),
        ({"status": "FAILED"}, []),
    ],
)
async def test_resources_are_filtered_by_a_part_of_their_type(
    world: World, query: dict[str, Any], listed: list[str]
) -> None:
    made = await four(world)
    body = await world.body(f"{made.path}/resources", **query)
    assert [one["resource_name"] for one in body["resources"]] == listed


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"kind": "x"}, "Invalid filter parameters ['kind']"),
        ({"nested_depth": "x"}, "Only integer is acceptable by 'nested_depth'."),
        ({"nested_depth": ""}, "Only integer is acceptable by 'nested_depth'."),
        ({"with_detail": "x"}, 'Unrecognized value "x" for "with_detail", acceptable values are: true, false.'),
    ],
)
async def test_a_query_for_resources_that_is_not_known_is_refused(
    world: World, query: dict[str, str], message: str
) -> None:
    made = await four(world)
    answer = await world.get(f"{made.path}/resources", **query)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ([], {"output": "o"}),
        (["show"], {"output": "o", "show": None}),
        (["show", "nothing"], {"output": "o", "show": None, "nothing": None}),
        (["output"], {"output": "o"}),
    ],
)
async def test_further_attributes_are_shown_when_they_are_asked_for(
    world: World, asked: list[str], shown: dict[str, Any]
) -> None:
    made = await four(world)
    body = await world.body(f"{made.path}/resources/test", with_attr=asked)
    found = body["resource"]["attributes"]
    assert {name: found[name] for name in shown} == shown and found.keys() == shown.keys()


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"sort_keys": "event_time"}, [0, 1, 2, 3, 4, 5]),
        ({"sort_keys": "created_at", "sort_dir": "desc"}, [5, 4, 3, 2, 1, 0]),
        ({"sort_keys": "event_time,resource_type"}, [0, 1, 2, 3, 4, 5]),
        ({"sort_keys": "resource_type"}, [1, 2, 0, 5, 3, 4]),  # RandomString, Stack, Value
        ({"sort_keys": "resource_type", "sort_dir": "desc", "limit": 3}, [4, 3, 5]),
        ({"sort_keys": "", "sort_dir": ""}, [5, 4, 3, 2, 1, 0]),
        ({"limit": 0}, []),
        ({"limit": ""}, [5, 4, 3, 2, 1, 0]),
        ({"resource_name": ""}, [5, 4, 3, 2, 1, 0]),
        ({"nobody_knows_this": "1"}, [5, 4, 3, 2, 1, 0]),
    ],
)
async def test_events_are_put_in_order(world: World, query: dict[str, Any], places: list[int]) -> None:
    made = await complete(world)
    path = f"{made.path}/events"
    everything = (await world.body(path, sort_dir="asc"))["events"]
    assert (await world.body(path, **query))["events"] == [everything[place] for place in places]


async def test_pages_of_events_by_type_are_whole(world: World) -> None:
    made = await complete(world)
    path, pages = f"{made.path}/events", []
    marker: dict[str, str] = {}
    while page := (await world.body(path, sort_keys="resource_type", limit=2, **marker))["events"]:
        pages += page
        marker = {"marker": page[-1]["id"]}
    assert pages == (await world.body(path, sort_keys="resource_type"))["events"] and len(pages) == 6


@pytest.mark.parametrize("query", [{"sort_keys": "size"}, {"sort_dir": "sideways"}, {"limit": "x"}])
async def test_wrong_queries_for_events_are_refused(world: World, query: dict[str, str]) -> None:
    made = await complete(world)
    assert (await world.get(f"{made.path}/events", **query)).status_code == 400


# --- things that are not there ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "kind", "message"),
    [
        ("/resources/none", "ResourceNotFound", "The Resource (none) could not be found in Stack main."),
        ("/resources/none/metadata", "ResourceNotFound", "The Resource (none) could not be found in Stack main."),
        ("/resources/none/events", "HTTPNotFound", "No events found for resource none"),
        ("/resources/rnd/events/none", "HTTPNotFound", "No event none found"),
        ("/outputs/none", "NotFound", "Specified output key none not found."),
    ],
)
async def test_each_kind_of_missing_thing_has_heats_404(world: World, inside: str, kind: str, message: str) -> None:
    made = await complete(world)
    answer = await world.get(f"{made.path}{inside}")
    body = answer.json()
    assert (answer.status_code, body["code"], body["title"]) == (404, 404, "Not Found")
    assert body["explanation"] == "The resource could not be found."
    assert body["error"] == {"type": kind, "traceback": None, "message": message}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/stacks/none", "/stacks/none/11111111-2222-3333-4444-555555555555"])
async def test_a_stack_that_is_not_there_is_named(world: World, method: str, path: str) -> None:
    answer = await world.http.request(method, f"/v1/p1{path}", json=None if method == "GET" else {})
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "type": "EntityNotFound",
        "traceback": None,
        "message": "The Stack (none) could not be found.",
    }


# --- fields of bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"adopt_stack_data": "{}"}, "adopting existing resources is not supported yet"),
        ({"files_container": "box"}, "reading files from a container is not supported yet"),
        ({"template_url": "http://127.0.0.1/t.yaml", "template": None}, "fetching templates is not supported yet"),
        ({"converge": True}, "converge flag only supported in stack update (or update preview) request."),
        ({"timeout_mins": -1}, "Value '-1' is invalid for 'timeout_mins' which only accepts non-negative integer."),
        ({"clear_parameters": "x"}, None),
    ],
)
async def test_what_a_create_cannot_do_is_refused(world: World, fields: dict[str, Any], message: str | None) -> None:
    body = {"stack_name": "x", "template": TEMPLATE} | fields
    for path in ("", "/preview", "/plan"):
        answer = await world.http.post(f"/v1/p1/stacks{path}", json=body)
        assert answer.status_code == 400
        assert message is None or answer.json()["error"]["message"] == message
    assert (await world.body("/stacks"))["stacks"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"adopt_stack_data": "{}"},
        {"files_container": "box"},
        {"template": None, "template_url": "http://127.0.0.1/t.yaml"},
        {"stack_name": "another"},
        {"existing": "maybe"},
        {"converge": "maybe"},
        {"timeout_mins": -1},
    ],
    ids=lambda fields: next(iter(fields)),
)
@pytest.mark.parametrize(("method", "inside"), [("PUT", ""), ("PATCH", ""), ("PUT", "/preview"), ("POST", "/plan")])
async def test_what_an_update_cannot_do_is_refused(
    world: World, method: str, inside: str, fields: dict[str, Any]
) -> None:
    made = await complete(world)
    await made.refused(400, method, inside, {"template": TEMPLATE} | fields)


@pytest.mark.parametrize("name", ["main", "id"])
async def test_an_update_may_name_the_stack_that_it_is_of(world: World, name: str) -> None:
    made = await complete(world)
    await made.asked("PUT", body={"template": TEMPLATE, "stack_name": made.id if name == "id" else name})


async def test_an_update_of_what_exists_may_be_asked_for_in_the_body(world: World) -> None:
    made = await complete(world, parameters={"value": "one"})
    updated = await made.asked("PUT", body={"existing": True, "parameters": {"count": 3}})
    await updated.begin(Action.UPDATE)
    shown = (await world.body(made.path))["stack"]["parameters"]
    assert (shown["value"], shown["count"]) == ("one", "3")


@pytest.mark.parametrize(
    ("inside", "body", "known"),
    [
        ("/continue", {"skip": ["val"]}, "There are none."),
        ("/rollback", {"skp": ["val"]}, "There are: skip, to."),
        ("/plan/delete", {"keep": ["val"]}, "There are: retain."),
    ],
)
async def test_fields_that_a_route_of_ours_does_not_know_are_refused(
    world: World, inside: str, body: dict[str, Any], known: str
) -> None:
    made = await complete(world)
    (problem,) = (await made.refused(400, "POST", inside, body))["diagnostics"]
    assert (problem["code"], problem["detail"]) == ("unknown-key", known)


async def test_fields_that_nobody_knows_are_ignored(world: World) -> None:
    made = await world.create("main", TEMPLATE, nobody_knows_this=1, files_container=None, adopt_stack_data=None)
    await made.carry_out(DONE)
    await made.asked("PATCH", body={"nobody_knows_this": 1})
