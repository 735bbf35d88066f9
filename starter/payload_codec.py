"""Payloads that only who has the keys can read.

With a file of keys, everything that workflows and activities take, give and say is encrypted before it leaves the
process: arguments, results, signals, summaries, details, failures. Names and ids are not: types, workflow and activity
ids, search attributes, task queues. What somebody sends unencrypted is read as it is.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter, PayloadCodec, PayloadConverter

from firebrick.store.keyring import Keyring, is_sealed, key_id_of
from starter.payloads import DATA_CONVERTER, ScrubbingFailureConverter

ENCRYPTED = b"binary/encrypted"
"""The encoding of an encrypted payload, as Temporal's own examples have it: its UI knows the word."""


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


def encrypting(keyring: str | Path) -> DataConverter:
    """The converter of a client whose payloads are encrypted; keyring: the file, made if it is missing."""
    return dataclasses.replace(
        DATA_CONVERTER,
        failure_converter_class=EncodingFailureConverter,
        payload_codec=EncryptingCodec(Keyring.from_file(keyring)),
    )
