"""The life of an operation: one runs at a time, the last accepted wins, an end is an end however often it is told."""

import asyncio
from typing import Any

import pytest

from firebrick.contract import Action, Cancel, OperationState, StepKind
from firebrick.diagnostics import Conflict, NotFound
from firebrick.store import Repository, Store
from firebrick.store.operation_outcomes import FinishOutcome, Mine, Nothing, Other
from firebrick.store.rows import Failure
from firebrick.store.step_outcomes import AlreadyEnded, Busy, Claimed, RowOutcome
from firebrick.store.step_outcomes import Superseded as ClaimSuperseded


async def test_to_begin_makes_the_operation_running_and_sets_its_deadline(stacks: Any, repository: Repository) -> None:
    new = stacks.new_stack("web", {})
    accepted = await repository.accept_create(new, stacks.new_operation(Action.CREATE))
    begun = await repository.begin(new.id, action=Action.CREATE, workflow_id="w", chain_id="c", now=100.0)
    assert isinstance(begun, Mine)
    assert (begun.operation.id, begun.operation.state) == (accepted.id, OperationState.RUNNING)
    assert (begun.operation.began_at, begun.operation.deadline) == (100.0, 160.0)
    again = await repository.begin(
        new.id, action=Action.CREATE, operation_id=accepted.id, workflow_id="w", chain_id="c", now=500.0
    )
    assert again == begun
    assert len(await repository.events(new.id)) == 1


async def test_of_many_runs_that_begin_at_once_one_gets_it(stacks: Any, repository: Repository) -> None:
    new = stacks.new_stack("web", {})
    await repository.accept_create(new, stacks.new_operation(Action.CREATE))
    outcomes = await asyncio.gather(
        *(repository.begin(new.id, action=Action.CREATE, workflow_id=f"w{n}", chain_id="c", now=1.0) for n in range(20))
    )
    mine = [one.operation for one in outcomes if isinstance(one, Mine)]
    assert len(mine) == 1
    others = [one for one in outcomes if isinstance(one, Nothing)]
    assert {one.running_workflow_id for one in others} == {mine[0].workflow_id}
    assert len(others) == 19


async def test_another_chain_under_the_same_workflow_id_is_not_the_owner(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({})
    outcome = await repository.begin(
        stack.id, action=Action.CREATE, workflow_id=stacks.workflow, chain_id="chain-2", now=9.0
    )
    assert outcome == Nothing(stack.operation, stacks.workflow)


async def test_what_is_pending_of_another_action_is_named_and_left_alone(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({})
    pending = await stack.accept_delete()
    outcome = await repository.begin(stack.id, action=Action.CREATE, workflow_id="w", chain_id="c", now=9.0)
    assert outcome == Other(Action.DELETE, pending)
    assert (await repository.operation(pending.id)).state is OperationState.PENDING


async def test_with_nothing_pending_there_is_nothing_to_begin(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({})
    ended = await repository.operation(stack.operation.id)
    ask: dict[str, Any] = {"action": Action.CREATE, "workflow_id": "w", "chain_id": "c", "now": 9.0}
    assert await repository.begin(stack.id, **ask) == Nothing(None, "")
    assert await repository.begin(stack.id, operation_id=ended.id, **ask) == Nothing(ended, "")
    with pytest.raises(NotFound):
        await repository.begin("nothing", **ask)


async def test_a_create_that_never_began_is_superseded_by_the_delete_that_begins(
    stacks: Any, repository: Repository
) -> None:
    new = stacks.new_stack("web", {"a": ()})
    create = await repository.accept_create(new, stacks.new_operation(Action.CREATE))
    delete = await repository.accept_delete(new.id, stacks.new_operation(Action.DELETE))
    outcome = await repository.begin(new.id, action=Action.DELETE, workflow_id="w", chain_id="c", now=5.0)
    assert isinstance(outcome, Mine)
    assert outcome.operation.id == delete.id
    create = await repository.operation(create.id)
    assert (create.state, create.superseded_by, create.ended_at) == (OperationState.SUPERSEDED, delete.id, 5.0)
    stack = await repository.stack(new.id)
    assert (stack.state, stack.status_reason, stack.updated_at) == ("DELETE_IN_PROGRESS", "Stack DELETE started", 1.0)


async def test_a_complete_create_ends_done(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({"a": (), "b": ("a",)})
    operation = await repository.operation(stack.operation.id)
    assert (operation.state, operation.ended_at, operation.failure) == (OperationState.DONE, 3.0, None)
    assert await stack.texts() == [
        "web CREATE_IN_PROGRESS Stack CREATE started",
        "a CREATE_IN_PROGRESS state changed",
        "a CREATE_COMPLETE state changed",
        "b CREATE_IN_PROGRESS state changed",
        "b CREATE_COMPLETE state changed",
        "web CREATE_COMPLETE Stack CREATE completed successfully",
    ]
    assert await stack.state() == ("CREATE_COMPLETE", "Stack CREATE completed successfully")


async def test_an_end_told_twice_gives_the_same_answer_and_one_event(stacks: Any) -> None:
    for ending in ({"complete": True}, {"interrupted": "deadline"}, {}):
        stack = await stacks.running({"a": ()}, f"web{len(ending)}{'complete' in ending}")
        await stack.claim("a")
        first = await stack.finish(**ending)
        told = await stack.texts()
        assert await stack.finish(**ending) == first
        assert await stack.finish(complete=True, now=99.0) == first
        assert await stack.texts() == told


async def test_a_failure_names_root_causes_first_and_what_never_started_apart(
    stacks: Any, repository: Repository
) -> None:
    stack = await stacks.running({"a": (), "b": (), "c": (), "d": ("a",), "e": ("b",)})
    held = await stack.claim("a")
    await stack.step("c", RowOutcome.retry(9.0, "throttled", "slow down", attempt=1, attempts=20), now=3.0)
    await stack.step("c", RowOutcome.failed("quota", "no room", error="QuotaError"), step=2, now=4.0)
    assert await repository.record(held.claim, RowOutcome.failed("permanent", "bad", error="ValueError"), now=5.0)
    await stack.claim("b")
    ended = await stack.finish(now=6.0)
    assert ended == FinishOutcome(
        OperationState.FAILED, "Resource CREATE failed: resources.c (quota), resources.a (permanent)"
    )
    operation = await repository.operation(stack.operation.id)
    assert operation.reason == "Resource CREATE failed: QuotaError: resources.c: no room"
    assert operation.failure is not None
    assert operation.failure.causes == (
        Failure("c", "Example::Thing", "CREATE", "quota", "QuotaError", "no room", attempts=2),
        Failure("a", "Example::Thing", "CREATE", "permanent", "ValueError", "bad", attempts=1),
    )
    assert operation.failure.aborted == ("b",)
    assert operation.failure.not_started == ("d", "e")
    assert await stack.state() == ("CREATE_FAILED", "Resource CREATE failed: QuotaError: resources.c: no room")


@pytest.mark.parametrize(
    ("cause", "stack_reason", "row_reason"),
    [
        ("deadline", "Timed out", "CREATE aborted (Timed out)"),
        ("cancel", "Stack CREATE cancelled", "CREATE aborted (user triggered cancel)"),
        ("superseded", "Stack CREATE cancelled", "CREATE aborted (user triggered cancel)"),
        ("takeover", "Stack CREATE cancelled", "CREATE aborted (user triggered cancel)"),
    ],
)
async def test_an_interrupt_aborts_what_hangs_and_says_why(
    stacks: Any, repository: Repository, cause: str, stack_reason: str, row_reason: str
) -> None:
    stack = await stacks.running({"hangs": (), "stopped": (), "parked": (), "done": (), "later": ("hangs",)})
    await stack.claim("hangs")
    await stack.step("stopped", RowOutcome.aborted("interrupted"))
    await stack.step("parked", RowOutcome.parked(StepKind.POLL, 9.0))
    await stack.step("done", RowOutcome.done(physical_id="x"))
    before = len(await stack.texts())
    ended = await stack.finish(interrupted=cause)
    assert ended == FinishOutcome(OperationState.FAILED, stack_reason)
    assert await stack.texts(before) == [
        f"hangs CREATE_FAILED {row_reason}",
        f"stopped CREATE_FAILED {row_reason}",
        f"parked CREATE_FAILED {row_reason}",
        f"web CREATE_FAILED {stack_reason}",
    ]
    operation = await repository.operation(stack.operation.id)
    assert operation.failure is not None
    assert operation.failure.aborted == ("hangs", "stopped", "parked")
    assert operation.failure.not_started == ("later",)


async def test_the_first_failures_reason_outlives_a_deadline(stacks: Any) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    await stack.claim("b")
    await stack.step("a", RowOutcome.failed("permanent", "no", error="ValueError"))
    assert (await stack.finish(interrupted="deadline")).reason == "Timed out"
    assert await stack.state() == ("CREATE_FAILED", "Resource CREATE failed: ValueError: resources.a: no")


async def test_a_takeover_supersedes_the_create_and_leads_to_the_delete(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    create = stack.operation
    delete = await stack.accept_delete()
    ended = await stack.finish(interrupted="takeover")
    assert ended.state is OperationState.SUPERSEDED
    assert (ended.next_action, ended.next_operation_id) == (Action.DELETE, delete.id)
    assert await stack.finish(interrupted="takeover") == ended
    assert await stack.state() == ("DELETE_IN_PROGRESS", "Stack DELETE started")
    assert (await repository.operation(create.id)).superseded_by == delete.id
    await stack.begin(Action.DELETE)
    assert stack.operation.id == delete.id
    assert await stack.state() == ("DELETE_IN_PROGRESS", "Stack DELETE started")


async def test_a_create_that_completes_in_spite_of_a_takeover_is_done_and_leads_on(stacks: Any) -> None:
    stack = await stacks.running({})
    delete = await stack.accept_delete()
    ended = await stack.finish(complete=True, interrupted="takeover")
    assert (ended.state, ended.next_operation_id) == (OperationState.DONE, delete.id)


async def cancelled_update(stacks: Any, how: Cancel) -> Any:
    """A stack whose update runs, with a cancel that its run has not heard of."""
    stack = await stacks.created({})
    await stack.accept_update()
    await stack.begin(Action.UPDATE)
    await stack.repository.accept_cancel(stack.id, how, now=11.0)
    return stack


async def test_an_update_that_completes_before_it_hears_of_its_cancel_is_rolled_back(
    stacks: Any, repository: Repository
) -> None:
    """Accepted is accepted: the run may have come to its end while nobody could tell it."""
    stack = await cancelled_update(stacks, Cancel.ROLL_BACK)
    ended = await stack.finish(complete=True)
    assert (ended.state, ended.next_action) == (OperationState.FAILED, Action.ROLLBACK)
    assert await stack.finish(complete=True) == ended
    assert await stack.state() == ("ROLLBACK_IN_PROGRESS", "Stack ROLLBACK started")
    assert (await repository.operation(stack.operation.id)).summary == "Stack UPDATE cancelled"
    assert (await stack.begin(Action.ROLLBACK)).id == ended.next_operation_id


async def test_an_update_that_completes_before_it_hears_that_it_is_to_stop_is_done(stacks: Any) -> None:
    stack = await cancelled_update(stacks, Cancel.KEEP)
    ended = await stack.finish(complete=True)
    assert (ended.state, ended.next_action) == (OperationState.DONE, None)


async def test_what_was_asked_after_a_cancel_decides_about_a_complete_update(stacks: Any) -> None:
    stack = await cancelled_update(stacks, Cancel.ROLL_BACK)
    delete = await stack.accept_delete()
    ended = await stack.finish(complete=True)
    assert (ended.state, ended.next_operation_id) == (OperationState.DONE, delete.id)


async def test_a_complete_delete_frees_the_name_and_keeps_the_events(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({"a": ()})
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.step("a", RowOutcome.done())
    assert (await stack.finish(complete=True, now=20.0)).state is OperationState.DONE
    with pytest.raises(NotFound):
        await repository.stack("web")
    with pytest.raises(NotFound):
        await repository.stack(stack.id)
    gone = await repository.stack(stack.id, include_deleted=True)
    assert (gone.state, gone.deleted_at) == ("DELETE_COMPLETE", 20.0)
    assert await repository.resources(stack.id) == []
    assert (await stack.texts())[-3:] == [
        "a DELETE_IN_PROGRESS state changed",
        "a DELETE_COMPLETE state changed",
        "web DELETE_COMPLETE Stack DELETE completed successfully",
    ]
    await stacks.created({"a": ()}, "web")


async def test_row_ids_are_never_given_twice(stacks: Any) -> None:
    stack = await stacks.created({"a": (), "b": ()})
    ids = set(stack.rows.values())
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.finish(complete=True)
    assert not ids & set((await stacks.created({"a": (), "b": ()})).rows.values())


async def test_a_failed_delete_keeps_its_rows_and_may_be_asked_again(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({"a": (), "b": ()})
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.step("a", RowOutcome.done())
    await stack.step("b", RowOutcome.failed("permanent", "in use", error="ConflictError"))
    assert (await stack.finish()).state is OperationState.FAILED
    assert await stack.state() == ("DELETE_FAILED", "Resource DELETE failed: ConflictError: resources.b: in use")
    await stack.accept_delete()
    await stack.begin(Action.DELETE, now=30.0)
    rows = await repository.plan_rows(stack.id, stack.operation.id)
    assert [(row.name, row.action, row.status, row.ended_in_operation) for row in rows] == [
        ("a", "DELETE", "COMPLETE", False),
        ("b", "DELETE", "FAILED", False),
    ]


async def test_plan_rows_say_what_has_ended_in_this_operation(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ("a",), "c": (), "d": ()})
    await stack.step("a", RowOutcome.done())
    await stack.step("c", RowOutcome.parked(StepKind.POLL, 9.0))
    await stack.step("d", RowOutcome.failed("permanent", "no"))
    rows = {row.name: row for row in await repository.plan_rows(stack.id, stack.operation.id)}
    assert [name for name, row in rows.items() if row.ended_in_operation] == ["a", "d"]
    assert rows["b"].requires == (rows["a"].id,)
    with pytest.raises(NotFound):
        await repository.plan_rows(stack.id, "another")


async def test_after_its_end_nobody_claims_or_records_for_an_operation(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    held = await stack.claim("a")
    await stack.finish(interrupted="deadline")
    told = await stack.texts()
    assert not await repository.record(held.claim, RowOutcome.done(physical_id="late"), now=6.0)
    assert not await repository.renew(held.claim, 60.0)
    assert await stack.try_claim(stack.claim_of("b")) == ClaimSuperseded()
    assert await stack.texts() == told


async def test_the_next_operation_waits_for_the_leases_of_the_last(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.claim("a", now=2.0, lease=30.0)
    await stack.accept_delete()
    await stack.finish(interrupted="takeover")
    await stack.begin(Action.DELETE)
    assert await stack.try_claim(stack.claim_of("a"), now=12.0) == Busy(32.0)
    held = await stack.claim("a", now=32.0)
    assert held.row.create_unsettled
    assert held.row.create_key


async def test_a_lost_operation_fails_with_its_rows_once(stacks: Any, store: Store, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    await stack.claim("a")
    every = store.every_project()
    assert [one.id for one in await every.open_operations()] == [stack.operation.id]
    assert await every.fail_lost(stack.operation, "the run was terminated", now=7.0)
    assert not await every.fail_lost(stack.operation, "the run was terminated", now=8.0)
    assert await every.open_operations() == []
    assert (await stack.texts())[-2:] == [
        "a CREATE_FAILED CREATE aborted (the run was terminated)",
        "web CREATE_FAILED the run was terminated",
    ]
    operation = await repository.operation(stack.operation.id)
    assert (operation.state, operation.summary) == (OperationState.FAILED, "the run was terminated")
    assert (await stack.finish(complete=True)).state is OperationState.FAILED


async def test_open_operations_come_in_the_order_of_acceptance(stacks: Any, store: Store) -> None:
    for number in (3, 1, 2):
        await store.project(f"p{number}").accept_create(
            stacks.new_stack("web", {}), stacks.new_operation(Action.CREATE, at=float(number))
        )
    found = await store.every_project().open_operations()
    assert [(one.project, one.state) for one in found] == [(f"p{n}", OperationState.PENDING) for n in (1, 2, 3)]


async def test_to_finish_under_a_wrong_number_or_project_is_refused(stacks: Any, store: Store) -> None:
    stack = await stacks.running({})
    with pytest.raises(Conflict):
        await stack.repository.finish(stack.operation.id, seq=2, complete=True, now=5.0)
    with pytest.raises(NotFound):
        await store.project("elsewhere").finish(stack.operation.id, seq=1, complete=True, now=5.0)
    assert (await stack.state())[0] == "CREATE_IN_PROGRESS"


async def test_a_summary_names_five_causes_and_counts_the_rest(stacks: Any) -> None:
    names = [f"r{number}" for number in range(7)]
    stack = await stacks.running(dict.fromkeys(names, ()))
    for name in names:
        await stack.step(name, RowOutcome.failed("permanent", "secret text"))
    reason = (await stack.finish()).reason
    assert reason.endswith("resources.r4 (permanent) and 2 more")
    assert "secret text" not in reason


async def test_a_row_that_ended_is_told_again_as_it_ended(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.failed("quota", "no"))
    again = await stack.try_claim(stack.claim_of("a", step=2, attempt=4), now=99.0)
    assert isinstance(again, AlreadyEnded)
    assert (again.result.kind, again.result.error_class) == (StepKind.FAILED, "quota")
    assert not isinstance(again, Claimed)
