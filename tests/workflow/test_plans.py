"""A plan tells the truth: what an update then does to each resource is what its plan said, on the real engine."""

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.client import WorkflowFailureError

from firebrick.contract import OperationState, UpdateStackRequest
from firebrick.intake_plan import Planned, plan_update
from firebrick.preview_result import Will
from tests.workflow.plan_truth import Version, check, done_to, look, versions

EXAMPLES = int(os.environ.get("FIREBRICK_PLAN_LIVES", "4"))
_numbers = itertools.count()


async def planned(lab: Any, stack: str, template: str, **more: Any) -> Planned:
    request = UpdateStackRequest(stack=stack, template=template, project="lab", **more)
    return await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink one would take a real server minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lives=st.lists(versions(), min_size=3, max_size=4))
async def test_what_an_update_does_is_what_its_plan_said(lab: Any, lives: list[Version]) -> None:
    name = f"s{next(_numbers)}"
    started = await lab.create(lives[0].template, files=lives[0].files, name=name)
    assert (await started.handle.result()).state is OperationState.DONE
    for version in lives[1:]:
        plan = await planned(lab, name, version.template, files=version.files)
        before = await look(lab, name)
        updated = await lab.update(name, version.template, files=version.files)
        assert (await updated.handle.result()).state is OperationState.DONE
        check(lab, plan.preview, before, await look(lab, name, before))


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
    assert done_to((await updated.events())[before:])["bad"] is Will.REPLACE
