"""What is told to resources from outside their operation, in both databases: hooks, signals, marks; and adoption."""

from dataclasses import replace
from typing import Any

import pytest

from firebrick.contract import Action, StepKind, StepResult
from firebrick.diagnostics import ActionInProgress, InvalidInput, NotFound
from firebrick.store import Repository, Store
from firebrick.store.step_outcomes import AlreadyEnded, RowOutcome
from tests.unit.store.conftest import Stack


async def hooked(stacks: Any, repository: Repository, *hooks: str, **more: Any) -> Any:
    """A running create of a and of b, which requires it; a has these hooks."""
    new = stacks.new_stack(stacks.fresh_name(), {"a": (), "b": ("a",)})
    a, b = new.resources
    new = replace(new, resources=[replace(a, definition={**a.definition, "hooks": list(hooks), **more}), b])
    operation = await repository.accept_create(new, stacks.new_operation(Action.CREATE))
    stack = Stack(repository, new.id, operation)
    await stack.begin(Action.CREATE, now=1.5)
    stack.rows = {row.name: row.id for row in await repository.plan_rows(new.id, operation.id)}
    return stack


def parked(hook: str) -> RowOutcome:
    return RowOutcome.parked(StepKind.WAIT_SIGNAL, 90.0, key="signal.a", hook=hook)


async def test_a_row_at_a_hook_stays_what_it_is_until_that_is_cleared(stacks: Any, repository: Repository) -> None:
    stack = await hooked(stacks, repository, "pre-create")
    held = await stack.claim("a")
    assert not held.in_progress and not held.intent_open
    assert await repository.record(held.claim, parked("pre-create"), now=3.0)
    held = await stack.claim("a", step=2)  # it looks by itself
    assert not held.in_progress
    assert await repository.record(held.claim, parked("pre-create"), now=3.0)

    def clear(hook: str, stack_id: str = stack.id) -> Any:
        return repository.clear_hook(stack_id, "a", hook, shown="a thing", now=4.0)

    with pytest.raises(InvalidInput):
        await clear("post-create")
    with pytest.raises(NotFound):
        await clear("pre-create", "no stack")
    assert await clear("pre-create") == stacks.workflow
    with pytest.raises(InvalidInput):
        await clear("pre-create")
    held = await stack.claim("a", step=3)
    assert held.in_progress and held.row.key and not held.intent_open
    assert (await repository.resource(stack.id, "a")).create_unsettled  # the call may be made from now on
    assert (await stack.texts(1)) == [
        "a INIT_COMPLETE CREATE paused until Hook pre-create is cleared",
        "a INIT_COMPLETE Hook pre-create is cleared",
        "a CREATE_IN_PROGRESS state changed",
    ]


async def test_what_is_done_is_told_when_the_hook_after_it_is_cleared(stacks: Any, repository: Repository) -> None:
    stack = await hooked(stacks, repository, "post-create")
    held = await stack.claim("a")
    pause = StepResult(kind=StepKind.WAIT_SIGNAL, at=90.0, key="signal.a")
    done = replace(RowOutcome.done(physical_id="id-a", changed=True), hook="post-create", pause=pause)
    assert await repository.record(held.claim, done, now=3.0)
    rows = {row.name: row.status for row in await repository.plan_rows(stack.id, stack.operation.id)}
    assert rows["a"] == "IN_PROGRESS"  # its node is not done
    await repository.clear_hook(stack.id, "a", "post-create", shown="", now=4.0)
    held = await stack.claim("a", step=2)
    assert not held.in_progress and held.row.state == "CREATE_COMPLETE"
    result = StepResult.model_validate(held.row.hooks["result"])
    assert result == StepResult(kind=StepKind.DONE, changed=True)
    assert await repository.record(held.claim, RowOutcome(result, quiet=True), now=5.0)
    assert await stack.try_claim(stack.claim_of("a", step=3)) == AlreadyEnded(result)
    rows = {row.name: row.status for row in await repository.plan_rows(stack.id, stack.operation.id)}
    assert rows["a"] == "COMPLETE"


async def test_the_end_of_the_operation_is_the_end_of_the_wait(stacks: Any, repository: Repository) -> None:
    stack = await hooked(stacks, repository, "pre-create")
    await stack.step("a", parked("pre-create"))
    await stack.finish(interrupted="deadline")
    assert "a INIT_COMPLETE Failure occurred while waiting." in await stack.texts()
    with pytest.raises(InvalidInput):
        await repository.clear_hook(stack.id, "a", "pre-create", shown="", now=6.0)
    failure = (await repository.operation(stack.operation.id)).failure
    assert failure is not None and (failure.aborted, failure.not_started) == (("a",), ("b",))


async def test_signals_are_kept_in_order_for_the_row_they_were_sent_to(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    a, b = [await repository.resource(stack.id, name) for name in ("a", "b")]
    for now, body in ((5.0, {"n": 1}), (5.0, None), (6.0, "text")):
        assert await repository.add_signal(stack.id, a, body, f"said {body}", now=now) == stacks.workflow
    assert await repository.signals(a) == [{"n": 1}, None, "text"]
    assert await repository.signals(b) == []
    assert await repository.signals(replace(a, created_at=5.5)) == ["text"]  # of a row that took its place
    assert (await stack.texts())[-1] == "a SIGNAL_COMPLETE said text"
    await stack.finish(complete=True)
    assert await repository.add_signal(stack.id, a, 1, "late", now=7.0) == ""
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.finish(complete=True)
    assert await repository.signals(a) == []


async def test_a_mark_is_for_a_resource_that_nobody_holds(stacks: Any, repository: Repository, store: Store) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    await stack.step("a", RowOutcome.done(physical_id="id-a"))
    await stack.claim("b")
    held = await repository.resource(stack.id, "b")
    with pytest.raises(ActionInProgress):
        await repository.mark(stack.id, held, unhealthy=True, reason="ill", now=5.0)
    row = await repository.resource(stack.id, "a")
    with pytest.raises(NotFound):
        await store.project("another").mark(stack.id, row, unhealthy=True, reason="ill", now=5.0)
    before = (await repository.stack(stack.id)).revision
    await repository.mark(stack.id, row, unhealthy=True, reason="ill", now=5.0)
    assert (await repository.resource(stack.id, "a")).state == "CHECK_FAILED"
    assert (await repository.stack(stack.id)).revision == before + 1  # a plan made before is refused


async def test_an_external_object_is_adopted_once(stacks: Any, repository: Repository) -> None:
    stack = await hooked(stacks, repository, external_id="theirs")
    held = await stack.claim("a")
    assert not held.in_progress
    for _ in range(2):
        assert await repository.adopt(held.claim, "theirs", checks=True, now=3.0)
    again = await stack.claim("a", now=100.0, attempt=2)  # the worker died
    assert not await repository.adopt(held.claim, "theirs", checks=True, now=101.0)  # and it was not dead at all
    assert again.row.state == "CHECK_IN_PROGRESS"
    assert await repository.record(again.claim, RowOutcome.done(physical_id="theirs"), now=101.0)
    told = [text for text in await stack.texts() if text.startswith("a ")]
    assert told == [
        f"a {state} state changed"
        for state in ("ADOPT_IN_PROGRESS", "ADOPT_COMPLETE", "CHECK_IN_PROGRESS", "CHECK_COMPLETE")
    ]


async def test_a_request_that_is_repeated_after_its_answer_was_lost_is_done_once(
    stacks: Any, repository: Repository
) -> None:
    stack = await hooked(stacks, repository, "pre-create")
    held = await stack.claim("a")
    assert await repository.record(held.claim, parked("pre-create"), now=3.0)
    row = await repository.resource(stack.id, "a")
    known_as = "6e7d1c0e-4c0c-5b7e-9f5e-000000000001"
    for _ in range(2):
        woken = await repository.add_signal(stack.id, row, {"n": 1}, "Unknown", now=4.0, signal_id=known_as)
        assert woken == stacks.workflow
    assert await repository.signals(row) == [{"n": 1}]
    assert (await stack.texts(1)).count("a SIGNAL_COMPLETE Unknown") == 1

    def clear(**how: Any) -> Any:
        return repository.clear_hook(stack.id, "a", "pre-create", shown="a thing", now=4.0, **how)

    assert await clear() == stacks.workflow == await clear(again=True)
    with pytest.raises(InvalidInput):
        await clear()
