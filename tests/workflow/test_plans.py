"""A plan tells the truth: what an update then does to each resource is what its plan said, on the real engine."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.client import WorkflowFailureError

from firebrick.contract import OperationState, UpdateStackRequest
from firebrick.intake_plan import Planned, plan_update
from firebrick.preview import Will

NAMES = ("a", "b", "c", "d")
_numbers = itertools.count()


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Up to four resources of three types that refer to earlier ones by id or attribute, or merely come after them."""
    resources: dict[str, Any] = {}
    for name in NAMES:
        if draw(st.integers(0, 4)) == 0:
            continue
        earlier = list(resources)
        values: list[Any] = ["x", "y"]
        for one in earlier:
            attribute = "output" if resources[one]["type"] == "OS::Heat::TestResource" else "value"
            values += [{"get_resource": one}, {"get_attr": [one, attribute]}]
        body: dict[str, Any] = {"type": draw(st.sampled_from(["OS::Heat::TestResource"] * 3 + ["OS::Heat::Value"]))}
        body["properties"] = {"value": draw(st.sampled_from(values))}
        if body["type"] == "OS::Heat::TestResource":
            if draw(st.booleans()):
                body["properties"]["update_replace_value"] = draw(st.sampled_from(values))
            if draw(st.integers(0, 3)) == 0:
                body["properties"]["update_replace"] = True
        after: bool = draw(st.booleans())
        if earlier and after:
            body["depends_on"] = draw(st.sampled_from(earlier))
        if draw(st.integers(0, 3)) == 0:
            body["metadata"] = {"at": draw(st.sampled_from(["one", "two"]))}
        if draw(st.integers(0, 5)) == 0:
            body["deletion_policy"] = "Retain"
        resources[name] = body
    return {"heat_template_version": "2018-08-31", "resources": resources}


def done_to(told: list[str]) -> dict[str, Will]:
    """What events say was done, by resource."""
    states: dict[str, set[str]] = {}
    for line in told:
        name, state = line.split()
        states.setdefault(name, set()).add(state)
    done = {}
    for name, found in states.items():
        if {"CREATE_COMPLETE", "DELETE_COMPLETE"} <= found:
            done[name] = Will.REPLACE
        elif "CREATE_COMPLETE" in found:
            done[name] = Will.CREATE
        elif "DELETE_COMPLETE" in found:
            done[name] = Will.DELETE
        else:
            done[name] = Will.UPDATE
    return done


async def planned(lab: Any, stack: str, template: str) -> Planned:
    return await plan_update(lab.store, lab.registry, UpdateStackRequest(stack=stack, template=template, project="lab"))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(templates(), min_size=3, max_size=4))
async def test_what_an_update_does_is_what_its_plan_said(lab: Any, versions: list[dict[str, Any]]) -> None:
    name = f"s{next(_numbers)}"
    started = await lab.create(json.dumps(versions[0]), name=name)
    assert (await started.handle.result()).state is OperationState.DONE
    for version in versions[1:]:
        plan = await planned(lab, name, json.dumps(version))
        before = len(await started.events())
        updated = await lab.update(name, json.dumps(version))
        assert (await updated.handle.result()).state is OperationState.DONE
        did = done_to([line for line in await updated.told(since=before) if not line.startswith(f"{name} ")])
        said = {one.name: one for one in plan.preview.resources}
        assert set(did) <= set(said)
        for one in said.values():
            if one.certain:
                assert did.get(one.name, Will.NOTHING) is one.will, (one, did)
            else:
                assert did.get(one.name, Will.NOTHING) in (Will.NOTHING, Will.UPDATE, Will.REPLACE), (one, did)


async def test_the_plan_of_a_chain_names_what_is_known_after_apply(lab: Any) -> None:
    text = """heat_template_version: 2018-08-31
resources:
  one: {type: OS::Heat::TestResource, properties: {value: %s}}
  two: {type: OS::Heat::TestResource, properties: {value: {get_attr: [one, output]}}}
  three: {type: OS::Heat::TestResource, properties: {update_replace_value: {get_attr: [two, output]}}}
  four: {type: OS::Heat::Value, properties: {value: {get_resource: one}}}
"""
    started = await lab.create(text % "a", name="s")
    await started.handle.result()
    same = await planned(lab, "s", text % "a")
    assert same.preview.changes_nothing and same.stack_changes == ()
    plan = await planned(lab, "s", text % "b")
    told = {one.name: (one.will, one.certain) for one in plan.preview.resources}
    assert told == {
        "one": (Will.UPDATE, True),
        "two": (Will.UPDATE, False),
        "three": (Will.REPLACE, False),
        "four": (Will.NOTHING, True),
    }
    assert [(each.before, each.after) for each in plan.preview.resources[0].properties] == [("a", "b")]


async def test_a_failed_resource_is_foreseen_as_the_engine_judges_it(lab: Any) -> None:
    text = """heat_template_version: 2018-08-31
resources:
  bad: {type: OS::Heat::TestResource, properties: {fail: %s}}
  good: {type: OS::Heat::TestResource}
"""
    started = await lab.create(text % "true", name="s", disable_rollback=True)
    with pytest.raises(WorkflowFailureError):
        await started.handle.result()
    plan = await planned(lab, "s", text % "false")
    bad = next(one for one in plan.preview.resources if one.name == "bad")
    assert (bad.will, bad.certain, bad.because) == (Will.REPLACE, True, "it has failed")
    before = len(await started.events())
    updated = await lab.update("s", text % "false")
    assert (await updated.handle.result()).state is OperationState.DONE
    assert done_to([one for one in await updated.told(since=before) if one.startswith("bad ")]) == {"bad": Will.REPLACE}
