"""What CreateStack and DeleteStack do with a stack, on the time-skipping server."""

import asyncio
import re
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from firebrick import contract
from firebrick.contract import DeleteStackRequest, OperationState
from firebrick.diagnostics import InvalidInput
from firebrick.intake import accept_delete

HEAD = "heat_template_version: 2018-08-31\nresources:\n"
CHAIN = """
heat_template_version: 2018-08-31
resources:
  one: {type: OS::Heat::TestResource, properties: {value: a}}
  two: {type: OS::Heat::TestResource, properties: {value: {get_attr: [one, output]}}}
  three: {type: OS::Heat::Value, properties: {value: {get_attr: [two, output]}}}
"""

FAILS = """
heat_template_version: 2018-08-31
resources:
  bad: {type: OS::Heat::TestResource, properties: {value: unspeakable, fail: true}}
  after: {type: OS::Heat::TestResource, depends_on: bad}
  slow: {type: OS::Heat::Delay, properties: {min_wait: 30}}
  later: {type: OS::Heat::TestResource, depends_on: slow}
"""


def waits(seconds: int) -> str:
    return f"""
heat_template_version: 2018-08-31
resources:
  wait: {{type: OS::Heat::TestResource, properties: {{action_wait_secs: {{create: {seconds}}}}}}}
  after: {{type: OS::Heat::TestResource, depends_on: wait}}
"""


def failure(error: WorkflowFailureError) -> ApplicationError:
    assert isinstance(error.cause, ApplicationError)
    return error.cause


async def test_a_create_follows_the_dependencies_and_a_delete_goes_back(lab) -> None:
    created = await lab.create(CHAIN, name="chain")
    result = await created.handle.result()
    assert (result.state, result.resources, result.stack_name) == (OperationState.DONE, 3, "chain")
    told = await created.told()
    assert told == [
        "chain CREATE_IN_PROGRESS",
        *(f"{name} CREATE_{status}" for name in ("one", "two", "three") for status in ("IN_PROGRESS", "COMPLETE")),
        "chain CREATE_COMPLETE",
    ]
    rows = {row.name: row for row in await lab.store.project("lab").resources(created.accepted.stack_id)}
    assert rows["three"].attributes["value"] == "a"
    deleted = await lab.delete("chain")
    assert (await deleted.handle.result()).state is OperationState.DONE
    back = (await deleted.told())[len(told) :]
    assert back == [
        "chain DELETE_IN_PROGRESS",
        *(f"{name} DELETE_{status}" for name in ("three", "two", "one") for status in ("IN_PROGRESS", "COMPLETE")),
        "chain DELETE_COMPLETE",
    ]


async def test_the_first_failure_stops_new_starts_and_what_runs_goes_on_to_its_end(lab) -> None:
    created = await lab.create(FAILS, name="fails")
    with pytest.raises(WorkflowFailureError) as caught:
        await created.handle.result()
    cause = failure(caught.value)
    assert cause.type == contract.STACK_ACTION_FAILED
    assert "bad" in cause.message and "unspeakable" not in cause.message
    told = await created.told()
    assert "slow CREATE_COMPLETE" in told and "bad CREATE_FAILED" in told
    assert not any(line.startswith(("after", "later")) for line in told)
    operation = await created.operation()
    assert operation.state is OperationState.FAILED
    assert [one.resource for one in operation.failure.causes] == ["bad"]
    assert sorted(operation.failure.not_started) == ["after", "later"]


async def test_a_wait_of_an_hour_is_a_timer_and_no_activity(lab) -> None:
    created = await lab.create(waits(3000))
    assert (await created.handle.result()).state is OperationState.DONE
    history = await created.handle.fetch_history()
    steps = [e for e in history.events if e.HasField("activity_task_scheduled_event_attributes")]
    # begin, wait twice (start, look again), after, finish
    assert len(steps) == 5


async def details(handle: WorkflowHandle[Any, Any], holding: str) -> str:
    """What the UI shows of the run once it has that text."""
    async with asyncio.timeout(30):
        while True:
            told = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
            if holding in told.current_details:
                return told.current_details


async def test_the_ui_is_told_what_is_waited_for_and_until_when(lab) -> None:
    created = await lab.create(waits(3000), name="slow")
    told = await details(created.handle, "1 parked")
    assert told.startswith("**CREATE** slow: 0 of 2 done, 0 running, 1 parked, 1 waiting, 0 failed\n\n")
    assert re.search(r"Parked:\n\n- `wait` \(OS::Heat::TestResource\): wait until \d\d:\d\d:\d\d UTC$", told)
    await created.handle.result()
    told = await details(created.handle, "2 of 2 done")
    assert told == "**CREATE** slow: 2 of 2 done, 0 running, 0 parked, 0 waiting, 0 failed"


async def test_the_ui_is_told_what_failed_and_where_to_read_why(lab) -> None:
    created = await lab.create(FAILS, name="fails")
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    told = await details(created.handle, "1 failed")
    assert "Failed:\n\n- `bad` (OS::Heat::TestResource): failed (permanent)" in told
    assert told.endswith("Why, and what to do: `firebrick stack failures list fails`")


async def test_a_delay_longer_than_the_stack_may_take_is_refused_at_once(lab) -> None:
    template = HEAD + "  wait: {type: OS::Heat::Delay, properties: {min_wait: 100, max_jitter: 300}}\n"
    with pytest.raises(InvalidInput, match="resources.wait.properties.*400 exceeds stack timeout 300"):
        await lab.create(template, timeout_mins=5)


async def test_the_time_limit_ends_an_action_and_leaves_nothing_in_progress(lab) -> None:
    created = await lab.create(waits(3000), timeout_mins=5)
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    events = await created.events()
    assert [e.reason for e in events if e.resource_name == "wait"][-1] == "CREATE aborted (Timed out)"
    assert (events[-1].state, events[-1].reason) == ("CREATE_FAILED", "Timed out")
    assert not any(e.resource_name == "after" for e in events)
    deleted = await lab.delete(created.accepted.stack_id)
    assert (await deleted.handle.result()).state is OperationState.DONE


async def test_a_cancel_stops_a_create_and_the_operation_says_so(lab) -> None:
    created = await lab.create(waits(3000))
    await parked(created)
    await created.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    operation = await created.operation()
    assert operation.state is OperationState.FAILED
    assert "cancel" in operation.reason


async def test_the_signal_that_does_not_wait_counts_for_a_cancel_by_temporals_own_means(lab) -> None:
    """Of such a cancel the store does not know."""
    created = await lab.create(waits(3000))
    await parked(created)
    await created.handle.signal(contract.CANCEL_AT_ONCE)
    await details(created.handle, "that the store does not know")  # nobody has cancelled it
    await created.handle.cancel()
    await details(created.handle, "1 parked")  # a cancel waits for it
    await created.handle.signal(contract.CANCEL_AT_ONCE)
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    assert [e.reason for e in await created.events() if e.resource_name == "wait"][-1].startswith("CREATE aborted")


async def test_a_delete_takes_a_running_create_over_in_the_same_chain(lab) -> None:
    created = await lab.create(waits(3000), name="taken")
    await parked(created)
    accepted = await accept_delete_of(lab, "taken")
    await created.handle.signal(contract.TAKE_OVER)
    result = await created.handle.result()
    assert (result.operation_id, result.state) == (accepted.id, OperationState.DONE)
    superseded = await created.operation()
    assert (superseded.state, superseded.superseded_by) == (OperationState.SUPERSEDED, accepted.id)
    assert (await created.told())[-1] == "taken DELETE_COMPLETE"


async def test_a_second_workflow_for_one_operation_watches_the_first(lab) -> None:
    created = await lab.create(waits(60))
    await parked(created)
    accepted = created.accepted
    twin = await lab.client.start_workflow(
        contract.CREATE_STACK,
        contract.Accepted(project="lab", stack_id=accepted.stack_id, operation_id=accepted.id),
        id=f"twin-{accepted.id}",
        task_queue=contract.TASK_QUEUE,
        result_type=contract.ActionResult,
    )
    assert (await twin.result()).state is OperationState.DONE
    assert (await created.told()).count("after CREATE_COMPLETE") == 1


async def test_progress_can_be_asked_for(lab) -> None:
    created = await lab.create(waits(3000), timeout_mins=1)
    await parked(created)
    progress = await created.handle.query(contract.PROGRESS, result_type=contract.Progress)
    assert (progress.total, progress.action) == (2, "CREATE")
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one JSON object"),
        ([7], "one JSON object"),
        ([{"template": "x"}], "name: Field required"),
        ([{"name": "x", "template": "x", "colour": "red"}], "colour"),
        ([{"name": "a/b", "template": "heat_template_version: 2018-08-31"}], "a/b cannot be the name"),
        ([{"name": "ab", "template": "heat_template_version: ["}], "template:2:1: the text is not YAML"),
        ([{"name": "ab", "template": "x"}, 1], ""),
        ([{"accepted": True, "project": "lab"}], "stack_id"),
        ([{"chain": True}], "Field required"),
    ],
)
async def test_what_is_not_a_request_fails_the_run_and_stores_nothing(lab, arguments, said) -> None:
    handle = await lab.client.start_workflow(
        contract.CREATE_STACK, args=arguments, id="bad", task_queue=contract.TASK_QUEUE
    )
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert said in failure(caught.value).message
    for project in ("lab", contract.DEFAULT_PROJECT):
        assert await lab.store.project(project).stacks() == []
    assert await lab.store.every_project().open_operations() == []


async def parked(created) -> None:
    """Wait until the workflow itself waits, on its timer. Time does not skip while nobody awaits a result.

    The event of the resource would come too early: its activity may complete while the cancellation is on its way, and
    this server, unlike a real one, refuses the workflow task that asks for the cancel of an activity that is complete.
    """
    async with asyncio.timeout(30):
        while not (await created.handle.query(contract.PROGRESS, result_type=contract.Progress)).parked:
            await asyncio.sleep(0.01)


async def accept_delete_of(lab, name: str):
    return await accept_delete(lab.store, DeleteStackRequest(stack=name, project="lab"))


async def test_a_cancel_that_is_told_late_does_not_end_the_operation_after_the_one_it_was_for(lab) -> None:
    created = await lab.create(HEAD + "  one: {type: OS::Heat::TestResource}\n", name="late")
    await created.handle.result()
    updated = await lab.update("late", waits(3000))
    await parked(updated)
    await updated.handle.signal(contract.CANCEL, created.accepted.seq)
    await parked(updated)
    assert (await updated.operation()).state is OperationState.RUNNING
    await updated.handle.signal(contract.CANCEL, updated.accepted.seq)
    await updated.handle.result()  # of the rollback that follows
    assert (await updated.operation()).state is OperationState.FAILED
