"""What the SDK does to the payloads of a workflow task: left out without a codec, done with one."""

from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.bridge import worker as sdk
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import DataConverter

from starter.payload_codec import encrypting
from starter.payload_walks import leave_out_idle
from starter.payloads import DATA_CONVERTER

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"a word"')
REFERENCE = Payload(metadata={"encoding": b"json/external-storage-reference"}, data=b"{}")


async def decoded(converter: DataConverter, payload: Payload) -> Payload:
    """As the workflow gets it, when an activity's result comes."""
    task = WorkflowActivation()
    task.jobs.add().resolve_activity.result.completed.result.CopyFrom(payload)
    found = await sdk.decode_activation(task, converter, decode_headers=True, storage_concurrency_limit=1)
    assert found.payload_count == 0
    return task.jobs[0].resolve_activity.result.completed.result


async def encoded(converter: DataConverter, payload: Payload) -> Payload:
    """As the server gets it, when the workflow asks for an activity."""
    task = WorkflowActivationCompletion()
    task.successful.commands.add().schedule_activity.arguments.append(payload)
    found = await sdk.encode_completion(task, converter, encode_headers=True, storage_concurrency_limit=1)
    assert found.payload_count == 0
    return task.successful.commands[0].schedule_activity.arguments[0]


@pytest.fixture(autouse=True)
def left_out() -> None:
    leave_out_idle()
    leave_out_idle()  # by another worker of the process


async def test_without_a_codec_a_payload_is_what_it_was() -> None:
    for payload in (PLAIN, REFERENCE):
        assert await decoded(DATA_CONVERTER, payload) == payload
        assert await encoded(DATA_CONVERTER, payload) == payload


async def test_with_a_codec_it_is_sealed_and_opened(tmp_path: Path) -> None:
    converter = encrypting(tmp_path / "payload-keyring")
    sealed = await encoded(converter, PLAIN)
    assert sealed.metadata["encoding"] == b"binary/encrypted" and b"a word" not in sealed.SerializeToString()
    assert await decoded(converter, sealed) == PLAIN


async def test_with_a_codec_a_reference_to_a_storage_that_is_not_ours_is_handed_on(tmp_path: Path) -> None:
    """The SDK's error would fail the workflow task, which is tried again for ever."""
    assert await decoded(encrypting(tmp_path / "payload-keyring"), REFERENCE) == REFERENCE


def test_this_version_of_the_sdk_was_looked_at() -> None:
    """Else read what its two functions do now, and say so in LOOKED_AT."""
    for function in (sdk.decode_activation, sdk.encode_completion):
        assert function.__name__ == "walk_if_need_be"


def test_another_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def decode_activation() -> str:
        return "another's"

    monkeypatch.setattr(sdk, "decode_activation", decode_activation)
    monkeypatch.setattr("starter.payload_walks.version", lambda name: "9.0.0")
    leave_out_idle()
    assert sdk.decode_activation.__name__ == "decode_activation"
