"""Updates, cancels, going on, rollbacks and what a delete retains: what requests store, and Heat's words where refused.

Goldens: recorded answers of Heat for PUT, PATCH and POST .../actions; their statuses, error types and messages.
"""

import json
import uuid
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.test_stacks import BASE, DONE, TEMPLATE, complete
from tests.unit.rest.world import OPERATION, Made, World

ACCEPTED = {
    "message": "The request is accepted for processing.<br /><br />\n\n\n",
    "code": "202 Accepted",
    "title": "Accepted",
}
LIMITED: dict[str, Any] = TEMPLATE | {
    "parameters": TEMPLATE["parameters"]
    | {
        "value": {
            "type": "string",
            "default": "hello",
            "constraints": [{"length": {"min": 1, "max": 20}, "description": "1 to 20 chars"}],
        }
    }
}
OTHER: dict[str, Any] = LIMITED | {"description": "the other one"}
BROKEN = {"rnd": RowOutcome.failed("permanent", "it broke", error="ValueError")}


async def made(world: World, **fields: Any) -> Made:
    main = await world.create("main", LIMITED, parameters={"value": "one", "count": 7}, tags="blue", **fields)
    return await main.carry_out(DONE)


async def accepted(updated: Made) -> dict[str, Any]:
    """The stack as it is shown once its update is accepted; that it begins changes nothing of that."""
    shown: dict[str, Any] = (await updated.world.body(updated.path))["stack"]
    await updated.begin(Action.UPDATE)
    assert (await updated.world.body(updated.path))["stack"] == shown
    return shown


async def test_put_replaces_all_but_the_time_limit_and_the_rollback_setting(world: World) -> None:
    main = await made(world, timeout_mins=10, disable_rollback=False)
    answer = await main.ask("PUT", body={"template": OTHER, "parameters": {"value": "two"}})
    assert (answer.status_code, answer.json()) == (202, ACCEPTED)
    operation = (await world.body(f"/operations/{answer.headers[OPERATION]}"))["operation"]
    assert (operation["action"], operation["state"], operation["target"]) == ("UPDATE", "PENDING", operation["id"])
    shown = await accepted(Made(world, main.name, main.id, operation["id"]))
    assert (shown["stack_status"], shown["description"], shown["tags"]) == ("UPDATE_IN_PROGRESS", "the other one", [])
    assert (shown["parameters"]["value"], shown["parameters"]["count"]) == ("two", "2")
    assert (shown["timeout_mins"], shown["disable_rollback"]) == (10, False)
    assert shown["updated_time"] is not None


async def test_patch_changes_what_it_names(world: World) -> None:
    main = await made(world)
    answer = await main.ask("PATCH", body={"parameters": {"count": 3}})
    assert (answer.status_code, answer.json()) == (202, ACCEPTED)
    shown = await accepted(Made(world, main.name, main.id, answer.headers[OPERATION]))
    assert (shown["parameters"]["value"], shown["parameters"]["count"]) == ("one", "3")
    assert (shown["description"], shown["tags"]) == ("golden stack", ["blue"])


async def test_patch_forgets_the_parameters_it_is_told_to(world: World) -> None:
    main = await made(world)
    shown = await accepted(await main.asked("PATCH", body={"clear_parameters": ["value"], "parameters": {"count": 1}}))
    assert (shown["parameters"]["value"], shown["parameters"]["count"]) == ("hello", "1")


async def test_patch_can_change_the_template_the_options_and_files_alone(world: World) -> None:
    main = await made(world, files={"old": "o"})
    body = {"template": OTHER, "files": {"new": "n"}, "tags": "red,green", "timeout_mins": 5, "disable_rollback": False}
    shown = await accepted(await main.asked("PATCH", body=body))
    assert (shown["description"], shown["tags"], shown["timeout_mins"]) == ("the other one", ["red", "green"], 5)
    assert shown["disable_rollback"] is False and shown["parameters"]["value"] == "one"
    assert await world.body(f"{main.path}/files") == {"old": "o", "new": "n"}


async def test_what_is_accepted_is_shown_everywhere_before_it_begins(world: World) -> None:
    """Nobody who asks after a 202 sees what was before; with no worker, nobody ever will."""
    main = await made(world)
    new = TEMPLATE["resources"] | {"extra": {"type": "OS::Heat::Value", "properties": {"value": "v"}}}
    outputs = {"new": {"value": {"get_attr": ["extra", "value"]}}, "id": {"value": {"get_resource": "extra"}}}
    body = {"template": OTHER | {"resources": new, "outputs": outputs}, "parameters": {"value": "two"}, "tags": "red"}
    await main.asked("PUT", body=body)
    shown = (await world.body(main.path))["stack"]
    assert (shown["stack_status"], shown["stack_status_reason"]) == ("UPDATE_IN_PROGRESS", "Stack UPDATE started")
    assert {one["output_key"]: one["output_value"] for one in shown["outputs"]} == {"new": None, "id": None}
    assert not any("output_error" in one for one in shown["outputs"])
    assert sorted((await world.body(f"{main.path}/template"))["resources"]) == sorted(new)
    assert (await world.body(f"{main.path}/environment"))["parameters"] == {"value": "two"}
    for query in ({"status": "IN_PROGRESS"}, {"action": "UPDATE"}, {"tags": "red"}):
        (found,) = (await world.body("/stacks", **query))["stacks"]
        assert (found["stack_status"], found["tags"]) == ("UPDATE_IN_PROGRESS", ["red"])
    assert (await world.body("/stacks", status="COMPLETE"))["stacks"] == []
    event = (await world.body(f"{main.path}/events"))["events"][0]
    assert (event["resource_status"], event["resource_name"]) == ("UPDATE_IN_PROGRESS", "main")


async def test_the_next_patch_changes_what_was_accepted_last(world: World) -> None:
    main = await made(world)
    first = await main.asked("PATCH", body={"parameters": {"count": 3}, "tags": "red"})
    await first.begin(Action.UPDATE)
    await main.asked("PATCH", body={"parameters": {"value": "two"}})
    shown = (await world.body(main.path))["stack"]
    assert (shown["parameters"]["value"], shown["parameters"]["count"], shown["tags"]) == ("two", "3", ["red"])


async def test_a_cancel_shows_the_rollback_and_what_it_goes_back_to(world: World) -> None:
    main = await made(world)
    updated = await main.asked("PUT", body={"template": OTHER, "parameters": {"value": "two"}})
    await updated.begin(Action.UPDATE)
    await updated.asked("POST", "/actions", {"cancel_update": None})
    shown = (await world.body(main.path))["stack"]
    assert (shown["stack_status"], shown["stack_status_reason"]) == ("ROLLBACK_IN_PROGRESS", "Stack ROLLBACK started")
    assert (shown["parameters"]["value"], shown["description"]) == ("one", "golden stack")
    again = await main.ask("POST", "/actions", {"cancel_without_rollback": None})
    message = "Cancelling update when stack is ROLLBACK_IN_PROGRESS is not supported."
    assert (again.status_code, again.json()["error"]["message"]) == (400, message)


async def test_a_delete_is_shown_at_once(world: World) -> None:
    main = await made(world)
    await main.delete()
    shown = (await world.body(main.path))["stack"]
    assert (shown["stack_status"], shown["stack_status_reason"]) == ("DELETE_IN_PROGRESS", "Stack DELETE started")
    assert shown["updated_time"] is not None


async def test_the_same_operation_id_again_is_the_same_update(world: World) -> None:
    main, token = await made(world), {OPERATION: str(uuid.uuid4())}
    body = {"parameters": {"count": 3}}
    answers = [await world.http.patch(f"/v1/p1{main.path}", json=body, headers=token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len((await world.body(f"{main.path}/operations"))["operations"]) == 2


@pytest.mark.parametrize(
    ("method", "inside", "body", "kind", "message"),
    [
        ("PUT", "", {"parameters": {"value": "x"}}, "HTTPBadRequest", "No template specified"),
        (
            "PATCH",
            "",
            {"parameters": {"value": ""}},
            "StackValidationFailed",
            "Parameter 'value' is invalid: 1 to 20 chars",
        ),
        (
            "POST",
            "/actions",
            {"cancel_update": None},
            "NotSupported",
            "Cancelling update when stack is CREATE_COMPLETE is not supported.",
        ),
        (
            "POST",
            "/actions",
            {"cancel_without_rollback": None},
            "NotSupported",
            "Cancelling update when stack is CREATE_COMPLETE is not supported.",
        ),
        ("POST", "/actions", {"explode": None}, "HTTPBadRequest", "Invalid action explode specified"),
        ("POST", "/actions", {}, "HTTPBadRequest", "No action specified"),
        ("POST", "/actions", {"check": None, "cancel_update": None}, "HTTPBadRequest", "Multiple actions specified"),
    ],
)
async def test_heats_words_are_kept_and_nothing_is_left(
    world: World, method: str, inside: str, body: Any, kind: str, message: str
) -> None:
    refused = await (await made(world)).refused(400, method, inside, body)
    assert refused["error"] == {"type": kind, "traceback": None, "message": message}
    assert (refused["code"], refused["title"]) == (400, "Bad Request")
    assert all(one["code"] and one["summary"] for one in refused["diagnostics"])


@pytest.mark.parametrize(
    ("method", "inside", "body"),
    [
        ("PUT", "", {"template": TEMPLATE, "parameters": {"nope": 1}}),
        ("PUT", "", {"template": {"heat_template_version": "2021-04-16", "resources": {"a": {}}}}),
        ("PUT", "", {"template": ""}),
        ("PATCH", "", {"template": 7}),
        ("PATCH", "", {"clear_parameters": "value"}),
        ("PATCH", "", {"clear_parameters": [7]}),
        ("PATCH", "", {"timeout_mins": -1}),
        ("PATCH", "", {"tags": "x" * 81}),
        ("PATCH", "", {"disable_rollback": "maybe"}),
        ("PATCH", "", {"converge": "maybe"}),
        ("PATCH", "", {"roll_back_to": "nowhere"}),
        ("PATCH", "", {"roll_back_to": ["previous"]}),
        ("PATCH", "", {"on_failure": "delete"}),
        ("PATCH", "", {"operation_id": "not-a-uuid"}),
        ("POST", "/continue", None),
        ("POST", "/rollback", None),
        ("POST", "/rollback", {"to": "nowhere"}),
        ("POST", "/rollback", {"to": ["previous"]}),
        ("POST", "/rollback", {"skip": "a"}),
        ("POST", "/rollback", {"skip": ["nope"]}),
        ("POST", "/actions", {"suspend": None}),
    ],
    ids=lambda part: json.dumps(part)[:40],
)
async def test_a_wrong_request_is_refused_and_leaves_nothing(world: World, method: str, inside: str, body: Any) -> None:
    refused = await (await made(world)).refused(400, method, inside, body)
    assert refused["error"]["message"] and refused["diagnostics"][0]["code"]


@pytest.mark.parametrize(
    ("method", "inside", "body"),
    [
        ("PATCH", "", {"parameters": {}}),
        ("PUT", "", {"template": TEMPLATE}),
        ("POST", "/actions", {"cancel_update": None}),
        ("POST", "/continue", None),
        ("POST", "/rollback", None),
    ],
)
async def test_the_name_must_belong_to_the_id(world: World, method: str, inside: str, body: Any) -> None:
    main = await made(world)
    answer = await Made(world, "wrongname", main.id, "").ask(method, inside, body)
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "type": "EntityNotFound",
        "traceback": None,
        "message": "The Stack (wrongname) could not be found.",
    }


@pytest.mark.parametrize(
    ("method", "inside"),
    [("PUT", ""), ("PATCH", ""), ("POST", "/actions"), ("POST", "/continue"), ("POST", "/rollback")],
)
async def test_by_its_name_alone_a_stack_is_looked_up(world: World, method: str, inside: str) -> None:
    main = await made(world)
    answer = await world.http.request(method, f"/v1/p1/stacks/main{inside}", json={})
    location = f"{BASE}/stacks/main/{main.id}{inside}"
    assert (answer.status_code, answer.headers["location"]) == (302, location)
    assert (await world.http.request(method, f"/v1/p1/stacks/none{inside}", json={})).status_code == 404


async def test_a_stack_that_is_deleted_is_not_updated(world: World) -> None:
    deleting = await (await made(world)).delete()
    await deleting.begin(Action.DELETE)
    refused = await deleting.refused(400, "PATCH", body={"parameters": {"count": 3}})
    assert refused["error"]["type"] == "NotSupported"
    assert refused["error"]["message"] == "Updating a stack when it is deleting is not supported."


async def test_a_cancelled_update_says_so_and_its_rollback_follows(world: World) -> None:
    updating = await (await made(world)).asked("PATCH", body={"parameters": {"count": 3}})
    await updating.begin(Action.UPDATE)
    answer = await updating.ask("POST", "/actions", {"cancel_update": None})
    assert (answer.status_code, answer.json(), answer.headers[OPERATION]) == (200, None, updating.operation)
    back = await updating.carry_out({}, action=Action.UPDATE, interrupted="cancel")
    newest, cancelled, _ = (await world.body(f"{back.path}/operations"))["operations"]
    assert (cancelled["state"], cancelled["cancel"], cancelled["follows"]) == ("FAILED", "rollback", None)
    assert (newest["action"], newest["state"], newest["follows"]) == ("ROLLBACK", "PENDING", cancelled["id"])
    await back.carry_out({}, action=Action.ROLLBACK)
    shown = (await world.body(back.path))["stack"]
    assert (shown["stack_status"], shown["parameters"]["count"]) == ("ROLLBACK_COMPLETE", "7")


async def test_cancelled_without_rollback_it_stays_where_it_is_also_a_create(world: World) -> None:
    main = await world.create("main", LIMITED, disable_rollback=False)
    await main.begin()
    assert (await main.refused(400, "POST", "/actions", {"cancel_update": None}))["error"]["type"] == "NotSupported"
    await main.asked("POST", "/actions", {"cancel_without_rollback": None})
    await main.carry_out({}, interrupted="cancel")
    (only,) = (await world.body(f"{main.path}/operations"))["operations"]
    assert (only["state"], only["cancel"]) == ("FAILED", "keep")
    assert (await world.body(main.path))["stack"]["stack_status"] == "CREATE_FAILED"


async def test_what_failed_is_gone_on_with(world: World) -> None:
    main = await world.create("main", LIMITED)
    await main.carry_out(BROKEN)
    answer = await main.ask("POST", "/continue")
    assert (answer.status_code, answer.json()) == (202, ACCEPTED)
    operation = (await world.body(f"/operations/{answer.headers[OPERATION]}"))["operation"]
    assert (operation["action"], operation["target"]) == ("UPDATE", main.operation)


async def test_what_failed_is_rolled_back_but_for_what_is_skipped(world: World) -> None:
    updating = await (await made(world)).asked("PUT", body={"template": OTHER, "parameters": {"value": "two"}})
    failed = {"val": RowOutcome.failed("permanent", "it broke", error="ValueError")}
    await updating.carry_out(failed, action=Action.UPDATE)
    back = await updating.asked("POST", "/rollback", {"skip": ["val"], "to": "complete"})
    await back.carry_out({}, action=Action.ROLLBACK)
    shown = (await world.body(back.path))["stack"]
    assert (shown["stack_status"], shown["description"]) == ("ROLLBACK_COMPLETE", "golden stack")
    events = (await world.body(f"{back.path}/events", resource_name="val"))["events"]
    assert events[0]["resource_status_reason"] == "left as it is: a rollback was told to skip it"


async def test_nothing_is_rolled_back_while_something_runs(world: World) -> None:
    updating = await (await made(world)).asked("PATCH", body={"parameters": {"count": 3}})
    await updating.begin(Action.UPDATE)
    refused = await updating.refused(409, "POST", "/rollback")
    assert refused["error"]["message"] == "Stack main already has an action (UPDATE) in progress."


async def test_a_delete_is_told_what_to_retain(world: World) -> None:
    main = await complete(world)
    refused = await main.refused(400, "DELETE", retain="rnd,nope")
    assert refused["error"]["type"] == "ResourceNotFound" and "nope" in refused["error"]["message"]
    deleting = await main.asked("DELETE", retain="rnd,val")
    await deleting.begin(Action.DELETE)
    left = await world.repository.plan_rows(main.id, deleting.operation)
    assert [row.role for row in left] == ["retained", "retained"]


async def test_a_delete_of_what_is_deleted_already_begins_anew(world: World) -> None:
    first = await (await made(world)).delete()
    await first.begin(Action.DELETE)
    second = await first.delete()
    assert second.operation != first.operation
    states = [one["state"] for one in (await world.body(f"{first.path}/operations"))["operations"]]
    assert states == ["PENDING", "RUNNING", "DONE"]


@pytest.mark.parametrize(
    ("fields", "follows"),
    [
        ({}, None),
        ({"disable_rollback": True}, None),
        ({"disable_rollback": False}, "ROLLBACK"),
        ({"on_failure": "rollback"}, "ROLLBACK"),
        ({"on_failure": "delete", "disable_rollback": True}, "DELETE"),
        ({"on_failure": "keep", "disable_rollback": False}, None),
    ],
    ids=json.dumps,
)
async def test_what_a_failed_create_leads_to_is_as_it_was_asked(
    world: World, fields: dict[str, Any], follows: str | None
) -> None:
    main = await world.create("main", LIMITED, continue_independent=True, **fields)
    await main.carry_out(BROKEN)
    found = (await world.body(f"{main.path}/operations"))["operations"]
    assert [one["action"] for one in found if one["follows"] == main.operation] == ([follows] if follows else [])
    stored = await world.repository.operation(main.operation)
    assert stored.request["continue_independent"] is True
