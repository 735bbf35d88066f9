"""The rules of a walk, one by one. What they come to together is tested in tests/model."""

import json
import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.contract import StepKind, StepResult
from firebrick.plan import Plan, PlanNode
from firebrick.traversal import (
    CancelRunning,
    CancelTimer,
    Command,
    Finished,
    HandedOver,
    RunBatch,
    RunStep,
    SetTimer,
    Traversal,
    TraversalResult,
)
from firebrick.traversal.saved import from_ranges, to_ranges

DONE, FAILED, UNKNOWN, ABORTED, SUPERSEDED = (
    StepResult(kind=kind)
    for kind in (StepKind.DONE, StepKind.FAILED, StepKind.UNKNOWN, StepKind.ABORTED, StepKind.SUPERSEDED)
)


def poll(at: float) -> StepResult:
    return StepResult(kind=StepKind.POLL, at=at)


def wait(key: str, at: float = 100) -> StepResult:
    return StepResult(kind=StepKind.WAIT_SIGNAL, at=at, key=key)


def node(id: int, *requires: int, instant: bool = False, key: str = "") -> PlanNode:
    return PlanNode(id, f"r{id}", "Test::Thing", instant, key, requires)


def plan(*nodes: PlanNode) -> Plan:
    return Plan(None, nodes)


def brief(commands: list[Command]) -> list[str]:
    """Commands as words: ``run 3.1`` is step 1 of node 3."""
    words = []
    for command in commands:
        match command:
            case RunStep(node=one, step=step):
                words.append(f"run {one.id}.{step}")
            case RunBatch(nodes=nodes, step=step):
                words.append(f"batch {step}: " + " ".join(str(one.id) for one in nodes))
            case SetTimer(node=one, at=at):
                words.append(f"timer {one.id} at {at:g}")
            case CancelTimer(node=one):
                words.append(f"no timer {one.id}")
            case CancelRunning(nodes=ids):
                words.append("stop " + " ".join(str(one) for one in ids))
            case HandedOver():
                words.append("handed over")
            case Finished(result=result):
                words.append("complete" if result.complete else "incomplete")
    return words


def test_a_node_starts_when_all_it_requires_is_done() -> None:
    walk = Traversal(plan(node(1), node(2), node(3, 1, 2)))
    assert brief(walk.start(0)) == ["run 1.1", "run 2.1"]
    assert brief(walk.step_ended(2, DONE, 1)) == []
    assert brief(walk.step_ended(1, DONE, 2)) == ["run 3.1"]
    assert walk.result is None
    assert brief(walk.step_ended(3, DONE, 3)) == ["complete"]
    assert walk.result == TraversalResult(True, "", (), (), ())


def test_nothing_to_do_is_complete_at_once() -> None:
    assert brief(Traversal(plan()).start(0)) == ["complete"]


def test_the_window_is_filled_in_the_order_of_the_plan() -> None:
    walk = Traversal(plan(node(5), node(3), node(9), node(1)), window=2)
    assert brief(walk.start(0)) == ["run 5.1", "run 3.1"]
    assert brief(walk.step_ended(3, DONE, 1)) == ["run 9.1"]
    assert brief(walk.step_ended(9, DONE, 1)) == ["run 1.1"]


def test_a_parked_node_holds_no_place_and_goes_on_before_new_ones_start() -> None:
    walk = Traversal(plan(node(1), node(2), node(3)), window=1)
    walk.start(0)
    assert brief(walk.step_ended(1, poll(10), 1)) == ["timer 1 at 10", "run 2.1"]
    assert brief(walk.timer_fired(1, 10)) == []
    assert walk.progress.parked == 1
    assert brief(walk.step_ended(2, DONE, 11)) == ["run 1.2"]
    assert brief(walk.step_ended(1, DONE, 12)) == ["run 3.1"]


def test_a_time_that_is_past_needs_no_timer() -> None:
    walk = Traversal(plan(node(1)))
    walk.start(0)
    assert brief(walk.step_ended(1, poll(5), 5)) == ["run 1.2"]


def test_nothing_new_starts_while_too_many_are_parked() -> None:
    walk = Traversal(plan(node(1), node(2)), window=1, max_parked=1)
    walk.start(0)
    assert brief(walk.step_ended(1, poll(10), 1)) == ["timer 1 at 10"]
    assert brief(walk.timer_fired(1, 10)) == ["run 1.2"]
    assert brief(walk.step_ended(1, DONE, 11)) == ["run 2.1"]


def test_a_retry_waits_like_a_poll_and_says_why() -> None:
    walk = Traversal(plan(node(1)))
    walk.start(0)
    (timer,) = walk.step_ended(1, StepResult(kind=StepKind.RETRY, at=4, error_class="throttled"), 1)
    assert timer == SetTimer(node(1), 4, "retry after throttled")


@pytest.mark.parametrize("end", [FAILED, UNKNOWN, ABORTED])
def test_the_first_failure_stops_new_starts_and_lets_begun_nodes_end(end: StepResult) -> None:
    walk = Traversal(plan(node(1), node(2), node(3), node(4), node(5, 2)), window=3)
    walk.start(0)
    walk.step_ended(1, poll(10), 1)  # node 4 takes its place
    assert brief(walk.step_ended(3, end, 2)) == []
    assert brief(walk.step_ended(2, DONE, 3)) == [], "node 5 is ready and does not start"
    assert brief(walk.timer_fired(1, 10)) == ["run 1.2"]
    assert brief(walk.step_ended(1, poll(20), 11)) == ["timer 1 at 20"]
    assert brief(walk.step_ended(4, FAILED, 12)) == []
    assert brief(walk.timer_fired(1, 20)) == ["run 1.3"]
    assert brief(walk.step_ended(1, DONE, 21)) == ["incomplete"]
    failed, aborted = ((4,), (3,)) if end is ABORTED else ((3, 4), ())
    assert walk.result == TraversalResult(False, "", failed, aborted, (5,))


def test_an_interrupt_aborts_the_parked_and_asks_the_running_to_stop() -> None:
    walk = Traversal(plan(node(1), node(2), node(3), node(4), node(5, 4)))
    walk.start(0)
    walk.step_ended(1, poll(10), 1)
    assert brief(walk.interrupt("deadline", 2)) == ["no timer 1", "stop 2 3 4"]
    assert brief(walk.interrupt("takeover", 2)) == []
    assert walk.progress.stopping == "deadline"
    assert brief(walk.step_ended(2, poll(10), 3)) == []
    assert brief(walk.step_ended(3, FAILED, 4)) == []
    assert brief(walk.step_ended(4, DONE, 5)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "deadline", (3,), (1, 2), (5,))


def test_an_interrupt_after_a_failure_gives_the_cause_and_ends_the_waiting() -> None:
    walk = Traversal(plan(node(1), node(2)))
    walk.start(0)
    walk.step_ended(1, poll(1000), 1)
    walk.step_ended(2, FAILED, 2)
    assert brief(walk.interrupt("takeover", 3)) == ["no timer 1", "incomplete"]
    assert walk.result == TraversalResult(False, "takeover", (2,), (1,), ())


def test_an_interrupt_that_comes_too_late_leaves_a_complete_stack() -> None:
    walk = Traversal(plan(node(1)))
    walk.start(0)
    assert brief(walk.interrupt("cancel", 1)) == ["stop 1"]
    assert brief(walk.step_ended(1, DONE, 2)) == ["complete"]
    assert walk.result == TraversalResult(True, "cancel", (), (), ())


def test_an_interrupt_before_the_start_starts_nothing() -> None:
    walk = Traversal(plan(node(1)))
    assert walk.interrupt("cancel", 0) == []
    assert brief(walk.start(0)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "cancel", (), (), (1,))


def retry(at: float) -> StepResult:
    return StepResult(kind=StepKind.RETRY, at=at, error_class="transient")


def test_a_stop_lets_what_is_in_progress_finish_and_begins_nothing() -> None:
    walk = Traversal(plan(node(1), node(2), node(3, 1), node(4, 2)))
    walk.start(0)
    walk.step_ended(1, poll(10), 1)
    assert brief(walk.stop("cancel", 2)) == []
    assert walk.progress.stopping == "cancel"
    assert brief(walk.timer_fired(1, 10)) == ["run 1.2"]
    assert brief(walk.step_ended(2, DONE, 11)) == []
    assert brief(walk.step_ended(1, poll(20), 12)) == ["timer 1 at 20"]
    assert brief(walk.timer_fired(1, 20)) == ["run 1.3"]
    assert brief(walk.step_ended(1, DONE, 21)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "cancel", (), (), (3, 4))


def test_a_stop_gives_up_what_waits_for_another_attempt() -> None:
    walk = Traversal(plan(node(1), node(2)))
    walk.start(0)
    walk.step_ended(1, retry(10), 1)
    assert brief(walk.stop("cancel", 2)) == ["no timer 1"]
    assert brief(walk.step_ended(2, retry(10), 3)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "cancel", (), (1, 2), ())


def test_a_stop_asks_what_waits_for_a_signal_once_more_and_says_that_it_stops() -> None:
    walk = Traversal(plan(node(1), node(2)))
    walk.start(0)
    walk.step_ended(1, wait("nested.1"), 1)
    commands = walk.stop("cancel", 2)
    assert brief(commands) == ["no timer 1", "run 1.2"]
    assert [one.stopping for one in commands if isinstance(one, RunStep)] == [True]
    assert brief(walk.step_ended(1, wait("nested.1"), 3)) == ["timer 1 at 100"], (
        "asked, it waits for what it has stopped"
    )
    assert [one.stopping for one in walk.step_ended(2, wait("other"), 4) if isinstance(one, RunStep)] == [True]
    assert brief(walk.step_ended(2, ABORTED, 5)) == []
    assert brief(walk.signal("nested.1", 6)) == ["no timer 1", "run 1.3"]
    assert brief(walk.step_ended(1, FAILED, 7)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "cancel", (1,), (2,), ())


def test_an_interrupt_may_follow_a_stop() -> None:
    walk = Traversal(plan(node(1), node(2)))
    walk.start(0)
    walk.step_ended(1, poll(10), 1)
    walk.stop("cancel", 2)
    assert brief(walk.interrupt("deadline", 3)) == ["no timer 1", "stop 2"]
    assert brief(walk.stop("cancel", 4)) == []
    assert brief(walk.step_ended(2, ABORTED, 5)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "deadline", (), (1, 2), ())


def test_a_stop_goes_on_in_the_next_life() -> None:
    nodes = plan(node(1), node(2), node(3, 1))
    walk = Traversal(nodes)
    walk.start(0)
    walk.step_ended(1, poll(10), 1)
    walk.stop("cancel", 2)
    again = Traversal(nodes, state=walk.to_state())
    commands = again.start(3)
    assert brief(commands) == ["run 2.1", "timer 1 at 10"]
    again.step_ended(2, DONE, 4)
    assert brief(again.timer_fired(1, 10)) == ["run 1.2"]
    assert brief(again.step_ended(1, DONE, 11)) == ["incomplete"]
    assert again.result == TraversalResult(False, "cancel", (), (), (3,))


def test_a_stop_that_finds_nothing_left_to_begin_leaves_a_complete_stack() -> None:
    walk = Traversal(plan(node(1), node(2, instant=True)))
    walk.start(0)
    walk.stop("cancel", 1)
    walk.batch_ended((2,), [(2, DONE)], 2)
    assert brief(walk.step_ended(1, DONE, 3)) == ["complete"]


def test_a_superseded_step_stops_everything() -> None:
    walk = Traversal(plan(node(1), node(2), node(3, 1)))
    walk.start(0)
    assert brief(walk.step_ended(1, SUPERSEDED, 1)) == ["stop 2"]
    assert brief(walk.step_ended(2, DONE, 2)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "superseded", (), (1,), (3,))


def test_a_signal_wakes_the_node_that_waits_for_it() -> None:
    walk = Traversal(plan(node(1), node(2)))
    walk.start(0)
    walk.step_ended(1, wait("a"), 1)
    walk.step_ended(2, wait("b"), 1)
    assert brief(walk.signal("b", 2)) == ["no timer 2", "run 2.2"]
    assert brief(walk.timer_fired(2, 100)) == [], "its timer fired all the same, while it runs"


def test_a_signal_for_nobody_is_remembered_once() -> None:
    walk = Traversal(plan(node(1)))
    walk.start(0)
    assert walk.signal("a", 1) == walk.signal("a", 1) == []
    assert brief(walk.step_ended(1, wait("a"), 2)) == ["run 1.2"]
    assert brief(walk.step_ended(1, wait("a"), 3)) == ["timer 1 at 100"]


def test_an_old_timer_does_not_end_a_new_wait() -> None:
    walk = Traversal(plan(node(1)))
    walk.start(0)
    walk.step_ended(1, wait("a", 50), 1)
    walk.signal("a", 2)
    walk.step_ended(1, poll(90), 3)
    assert brief(walk.timer_fired(1, 50)) == ["timer 1 at 90"]
    assert brief(walk.timer_fired(1, 89.99)) == ["run 1.3"]


def test_what_fits_nothing_is_ignored() -> None:
    walk = Traversal(plan(node(1), node(2, 1)))
    walk.start(0)
    assert walk.step_ended(2, DONE, 1) == walk.step_ended(77, DONE, 1) == walk.timer_fired(1, 1) == []
    assert walk.batch_ended([1], [(1, DONE)], 1) == walk.batch_ended([], [], 1) == walk.start(1) == []
    walk.step_ended(1, poll(1), 1)
    assert walk.step_ended(1, DONE, 2, step=1) == [], "a late answer to step 1 says nothing of step 2"
    assert brief(walk.step_ended(1, DONE, 2, step=2)) == ["run 2.1"]
    assert walk.step_ended(1, FAILED, 3) == []
    assert walk.progress.failed == 0


def test_a_full_concurrency_key_holds_up_nobody_else() -> None:
    nodes = [node(1, key="nova"), node(2, key="nova"), node(3, key="nova"), node(4, key="glance"), node(5)]
    walk = Traversal(plan(*nodes), window=4, concurrency_limits={"nova": 1})
    assert brief(walk.start(0)) == ["run 1.1", "run 4.1", "run 5.1"]
    assert brief(walk.step_ended(5, DONE, 1)) == []
    assert brief(walk.step_ended(1, poll(10), 1)) == ["timer 1 at 10", "run 2.1"], "a parked node does not run"
    assert brief(walk.timer_fired(1, 10)) == []
    assert brief(walk.step_ended(2, DONE, 11)) == ["run 1.2"], "what was begun goes before what is new"


def test_ready_instant_nodes_go_together_with_what_they_make_ready() -> None:
    nodes = [node(1, instant=True), node(2, instant=True), node(3, 1, 2, instant=True), node(4), node(5, 3, 4)]
    late = [node(6, 3, instant=True), node(7, 4, instant=True)]
    walk = Traversal(plan(*nodes, *late))
    assert brief(walk.start(0)) == ["batch 1: 1 2 3 6", "run 4.1"]
    assert brief(walk.batch_ended([1, 2, 3, 6], [(i, DONE) for i in (1, 2, 3, 6)], 1)) == []
    assert brief(walk.step_ended(4, DONE, 2)) == ["run 5.1", "batch 2: 7"]


def test_a_batch_takes_one_place_and_keeps_its_limit() -> None:
    walk = Traversal(plan(*(node(i, instant=True) for i in range(1, 8))), window=2, batch_limit=3)
    assert brief(walk.start(0)) == ["batch 1: 1 2 3", "batch 2: 4 5 6"]
    assert brief(walk.batch_ended([4, 5, 6], [(i, DONE) for i in (4, 5, 6)], 1)) == ["batch 3: 7"]


def test_nodes_a_batch_did_not_reach_are_asked_for_again() -> None:
    walk = Traversal(plan(node(1, instant=True), node(2, 1, instant=True), node(3, instant=True)))
    assert brief(walk.start(0)) == ["batch 1: 1 3 2"]
    assert brief(walk.batch_ended([1, 3, 2], [(1, DONE)], 1)) == ["batch 2: 2 3"]


def test_nodes_of_a_batch_that_ran_none_go_on_alone() -> None:
    """Or a batch that somebody else holds a row of would be asked for again and again."""
    walk = Traversal(plan(node(1, instant=True), node(2, 1, instant=True)))
    walk.start(0)
    assert brief(walk.batch_ended([1, 2], [], 1)) == ["run 1.2"]
    assert brief(walk.step_ended(1, DONE, 2)) == ["run 2.2"]


def test_an_instant_node_that_must_retry_goes_on_alone_with_a_greater_step() -> None:
    walk = Traversal(plan(node(1, instant=True), node(2, instant=True)), batch_limit=1, window=1)
    walk.start(0)
    assert brief(walk.batch_ended([1], [(1, DONE)], 1)) == ["batch 2: 2"]
    retry = StepResult(kind=StepKind.RETRY, at=5)
    assert brief(walk.batch_ended([2], [(2, retry)], 1)) == ["timer 2 at 5"]
    assert brief(walk.timer_fired(2, 5)) == ["run 2.3"]


def test_a_failure_in_a_batch_stops_what_the_batch_did_not_reach() -> None:
    walk = Traversal(plan(node(1, instant=True), node(2, 1, instant=True), node(3, instant=True)))
    walk.start(0)
    assert brief(walk.batch_ended([1, 3, 2], [(1, FAILED), (3, DONE)], 1)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "", (1,), (), (2,))


def test_a_superseded_batch_sets_no_timer_and_is_not_asked_to_stop() -> None:
    walk = Traversal(plan(node(1, instant=True), node(2, instant=True), node(3)))
    walk.start(0)
    assert brief(walk.batch_ended([1, 2], [(2, poll(9)), (1, SUPERSEDED)], 1)) == ["stop 3"]
    assert brief(walk.step_ended(3, ABORTED, 2)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "superseded", (), (2, 1, 3), ())


def test_a_hand_over_takes_no_new_step_and_ends_when_nothing_runs() -> None:
    walk = Traversal(plan(node(1), node(2), node(3), node(4)), window=3)
    walk.start(0)
    walk.step_ended(1, poll(5), 1)
    assert brief(walk.hand_over(2)) == []
    assert brief(walk.step_ended(2, DONE, 3)) == []
    assert brief(walk.step_ended(3, poll(50), 3)) == [], "the next life sets its timer"
    assert brief(walk.timer_fired(1, 5)) == []
    assert brief(walk.step_ended(4, DONE, 6)) == ["handed over"]
    assert walk.result is None
    again = Traversal(plan(node(1), node(3)), window=3, state=walk.to_state())
    assert brief(again.start(7)) == ["timer 3 at 50", "run 1.2"]
    assert again.progress.total == 4 and again.progress.done == 2


def test_a_hand_over_with_nothing_left_to_do_is_the_end() -> None:
    walk = Traversal(plan(node(1)))
    walk.start(0)
    walk.hand_over(1)
    assert brief(walk.step_ended(1, DONE, 2)) == ["complete"]


def test_an_interrupt_during_a_hand_over_ends_the_walk() -> None:
    walk = Traversal(plan(node(1), node(2, 1)))
    walk.start(0)
    walk.step_ended(1, poll(50), 1)
    assert brief(walk.hand_over(2)) == ["handed over"]
    assert brief(walk.interrupt("takeover", 3)) == ["no timer 1", "incomplete"]


def test_the_next_life_asks_again_for_what_was_running() -> None:
    nodes = [node(1), node(2, instant=True), node(3, 2, instant=True), node(4, 1)]
    walk = Traversal(plan(*nodes))
    assert brief(walk.start(0)) == ["run 1.1", "batch 1: 2 3"]
    again = Traversal(plan(node(1), node(3, instant=True), node(4, 1)), state=walk.to_state())
    assert brief(again.start(1)) == ["run 1.1", "batch 1: 3"], "row 2 has ended well, or the plan would have it"
    assert again.progress.done == 1
    again.step_ended(1, DONE, 2)
    again.batch_ended([3], [(3, DONE)], 2)
    assert brief(again.step_ended(4, DONE, 3)) == ["complete"]


def test_an_interrupted_life_goes_on_being_interrupted() -> None:
    walk = Traversal(plan(node(1), node(2)), window=1)
    walk.start(0)
    walk.interrupt("cancel", 1)
    again = Traversal(plan(node(1), node(2)), window=1, state=walk.to_state())
    assert brief(again.start(2)) == ["run 1.1"], "for its true outcome"
    assert brief(again.step_ended(1, poll(9), 3)) == ["incomplete"]
    assert again.result == TraversalResult(False, "cancel", (), (1,), (2,))


def test_failures_and_signals_outlive_a_life_even_when_their_rows_do_not() -> None:
    walk = Traversal(plan(node(1), node(2), node(3)), window=2)
    walk.start(0)
    walk.signal("early", 1)
    walk.step_ended(1, FAILED, 2)
    again = Traversal(plan(node(2), node(3)), window=2, state=walk.to_state())
    assert brief(again.start(3)) == ["run 2.1"]
    assert brief(again.step_ended(2, wait("early"), 4)) == ["run 2.2"]
    again.step_ended(2, DONE, 5)
    assert again.result == TraversalResult(False, "", (1,), (), (3,))


def test_a_plan_with_a_cycle_ends_and_says_what_was_not_started() -> None:
    walk = Traversal(plan(node(1), node(2, 3), node(3, 2)))
    walk.start(0)
    assert brief(walk.step_ended(1, DONE, 1)) == ["incomplete"]
    assert walk.result == TraversalResult(False, "", (), (), (2, 3))


@settings(deadline=None)
@given(st.sets(st.integers(0, 60)))
def test_ranges_are_read_as_they_were_written(ids: set[int]) -> None:
    text = to_ranges(sorted(ids))
    assert from_ranges(text) == sorted(ids)


def test_ranges_are_short() -> None:
    assert to_ranges([1, 2, 3, 7, 9, 10]) == "1-3,7,9-10"
    assert to_ranges([]) == ""


def test_the_state_of_a_large_stack_is_small() -> None:
    """10,000 rows with ids of seven digits, every other one done, 1,500 parked on long keys."""
    nodes = [node(1_000_000 + i) for i in range(10_000)]
    walk = Traversal(plan(*nodes), window=10_000)
    walk.start(0)
    for i in range(0, 10_000, 2):
        walk.step_ended(1_000_000 + i, DONE, 1)
    for i in range(1, 3001, 2):
        walk.step_ended(1_000_000 + i, wait(f"a-signal-key-of-ordinary-length/{i}", 1_700_000_000.123456), 1)
    state = walk.to_state()
    assert len(state) < 300_000
    assert json.loads(state)["total"] == 10_000


@pytest.mark.parametrize("width", [1, 50, 5000])
def test_an_event_costs_far_less_than_fifty_microseconds(width: int) -> None:
    nodes: list[PlanNode] = []
    before: tuple[int, ...] = ()
    for base in range(1, 5001, width):
        ids = tuple(range(base, base + width))
        nodes.extend(PlanNode(one, f"r{one}", "T", requires=before) for one in ids)
        before = ids
    walk = Traversal(plan(*nodes))
    began = time.process_time()
    queue = deque(walk.start(0))
    while queue:
        command = queue.popleft()
        if isinstance(command, RunStep):
            queue.extend(walk.step_ended(command.node.id, DONE, 1))
    spent = time.process_time() - began
    assert walk.result is not None and walk.result.complete
    assert spent / 5000 < 50e-6
