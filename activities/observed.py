"""Steps as they are seen from outside: timed, counted and, where something went wrong, told to the log.

A log line names project, stack, operation, resource and attempt, and never holds a value: neither a property nor a
provider's text, which the stack's owner finds in its events.
"""

import time
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars
from temporalio import activity

from firebrick import metrics
from firebrick.contract import Action, FinishOperation, StepKind, StepResult
from firebrick.store.repository import Repository
from firebrick.store.rows import ResourceRow

log = structlog.get_logger("firebrick.activities")

_CONTEXT = {"project": "project", "stack_id": "stack", "operation_id": "operation"}


def context_of(ask: object) -> Mapping[str, Any]:
    """What log lines of an activity are bound to: of its argument, and which attempt this is."""
    bound = {shown: value for field, shown in _CONTEXT.items() if (value := getattr(ask, field, None))}
    if activity.in_activity():
        info = activity.info()
        bound |= {"activity": info.activity_id, "attempt": info.attempt}
    return bound


async def step(row: ResourceRow, action: Action, work: Coroutine[Any, Any, StepResult]) -> StepResult:
    """Do the work of a claimed row under observation; its result."""
    bind_contextvars(resource=row.name, resource_type=row.type, action=action.value)
    under_way = metrics.STEPS_UNDER_WAY.labels(row.implementation, action.value)
    began = time.perf_counter()
    under_way.inc()
    try:
        result = await work
    finally:
        under_way.dec()
    count(row, action, result, time.perf_counter() - began)
    return result


def count(row: ResourceRow, action: Action, result: StepResult, seconds: float) -> None:
    """Take note of a step's outcome."""
    kind, error_class = result.kind, result.error_class
    metrics.STEPS.labels(row.implementation, action.value, kind.value).observe(seconds)
    if kind is StepKind.RETRY:
        metrics.RETRIES.labels(row.implementation, action.value, error_class).inc()
        log.info("another attempt follows", resource=row.name, resource_type=row.type, error_class=error_class)
    elif kind is StepKind.FAILED or kind is StepKind.UNKNOWN:
        error_class = error_class or "unknown"
        metrics.FAILURES.labels(row.implementation, action.value, error_class).inc()
        log.warning("resource failed", resource=row.name, resource_type=row.type, error_class=error_class)


async def finished(rows: Repository, ask: FinishOperation) -> None:
    """Take note of an operation's end."""
    row = await rows.operation(ask.operation_id)
    if row.began_at is not None and row.ended_at is not None:
        metrics.OPERATIONS.labels(row.action.value, row.state.value).observe(max(0.0, row.ended_at - row.began_at))
        seconds = round(row.ended_at - row.began_at, 3)
        log.info("operation ended", action=row.action.value, state=row.state.value, seconds=seconds)
