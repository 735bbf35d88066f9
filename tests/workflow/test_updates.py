"""What UpdateStack and RollbackStack do with a stack, on the time-skipping server."""

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from firebrick.contract import OperationState
from firebrick.diagnostics import InvalidInput

HEAD = "heat_template_version: 2018-08-31\nresources:\n"


def chain(first: str, *, second: str = "{get_attr: [one, output]}", more: str = "") -> str:
    return f"""{HEAD}
  one: {{type: OS::Heat::TestResource, properties: {{{first}}}}}
  two: {{type: OS::Heat::TestResource, properties: {{value: {second}}}}}
  three: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [two, output]}}}}}}
{more}"""


async def created(lab: Any, template: str, name: str = "s") -> Any:
    started = await lab.create(template, name=name)
    assert (await started.handle.result()).state is OperationState.DONE
    return started


async def updated(lab: Any, template: str | None = None, name: str = "s", **request: Any) -> tuple[Any, list[str]]:
    before = len(await (await lab_events(lab, name)))
    started = await lab.update(name, template, **request)
    assert (await started.handle.result()).state is OperationState.DONE
    return started, await started.told(since=before)


async def lab_events(lab: Any, name: str) -> Any:
    stack = await lab.store.project("lab").stack(name)
    return lab.store.project("lab").events(stack.id)


async def test_an_update_without_a_change_runs_no_resource_activity(lab: Any) -> None:
    await created(lab, chain("value: a"))
    started, told = await updated(lab, chain("value: a"))
    assert told == ["s UPDATE_IN_PROGRESS", "s UPDATE_COMPLETE"]
    history = await started.handle.fetch_history()
    ran = [
        e.activity_task_scheduled_event_attributes.activity_type.name
        for e in history.events
        if e.HasField("activity_task_scheduled_event_attributes")
    ]
    assert ran == ["begin_operation", "finish_operation"]


async def test_a_changed_property_goes_down_the_chain_in_place(lab: Any) -> None:
    before = await (await created(lab, chain("value: a"))).resources()
    started, told = await updated(lab, chain("value: b"))
    assert told == [
        "s UPDATE_IN_PROGRESS",
        *(f"{name} UPDATE_{status}" for name in ("one", "two", "three") for status in ("IN_PROGRESS", "COMPLETE")),
        "s UPDATE_COMPLETE",
    ]
    after = await started.resources()
    assert after["three"].attributes == {"value": "b"}
    assert {n: r.physical_id for n, r in after.items()} == {n: r.physical_id for n, r in before.items()}
    assert {n: r.id for n, r in after.items()} == {n: r.id for n, r in before.items()}
    _, again = await updated(lab, chain("value: b"))
    assert again == ["s UPDATE_IN_PROGRESS", "s UPDATE_COMPLETE"]


async def test_what_does_not_change_what_dependants_see_ends_there(lab: Any) -> None:
    await created(lab, chain("value: a"))
    _, told = await updated(lab, chain("value: a, wait_secs: 0.0, action_wait_secs: {delete: 1}"))
    assert told == ["s UPDATE_IN_PROGRESS", "one UPDATE_IN_PROGRESS", "one UPDATE_COMPLETE", "s UPDATE_COMPLETE"]


async def test_a_replacement_is_made_first_then_dependants_are_pointed_to_it_then_the_old_one_goes(lab: Any) -> None:
    template = """heat_template_version: 2018-08-31
resources:
  one: {{type: OS::Heat::TestResource, properties: {{value: a, update_replace_value: {0}}}}}
  two: {{type: OS::Heat::TestResource, properties: {{value: {{get_resource: one}}}}}}
"""
    before = await (await created(lab, template.format("x"))).resources()
    started, told = await updated(lab, template.format("y"))
    after = await started.resources()
    assert after["one"].physical_id != before["one"].physical_id
    assert after["two"].physical_id == before["two"].physical_id
    assert after["two"].attributes["output"] == after["one"].physical_id
    assert told == [
        "s UPDATE_IN_PROGRESS",
        "one CREATE_IN_PROGRESS",
        "one CREATE_COMPLETE",
        "two UPDATE_IN_PROGRESS",
        "two UPDATE_COMPLETE",
        "one DELETE_IN_PROGRESS",
        "one DELETE_COMPLETE",
        "s UPDATE_COMPLETE",
    ]
    assert after["two"].requires == (after["one"].id,)


async def test_resources_come_and_go(lab: Any) -> None:
    await created(lab, chain("value: a"))
    template = HEAD + "  one: {type: OS::Heat::TestResource, properties: {value: a}}\n  new: {type: OS::Heat::None}\n"
    started, told = await updated(lab, template)
    assert sorted(await started.resources()) == ["new", "one"]
    assert told.index("three DELETE_COMPLETE") < told.index("two DELETE_IN_PROGRESS")
    assert "new CREATE_COMPLETE" in told and not any(line.startswith("one") for line in told)


async def test_a_failed_update_is_rolled_back_to_what_was(lab: Any) -> None:
    before = await (await created(lab, chain("value: a"))).resources()
    started = await lab.update("s", chain("value: b", second="b, fail: true"), disable_rollback=False)
    result = await started.handle.result()  # of the chain: the rollback's
    assert (result.state, result.action) == (OperationState.DONE, "ROLLBACK")
    assert (await started.operation()).state is OperationState.FAILED
    stack = await started.stack()
    assert stack.state == "ROLLBACK_COMPLETE" and "fail" not in stack.template
    after = await started.resources()
    assert after["one"].physical_id == before["one"].physical_id
    assert after["one"].attributes == {"output": "a"} and after["three"].attributes == {"value": "a"}
    told = await started.told()
    assert told[-1] == "s ROLLBACK_COMPLETE" and "s UPDATE_FAILED" in told
    _, nothing = await updated(lab, chain("value: a"))
    assert nothing == ["s UPDATE_IN_PROGRESS", "s UPDATE_COMPLETE"]


async def test_a_failed_create_is_rolled_back_to_nothing(lab: Any) -> None:
    started = await lab.create(chain("value: a", second="b, fail: true"), name="s", disable_rollback=False)
    result = await started.handle.result()
    assert (result.state, result.action) == (OperationState.DONE, "ROLLBACK")
    assert (await started.stack()).state == "ROLLBACK_COMPLETE" and await started.resources() == {}
    assert "one DELETE_COMPLETE" in await started.told()
    again, _ = await updated(lab, chain("value: a"))
    assert (await again.stack()).state == "UPDATE_COMPLETE" and len(await again.resources()) == 3


async def test_a_create_that_failed_can_be_deleted_by_itself(lab: Any) -> None:
    started = await lab.create(chain("value: a", second="b, fail: true"), name="s", on_failure="delete")
    result = await started.handle.result()
    assert (result.state, result.action) == (OperationState.DONE, "DELETE")


async def test_without_rollback_a_failed_update_stays_and_the_next_one_repairs_it(lab: Any) -> None:
    await created(lab, chain("value: a"))
    started = await lab.update("s", chain("value: b", second="b, fail: true"))
    with pytest.raises(WorkflowFailureError):
        await started.handle.result()
    assert (await started.stack()).state == "UPDATE_FAILED"
    rows = await started.resources()
    assert (rows["one"].state, rows["two"].state, rows["three"].state) == (
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "CREATE_COMPLETE",
    )
    repaired, told = await updated(lab, chain("value: c"))
    after = await repaired.resources()
    assert after["three"].attributes == {"value": "c"} and after["two"].id != rows["two"].id
    assert "two DELETE_COMPLETE" in told


async def test_going_on_takes_up_only_what_is_unfinished(lab: Any) -> None:
    template = (
        HEAD
        + """
  a: {type: OS::Heat::TestResource, properties: {value: x}}
  b: {type: OS::Heat::TestResource, properties: {value: x, action_wait_secs: {create: 7200}}, depends_on: a}
  c: {type: OS::Heat::TestResource, depends_on: b}
"""
    )
    started = await lab.create(template, name="s", timeout_mins=60)
    with pytest.raises(WorkflowFailureError):
        await started.handle.result()
    assert (await started.stack()).state == "CREATE_FAILED"
    before = await started.told()
    fixed = template.replace("create: 7200", "create: 60")
    again = await lab.update("s", fixed)
    assert (await again.handle.result()).state is OperationState.DONE
    told = (await again.told())[len(before) :]
    assert not any(line.startswith("a ") for line in told)
    assert "c CREATE_COMPLETE" in told and "b CREATE_COMPLETE" in told


async def test_a_rollback_that_failed_can_skip_what_cannot_be_brought_back(lab: Any) -> None:
    slow_back = chain("value: a", second="b, action_wait_secs: {update: 7200}")
    await created(lab, slow_back)
    failing = chain("value: a", second="c", more="  bad: {type: OS::Heat::TestResource, properties: {fail: true}}\n")
    started = await lab.update("s", failing.replace("fail: true", "fail: true, wait_secs: 5"), disable_rollback=False)
    with pytest.raises(WorkflowFailureError):
        await started.handle.result()
    assert (await started.stack()).state == "ROLLBACK_FAILED"
    skipped = await lab.rollback("s", skip=("two",))
    assert (await skipped.handle.result()).state is OperationState.DONE
    assert (await skipped.stack()).state == "ROLLBACK_COMPLETE"
    rows = await skipped.resources()
    assert rows["two"].drift and sorted(rows) == ["one", "three", "two"]
    repaired, told = await updated(lab, slow_back.replace("update: 7200", "update: 1"))
    assert "two UPDATE_COMPLETE" in told or "two CREATE_COMPLETE" in told
    assert not (await repaired.resources())["two"].drift


async def test_what_a_rollback_skipped_and_an_update_then_takes_out_is_gone_without_a_trace(lab: Any) -> None:
    await created(lab, chain("value: a", second="b, action_wait_secs: {update: 7200}"))
    failing = chain("value: a", second="c", more="  bad: {type: OS::Heat::TestResource, properties: {fail: true}}\n")
    started = await lab.update("s", failing.replace("fail: true", "fail: true, wait_secs: 5"), disable_rollback=False)
    with pytest.raises(WorkflowFailureError):
        await started.handle.result()
    await (await lab.rollback("s", skip=("two",))).handle.result()
    without, _ = await updated(lab, HEAD + "  one: {type: OS::Heat::TestResource, properties: {value: a}}\n")
    stack = await without.stack()
    rows = await lab.store.project("lab").all_rows(stack.id)
    assert (stack.state, [row.name for row in rows]) == ("UPDATE_COMPLETE", ["one"])


async def test_nothing_is_rolled_back_that_did_not_fail(lab: Any) -> None:
    await created(lab, chain("value: a"))
    with pytest.raises(InvalidInput, match="nothing to roll back"):
        await lab.rollback("s")
    with pytest.raises(InvalidInput, match="nothing to go on with"):
        await lab.go_on("s")


async def test_what_exists_is_changed_by_what_is_named(lab: Any) -> None:
    template = """heat_template_version: 2018-08-31
parameters:
  word: {type: string, default: none}
  other: {type: string, default: none}
resources:
  one: {type: OS::Heat::Value, properties: {value: {list_join: [-, [{get_param: word}, {get_param: other}]]}}}
"""
    await lab.create(template, name="s", parameters={"word": "a", "other": "b"}, tags=("x",))
    started, _ = await updated(lab, existing=True, parameters={"word": "c"})
    assert (await started.resources())["one"].attributes == {"value": "c-b"}
    started, _ = await updated(lab, existing=True, clear_parameters=("other",))
    assert (await started.resources())["one"].attributes == {"value": "c-none"}
    assert (await started.stack()).tags == ("x",)
    started, _ = await updated(lab, template, parameters={"other": "d"})
    assert (await started.resources())["one"].attributes == {"value": "none-d"}
    assert (await started.stack()).tags == ()
