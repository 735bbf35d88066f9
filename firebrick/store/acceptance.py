"""Accepting a request: operations are inserted PENDING, with the guards checked in the same transaction.

It is that transaction, too, in which the stack shows what was accepted (firebrick.store.shown).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from firebrick.contract import Action, OperationState, Status
from firebrick.diagnostics import ActionInProgress, Conflict, Diagnostic, InvalidInput, NameInUse, NotFound
from firebrick.store import reasons
from firebrick.store.models import operations, stacks
from firebrick.store.new_rows import insert_resources
from firebrick.store.operation_rows import OPEN_OF_STACK, OPERATION_BY_ID, operation_row
from firebrick.store.requests import NewOperation, NewStack, NewTarget
from firebrick.store.revisions import check_expected
from firebrick.store.rows import OperationRow
from firebrick.store.shown import show_inputs, tell
from firebrick.store.targets import adopt_as_target, empty_target, insert_target, target_of_create
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_INSERT_STACK = insert(stacks)
_INSERT_OPERATION = insert(operations)
_LIVING = (
    select(stacks.c.id)
    .where(stacks.c.project == bindparam("project"))
    .where(stacks.c.name == bindparam("name"))
    .where(stacks.c.deleted_at.is_(None))
)
_NEXT_SEQ = (
    update(stacks)
    .where(stacks.c.id == bindparam("_id"))
    .values(accepted_seq=stacks.c.accepted_seq + 1, revision=stacks.c.revision + 1)
    .returning(stacks.c.accepted_seq)
)
_SET_TARGET = update(stacks).where(stacks.c.id == bindparam("_id")).values(template_id=bindparam("_target"))
_FINGERPRINT = select(operations.c.fingerprint).where(operations.c.id == bindparam("id"))
_TARGETS_OF = select(stacks.c.previous_template_id, stacks.c.complete_template_id).where(stacks.c.id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class AcceptCreate(Write[OperationRow]):
    """Insert a stack, its rows and a PENDING CREATE. The same operation id again: what is stored."""

    project: str
    new: NewStack
    operation: NewOperation

    def stacks(self) -> Sequence[str]:
        return _owner_of(self.operation)

    def rows(self) -> int:
        return 2 + 2 * len(self.new.resources)

    def apply(self, transaction: Transaction) -> OperationRow:
        connection = transaction.connection
        existing = self._accepted_before(connection)
        if existing is not None:
            return existing
        check_owner(transaction, self.project, self.operation)
        _check_name(connection, self.project, self.new.name)
        try:
            with connection.begin_nested():
                self._insert(connection)
        except IntegrityError:
            # Another process was first: with this very request, or with the name. Else an id is not as unique as it
            # should be, which is the caller's fault.
            existing = self._accepted_before(connection)
            if existing is not None:
                return existing
            _check_name(connection, self.project, self.new.name)
            raise
        stack = LockedStack(
            id=self.new.id,
            project=self.project,
            name=self.new.name,
            action=Action.CREATE,
            status=Status.IN_PROGRESS,
            deleted_at=None,
            operation_seq=0,
            event_seq=0,
            template_id=self.operation.id,
            accepted_seq=1,
        )
        transaction.born(stack)
        tell(transaction, stack, 1, Action.CREATE, {}, self.operation.accepted_at)
        return _read(connection, self.operation.id)

    def _accepted_before(self, connection: Connection) -> OperationRow | None:
        existing = _accepted_before(connection, self.project, self.operation)
        if existing is not None and existing.stack_name != self.new.name:
            raise id_in_use(self.operation.id)
        return existing

    def _insert(self, connection: Connection) -> None:
        now = self.operation.accepted_at
        new = self.new
        connection.execute(
            _INSERT_STACK,
            {
                "id": new.id,
                "project": self.project,
                "name": new.name,
                "description": new.description,
                "owner": new.owner,
                "action": Action.CREATE.value,
                "status": Status.IN_PROGRESS.value,
                "status_reason": reasons.started(Action.CREATE),
                "created_at": now,
                "timeout_mins": new.timeout_mins,
                "disable_rollback": new.disable_rollback,
                "tags": list(new.tags),
                "template": new.template,
                "environment": new.environment,
                "parameters": dict(new.parameters),
                "files": dict(new.files),
                "shown_parameters": dict(new.shown_parameters),
                "outputs": [dict(output) for output in new.outputs],
                "operation_seq": 0,
                "accepted_seq": 1,
                "event_seq": 0,
                "template_id": self.operation.id,
                "owner_id": new.owner_id,
                "owner_row": new.owner_row,
                "root_id": new.root_id,
                "depth": new.depth,
            },
        )
        insert_resources(connection, new.id, new.resources, now, template_id=self.operation.id, seq=1)
        insert_target(connection, new.id, target_of_create(new, self.operation.id), now)
        insert_operation(connection, new.id, 1, self.operation, self.operation.id)


@dataclass(frozen=True, slots=True)
class AcceptForStack(Write[OperationRow], ABC):
    """Insert a PENDING operation of a stack that lives. The same operation id again: what is stored."""

    project: str
    stack_id: str
    operation: NewOperation

    def stacks(self) -> Sequence[str]:
        return (self.stack_id, *_owner_of(self.operation))

    def apply(self, transaction: Transaction) -> OperationRow:
        existing = accepted_again(transaction, self.project, self.stack_id, self.operation)
        if existing is not None:
            return existing
        check_owner(transaction, self.project, self.operation)
        stack = living_stack(transaction, self.project, self.stack_id)
        target_id = self.target_of(transaction.connection, stack)
        return accept(transaction, stack, self.operation, target_id)

    @abstractmethod
    def target_of(self, connection: Connection, stack: LockedStack) -> str:
        """Id of the target that the operation brings the stack to, "" for none; or the refusal, before any change."""


@dataclass(frozen=True, slots=True)
class AcceptUpdate(AcceptForStack):
    """Insert a target and a PENDING UPDATE. Whatever runs is taken over. target: None is the one that the stack is
    being brought to already: what FAILED is gone on with."""

    target: NewTarget | None

    def target_of(self, connection: Connection, stack: LockedStack) -> str:
        check_expected(connection, stack.id, self.operation.expected)
        _check_updatable(connection, stack)
        if self.target is None and stack.status != Status.FAILED:
            raise nothing_to_continue(stack.name, f"{stack.action}_{stack.status}")
        known = with_target(connection, stack, self.operation.accepted_at)
        if self.target is None:
            return known
        insert_target(connection, stack.id, self.target, self.operation.accepted_at)
        return self.target.id


@dataclass(frozen=True, slots=True)
class AcceptRollback(AcceptForStack):
    """Insert a PENDING ROLLBACK of a stack whose last operation FAILED. to: "previous" or "complete"."""

    to: str

    def target_of(self, connection: Connection, stack: LockedStack) -> str:
        _check_can_roll_back(connection, stack)
        known = with_target(connection, stack, self.operation.accepted_at)
        if stack.action == Action.ROLLBACK and self.to != "complete":
            return known  # that one FAILED, and is gone on with
        return stored_target(
            connection,
            stack,
            target_before(connection, stack, self.to),
            self.operation.id,
            self.operation.accepted_at,
        )


@dataclass(frozen=True, slots=True)
class AcceptDelete(AcceptForStack):
    """Insert a PENDING DELETE. Whatever runs is taken over, another DELETE too: it starts again, as in Heat."""

    def target_of(self, connection: Connection, stack: LockedStack) -> str:
        return ""


def _owner_of(operation: NewOperation) -> Sequence[str]:
    return (operation.owner_stack,) if operation.owner_stack else ()


def check_owner(transaction: Transaction, project: str, operation: NewOperation) -> None:
    """Nothing is asked of a nested stack in the name of an operation that runs no more. Whoever asks so late (a worker
    that hung, and does not know that it was given up) would bring the stack back to what nobody wants by now."""
    if not operation.owner_operation:
        return
    row = transaction.connection.execute(OPERATION_BY_ID, {"id": operation.owner_operation}).first()
    owner = None if row is None else operation_row(row)
    if owner is not None and owner.project == project and owner.state is OperationState.RUNNING:
        return
    raise Conflict(
        Diagnostic(
            code="owner-not-running",
            summary=f"The operation {operation.owner_operation}, which asks this of a nested stack, does not run.",
            detail="Whatever that stack is to become is up to the operation that came after.",
            heat_type="Conflict",
        )
    )


def accepted_again(
    transaction: Transaction, project: str, stack_id: str, operation: NewOperation
) -> OperationRow | None:
    """The operation, when a request with its id was accepted before. Conflict: for something else."""
    existing = _accepted_before(transaction.connection, project, operation)
    if existing is not None and existing.stack_id != stack_id:
        raise id_in_use(operation.id)
    return existing


def living_stack(transaction: Transaction, project: str, stack_id: str) -> LockedStack:
    stack = transaction.stack(project, stack_id)
    if stack is None or stack.deleted_at is not None:
        raise stack_not_found(stack_id)
    return stack


def accept(
    transaction: Transaction, stack: LockedStack, operation: NewOperation, target_id: str, *, follows: str = ""
) -> OperationRow:
    """Insert the operation, and have the stack show it. target_id: "" leaves the inputs as they are shown: a DELETE.
    follows: the operation that it rolls back; where a cancel has announced that, state and event are there."""
    connection = transaction.connection
    (seq,) = connection.execute(_NEXT_SEQ, {"_id": stack.id}).one()
    stack.accepted_seq = seq
    insert_operation(connection, stack.id, seq, operation, target_id, follows)
    if target_id:
        show_inputs(connection, stack, target_id)
    if not (follows and stack.is_told(seq)):
        tell(transaction, stack, seq, operation.action, operation.request, operation.accepted_at)
    return _read(connection, operation.id)


def with_target(connection: Connection, stack: LockedStack, now: float) -> str:
    """Id of the target that the stack is being brought to; made from its rows where it is older than targets."""
    if not stack.template_id:
        stack.template_id = adopt_as_target(connection, stack.id, f"made-{stack.id}", now).id
        connection.execute(_SET_TARGET, {"_id": stack.id, "_target": stack.template_id})
    return stack.template_id


def target_before(connection: Connection, stack: LockedStack, to: str) -> str:
    """Id of the target that a rollback of what began last goes back to. to: "previous" or "complete". "": there was
    none, and nothing is to be left."""
    row = connection.execute(_TARGETS_OF, {"id": stack.id}).one()
    return str(row.complete_template_id if to == "complete" else row.previous_template_id)


def stored_target(connection: Connection, stack: LockedStack, found: str, operation_id: str, now: float) -> str:
    """The target found, or an empty one, stored under the id of the operation that goes back to it."""
    if found:
        return found
    insert_target(connection, stack.id, empty_target(connection, stack.id, operation_id), now)
    return operation_id


def _check_updatable(connection: Connection, stack: LockedStack) -> None:
    deleting = stack.action == Action.DELETE or any(
        operation_row(row).action is Action.DELETE for row in connection.execute(OPEN_OF_STACK, {"stack_id": stack.id})
    )
    if deleting or stack.action == "SUSPEND":
        doing = "deleting" if deleting else "suspended"
        raise InvalidInput(
            Diagnostic(
                code="not-updatable",
                summary=f"Stack {stack.name!r} is {doing} and cannot be updated.",
                detail="A delete that failed can be repeated; a suspended stack can be resumed first.",
                heat_type="NotSupported",
                heat_message=f"Updating a stack when it is {doing} is not supported.",
            )
        )


def _check_can_roll_back(connection: Connection, stack: LockedStack) -> None:
    running = connection.execute(OPEN_OF_STACK, {"stack_id": stack.id}).first()
    if running is not None:
        raise action_in_progress(operation_row(running))
    if stack.status != Status.FAILED or stack.action not in (Action.CREATE, Action.UPDATE, Action.ROLLBACK):
        raise InvalidInput(
            Diagnostic(
                code="nothing-to-roll-back",
                summary=f"Stack {stack.name!r} is {stack.action}_{stack.status}: there is nothing to roll back.",
                detail="Only a CREATE, UPDATE or ROLLBACK that FAILED can be.",
                heat_type="NotSupported",
            )
        )


def nothing_to_continue(name: str, state: str) -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            code="nothing-to-continue",
            summary=f"Stack {name!r} is {state}: there is nothing to go on with.",
            detail="Only what FAILED can be continued; an update changes what is complete.",
            heat_type="NotSupported",
        )
    )


def stack_not_found(name_or_id: str) -> NotFound:
    return NotFound(
        Diagnostic(
            code="stack-not-found",
            summary=f"There is no stack {name_or_id!r}.",
            detail="Look at the list of stacks; a deleted stack can be shown by its id only.",
            heat_type="EntityNotFound",
            heat_message=f"The Stack ({name_or_id}) could not be found.",
        )
    )


def action_in_progress(running: OperationRow) -> ActionInProgress:
    """Names the operation in the way: its action, id and since when."""
    since = running.began_at if running.began_at is not None else running.accepted_at
    return ActionInProgress(
        Diagnostic(
            code="action-in-progress",
            summary=f"Stack {running.stack_name!r} already has an action ({running.action}) in progress.",
            detail=f"Operation {running.id} is {running.state} since {reasons.timestamp(since)}. Wait for it to end.",
            heat_type="ActionInProgress",
            heat_message=f"Stack {running.stack_name} already has an action ({running.action}) in progress.",
        )
    )


def _accepted_before(connection: Connection, project: str, operation: NewOperation) -> OperationRow | None:
    row = connection.execute(OPERATION_BY_ID, {"id": operation.id}).first()
    if row is None:
        return None
    existing = operation_row(row)
    if existing.project != project or existing.action is not operation.action:
        raise id_in_use(operation.id)
    if is_other_content(connection, existing, operation.fingerprint):
        raise id_in_use(operation.id, existing)
    return existing


def is_other_content(connection: Connection, known: OperationRow, fingerprint: str) -> bool:
    """Whether an operation was accepted for a request that says something else. Not when that is not known: of one that
    was accepted before there were fingerprints, or has one of another form."""
    stored = connection.execute(_FINGERPRINT, {"id": known.id}).scalar_one() or ""
    alike = bool(fingerprint) and stored.partition(":")[0] == fingerprint.partition(":")[0]
    return alike and stored != fingerprint


def _read(connection: Connection, operation_id: str) -> OperationRow:
    return operation_row(connection.execute(OPERATION_BY_ID, {"id": operation_id}).one())


def id_in_use(operation_id: str, known: OperationRow | None = None) -> Conflict:
    """known: what it was used for, where whoever asks may hear of that."""
    what = "" if known is None else f", the {known.action.value} of stack {known.stack_name!r}"
    return Conflict(
        Diagnostic(
            code="operation-id-in-use",
            summary=f"Operation id {operation_id} was used for another request{what}.",
            detail="An operation id names one request, with all that it says: repeat that, or mint a new UUID.",
            heat_type="Conflict",
        )
    )


def _check_name(connection: Connection, project: str, name: str) -> None:
    living = connection.execute(_LIVING, {"project": project, "name": name}).scalar_one_or_none()
    if living is None:
        return
    row = connection.execute(OPEN_OF_STACK, {"stack_id": living}).first()
    running = None if row is None else operation_row(row)
    doing = "" if running is None else f" Its operation {running.id} ({running.action}) is {running.state}."
    raise NameInUse(
        Diagnostic(
            code="name-in-use",
            summary=f"A stack named {name!r} exists already.",
            detail=f"It is {living}.{doing} Choose another name, or delete that stack first.",
            heat_type="StackExists",
            heat_message=f"The Stack ({name}) already exists.",
        )
    )


def insert_operation(
    connection: Connection, stack_id: str, seq: int, operation: NewOperation, target_id: str, follows: str = ""
) -> None:
    connection.execute(
        _INSERT_OPERATION,
        {
            "id": operation.id,
            "stack_id": stack_id,
            "seq": seq,
            "action": operation.action.value,
            "state": OperationState.PENDING.value,
            "request": dict(operation.request),
            "requested_by": dict(operation.requested_by),
            "timeout": operation.timeout,
            "accepted_at": operation.accepted_at,
            "workflow_id": operation.workflow_id,
            "chain_id": "",
            "superseded_by": "",
            "reason": "",
            "summary": "",
            "target_id": target_id,
            "follows": follows,
            "owner_operation": operation.owner_operation,
            "fingerprint": operation.fingerprint or None,
        },
    )
