"""Claiming a row for one step, and renewing the claim.

A row is given to a claimant when the stack's running operation is the claimant's, no outcome was recorded for this
step, and nobody's lease runs; under a (seq, phase, chain run, step, attempt) that is greater than the row's last, so
that whoever had it before can write nothing any more. With the first claim of a row in an operation goes its state
ACTION_IN_PROGRESS and the event; with every claim that leads to a first call goes the intent: both are committed before
the provider is called. A batch asks nobody outside, and a row of it may require another: its rows' events wait for
their outcomes (``announce``), which are recorded in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Self

from sqlalchemy import select, update

from firebrick.contract import Action, Status, StepResult, Work
from firebrick.hooks import HookState, before, stops
from firebrick.store import reasons
from firebrick.store.bulk import BulkUpdate
from firebrick.store.models import resources
from firebrick.store.resource_rows import RESOURCE_COLUMNS, UPSTREAM_COLUMNS, known_row, resource_row, upstream_row
from firebrick.store.rows import ResourceRow, UpstreamRow
from firebrick.store.rows_by_id import ById
from firebrick.store.step_outcomes import (
    ENDED_KINDS,
    AlreadyEnded,
    AlreadyRecorded,
    Busy,
    Claim,
    Claimed,
    ClaimOutcome,
    Superseded,
    Unequipped,
)
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_HELD = (
    resources.c.claim_seq,
    resources.c.claim_run,
    resources.c.claim_step,
    resources.c.claim_attempt,
    resources.c.lease_until,
    resources.c.intent_open,
    resources.c.outcome,
    resources.c.claim_phase,
)
_ROWS = ById(select(*RESOURCE_COLUMNS, *_HELD), resources.c.id, locked=False)
_UPSTREAM = ById(select(*UPSTREAM_COLUMNS), resources.c.id, locked=False)
# Of what is required by nothing that computes with it: which rows, and their revisions.
_KNOWN = ById(select(resources.c.id, resources.c.name, resources.c.revision), resources.c.id, locked=False)
_STAND_INS = ById(
    select(resources.c.replaces, resources.c.id, resources.c.born_seq).order_by(resources.c.id),
    resources.c.replaces,
    locked=False,
)

_CLAIMED = (
    *("claim_seq", "claim_run", "claim_step", "claim_attempt", "claim_phase"),
    *("lease_until", "intent_open", "create_unsettled"),
)
_NOTHING_KNOWN = {"outcome": None, "polling": False, "retries": 0, "progress": None}  # of an earlier action
_CLAIM_FIRST = BulkUpdate(
    resources,
    (*_CLAIMED, "action", "status_reason", "updated_at", "key", "create_key"),
    {**_NOTHING_KNOWN, "status": Status.IN_PROGRESS.value, "interrupted": False},
)
# A quiet claim, the first of its row in this operation: nothing is told.
_CLAIM_QUIET = BulkUpdate(resources, (*_CLAIMED, "key"), _NOTHING_KNOWN)
_CLAIM_AGAIN = BulkUpdate(resources, _CLAIMED, {"outcome": None})
# An interrupted action is gone on with: what is known of it stays.
_CLAIM_RESUMED = BulkUpdate(
    resources, (*_CLAIMED, "status_reason", "updated_at"), {"outcome": None, "status": Status.IN_PROGRESS.value}
)
_REQUIRE = BulkUpdate(resources, ("requires",))
_TOLD = BulkUpdate(resources, (), {"status_reason": reasons.STATE_CHANGED})

_HOLDERS = ById(select(resources.c.id, resources.c.claim_phase, *_HELD[:5]), resources.c.id, locked=False)
_RENEW = BulkUpdate(resources, ("lease_until",))


@dataclass(slots=True)
class _Held:
    """A row as this transaction sees it."""

    row: ResourceRow
    order: tuple[int, int, int, int, int]
    lease_until: float
    intent_open: bool
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ClaimRows(Write[list[ClaimOutcome]]):
    """Claim rows of one stack. keys: an idempotency key each; "" gives ``<operation id>.<row id>``. types: those that
    the claimant has; None: it asks for rows of any type."""

    project: str
    stack_id: str
    claims: Sequence[Claim]
    keys: Sequence[str]
    action: Action
    operation_id: str
    now: float
    lease: float
    announce: bool = True
    work: Work = Work.ACT
    types: AbstractSet[str] | None = None

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def rows(self) -> int:
        return len(self.claims)

    @classmethod
    def look_ahead(cls, transaction: Transaction, writes: Sequence[Self]) -> None:
        transaction.ask(_ROWS, _ids(claim for write in writes for claim in write.claims))

    @classmethod
    def apply_all(cls, transaction: Transaction, writes: Sequence[Self]) -> list[Any]:
        return _Claiming(transaction, writes).run()


class _Claiming:
    """All claims of one transaction: rows read once, decided in turn, written together."""

    def __init__(self, transaction: Transaction, writes: Sequence[ClaimRows]) -> None:
        self._transaction = transaction
        self._writes = writes
        self._first: list[dict[str, Any]] = []
        self._again: list[dict[str, Any]] = []
        self._quiet: list[dict[str, Any]] = []
        self._resumed: list[dict[str, Any]] = []
        self._told: list[dict[str, Any]] = []
        self._requiring: list[dict[str, Any]] = []
        self._held: dict[int, _Held] = {}
        self._read(_ids(claim for write in writes for claim in write.claims))
        converging = [claim.row for write in writes if write.work is Work.CONVERGE for claim in write.claims]
        places_taken = {row: self._held[row].row.replaced_by for row in converging if row in self._held}
        self._read(sorted({one for one in places_taken.values() if one is not None} - self._held.keys()))
        self._served_by: dict[int, int] = {}  # node's row, or requirement -> the row that serves it in this operation
        self._upstream = self._read_upstream()
        # Rows of one layer often share theirs: the rows by name, and the types of those whose values are read.
        self._upstream_by: dict[tuple[int, ...], tuple[Mapping[str, UpstreamRow], AbstractSet[str]]] = {}

    def _read(self, rows: Sequence[int]) -> None:
        for values in self._transaction.rows(_ROWS, rows):
            *_, seq, run, step, attempt, lease_until, intent_open, outcome, phase = values
            row = resource_row(values)
            self._held[row.id] = _Held(row, (seq, phase, run, step, attempt), lease_until, intent_open, outcome)

    def run(self) -> list[list[ClaimOutcome]]:
        outcomes = [self._claim_all(write) for write in self._writes]
        # No row is in both lists twice over: a second claim of a row in one transaction finds the first one's lease.
        write = self._transaction.write
        write(_CLAIM_FIRST, self._first)
        write(_CLAIM_AGAIN, self._again)
        write(_TOLD, self._told)
        write(_CLAIM_QUIET, self._quiet)
        write(_CLAIM_RESUMED, self._resumed)
        write(_REQUIRE, self._requiring)
        return outcomes

    def _read_upstream(self) -> dict[int, UpstreamRow]:
        ids: set[int] = set()
        read: set[int] = set()  # those whose values something computes with
        seqs: dict[int, int] = {}  # row -> the operation that asks for it
        for write in self._writes:
            if write.work is Work.CLEAN or write.action is Action.DELETE:
                continue
            for claim in write.claims:
                held = self._held.get(claim.row)
                if held is not None:
                    needs = held.row.requires if held.row.target_requires is None else held.row.target_requires
                    ids.update(needs)
                    if _computes(held.row):
                        read.update(needs)
                    if write.work is Work.CONVERGE:
                        seqs |= dict.fromkeys((*needs, claim.row), claim.seq)
        rows = self._transaction.rows
        if seqs:
            for replaced, stand_in, born in rows(_STAND_INS, sorted(seqs)):
                if seqs[replaced] == born:
                    self._served_by[replaced] = stand_in
                    ids.add(stand_in)
                    if replaced in read:
                        read.add(stand_in)
        known = {row[0]: known_row(*row) for row in rows(_KNOWN, sorted(ids - read))}
        return known | {row[0]: upstream_row(row) for row in rows(_UPSTREAM, sorted(read))}

    def _claim_all(self, write: ClaimRows) -> list[ClaimOutcome]:
        """In dependency order: what requires a row of the same write that is not given, is not given either."""
        withheld: dict[int, ClaimOutcome] = {}
        outcomes: list[ClaimOutcome] = []
        for claim, key in zip(write.claims, write.keys, strict=True):
            outcome = self._claim(write, claim, key, withheld)
            if isinstance(outcome, Busy | Unequipped):
                withheld[self._served_by.get(claim.row, claim.row)] = outcome
            outcomes.append(outcome)
        return outcomes

    def _claim(self, write: ClaimRows, claim: Claim, key: str, withheld: Mapping[int, ClaimOutcome]) -> ClaimOutcome:
        stack = self._transaction.stack(write.project, write.stack_id)
        if write.work is Work.CONVERGE:
            claim = replace(claim, row=self._served_by.get(claim.row, claim.row))
        held = self._held.get(claim.row)
        if stack is None or held is None or held.row.stack_id != stack.id or stack.operation_seq != claim.seq:
            return Superseded()
        if held.order[:2] == claim.order[:2] and held.outcome is not None:
            result = StepResult.model_validate_json(held.outcome)
            if result.kind in ENDED_KINDS:
                return AlreadyEnded(result)
            if claim.step <= held.order[3]:
                return AlreadyRecorded(result)
        if held.lease_until > write.now:
            return Busy(held.lease_until)
        if claim.order[:2] < held.order[:2]:
            return Superseded()
        if claim.order <= held.order:
            # A run or an activity that was reset counts from one again. Nobody's lease runs: the row is to be had,
            # under a number that nobody else has.
            *_, run, step, attempt = held.order
            claim = replace(claim, chain_run=run, step=step, attempt=attempt + 1)
        upstream, types = self._upstream_of(held.row, write)
        if withheld:
            for one in upstream.values():
                if one.id in withheld:
                    return withheld[one.id]
        if write.types is not None and (lacking := _types_of(held.row, types, write) - write.types):
            return Unequipped(min(lacking))
        clean = ".clean" if claim.phase else ""  # its row may have had a key of this operation for another action
        return self._give(write, stack, held, claim, key or f"{write.operation_id}.{claim.row}{clean}", upstream)

    def _give(
        self,
        write: ClaimRows,
        stack: LockedStack,
        held: _Held,
        claim: Claim,
        key: str,
        upstream: Mapping[str, UpstreamRow],
    ) -> Claimed:
        row = held.row
        new = held.order[:2] != claim.order[:2]
        resumed = new and row.interrupted and write.work is Work.CONVERGE
        first = new and not resumed  # nothing of an earlier action counts
        action = self._action_of(write, row, first)
        begun = resumed or (not first and (row.action, row.status) == (action, Status.IN_PROGRESS))
        if action is not None and not begun and _is_held_back(write, row, action, claim.seq):
            action = None
        begins = action is not None and not begun
        quiet = action is None  # what is to be done is not known yet
        creates = action is Action.CREATE
        intent_before = held.intent_open and not first
        polling = row.polling and not first
        intent_open = not quiet if not polling else intent_before
        unsettled = row.create_unsettled or (creates and not polling and not resumed)
        if begins and action is not None:
            row = replace(
                row,
                action=action.value,
                status=Status.IN_PROGRESS.value,
                status_reason=reasons.STATE_CHANGED if write.announce else reasons.UNTOLD,
                updated_at=write.now,
                key=key,
                create_key=key if creates else row.create_key,
                polling=False,
                retries=0,
                progress={},
                interrupted=False,
            )
            if write.announce:
                self._announce(stack, row, write.now)
        elif first:
            row = replace(row, key=key, polling=False, retries=0, progress={})
        elif resumed:
            row = self._told_again(write, stack, row)
        elif write.announce and (row.status, row.status_reason) == (Status.IN_PROGRESS, reasons.UNTOLD):
            row = replace(row, status_reason=reasons.STATE_CHANGED)
            self._told.append({"_id": row.id})
            self._announce(stack, row, write.now)
        if creates and begins and write.work is Work.CONVERGE:
            row = replace(row, requires=tuple(sorted(one.id for one in upstream.values())))
            self._requiring.append({"_id": row.id, "_requires": list(row.requires)})
        lease_until = write.now + write.lease
        stored: dict[str, Any] = {
            "_id": row.id,
            "_claim_seq": claim.seq,
            "_claim_phase": claim.phase,
            "_claim_run": claim.chain_run,
            "_claim_step": claim.step,
            "_claim_attempt": claim.attempt,
            "_lease_until": lease_until,
            "_intent_open": intent_open,
            "_create_unsettled": unsettled,
        }
        if begins:
            stored |= {
                "_action": row.action,
                "_status_reason": row.status_reason,
                "_updated_at": write.now,
                "_key": row.key,
                "_create_key": row.create_key,
            }
            self._first.append(stored)
        elif first:
            self._quiet.append(stored | {"_key": key})
        elif resumed:
            self._resumed.append(stored | {"_status_reason": row.status_reason, "_updated_at": row.updated_at})
        else:
            self._again.append(stored)
        # Whoever else claims the row in this transaction meets the lease: what the row is now, nobody asks.
        held.order, held.lease_until, held.intent_open, held.outcome = claim.order, lease_until, intent_open, None
        # create_unsettled is as it was before this claim: what the claimant must find out about.
        return Claimed(claim, write.project, stack.name, row, new, intent_before, upstream, stack.template_id)

    def _told_again(self, write: ClaimRows, stack: LockedStack, row: ResourceRow) -> ResourceRow:
        """An interrupted row whose action goes on. Who was told that it had failed hears that it is in progress."""
        told = row.status == Status.IN_PROGRESS and row.status_reason != reasons.UNTOLD
        if told:
            return row
        row = replace(row, status=Status.IN_PROGRESS.value, status_reason=reasons.STATE_CHANGED, updated_at=write.now)
        self._announce(stack, row, write.now)
        return row

    def _action_of(self, write: ClaimRows, row: ResourceRow, first: bool) -> Action | None:
        """What this claim begins or goes on with; None: to be seen."""
        if write.work is Work.ACT:
            return write.action
        if write.work is Work.CLEAN:
            return Action.DELETE
        if row.action == "INIT":
            return Action.CREATE
        if not first and (row.status == Status.IN_PROGRESS or row.interrupted):
            return Action(row.action)
        return None

    def _announce(self, stack: LockedStack, row: ResourceRow, now: float) -> None:
        self._transaction.emit(stack, now, row, row.action, row.status, row.status_reason)

    def _upstream_of(self, row: ResourceRow, write: ClaimRows) -> tuple[Mapping[str, UpstreamRow], AbstractSet[str]]:
        if write.work is Work.CLEAN or write.action is Action.DELETE:
            return {}, frozenset()
        needs = row.requires if row.target_requires is None else row.target_requires
        ids = tuple(self._served_by.get(one, one) for one in needs) if write.work is Work.CONVERGE else needs
        if ids not in self._upstream_by:
            found = [self._upstream[one] for one in ids if one in self._upstream]
            types = frozenset(one.implementation for one in found if one.implementation)
            self._upstream_by[ids] = {one.name: one for one in found}, types
        return self._upstream_by[ids]


def _computes(row: ResourceRow) -> bool:
    """Whether its properties or metadata, in the target if there is one, have functions that wait for their turn. Taken
    to be so of one that has given its place away: the row that has it now was made of another definition."""
    wanted = row.wanted or {}
    definitions = (row.definition, wanted.get("definition", row.definition))
    return row.replaced_by is not None or any("dynamic" in definition for definition in definitions)


def _types_of(row: ResourceRow, upstream: AbstractSet[str], write: ClaimRows) -> AbstractSet[str]:
    """All types that work on the row needs: none to delete what was never made."""
    if write.action is Action.DELETE or write.work is Work.CLEAN:
        return frozenset({row.implementation} if row.create_key else ())
    wanted = row.implementation if row.wanted is None else row.wanted.get("implementation", row.implementation)
    return upstream | {row.implementation, wanted}


def _is_held_back(write: ClaimRows, row: ResourceRow, action: Action, seq: int) -> bool:
    """Whether an action does not begin with its claim: the row is at a hook, or past its action and at the hook after
    it, or it stands for an object that exists already, which is looked at first."""
    state = HookState.of(row.hooks, seq)
    made = row.may_be_there
    if state.result is not None or stops(row.definition, before(action), state, write.action, made=made):
        return True
    return action is Action.CREATE and row.definition.get("external_id") is not None


@dataclass(frozen=True, slots=True)
class RenewRows(Write[list[bool]]):
    """Move the leases of held rows. False for each that is not the claimant's any more."""

    project: str
    stack_id: str
    claims: Sequence[Claim]
    lease_until: float

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def rows(self) -> int:
        return len(self.claims)

    @classmethod
    def look_ahead(cls, transaction: Transaction, writes: Sequence[Self]) -> None:
        transaction.ask(_HOLDERS, _ids(claim for write in writes for claim in write.claims))

    @classmethod
    def apply_all(cls, transaction: Transaction, writes: Sequence[Self]) -> list[Any]:
        held = _orders(transaction, [claim for write in writes for claim in write.claims])
        renewed: list[dict[str, Any]] = []
        outcomes: list[list[bool]] = []
        for write in writes:
            answers = [_is_mine(transaction, write.project, claim, held) for claim in write.claims]
            outcomes.append(answers)
            renewed += [
                {"_id": claim.row, "_lease_until": write.lease_until}
                for claim, mine in zip(write.claims, answers, strict=True)
                if mine
            ]
        transaction.write(_RENEW, renewed)
        return outcomes


@dataclass(frozen=True, slots=True)
class NoteProgress(Write[bool]):
    """Store what is known in the middle of a step, and move the lease. False: the row is not the claimant's any more.

    None leaves what is stored as it is. progress: the action's first call was answered, what follows are polls.
    physical_id: what a create made is not unknown any more.
    """

    project: str
    claim: Claim
    lease_until: float
    physical_id: str | None
    progress: Mapping[str, Any] | None
    properties: Mapping[str, Any] | None

    def stacks(self) -> Sequence[str]:
        return (self.claim.stack_id,)

    def apply(self, transaction: Transaction) -> bool:
        held = _orders(transaction, [self.claim])
        if not _is_mine(transaction, self.project, self.claim, held):
            return False
        known: dict[str, Any] = {
            "physical_id": self.physical_id,
            "progress": None if self.progress is None else dict(self.progress),
            "properties": None if self.properties is None else dict(self.properties),
        }
        values: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
        if self.progress is not None:
            values |= {"polling": True, "intent_open": False}
        if self.physical_id is not None:
            values["create_unsettled"] = False
        statement = update(resources).where(resources.c.id == self.claim.row)
        transaction.connection.execute(statement.values(**values, lease_until=self.lease_until))
        return True


def claim_holds(transaction: Transaction, project: str, claim: Claim) -> LockedStack | None:
    """The claim's stack, when the row is still the claimant's."""
    if not _is_mine(transaction, project, claim, _orders(transaction, [claim])):
        return None
    return transaction.stack(project, claim.stack_id)


def _orders(transaction: Transaction, claims: Sequence[Claim]) -> dict[int, tuple[int, ...]]:
    """Row id -> the claim that holds it; rows that nobody holds are missing."""
    found = transaction.rows(_HOLDERS, _ids(claims))
    return {id_: (seq, phase, run, step, attempt) for id_, phase, seq, run, step, attempt, lease in found if lease > 0}


def _ids(claims: Iterable[Claim]) -> list[int]:
    return sorted({claim.row for claim in claims})


def _is_mine(transaction: Transaction, project: str, claim: Claim, held: Mapping[int, tuple[int, ...]]) -> bool:
    stack = transaction.stack(project, claim.stack_id)
    return stack is not None and stack.operation_seq == claim.seq and held.get(claim.row) == claim.order
