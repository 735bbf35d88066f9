"""Steps as they are seen from outside: timed, counted and, where something went wrong, told to the log.

A log line names project, stack, operation, resource and attempt, and never holds a value: neither a property nor a
provider's text, which the stack's owner finds in its events.
"""

import functools
import time
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from temporalio import activity

from firebrick import log_context, metrics
from firebrick.contract import Action, StepKind, StepResult
from firebrick.store.rows import OperationRow, ResourceRow
from firebrick.store.step_outcomes import Claimed

log = structlog.get_logger("firebrick.activities")

_CONTEXT = {"project": "project", "stack_id": "stack", "operation_id": "operation"}

# To find a metric by its labels takes as long as to count.
_under_way = functools.cache(metrics.STEPS_UNDER_WAY.labels)
_steps = functools.cache(metrics.STEPS.labels)


def context_of(ask: object) -> Mapping[str, Any]:
    """What log lines of an activity are bound to: of its argument, and which attempt this is."""
    bound = {shown: value for field, shown in _CONTEXT.items() if (value := getattr(ask, field, None))}
    if activity.in_activity():
        info = activity.info()
        bound |= {"activity": info.activity_id, "attempt": info.attempt}
    return bound


async def step(held: Claimed, work: Coroutine[Any, Any, StepResult]) -> StepResult:
    """Do the work of a claimed row under observation; its result. What is not begun yet may become an update."""
    row, action = held.row, held.row.action if held.in_progress else Action.UPDATE.value
    log_context.bind(resource=row.name, resource_type=row.type, action=action)
    under_way = _under_way(row.implementation, action)
    began = time.perf_counter()
    under_way.inc()
    try:
        result = await work
    finally:
        under_way.dec()
    count(row, action, result, time.perf_counter() - began)
    return result


def count(row: ResourceRow, action: str, result: StepResult, seconds: float) -> None:
    """Take note of a step's outcome."""
    kind, error_class = result.kind, result.error_class
    _steps(row.implementation, action, kind.value).observe(seconds)
    if kind is StepKind.RETRY:
        metrics.RETRIES.labels(row.implementation, action, error_class).inc()
        log.info("another attempt follows", resource=row.name, resource_type=row.type, error_class=error_class)
    elif kind is StepKind.FAILED or kind is StepKind.UNKNOWN:
        error_class = error_class or "unknown"
        metrics.FAILURES.labels(row.implementation, action, error_class).inc()
        log.warning("resource failed", resource=row.name, resource_type=row.type, error_class=error_class)


def finished(row: OperationRow) -> None:
    """Take note of an operation's end."""
    if row.began_at is not None and row.ended_at is not None:
        metrics.OPERATIONS.labels(row.action.value, row.state.value).observe(max(0.0, row.ended_at - row.began_at))
        seconds = round(row.ended_at - row.began_at, 3)
        log.info("operation ended", action=row.action.value, state=row.state.value, seconds=seconds)
