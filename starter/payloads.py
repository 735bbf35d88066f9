"""How payloads and failures look in a history: pydantic models as JSON, and failures without values.

An exception that is not ours may quote anything (a property, a provider's answer), and a stack trace tells of the
machine: neither belongs into a history. The worker's log has both.
"""

import dataclasses

from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import FailureError


class ScrubbingFailureConverter(DefaultFailureConverter):
    """Keeps the text of failures that were raised for people to read; of all else it keeps the class."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        super().to_failure(exception, payload_converter, failure)
        if not isinstance(exception, FailureError):
            failure.message = f"{type(exception).__name__} (the worker's log has the text)"
        scrubbed: Failure | None = failure
        while scrubbed is not None:
            scrubbed.stack_trace = ""
            scrubbed = scrubbed.cause if scrubbed.HasField("cause") else None


DATA_CONVERTER = dataclasses.replace(pydantic_data_converter, failure_converter_class=ScrubbingFailureConverter)
