"""How payloads and failures look in a history: pydantic models as JSON, and failures without values.

What somebody sends a workflow and nobody can read is handed on as it came: the workflow refuses it with a message.

An exception that is not ours may quote anything (a property, a provider's answer), and a stack trace tells of the
machine: neither belongs into a history.

With a file of keys, everything that workflows and activities take, give and say is encrypted before it leaves the
process: arguments, results, signals, summaries, details, failures. Names and ids are not: types, workflow and activity
ids, search attributes, task queues. What somebody sends unencrypted is read as it is.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadCodec, PayloadConverter
from temporalio.exceptions import FailureError

from firebrick.store.keyring import Keyring, is_sealed, key_id_of

ENCRYPTED = b"binary/encrypted"
"""The encoding of an encrypted payload, as Temporal's own examples have it: its UI knows the word."""


class TolerantPayloadConverter(PydanticPayloadConverter):
    """Where no type is asked for, an unreadable payload is a RawValue instead of an error.

    An error here would fail the workflow task, which Temporal tries again for ever.
    """

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        if type_hints:
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


class EncodingFailureConverter(ScrubbingFailureConverter):
    """The same, with the text as a payload, so that the codec sees it. Who has the codec reads it as before."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        super().to_failure(exception, payload_converter, failure)  # causes come through here by themselves
        if not failure.HasField("encoded_attributes"):
            (text,) = payload_converter.to_payloads([{"message": failure.message, "stack_trace": ""}])
            failure.encoded_attributes.CopyFrom(text)
            failure.message = "Encoded failure"


class EncryptingCodec(PayloadCodec):
    """Seals whole payloads with the current key of a keyring; the key's id stands beside, readable.

    Payloads that are not sealed pass through. Unavailable when the keyring lacks the key that sealed one.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._sealed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        sealed = self._keyring.seal(payload.SerializeToString())
        return Payload(metadata={"encoding": ENCRYPTED, "encryption-key-id": key_id_of(sealed).encode()}, data=sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED or not is_sealed(payload.data):
            return payload  # in the clear; or nobody's: whoever asked for a value refuses it
        return Payload.FromString(self._keyring.open(payload.data))


DATA_CONVERTER = dataclasses.replace(
    pydantic_data_converter,
    payload_converter_class=TolerantPayloadConverter,
    failure_converter_class=ScrubbingFailureConverter,
)


def encrypting(keyring: str | Path) -> DataConverter:
    """The converter of a client whose payloads are encrypted; keyring: the file, made if it is missing."""
    return dataclasses.replace(
        DATA_CONVERTER,
        failure_converter_class=EncodingFailureConverter,
        payload_codec=EncryptingCodec(Keyring.from_file(keyring)),
    )
