"""Random histories of stack actions: 2,000 and more, each checked at every command.

FIREBRICK_MODEL_HISTORIES=20000 runs more, with another seed each time (and wants a greater --timeout).
"""

import os
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.model.history import History, histories
from tests.model.twin import TwinWalk
from tests.model.walk import Walk

WANTED = int(os.environ.get("FIREBRICK_MODEL_HISTORIES", "0"))


def examples(count: int) -> settings:
    return settings(
        max_examples=max(count, WANTED),
        derandomize=not WANTED,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def report(capsys: pytest.CaptureFixture[str], seen: "Counter[str]") -> None:
    with capsys.disabled():
        print("\n  " + ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))


def test_every_history_keeps_the_rules_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @examples(2000)
    @given(histories())
    def walk(history: History) -> None:
        seen["histories"] += 1
        one = Walk(history)
        outcomes = one.run()
        seen["with hand-overs"] += one.life > 1
        seen["interrupted"] += bool(outcomes.result.interrupted)
        seen["failed"] += bool(outcomes.result.failed)
        seen["complete"] += outcomes.result.complete

    walk()
    report(capsys, seen)
    assert seen["histories"] >= 2000
    # The histories are worth their name: each kind of them is there in numbers.
    assert min(seen["with hand-overs"], seen["interrupted"], seen["complete"]) > 300 and seen["failed"] > 50


def test_resumed_from_any_state_it_asks_for_the_same_as_not_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @examples(500)
    @given(histories(exact=True), st.integers(1, 4), st.booleans())
    def walk(history: History, pace: int, keep_done: bool) -> None:
        seen["histories"] += 1
        one = TwinWalk(replace(history, hand_overs=()), pace=pace, keep_done=keep_done)
        one.run()
        seen["states resumed from"] += one.twins

    walk()
    report(capsys, seen)
    assert seen["states resumed from"] > 1000


def test_hand_overs_change_nothing_in_the_world(capsys: pytest.CaptureFixture[str]) -> None:
    """Failures, interrupts and signals included: the same events of the same rows at the same times."""
    seen: Counter[str] = Counter()

    @examples(500)
    @given(histories(exact=True))
    def walk(history: History) -> None:
        seen["histories"] += 1
        stopped = Walk(history)
        assert stopped.run() == Walk(replace(history, hand_overs=())).run()
        seen["lives"] += stopped.life

    walk()
    report(capsys, seen)
    assert seen["lives"] > 1.3 * seen["histories"]


def test_a_calm_history_completes_whatever_its_hand_overs_lose() -> None:
    """Lost answers, drains, echoes and lag: times differ, what becomes of the stack does not."""

    @examples(300)
    @given(histories(calm=True))
    def walk(history: History) -> None:
        stopped, straight = Walk(history).run(), Walk(replace(history, hand_overs=())).run()
        assert stopped.result == straight.result and stopped.result.complete
        assert stopped.states == straight.states

    walk()
