"""Templates as resource types: nested stacks, three levels deep, on the time-skipping server."""

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from firebrick.contract import OperationState
from firebrick.diagnostics import InvalidInput

HEAD = "heat_template_version: 2018-08-31\n"
INNER = f"""{HEAD}
parameters:
  word: {{type: string, constraints: [{{length: {{max: 20}}}}]}}
  fails: {{type: boolean, default: false}}
  wait: {{type: number, default: 0}}
resources:
  leaf:
    type: OS::Heat::TestResource
    properties:
      value: {{get_param: word}}
      fail: {{get_param: fails}}
      action_wait_secs: {{create: {{get_param: wait}}}}
outputs:
  said: {{value: {{get_attr: [leaf, output]}}}}
"""
MIDDLE = f"""{HEAD}
parameters:
  word: {{type: string}}
  fails: {{type: boolean, default: false}}
  wait: {{type: number, default: 0}}
resources:
  inner:
    type: inner.yaml
    properties: {{word: {{get_param: word}}, fails: {{get_param: fails}}, wait: {{get_param: wait}}}}
outputs:
  said: {{value: {{get_attr: [inner, said]}}}}
"""
FILES = {"middle.yaml": MIDDLE, "inner.yaml": INNER}


def outer(word: str, more: str = "") -> str:
    return f"""{HEAD}
resources:
  nest: {{type: "My::Nest", properties: {{word: {word}{more}}}}}
  after: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [nest, said]}}}}}}
"""


ENVIRONMENT = {"resource_registry": {"My::Nest": "middle.yaml"}}


async def create(lab: Any, template: str, **more: Any) -> Any:
    return await lab.create(template, name="s", files=FILES, environment=ENVIRONMENT, **more)


async def update(lab: Any, template: str, **more: Any) -> Any:
    return await lab.update("s", template, files=FILES, environment=ENVIRONMENT, **more)


async def inner_stacks(lab: Any) -> dict[int, str]:
    """Depth -> state, of the living nested stacks."""
    project = lab.store.project("lab")
    found: dict[int, str] = {}
    for one in await project.stacks(include_nested=True):
        row = await project.stack(one.id)
        if row.owner_id is not None:
            found[row.depth] = row.state
    return dict(sorted(found.items()))


async def test_three_levels_are_made_changed_and_deleted(lab: Any) -> None:
    created = await create(lab, outer("hello"))
    assert (await created.handle.result()).state is OperationState.DONE
    rows = await created.resources()
    assert rows["after"].attributes == {"value": "hello"}
    assert await inner_stacks(lab) == {1: "CREATE_COMPLETE", 2: "CREATE_COMPLETE"}
    assert [one.name for one in await lab.store.project("lab").stacks()] == ["s"]
    nest = rows["nest"].physical_id

    updated = await update(lab, outer("bye"))
    assert (await updated.handle.result()).state is OperationState.DONE
    rows = await updated.resources()
    assert rows["after"].attributes == {"value": "bye"} and rows["nest"].physical_id == nest
    assert await inner_stacks(lab) == {1: "UPDATE_COMPLETE", 2: "UPDATE_COMPLETE"}

    deleted = await lab.delete("s")
    assert (await deleted.handle.result()).state is OperationState.DONE
    assert await inner_stacks(lab) == {}


async def test_a_failure_three_levels_down_is_told_with_its_path_and_rolled_back(lab: Any) -> None:
    created = await create(lab, outer("hello"))
    await created.handle.result()
    failing = await update(lab, outer("bye", ", fails: true"), disable_rollback=False)
    result = await failing.handle.result()
    assert result.action == "ROLLBACK" and result.state is OperationState.DONE
    operation = await failing.operation()
    path = "resources.nest.resources.inner.resources.leaf"
    assert operation.reason == f"Resource UPDATE failed: ValueError: {path}: Test Resource failed leaf"
    assert (await failing.resources())["after"].attributes == {"value": "hello"}
    assert await inner_stacks(lab) == {1: "UPDATE_COMPLETE", 2: "UPDATE_COMPLETE"}


async def test_the_failure_of_a_nested_stack_is_told_down_to_its_root_cause(lab: Any) -> None:
    created = await create(lab, outer("hello", ", fails: true"))
    with pytest.raises(WorkflowFailureError) as failed:
        await created.handle.result()
    path = "resources.nest.resources.inner.resources.leaf"
    assert str(failed.value.cause) == f"StackActionFailed: Resource CREATE failed: {path} (permanent)"
    tree = (await created.operation()).failure
    assert [(one.resource, one.error) for one in tree.causes] == [("nest", "ValueError")]
    assert tree.not_started == ("after",)
    middle = tree.inner["nest"]
    assert [one.resource for one in middle.failure.causes] == ["inner"]
    innermost = middle.failure.inner["inner"]
    (cause,) = innermost.failure.causes
    assert (cause.resource, cause.type, cause.error) == ("leaf", "OS::Heat::TestResource", "ValueError")
    assert cause.message == "Test Resource failed leaf"
    made = {one.name for one in await lab.store.project("lab").stacks(include_nested=True)}
    assert {middle.stack, innermost.stack} < made


async def test_a_failed_create_leaves_nothing_inside_when_it_is_rolled_back(lab: Any) -> None:
    failing = await create(lab, outer("hello", ", fails: true"), disable_rollback=False)
    assert (await failing.handle.result()).action == "ROLLBACK"
    assert await inner_stacks(lab) == {} and await failing.resources() == {}


async def test_a_deadline_stops_what_is_inside_too(lab: Any) -> None:
    created = await create(lab, outer("hello", ", wait: 7200"), timeout_mins=60)
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    assert (await created.stack()).state == "CREATE_FAILED"
    assert await inner_stacks(lab) == {1: "CREATE_FAILED", 2: "CREATE_FAILED"}
    deleted = await lab.delete("s")
    assert (await deleted.handle.result()).state is OperationState.DONE
    assert await inner_stacks(lab) == {}


async def test_a_nested_stack_that_is_to_be_retained_is(lab: Any) -> None:
    created = await create(lab, outer("hello"))
    await created.handle.result()
    deleted = await lab.delete("s", retain=("nest",))
    assert (await deleted.handle.result()).state is OperationState.DONE
    assert await inner_stacks(lab) == {1: "CREATE_COMPLETE", 2: "CREATE_COMPLETE"}


async def test_a_nested_template_is_checked_with_the_outer_one(lab: Any) -> None:
    for template, said in (
        (outer("hello", ", typo: 1"), "Unknown Property typo"),
        (outer("a_word_of_more_than_twenty_letters"), "inner.yaml"),
        (outer("hello").replace("properties: {word: hello}", "properties: {}"), "Property word not assigned"),
        (outer("hello").replace("[nest, said]", "[nest, unsaid]"), "unsaid"),
    ):
        with pytest.raises(InvalidInput, match=said):
            await create(lab, template)
    circle = {**FILES, "inner.yaml": MIDDLE}
    with pytest.raises(InvalidInput, match="contains itself"):
        await lab.create(outer("hello"), name="s", files=circle, environment=ENVIRONMENT)
    with pytest.raises(InvalidInput, match="not among the files"):
        await lab.create(outer("hello"), name="s", environment=ENVIRONMENT)
    assert await lab.store.project("lab").stacks(include_nested=True) == []
