"""Claiming a row, holding it, saying how its step ended: one holder, one outcome, every state with its event."""

from dataclasses import replace
from typing import Any

import pytest

from firebrick.contract import Action, StepKind, StepResult
from firebrick.store import Repository, Store
from firebrick.store.step_outcomes import AlreadyRecorded, Busy, Claim, Claimed, RowOutcome, Superseded


async def test_the_first_claim_writes_state_event_and_intent(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    held = await stack.claim("a", now=2.0)
    assert (held.first, held.intent_open, held.stack_name, held.project) == (True, False, "web", "default")
    assert held.row.definition == {"name": "a", "properties": {"size": 1}}
    assert held.row.key == held.row.create_key == f"{stack.operation.id}.{stack.rows['a']}"
    assert not held.row.create_unsettled
    assert (await stack.texts())[1:] == ["a CREATE_IN_PROGRESS state changed"]
    row = await repository.resource(stack.id, "a")
    assert (row.state, row.updated_at, row.create_unsettled) == ("CREATE_IN_PROGRESS", 2.0, True)


async def test_a_key_given_with_the_first_claim_stays(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    ask = {"action": Action.CREATE, "operation_id": stack.operation.id, "lease": 1.0}
    first = await repository.claim(stack.claim_of("a"), now=2.0, key="token", **ask)
    again = await repository.claim(stack.claim_of("a", attempt=2), now=3.0, key="another", **ask)
    assert isinstance(first, Claimed)
    assert isinstance(again, Claimed)
    assert first.row.key == again.row.key == "token"


async def test_while_a_lease_runs_nobody_else_gets_the_row(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.claim("a", now=2.0, lease=30.0)
    for claim in (stack.claim_of("a", attempt=2), stack.claim_of("a", chain_run=2), stack.claim_of("a", step=2)):
        assert await stack.try_claim(claim, now=31.9) == Busy(32.0)


async def test_after_the_lease_a_later_claimant_gets_the_row_and_the_open_intent(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.claim("a", now=2.0, lease=30.0)
    again = await stack.claim("a", attempt=2, now=32.0)
    assert (again.first, again.intent_open, again.row.create_unsettled) == (False, True, True)
    assert len(await stack.texts()) == 2


@pytest.mark.parametrize("numbers", [{"attempt": 1}, {"attempt": 2}, {"step": 1}, {"chain_run": 1, "step": 9}])
async def test_who_counts_from_one_again_gets_the_row_under_a_number_that_nobody_had(
    stacks: Any, repository: Repository, numbers: dict[str, int]
) -> None:
    """A run that was reset, or an activity, asks with numbers that were there before."""
    stack = await stacks.running({"a": ()})
    before = await stack.claim("a", chain_run=2, step=3, attempt=2, now=2.0, lease=30.0)
    asked = stack.claim_of("a", **{"chain_run": 2, "step": 3, "attempt": 1, **numbers})
    assert await stack.try_claim(asked, now=31.0) == Busy(32.0)
    again = await stack.try_claim(asked, now=99.0)
    assert isinstance(again, Claimed) and (again.first, again.intent_open) == (False, True)
    assert again.claim.order > before.claim.order
    assert not await repository.record(before.claim, RowOutcome.done(physical_id="z"), now=100.0)
    assert await repository.record(again.claim, RowOutcome.done(physical_id="p"), now=100.0)


async def test_a_claimant_of_an_earlier_phase_does_not_get_the_row_back(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    clean = replace(stack.claim_of("a"), phase=1)
    assert isinstance(await stack.try_claim(clean, now=2.0, lease=30.0), Claimed)
    assert await stack.try_claim(stack.claim_of("a", attempt=9), now=99.0) == Superseded()


async def test_a_zombies_outcome_changes_nothing(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    zombie = await stack.claim("a", now=2.0, lease=1.0)
    heir = await stack.claim("a", attempt=2, now=9.0)
    before = await repository.resource(stack.id, "a"), await stack.texts()
    for outcome in (RowOutcome.done(physical_id="z"), RowOutcome.failed("permanent", "z"), RowOutcome.release()):
        assert not await repository.record(zombie.claim, outcome, now=10.0)
    assert not await repository.renew(zombie.claim, 99.0)
    assert not await repository.renew(zombie.claim, 99.0, physical_id="z")
    assert (await repository.resource(stack.id, "a"), await stack.texts()) == before
    assert await repository.record(heir.claim, RowOutcome.done(physical_id="h"), now=11.0)
    assert (await repository.resource(stack.id, "a")).physical_id == "h"


async def test_an_outcome_is_recorded_once(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    held = await stack.claim("a")
    assert await repository.record_many(
        [(held.claim, RowOutcome.done()), (held.claim, RowOutcome.done())], now=3.0
    ) == [
        True,
        False,
    ]
    assert not await repository.record(held.claim, RowOutcome.done(), now=3.0)
    assert len(await stack.texts()) == 3


async def test_a_late_holder_whom_nobody_followed_may_still_record(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    held = await stack.claim("a", now=2.0, lease=1.0)
    assert await repository.record(held.claim, RowOutcome.done(), now=99.0)


async def test_renewing_moves_the_lease(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    first, second = await stack.claim("a", lease=1.0), await stack.claim("b", lease=1.0)
    assert await repository.renew_many([first.claim, second.claim], 50.0) == [True, True]
    assert await stack.try_claim(stack.claim_of("a", attempt=2), now=49.0) == Busy(50.0)
    assert await repository.renew_many([], 50.0) == []


async def test_done_stores_everything_and_settles_the_create(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ("a",)}, computes=True)
    outcome = RowOutcome.done(
        physical_id="p-1", reference_id="r-1", attributes={"ip": "::1"}, data={"port": 5}, properties={"size": 1}
    )
    await stack.step("a", outcome, now=4.0)
    row = await repository.resource(stack.id, "a")
    assert (row.state, row.status_reason, row.updated_at) == ("CREATE_COMPLETE", "state changed", 4.0)
    assert (row.physical_id, row.reference_id, row.attributes) == ("p-1", "r-1", {"ip": "::1"})
    assert (row.data, row.properties, row.create_unsettled) == ({"port": 5}, {"size": 1}, False)
    upstream = (await stack.claim("b")).upstream
    assert upstream == await repository.upstream(stack.id, ["a", "nothing"])
    assert (upstream["a"].reference_id, upstream["a"].attributes) == ("r-1", {"ip": "::1"})


async def test_what_computes_with_nothing_is_told_which_rows_it_requires_and_no_more(
    stacks: Any, repository: Repository
) -> None:
    """A layer that waits for fifty others would decrypt the values of all of them for each of its own."""
    stack = await stacks.running({"a": (), "b": ("a",), "c": ("a",)})
    await stack.step("a", RowOutcome.done(physical_id="p-1", attributes={"ip": "::1"}), now=4.0)
    required = (await repository.upstream(stack.id, ["a"]))["a"]
    seen = (await stack.claim("b")).upstream
    assert [(name, one.id, one.name, one.revision) for name, one in seen.items()] == [
        ("a", required.id, "a", required.revision)
    ]
    assert (seen["a"].physical_id, seen["a"].attributes) == (None, {})


async def test_a_reference_id_is_the_physical_id_unless_it_is_given(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    await stack.step("a", RowOutcome.done(physical_id="p-1"))
    upstream = await repository.upstream(stack.id, ["a", "b"])
    assert (upstream["a"].reference_id, upstream["b"].reference_id) == ("p-1", None)


async def test_a_parked_step_gives_the_row_back_with_its_progress(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    parked = RowOutcome.parked(
        StepKind.WAIT_SIGNAL, 60.0, key="s", progress={"n": 1}, physical_id="p", properties={"size": 1}
    )
    await stack.step("a", parked)
    assert len(await stack.texts()) == 2
    recorded = await stack.try_claim(stack.claim_of("a", attempt=2), now=3.0)
    assert recorded == AlreadyRecorded(StepResult(kind=StepKind.WAIT_SIGNAL, at=60.0, key="s"))
    held = await stack.claim("a", step=2)
    assert (held.row.polling, held.row.progress, held.row.physical_id) == (True, {"n": 1}, "p")
    assert (held.intent_open, held.row.create_unsettled, held.row.properties) == (False, False, {"size": 1})
    lost = await stack.claim("a", step=2, attempt=2, now=99.0)
    assert not lost.intent_open
    assert not lost.row.create_unsettled


async def test_steps_go_on_in_the_next_run_of_the_chain(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.parked(StepKind.POLL, 9.0), step=1)
    await stack.step("a", RowOutcome.parked(StepKind.POLL, 19.0), step=2)
    told_again = await stack.try_claim(stack.claim_of("a", step=2, chain_run=2))
    assert told_again == AlreadyRecorded(StepResult(kind=StepKind.POLL, at=19.0))
    assert (await stack.claim("a", step=3, chain_run=2)).row.polling


async def test_a_retry_is_told_and_counted_until_something_succeeds(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    retry = RowOutcome.retry(6.5, "throttled", "slow down", attempt=2, attempts=8, lost=False)
    await stack.step("a", retry, now=2.5)
    text = "attempt 2 of 8 failed (throttled): slow down; next in 4 s"
    assert (await stack.texts())[-1] == f"a CREATE_IN_PROGRESS {text}"
    assert (await repository.resource(stack.id, "a")).status_reason == text
    held = await stack.claim("a", step=2)
    assert (held.row.retries, held.intent_open, held.row.create_unsettled) == (2, False, False)
    assert await repository.record(held.claim, RowOutcome.parked(StepKind.POLL, 9.0), now=7.0)
    assert (await stack.claim("a", step=3)).row.retries == 0


async def test_a_retry_after_a_lost_answer_leaves_the_intent_open(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.retry(6.0, "transient", "reset", attempt=1, attempts=8, lost=True))
    held = await stack.claim("a", step=2)
    assert (held.intent_open, held.row.create_unsettled) == (True, True)


async def test_progress_in_the_middle_of_a_step_is_there_for_the_heir(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    held = await stack.claim("a", lease=5.0)
    known = {"physical_id": "p", "progress": {"n": 2}, "properties": {"size": 1}}
    assert await stack.repository.renew(held.claim, 20.0, **known)
    heir = await stack.claim("a", attempt=2, now=20.0)
    assert (heir.row.physical_id, heir.row.progress, heir.row.properties) == ("p", {"n": 2}, {"size": 1})
    assert (heir.row.polling, heir.intent_open, heir.row.create_unsettled) == (True, False, False)


async def test_a_physical_id_found_before_the_call_leaves_the_call_to_be_made(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.claim("a", now=2.0, lease=1.0)
    await stack.accept_delete()
    await stack.finish(interrupted="takeover")
    await stack.begin(Action.DELETE)
    held = await stack.claim("a", now=12.0, lease=5.0)
    assert await stack.repository.renew(held.claim, 13.0, physical_id="p")
    heir = await stack.claim("a", attempt=2, now=13.0)
    assert (heir.row.polling, heir.row.physical_id, heir.row.create_unsettled) == (False, "p", False)


async def test_the_next_operation_starts_a_row_afresh_and_keeps_what_was_made(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    create = stack.operation
    await stack.step("a", RowOutcome.retry(3.0, "transient", "reset", attempt=3, attempts=8))
    await stack.step("a", RowOutcome.parked(StepKind.POLL, 9.0, progress={"n": 1}, physical_id="p"), step=2)
    await stack.step("a", RowOutcome.retry(3.0, "transient", "reset", attempt=1, attempts=8), step=3)
    await stack.accept_delete()
    await stack.finish(interrupted="takeover")
    await stack.begin(Action.DELETE)
    held = await stack.claim("a", now=12.0, lease=1.0)
    assert (held.first, held.intent_open, held.upstream) == (True, False, {})
    assert (held.row.polling, held.row.retries, held.row.progress, held.row.physical_id) == (False, 0, {}, "p")
    assert held.row.key == f"{stack.operation.id}.{held.row.id}"
    assert held.row.create_key == f"{create.id}.{held.row.id}"
    assert (await stack.claim("a", attempt=2, now=13.0)).intent_open


async def test_the_first_failure_fails_the_stack_at_once_and_only_once(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": (), "b": (), "c": ()})
    last = await stack.claim("c")
    await stack.step("a", RowOutcome.failed("permanent", "no room", error="ValueError"))
    await stack.step("b", RowOutcome.failed("permanent", "nor here", error="KeyError"))
    assert (await stack.texts())[3:] == [
        "a CREATE_FAILED ValueError: resources.a: no room",
        "web CREATE_FAILED Resource CREATE failed: ValueError: resources.a: no room",
        "b CREATE_IN_PROGRESS state changed",
        "b CREATE_FAILED KeyError: resources.b: nor here",
    ]
    assert await repository.record(last.claim, RowOutcome.done(), now=9.0)
    assert (await repository.operation(stack.operation.id)).ended_at is None


async def test_an_unknown_outcome_is_a_failure_that_stays_unsettled(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.unknown("the answer was lost"))
    row = await repository.resource(stack.id, "a")
    assert (row.state, row.create_unsettled) == ("CREATE_FAILED", True)
    assert row.status_reason == "UnknownOutcome: resources.a: the answer was lost"
    assert (await stack.state())[0] == "CREATE_FAILED"
    await stack.finish()
    operation = await repository.operation(stack.operation.id)
    assert operation.failure is not None
    assert [cause.error_class for cause in operation.failure.causes] == ["unknown"]


async def test_a_released_row_is_as_if_nobody_had_claimed_it(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.release(), step=7)
    again = await stack.claim("a", step=1)
    assert (again.first, again.intent_open, again.row.create_unsettled) == (False, False, False)
    assert len(await stack.texts()) == 2


async def test_a_batch_has_an_outcome_and_an_event_for_each(stacks: Any, repository: Repository) -> None:
    names = [f"r{number}" for number in range(10)]
    stack = await stacks.running({name: names[:number][-1:] for number, name in enumerate(names)}, computes=True)
    await stack.claim("r3")
    await stack.step("r0", RowOutcome.done(physical_id="p0"))
    claims = [stack.claim_of(name, attempt=1) for name in names]
    ask = {"action": Action.CREATE, "operation_id": stack.operation.id, "now": 3.0, "lease": 5.0}
    before = await stack.texts()
    got = await repository.claim_many(claims, **ask, announce=False)
    assert await stack.texts() == before
    # What requires a row that somebody else holds is not given before that is made.
    assert [type(one).__name__ for one in got] == ["AlreadyEnded", *["Claimed"] * 2, *["Busy"] * 7]
    mine = [one for one in got if isinstance(one, Claimed)]
    assert mine[0].upstream["r0"].physical_id == "p0"
    stored = await repository.record_many([(one.claim, RowOutcome.done(physical_id="x")) for one in mine], now=4.0)
    assert stored == [True] * 2
    # Each begins after what it requires is complete, although all were claimed together.
    assert (await stack.texts())[len(before) :] == [
        f"{one.row.name} CREATE_{status} state changed" for one in mine for status in ("IN_PROGRESS", "COMPLETE")
    ]
    assert await repository.claim_many([], **ask) == []
    assert await repository.record_many([], now=4.0) == []


async def test_a_row_of_a_batch_that_was_never_recorded_is_told_of_by_whoever_comes_next(
    stacks: Any, repository: Repository
) -> None:
    stack = await stacks.running({"a": (), "b": (), "c": ()})
    ask = {"action": Action.CREATE, "operation_id": stack.operation.id, "lease": 5.0}
    claims = [stack.claim_of(name, attempt=1) for name in ("a", "b", "c")]
    assert len(await repository.claim_many(claims, **ask, now=3.0, announce=False)) == 3
    assert await repository.record_many([(claims[0], RowOutcome.release())], now=4.0) == [True]
    before = await stack.texts()
    # a was given back, b's holder has died, c is still held when the operation ends.
    for name in ("a", "b"):
        again = await repository.claim(stack.claim_of(name, step=2), **ask, now=9.0)
        assert isinstance(again, Claimed) and not again.first
    assert (await stack.texts())[len(before) :] == [f"{name} CREATE_IN_PROGRESS state changed" for name in ("a", "b")]
    before = await stack.texts()
    await repository.finish(stack.operation.id, seq=stack.operation.seq, complete=False, interrupted="cancel", now=10.0)
    told = [text for text in (await stack.texts())[len(before) :] if text.startswith("c ")]
    assert told == ["c CREATE_IN_PROGRESS state changed", "c CREATE_FAILED CREATE aborted (user triggered cancel)"]


async def test_claims_of_two_stacks_do_not_go_in_one_call(stacks: Any, repository: Repository) -> None:
    one, two = await stacks.running({"a": ()}, "one"), await stacks.running({"a": ()}, "two")
    claims = [one.claim_of("a"), two.claim_of("a")]
    with pytest.raises(ValueError, match="one stack"):
        await repository.claim_many(claims, action=Action.CREATE, operation_id="o", now=1.0, lease=1.0)


async def test_rows_are_claimed_for_their_own_stack_project_and_operation_only(
    stacks: Any, store: Store, repository: Repository
) -> None:
    stack, other = await stacks.running({"a": ()}), await stacks.running({"a": ()}, "other")
    claim = stack.claim_of("a")
    ask = {"action": Action.CREATE, "operation_id": stack.operation.id, "now": 2.0, "lease": 5.0}
    assert await store.project("elsewhere").claim(claim, **ask) == Superseded()
    for wrong in (
        Claim(stack_id=other.id, row=claim.row, seq=1, chain_run=1, step=1, attempt=1),
        Claim(stack_id=stack.id, row=claim.row, seq=2, chain_run=1, step=1, attempt=1),
        Claim(stack_id=stack.id, row=99_999, seq=1, chain_run=1, step=1, attempt=1),
        Claim(stack_id="nothing", row=claim.row, seq=1, chain_run=1, step=1, attempt=1),
    ):
        assert await repository.claim(wrong, **ask) == Superseded()
        assert not await repository.record(wrong, RowOutcome.done(), now=3.0)
        assert not await repository.renew(wrong, 9.0)
    held = await stack.claim("a")
    assert not await store.project("elsewhere").record(held.claim, RowOutcome.done(), now=3.0)
    assert not await store.project("elsewhere").renew(held.claim, 9.0)
