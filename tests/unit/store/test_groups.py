"""Writes about the same rows that share a transaction: each sees what the one before it did."""

import asyncio
from typing import Any

from firebrick.contract import Action, OperationState
from firebrick.diagnostics import FirebrickError
from firebrick.store import Store
from firebrick.store.claims import ClaimRows, RenewRows
from firebrick.store.operations import Finish
from firebrick.store.outcomes import RecordRows
from firebrick.store.step_outcomes import AlreadyEnded, Claim, Claimed, RowOutcome
from firebrick.store.writer import Write
from tests.unit.store.test_writer import gathered

PROJECT = "default"


def claims(stack: Any, *these: Claim, now: float = 100.0) -> ClaimRows:
    keys = [""] * len(these)
    return ClaimRows(PROJECT, stack.id, these, keys, Action.CREATE, stack.operation.id, now, 30.0)


def records(stack: Any, *these: Claim, now: float = 100.0) -> RecordRows:
    return RecordRows(
        PROJECT, stack.id, [(one, RowOutcome.done(physical_id=f"of {one.attempt}")) for one in these], now
    )


async def test_who_claims_a_row_first_keeps_it_from_the_record_of_an_attempt_before(store: Store, stacks: Any) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    old, new, other = stack.claim_of("a"), stack.claim_of("a", attempt=2), stack.claim_of("b")
    for one in (old, other):
        assert isinstance(await stack.try_claim(one, lease=1.0), Claimed)
    claimed, recorded = await gathered(store, [claims(stack, new), records(stack, old, other)])
    assert isinstance(claimed[0], Claimed) and recorded == [False, True]
    assert await gathered(store, [records(stack, new)]) == [[True]]
    physical_ids = {row.name: row.physical_id for row in await stack.repository.resources(stack.id)}
    assert physical_ids == {"a": "of 2", "b": "of 1"}


async def test_a_record_is_seen_by_a_claim_after_it(store: Store, stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    old, new = stack.claim_of("a"), stack.claim_of("a", attempt=2)
    assert isinstance(await stack.try_claim(old, lease=1.0), Claimed)
    recorded, claimed = await gathered(store, [records(stack, old), claims(stack, new)])
    assert recorded == [True] and isinstance(claimed[0], AlreadyEnded)


async def test_a_claim_is_seen_by_a_renewal_after_it(store: Store, stacks: Any) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    old, new, other = stack.claim_of("a"), stack.claim_of("a", attempt=2), stack.claim_of("b")
    for one in (old, other):
        assert isinstance(await stack.try_claim(one, lease=1.0), Claimed)
    claimed, renewed = await gathered(
        store, [claims(stack, new), RenewRows(PROJECT, stack.id, [old, new, other], 200.0)]
    )
    assert isinstance(claimed[0], Claimed) and renewed == [False, True, True]


async def test_what_goes_another_way_to_the_database_sees_what_was_written_before_it(store: Store, stacks: Any) -> None:
    """The end of an interrupted operation ends what still runs, and reads that in a statement of its own."""
    stack = await stacks.running({"a": (), "b": ()})
    for name in ("a", "b"):
        assert isinstance(await stack.try_claim(stack.claim_of(name)), Claimed)
    finish = Finish(PROJECT, stack.operation.id, stack.id, seq=1, complete=False, interrupted="cancel", now=101.0)
    writes: list[Write[Any]] = [records(stack, stack.claim_of("a")), finish]
    recorded, finished = await gathered(store, writes)
    assert recorded == [True] and finished.state is OperationState.FAILED
    told = [tuple(text.split(" ")[:2]) for text in await stack.texts()]
    assert [state for name, state in told if name == "a"] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert [state for name, state in told if name == "b"] == ["CREATE_IN_PROGRESS", "CREATE_FAILED"]


async def test_ids_may_have_any_characters(stacks: Any) -> None:
    stack = await stacks.running({"a": ()})
    strange = ['a"b', "back\\slash", "{x,y}", "NULL", "", "'; --", "%(id)s", "$1", "ä ☃", "cut\0here"]
    asks = [
        stack.repository.accept_delete(one, stacks.new_operation(Action.DELETE)) for one in (*strange, stack.id + "\0")
    ]
    for told in await asyncio.gather(*asks, return_exceptions=True):
        assert isinstance(told, FirebrickError) and told.first.code in ("stack-not-found", "store-value"), told
    assert (await stack.state())[0] == "CREATE_IN_PROGRESS"
