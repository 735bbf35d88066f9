"""Hooks and signals: where a resource waits for somebody, on the time-skipping server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from firebrick import contract
from firebrick.contract import Cancel, OperationState
from firebrick.diagnostics import InvalidInput
from firebrick.signals import accept_signal, wake_key
from tests.workflow.conftest import Started

HEAD = "heat_template_version: 2018-08-31\nresources:\n"
ONE = HEAD + "  one: {type: OS::Heat::TestResource, properties: {value: a}}\n"
TWO = ONE + "  two: {type: OS::Heat::Value, properties: {value: {get_attr: [one, output]}}}\n"


def hooks(*names: str, resource: str = "one") -> dict[str, Any]:
    return {"resource_registry": {"resources": {resource: {"hooks": list(names)}}}}


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await found():
            await asyncio.sleep(0.02)


async def waits_at(started: Any, hook: str, name: str = "one") -> None:
    action = hook.partition("-")[2].upper()
    text = f"{action} paused until Hook {hook} is cleared"

    async def told() -> bool:
        return [e.reason for e in await started.events() if e.resource_name == name][-1:] == [text]

    await until(told)


async def send(started: Any, body: Any, name: str = "one", *, wake: bool = True) -> None:
    """What the API does with a signal. wake: whether the news reaches the run."""
    lab = started.lab
    repository = lab.store.project("lab")
    stack = await started.stack()
    row = await repository.resource(stack.id, name)
    workflow_id = await accept_signal(repository, lab.registry, stack, row, body)
    if wake and workflow_id:
        await lab.client.get_workflow_handle(workflow_id).signal(contract.WAKE, wake_key(name))


async def clear(started: Any, hook: str, name: str = "one", **how: Any) -> None:
    await send(started, {"unset_hook": hook}, name, **how)


async def told_of(started: Any, name: str = "one", *, since: int = 0) -> list[str]:
    events = (await started.events())[since:]
    return [
        event.state if event.reason == "state changed" else f"{event.state}: {event.reason}"
        for event in events
        if event.resource_name == name
    ]


async def test_a_create_waits_before_and_after_and_dependants_wait_with_it(lab: Any) -> None:
    started = await lab.create(TWO, environment=hooks("pre-create", "post-create"))
    await waits_at(started, "pre-create")
    assert (await started.resources())["one"].state == "INIT_COMPLETE"
    await clear(started, "pre-create")
    await waits_at(started, "post-create")
    rows = await started.resources()
    assert (rows["one"].state, rows["two"].state) == ("CREATE_COMPLETE", "INIT_COMPLETE")
    await clear(started, "post-create")
    assert (await started.handle.result()).state is OperationState.DONE
    assert await told_of(started) == [
        "INIT_COMPLETE: CREATE paused until Hook pre-create is cleared",
        "INIT_COMPLETE: Hook pre-create is cleared",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_COMPLETE: CREATE paused until Hook post-create is cleared",
        "CREATE_COMPLETE: Hook post-create is cleared",
    ]
    assert (await started.resources())["two"].attributes == {"value": "a"}


@pytest.mark.parametrize("type_", ["OS::Heat::RandomString", "OS::Heat::TestResource"])
async def test_instant_types_wait_too_and_patterns_of_names_are_hooks_as_well(lab: Any, type_: str) -> None:
    template = HEAD + f"  one: {{type: {type_}}}\n  other: {{type: {type_}}}\n"
    started = await lab.create(template, environment=hooks("pre-create", resource="o*e"))
    await waits_at(started, "pre-create")
    await clear(started, "pre-create")
    assert (await started.handle.result()).state is OperationState.DONE
    assert await told_of(started, "other") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


async def test_an_update_waits_although_nothing_will_change(lab: Any) -> None:
    started = await lab.create(ONE, name="s", environment=hooks("pre-update", "post-update", "pre-create"))
    await waits_at(started, "pre-create")
    await clear(started, "pre-create")
    await started.handle.result()
    since = len(await started.events())
    update = await lab.update("s", ONE, environment=hooks("pre-update", "post-update"))
    await waits_at(update, "pre-update")
    await clear(update, "pre-update")
    assert (await update.handle.result()).state is OperationState.DONE
    assert await told_of(update, since=since) == [
        "CREATE_COMPLETE: UPDATE paused until Hook pre-update is cleared",
        "CREATE_COMPLETE: Hook pre-update is cleared",
    ]
    since = len(await started.events())
    update = await lab.update("s", ONE.replace("value: a", "value: b"), environment=hooks("pre-update", "post-update"))
    await waits_at(update, "pre-update")
    await clear(update, "pre-update")
    await waits_at(update, "post-update")
    assert (await update.resources())["one"].attributes == {"output": "b"}
    await clear(update, "post-update")
    assert (await update.handle.result()).state is OperationState.DONE
    assert (await told_of(update, since=since))[2:5] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_COMPLETE: UPDATE paused until Hook post-update is cleared",
    ]


async def test_delete_hooks_are_for_the_deletion_of_the_stack(lab: Any) -> None:
    environment = hooks("pre-delete", "post-delete")
    await (await lab.create(TWO, name="s", environment=environment)).handle.result()
    update = await lab.update("s", HEAD + "  two: {type: OS::Heat::None}\n", environment=environment)
    assert (await update.handle.result()).state is OperationState.DONE  # one was deleted, and did not wait
    await (await lab.update("s", TWO, environment=environment)).handle.result()
    started = await lab.delete("s")
    await waits_at(started, "pre-delete")
    assert (await started.resources())["one"].state == "CREATE_COMPLETE"
    await clear(started, "pre-delete")
    await waits_at(started, "post-delete")
    await clear(started, "post-delete")
    assert (await started.handle.result()).state is OperationState.DONE


FAILS = HEAD + (
    "  a: {type: OS::Heat::TestResource, properties: {fail: true}}\n"
    "  one: {type: TYPE, depends_on: a, properties: {value: x}}\n"
)


@pytest.mark.parametrize("type_", ["OS::Heat::Value", "OS::Heat::TestResource"])
async def test_what_was_never_made_does_not_wait_to_be_deleted(lab: Any, type_: str) -> None:
    environment = hooks("pre-delete", "post-delete", resource="*")
    created = await lab.create(FAILS.replace("TYPE", type_), name="s", environment=environment)
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    rows = await created.resources()
    assert (rows["a"].state, rows["one"].state) == ("CREATE_FAILED", "INIT_COMPLETE")
    started = await lab.delete("s")
    for hook in ("pre-delete", "post-delete"):
        await waits_at(started, hook, "a")  # its create has failed: nobody knows what it has made
        await clear(started, hook, "a")
    assert (await started.handle.result()).state is OperationState.DONE
    assert [one for one in await told_of(started) if "Hook" in one] == []


async def test_an_object_that_exists_already_does_not_wait_to_be_created_and_waits_to_be_let_go(lab: Any) -> None:
    template = HEAD + "  one: {type: OS::Heat::RandomString, external_id: abc}\n"
    every = ("pre-create", "post-create", "pre-update", "post-update", "pre-delete")
    created = await lab.create(template, name="s", environment=hooks(*every))
    assert (await created.handle.result()).state is OperationState.DONE
    updated = await lab.update("s", template, environment=hooks(*every))
    assert (await updated.handle.result()).state is OperationState.DONE
    started = await lab.delete("s")
    await waits_at(started, "pre-delete")
    await clear(started, "pre-delete")
    assert (await started.handle.result()).state is OperationState.DONE


async def test_an_instant_one_that_got_its_hook_by_an_update_waits_at_the_delete(lab: Any) -> None:
    template = HEAD + "  one: {type: OS::Heat::Value, properties: {value: a}}\n"
    await (await lab.create(template, name="s")).handle.result()
    await (await lab.update("s", template, environment=hooks("pre-delete"))).handle.result()
    started = await lab.delete("s")
    await waits_at(started, "pre-delete")
    await clear(started, "pre-delete")
    assert (await started.handle.result()).state is OperationState.DONE


async def test_a_cleared_hook_whose_news_was_lost_is_seen_after_a_while(lab: Any) -> None:
    started = await lab.create(ONE, environment=hooks("pre-create"))
    await waits_at(started, "pre-create")
    await clear(started, "pre-create", wake=False)
    assert (await started.handle.result()).state is OperationState.DONE


async def test_hooks_that_are_not_set_are_refused_in_heats_words(lab: Any) -> None:
    started = await lab.create(ONE, name="s", environment=hooks("pre-create"))
    await waits_at(started, "pre-create")
    stack = await started.stack()
    for hook, text in (
        ("pre-crate", f'Invalid hook type "pre-crate" for TestResource "one" Stack "s" [{stack.id}]'),
        ("post-create", f'The "post-create" hook is not defined on TestResource "one" Stack "s" [{stack.id}]'),
    ):
        with pytest.raises(InvalidInput) as refused:
            await clear(started, hook)
        assert (refused.value.first.message, refused.value.first.heat_type) == (text, "InvalidBreakPointHook")
    await clear(started, "pre-create")
    with pytest.raises(InvalidInput, match="does not wait at"):
        await clear(started, "pre-create")
    assert (await started.handle.result()).state is OperationState.DONE


@pytest.mark.parametrize("why", ["deadline", "cancel"])
async def test_what_waits_when_the_operation_ends_says_so(lab: Any, why: str) -> None:
    started = await lab.create(ONE, name="s", timeout_mins=3, environment=hooks("pre-create"))
    await waits_at(started, "pre-create")
    if why == "cancel":
        operation = await lab.store.project("lab").accept_cancel(started.accepted.stack_id, Cancel.KEEP, now=0.0)
        await lab.client.get_workflow_handle(operation.workflow_id).signal(contract.CANCEL)
    with pytest.raises(Exception, match="failed"):
        await started.handle.result()
    assert (await told_of(started))[-1] == "INIT_COMPLETE: Failure occurred while waiting."
    with pytest.raises(InvalidInput, match="does not wait at"):
        await clear(started, "pre-create")
    operation = await started.operation()
    assert operation.state is OperationState.FAILED and operation.failure.aborted == ("one",)
    again = await lab.update("s", ONE)
    assert (await again.handle.result()).state is OperationState.DONE


async def test_a_delete_takes_over_what_waits(lab: Any) -> None:
    started = await lab.create(ONE, name="s", environment=hooks("pre-create"))
    await waits_at(started, "pre-create")
    deleted = await lab.delete("s")
    await started.handle.signal(contract.TAKE_OVER, deleted.accepted.seq)
    assert (await deleted.handle.result()).state is OperationState.DONE
    assert (await started.operation()).state is OperationState.SUPERSEDED


async def test_hooks_reach_resources_of_nested_stacks_by_the_outer_ones_name(lab: Any) -> None:
    template = HEAD + "  outer: {type: inner.yaml}\n"
    inner = {"one": {"hooks": "pre-create"}}
    environment = {"resource_registry": {"resources": {"outer": inner | {"hooks": "post-create"}, "two": inner}}}
    started = await lab.create(template, name="s", files={"inner.yaml": ONE}, environment=environment)

    async def inner_stack() -> Any:
        found = await lab.store.project("lab").stacks(include_nested=True)
        return next((one for one in found if one.name != "s"), None)

    await until(inner_stack)
    stack_id = (await inner_stack()).id
    (operation,) = await lab.store.project("lab").operations(stack_id)
    nested = Started(lab, operation, started.handle)
    await waits_at(nested, "pre-create")
    await clear(nested, "pre-create")
    await waits_at(started, "post-create", "outer")
    await clear(started, "post-create", "outer")
    assert (await started.handle.result()).state is OperationState.DONE


# --- signals ---

SIGNALLED = HEAD + "  one: {type: Firebrick::Test::Signalled, properties: {count: 2, timeout: 600}}\n"


async def waits_for_signals(started: Any) -> None:
    async def parked() -> bool:
        row = (await started.resources())["one"]
        return row.state == "CREATE_IN_PROGRESS" and "until" in row.progress

    await until(parked)


async def test_a_resource_waits_for_its_signals(lab: Any) -> None:
    started = await lab.create(SIGNALLED)
    await waits_for_signals(started)
    await send(started, {"value": "first"})
    await send(started, {"value": "second"}, wake=False)  # its news is lost
    assert (await started.handle.result()).state is OperationState.DONE
    assert (await started.resources())["one"].attributes == {"values": ["first", "second"]}
    assert (await told_of(started))[:3] == [
        "CREATE_IN_PROGRESS",
        "SIGNAL_IN_PROGRESS: Signal: value first",
        "SIGNAL_IN_PROGRESS: Signal: value second",
    ]


async def test_signals_that_do_not_come_are_waited_for_until_the_time_is_over(lab: Any) -> None:
    started = await lab.create(SIGNALLED)
    await waits_for_signals(started)
    await send(started, {"value": "only"})
    with pytest.raises(Exception, match="failed"):
        await started.handle.result()
    assert "1 of 2 signals came" in (await started.stack()).status_reason


async def test_signals_are_told_as_heat_tells_them(lab: Any) -> None:
    started = await lab.create(SIGNALLED.replace("count: 2", "count: 5"))
    await waits_for_signals(started)
    for body in (None, "a text", {"previous": "ok", "current": "alarm", "reason": "hot"}, {"a": 1}, ["x"]):
        await send(started, body)
    assert (await started.handle.result()).state is OperationState.DONE
    await send(started, {"value": "late"})
    told = [line for line in await told_of(started) if line.startswith("SIGNAL")]
    assert told == [
        "SIGNAL_IN_PROGRESS: No signal details provided",
        "SIGNAL_IN_PROGRESS: a text",
        "SIGNAL_IN_PROGRESS: alarm state changed from ok to alarm (hot)",
        "SIGNAL_IN_PROGRESS: Unknown",
        "SIGNAL_IN_PROGRESS: Unknown",
        "SIGNAL_COMPLETE: Signal: value late",
    ]
