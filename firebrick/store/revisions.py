"""The revision of a stack: a count of what a plan must not be overtaken by.

Accepting an operation counts it up (acceptance.NEXT_SEQ). Whatever else changes what an update would do (a signal that
is stored, a check, a mark, tags that are set directly) calls ``count_up`` in its own transaction.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select, update

from firebrick.diagnostics import Conflict, Diagnostic
from firebrick.store import reasons
from firebrick.store.models import operations, stacks
from firebrick.store.requests import Expected

_COUNT_UP = update(stacks).where(stacks.c.id == bindparam("_id")).values(revision=stacks.c.revision + 1)
_REVISION = select(stacks.c.name, stacks.c.revision).where(stacks.c.id == bindparam("id"))
_SINCE = (
    select(operations.c.action, operations.c.id, operations.c.accepted_at)
    .where(operations.c.stack_id == bindparam("stack_id"))
    .where(operations.c.seq > bindparam("seq"))
    .order_by(operations.c.seq)
)


def count_up(connection: Connection, stack_id: str) -> None:
    """Refuse every plan that was made of the stack before. Call it where the change is written."""
    connection.execute(_COUNT_UP, {"_id": stack_id})


def check_expected(connection: Connection, stack_id: str, expected: Expected | None) -> None:
    """Conflict, saying what moved, unless the stack is still what a plan was made of, with all that is nested in it.
    The stack's row is locked."""
    if expected is None:
        return
    found = connection.execute(_REVISION, {"id": stack_id}).one()
    if found.revision == expected.revision:
        _check_nested(connection, found.name, expected.nested)
        return
    since = connection.execute(_SINCE, {"stack_id": stack_id, "seq": expected.seq}).all()
    told = [f"{one.action} {one.id} was accepted at {reasons.timestamp(one.accepted_at)}" for one in since]
    moved = "; ".join(told) or "a signal, a check or a mark of a resource, or a cancel with rollback was stored"
    raise Conflict(
        Diagnostic(
            code="plan-overtaken",
            summary=f"Stack {found.name!r} has moved since the plan was made: {moved}.",
            detail=f"The plan is for revision {expected.revision}, the stack has {found.revision}. "
            "Nothing was changed. Make a new plan and look at it.",
            heat_type="Conflict",
        )
    )


def _check_nested(connection: Connection, name: str, expected: Mapping[str, int]) -> None:
    """Somebody may act on a nested stack itself, of which the one around it is not told."""
    for stack_id, revision in expected.items():
        found = connection.execute(_REVISION, {"id": stack_id}).first()
        if found is None or found.revision != revision:
            inner = stack_id if found is None else found.name
            raise Conflict(
                Diagnostic(
                    code="plan-overtaken",
                    summary=f"Stack {inner!r}, which is nested in {name!r}, has moved since the plan was made.",
                    detail="Nothing was changed. Make a new plan and look at it.",
                    heat_type="Conflict",
                )
            )
