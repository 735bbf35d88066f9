"""The life of an operation after it was accepted: begun, finished, or found to be lost."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, select, update

from firebrick.contract import Action, Cancel, OperationState, Status
from firebrick.diagnostics import Conflict, Diagnostic, NotFound
from firebrick.plan import Role
from firebrick.store import reasons
from firebrick.store.aborts import abort_rows, failure_reason
from firebrick.store.acceptance import accept, stack_not_found, stored_target, target_before
from firebrick.store.models import operations, resources, stacks, targets
from firebrick.store.operation_outcomes import BeginOutcome, FinishOutcome, Mine, Nothing, Other
from firebrick.store.operation_rows import OPEN_INSIDE, OPEN_OF_STACK, OPERATION_BY_ID, operation_row, tree_as_json
from firebrick.store.preparation import prepare
from firebrick.store.requests import NewOperation
from firebrick.store.rows import FailureTree, OperationRow
from firebrick.store.shown import show_inputs, tell
from firebrick.store.signalling import delete_signals
from firebrick.store.targets import delete_targets
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_SUPERSEDE_OLDER = (
    update(operations)
    .where(operations.c.stack_id == bindparam("_stack_id"))
    .where(operations.c.state == OperationState.PENDING.value)
    .where(operations.c.seq < bindparam("_seq"))
    .values(
        state=OperationState.SUPERSEDED.value,
        superseded_by=bindparam("_by"),
        ended_at=bindparam("_now"),
        summary=bindparam("_summary"),
        reason=bindparam("_reason"),
    )
)
_BEGIN = (
    update(operations)
    .where(operations.c.id == bindparam("_id"))
    .values(
        state=OperationState.RUNNING.value,
        workflow_id=bindparam("_workflow_id"),
        chain_id=bindparam("_chain_id"),
        began_at=bindparam("_now"),
        deadline=bindparam("_deadline"),
    )
)
_END = (
    update(operations)
    .where(operations.c.id == bindparam("_id"))
    .values(
        state=bindparam("_state"),
        ended_at=bindparam("_now"),
        superseded_by=bindparam("_by"),
        reason=bindparam("_reason"),
        summary=bindparam("_summary"),
        failure=bindparam("_failure"),
    )
)
_DELETE_STACK = update(stacks).where(stacks.c.id == bindparam("_id")).values(deleted_at=bindparam("_now"))
_DELETE_ROWS = delete(resources).where(resources.c.stack_id == bindparam("_id"))
_DELETE_GONE = _DELETE_ROWS.where(resources.c.action == Action.DELETE.value).where(
    resources.c.status == Status.COMPLETE.value
)
_SETTLE_ROWS = (
    update(resources)
    .where(resources.c.stack_id == bindparam("_id"))
    .values(
        template_id=bindparam("_template_id"),
        wanted=None,
        target_requires=None,
        replaces=None,
        replaced_by=None,
        role="",
        begun=None,
    )
)
_SETTLE_STACK = (
    update(stacks).where(stacks.c.id == bindparam("_id")).values(complete_template_id=bindparam("_template_id"))
)
_RETAIN = (
    update(resources)
    .where(resources.c.stack_id == bindparam("_id"))
    .where(resources.c.name.in_(bindparam("names", expanding=True)))
    .values(role=Role.RETAINED.value, role_seq=bindparam("_seq"))
)
# Of a complete stack only what it is, and what was asked for since, can still be a target.
_DELETE_OLD_TARGETS = (
    delete(targets)
    .where(targets.c.stack_id == bindparam("_id"))
    .where(targets.c.id != bindparam("_template_id"))
    .where(
        targets.c.id.not_in(
            select(operations.c.target_id)
            .where(operations.c.stack_id == bindparam("_id"))
            .where(operations.c.state == OperationState.PENDING.value)
        )
    )
)


@dataclass(frozen=True, slots=True)
class Begin(Write[BeginOutcome]):
    """Make the newest PENDING operation of the stack RUNNING, if it is of the asker's action."""

    project: str
    stack_id: str
    action: Action
    operation_id: str
    workflow_id: str
    chain_id: str
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> BeginOutcome:
        connection = transaction.connection
        stack = transaction.stack(self.project, self.stack_id)
        if stack is None:
            raise stack_not_found(self.stack_id)
        found = [operation_row(row) for row in connection.execute(OPEN_OF_STACK, {"stack_id": self.stack_id})]
        running = next((one for one in found if one.state is OperationState.RUNNING), None)
        if running is not None:
            return self._beside(connection, running)
        if not found:
            return Nothing(self._asked_for(connection), "")
        newest = found[0]
        if newest.action is not self.action:
            return Other(newest.action, newest)
        return Mine(self._begin(transaction, stack, newest))

    def _beside(self, connection: Connection, running: OperationRow) -> BeginOutcome:
        mine = (running.workflow_id, running.chain_id) == (self.workflow_id, self.chain_id)
        if not mine or self.operation_id not in ("", running.id):
            return Nothing(self._asked_for(connection) or running, running.workflow_id)
        return Mine(running) if running.action is self.action else Other(running.action, running)

    def _asked_for(self, connection: Connection) -> OperationRow | None:
        if not self.operation_id:
            return None
        row = connection.execute(OPERATION_BY_ID, {"id": self.operation_id}).first()
        asked = None if row is None else operation_row(row)
        return asked if asked is not None and asked.stack_id == self.stack_id else None

    def _begin(self, transaction: Transaction, stack: LockedStack, newest: OperationRow) -> OperationRow:
        connection = transaction.connection
        summary = f"Superseded by operation {newest.id} ({newest.action}) before it began"
        connection.execute(
            _SUPERSEDE_OLDER,
            {
                "_stack_id": stack.id,
                "_seq": newest.seq,
                "_by": newest.id,
                "_now": self.now,
                "_summary": summary,
                "_reason": summary,
            },
        )
        connection.execute(
            _BEGIN,
            {
                "_id": newest.id,
                "_workflow_id": self.workflow_id,
                "_chain_id": self.chain_id,
                "_now": self.now,
                "_deadline": self.now + newest.timeout,
            },
        )
        transaction.own(stack, newest.seq)
        if not stack.is_told(newest.seq):
            _tell_late(transaction, stack, newest, self.now)
        if newest.action.converges:
            prepare(transaction, stack, newest, self.now)
        elif retained := newest.request.get("retain"):
            connection.execute(_RETAIN, {"_id": stack.id, "_seq": newest.seq, "names": list(retained)})
        return operation_row(connection.execute(OPERATION_BY_ID, {"id": newest.id}).one())


@dataclass(frozen=True, slots=True)
class Finish(Write[FinishOutcome]):
    """End a RUNNING operation as its traversal ended. Repeated: the same answer. It goes on RUNNING while something
    that it asked of nested stacks does, if it is not complete."""

    project: str
    operation_id: str
    stack_id: str
    seq: int
    complete: bool
    interrupted: str
    now: float
    outside: Mapping[int, str] = field(default_factory=dict)

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> FinishOutcome:
        stack, operation = _locked_operation(transaction, self.project, self.stack_id, self.operation_id)
        if operation.seq != self.seq:
            raise _not_that_operation(operation)
        newer = _newer_pending(transaction.connection, operation)
        if operation.state is not OperationState.RUNNING:
            return _answer(operation.state, operation.summary, newer)
        if not self.complete and _is_at_work_inside(transaction.connection, operation):
            return FinishOutcome(operation.state, "")
        complete, interrupted = as_asked(operation, self.complete, self.interrupted, newer is not None)
        if complete:
            summary = reasons.completed(operation.action)
            state = OperationState.DONE
            _complete(transaction, stack, operation, summary, self.now)
        else:
            state, summary = self._not_complete(transaction, stack, operation, interrupted, newer)
            newer = newer or _follow(transaction, stack, operation, interrupted, self.now)
        transaction.own(stack, 0)
        return _answer(state, summary, newer)

    def _not_complete(
        self,
        transaction: Transaction,
        stack: LockedStack,
        operation: OperationRow,
        interrupted: str,
        newer: OperationRow | None,
    ) -> tuple[OperationState, str]:
        action = operation.action
        why = reasons.why_interrupted(interrupted)
        tree = abort_rows(transaction, stack, operation, why, self.now, self.outside, taken_over=newer is not None)
        if interrupted == "deadline":
            summary = reason = reasons.TIMED_OUT
        elif interrupted:
            summary = reason = reasons.cancelled(action)
        else:
            summary = reasons.failure_summary(action, tree)
            reason = failure_reason(action, tree)
        state, by = OperationState.FAILED, ""
        if interrupted == "takeover" and newer is not None:
            state, by = OperationState.SUPERSEDED, newer.id
            summary = f"Superseded by operation {newer.id} ({newer.action})"
        _set_failed(transaction, stack, operation, reason, self.now)
        _end(transaction.connection, operation.id, state, by, reason, summary, tree, self.now)
        if action.converges:
            transaction.connection.execute(_DELETE_GONE, {"_id": stack.id})
        return state, summary


@dataclass(frozen=True, slots=True)
class FailLost(Write[bool]):
    """End an operation whose run is gone. False: it does not RUN. What follows is what was accepted before, and a
    rollback that a cancel has asked for."""

    operation_id: str
    project: str
    stack_id: str
    reason: str
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> bool:
        stack, operation = _locked_operation(transaction, self.project, self.stack_id, self.operation_id)
        if operation.state is not OperationState.RUNNING:
            return False
        newer = _newer_pending(transaction.connection, operation)
        tree = abort_rows(transaction, stack, operation, self.reason, self.now, taken_over=newer is not None)
        _set_failed(transaction, stack, operation, self.reason, self.now)
        _end(
            transaction.connection,
            operation.id,
            OperationState.FAILED,
            "",
            self.reason,
            self.reason,
            tree,
            self.now,
        )
        if operation.action.converges:
            transaction.connection.execute(_DELETE_GONE, {"_id": stack.id})
        if newer is None and operation.cancel == Cancel.ROLL_BACK:
            _follow(transaction, stack, operation, "cancel", self.now)
        transaction.own(stack, 0)
        return True


def as_asked(operation: OperationRow, complete: bool, interrupted: str, taken_over: bool) -> tuple[bool, str]:
    """(complete, interrupted) of an operation that ends, as it was asked for: one that is to be rolled back is, though
    its run came to its end before it had heard of the cancel. taken_over: something newer waits, and decides."""
    if complete and operation.cancel == Cancel.ROLL_BACK and not taken_over:
        return False, "cancel"
    return complete, interrupted


def follow_up(operation: OperationRow, interrupted: str) -> Action | None:
    """Whether an operation that ended without being complete, and was not taken over, is rolled back
    (docs/architecture.md, section 6)."""
    if operation.cancel == Cancel.ROLL_BACK:
        # It was promised, whatever else has ended the run. Heat's cancel-update rolls back whatever disable_rollback
        # says; a create has nothing to go back to.
        return Action.ROLLBACK
    if not operation.action.cancellable or interrupted in ("takeover", "superseded"):
        return None
    if interrupted == "deadline" and operation.cancel:
        interrupted = "cancel"  # its time was over before what was in progress had ended
    if interrupted == "cancel":
        if operation.cancel == Cancel.KEEP:
            return None
        if operation.action is Action.UPDATE:
            return Action.ROLLBACK
    on_failure = operation.request.get("on_failure") or (
        "keep" if operation.request.get("disable_rollback", True) else "rollback"
    )
    return {"rollback": Action.ROLLBACK, "delete": Action.DELETE}.get(on_failure)


def _follow(
    transaction: Transaction, stack: LockedStack, operation: OperationRow, interrupted: str, now: float
) -> OperationRow | None:
    """What a failed create or update leads to, accepted in the same moment: a rollback, a delete, or nothing."""
    action = follow_up(operation, interrupted)
    if action is None:
        return None
    new = NewOperation(
        id=str(uuid.uuid5(uuid.UUID(operation.id), action)),
        action=action,
        workflow_id=operation.workflow_id,
        timeout=operation.timeout,  # a fresh full one
        accepted_at=now,
        request={"because_of": operation.id},
        requested_by=operation.requested_by,
        owner_operation=operation.owner_operation,
    )
    target_id = ""
    if action is Action.ROLLBACK:
        found = target_before(transaction.connection, stack, operation.request.get("roll_back_to", "previous"))
        target_id = stored_target(transaction.connection, stack, found, new.id, now)
    return accept(transaction, stack, new, target_id, follows=operation.id)


def _tell_late(transaction: Transaction, stack: LockedStack, operation: OperationRow, now: float) -> None:
    """Of an operation that a program accepted which did not tell it then (a version before this one)."""
    if stack.deleted_at is not None:
        return
    if operation.target_id and operation.action.converges:
        show_inputs(transaction.connection, stack, operation.target_id)
    tell(transaction, stack, operation.seq, operation.action, operation.request, now)


def _set_failed(transaction: Transaction, stack: LockedStack, operation: OperationRow, reason: str, now: float) -> None:
    """The stack has FAILED, unless it shows what was accepted since. The first failure's reason stays."""
    if stack.status != Status.FAILED and not stack.is_overtaken(operation.seq):
        transaction.set_state(stack, operation.action.value, Status.FAILED.value, reason, now)


def _complete(transaction: Transaction, stack: LockedStack, operation: OperationRow, summary: str, now: float) -> None:
    connection = transaction.connection
    if operation.action is Action.DELETE:
        if stack.deleted_at is None:  # else an earlier delete has, while this one was accepted
            transaction.set_state(stack, operation.action.value, Status.COMPLETE.value, summary, now)
            connection.execute(_DELETE_STACK, {"_id": stack.id, "_now": now})
        connection.execute(_DELETE_ROWS, {"_id": stack.id})
        delete_targets(connection, stack.id)
        delete_signals(connection, stack.id)
    else:
        if not stack.is_overtaken(operation.seq):
            transaction.set_state(stack, operation.action.value, Status.COMPLETE.value, summary, now)
        if operation.action.converges:
            connection.execute(_DELETE_GONE, {"_id": stack.id})
            connection.execute(_SETTLE_ROWS, {"_id": stack.id, "_template_id": stack.template_id})
        connection.execute(_SETTLE_STACK, {"_id": stack.id, "_template_id": stack.template_id})
        connection.execute(_DELETE_OLD_TARGETS, {"_id": stack.id, "_template_id": stack.template_id})
    _end(connection, operation.id, OperationState.DONE, "", summary, summary, None, now)


def _end(
    connection: Connection,
    operation_id: str,
    state: OperationState,
    superseded_by: str,
    reason: str,
    summary: str,
    tree: FailureTree | None,
    now: float,
) -> None:
    connection.execute(
        _END,
        {
            "_id": operation_id,
            "_state": state.value,
            "_now": now,
            "_by": superseded_by,
            "_reason": reason,
            "_summary": summary,
            "_failure": None if tree is None else tree_as_json(tree),
        },
    )


def _locked_operation(
    transaction: Transaction, project: str, stack_id: str, operation_id: str
) -> tuple[LockedStack, OperationRow]:
    stack = transaction.stack(project, stack_id)
    row = transaction.connection.execute(OPERATION_BY_ID, {"id": operation_id}).first()
    operation = None if row is None else operation_row(row)
    if stack is None or operation is None or operation.stack_id != stack.id:
        raise operation_not_found(operation_id)
    return stack, operation


def _is_at_work_inside(connection: Connection, operation: OperationRow) -> bool:
    wanted = {"stack_id": operation.stack_id, "id": operation.id}
    return connection.execute(OPEN_INSIDE.limit(1), wanted).first() is not None


def _newer_pending(connection: Connection, operation: OperationRow) -> OperationRow | None:
    found = [operation_row(row) for row in connection.execute(OPEN_OF_STACK, {"stack_id": operation.stack_id})]
    if any(one.state is OperationState.RUNNING and one.id != operation.id for one in found):
        return None
    return next((one for one in found if one.seq > operation.seq), None)


def _answer(state: OperationState, summary: str, newer: OperationRow | None) -> FinishOutcome:
    if newer is None:
        return FinishOutcome(state, summary)
    return FinishOutcome(state, summary, newer.action, newer.id)


def operation_not_found(operation_id: str) -> NotFound:
    return NotFound(
        Diagnostic(
            code="operation-not-found",
            summary=f"There is no operation {operation_id!r}.",
            detail="An operation is known to the project it was asked in.",
            heat_type="EntityNotFound",
            heat_message=f"The Operation ({operation_id}) could not be found.",
        )
    )


def _not_that_operation(operation: OperationRow) -> Conflict:
    return Conflict(
        Diagnostic(
            code="operation-seq",
            summary=f"Operation {operation.id} is number {operation.seq} of its stack, not the number given.",
            detail="The run that asked belongs to another operation.",
            heat_type="Conflict",
        )
    )
