"""Recording how a step ended: state, event, values and the end of the claim in one transaction.

Only the holder of the row may: the row's claim is exactly the one shown, its lease was not given back and the stack's
running operation is the claim's. Anything else is a zombie's, and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import select

from firebrick.contract import Action, Status, StepKind
from firebrick.hooks import HookState, paused
from firebrick.store import reasons
from firebrick.store.bulk import BulkUpdate
from firebrick.store.models import resources
from firebrick.store.rows_by_id import ById
from firebrick.store.step_outcomes import Claim, RowOutcome
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_ROWS = ById(
    select(
        resources.c.id,
        resources.c.stack_id,
        resources.c.name,
        resources.c.type,
        resources.c.physical_id,
        resources.c.action,
        resources.c.status,
        resources.c.create_unsettled,
        resources.c.intent_open,
        resources.c.polling,
        resources.c.retries,
        resources.c.claim_seq,
        resources.c.claim_phase,
        resources.c.claim_run,
        resources.c.claim_step,
        resources.c.claim_attempt,
        resources.c.lease_until,
        resources.c.status_reason,
        resources.c.hooks,
        resources.c.interrupted,
        resources.c.uuid,
    ),
    resources.c.id,
    locked=False,
)
_ALWAYS = (
    "action",
    "status",
    "status_reason",
    "physical_id",
    "updated_at",
    "lease_until",
    "outcome",
    "claim_run",
    "claim_step",
    "claim_attempt",
    "intent_open",
    "create_unsettled",
    "polling",
    "retries",
    "interrupted",
)
_ENDS = (StepKind.DONE, StepKind.FAILED, StepKind.UNKNOWN)
_HOOKS = ("hooks",)
_OPTIONAL = ("reference_id", "attributes", "data", "properties", "progress", "unsettled_until", "begun")
_SETTLED = ("input_hash", "revision", "definition", "type", "requires", "template_id", "drift", "instant")
_UPDATES: dict[tuple[str, ...], BulkUpdate] = {}


def _update_of(optional: tuple[str, ...]) -> BulkUpdate:
    """The statement that writes an outcome with these optional columns; built once for each combination."""
    statement = _UPDATES.get(optional)
    if statement is None:
        statement = _UPDATES[optional] = BulkUpdate(resources, _ALWAYS + optional)
    return statement


@dataclass(slots=True)
class _Held:
    """A claimed row, as far as an outcome changes it."""

    id: int
    stack_id: str
    name: str
    type: str
    physical_id: str | None
    action: str
    status: str
    create_unsettled: bool
    intent_open: bool
    polling: bool
    retries: int
    order: tuple[int, int, int, int, int]
    lease_until: float
    reason: str
    hooks: Mapping[str, Any] | None
    interrupted: bool
    uuid: str


@dataclass(frozen=True, slots=True)
class RecordRows(Write[list[bool]]):
    """Record outcomes of claimed rows of one stack. False for each that is not the claimant's any more."""

    project: str
    stack_id: str
    outcomes: Sequence[tuple[Claim, RowOutcome]]
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def rows(self) -> int:
        return len(self.outcomes)

    @classmethod
    def look_ahead(cls, transaction: Transaction, writes: Sequence[Self]) -> None:
        transaction.ask(_ROWS, _rows_of(writes))

    @classmethod
    def apply_all(cls, transaction: Transaction, writes: Sequence[Self]) -> list[Any]:
        return _Recording(transaction, writes).run()


def _rows_of(writes: Sequence[RecordRows]) -> list[int]:
    return sorted({claim.row for write in writes for claim, _ in write.outcomes})


class _Recording:
    """All outcomes of one transaction: rows read once, decided in turn, written together."""

    def __init__(self, transaction: Transaction, writes: Sequence[RecordRows]) -> None:
        self._transaction = transaction
        self._writes = writes
        self._changes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        self._held: dict[int, _Held] = {}
        for values in transaction.rows(_ROWS, _rows_of(writes)):
            known: list[Any] = [*values[:11], tuple(values[11:16]), *values[16:]]
            self._held[values[0]] = _Held(*known)

    def run(self) -> list[list[bool]]:
        answers = [[self._record(write, claim, outcome) for claim, outcome in write.outcomes] for write in self._writes]
        for optional, changes in self._changes.items():
            self._transaction.write(_update_of(optional), changes)
        return answers

    def _record(self, write: RecordRows, claim: Claim, outcome: RowOutcome) -> bool:
        stack = self._transaction.stack(write.project, write.stack_id)
        held = self._held.get(claim.row)
        if stack is None or held is None or held.stack_id != stack.id or stack.operation_seq != claim.seq:
            return False
        if held.order != claim.order or held.lease_until <= 0:
            return False
        held.lease_until = 0.0
        held.intent_open = outcome.lost and not held.polling
        if held.action == Action.CREATE:
            held.create_unsettled = held.intent_open or (held.create_unsettled and _is_still_unknown(held, outcome))
        if outcome.result.kind in _ENDS and not outcome.kept:
            held.interrupted = False
        if outcome.released:
            held.order = (claim.seq, claim.phase, 0, 0, 0)  # anybody of this operation may have it next
            self._change(held, (), {}, held.reason and reasons.STATE_CHANGED, None, write.now)
        else:
            self._apply(stack, held, outcome, write.now)
        return True

    def _apply(self, stack: LockedStack, held: _Held, outcome: RowOutcome, now: float) -> None:
        kind = outcome.result.kind
        ends_badly = kind in (StepKind.FAILED, StepKind.UNKNOWN)
        if outcome.silent:
            self._write(stack, held, outcome, held.reason, now)
            return
        if outcome.kept:
            self._refuse(stack, held, outcome, now)
            return
        if outcome.quiet or (held.status != Status.IN_PROGRESS and not ends_badly):
            self._stay(stack, held, outcome, now)  # whatever was seen of it, nothing was begun
            return
        if held.status != Status.IN_PROGRESS:
            held.action, held.status = Action.UPDATE.value, Status.IN_PROGRESS.value  # it failed before it had begun
            held.reason = reasons.UNTOLD
        if held.reason == reasons.UNTOLD:  # held.physical_id is still what it was when it began
            self._emit(stack, held, reasons.STATE_CHANGED, None, now)
        if outcome.physical_id is not None:
            held.physical_id = outcome.physical_id
        reason = outcome.message or reasons.STATE_CHANGED
        if kind is StepKind.DONE:
            held.status = Status.COMPLETE.value
        elif kind is StepKind.RETRY:
            held.retries = outcome.attempt
            seconds = max(0.0, outcome.result.at - now)
            error_class, message = outcome.result.error_class, outcome.message
            reason = reasons.retrying(outcome.attempt, outcome.attempts, error_class, message, seconds)
        elif kind is StepKind.ABORTED:
            reason = reasons.aborted(held.action, outcome.message)
        elif kind in (StepKind.FAILED, StepKind.UNKNOWN):
            held.status = Status.FAILED.value
            reason = reasons.resource_failed(outcome.error, held.name, outcome.message)
        else:  # parked
            held.polling, held.retries = True, 0
        if ends_badly or kind in (StepKind.DONE, StepKind.RETRY):
            self._emit(stack, held, reason, outcome.properties, now)
        if ends_badly and outcome.pause is None and _fails_with(stack, held):
            stack_reason = reasons.stack_failed(held.action, reason)
            self._transaction.set_state(stack, stack.action, Status.FAILED.value, stack_reason, now)
        self._write(stack, held, outcome, reason, now)

    def _refuse(self, stack: LockedStack, held: _Held, outcome: RowOutcome, now: float) -> None:
        """An update that may not be made: told, but the resource stays as it is."""
        action, failed = Action.UPDATE.value, Status.FAILED.value
        self._transaction.emit(stack, now, held, action, failed, outcome.message)
        if _fails_with(stack, held):
            reason = reasons.resource_failed(outcome.error, held.name, outcome.message)
            self._transaction.set_state(stack, stack.action, failed, reasons.stack_failed(action, reason), now)
        self._write(stack, held, outcome, held.reason, now)

    def _stay(self, stack: LockedStack, held: _Held, outcome: RowOutcome, now: float) -> None:
        """Nothing was done: no event. One that had FAILED may have turned out to be well after all."""
        reason = held.reason
        if held.status == Status.FAILED and outcome.message and outcome.quiet:
            held.status, reason = Status.COMPLETE.value, outcome.message
        self._write(stack, held, outcome, reason, now)

    def _write(self, stack: LockedStack, held: _Held, outcome: RowOutcome, reason: str, now: float) -> None:
        optional, values = _given(outcome)
        if outcome.hook:
            state = HookState.of(held.hooks, held.order[0])
            if outcome.hook not in state.waiting:
                self._emit(stack, held, paused(outcome.hook), None, now)
            done = None if outcome.pause is None else outcome.result.model_dump(mode="json")
            optional, values = optional + _HOOKS, values | {"_hooks": state.at(outcome.hook, done).as_json()}
        self._change(held, optional, values, reason, outcome.told.model_dump_json(), now)

    def _emit(
        self, stack: LockedStack, held: _Held, reason: str, properties: Mapping[str, Any] | None, now: float
    ) -> None:
        self._transaction.emit(stack, now, held, held.action, held.status, reason, properties)

    def _change(
        self,
        held: _Held,
        optional: tuple[str, ...],
        values: dict[str, Any],
        reason: str,
        result: str | None,
        now: float,
    ) -> None:
        change = {
            "_id": held.id,
            "_action": held.action,
            "_status": held.status,
            "_status_reason": reason,
            "_physical_id": held.physical_id,
            "_updated_at": now,
            "_lease_until": held.lease_until,
            "_claim_run": held.order[2],
            "_claim_step": held.order[3],
            "_claim_attempt": held.order[4],
            "_outcome": result,
            "_intent_open": held.intent_open,
            "_create_unsettled": held.create_unsettled,
            "_polling": held.polling,
            "_retries": held.retries,
            "_interrupted": held.interrupted,
        }
        self._changes.setdefault(optional, []).append(change | values)


def _is_still_unknown(held: _Held, outcome: RowOutcome) -> bool:
    """Whether a create that goes on, or has ended badly, has not told yet what it makes."""
    told = outcome.physical_id or held.physical_id
    parks = held.polling or outcome.result.kind in (StepKind.POLL, StepKind.WAIT_UNTIL, StepKind.WAIT_SIGNAL)
    return told is None and parks and outcome.result.kind is not StepKind.DONE


def _fails_with(stack: LockedStack, held: _Held) -> bool:
    """Whether the stack is FAILED when this row is: not when it is already, nor when it shows what was accepted since
    the operation that has the row."""
    return stack.status == Status.IN_PROGRESS and not stack.is_overtaken(held.order[0])


def _given(outcome: RowOutcome) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The optional columns that an outcome writes, and their values."""
    known = {name: getattr(outcome, name) for name in _OPTIONAL}
    if outcome.settled is not None:
        known |= {name: getattr(outcome.settled, name) for name in _SETTLED}
    given = {name: value for name, value in known.items() if value is not None}
    if "requires" in given:
        given["requires"] = list(given["requires"])
    return tuple(given), {f"_{name}": value for name, value in given.items()}
