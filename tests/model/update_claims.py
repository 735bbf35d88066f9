"""The rest of the store in memory: claims and outcomes of rows, after firebrick.store.claims, converging, outcomes."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from firebrick.contract import Action, Status, StepKind, Work
from firebrick.selection import select_rows
from firebrick.store import reasons
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import (
    ENDED_KINDS,
    AlreadyEnded,
    AlreadyRecorded,
    Busy,
    Claim,
    Claimed,
    ClaimOutcome,
    RowOutcome,
    Superseded,
)
from tests.model.life_stores import UpdateStore
from tests.model.update_history import Resource, thawed
from tests.model.update_store import Family, MemoryOperations, Row, Select

CLAIM_LEASE = 5.0


class MemoryStore(MemoryOperations):
    """All of it."""

    def claim(
        self, claim: Claim, operation: OperationRow, work: Work, now: float, announce: bool = True
    ) -> ClaimOutcome:
        if work is Work.CONVERGE:
            claim = replace(claim, row=self._serving(claim.row, claim.seq))
        row = self._rows.get(claim.row)
        if row is None or self.operation_seq != claim.seq:
            return Superseded()
        if row.order[:2] == claim.order[:2] and row.outcome is not None:
            if row.outcome.kind in ENDED_KINDS:
                return AlreadyEnded(row.outcome)
            if claim.step <= row.order[3]:
                return AlreadyRecorded(row.outcome)
        if row.lease_until > now:
            return Busy(row.lease_until)
        if claim.order[:2] < row.order[:2]:
            return Superseded()
        if claim.order <= row.order:
            *_, run, step, attempt = row.order
            claim = replace(claim, chain_run=run, step=step, attempt=attempt + 1)
        clean = ".clean" if claim.phase else ""
        return self._give(row, claim, operation, work, f"{operation.id}.{claim.row}{clean}", now, announce)

    def _serving(self, row: int, seq: int) -> int:
        stand_ins = [one.id for one in self._rows.values() if one.replaces == row and one.born_seq == seq]
        return max(stand_ins, default=row)

    def _give(
        self, row: Row, claim: Claim, operation: OperationRow, work: Work, key: str, now: float, announce: bool
    ) -> Claimed:
        new = row.order[:2] != claim.order[:2]
        resumed = new and row.interrupted and work is Work.CONVERGE
        first = new and not resumed
        action = self._action_of(operation, work, row, first)
        creates = action is Action.CREATE
        intent_before = row.intent_open and not first
        polling = row.polling and not first
        upstream: dict[str, Any] = {}
        if work is not Work.CLEAN and operation.action is not Action.DELETE:
            needs = row.requires if row.target_requires is None else row.target_requires
            if work is Work.CONVERGE:
                needs = tuple(self._serving(one, claim.seq) for one in needs)
            upstream = {self._rows[one].name: copy.copy(self._rows[one]) for one in needs if one in self._rows}
        if first:
            row.key, row.polling, row.retries, row.progress = key, False, 0, {}
        if first and action is not None:
            row.action, row.status, row.updated_at, row.untold = action.value, Status.IN_PROGRESS.value, now, True
            row.interrupted = False
            row.create_key = key if creates else row.create_key
        if resumed and (row.status != Status.IN_PROGRESS or row.untold):
            row.status, row.updated_at, row.untold = Status.IN_PROGRESS.value, now, True
        if row.untold and announce:
            row.untold = False
            self.emit(row, Status.IN_PROGRESS)
        if creates and first and work is Work.CONVERGE:
            row.requires = tuple(sorted(one.id for one in upstream.values()))
        before = copy.copy(row)
        row.intent_open = intent_before if polling else action is not None
        row.create_unsettled = row.create_unsettled or (creates and not polling and not resumed)
        row.order, row.lease_until, row.outcome = claim.order, now + CLAIM_LEASE, None
        row_seen: Any = before
        return Claimed(claim, "model", self.name, row_seen, new, intent_before, upstream, self.template_id)

    def _action_of(self, operation: OperationRow, work: Work, row: Row, first: bool) -> Action | None:
        if work is Work.ACT:
            return operation.action
        if work is Work.CLEAN:
            return Action.DELETE
        if row.action == "INIT":
            return Action.CREATE
        if not first and (row.status == Status.IN_PROGRESS or row.interrupted):
            return Action(row.action)
        return None

    def _held(self, claim: Claim) -> Row | None:
        row = self._rows.get(claim.row)
        if row is None or self.operation_seq != claim.seq or row.order != claim.order or row.lease_until <= 0:
            return None
        return row

    def begin_update(
        self, claim: Claim, requires: Sequence[int], until: float, key: str, begun: Mapping[str, Any], now: float
    ) -> bool:
        row = self._held(claim)
        if row is None:
            return False
        told = (row.action, row.status) == (Action.UPDATE, Status.IN_PROGRESS)
        if not told or row.interrupted:
            row.action, row.status, row.updated_at = Action.UPDATE.value, Status.IN_PROGRESS.value, now
            row.requires = tuple(sorted({*row.requires, *requires}))
            row.lease_until, row.intent_open, row.interrupted = until, True, False
            row.key, row.begun, row.polling, row.progress, row.retries = key, dict(begun), False, {}, 0
            if not told:
                self.emit(row, Status.IN_PROGRESS)
        return True

    def stand_in(self, claim: Claim, requires: Sequence[int], now: float) -> bool:
        row = self._held(claim)
        if row is None:
            return False
        assert row.wanted is not None
        wanted = row.wanted
        definition = wanted["definition"]
        new = self._insert(thawed(row.name, wanted["implementation"], definition), self.template_id, claim.seq)
        new.replaces, new.requires, new.target_requires = row.id, tuple(sorted(requires)), row.target_requires
        new.updated_at = now
        if (row.action, row.status) == (Action.UPDATE, Status.IN_PROGRESS):
            row.status, row.drift = Status.COMPLETE.value, reasons.HALF_UPDATED
            self.emit(row, Status.COMPLETE)
        elif row.status == Status.IN_PROGRESS:
            row.status = Status.FAILED.value
            self.emit(row, Status.FAILED)
        row.replaced_by, row.lease_until, row.intent_open, row.interrupted = new.id, 0.0, False, False
        return True

    def renew(self, claim: Claim, until: float, **known: Any) -> bool:
        """known: physical_id, progress, properties, as in NoteProgress."""
        row = self._held(claim)
        if row is None:
            return False
        row.lease_until = until
        if known.get("physical_id") is not None:
            row.physical_id = known["physical_id"]
        if known.get("properties") is not None:
            row.properties = known["properties"]
        if known.get("progress") is not None:
            row.polling, row.intent_open, row.progress = True, False, known["progress"]
        if known.get("physical_id") is not None:
            row.create_unsettled = False
        return True

    def record(self, claim: Claim, outcome: RowOutcome, now: float) -> bool:
        row = self._held(claim)
        if row is None:
            return False
        row.lease_until, row.intent_open = 0.0, outcome.lost and not row.polling
        if row.action == Action.CREATE:
            row.create_unsettled = row.intent_open or (row.create_unsettled and self._is_still_unknown(row, outcome))
        if outcome.result.kind in (StepKind.DONE, StepKind.FAILED, StepKind.UNKNOWN) and not outcome.kept:
            row.interrupted = False
        if outcome.released:
            row.order, row.outcome, row.updated_at = (claim.seq, claim.phase, 0, 0, 0), None, now
            return True
        kind = outcome.result.kind
        ends_badly = kind in (StepKind.FAILED, StepKind.UNKNOWN)
        if outcome.silent:
            pass
        elif outcome.quiet or (row.status != Status.IN_PROGRESS and not ends_badly):
            if row.status == Status.FAILED and outcome.message and outcome.quiet:
                row.status = Status.COMPLETE.value
        else:
            self._apply(row, outcome, ends_badly)
        self._keep(row, outcome)
        row.outcome, row.updated_at = outcome.told, now
        return True

    @staticmethod
    def _is_still_unknown(row: Row, outcome: RowOutcome) -> bool:
        parks = row.polling or outcome.result.kind in (StepKind.POLL, StepKind.WAIT_UNTIL, StepKind.WAIT_SIGNAL)
        told = outcome.physical_id or row.physical_id
        return told is None and parks and outcome.result.kind is not StepKind.DONE

    def _apply(self, row: Row, outcome: RowOutcome, ends_badly: bool) -> None:
        kind = outcome.result.kind
        if row.status != Status.IN_PROGRESS:
            row.action, row.status, row.untold = Action.UPDATE.value, Status.IN_PROGRESS.value, True
        if row.untold:
            row.untold = False
            self.emit(row, Status.IN_PROGRESS)
        if outcome.physical_id is not None:
            row.physical_id = outcome.physical_id
        if kind is StepKind.DONE:
            row.status = Status.COMPLETE.value
        elif kind is StepKind.RETRY:
            row.retries = outcome.attempt
        elif ends_badly:
            row.status = Status.FAILED.value
        elif kind is not StepKind.ABORTED:
            row.polling, row.retries = True, 0
        if ends_badly or kind in (StepKind.DONE, StepKind.RETRY):
            self.emit(row, row.status)
            fails = ends_badly and outcome.pause is None
            if fails and self.status == Status.IN_PROGRESS and not self._is_overtaken(row.order[0]):
                self._set_state(self.action, Status.FAILED)

    def _keep(self, row: Row, outcome: RowOutcome) -> None:
        if outcome.attributes is not None:
            row.attributes = outcome.attributes
        if outcome.properties is not None:
            row.properties = outcome.properties
        if outcome.begun is not None:
            row.begun = outcome.begun
        if outcome.progress is not None:
            row.progress = outcome.progress
        if outcome.reference_id is not None:
            row.reference_id = outcome.reference_id
        settled = outcome.settled
        if settled is None:
            return
        row.input_hash, row.revision, row.drift = settled.input_hash, settled.revision, settled.drift
        if settled.definition is not None:
            row.definition = settled.definition
        if settled.requires is not None:
            row.requires = tuple(settled.requires)
        if settled.template_id is not None:
            row.template_id = settled.template_id


class MemoryStores:
    """The stores of one life, and what they share."""

    family: ClassVar[type[Family]] = Family
    store: ClassVar[type[MemoryStore]] = MemoryStore

    def __init__(self, base: Callable[[Resource], str], select: Select = select_rows) -> None:
        self._base = base
        self._select = select
        self._family = self.family()
        self._stores: dict[str, MemoryStore] = {}
        self.root = self._made("stack", "stack", None)

    def _made(self, stack_id: str, name: str, owner: tuple[str, int] | None) -> MemoryStore:
        self._stores[stack_id] = self.store(self._base, self._select, self._family, (stack_id, name), owner)
        return self._stores[stack_id]

    def every(self) -> Sequence[UpdateStore]:
        return [one for one in self._stores.values() if one.operations]  # not one whose create was refused

    def find(self, name_or_id: str) -> UpdateStore | None:
        if (found := self._stores.get(name_or_id)) is None:
            living = (one for one in self._stores.values() if one.name == name_or_id and not one.deleted)
            found = next(living, None)
        return found if found is None or found.operations or found is self.root else None

    def inner(self, stack_id: str, name: str, owner: tuple[str, int]) -> UpdateStore:
        return self._stores.get(stack_id) or self._made(stack_id, name, owner)

    def operation(self, operation_id: str) -> OperationRow | None:
        return self._family.operation(operation_id)

    def open_inside(self, operation: OperationRow) -> Sequence[OperationRow]:
        return self._family.open_inside(operation)
