"""Claimants that compete for one row, in any order and at any pace: never two holders, and one end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.contract import StepKind, StepResult
from firebrick.store import Keyring, Store
from firebrick.store.step_outcomes import AlreadyEnded, AlreadyRecorded, Busy, Claim, Claimed, RowOutcome

LEASE = 10.0
ORDERS = [(run, step, attempt) for run in (1, 2) for step in (1, 2, 3) for attempt in (1, 2)]
OUTCOMES = {
    "done": RowOutcome.done(physical_id="p"),
    "failed": RowOutcome.failed("permanent", "no"),
    "parked": RowOutcome.parked(StepKind.POLL, 5.0),
    "retry": RowOutcome.retry(5.0, "transient", "again", attempt=1, attempts=8),
}

claimants = st.sampled_from(ORDERS)
moves = st.one_of(
    st.tuples(st.just("claim"), st.lists(claimants, min_size=1, max_size=4)),
    st.tuples(st.just("record"), claimants, st.sampled_from(sorted(OUTCOMES))),
    st.tuples(st.just("renew"), claimants),
    st.tuples(st.just("wait"), st.sampled_from([1.0, LEASE / 2, LEASE])),
)


@dataclass
class Model:
    """What must be true, kept apart from how it is done."""

    now: float = 100.0
    holder: tuple[int, int, int] | None = None  # who was given the row and has not recorded
    lease_until: float = 0.0
    last: tuple[int, int, int] = (0, 0, 0)  # greatest that was ever given the row
    recorded: StepResult | None = None  # of the last step, if it was recorded
    ended: bool = False
    events: list[str] = field(default_factory=lambda: ["web CREATE_IN_PROGRESS"])

    def check_claim(self, order: tuple[int, int, int], got: Any) -> None:
        free = self.holder is None or self.lease_until <= self.now
        if self.ended:
            assert self.recorded is not None and got == AlreadyEnded(self.recorded)
        elif self.recorded is not None and order[1] <= self.last[1]:
            assert got == AlreadyRecorded(self.recorded)
        elif not free:
            assert got == Busy(self.lease_until)
        else:
            assert isinstance(got, Claimed)
            assert got.first == (self.last == (0, 0, 0))
            if got.first:
                self.events.append("a CREATE_IN_PROGRESS")
            given = got.claim.chain_run, got.claim.step, got.claim.attempt
            # Nobody has had it under this number: one that a reset repeats gets another.
            assert given > self.last
            assert given == order or order <= self.last
            self.holder, self.last, self.lease_until, self.recorded = given, given, self.now + LEASE, None

    def check_record(self, order: tuple[int, int, int], outcome: str, stored: bool) -> None:
        assert stored == (order == self.holder)
        if stored:
            self.holder, self.recorded = None, OUTCOMES[outcome].result
            self.ended = outcome in ("done", "failed")
            if outcome == "done":
                self.events.append("a CREATE_COMPLETE")
            elif outcome == "failed":
                self.events += ["a CREATE_FAILED", "web CREATE_FAILED"]
            elif outcome == "retry":
                self.events.append("a CREATE_IN_PROGRESS")

    def check_renew(self, order: tuple[int, int, int], renewed: bool) -> None:
        assert renewed == (order == self.holder)
        if renewed:
            self.lease_until = self.now + LEASE


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="module")
def shared_store(runner: asyncio.Runner, new_database: Any, key: str) -> Iterator[Store]:
    store = runner.run(Store.open(new_database().url, Keyring.from_values({"k1": key}, current="k1")))
    yield store
    runner.run(store.close())


@settings(max_examples=150, deadline=None)
@given(plan=st.lists(moves, max_size=25))
def test_there_is_one_holder_at_a_time_and_one_end(
    plan: list[Any], runner: asyncio.Runner, shared_store: Store, stacks_of: Any
) -> None:
    runner.run(_play(plan, stacks_of(shared_store)))


async def _play(plan: list[Any], stacks: Any) -> None:
    stack = await stacks.running({"a": ()}, stacks.fresh_name())
    model = Model()

    def claim_of(order: tuple[int, int, int]) -> Claim:
        run, step, attempt = order
        return stack.claim_of("a", chain_run=run, step=step, attempt=attempt)

    for kind, *arguments in plan:
        match kind:
            case "claim":
                # At once: the writer commits them together, in the order they came.
                asks = (stack.try_claim(claim_of(order), now=model.now, lease=LEASE) for order in arguments[0])
                for order, got in zip(arguments[0], await asyncio.gather(*asks), strict=True):
                    model.check_claim(order, got)
            case "record":
                order, outcome = arguments
                stored = await stack.repository.record(claim_of(order), OUTCOMES[outcome], now=model.now)
                model.check_record(order, outcome, stored)
            case "renew":
                renewed = await stack.repository.renew(claim_of(arguments[0]), model.now + LEASE)
                model.check_renew(arguments[0], renewed)
            case "wait":
                model.now += arguments[0]
    events = await stack.repository.events(stack.id)
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    names = {stack.operation.stack_name: "web", "a": "a"}
    assert [f"{names[one.resource_name]} {one.state}" for one in events] == model.events
