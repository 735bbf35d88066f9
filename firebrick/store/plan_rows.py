"""What a plan is made from: the rows of a stack, without anything that is encrypted."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from firebrick.contract import StepResult
from firebrick.hooks import HookState
from firebrick.plan import ExistingRow, Role
from firebrick.store.acceptance import stack_not_found
from firebrick.store.models import operations, resources, stacks
from firebrick.store.step_outcomes import ENDED_KINDS

_SEQ = (
    select(operations.c.seq)
    .join_from(operations, stacks, operations.c.stack_id == stacks.c.id)
    .where(stacks.c.project == bindparam("project"))
    .where(stacks.c.id == bindparam("stack_id"))
    .where(operations.c.id == bindparam("operation_id"))
)
_ROWS = (
    select(
        resources.c.id,
        resources.c.name,
        resources.c.type,
        resources.c.action,
        resources.c.status,
        resources.c.requires,
        resources.c.instant,
        resources.c.concurrency,
        resources.c.claim_seq,
        resources.c.outcome,
        resources.c.role,
        resources.c.role_seq,
        resources.c.target_requires,
        resources.c.hooks,
    )
    .where(resources.c.stack_id == bindparam("stack_id"))
    .order_by(resources.c.id)
)


def list_plan_rows(connection: Connection, project: str, stack_id: str, operation_id: str) -> list[ExistingRow]:
    """All rows of the stack, by id. NotFound: the project has no such stack, or the stack no such operation."""
    values = {"project": project, "stack_id": stack_id, "operation_id": operation_id}
    seq = connection.execute(_SEQ, values).scalar_one_or_none()
    if seq is None:
        raise stack_not_found(stack_id)
    return [
        ExistingRow(
            id=row.id,
            name=row.name,
            type=row.type,
            action=row.action,
            status="IN_PROGRESS" if _waits(row, seq) else row.status,
            requires=tuple(row.requires),
            instant=row.instant,
            concurrency=row.concurrency,
            ended_in_operation=row.claim_seq == seq and _ended(row.outcome),
            role=Role(row.role) if row.role_seq == seq else Role.NONE,
            target_requires=tuple(row.target_requires or ()),
        )
        for row in connection.execute(_ROWS, {"stack_id": stack_id})
    ]


def _waits(row: Any, seq: int) -> bool:
    """Whether its action is done, and its node is not: it is at the hook after the action."""
    return HookState.of(row.hooks, seq).result is not None and not _ended(row.outcome)


def _ended(outcome: str | None) -> bool:
    return outcome is not None and StepResult.model_validate_json(outcome).kind in ENDED_KINDS
