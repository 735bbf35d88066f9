"""Cancelling what runs: the wish is stored with the operation, and the run that carries it out looks there at its
end.

A cancel with rollback is a promise: the stack shows the rollback from that moment on, and whatever becomes of the
operation, the rollback follows, unless something newer is accepted before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, update

from firebrick.contract import Action, Cancel, OperationState
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.store.acceptance import living_stack, target_before
from firebrick.store.models import operations
from firebrick.store.operation_rows import OPEN_OF_STACK, OPERATION_BY_ID, operation_row
from firebrick.store.revisions import count_up
from firebrick.store.rows import OperationRow
from firebrick.store.shown import show_inputs, tell
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_NOTE = (
    update(operations)
    .where(operations.c.id == bindparam("_id"))
    .values(cancel=bindparam("_cancel"), cancel_now=bindparam("_cancel_now"))
)
# Heat's rule: with rollback only an update, without a create, too.
_CANCELLABLE = {Cancel.ROLL_BACK: (Action.UPDATE,), Cancel.KEEP: (Action.CREATE, Action.UPDATE)}


@dataclass(frozen=True, slots=True)
class AcceptCancel(Write[OperationRow]):
    """Note how the newest open operation of a stack is to be cancelled. The same wish again changes nothing; another
    one is refused. at_once: what is in progress is not waited for; that may be asked later, too. asked_by: only if it
    is this operation's, of the stack that the nested one is in; the first wish counts then."""

    project: str
    stack_id: str
    cancel: Cancel
    now: float
    at_once: bool = False
    asked_by: str = ""

    def stacks(self) -> Sequence[str]:
        return (self.stack_id,)

    def apply(self, transaction: Transaction) -> OperationRow:
        stack = living_stack(transaction, self.project, self.stack_id)
        connection = transaction.connection
        row = connection.execute(OPEN_OF_STACK, {"stack_id": stack.id}).first()
        newest = None if row is None else operation_row(row)
        others = newest is not None and self.asked_by not in ("", newest.owner_operation)
        if newest is None or others or newest.action not in _CANCELLABLE[self.cancel]:
            raise _refused(stack, newest)
        if newest.cancel and newest.cancel != self.cancel and not self.asked_by:
            raise _refused(stack, newest)
        if not newest.cancel or (self.at_once and not newest.cancel_now):
            noted = {"_cancel": newest.cancel or self.cancel.value, "_cancel_now": self.at_once or newest.cancel_now}
            connection.execute(_NOTE, {"_id": newest.id, **noted})
        if not newest.cancel and self.cancel is Cancel.ROLL_BACK:
            _announce_rollback(transaction, stack, newest, self.now)
        return operation_row(connection.execute(OPERATION_BY_ID, {"id": newest.id}).one())


def _announce_rollback(transaction: Transaction, stack: LockedStack, cancelled: OperationRow, now: float) -> None:
    """The stack shows what the rollback will: it is the next operation, unless another is accepted before."""
    connection = transaction.connection
    to = cancelled.request.get("roll_back_to", "previous")
    begins_anew = cancelled.state is OperationState.PENDING and cancelled.target_id != stack.template_id
    found = stack.template_id if begins_anew and to == "previous" else target_before(connection, stack, to)
    show_inputs(connection, stack, found)
    count_up(connection, stack.id)
    tell(transaction, stack, cancelled.seq + 1, Action.ROLLBACK, {}, now)


def _refused(stack: LockedStack, newest: OperationRow | None) -> InvalidInput:
    state = f"{stack.action}_{stack.status}" if newest is None else f"{newest.action}_IN_PROGRESS"
    if newest is not None and newest.cancel == Cancel.ROLL_BACK:
        state = f"{Action.ROLLBACK}_IN_PROGRESS"
    elif newest is not None and newest.cancel:
        return _is_stopping(stack, newest)
    return InvalidInput(
        Diagnostic(
            code="not-cancellable",
            summary=f"Stack {stack.name!r} is {state}: there is no operation that could be cancelled this way.",
            detail="An update can be cancelled with or without rollback, a create without; a delete or an update takes "
            "over from whatever runs.",
            heat_type="NotSupported",
            heat_message=f"Cancelling update when stack is {state} is not supported.",
        )
    )


def _is_stopping(stack: LockedStack, newest: OperationRow) -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            code="not-cancellable",
            summary=f"The {newest.action} of stack {stack.name!r} is being cancelled already, without a rollback.",
            detail=f"When it has stopped, `firebrick stack rollback {stack.name}` brings the stack back.",
            heat_type="NotSupported",
            heat_message=f"Cancelling update when stack is {newest.action}_IN_PROGRESS is not supported.",
        )
    )
