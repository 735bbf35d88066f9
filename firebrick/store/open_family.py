"""What is under way in a stack and in those that are nested in it."""

from sqlalchemy import Connection, bindparam

from firebrick.store.models import operations, stacks
from firebrick.store.operation_rows import OPEN_OF_STACK, OPEN_STATES, OPERATIONS, operation_row
from firebrick.store.rows import OperationRow

_ASKED_INSIDE = (
    OPERATIONS.where(stacks.c.owner_id.in_(bindparam("owners", expanding=True)))
    .where(operations.c.owner_operation.in_(bindparam("asked_by", expanding=True)))
    .where(operations.c.state.in_(OPEN_STATES))
    .order_by(operations.c.id)
)


def open_family(connection: Connection, stack_id: str) -> list[OperationRow]:
    """Open operations of a stack, the newest first; then what they have asked of nested stacks and is open, deletes
    too, level by level."""
    level = [operation_row(row) for row in connection.execute(OPEN_OF_STACK, {"stack_id": stack_id})]
    found = list(level)
    while level:
        values = {"owners": [one.stack_id for one in level], "asked_by": [one.id for one in level]}
        level = [operation_row(row) for row in connection.execute(_ASKED_INSIDE, values)]
        found += level
    return found
