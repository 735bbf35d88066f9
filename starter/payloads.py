"""How payloads and failures look in a history: pydantic models as JSON, and failures without values.

What somebody sends a workflow and nobody can read is handed on as it came: the workflow refuses it with a message.

An exception that is not ours may quote anything (a property, a provider's answer), and a stack trace tells of the
machine: neither belongs into a history.

Encrypted payloads: starter.payload_codec.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import FailureError


class TolerantPayloadConverter(PydanticPayloadConverter):
    """Where no type is asked for, or any, an unreadable payload is a RawValue instead of an error.

    An error here would fail the workflow task, which Temporal tries again for ever; or a signal would be lost.

    There is one: the SDK asks for a converter at each workflow task and run, and its cache of types is what takes time
    to make. None of its converters takes a context, or the SDK would want a copy for each.
    """

    _only: ClassVar["TolerantPayloadConverter | None"] = None

    def __new__(cls) -> "TolerantPayloadConverter":
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __init__(self) -> None:
        if not hasattr(self, "converters"):
            super().__init__()
            self._json = self.converters[b"json/plain"]

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """As the SDK's, which offers each value to four converters before the one that texts and models are for."""
        return [self._written(value) for value in values]

    def _written(self, value: Any) -> Payload:
        kind = type(value)
        if kind is str or BaseModel in kind.__mro__:  # the sandbox makes isinstance() slow
            written = self._json.to_payload(value)
        else:
            (written,) = super().to_payloads([value])
        assert written is not None
        return written

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        if type_hints and not all(hint is Any for hint in type_hints):
            return super().from_payloads(payloads, type_hints)
        return [self._read(payload) for payload in payloads]

    def _read(self, payload: Payload) -> Any:
        try:
            (value,) = super().from_payloads([payload])
        except Exception:  # no such encoding, no JSON, nested too deep: each converter has errors of its own
            return RawValue(payload)
        return value


class ScrubbingFailureConverter(DefaultFailureConverter):
    """Keeps the text of failures that were raised for people to read; of all else it keeps the class."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        super().to_failure(exception, payload_converter, failure)
        if not isinstance(exception, FailureError):
            failure.message = f"{type(exception).__name__} (the worker's log says where)"
        scrubbed: Failure | None = failure
        while scrubbed is not None:
            scrubbed.stack_trace = ""
            scrubbed = scrubbed.cause if scrubbed.HasField("cause") else None


class TolerantDataConverter(DataConverter):
    """Where there is no storage outside of histories, a payload that refers to one is handed on as it came: the SDK's
    error would fail the workflow task, too. A client with such a storage may send one."""

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        if self.external_storage is None:
            return list(payloads)
        return await super()._decode_reference_payload_sequence(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        if self.external_storage is None:
            return list(payloads)
        return await super()._external_retrieve_payload_sequence(payloads)


DATA_CONVERTER = TolerantDataConverter(
    payload_converter_class=TolerantPayloadConverter,
    failure_converter_class=ScrubbingFailureConverter,
)
