"""What the store counts and times for those who watch it."""

from typing import Any

from prometheus_client import REGISTRY

from firebrick.contract import StepKind
from firebrick.store import Store
from firebrick.store.step_outcomes import RowOutcome


def sample(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


async def test_each_commit_is_timed_with_the_number_of_its_writes(stacks: Any) -> None:
    commits, writes = "firebrick_store_commit_duration_seconds_count", "firebrick_store_commit_writes_sum"
    before = sample(commits), sample(writes)
    await stacks.running({"a": ()})
    made = sample(commits) - before[0]
    assert made >= 2  # accept, begin
    assert sample(writes) - before[1] >= made


async def test_parked_resources_are_counted_by_what_they_wait_for(store: Store, stacks: Any) -> None:
    stack = await stacks.running({"polls": (), "waits": (), "fails": (), "done": (), "held": (), "new": ()})
    every = store.every_project()
    assert await every.parked() == {}
    outcomes = {
        "polls": RowOutcome.parked(StepKind.POLL, 9.0),
        "waits": RowOutcome.parked(StepKind.WAIT_SIGNAL, 9.0, key="k"),
        "fails": RowOutcome.retry(9.0, "transient", "no", attempt=1, attempts=8),
        "done": RowOutcome.done(),
    }
    for name, outcome in outcomes.items():
        held = await stack.claim(name, now=2.0)
        assert await store.project("default").record(held.claim, outcome, now=3.0)
    await stack.claim("held", now=2.0)
    parked = {("CREATE", kind): 1 for kind in ("poll", "wait_signal", "retry")}
    assert await every.parked() == parked
    await stack.claim("polls", step=2, now=10.0)  # somebody looks at it again
    del parked["CREATE", "poll"]
    assert await every.parked() == parked
    await store.project("default").finish(stack.operation.id, seq=stack.operation.seq, complete=False, now=11.0)
    assert await every.parked() == {}
