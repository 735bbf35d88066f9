"""The lives find what they are there for: each engine here has one bug in selection, plan or traversal, and one of the
lives that CI lives shows it."""

import dataclasses
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from firebrick.contract import Action, OperationState, Status, StepKind, StepResult, Work
from firebrick.plan import ExistingRow, Plan, Role, plan_update
from firebrick.selection import Selection, select_rows
from firebrick.store.rows import OperationRow
from firebrick.traversal import Command, Traversal
from firebrick.traversal.track import Track
from tests.model.test_update_histories import CANCELLED_AND_LOST, LIVES, TAKEN_OVER_TWICE, disturbed_by
from tests.model.update_claims import MemoryStore, MemoryStores
from tests.model.update_history import BYTES, Disturbed, Life, life
from tests.model.update_run import KILLS, Engine
from tests.model.update_walk import LifeWalk

# --- the selection ----------------------------------------------------------------------------------------------------


def chooses_the_newest_row(rows: Sequence[Any], wanted: Sequence[Any], **how: Any) -> Selection:
    """Not the one that fits the target: originals are not taken back."""
    alike = [dataclasses.replace(row, template_id="", replaced_by=None) for row in rows]
    return select_rows(alike, wanted, **how)


def prunes_what_has_failed(rows: Sequence[Any], wanted: Sequence[Any], **how: Any) -> Selection:
    well = [dataclasses.replace(row, status="COMPLETE") if row.action != "DELETE" else row for row in rows]
    return select_rows(well, wanted, **how)


def trusts_revisions_no_more(rows: Sequence[Any], wanted: Sequence[Any], **how: Any) -> Selection:
    """What may be skipped is pruned: changes further up do not come down to it."""
    found = select_rows(rows, wanted, **how)
    roles = {row: Role.NONE if role is Role.SKIPPABLE else role for row, role in found.roles.items()}
    return Selection(roles, found.serving, found.never_made)


def forgets_unused_rows(rows: Sequence[Any], wanted: Sequence[Any], **how: Any) -> Selection:
    found = select_rows(rows, wanted, **how)
    return Selection(
        {row: role for row, role in found.roles.items() if role is not Role.REMOVED}, found.serving, found.never_made
    )


# --- the plan ---------------------------------------------------------------------------------------------------------


def nodes_changed(change: Callable[[Any], Any]) -> Callable[[Action, Sequence[ExistingRow]], Plan]:
    def plan(action: Action, rows: Sequence[ExistingRow]) -> Plan:
        made = plan_update(action, rows)
        return Plan(made.action, tuple(change(node) for node in made.nodes))

    return plan


@nodes_changed
def cleans_up_before_dependants_are_moved(node: Any) -> Any:
    """A row goes before the rows that required it."""
    if node.work is not Work.CLEAN:
        return node
    return dataclasses.replace(node, requires=tuple(one for one in node.requires if one > 0))


@nodes_changed
def updates_in_any_order(node: Any) -> Any:
    return dataclasses.replace(node, requires=()) if node.work is Work.CONVERGE else node


@nodes_changed
def deletes_what_was_not_replaced(node: Any) -> Any:
    return dataclasses.replace(node, only_if_replaced=False)


@nodes_changed
def never_looks_again_at_what_may_be_skipped(node: Any) -> Any:
    """It waits for nothing, so nothing that it requires is ever changed."""
    return dataclasses.replace(node, requires=()) if node.skippable else node


# --- the traversal ----------------------------------------------------------------------------------------------------


class ForgetsReplacements(Traversal):
    """A hand-over loses what was replaced: the old ones stay."""

    def to_state(self) -> str:
        fields = json.loads(super().to_state())
        fields.pop("replaced", None)
        return json.dumps(fields)


class ForgetsChanges(Traversal):
    def to_state(self) -> str:
        fields = json.loads(super().to_state())
        fields.pop("changed", None)
        return json.dumps(fields)


class HearsNoChanges(Traversal):
    """A replacement alone is told to dependants; a change in place is not."""

    def _judge(self, track: Track, result: StepResult, now: float, out: list[Command]) -> None:
        if result.kind is StepKind.DONE and not result.replaced:
            result = result.model_copy(update={"changed": False})
        super()._judge(track, result, now, out)


class CallsASuccessWhatWasStopped(Traversal):
    def _finish(self, out: list[Command]) -> None:
        if self._aborted and not self._failed:
            self._done = self._total
        super()._finish(out)


# --- what is shown of the stack, and what is left of its resources ----------------------------------------------------


def storing(store: type[MemoryStore]) -> Engine:
    return Engine(stores=type("Stores", (MemoryStores,), {"store": store}))


class FailsWhatIsInProgress(MemoryStore):
    """An interrupt leaves nothing that could be gone on with: what lives is replaced."""

    def _abort(self, taken_over: bool, now: float) -> None:
        super()._abort(False, now)
        for row in self._rows.values():
            row.interrupted = False


class TellsWhatWasTakenOver(MemoryStore):
    def _is_overtaken(self, seq: int) -> bool:
        return False


class TellsABeginningTwice(MemoryStore):
    def begin(self, now: float) -> OperationRow | None:
        waited = any(one.state is OperationState.PENDING for one in self._open())
        begun = super().begin(now)
        if begun is not None and waited and begun.action is not Action.CREATE:
            self._set_state(begun.action, Status.IN_PROGRESS)
        return begun


class ShowsNothingBeforeItBegins(MemoryStore):
    """As it was once."""

    def _tell(self, operation: OperationRow) -> None:
        if operation.action is Action.CREATE:
            super()._tell(operation)

    def begin(self, now: float) -> OperationRow | None:
        begun = super().begin(now)
        if begun is not None and (self.action, self.status) != (begun.action, Status.IN_PROGRESS):
            super()._tell(begun)
        return begun


class ForgetsTheRollbackOfALostRun(MemoryStore):
    def fail_lost(self, operation: OperationRow, now: float) -> None:
        self._change(operation, cancel="")
        super().fail_lost(operation, now)


class GoesBackToWhatWasShown(MemoryStore):
    def _tell(self, operation: OperationRow) -> None:
        before = self.shown_id
        super()._tell(operation)
        if self.shown_id != before:
            self._shown_before = before

    def _before(self, to: str) -> str:
        return super()._before(to) if to == "complete" else getattr(self, "_shown_before", "")


BUGS: dict[str, Engine] = {
    "chooses the newest row": Engine(select=chooses_the_newest_row),
    "prunes what has failed": Engine(select=prunes_what_has_failed),
    "prunes what may be skipped": Engine(select=trusts_revisions_no_more),
    "forgets unused rows": Engine(select=forgets_unused_rows),
    "cleans up before dependants are moved": Engine(update=cleans_up_before_dependants_are_moved),
    "updates in any order": Engine(update=updates_in_any_order),
    "deletes what was not replaced": Engine(update=deletes_what_was_not_replaced),
    "never looks again at what may be skipped": Engine(update=never_looks_again_at_what_may_be_skipped),
    "forgets replacements": Engine(traversal=ForgetsReplacements),
    "forgets changes": Engine(traversal=ForgetsChanges),
    "hears no changes": Engine(traversal=HearsNoChanges),
    "calls a success what was stopped": Engine(traversal=CallsASuccessWhatWasStopped),
    "fails what is in progress": storing(FailsWhatIsInProgress),
    "tells what was taken over": storing(TellsWhatWasTakenOver),
    "tells a beginning twice": storing(TellsABeginningTwice),
    "shows nothing before it begins": storing(ShowsNothingBeforeItBegins),
    "loses the rollback of a lost run": storing(ForgetsTheRollbackOfALostRun),
    "goes back to what was shown": storing(GoesBackToWhatWasShown),
}


def handed_over(one: Life) -> Life:
    """The same life, handed over time and again in each of its operations and disturbed by nothing else."""
    hand_overs = tuple(Disturbed("kill", after, KILLS.index("hand-over")) for after in range(3, 40, 3))
    return disturbed_by(one, hand_overs)


# Lives that show these are rare: what disturbs them must come in one moment.
HURRIED = {
    "loses the rollback of a lost run": CANCELLED_AND_LOST,
    "goes back to what was shown": TAKEN_OVER_TWICE,
}


@pytest.mark.parametrize("bug", BUGS)
def test_each_seeded_bug_is_found(bug: str) -> None:
    """By any of our checks, or by breaking something of the engine's."""
    for seed in range(LIVES):
        one = life(random.Random(seed).randbytes(BYTES))
        if bug.startswith("forgets"):  # found without this too, after some thousand lives
            one = handed_over(one)
        if bug in HURRIED:
            one = disturbed_by(one, HURRIED[bug])
        try:
            LifeWalk(one, engine=BUGS[bug]).run()
        except Exception:
            return
    pytest.fail(f"{LIVES} lives did not find that it {bug}")
