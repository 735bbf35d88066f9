"""The lives find what they are there for: each engine here has one bug in selection, plan or traversal, and one of the
lives that CI lives shows it."""

import dataclasses
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from firebrick.contract import Action, StepKind, StepResult, Work
from firebrick.plan import ExistingRow, Plan, Role, plan_update
from firebrick.selection import Selection, select_rows
from firebrick.traversal import Command, Traversal
from firebrick.traversal.track import Track
from tests.model.test_update_histories import LIVES
from tests.model.update_claims import MemoryStores
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


class FailsWhatIsInProgress(MemoryStores):
    """An interrupt leaves nothing that could be gone on with: what lives is replaced."""

    def inner(self, stack_id: str, name: str, owner: tuple[str, int]) -> Any:
        return _failing(super().inner(stack_id, name, owner))

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        _failing(self.root)


def _failing(store: Any) -> Any:
    aborts = store._abort

    def abort(taken_over: bool, now: float) -> None:
        aborts(False, now)
        for row in store.rows():
            row.interrupted = False

    store._abort = abort
    return store


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
    "fails what is in progress": Engine(stores=FailsWhatIsInProgress),
}


def handed_over(one: Life) -> Life:
    """The same life, handed over time and again in each of its operations and disturbed by nothing else."""
    hand_overs = tuple(Disturbed("kill", after, KILLS.index("hand-over")) for after in range(3, 40, 3))
    asks = (dataclasses.replace(ask, disturbed=hand_overs) for ask in one.asks)
    return dataclasses.replace(one, asks=tuple(asks))


@pytest.mark.parametrize("bug", BUGS)
def test_each_seeded_bug_is_found(bug: str) -> None:
    """By any of our checks, or by breaking something of the engine's."""
    for seed in range(LIVES):
        one = life(random.Random(seed).randbytes(BYTES))
        if bug.startswith("forgets"):  # found without this too, after some thousand lives
            one = handed_over(one)
        try:
            LifeWalk(one, engine=BUGS[bug]).run()
        except Exception:
            return
    pytest.fail(f"{LIVES} lives did not find that it {bug}")
