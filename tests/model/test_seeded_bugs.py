"""The model finds what it is there for: each traversal here has one bug, and some history shows it."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from firebrick.contract import StepResult
from firebrick.traversal import Command, Interrupt, RunBatch, RunStep, Traversal
from firebrick.traversal.track import At, Track
from tests.model.history import History, histories
from tests.model.twin import TwinWalk
from tests.model.walk import Walk
from tests.model.world import Broken


def rewritten(state: str, field: str) -> str:
    fields = json.loads(state)
    fields.pop(field, None)
    return json.dumps(fields)


class StartsAfterAFailure(Traversal):
    @property
    def _stopped(self) -> bool:
        return bool(self._cause)


class GoesOnAfterAnInterrupt(Traversal):
    """An interrupted step that wants to be polled is parked as usual."""

    def _judge(self, track: Track, result: StepResult, now: float, out: list[Command]) -> None:
        cause, self._cause = self._cause, ""
        super()._judge(track, result, now, out)
        self._cause = cause


class ForgetsParkedNodes(Traversal):
    def to_state(self) -> str:
        return rewritten(super().to_state(), "parked")


class ForgetsRunningNodes(Traversal):
    def to_state(self) -> str:
        return rewritten(super().to_state(), "running")


class ForgetsFailures(Traversal):
    def to_state(self) -> str:
        return rewritten(super().to_state(), "failed")


class ForgetsSignals(Traversal):
    def to_state(self) -> str:
        return rewritten(super().to_state(), "signals")


class DropsSignalsForNobody(Traversal):
    def signal(self, key: str, now: float) -> list[Command]:
        return super().signal(key, now) if key in self._waits else []


class WakesWhatIsNotParked(Traversal):
    """A timer that fires late starts another step."""

    def timer_fired(self, node: int, now: float) -> list[Command]:
        known = super().timer_fired(node, now)
        track = self._tracks.get(node)
        if not known and track is not None and self._result is None:
            return [RunStep(track.node, track.step + 1)]
        return known


class CountsEchoes(Traversal):
    def step_ended(self, node: int, result: StepResult, now: float, *, step: int | None = None) -> list[Command]:
        track = self._tracks.get(node)
        if track is not None and track.at is At.DONE and self._result is None:
            self._done += 1
        return super().step_ended(node, result, now, step=step)


class IgnoresOrderInBatches(Traversal):
    def _start_batch(self, out: list[Command]) -> None:
        super()._start_batch(out)
        batch = out.pop()
        assert isinstance(batch, RunBatch)
        self._batches[batch.step] = self._batches[batch.step][::-1]
        out.append(RunBatch(batch.nodes[::-1], batch.step))


class FillsTheWindowDuringAHandOver(Traversal):
    def hand_over(self, now: float) -> list[Command]:
        commands = super().hand_over(now)
        self._handing_over = False
        return commands


class LetsTheLastInterruptWin(Traversal):
    def interrupt(self, cause: Interrupt, now: float) -> list[Command]:
        if self._cause and self._result is None:
            self._cause = cause
        return super().interrupt(cause, now)


class NeverComesBackFromAside(Traversal):
    """A node that its concurrency key held up is never looked at again."""

    def _leaves_running(self, track: Track) -> None:
        queue = self._ready
        aside, queue._aside = queue._aside, {key: [] for key in queue._aside}
        super()._leaves_running(track)
        queue._aside = aside


def once(kind: type[Traversal]) -> Callable[[History], object]:
    return lambda history: Walk(history, kind).run()


def twice(kind: type[Traversal]) -> Callable[[History], object]:
    return lambda history: TwinWalk(
        replace(history, hand_overs=(), lag=0, echoes=False), pace=1, keep_done=True, traversal=kind
    ).run()


def search(walk: Callable[[History], object], examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(histories())
    def one(history: History) -> None:
        walk(history)

    one()


@pytest.mark.parametrize(
    ("bug", "walk"),
    [
        (StartsAfterAFailure, once),
        (GoesOnAfterAnInterrupt, once),
        (ForgetsParkedNodes, once),
        (ForgetsRunningNodes, once),
        (ForgetsFailures, once),
        (ForgetsSignals, twice),
        (DropsSignalsForNobody, once),
        (WakesWhatIsNotParked, once),
        (CountsEchoes, once),
        (IgnoresOrderInBatches, once),
        (FillsTheWindowDuringAHandOver, once),
        (LetsTheLastInterruptWin, once),
        (NeverComesBackFromAside, once),
    ],
)
def test_the_model_finds_a_seeded_bug(
    bug: type[Traversal], walk: Callable[[type[Traversal]], Callable[[History], object]]
) -> None:
    with pytest.raises(Broken):
        search(walk(bug), 1500)


@pytest.mark.parametrize("walk", [once, twice])
def test_and_nothing_in_the_traversal_without_it(
    walk: Callable[[type[Traversal]], Callable[[History], object]],
) -> None:
    search(walk(Traversal), 100)
