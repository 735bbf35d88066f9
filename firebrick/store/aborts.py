"""What is left when an operation ends without being complete: rows to abort, and the tree that says why it failed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from firebrick.contract import OUTSIDE, Action, OperationState, Status, StepKind, StepResult
from firebrick.hooks import NOT_CLEARED, HookState
from firebrick.plan import Role
from firebrick.store import reasons
from firebrick.store.models import events, operations, resources
from firebrick.store.operation_rows import OPERATIONS, operation_row
from firebrick.store.rows import Failure, FailureTree, InnerFailure, OperationRow
from firebrick.store.step_outcomes import REFUSALS
from firebrick.store.transaction import LockedStack, Transaction

_ROWS = (
    select(
        resources.c.id,
        resources.c.uuid,
        resources.c.name,
        resources.c.type,
        resources.c.action,
        resources.c.status,
        resources.c.status_reason,
        resources.c.physical_id,
        resources.c.claim_seq,
        resources.c.retries,
        resources.c.outcome,
        resources.c.updated_at,
        resources.c.role,
        resources.c.role_seq,
        resources.c.hooks,
        resources.c.replaces,
        resources.c.instant,
    )
    .where(resources.c.stack_id == bindparam("stack_id"))
    .order_by(resources.c.id)
    .with_for_update()
)
_INTERRUPT = (
    update(resources)
    .where(resources.c.id == bindparam("_id"))
    .values(outcome=bindparam("_outcome"), interrupted=bindparam("_interrupted"))
)
_ABORT = _INTERRUPT.values(status=Status.FAILED.value, status_reason=bindparam("_reason"), updated_at=bindparam("_now"))
_FORGET_HOOKS = update(resources).where(resources.c.id == bindparam("_id")).values(hooks=bindparam("_hooks"))
_REFUSAL = (
    select(events.c.reason)
    .where(events.c.stack_id == bindparam("stack_id"))
    .where(events.c.resource_id == bindparam("row"))
    .where(events.c.action == Action.UPDATE.value)
    .where(events.c.status == Status.FAILED.value)
    .order_by(events.c.seq.desc())
    .limit(1)
)
_FAILED_INSIDE = (
    OPERATIONS.where(operations.c.stack_id.in_(bindparam("stacks", expanding=True)))
    .where(operations.c.owner_operation == bindparam("owner"))
    .where(operations.c.state == OperationState.FAILED.value)
)
_INTERRUPTIBLE = (Action.CREATE.value, Action.UPDATE.value)
_ABORTED = StepResult(kind=StepKind.ABORTED).model_dump_json()
_OUTSIDE = StepResult(kind=StepKind.FAILED, error_class=OUTSIDE).model_dump_json()
ENDED_OUTSIDE = "StepEndedOutside"
"""Stands where the class of an error would, of a step that was ended by Temporal's own means."""
NOTHING: Mapping[int, str] = MappingProxyType({})


def abort_rows(
    transaction: Transaction,
    stack: LockedStack,
    operation: OperationRow,
    why: str,
    now: float,
    outside: Mapping[int, str] = NOTHING,
    *,
    taken_over: bool,
) -> FailureTree:
    """What is left of rows that are still IN_PROGRESS; what became of all of them.

    A create or an update is *interrupted*: what the provider is at goes on, and whoever wants the resource next
    finishes it. taken_over: that is now, so it stays IN_PROGRESS; else it becomes FAILED "ACTION aborted (why)" with an
    event, as all other actions do. Leases stay: a call may still be on its way, and the next operation waits until it
    cannot be any more. outside: rows whose step was ended by Temporal's own means, and how: these are causes.
    """
    rows = transaction.connection.execute(_ROWS, {"stack_id": stack.id}).all()
    hanging = [row for row in rows if row.status == Status.IN_PROGRESS]
    going_on = [row for row in hanging if taken_over and row.action in _INTERRUPTIBLE]
    failing = [row for row in hanging if not (taken_over and row.action in _INTERRUPTIBLE)]
    for row in failing:
        told = [(Status.FAILED.value, _reason(row, why, outside))]
        if row.status_reason == reasons.UNTOLD:
            told.insert(0, (Status.IN_PROGRESS.value, reasons.STATE_CHANGED))
        for status, reason in told:
            transaction.emit(stack, now, row, row.action, status, reason)
    for statement, found in ((_INTERRUPT, going_on), (_ABORT, failing)):
        if found:
            transaction.connection.execute(
                statement,
                [
                    {
                        "_id": row.id,
                        "_outcome": _OUTSIDE if _how(row, outside) else _ABORTED,
                        "_interrupted": row.action in _INTERRUPTIBLE,
                        "_reason": _reason(row, why, outside),
                        "_now": now,
                    }
                    if statement is _ABORT
                    else {"_id": row.id, "_outcome": _ABORTED, "_interrupted": True}
                    for row in found
                ],
            )
    waiting = [row for row in rows if HookState.of(row.hooks, operation.seq).waiting]
    for row in waiting:
        transaction.emit(stack, now, row, row.action, row.status, NOT_CLEARED)
    if waiting:
        forgotten = HookState(operation.seq).as_json()
        transaction.connection.execute(_FORGET_HOOKS, [{"_id": row.id, "_hooks": forgotten} for row in waiting])
    return _failure_tree(
        transaction.connection, operation, rows, {row.id for row in (*hanging, *waiting)}, outside, now
    )


def _how(row: Any, outside: Mapping[int, str]) -> str:
    """How the step of a row, or of the one whose place it has taken, was ended outside; "" if it was not."""
    return outside.get(row.id, "") or (outside.get(row.replaces, "") if row.status == Status.IN_PROGRESS else "")


def _reason(row: Any, why: str, outside: Mapping[int, str]) -> str:
    how = _how(row, outside)
    return reasons.resource_failed(ENDED_OUTSIDE, row.name, how) if how else reasons.aborted(row.action, why)


def _failure_tree(
    connection: Connection,
    operation: OperationRow,
    rows: Sequence[Any],
    hanging: set[int],
    outside: Mapping[int, str],
    now: float,
) -> FailureTree:
    causes: list[tuple[float, int, Failure]] = []
    made: dict[str, str] = {}  # physical id -> the resource that failed with it
    aborted: list[str] = []
    not_started: list[str] = []
    for row in rows:
        if how := _how(row, outside):
            action = row.action if row.claim_seq == operation.seq else operation.action
            ended = Failure(row.name, row.type, action, OUTSIDE, ENDED_OUTSIDE, how, row.retries + 1)
            causes.append((now, row.id, ended))
            continue
        if row.claim_seq != operation.seq:
            if _was_due(operation, row):
                not_started.append(row.name)
            continue
        if row.id in hanging:
            aborted.append(row.name)
            continue
        result = None if row.outcome is None else StepResult.model_validate_json(row.outcome)
        if result is not None and result.error_class in REFUSALS and row.status != Status.FAILED:
            reason = connection.execute(_REFUSAL, {"stack_id": operation.stack_id, "row": row.id}).scalar_one()
            error = REFUSALS[result.error_class]
            refusal = Failure(row.name, row.type, Action.UPDATE, result.error_class, error, reason, 1)
            causes.append((row.updated_at, row.id, refusal))
            continue
        if result is None or row.status != Status.FAILED:
            continue
        if result.kind is StepKind.ABORTED:
            aborted.append(row.name)
            continue
        error, message = reasons.split_failure(row.status_reason, row.name)
        kind = result.error_class or result.kind.value
        cause = Failure(row.name, row.type, row.action, kind, error, message, row.retries + 1)
        causes.append((row.updated_at, row.id, cause))
        if row.physical_id:
            made[row.physical_id] = row.name
    causes.sort(key=lambda one: one[:2])
    inner = _inner_failures(connection, operation, made)
    return FailureTree(tuple(cause for _, _, cause in causes), tuple(aborted), tuple(not_started), inner)


def _inner_failures(
    connection: Connection, operation: OperationRow, made: Mapping[str, str]
) -> dict[str, InnerFailure]:
    """Why those of the resources failed that are nested stacks, by name: from what this operation asked of them."""
    if not made:
        return {}
    found = connection.execute(_FAILED_INSIDE, {"stacks": list(made), "owner": operation.id})
    failed = [operation_row(row) for row in found]
    return {made[one.stack_id]: InnerFailure(one.stack_name, one.failure) for one in failed if one.failure}


def _was_due(operation: OperationRow, row: Any) -> bool:
    """Whether the operation would have done something to a row that it did not get to."""
    if operation.action.converges:
        return row.role_seq == operation.seq and row.role in (Role.FRESH, Role.CONVERGE, Role.REMOVED)
    return (row.action, row.status) != (Action.DELETE, Status.COMPLETE)


def failure_reason(action: Action, tree: FailureTree) -> str:
    """What the stack is told, when no failure was told it at the time."""
    if not tree.causes:
        return f"Stack {action} failed"
    first = tree.causes[0]
    return reasons.stack_failed(action, reasons.resource_failed(first.error, first.resource, first.message))
