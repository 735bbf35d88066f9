"""What a stack shows: the state and the inputs of the operation that was accepted last.

The transaction that accepts an operation writes them: ACTION_IN_PROGRESS with its event, the time, and the template,
parameters and options that the stack is to have. So whoever asks after a request was answered never sees what was
before it, whether something else still runs, or no worker does. From then on the state is not an earlier operation's
to set: one that is taken over ends in its own row, with no word on the stack. A cancel with rollback announces the
rollback that follows in the same way.

What the stack is brought to, and what a rollback goes back to, are other columns (template_id, previous_template_id,
complete_template_id). They change when an operation begins, so nothing that is only shown changes them; and whoever
works on the stack meanwhile reads its inputs as they were begun (``as_begun``).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, func, select, update

from firebrick.contract import Action, Status
from firebrick.store import reasons
from firebrick.store.models import stacks, targets
from firebrick.store.targets import empty_target
from firebrick.store.transaction import LockedStack, Transaction

INPUTS = ("description", "template", "environment", "parameters", "files", "shown_parameters", "outputs")
"""Columns that stacks and targets both have."""
_OPTIONS = ("timeout_mins", "disable_rollback", "tags")


def _copied(column: Column[Any]) -> ColumnElement[Any]:
    """As it is stored: what is sealed is not opened for it."""
    return select(targets.c[column.name]).where(targets.c.id == bindparam("_target")).scalar_subquery()


_SHOW = update(stacks).where(stacks.c.id == bindparam("_id")).values({one: _copied(stacks.c[one]) for one in INPUTS})
_SHOW_NOTHING = (
    update(stacks).where(stacks.c.id == bindparam("_id")).values({one: bindparam(f"_{one}") for one in INPUTS})
)
_TOUCH = update(stacks).where(stacks.c.id == bindparam("_id")).values(updated_at=bindparam("_now"))


def as_begun(column: Column[Any]) -> ColumnElement[Any]:
    """The column of stacks, with what a stack is being brought to instead of what it shows. The query joins TARGETS."""
    if column.name not in INPUTS:
        return column
    return func.coalesce(targets.c[column.name], column, type_=column.type).label(column.name)


TARGET_OF_STACK = targets.c.id == stacks.c.template_id
"""Joins a stack, outer, with the target that it is being brought to; one older than targets shows what it is."""


def tell(
    transaction: Transaction, stack: LockedStack, seq: int, action: Action, request: Mapping[str, Any], now: float
) -> None:
    """An operation was accepted: its state, its event, and its options. Its inputs: see show_inputs."""
    stack.state_seq = seq
    transaction.set_state(stack, action.value, Status.IN_PROGRESS.value, reasons.started(action), now)
    connection = transaction.connection
    if action is not Action.CREATE:
        connection.execute(_TOUCH, {"_id": stack.id, "_now": now})
    told = {name: request[name] for name in _OPTIONS if request.get(name) is not None}
    if told and action is Action.UPDATE:
        connection.execute(update(stacks).where(stacks.c.id == stack.id).values(**told))


def show_inputs(connection: Connection, stack: LockedStack, target_id: str) -> None:
    """What the stack is to be brought to is what it shows. target_id: "" is a template without resources."""
    if target_id:
        connection.execute(_SHOW, {"_id": stack.id, "_target": target_id})
    else:
        empty = empty_target(connection, stack.id, "")
        connection.execute(_SHOW_NOTHING, {"_id": stack.id, **{f"_{one}": getattr(empty, one) for one in INPUTS}})
