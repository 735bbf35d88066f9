"""What an activity's exception becomes in a history: a class and a code, never a value or a provider's text."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.observed import context_of
from firebrick import contract, log_context, metrics
from firebrick.crash_report import new_report_id, places
from firebrick.diagnostics import FirebrickError, Unavailable

log = structlog.get_logger("firebrick.activities")

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


class Lost(Exception):
    """A row is not held under this claim any more, or another has taken its place: claim again."""


class GivenUp(Exception):
    """This attempt is not the one that does the work any more: nothing is recorded, another attempt goes on."""


def scrubbed(function: F) -> F:
    """Decorate an activity: refused requests end it, an absent database is tried again, all else is a report.

    Messages of diagnostics are made for people and hold no values of hidden parameters, so a refusal's text may pass.
    """

    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        with log_context.bound(**context_of(args[-1])):
            try:
                return await function(*args, **kwargs)
            except ApplicationError:
                raise
            except Exception as error:
                raise _told(error, function.__name__) from None

    return run  # type: ignore[return-value]


def _told(error: Exception, work: str) -> ApplicationError:
    if isinstance(error, Unavailable):
        # Benign: Temporal tries it again as it would anyway, and the SDK does not log each attempt with all frames.
        log.warning("activity is tried again", work=work, error=error.first.code)
        return ApplicationError(error.first.summary, type=error.first.code, category=ApplicationErrorCategory.BENIGN)
    if isinstance(error, GivenUp):
        text = "this attempt was given up between two calls; another goes on"
        return ApplicationError(text, type="GivenUp", category=ApplicationErrorCategory.BENIGN)
    if isinstance(error, FirebrickError):
        return ApplicationError(str(error), type=contract.INVALID_REQUEST, non_retryable=True)
    report = new_report_id()
    # No traceback: an exception's text, and the values of variables that a formatter adds, may be secrets.
    name = type(error).__name__
    metrics.INTERNAL_ERRORS.labels(work).inc()
    log.error("activity failed", activity=work, report=report, error=name, places=places(error))
    return ApplicationError(f"{name} in {work}; the worker's log has it as report {report}", type="InternalError")
