"""What is told to a resource from outside: a signal, or that it may go on past a hook. Stored; waking comes after.

Each gives the workflow to wake: of the stack's running operation, "" when none runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from firebrick import hooks
from firebrick.contract import OperationState
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.hooks import HookState
from firebrick.randomness import random_uuid
from firebrick.store.acceptance import living_stack
from firebrick.store.models import operations, resources, signals
from firebrick.store.revisions import count_up
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_RUNNING = (
    select(operations.c.workflow_id, operations.c.seq)
    .where(operations.c.stack_id == bindparam("stack_id"))
    .where(operations.c.state == OperationState.RUNNING.value)
)
_ROWS = (
    select(
        resources.c.id,
        resources.c.uuid,
        resources.c.name,
        resources.c.type,
        resources.c.physical_id,
        resources.c.action,
        resources.c.status,
        resources.c.hooks,
    )
    .where(resources.c.stack_id == bindparam("stack_id"))
    .where(resources.c.name == bindparam("name"))
    .order_by(resources.c.id)
    .with_for_update()
)
_SET_HOOKS = update(resources).where(resources.c.id == bindparam("_id")).values(hooks=bindparam("_hooks"))
_LAST = select(func.max(signals.c.seq)).where(signals.c.stack_id == bindparam("stack_id"))
_INSERT = insert(signals)
_KNOWN = select(signals.c.seq).where(signals.c.id == bindparam("id"))
_DELETE = delete(signals).where(signals.c.stack_id == bindparam("_stack_id"))
_SIGNALS = (
    select(signals.c.body)
    .where(signals.c.stack_id == bindparam("stack_id"))
    .where(signals.c.resource_name == bindparam("name"))
    .where(signals.c.time >= bindparam("since"))
    .order_by(signals.c.seq)
)


@dataclass(frozen=True, slots=True)
class ClearHook(Write[str]):
    """A resource may go on past a hook. InvalidInput: it does not wait there. shown: the resource, in Heat's words.
    again: an earlier attempt may have cleared it."""

    project: str
    stack_id: str
    name: str
    hook: str
    shown: str
    now: float
    again: bool = False

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> str:
        stack = living_stack(transaction, self.project, self.stack_id)
        connection = transaction.connection
        workflow_id, seq = _running(connection, stack)
        for row in connection.execute(_ROWS, {"stack_id": stack.id, "name": self.name}):
            state = HookState.of(row.hooks, seq)
            if self.hook in state.waiting:
                connection.execute(_SET_HOOKS, {"_id": row.id, "_hooks": state.past(self.hook).as_json()})
                _tell(transaction, stack, row, row.action, hooks.cleared(self.hook), self.now)
                return workflow_id
            if self.again and self.hook in state.cleared:
                return workflow_id
        raise InvalidInput(
            Diagnostic(
                code="hook-not-set",
                summary=f"{self.name} does not wait at the hook {self.hook}",
                detail="`firebrick stack hook poll` shows which resources wait, and where.",
                path=f"resources.{self.name}",
                heat_type="InvalidBreakPointHook",
                heat_message=f'The "{self.hook}" hook is not defined on {self.shown}',
            )
        )


@dataclass(frozen=True, slots=True)
class AddSignal(Write[str]):
    """Keep a signal for a resource, and tell of it. row: which is told of. reason: the event's. signal_id: a uuid;
    what is there under it is not stored again."""

    project: str
    stack_id: str
    row: int
    name: str
    body: Any
    reason: str
    now: float
    signal_id: str = ""

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> str:
        stack = living_stack(transaction, self.project, self.stack_id)
        connection = transaction.connection
        if self.signal_id and connection.execute(_KNOWN, {"id": self.signal_id}).first():
            return _running(connection, stack)[0]
        last = connection.execute(_LAST, {"stack_id": stack.id}).scalar_one()
        connection.execute(
            _INSERT,
            {
                "id": self.signal_id or random_uuid(),
                "stack_id": stack.id,
                "resource_name": self.name,
                "seq": (last or 0) + 1,
                "time": self.now,
                "body": {"signal": self.body},
            },
        )
        count_up(connection, stack.id)
        for row in connection.execute(_ROWS, {"stack_id": stack.id, "name": self.name}):
            if row.id == self.row:
                _tell(transaction, stack, row, "SIGNAL", self.reason, self.now)
        return _running(connection, stack)[0]


def list_signals(connection: Connection, stack_id: str, name: str, since: float) -> list[Any]:
    """Bodies of a resource's signals from a time on (seconds since the epoch), in the order of their arrival."""
    found = connection.execute(_SIGNALS, {"stack_id": stack_id, "name": name, "since": since})
    return [stored["signal"] for stored in found.scalars()]


def delete_signals(connection: Connection, stack_id: str) -> None:
    connection.execute(_DELETE, {"_stack_id": stack_id})


def _running(connection: Connection, stack: LockedStack) -> tuple[str, int]:
    row = connection.execute(_RUNNING, {"stack_id": stack.id}).first()
    return ("", -1) if row is None else (row.workflow_id, row.seq)


def _tell(transaction: Transaction, stack: LockedStack, row: Any, action: str, reason: str, now: float) -> None:
    transaction.emit(stack, now, row, action, row.status, reason)
