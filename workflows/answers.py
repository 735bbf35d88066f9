"""What activities answer, as a run takes it.

Anybody who may operate Temporal can end an activity with a result of his own (``temporal activity complete``), with
anything in it. So a result is read here and not by the SDK, which would fail the run, or its workflow task for ever,
where it cannot read one. What is no answer to what was asked is as good as none: the activity is asked again, since
the store knows, and each activity is safe to repeat.
"""

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from firebrick import contract

M = TypeVar("M", bound=BaseModel)


def read_answer(given: Any, model: type[M]) -> M | None:
    """The result of an activity that was started with ``result_type=RawValue``; None: it is not the model's."""
    if not isinstance(given, RawValue) or given.payload.metadata.get("encoding") != b"json/plain":
        return None
    try:
        return model.model_validate_json(given.payload.data)
    except ValueError:
        return None


def refusal(error: BaseException | None) -> ApplicationError | None:
    """What an activity's failure says that refuses the request, as the run's own failure; None: it says none."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, ApplicationError) and cause.type == contract.INVALID_REQUEST:
        return ApplicationError(cause.message, type=contract.INVALID_REQUEST, non_retryable=True)
    return None
