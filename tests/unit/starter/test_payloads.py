"""What a failure carries into a history."""

from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from starter.payloads import DATA_CONVERTER


def converted(error: Exception) -> Failure:
    failure = Failure()
    try:
        raise error
    except Exception as caught:
        DATA_CONVERTER.failure_converter.to_failure(caught, DATA_CONVERTER.payload_converter, failure)
    return failure


def test_a_text_that_was_made_for_people_stays() -> None:
    assert converted(ApplicationError("web failed", type="StackActionFailed")).message == "web failed"


def test_the_text_of_any_other_exception_stays_out() -> None:
    failure = converted(KeyError("hunter2"))
    assert "hunter2" not in str(failure)
    assert "KeyError" in failure.message


def test_no_stack_trace_stays_in_a_chain_of_causes() -> None:
    error = ApplicationError("outer")
    error.__cause__ = ValueError("hunter2")
    failure = converted(error)
    assert "hunter2" not in str(failure)
    assert not failure.stack_trace and not failure.cause.stack_trace
