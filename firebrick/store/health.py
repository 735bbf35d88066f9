"""Marking a resource unhealthy, so that the next update replaces it; and taking that back (Heat's rules)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from firebrick.contract import Action, Status
from firebrick.diagnostics import ActionInProgress, Diagnostic
from firebrick.store.acceptance import living_stack
from firebrick.store.models import resources
from firebrick.store.revisions import count_up
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_ROW = select(resources).where(resources.c.id == bindparam("id")).with_for_update()
_MARK = (
    update(resources)
    .where(resources.c.id == bindparam("_id"))
    .values(
        action="CHECK",
        status=bindparam("_status"),
        status_reason=bindparam("_reason"),
        updated_at=bindparam("_now"),
        interrupted=False,
    )
)


@dataclass(frozen=True, slots=True)
class Mark(Write[None]):
    """CHECK_FAILED, or, when it is that, CHECK_COMPLETE. One that is or was being deleted, or is well, stays as it is.
    ActionInProgress: something is being done to it."""

    project: str
    stack_id: str
    row: int
    unhealthy: bool
    reason: str
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> None:
        stack = living_stack(transaction, self.project, self.stack_id)
        connection = transaction.connection
        row = connection.execute(_ROW, {"id": self.row}).first()
        if row is None or row.stack_id != stack.id:
            return
        if row.lease_until > self.now or row.status == Status.IN_PROGRESS:
            raise _locked(stack, row.name)
        failed = (row.action, row.status) == ("CHECK", Status.FAILED)
        if row.action == Action.DELETE or (not self.unhealthy and not failed):
            return
        status = Status.FAILED.value if self.unhealthy else Status.COMPLETE.value
        connection.execute(_MARK, {"_id": row.id, "_status": status, "_reason": self.reason, "_now": self.now})
        count_up(connection, stack.id)
        if failed != self.unhealthy:
            transaction.emit(stack, self.now, row, "CHECK", status, self.reason)


def _locked(stack: LockedStack, name: str) -> ActionInProgress:
    return ActionInProgress(
        Diagnostic(
            code="resource-locked",
            summary=f"something is being done to {name}",
            detail="Wait until the stack's operation is through with it.",
            path=f"resources.{name}",
            heat_type="ActionInProgress",
            heat_message=f"Stack {stack.name} already has an action ({stack.action}) in progress.",
        )
    )
