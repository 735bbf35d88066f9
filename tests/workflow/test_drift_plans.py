"""Plans of updates that converge: a worker looks at what is really there, and the plan says what differs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from firebrick import contract
from firebrick.contract import OperationState, UpdateStackRequest
from firebrick.diagnostics import Unavailable
from firebrick.intake_plan import Planned, plan_update
from firebrick.plan_document import summary_of
from firebrick.preview_result import Will
from firebrick.resources.changes import compare
from firebrick.resources.schema import schema_of
from firebrick.testing.provider_process import ProviderProcess
from firebrick.testing.types import TestNormalised
from tests.unit.resources.http_world import Api
from tests.workflow.plan_truth import check, done_between, flat, look

HEAD = "heat_template_version: 2018-08-31\n"
INNER = f"""{HEAD}resources:
  deep: {{type: Firebrick::Test::Object, properties: {{value: a}}}}
  gone: {{type: Firebrick::Test::Object, properties: {{value: a}}}}
outputs:
  said: {{value: {{get_attr: [deep, value]}}}}
"""
OUTER = f"""{HEAD}resources:
  same: {{type: Firebrick::Test::Object, properties: {{value: a}}}}
  plain: {{type: Firebrick::Test::Object, properties: {{value: a}}}}
  nest: {{type: inner.yaml}}
  after: {{type: OS::Heat::Value, properties: {{value: {{get_resource: nest}}}}}}
"""
REQUEST: dict[str, Any] = {"template": OUTER, "files": {"inner.yaml": INNER}}


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderProcess]:
    with ProviderProcess(tmp_path) as process:
        for name, value in process.environment.items():
            monkeypatch.setenv(name, value)
        yield process


async def planned(lab: Any, **more: Any) -> Planned:
    request = UpdateStackRequest(stack="s", project="lab", converge=True, **REQUEST, **more)
    return await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects)


def id_of(provider: ProviderProcess, label: str) -> str:
    (one,) = (one for one in provider.ledger.living() if one.label == label)
    return str(one.id)


async def test_a_plan_that_converges_shows_what_was_changed_behind_the_stacks_back(
    lab: Any, provider: ProviderProcess
) -> None:
    started = await lab.create(REQUEST["template"], files=REQUEST["files"], name="s")
    assert (await started.handle.result()).state is OperationState.DONE
    assert (await planned(lab)).preview.changes_nothing
    for label in ("plain", "deep"):
        body = {"properties": {"value": "theirs", "size": 1}}
        provider.request("PUT", f"/objects/{id_of(provider, label)}", body)
    provider.request("DELETE", f"/objects/{id_of(provider, 'gone')}")

    plan = (await planned(lab)).preview
    said = dict(flat(plan))
    assert {address: one.will for address, one in said.items()} == {
        "same": Will.NOTHING,
        "plain": Will.UPDATE,
        "nest": Will.UPDATE,
        "nest.deep": Will.UPDATE,
        "nest.gone": Will.REPLACE,
        "after": Will.NOTHING,
    }
    for address in ("plain", "nest.deep"):
        (value,) = said[address].properties
        assert (value.name, value.before, value.after, value.drifted) == ("value", "theirs", "a", True)
    assert said["nest.gone"].because == "its object is gone"

    before = await look(lab, "s")
    updated = await lab.update("s", REQUEST["template"], files=REQUEST["files"], converge=True)
    assert (await updated.handle.result()).state is OperationState.DONE
    check(lab, plan, before, await look(lab, "s", before))
    assert (await planned(lab)).preview.changes_nothing


async def test_what_is_still_gone_after_an_update_that_failed_is_shown_again(
    lab: Any, provider: ProviderProcess
) -> None:
    template = f"{HEAD}resources:\n  one: {{type: Firebrick::Test::Object, properties: {{value: a}}}}\n"
    started = await lab.create(template, name="s", disable_rollback=True)
    await started.handle.result()
    provider.request("DELETE", f"/objects/{id_of(provider, 'one')}")
    provider.fault("fail", method="POST", status=400)
    with pytest.raises(WorkflowFailureError):
        await (await lab.update("s", template, converge=True)).handle.result()
    request = UpdateStackRequest(stack="s", project="lab", converge=True, template=template)
    plan = (await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects)).preview
    assert [(one.will, one.because) for one in plan.resources][0] == (Will.REPLACE, "its object is gone")
    before = await look(lab, "s")
    updated = await lab.update("s", template, converge=True)
    assert (await updated.handle.result()).state is OperationState.DONE
    assert done_between(before, await look(lab, "s", before)) == {"one": [Will.REPLACE]}


async def test_what_a_worker_sees_enters_no_history(lab: Any, provider: ProviderProcess) -> None:
    started = await lab.create(f"{HEAD}resources:\n  one: {{type: Firebrick::Test::Object}}\n", name="s")
    await started.handle.result()
    provider.request("PUT", f"/objects/{id_of(provider, 'one')}", {"properties": {"value": "s3cret", "size": 1}})
    stack = await started.stack()
    (live,) = (await lab.starter.look_at_objects("lab", [stack.id])).values()
    assert live.properties["value"] == "s3cret"
    row = (await started.resources())["one"]
    assert (row.properties or {}).get("value") != "s3cret"
    ask = contract.LookAtObjects(project="lab", stack_id=stack.id)
    handle = await lab.client.start_workflow(
        contract.LOOK_AT_OBJECTS, ask, id="look", task_queue=contract.TASK_QUEUE, result_type=contract.ObjectsSeen
    )
    assert (await handle.result()).next_after is None
    history = json.dumps((await handle.fetch_history()).to_json_dict())
    assert "s3cret" not in history


async def test_what_could_not_be_looked_at_is_named_and_counts_as_it_is_stored(
    lab: Any, provider: ProviderProcess
) -> None:
    started = await lab.create(REQUEST["template"], files=REQUEST["files"], name="s")
    await started.handle.result()
    for label in ("plain", "deep"):
        id_ = id_of(provider, label)
        provider.request("PUT", f"/objects/{id_}", {"properties": {"value": "theirs", "size": 1}})
        provider.fault("fail", method="GET", match=label, times=9)
    plan = await planned(lab)
    assert plan.preview.changes_nothing
    assert [address for address, one in flat(plan.preview) if one.unseen] == ["plain", "nest.deep"]
    assert summary_of(plan.preview)["unseen"] == 2


async def test_without_a_look_there_is_no_plan(lab: Any, provider: ProviderProcess) -> None:
    started = await lab.create(REQUEST["template"], files=REQUEST["files"], name="s")
    await started.handle.result()
    with pytest.raises(Unavailable, match="No worker has looked"):
        await lab.starter.look_at_objects("lab", ["5f0d8fb2-6f1d-4a56-9bd9-9d9a6f1b7a55"])


NORMALISED = (
    HEAD
    + """parameters: {api: {type: string}}
resources:
  thing:
    type: Firebrick::HTTP::Resource
    properties:
      url: {get_param: api}
      body: {name: '{name}', colour: red}
      id: data.id
      update: {method: PATCH, path: '/{id}'}
      ignore_changes: [colour]
"""
)


async def test_what_an_api_normalises_is_neither_planned_nor_changed_where_it_is_to_be_ignored(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Api() as api:
        monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", "*")
        given: dict[str, Any] = {"template": NORMALISED, "parameters": {"api": api.url}}
        started = await lab.create(given["template"], name="s", parameters=given["parameters"])
        assert (await started.handle.result()).state is OperationState.DONE
        (thing,) = api.things.values()

        async def planned(**more: Any) -> Any:
            request = UpdateStackRequest(stack="s", project="lab", converge=True, **{**given, **more})
            return (await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects)).preview

        thing["colour"] = "RED"
        assert (await planned()).changes_nothing
        compared = NORMALISED.replace("[colour]", "[]")
        assert not (await planned(template=compared)).changes_nothing
        update = await lab.update("s", NORMALISED, parameters=given["parameters"], converge=True)
        assert (await update.handle.result()).state is OperationState.DONE
        assert [method for method, *_ in api.seen if method == "PATCH"] == []
        blue = NORMALISED.replace("colour: red", "colour: blue")  # what the template changes is changed
        update = await lab.update("s", blue, parameters=given["parameters"], converge=True)
        assert (await update.handle.result()).state is OperationState.DONE
        assert thing["colour"] == "blue"


async def test_a_property_that_is_write_only_is_not_compared_with_the_object(
    lab: Any, provider: ProviderProcess
) -> None:
    template = HEAD + "resources:\n  one: {type: Firebrick::Test::Normalised, properties: {value: a, size: 2}}\n"
    started = await lab.create(template, name="s")
    assert (await started.handle.result()).state is OperationState.DONE
    request = UpdateStackRequest(stack="s", project="lab", converge=True, template=template)

    async def planned() -> Any:
        return (await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects)).preview

    assert (await planned()).changes_nothing
    since = len(await started.events())
    update = await lab.update("s", template, converge=True)
    assert (await update.handle.result()).state is OperationState.DONE
    assert [one for one in await update.told(since=since) if one.startswith("one")] == []
    provider.request("PUT", f"/objects/{id_of(provider, 'one')}", {"properties": {"value": "a", "size": 3}})
    (one,) = (await planned()).resources
    assert [change.name for change in one.properties] == ["size"], "what can be compared is"
    (value,) = [one.effect for one in compare(schema_of(TestNormalised()), {"value": "a"}, {"value": "b"})]
    assert value == "update", "and what the template changes is changed"
