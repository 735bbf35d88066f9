"""How many resources wait without a worker: a figure for metrics, asked for by the reconciler."""

from collections.abc import Mapping

from sqlalchemy import Connection, case, func, select

from firebrick.contract import OperationState, StepKind
from firebrick.store.models import operations, resources

WAITING = (StepKind.POLL, StepKind.WAIT_UNTIL, StepKind.WAIT_SIGNAL, StepKind.RETRY)

_kind = case(*((resources.c.outcome.like(f'{{"kind":"{kind}"%'), kind.value) for kind in WAITING), else_=None)
_COUNT = (
    select(operations.c.action, _kind, func.count())
    .join_from(operations, resources, operations.c.stack_id == resources.c.stack_id)
    .where(operations.c.state == OperationState.RUNNING.value)
    .where(resources.c.claim_seq == operations.c.seq)  # of this operation, not of one before
    .where(_kind.is_not(None))
    .group_by(operations.c.action, _kind)
)


def count_parked(connection: Connection) -> Mapping[tuple[str, str], int]:
    """(action, what is waited for: a step's kind) -> resources of running operations, of all projects."""
    return {(action, kind): count for action, kind, count in connection.execute(_COUNT)}
