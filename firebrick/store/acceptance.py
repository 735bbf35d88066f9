"""Accepting a request: operations are inserted PENDING, with the guards checked in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from firebrick.contract import Action, OperationState, Status
from firebrick.diagnostics import ActionInProgress, Conflict, Diagnostic, NameInUse, NotFound
from firebrick.store import reasons
from firebrick.store.models import operations, resources, stacks
from firebrick.store.operation_rows import OPEN_OF_STACK, OPERATION_BY_ID, operation_row
from firebrick.store.rows import NewOperation, NewResource, NewStack, OperationRow
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_INSERT_STACK = insert(stacks)
_INSERT_OPERATION = insert(operations)
_INSERT_RESOURCES = insert(resources).returning(resources.c.id, sort_by_parameter_order=True)
_SET_REQUIRES = update(resources).where(resources.c.id == bindparam("_id")).values(requires=bindparam("_requires"))
_LIVING = (
    select(stacks.c.id)
    .where(stacks.c.project == bindparam("project"))
    .where(stacks.c.name == bindparam("name"))
    .where(stacks.c.deleted_at.is_(None))
)
_NEXT_SEQ = (
    update(stacks)
    .where(stacks.c.id == bindparam("_id"))
    .values(accepted_seq=stacks.c.accepted_seq + 1)
    .returning(stacks.c.accepted_seq)
)


@dataclass(frozen=True, slots=True)
class AcceptCreate(Write[OperationRow]):
    """Insert a stack, its rows and a PENDING CREATE. The same operation id again: what is stored."""

    project: str
    new: NewStack
    operation: NewOperation

    def rows(self) -> int:
        return 2 + 2 * len(self.new.resources)

    def apply(self, transaction: Transaction) -> OperationRow:
        connection = transaction.connection
        existing = self._accepted_before(connection)
        if existing is not None:
            return existing
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
        )
        transaction.born(stack)
        now = self.operation.accepted_at
        transaction.set_state(stack, Action.CREATE, Status.IN_PROGRESS, reasons.started(Action.CREATE), now)
        return _read(connection, self.operation.id)

    def _accepted_before(self, connection: Connection) -> OperationRow | None:
        existing = _accepted_before(connection, self.project, self.operation)
        if existing is not None and existing.stack_name != self.new.name:
            raise _id_in_use(self.operation.id)
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
            },
        )
        _insert_resources(connection, new.id, new.resources, now)
        _insert_operation(connection, new.id, 1, self.operation)


@dataclass(frozen=True, slots=True)
class AcceptDelete(Write[OperationRow]):
    """Insert a PENDING DELETE. A running CREATE does not stand in its way: it will be taken over."""

    project: str
    stack_id: str
    operation: NewOperation

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> OperationRow:
        connection = transaction.connection
        existing = _accepted_before(connection, self.project, self.operation)
        if existing is not None:
            if existing.stack_id != self.stack_id:
                raise _id_in_use(self.operation.id)
            return existing
        stack = transaction.stack(self.project, self.stack_id)
        if stack is None or stack.deleted_at is not None:
            raise stack_not_found(self.stack_id)
        for open_ in connection.execute(OPEN_OF_STACK, {"stack_id": self.stack_id}):
            running = operation_row(open_)
            if running.action is not Action.CREATE:
                raise action_in_progress(running)
        (seq,) = connection.execute(_NEXT_SEQ, {"_id": self.stack_id}).one()
        _insert_operation(connection, self.stack_id, seq, self.operation)
        return _read(connection, self.operation.id)


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
        raise _id_in_use(operation.id)
    return existing


def _read(connection: Connection, operation_id: str) -> OperationRow:
    return operation_row(connection.execute(OPERATION_BY_ID, {"id": operation_id}).one())


def _id_in_use(operation_id: str) -> Conflict:
    return Conflict(
        Diagnostic(
            code="operation-id-in-use",
            summary=f"Operation id {operation_id} was used for another request.",
            detail="An operation id names one request: mint a new UUID.",
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


def _insert_operation(connection: Connection, stack_id: str, seq: int, operation: NewOperation) -> None:
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
        },
    )


def _insert_resources(connection: Connection, stack_id: str, new: Sequence[NewResource], now: float) -> None:
    """Insert rows INIT_COMPLETE in the order given, then say by id what each requires."""
    if not new:
        return
    values: list[dict[str, Any]] = [
        {
            "stack_id": stack_id,
            "uuid": one.uuid,
            "name": one.name,
            "type": one.type,
            "implementation": one.implementation or one.type,
            "instant": one.instant,
            "concurrency": one.concurrency,
            "definition": dict(one.definition),
            "requires": [],
            "action": "INIT",
            "status": Status.COMPLETE.value,
            "status_reason": "",
            "created_at": now,
            "updated_at": now,
            "claim_seq": 0,
            "claim_run": 0,
            "claim_step": 0,
            "claim_attempt": 0,
            "lease_until": 0.0,
            "key": "",
            "intent_open": False,
            "polling": False,
            "retries": 0,
            "create_key": "",
            "create_unsettled": False,
        }
        for one in new
    ]
    ids = list(connection.execute(_INSERT_RESOURCES, values).scalars())
    by_name = {one.name: row for one, row in zip(new, ids, strict=True)}
    requiring = [
        {"_id": row, "_requires": sorted(by_name[name] for name in one.requires)}
        for one, row in zip(new, ids, strict=True)
        if one.requires
    ]
    if requiring:
        connection.execute(_SET_REQUIRES, requiring)
