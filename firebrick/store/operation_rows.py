"""Reading operations back: the one query that joins an operation with its stack, and its row as a dataclass."""

from typing import Any

from sqlalchemy import Row, Select, bindparam, select

from firebrick.contract import Action, OperationState
from firebrick.store.models import operations, stacks
from firebrick.store.rows import Failure, FailureTree, InnerFailure, OperationRow

OPERATIONS: Select[Any] = select(
    operations.c.id,
    stacks.c.project,
    operations.c.stack_id,
    stacks.c.name,
    operations.c.seq,
    operations.c.action,
    operations.c.state,
    operations.c.request,
    operations.c.requested_by,
    operations.c.timeout,
    operations.c.accepted_at,
    operations.c.began_at,
    operations.c.ended_at,
    operations.c.deadline,
    operations.c.workflow_id,
    operations.c.chain_id,
    operations.c.superseded_by,
    operations.c.reason,
    operations.c.summary,
    operations.c.failure,
    operations.c.target_id,
    operations.c.cancel,
    operations.c.cancel_now,
    operations.c.follows,
    operations.c.owner_operation,
).join_from(operations, stacks, operations.c.stack_id == stacks.c.id)

OPERATION_BY_ID = OPERATIONS.where(operations.c.id == bindparam("id"))

OPEN_STATES = (OperationState.PENDING.value, OperationState.RUNNING.value)
OPEN_OF_STACK = (
    OPERATIONS.where(operations.c.stack_id == bindparam("stack_id"))
    .where(operations.c.state.in_(OPEN_STATES))
    .order_by(operations.c.seq.desc())
)
"""Newest first."""
OPEN_INSIDE = (
    OPERATIONS.where(stacks.c.owner_id == bindparam("stack_id"))
    .where(operations.c.owner_operation == bindparam("id"))
    .where(operations.c.state.in_(OPEN_STATES))
    .where(operations.c.action.in_([one.value for one in Action if one.cancellable]))
    .order_by(operations.c.id)
)
"""What the operation `id` of the stack `stack_id` has asked of nested stacks and is not ended. Not deletes: they cannot
be cancelled, and go on."""


def operation_row(row: Row[Any]) -> OperationRow:
    """A row of OPERATIONS."""
    values = list(row)
    values[5] = Action(values[5])
    values[6] = OperationState(values[6])
    values[19] = None if values[19] is None else _tree(values[19])
    return OperationRow(*values)


def tree_as_json(tree: FailureTree) -> dict[str, Any]:
    return {
        "causes": [
            {
                "resource": one.resource,
                "type": one.type,
                "action": one.action,
                "error_class": one.error_class,
                "error": one.error,
                "message": one.message,
                "attempts": one.attempts,
            }
            for one in tree.causes
        ],
        "aborted": list(tree.aborted),
        "not_started": list(tree.not_started),
        "inner": {name: {"stack": one.stack, "failure": tree_as_json(one.failure)} for name, one in tree.inner.items()},
    }


def _tree(stored: dict[str, Any]) -> FailureTree:
    return FailureTree(
        causes=tuple(Failure(**cause) for cause in stored["causes"]),
        aborted=tuple(stored["aborted"]),
        not_started=tuple(stored["not_started"]),
        inner={
            name: InnerFailure(one["stack"], _tree(one["failure"])) for name, one in stored.get("inner", {}).items()
        },
    )
