"""The real store on SQLite behind the interfaces that a life uses: the same lives, lived on it, must go the same way.

Writes are applied as the writer applies them, one a transaction, in the caller's thread.
"""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, bindparam, select

from firebrick.contract import Action, Cancel, Work
from firebrick.diagnostics import FirebrickError
from firebrick.plan import ExistingRow
from firebrick.selection import base_hash
from firebrick.store import Keyring, migrate
from firebrick.store.acceptance import AcceptCreate, AcceptDelete, AcceptRollback, AcceptUpdate
from firebrick.store.cancelling import AcceptCancel
from firebrick.store.claims import ClaimRows, NoteProgress, RenewRows
from firebrick.store.converging import BeginUpdate, StandIn
from firebrick.store.database import open_engine
from firebrick.store.models import events, operations, resources, stacks
from firebrick.store.operation_outcomes import Mine, Nothing, Other
from firebrick.store.operation_rows import OPEN_OF_STACK, OPERATION_BY_ID, OPERATIONS, operation_row
from firebrick.store.operations import Begin, FailLost, Finish
from firebrick.store.outcomes import RecordRows
from firebrick.store.plan_rows import list_plan_rows
from firebrick.store.reads import open_inside
from firebrick.store.requests import NewOperation, NewResource, NewStack, NewTarget
from firebrick.store.resource_rows import RESOURCE_COLUMNS, resource_row
from firebrick.store.rows import OperationRow, ResourceRow
from firebrick.store.step_outcomes import Claim, ClaimOutcome, RowOutcome
from firebrick.store.transaction import Transaction
from firebrick.store.writer import Write
from tests.model.life_stores import FINGERPRINT, Event, Refused, UpdateStore
from tests.model.update_claims import CLAIM_LEASE
from tests.model.update_history import Resource, Template

T = TypeVar("T")

PROJECT = "model"
CHAIN = str(uuid.UUID(int=1))
_STACK = select(stacks.c.action, stacks.c.status, stacks.c.template_id, stacks.c.deleted_at).where(
    stacks.c.id == bindparam("id")
)
_ROWS = select(*RESOURCE_COLUMNS).where(resources.c.stack_id == bindparam("id")).order_by(resources.c.id)
_ASKED = OPERATIONS.where(operations.c.stack_id == bindparam("id")).where(
    operations.c.owner_operation == bindparam("asked_by")
)
_TOLD = (
    select(events.c.action, events.c.status)
    .where(events.c.stack_id == bindparam("id"))
    .where(events.c.resource_id.is_(None))
    .order_by(events.c.seq)
)
_SHOWN = select(stacks.c.template).where(stacks.c.id == bindparam("id"))
_ACCEPTED = OPERATIONS.where(operations.c.stack_id == bindparam("id")).order_by(operations.c.seq)
_EVENTS = (
    select(events.c.resource_id, events.c.resource_name, events.c.action, events.c.status)
    .where(events.c.stack_id == bindparam("id"))
    .where(events.c.resource_id.is_not(None))
    .order_by(events.c.seq)
)


class Database:
    """An empty database of this program's schema, in a file of its own. Hands out stores, one for each life."""

    def __init__(self, directory: Path) -> None:
        keyring = Keyring({"k": b"0" * 32}, "k")
        self._engine = open_engine(f"sqlite:///{directory / 'model.db'}", keyring, writes=True, connections=1)
        migrate.upgrade(self._engine)
        self._connection = self._engine.connect()
        self._stores = 0

    def stores(self) -> "RealStores":
        self._stores += 1
        return RealStores(self._connection, self._stores)

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()


class RealStores:
    """Of one life: a stack, and those in it."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        name = f"stack-{number}"
        self.root = RealStore(connection, name, name, None)
        self._known = {name: self.root}

    def every(self) -> Sequence[UpdateStore]:
        return [one for one in self._known.values() if one.born]

    def find(self, name_or_id: str) -> UpdateStore | None:
        if (found := self._known.get(name_or_id)) is None:
            named = (one for one in self._known.values() if one.born and one.name == name_or_id)
            found = next((one for one in named if one.state != ("DELETE", "COMPLETE")), None)
        return found if found is self.root or (found is not None and found.born) else None

    def inner(self, stack_id: str, name: str, owner: tuple[str, int]) -> UpdateStore:
        if stack_id not in self._known:
            self._known[stack_id] = RealStore(self._connection, stack_id, name, owner)
        return self._known[stack_id]

    def operation(self, operation_id: str) -> OperationRow | None:
        with self._connection.begin():
            row = self._connection.execute(OPERATION_BY_ID, {"id": operation_id}).first()
        return None if row is None else operation_row(row)

    def open_inside(self, operation: OperationRow) -> Sequence[OperationRow]:
        with self._connection.begin():
            return open_inside(self._connection, operation)


class RealStore:
    """One stack's view of it. born: a create of it was accepted."""

    def __init__(self, connection: Connection, stack_id: str, name: str, owner: tuple[str, int] | None) -> None:
        self._connection = connection
        self.stack_id = self._stack = stack_id
        self.name = name
        self.owner = owner
        self.born = False
        self._asked = 0
        self._targets: dict[str, Template] = {}

    def _write(self, write: Write[T]) -> T:
        with self._connection.begin():
            transaction = Transaction(self._connection)
            transaction.lock(write.stacks())
            outcome = type(write).apply_all(transaction, [write])[0]
            transaction.flush()
        if isinstance(outcome, FirebrickError):
            raise Refused(outcome.first.message) from outcome
        return cast(T, outcome)

    def _read(self, query: Any) -> Sequence[Any]:
        with self._connection.begin():
            return self._connection.execute(query, {"id": self._stack}).all()

    # --- operations -----------------------------------------------------------------------------------------------

    @property
    def state(self) -> tuple[str, str]:
        row = self._read(_STACK)[0]
        return (row.action, row.status)

    @property
    def told(self) -> Sequence[tuple[str, str]]:
        return [tuple(row) for row in self._read(_TOLD)]

    @property
    def shown(self) -> Template:
        return self._targets.get(self._read(_SHOWN)[0].template, ())

    def target_of(self, operation: OperationRow) -> Template:
        return self._targets.get(operation.target_id, ())

    @property
    def accepted(self) -> Sequence[OperationRow]:
        return [operation_row(row) for row in self._read(_ACCEPTED)]

    @property
    def deleted(self) -> bool:
        return self._read(_STACK)[0].deleted_at is not None

    @property
    def template_id(self) -> str:
        return str(self._read(_STACK)[0].template_id)

    @property
    def events(self) -> list[Event]:
        return [Event(*row) for row in self._read(_EVENTS)]

    def rows(self) -> Sequence[ResourceRow]:
        return [resource_row(row) for row in self._read(_ROWS)]

    def target(self) -> Template:
        return self._targets.get(self.template_id, ())

    def open_operations(self) -> Sequence[OperationRow]:
        with self._connection.begin():
            found = self._connection.execute(OPEN_OF_STACK, {"stack_id": self._stack}).all()
        return [operation_row(row) for row in reversed(found)]

    def operations_of(self, asked_by: str) -> Sequence[OperationRow]:
        with self._connection.begin():
            found = self._connection.execute(_ASKED, {"id": self._stack, "asked_by": asked_by}).all()
        return [operation_row(row) for row in found]

    def _operation(
        self, action: Action, request: Mapping[str, Any], now: float, id: str = "", asked_by: str = ""
    ) -> NewOperation:
        self._asked += 1
        return NewOperation(
            id or str(uuid.uuid5(uuid.UUID(int=2), f"{self._stack}/{self._asked}")),
            action,
            self._stack,
            3600.0,
            now,
            dict(request),
            owner_operation=asked_by,
            owner_stack=self.owner[0] if asked_by and self.owner else "",
        )

    def accept_create(
        self, target: Template, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow:
        operation = self._operation(Action.CREATE, request, now, id, asked_by)
        owner_id, owner_row = self.owner or (None, None)
        template = operation.id  # so that what is shown can be told apart
        new = NewStack(
            self._stack, self.name, template, resources=_resources(target), owner_id=owner_id, owner_row=owner_row
        )
        accepted = self._write(AcceptCreate(PROJECT, new, operation))
        self._targets.setdefault(operation.id, target)
        self.born = True
        return accepted

    def accept_update(
        self, target: Template | None, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow:
        operation = self._operation(Action.UPDATE, request, now, id, asked_by)
        wanted = None if target is None else NewTarget(operation.id, operation.id, resources=_resources(target))
        accepted = self._write(AcceptUpdate(PROJECT, self._stack, operation, wanted))
        if target is not None:
            self._targets.setdefault(operation.id, target)
        return accepted

    def accept_rollback(self, request: Mapping[str, Any], now: float) -> None:
        operation = self._operation(Action.ROLLBACK, request, now)
        self._write(AcceptRollback(PROJECT, self._stack, operation, request.get("to", "previous")))

    def accept_delete(
        self, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow:
        operation = self._operation(Action.DELETE, request, now, id, asked_by)
        return self._write(AcceptDelete(PROJECT, self._stack, operation))

    def accept_cancel(self, cancel: Cancel, now: float, *, at_once: bool = False, asked_by: str = "") -> OperationRow:
        return self._write(AcceptCancel(PROJECT, self._stack, cancel, now, at_once, asked_by))

    def begin(self, now: float) -> OperationRow | None:
        action = Action.CREATE
        while True:
            match self._write(Begin(PROJECT, self._stack, action, "", self._stack, CHAIN, now)):
                case Mine(operation=operation):
                    return operation
                case Other(action=other):
                    action = other
                case Nothing():
                    return None

    def plan_rows(self, operation: OperationRow) -> list[ExistingRow]:
        with self._connection.begin():
            return list_plan_rows(self._connection, PROJECT, self._stack, operation.id)

    def finish(self, operation: OperationRow, complete: bool, interrupted: str, now: float) -> bool:
        write = Finish(PROJECT, operation.id, self._stack, operation.seq, complete, interrupted, now)
        return self._write(write).state.ended

    def fail_lost(self, operation: OperationRow, now: float) -> None:
        self._write(FailLost(operation.id, PROJECT, self._stack, "lost", now))

    # --- rows -----------------------------------------------------------------------------------------------------

    def claim(
        self, claim: Claim, operation: OperationRow, work: Work, now: float, announce: bool = True
    ) -> ClaimOutcome:
        write = ClaimRows(
            PROJECT,
            self._stack,
            (claim,),
            ("",),
            operation.action,
            operation.id,
            now,
            CLAIM_LEASE,
            announce,
            work,
        )
        return self._write(write)[0]

    def begin_update(
        self, claim: Claim, requires: Sequence[int], until: float, key: str, begun: Mapping[str, Any], now: float
    ) -> bool:
        return self._write(BeginUpdate(PROJECT, claim, now, requires, until, key, begun))

    def stand_in(self, claim: Claim, requires: Sequence[int], now: float) -> bool:
        return self._write(StandIn(PROJECT, claim, now, requires))

    def renew(self, claim: Claim, until: float, **known: Any) -> bool:
        if not known:
            return self._write(RenewRows(PROJECT, self._stack, (claim,), until))[0]
        told = (known.get("physical_id"), known.get("progress"), known.get("properties"))
        return self._write(NoteProgress(PROJECT, claim, until, *told))

    def record(self, claim: Claim, outcome: RowOutcome, now: float) -> bool:
        return self._write(RecordRows(PROJECT, self._stack, ((claim, outcome),), now))[0]


def _resources(target: Template) -> list[NewResource]:
    return [_resource(one) for one in target]


def _resource(one: Resource) -> NewResource:
    return NewResource(
        name=one.name,
        type=one.kind,
        uuid=str(uuid.uuid4()),
        definition=one.definition(),
        requires=[name for name, _ in one.requires],
        instant=one.kind == "instant",
        base=base_hash(one.definition(), one.kind, FINGERPRINT),
        prunable=one.kind != "nested",
    )
