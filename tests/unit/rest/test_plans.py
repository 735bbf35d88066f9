"""Previews and plans over the API: Heat's bodies field by field, ours, what is hidden, and what is refused."""

import copy
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action, OperationState
from firebrick.standing import Seen
from firebrick.store.revisions import count_up
from firebrick.store.step_outcomes import RowOutcome
from firebrick.store.transaction import Transaction
from firebrick.store.writer import Write
from tests.unit.rest.world import OPERATION, Made, World

TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2021-04-16",
    "description": "golden stack",
    "parameters": {
        "value": {"type": "string", "default": "hello"},
        "secret": {"type": "string", "default": "s3cret-word", "hidden": True},
    },
    "resources": {
        "rnd": {"type": "OS::Heat::RandomString", "properties": {"length": 8}},
        "tr": {
            "type": "OS::Heat::TestResource",
            "properties": {"value": {"get_param": "value"}},
            "metadata": {"role": "x"},
        },
        "val": {"type": "OS::Heat::Value", "depends_on": "tr", "properties": {"value": "one"}},
    },
}
NEXT = copy.deepcopy(TEMPLATE)
del NEXT["resources"]["val"]
NEXT["resources"]["extra"] = {"type": "OS::Heat::TestResource", "properties": {"value": "new"}}
DONE = {
    "rnd": RowOutcome.done(physical_id="main-rnd-x", attributes={"value": "ZuPVQ7PL"}, properties={"length": 8}),
    "tr": RowOutcome.done(physical_id="main-tr-x", attributes={"output": "hello"}, properties={"value": "hello"}),
    "val": RowOutcome.done(physical_id="main-val-x", attributes={"value": "one"}, properties={"value": "one"}),
}


async def complete(world: World, template: Any = TEMPLATE, done: Any = None) -> Made:
    made = await world.create("main", template)
    await made.carry_out(DONE if done is None else done)
    return made


async def ask(world: World, method: str, path: str, body: Any, status: int = 200) -> Any:
    answer = await world.http.request(method, f"/v1/{world.project}{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def plan(world: World, made: Made, template: Any, **more: Any) -> Any:
    return await ask(world, "POST", f"{made.path}/plan", {"template": template, **more})


def changed(found: Any) -> dict[str, str]:
    return {one["resource_name"]: one["action"] for one in found["changes"]}


def stored(world: World) -> dict[str, list[Any]]:
    """Every row of every table, byte for byte."""
    url = world.store._reading.url.database
    assert url is not None
    with sqlite3.connect(url) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, database.execute(f"SELECT * FROM {name}"))) for name in tables}


@dataclass(frozen=True)
class Marked(Write[None]):
    """Something that a plan must not be overtaken by, as whoever stores a signal or a mark writes it."""

    stack_id: str

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> None:
        count_up(transaction.connection, self.stack_id)


# --- Heat's -------------------------------------------------------------------------------------------------------


async def test_the_preview_of_an_update_has_heats_fields(world: World) -> None:
    made = await complete(world)
    body = {"template": NEXT, "parameters": {"value": "two"}}
    changes = (await ask(world, "PUT", f"{made.path}/preview", body))["resource_changes"]
    names = {word: [one["resource_name"] for one in found] for word, found in changes.items()}
    assert names == {"unchanged": ["rnd"], "updated": ["tr"], "replaced": [], "added": ["extra"], "deleted": ["val"]}
    stack = {"tenant": "p1", "stack_name": "main", "stack_id": made.id, "path": ""}
    assert changes["added"] == [
        {
            "updated_time": None,
            "creation_time": None,
            "resource_name": "extra",
            "physical_resource_id": "",
            "resource_action": "INIT",
            "resource_status": "COMPLETE",
            "resource_status_reason": "",
            "resource_type": "OS::Heat::TestResource",
            "resource_identity": stack | {"path": "/resources/extra"},
            "stack_identity": stack,
            "stack_name": "main",
            "required_by": [],
            "description": "",
            "metadata": {},
            "attributes": {"output": None},
        }
    ]
    (tr,) = changes["updated"]
    assert list(tr) == list(changes["added"][0])
    shown = {name: tr[name] for name in ("physical_resource_id", "resource_action", "required_by", "metadata")}
    assert shown == {
        "physical_resource_id": "main-tr-x",
        "resource_action": "CREATE",
        "required_by": ["val"],
        "metadata": {"role": "x"},
    }
    assert tr["attributes"] == {"output": "hello"} and changes["deleted"][0]["attributes"] == {"value": "one"}
    assert changes["unchanged"][0]["resource_action"] == "INIT"


async def test_patch_keeps_what_is_left_out(world: World) -> None:
    made = await complete(world)
    body = {"parameters": {"value": "two"}}
    changes = (await ask(world, "PATCH", f"{made.path}/preview", body))["resource_changes"]
    assert [one["resource_name"] for one in changes["updated"]] == ["tr"]
    assert [one["resource_name"] for one in changes["unchanged"]] == ["rnd", "val"]
    refused = await ask(world, "PUT", f"{made.path}/preview", body, 400)
    assert refused["error"]["message"] == "No template specified"


async def test_the_preview_of_a_create_has_heats_fields(world: World) -> None:
    """As a real Heat answers; where nobody knows yet it tells a default, and null is told here."""
    template = copy.deepcopy(TEMPLATE)
    template["resources"]["val"]["properties"]["value"] = {"get_attr": ["tr", "output"]}
    template["resources"]["tr"]["properties"]["value"] = {"get_param": "secret"}
    template["resources"]["tr"]["metadata"] = {"k": "v"}
    template["outputs"] = {"val": {"value": {"get_attr": ["val", "value"]}}, "n": {"description": "d", "value": 1}}
    before = stored(world)
    body = {"stack_name": "new", "template": template, "tags": "a,b", "timeout_mins": 5}
    stack = (await ask(world, "POST", "/stacks/preview", body))["stack"]
    assert stored(world) == before
    resources = {one["resource_name"]: one for one in stack.pop("resources")}
    assert stack.pop("creation_time").endswith("Z") and list(resources) == ["rnd", "tr", "val"]
    assert stack.pop("parameters") == {
        "OS::stack_id": "None",
        "OS::project_id": "p1",
        "OS::stack_name": "new",
        "value": "hello",
        "secret": "******",
    }
    assert stack == {
        "stack_name": "new",
        "id": "None",
        "links": [{"href": "http://heat.test:8004/v1/p1/stacks/new/None", "rel": "self"}],
        "updated_time": None,
        "deletion_time": None,
        "notification_topics": [],
        "description": "golden stack",
        "template_description": "golden stack",
        "capabilities": [],
        "disable_rollback": True,
        "timeout_mins": 5,
        "stack_owner": "",
        "parent": None,
        "stack_user_project_id": None,
        "tags": ["a", "b"],
        "outputs": [
            {"output_key": "val", "description": "No description given", "output_value": None},
            {"output_key": "n", "description": "d", "output_value": 1},
        ],
    }
    identity = {"tenant": "p1", "stack_name": "new", "stack_id": "None", "path": ""}
    assert resources["tr"] == {
        "updated_time": None,
        "creation_time": None,
        "resource_name": "tr",
        "physical_resource_id": "",
        "resource_action": "INIT",
        "resource_status": "COMPLETE",
        "resource_status_reason": "",
        "resource_type": "OS::Heat::TestResource",
        "resource_identity": identity | {"path": "/resources/tr"},
        "stack_identity": identity,
        "stack_name": "new",
        "required_by": ["val"],
        "description": "",
        "metadata": {"k": "v"},
        "attributes": {"output": None},
        "properties": {
            "constraint_prop_secs": 0,
            "attr_wait_secs": 0,
            "value": "******",
            "update_replace_value": None,
            "fail": False,
            "update_replace": False,
            "wait_secs": 0,
            "action_wait_secs": None,
            "client_name": "",
            "entity_name": "",
        },
    }
    assert resources["rnd"]["properties"]["character_classes"] == [{"class": "lettersdigits", "min": 1}]
    assert resources["val"]["properties"] == {"value": "******", "type": None}  # it comes from what is hidden


async def test_the_preview_of_a_create_is_refused_as_the_create(world: World) -> None:
    """The first as a recorded Heat answers it."""
    template = {
        "heat_template_version": "2021-04-16",
        "parameters": {"p": {"type": "string"}},
        "resources": {"r": {"type": "OS::Heat::Value", "properties": {"value": {"get_param": "p"}}}},
    }
    refused = await ask(world, "POST", "/stacks/preview", {"stack_name": "kprev", "template": template}, 400)
    assert refused["error"] == {
        "type": "UserParameterMissing",
        "traceback": None,
        "message": "The Parameter (p) was not provided.",
    }
    await world.create("main", TEMPLATE)
    taken = await ask(world, "POST", "/stacks/preview", {"stack_name": "main", "template": TEMPLATE}, 409)
    assert taken["error"]["message"] == "The Stack (main) already exists."


async def test_a_stack_may_be_named_like_a_route(world: World) -> None:
    made = await world.create("preview", TEMPLATE)
    answer = await world.get("/stacks/preview")
    assert answer.status_code == 302 and answer.headers["location"].endswith(f"/stacks/preview/{made.id}")


# --- ours ---------------------------------------------------------------------------------------------------------


async def test_a_plan_says_what_changes_from_what_to_what_and_stores_nothing(world: World) -> None:
    made = await complete(world)
    before = stored(world)
    template = copy.deepcopy(NEXT)
    template["resources"]["tr"]["properties"]["update_replace_value"] = "x"
    found = await plan(world, made, template, parameters={"value": "two"}, tags="a")
    assert stored(world) == before
    assert changed(found) == {"rnd": "nothing", "tr": "replace", "extra": "create", "val": "delete"}
    assert found["summary"] == {
        "add": 1,
        "change": 0,
        "replace": 1,
        "destroy": 1,
        "keep": 0,
        "unchanged": 1,
        "uncertain": 0,
        "unseen": 0,
    }
    assert found["stack_changes"] == ["tags"]
    (tr,) = [one for one in found["changes"] if one["resource_name"] == "tr"]
    plain = {"after_unknown": [], "sensitive": False, "drifted": False}
    assert tr["properties"] == [
        {"name": "value", "before": "hello", "after": "two", "forces_replacement": False, **plain},
        {"name": "update_replace_value", "before": None, "after": "x", "forces_replacement": True, **plain},
    ]


async def test_no_plan_shows_what_came_from_a_hidden_parameter(world: World) -> None:
    template = copy.deepcopy(TEMPLATE)
    secret = {"str_replace": {"template": "-W-", "params": {"W": {"get_param": "secret"}}}}
    template["resources"] |= {
        "tr": {"type": "OS::Heat::TestResource", "properties": {"value": secret}, "metadata": {"w": secret}},
        "val": {"type": "OS::Heat::Value", "properties": {"value": {"get_attr": ["tr", "output"]}}},
    }
    word = "-s3cret-word-"
    done = DONE | {
        "tr": RowOutcome.done(physical_id="t", attributes={"output": word}, properties={"value": word}),
        "val": RowOutcome.done(physical_id="v", attributes={"value": word}, properties={"value": word}),
    }
    made = await complete(world, template, done)
    nothing = {"heat_template_version": "2021-04-16"}
    new_word = {"parameters": {"secret": "other-s3cret"}}
    answers = [
        await plan(world, made, template, **new_word),
        await plan(world, made, nothing),
        await ask(world, "PUT", f"{made.path}/preview", {"template": template, **new_word}),
        await ask(world, "PUT", f"{made.path}/preview", {"template": nothing}),
        await ask(world, "POST", "/stacks/plan", {"template": template, "stack_name": "new"}),
    ]
    assert all("s3cret" not in json.dumps(answer) for answer in answers)
    assert changed(answers[0]) == {"rnd": "nothing", "tr": "update", "val": "update"}
    assert all(each["sensitive"] for one in answers[0]["changes"] for each in one["properties"])


async def test_applying_does_what_was_planned_once(world: World) -> None:
    made = await complete(world)
    found = await plan(world, made, NEXT, parameters={"value": "two"})
    operation = "7d4fb1ab-7b9f-4d5a-b9a6-2bb1d1f2a8a1"
    for _ in range(2):
        answer = await world.http.post(f"/v1/p1{made.path}/apply", json=found, headers={OPERATION: operation})
        assert answer.status_code == 202 and answer.headers[OPERATION] == operation, answer.text
    operations = await world.repository.operations(made.id)
    assert [(one.action, one.state) for one in operations] == [
        (Action.UPDATE, OperationState.PENDING),
        (Action.CREATE, OperationState.DONE),
    ]
    assert (await world.body(f"{made.path}/environment"))["parameters"] == {"value": "two"}
    assert sorted((await world.body(f"{made.path}/template"))["resources"]) == ["extra", "rnd", "tr"]


async def test_a_plan_is_refused_when_an_operation_was_accepted_since(world: World) -> None:
    made = await complete(world)
    found = await plan(world, made, NEXT)
    later = await plan(world, made, TEMPLATE, parameters={"value": "three"})
    assert (await world.http.post(f"/v1/p1{made.path}/apply", json=later)).status_code == 202
    refused = await ask(world, "POST", f"{made.path}/apply", found, 409)
    (problem,) = refused["diagnostics"]
    newest = (await world.repository.operations(made.id))[0]
    assert problem["code"] == "plan-overtaken" and f"UPDATE {newest.id} was accepted" in problem["summary"]
    assert len(await world.repository.operations(made.id)) == 2


async def test_a_plan_is_refused_when_something_else_of_the_stack_moved(world: World) -> None:
    made = await complete(world)
    found = await plan(world, made, NEXT)
    await world.store.writer.write(Marked(made.id))
    refused = await ask(world, "POST", f"{made.path}/apply", found, 409)
    assert "a signal, a check or a mark" in refused["diagnostics"][0]["summary"]
    assert len(await world.repository.operations(made.id)) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"signature": "k1:00"}, "plan-signature"),
        ({"signature": None}, "plan-signature"),
        ({"summary": {}}, "plan-signature"),
        ({"base": {"revision": 99, "seq": 99}}, "plan-signature"),
        ({"request": "AAAA"}, "plan-signature"),
        ({"format": "another"}, "not-a-plan"),
    ],
)
async def test_a_plan_that_was_changed_is_refused(world: World, change: Any, code: str) -> None:
    made = await complete(world)
    found = await plan(world, made, NEXT)
    refused = await ask(world, "POST", f"{made.path}/apply", found | change, 400)
    assert refused["diagnostics"][0]["code"] == code


async def test_a_plan_is_for_its_own_stack(world: World) -> None:
    made = await complete(world)
    found = await plan(world, made, NEXT)
    other = await world.create("other", TEMPLATE)
    refused = await ask(world, "POST", f"{other.path}/apply", found, 400)
    assert refused["diagnostics"][0]["code"] == "plan-of-another-stack"


async def test_while_an_operation_runs_a_plan_is_for_looking_only(world: World) -> None:
    made = await world.create("main", TEMPLATE)
    found = await plan(world, made, NEXT)
    assert found["in_progress"] == {"id": made.operation, "action": "CREATE"}
    assert found["signature"] is None and found["request"] is None
    refused = await ask(world, "POST", f"{made.path}/apply", found, 400)
    assert refused["diagnostics"][0]["code"] == "plan-not-applicable"


async def test_the_request_in_a_plan_cannot_be_read(world: World, tmp_path: Path) -> None:
    made = await complete(world)
    found = await plan(world, made, NEXT, parameters={"value": "a-word-of-mine", "secret": "my-s3cret"})
    assert "a-word-of-mine" not in found["request"] and "s3cret" not in json.dumps(found)


# --- of a create --------------------------------------------------------------------------------------------------


async def plan_of_create(world: World, name: str = "new", **more: Any) -> Any:
    return await ask(world, "POST", "/stacks/plan", {"stack_name": name, "template": TEMPLATE, **more})


async def test_the_plan_of_a_create_is_applied_once(world: World) -> None:
    before = stored(world)
    found = await plan_of_create(world, parameters={"value": "two", "secret": "my-s3cret"}, tags="a,b")
    assert stored(world) == before and "s3cret" not in json.dumps(found)
    assert (found["base"], found["in_progress"], found["stack"]["id"]) == (None, None, None)
    operation = "7d4fb1ab-7b9f-4d5a-b9a6-2bb1d1f2a8a2"
    for _ in range(2):  # the second is the same request again
        answer = await world.http.post("/v1/p1/stacks/apply", json=found, headers={OPERATION: operation})
        assert answer.status_code == 201 and answer.headers[OPERATION] == operation, answer.text
    row = await world.repository.stack("new")
    assert (dict(row.parameters)["value"], row.tags) == ("two", ("a", "b"))
    assert sorted(one.name for one in await world.repository.resources(row.id)) == ["rnd", "tr", "val"]


async def test_the_plan_of_a_create_is_refused_when_there_is_such_a_stack(world: World) -> None:
    found = await plan_of_create(world)
    await world.create("new", NEXT)
    refused = await ask(world, "POST", "/stacks/apply", found, 409)
    assert refused["diagnostics"][0]["code"] == "name-in-use"
    assert len(await world.repository.stacks()) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"summary": {}}, "plan-signature"),
        ({"stack": {"name": "other", "id": None, "project": "p1"}}, "plan-signature"),
        ({"signature": None, "request": None}, "plan-not-applicable"),
        ({"format": "another"}, "not-a-plan"),
    ],
)
async def test_the_plan_of_a_create_that_was_changed_is_refused(world: World, change: Any, code: str) -> None:
    refused = await ask(world, "POST", "/stacks/apply", (await plan_of_create(world)) | change, 400)
    assert refused["diagnostics"][0]["code"] == code


async def test_plans_of_creates_and_updates_do_not_stand_for_each_other(world: World) -> None:
    made = await complete(world)
    of_update, of_create = await plan(world, made, NEXT), await plan_of_create(world)
    for path, found in (("/stacks/apply", of_update), (f"{made.path}/apply", of_create)):
        refused = await ask(world, "POST", path, found, 400)
        assert refused["diagnostics"][0]["code"] == "plan-of-another-stack"
    answer = await world.http.post("/v1/p2/stacks/apply", json=of_create)
    assert answer.status_code == 400 and "in project 'p1'" in answer.text


async def test_nobody_knows_the_id_of_a_stack_that_is_planned(world: World) -> None:
    template = copy.deepcopy(TEMPLATE)
    template["resources"]["val"]["properties"]["value"] = {"get_param": "OS::stack_id"}
    found = await ask(world, "POST", "/stacks/plan", {"stack_name": "new", "template": template})
    (val,) = [one for one in found["changes"] if one["resource_name"] == "val"]
    assert val["properties"][0]["after_unknown"] == [[]]


# --- of what is really there --------------------------------------------------------------------------------------


async def test_a_plan_that_converges_shows_what_a_worker_sees(world: World) -> None:
    made = await complete(world)
    world.starter.live = {"tr": Seen({"value": "theirs"}), "val": Seen(None)}
    assert set(changed(await plan(world, made, TEMPLATE)).values()) == {"nothing"}
    before = stored(world)
    found = await plan(world, made, TEMPLATE, converge=True)
    assert stored(world) == before
    assert changed(found) == {"rnd": "nothing", "tr": "update", "val": "replace"}
    by_name = {one["resource_name"]: one for one in found["changes"]}
    assert by_name["val"]["reason"] == "its object is gone"
    (value,) = by_name["tr"]["properties"]
    assert (value["before"], value["after"], value["drifted"]) == ("theirs", "hello", True)
    preview = await ask(world, "PUT", f"{made.path}/preview", {"template": TEMPLATE, "converge": True})
    assert [one["resource_name"] for one in preview["resource_changes"]["updated"]] == ["tr"]
    world.starter.up = False
    await ask(world, "POST", f"{made.path}/plan", {"template": TEMPLATE, "converge": True}, 503)
    await plan(world, made, TEMPLATE)


async def test_what_is_really_there_of_a_secret_is_not_shown(world: World) -> None:
    template = copy.deepcopy(TEMPLATE)
    template["resources"]["tr"]["properties"]["value"] = {"get_param": "secret"}
    made = await complete(world, template)
    world.starter.live = {"tr": Seen({"value": "their-s3cret"})}
    found = await plan(world, made, template, converge=True)
    assert changed(found)["tr"] == "update" and "s3cret" not in json.dumps(found)


async def test_a_plan_that_converges_is_refused_when_objects_have_changed_since(world: World) -> None:
    made = await complete(world)
    world.starter.live = {"tr": Seen({"value": "theirs"})}
    found = await plan(world, made, TEMPLATE, converge=True)
    world.starter.live = {"tr": Seen({"value": "somebody else's"})}
    refused = await ask(world, "POST", f"{made.path}/apply", found, 409)
    assert refused["diagnostics"][0]["code"] == "plan-differs"
    world.starter.live = {"tr": Seen({"value": "theirs"})}
    assert (await world.http.post(f"/v1/p1{made.path}/apply", json=found)).status_code == 202
