"""Accepting creates and deletes: all or nothing, one of a name, and a request is one request however often it comes."""

import asyncio
from typing import Any

import pytest

from firebrick.contract import Action, OperationState
from firebrick.diagnostics import Conflict, NameInUse, NotFound
from firebrick.store import OperationRow, Repository, Store


async def test_an_accepted_create_has_stack_rows_operation_and_event(stacks: Any, repository: Repository) -> None:
    new = stacks.new_stack("web", {"a": (), "b": ("a",), "c": ("b", "a")}, description="three", tags=("x",))
    operation = await repository.accept_create(new, stacks.new_operation(Action.CREATE, at=7.0))
    assert (operation.seq, operation.state, operation.stack_name) == (1, OperationState.PENDING, "web")
    assert (operation.began_at, operation.deadline, operation.failure) == (None, None, None)
    stack = await repository.stack("web")
    assert (stack.id, stack.state, stack.status_reason) == (new.id, "CREATE_IN_PROGRESS", "Stack CREATE started")
    assert (stack.created_at, stack.updated_at, stack.description, stack.tags) == (7.0, None, "three", ("x",))
    rows = await repository.resources(new.id)
    assert [(row.name, row.state, row.required_by) for row in rows] == [
        ("a", "INIT_COMPLETE", ("b", "c")),
        ("b", "INIT_COMPLETE", ("c",)),
        ("c", "INIT_COMPLETE", ()),
    ]
    ids = {row.name: row.id for row in rows}
    assert [row.requires for row in rows] == [(), (ids["a"],), (ids["a"], ids["b"])]
    events = await repository.events(new.id)
    assert [(one.seq, one.resource_name, one.physical_id, one.state) for one in events] == [
        (1, "web", new.id, "CREATE_IN_PROGRESS")
    ]
    assert [one.resource_type for one in events] == ["OS::Heat::Stack"]


async def test_of_fifty_creates_of_one_name_exactly_one_is_accepted(stacks: Any, repository: Repository) -> None:
    async def attempt() -> OperationRow | NameInUse:
        try:
            return await repository.accept_create(
                stacks.new_stack("web", {"a": ()}), stacks.new_operation(Action.CREATE)
            )
        except NameInUse as refusal:
            return refusal

    outcomes = await asyncio.gather(*(attempt() for _ in range(50)))
    accepted = [one for one in outcomes if isinstance(one, OperationRow)]
    assert len(accepted) == 1
    refusals = [one for one in outcomes if isinstance(one, NameInUse)]
    assert {one.first.heat_message for one in refusals} == {"The Stack (web) already exists."}
    assert all(accepted[0].stack_id in one.first.detail and accepted[0].id in one.first.detail for one in refusals)
    assert len(await repository.stacks()) == 1


async def test_a_repeated_request_is_the_first_one(stacks: Any, repository: Repository) -> None:
    new, operation = stacks.new_stack("web", {"a": ()}), stacks.new_operation(Action.CREATE)
    again = stacks.new_stack("web", {"a": ()})
    answers = await asyncio.gather(*(repository.accept_create(one, operation) for one in (new, again, new)))
    assert answers[0] == answers[1] == answers[2]
    stack = await stacks.created({"a": ()}, "other")
    first = await stack.accept_delete(operation_id="d-1")
    assert await stack.accept_delete(operation_id="d-1", at=99.0) == first


async def test_an_operation_id_of_another_request_is_refused(stacks: Any, store: Store, repository: Repository) -> None:
    operation = stacks.new_operation(Action.CREATE)
    await repository.accept_create(stacks.new_stack("web", {}), operation)
    other = await stacks.created({}, "other")
    with pytest.raises(Conflict, match="another request"):
        await repository.accept_create(stacks.new_stack("db", {}), operation)
    with pytest.raises(Conflict, match="another request"):
        await store.project("elsewhere").accept_create(stacks.new_stack("web", {}), operation)
    with pytest.raises(Conflict, match="another request"):
        await other.accept_delete(operation_id=operation.id)
    await other.accept_delete(operation_id="d-1")
    with pytest.raises(Conflict, match="another request"):
        await repository.accept_delete(
            (await repository.stack("web")).id, stacks.new_operation(Action.DELETE, operation_id="d-1")
        )


async def test_names_are_a_projects_own(stacks: Any, store: Store, repository: Repository) -> None:
    await repository.accept_create(stacks.new_stack("web", {}), stacks.new_operation(Action.CREATE))
    elsewhere = store.project("elsewhere")
    await elsewhere.accept_create(stacks.new_stack("web", {}), stacks.new_operation(Action.CREATE))
    assert [one.project for one in await elsewhere.stacks()] == ["elsewhere"]


async def test_a_delete_of_nothing_is_not_found(stacks: Any, store: Store, repository: Repository) -> None:
    stack = await stacks.created({})
    with pytest.raises(NotFound):
        await repository.accept_delete("nothing", stacks.new_operation(Action.DELETE))
    with pytest.raises(NotFound):
        await store.project("elsewhere").accept_delete(stack.id, stacks.new_operation(Action.DELETE))
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.finish(complete=True)
    with pytest.raises(NotFound):
        await stack.accept_delete()


async def test_a_delete_beside_a_delete_is_accepted_and_takes_over(stacks: Any) -> None:
    stack = await stacks.created({"a": ()})
    first = await stack.accept_delete(at=10.0)
    second = await stack.accept_delete()
    assert (second.state, second.seq) == (OperationState.PENDING, first.seq + 1)
    await stack.begin(Action.DELETE, now=70.0)
    assert (await stack.repository.operation(first.id)).state is OperationState.SUPERSEDED
    assert (await stack.repository.operation(second.id)).state is OperationState.RUNNING


async def test_a_delete_is_accepted_beside_a_create_and_after_any_end(stacks: Any) -> None:
    running = await stacks.running({"a": ()})
    assert (await running.accept_delete()).state is OperationState.PENDING
    failed = await stacks.running({"a": ()}, "failed")
    await failed.finish()
    assert (await failed.accept_delete()).seq == 2


async def test_the_second_of_two_deletes_finds_the_first_one_s_work_done(stacks: Any) -> None:
    """Accepted while the first runs, it begins on a stack that is deleted already, and is DONE."""
    stack = await stacks.created({"a": ()})
    await stack.accept_delete(at=10.0)
    await stack.begin(Action.DELETE, now=70.0)
    second = await stack.accept_delete()
    await stack.finish(complete=True)
    await stack.begin(Action.DELETE, now=80.0)
    await stack.finish(complete=True)
    assert (await stack.repository.operation(second.id)).state is OperationState.DONE
