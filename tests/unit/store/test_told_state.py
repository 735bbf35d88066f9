"""What a stack shows from the moment in which a request is accepted: the state, the event and the inputs of that
request, and nothing of what it takes over; while what a rollback goes back to is not changed by what is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from firebrick.contract import Action, Cancel, OperationState, Work
from firebrick.diagnostics import InvalidInput
from firebrick.store import OperationRow, Repository, Store
from firebrick.store.requests import NewOperation, NewResource, NewTarget
from firebrick.store.secret_sources import read_secret_sources
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome

OPTIONS = {"timeout_mins": None, "disable_rollback": True, "tags": None, "on_failure": None}


def new_target(operation_id: str, word: str, names: tuple[str, ...] = ("a",)) -> NewTarget:
    """Everything in it says the word."""
    return NewTarget(
        operation_id,
        f"template: {word}",
        environment=f"environment: {word}",
        parameters={"v": word},
        files={"f": word},
        shown_parameters={"v": word},
        outputs=[{"key": word}],
        resources=[NewResource(one, "Example::Thing", "", {"name": one, "size": word}) for one in names],
        description=word,
    )


async def accept_update(stack: Any, word: str, *, at: float = 10.0, **options: Any) -> OperationRow:
    plain = stack_operation(Action.UPDATE, at, {**OPTIONS, **options})
    accepted: OperationRow = await stack.repository.accept_update(stack.id, new_target(plain.id, word), plain)
    return accepted


def stack_operation(action: Action, at: float, request: Mapping[str, Any]) -> NewOperation:
    return NewOperation(str(uuid4()), action, "stack/default/web", 60.0, at, request)


async def complete(stacks: Any, word: str = "one") -> Any:
    """A stack that an update has brought to this word; it was made without one."""
    stack = await stacks.created({"a": ()})
    await accept_update(stack, word, at=4.0)
    await begin(stack, Action.UPDATE, now=4.5)
    await stack.finish(complete=True, now=5.0)
    return stack


async def begin(stack: Any, action: Action, *, now: float = 20.0) -> None:
    await stack.begin(action, now=now)
    stack.rows = {row.name: row.id for row in await stack.repository.plan_rows(stack.id, stack.operation.id)}


async def fails(stack: Any, name: str = "a", *, kept: bool = False) -> None:
    """A row of the running operation ends badly; kept: as an update that is refused."""
    claim = Claim(stack.id, stack.rows[name], stack.operation.seq, chain_run=1, step=1, attempt=1)
    held = await stack.repository.claim(
        claim,
        action=stack.operation.action,
        operation_id=stack.operation.id,
        now=40.0,
        lease=30.0,
        work=Work.CONVERGE if stack.operation.action.converges else Work.ACT,
    )
    assert isinstance(held, Claimed)
    outcome = RowOutcome.refused("refused", "no") if kept else RowOutcome.failed("permanent", "no")
    assert await stack.repository.record(held.claim, outcome, now=41.0)


async def shown(stack: Any) -> tuple[str, str]:
    """(state, the word of all inputs)."""
    row = await stack.repository.stack(stack.id)
    words = {
        row.template.partition(": ")[2],
        row.environment.partition(": ")[2],
        row.parameters["v"],
        row.files["f"],
        row.shown_parameters["v"],
        row.outputs[0]["key"],
        row.description,
    }
    (word,) = words
    return row.state, word


async def told(stack: Any, after: int = 0) -> list[str]:
    """The states that the stack's own events tell."""
    events = await stack.repository.events(stack.id, after_seq=after)
    return [one.state for one in events if one.resource_id is None]


async def last_event(stack: Any) -> int:
    events = await stack.repository.events(stack.id)
    return int(events[-1].seq)


# --- accepted is shown


async def test_an_accepted_update_is_shown_before_it_begins(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    before = await last_event(stack)
    await accept_update(stack, "two", at=12.0, timeout_mins=7, disable_rollback=False, tags=["x"])
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "two")
    row = await repository.stack(stack.id)
    assert (row.status_reason, row.updated_at) == ("Stack UPDATE started", 12.0)
    assert (row.timeout_mins, row.disable_rollback, row.tags) == (7, False, ("x",))
    assert await told(stack, before) == ["UPDATE_IN_PROGRESS"]
    assert [one.state for one in await repository.stacks(filters={"status": ["IN_PROGRESS"]})] == ["UPDATE_IN_PROGRESS"]


async def test_its_beginning_tells_nothing_again(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two", at=12.0)
    accepted, event = await repository.stack(stack.id), await last_event(stack)
    await begin(stack, Action.UPDATE, now=30.0)
    begun = await repository.stack(stack.id)
    assert (begun.state, begun.updated_at, begun.parameters) == (accepted.state, 12.0, accepted.parameters)
    assert await last_event(stack) == event
    await stack.finish(complete=True)
    assert await shown(stack) == ("UPDATE_COMPLETE", "two")


async def test_an_accepted_delete_is_shown_with_the_inputs_that_there_were(stacks: Any) -> None:
    stack = await complete(stacks)
    before = await last_event(stack)
    await stack.accept_delete()
    assert await shown(stack) == ("DELETE_IN_PROGRESS", "one")
    await begin(stack, Action.DELETE)
    assert await told(stack, before) == ["DELETE_IN_PROGRESS"]


async def test_an_accepted_rollback_shows_what_it_goes_back_to(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await fails(stack)
    await stack.finish()
    assert await shown(stack) == ("UPDATE_FAILED", "two")
    before = await last_event(stack)
    await repository.accept_rollback(stack.id, stack_operation(Action.ROLLBACK, 30.0, {}))
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    await begin(stack, Action.ROLLBACK)
    await stack.finish(complete=True)
    assert await shown(stack) == ("ROLLBACK_COMPLETE", "one")
    assert await told(stack, before) == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]


async def test_a_failure_and_the_rollback_that_follows_are_told_in_one_moment(stacks: Any) -> None:
    stack = await complete(stacks)
    before = await last_event(stack)
    await accept_update(stack, "two", disable_rollback=False)
    await begin(stack, Action.UPDATE)
    ended = await stack.finish(now=33.0)
    assert ended.next_action is Action.ROLLBACK
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    assert (await stack.repository.stack(stack.id)).updated_at == 33.0
    await begin(stack, Action.ROLLBACK)
    assert await told(stack, before) == ["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "ROLLBACK_IN_PROGRESS"]


async def test_what_follows_a_create_with_nothing_before_it_shows_an_empty_stack(stacks: Any) -> None:
    stack = await stacks.created({"a": ()})  # its word is missing; what an update after a failed one goes back to
    operation = stack_operation(Action.UPDATE, 10.0, {**OPTIONS, "disable_rollback": False})
    await stack.repository.accept_update(stack.id, new_target(operation.id, "two"), operation)
    await begin(stack, Action.UPDATE)
    await stack.finish()
    row = await stack.repository.stack(stack.id)
    assert (row.state, row.template, row.outputs, row.shown_parameters) == (
        "ROLLBACK_IN_PROGRESS",
        "template: text",
        (),
        {},
    )


async def test_what_is_going_on_with_what_failed_shows_the_same_inputs(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await stack.finish()
    await repository.accept_update(stack.id, None, stack_operation(Action.UPDATE, 30.0, {"continue": True}))
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "two")


async def test_there_is_nothing_to_go_on_with_when_something_newer_was_accepted(
    stacks: Any, repository: Repository
) -> None:
    """Who asked for it saw a failure that is not the stack's state any more; it would bring back what failed."""
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await fails(stack)
    await accept_update(stack, "three")
    with pytest.raises(InvalidInput, match="nothing to go on with"):
        await repository.accept_update(stack.id, None, stack_operation(Action.UPDATE, 30.0, {"continue": True}))
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "three")


# --- what is taken over is no failure


@pytest.mark.parametrize("ending", [{"interrupted": "takeover"}, {}, {"complete": True}, {"interrupted": "deadline"}])
async def test_an_update_that_is_taken_over_ends_without_a_word_on_the_stack(
    stacks: Any, repository: Repository, ending: dict[str, Any]
) -> None:
    stack = await complete(stacks)
    first = await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    before = await last_event(stack)
    second = await accept_update(stack, "three")
    ended = await stack.finish(**ending)
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "three")
    assert ended.next_operation_id == second.id
    await begin(stack, Action.UPDATE)
    assert await told(stack, before) == ["UPDATE_IN_PROGRESS"]
    row = await repository.operation(first.id)
    states = {"complete": OperationState.DONE, "takeover": OperationState.SUPERSEDED}
    assert row.state is states.get(ending.get("interrupted") or next(iter(ending), ""), OperationState.FAILED)
    assert (row.failure is None) == (row.state is OperationState.DONE)


@pytest.mark.parametrize("kept", [False, True])
async def test_a_resource_that_fails_in_what_is_taken_over_tells_of_itself_only(stacks: Any, kept: bool) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await accept_update(stack, "three")
    before = await last_event(stack)
    await fails(stack, kept=kept)
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "three")
    assert await told(stack, before) == []
    events = await stack.repository.events(stack.id, after_seq=before)
    assert [one.state for one in events if one.resource_name == "a"][-1] == "UPDATE_FAILED"


async def test_a_failure_of_its_own_is_forgotten_when_another_is_accepted(stacks: Any) -> None:
    """FAILED is told at the first failure, before the rest has come to its end."""
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await fails(stack)
    assert await shown(stack) == ("UPDATE_FAILED", "two")
    before = await last_event(stack)
    await accept_update(stack, "three")
    await stack.finish()
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "three")
    assert await told(stack, before) == ["UPDATE_IN_PROGRESS"]


async def test_a_lost_run_that_was_taken_over_leaves_the_stack_alone(stacks: Any, store: Store) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await stack.accept_delete()
    assert await store.every_project().fail_lost(stack.operation, "its run is gone", now=50.0)
    assert await shown(stack) == ("DELETE_IN_PROGRESS", "two")
    assert (await told(stack))[-1] == "DELETE_IN_PROGRESS"
    assert (await stack.repository.operation(stack.operation.id)).state is OperationState.FAILED


async def test_the_first_of_two_deletes_that_is_complete_tells_it_and_the_second_nothing_more(
    stacks: Any, repository: Repository
) -> None:
    stack = await complete(stacks)
    await stack.accept_delete()
    await begin(stack, Action.DELETE)
    second = await stack.accept_delete(at=30.0)
    before = await last_event(stack)
    await stack.finish(complete=True, now=31.0)
    gone = await repository.stack(stack.id, include_deleted=True)
    assert (gone.state, gone.deleted_at) == ("DELETE_COMPLETE", 31.0)
    await begin(stack, Action.DELETE)
    assert stack.operation.id == second.id
    await stack.finish(complete=True, now=40.0)
    again = await repository.stack(stack.id, include_deleted=True)
    assert (again.state, again.deleted_at) == ("DELETE_COMPLETE", 31.0)
    assert await told(stack, before) == ["DELETE_COMPLETE"]


# --- a rollback goes back to what was begun, not to what was shown ----------------------------------------------------


async def test_what_never_began_is_nothing_to_go_back_to(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    skipped = await accept_update(stack, "two")
    await accept_update(stack, "three", disable_rollback=False)
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "three")
    await begin(stack, Action.UPDATE)
    assert (await repository.operation(skipped.id)).state is OperationState.SUPERSEDED
    await stack.finish()
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    await begin(stack, Action.ROLLBACK)
    await stack.finish(complete=True)
    assert await shown(stack) == ("ROLLBACK_COMPLETE", "one")


async def test_what_was_begun_and_taken_over_is_what_a_rollback_goes_back_to(stacks: Any) -> None:
    """As in Heat: the template before this one."""
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await accept_update(stack, "three", disable_rollback=False)
    await stack.finish(interrupted="takeover")
    await begin(stack, Action.UPDATE)
    await stack.finish()
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "two")


async def test_while_one_waits_whoever_works_reads_what_was_begun(
    stacks: Any, store: Store, repository: Repository
) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    await accept_update(stack, "three")
    row = await repository.stack_as_begun(stack.id)
    assert (row.template, row.environment, row.files, row.outputs) == (
        "template: two",
        "environment: two",
        {"f": "two"},
        ({"key": "two"},),
    )
    secrets = await store.read(read_secret_sources, "default", stack.id, [])
    assert secrets is not None and (secrets.parameters, secrets.shown_parameters) == ({"v": "two"}, {"v": "two"})
    base = await repository.plan_base(stack.id)
    assert (base.stack.template, base.target.template) == ("template: two", "template: three")
    await stack.finish(interrupted="takeover")
    await begin(stack, Action.UPDATE)
    assert (await repository.stack_as_begun(stack.id)).template == "template: three"


async def test_the_next_update_changes_what_was_accepted_last(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    for word in ("two", "three"):
        await accept_update(stack, word)
        assert (await repository.base_target(stack.id)).parameters == {"v": word}


# --- cancels


async def cancelled(stacks: Any, how: Cancel = Cancel.ROLL_BACK, **options: Any) -> Any:
    """An update runs, and its run has not heard of its cancel."""
    stack = await complete(stacks)
    await accept_update(stack, "two", **options)
    await begin(stack, Action.UPDATE)
    await stack.repository.accept_cancel(stack.id, how, now=25.0)
    return stack


async def test_a_cancel_with_rollback_shows_the_rollback_at_once(stacks: Any, repository: Repository) -> None:
    stack = await cancelled(stacks)
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    row = await repository.stack(stack.id)
    assert (row.status_reason, row.updated_at) == ("Stack ROLLBACK started", 25.0)
    assert (await repository.base_target(stack.id)).parameters == {"v": "one"}
    assert (await repository.stack_as_begun(stack.id)).parameters == {"v": "two"}


async def test_its_way_to_the_end_is_told_as_one_rollback(stacks: Any, repository: Repository) -> None:
    stack = await cancelled(stacks)
    operation = stack.operation
    await fails(stack)
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    ended = await stack.finish(interrupted="cancel", now=42.0)
    assert (ended.state, ended.next_action) == (OperationState.FAILED, Action.ROLLBACK)
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    await begin(stack, Action.ROLLBACK)
    assert stack.operation.follows == operation.id
    await stack.finish(complete=True)
    assert await shown(stack) == ("ROLLBACK_COMPLETE", "one")
    assert (await told(stack))[-3:] == ["UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert (await repository.operation(operation.id)).state is OperationState.FAILED


@pytest.mark.parametrize("ending", [{}, {"interrupted": "deadline"}, {"interrupted": "cancel"}, {"complete": True}])
async def test_the_rollback_follows_whatever_has_ended_the_run(stacks: Any, ending: dict[str, Any]) -> None:
    stack = await cancelled(stacks)
    assert (await stack.finish(**ending)).next_action is Action.ROLLBACK
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")


async def test_the_rollback_follows_also_when_the_run_is_lost(stacks: Any, store: Store) -> None:
    stack = await cancelled(stacks)
    assert await store.every_project().fail_lost(stack.operation, "its run is gone", now=50.0)
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", "one")
    (waiting,) = await store.every_project().open_operations()
    assert (waiting.action, waiting.state) == (Action.ROLLBACK, OperationState.PENDING)
    await begin(stack, Action.ROLLBACK)
    await stack.finish(complete=True)
    assert (await told(stack))[-2:] == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]


async def test_an_update_that_was_never_complete_goes_back_to_an_empty_stack(
    stacks: Any, repository: Repository
) -> None:
    stack = await stacks.running({"a": ()})
    await stack.finish()
    await repository.accept_update(stack.id, None, stack_operation(Action.UPDATE, 10.0, {"continue": True}))
    await begin(stack, Action.UPDATE)
    await repository.accept_cancel(stack.id, Cancel.ROLL_BACK, now=25.0)
    row = await repository.stack(stack.id)
    empty: tuple[Any, ...] = ("ROLLBACK_IN_PROGRESS", "heat_template_version: 2021-04-16\n", {})
    assert (row.state, row.template, row.shown_parameters) == empty
    await stack.finish(interrupted="cancel")
    await begin(stack, Action.ROLLBACK)
    row = await repository.stack(stack.id)
    assert (row.state, row.template, row.shown_parameters) == empty


@pytest.mark.parametrize(("to", "word"), [("previous", "two"), ("complete", "one")])
async def test_a_cancel_of_an_update_that_waits_shows_what_that_one_will_go_back_to(
    stacks: Any, repository: Repository, to: str, word: str
) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    waiting = await accept_update(stack, "three", roll_back_to=to)
    before = await last_event(stack)
    assert (await repository.accept_cancel(stack.id, Cancel.ROLL_BACK, now=25.0)).id == waiting.id
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", word)
    await stack.finish(interrupted="takeover")
    await begin(stack, Action.UPDATE)
    assert await shown(stack) == ("ROLLBACK_IN_PROGRESS", word)
    await stack.finish(interrupted="cancel")
    await begin(stack, Action.ROLLBACK)
    await stack.finish(complete=True)
    assert await shown(stack) == ("ROLLBACK_COMPLETE", word)
    assert await told(stack, before) == ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]


async def test_an_update_takes_over_from_a_rollback_that_was_announced(stacks: Any) -> None:
    stack = await cancelled(stacks)
    newer = await accept_update(stack, "three")
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "three")
    ended = await stack.finish(interrupted="cancel")
    assert ended.next_operation_id == newer.id
    await begin(stack, Action.UPDATE)
    await stack.finish(complete=True)
    assert await shown(stack) == ("UPDATE_COMPLETE", "three")
    assert (await told(stack))[-4:] == [
        "UPDATE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]


async def test_the_same_cancel_again_changes_nothing(stacks: Any, repository: Repository) -> None:
    stack = await cancelled(stacks)
    before = await last_event(stack)
    await repository.accept_cancel(stack.id, Cancel.ROLL_BACK, now=30.0)
    assert await last_event(stack) == before


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (Cancel.ROLL_BACK, Cancel.KEEP, "ROLLBACK_IN_PROGRESS"),
        (Cancel.KEEP, Cancel.ROLL_BACK, "without a rollback"),
    ],
)
async def test_a_cancel_of_another_kind_is_refused(
    stacks: Any, repository: Repository, first: Cancel, second: Cancel, words: str
) -> None:
    stack = await cancelled(stacks, first)
    before = await repository.stack(stack.id)
    with pytest.raises(InvalidInput, match=words):
        await repository.accept_cancel(stack.id, second, now=30.0)
    assert await repository.stack(stack.id) == before


async def test_a_cancel_without_rollback_is_told_when_it_has_stopped(stacks: Any) -> None:
    stack = await cancelled(stacks, Cancel.KEEP)
    assert await shown(stack) == ("UPDATE_IN_PROGRESS", "two")
    await stack.finish(interrupted="cancel")
    assert await shown(stack) == ("UPDATE_FAILED", "two")


async def test_a_plan_that_was_made_before_a_cancel_is_overtaken(stacks: Any, repository: Repository) -> None:
    stack = await complete(stacks)
    await accept_update(stack, "two")
    await begin(stack, Action.UPDATE)
    before = (await repository.plan_base(stack.id)).expected
    await repository.accept_cancel(stack.id, Cancel.ROLL_BACK, now=25.0)
    assert (await repository.plan_base(stack.id)).expected.revision > before.revision
