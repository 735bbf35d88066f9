"""What an operation asks of nested stacks: only while it runs; and it does not end before that does."""

from uuid import uuid4

import pytest

from firebrick.contract import Action, Cancel, OperationState
from firebrick.diagnostics import Conflict, InvalidInput
from firebrick.store import NewOperation, OperationRow, Repository
from firebrick.store.operation_outcomes import Mine
from tests.unit.store.conftest import CHAIN, WORKFLOW, new_operation, new_stack


async def running(repository: Repository, stack_id: str, action: Action) -> OperationRow:
    begun = await repository.begin(
        stack_id, action=action, operation_id="", workflow_id=WORKFLOW, chain_id=CHAIN, now=2.0
    )
    assert isinstance(begun, Mine)
    return begun.operation


async def outer_stack(repository: Repository) -> OperationRow:
    """A stack's running create."""
    new = new_stack("outer", {"nest": ()})
    await repository.accept_create(new, new_operation(Action.CREATE))
    return await running(repository, new.id, Action.CREATE)


def asked_by(outer: OperationRow, action: Action = Action.CREATE) -> NewOperation:
    return NewOperation(str(uuid4()), action, WORKFLOW, 60.0, 3.0, owner_operation=outer.id, owner_stack=outer.stack_id)


async def inner_stack(repository: Repository, outer: OperationRow) -> OperationRow:
    """A create of a nested stack that the outer operation has asked for; nobody wrote that into the outer row."""
    new = new_stack(f"inner-{uuid4().hex[:6]}", {"leaf": ()}, owner_id=outer.stack_id, owner_row=1, depth=1)
    return await repository.accept_create(new, asked_by(outer))


async def end(repository: Repository, operation: OperationRow, interrupted: str = "") -> OperationState:
    complete = not interrupted
    ended = await repository.finish(
        operation.id, seq=operation.seq, complete=complete, interrupted=interrupted, now=4.0
    )
    return ended.state


async def test_an_interrupted_operation_does_not_end_before_what_it_asked_inside(repository: Repository) -> None:
    outer = await outer_stack(repository)
    inner = await inner_stack(repository, outer)
    assert await end(repository, outer, "cancel") is OperationState.RUNNING
    assert [one.id for one in await repository.open_inside(outer)] == [inner.id]
    noted = await repository.accept_cancel(inner.stack_id, Cancel.KEEP, now=4.0, asked_by=outer.id)
    assert noted.cancel == Cancel.KEEP
    await running(repository, inner.stack_id, Action.CREATE)
    assert await end(repository, inner, "cancel") is OperationState.FAILED
    assert await repository.open_inside(outer) == []
    assert await end(repository, outer, "cancel") is OperationState.FAILED


async def test_a_delete_inside_holds_nobody_up(repository: Repository) -> None:
    outer = await outer_stack(repository)
    inner = await inner_stack(repository, outer)
    await running(repository, inner.stack_id, Action.CREATE)
    await end(repository, inner)
    await repository.accept_delete(inner.stack_id, asked_by(outer, Action.DELETE))
    assert await end(repository, outer, "deadline") is OperationState.FAILED


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
async def test_what_is_asked_after_the_end_is_refused(repository: Repository, action: Action) -> None:
    """A worker that hung while others took its work must not bring a nested stack back, nor make one."""
    outer = await outer_stack(repository)
    inner = await inner_stack(repository, outer)
    await running(repository, inner.stack_id, Action.CREATE)
    await end(repository, inner)
    await end(repository, outer)
    late = asked_by(outer, action)
    with pytest.raises(Conflict, match="does not run"):
        if action is Action.CREATE:
            new = new_stack("late", {"leaf": ()}, owner_id=outer.stack_id, owner_row=1, depth=1)
            await repository.accept_create(new, late)
        elif action is Action.UPDATE:
            await repository.accept_update(inner.stack_id, None, late)
        else:
            await repository.accept_delete(inner.stack_id, late)
    assert [one.id for one in await repository.operations(inner.stack_id)] == [inner.id]
    assert not await repository.name_is_taken("late")


async def test_what_was_accepted_in_time_is_found_again_after_the_end(repository: Repository) -> None:
    outer = await outer_stack(repository)
    new = new_stack("inner", {"leaf": ()}, owner_id=outer.stack_id, owner_row=1, depth=1)
    asked = asked_by(outer)
    first = await repository.accept_create(new, asked)
    await running(repository, new.id, Action.CREATE)
    await end(repository, first)
    await end(repository, outer)
    assert (await repository.accept_create(new, asked)).id == first.id


async def test_only_the_operation_that_asked_cancels_inside(repository: Repository) -> None:
    """One that ended long ago, and whose end somebody still works at, must not stop what the next has asked."""
    outer = await outer_stack(repository)
    inner = await inner_stack(repository, outer)
    with pytest.raises(InvalidInput):
        await repository.accept_cancel(inner.stack_id, Cancel.KEEP, now=4.0, asked_by=str(uuid4()))
    assert (await repository.operation(inner.id)).cancel == ""
