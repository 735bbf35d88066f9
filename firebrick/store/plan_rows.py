"""What a plan is made from: the rows of a stack, without anything that is encrypted."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, select

from firebrick.contract import Status, StepResult
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
        cast(resources.c.requires, Text).label("requires"),
        resources.c.instant,
        resources.c.concurrency,
        resources.c.claim_seq,
        resources.c.outcome,
        resources.c.role,
        resources.c.role_seq,
        cast(resources.c.target_requires, Text).label("target_requires"),
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
    return _existing(connection.execute(_ROWS, {"stack_id": stack_id}).all(), seq)


def _existing(rows: Sequence[Any], seq: int) -> list[ExistingRow]:
    """Of what _ROWS gives. Its values are unpacked: to ask a row for each by name takes as long as to read it."""
    lists = _Lists()
    made = []
    for values in rows:
        id_, name, type_, action, status, requires, instant, concurrency, *rest = values
        claim_seq, outcome, role, role_seq, target_requires, hooks = rest
        is_done = hooks is not None and HookState.of(hooks, seq).result is not None
        # Outcomes of earlier operations are not read: another version may have written them.
        ended = (claim_seq == seq or is_done) and outcome is not None and _is_end(outcome)
        if is_done and not ended:
            status = Status.IN_PROGRESS  # its action is done and its node is not: it is at the hook after the action
        made.append(
            ExistingRow(
                id=id_,
                name=name,
                type=type_,
                action=action,
                status=status,
                requires=lists[requires],
                instant=instant,
                concurrency=concurrency,
                ended_in_operation=ended and claim_seq == seq,
                role=Role(role) if role_seq == seq else Role.NONE,
                target_requires=lists[target_requires],
            )
        )
    return made


def _is_end(outcome: str) -> bool:
    return StepResult.model_validate_json(outcome).kind in ENDED_KINDS


class _Lists(dict[str | None, tuple[int, ...]]):
    """Ids by the JSON text that has them, each distinct one read once: resources of a layer require the same."""

    def __missing__(self, text: str | None) -> tuple[int, ...]:
        found = self[text] = tuple(json.loads(text) or ()) if text else ()
        return found
