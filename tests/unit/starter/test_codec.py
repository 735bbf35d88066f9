"""The payload codec, and what Temporal's UI is answered at its endpoint."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from firebrick.diagnostics import Unavailable
from firebrick.store import Keyring
from starter.codec_endpoint import LARGEST, CodecEndpoint
from starter.payload_codec import EncryptingCodec, encrypting

SECRET = "correct-horse-battery-staple"
UI = "http://127.0.0.1:8233"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "payload-keyring"


async def test_a_payload_is_sealed_as_a_whole_and_opens_again_after_a_rotation(file: Path) -> None:
    converter = encrypting(file)
    (sealed,) = await converter.encode([{"word": SECRET}])
    assert SECRET.encode() not in sealed.SerializeToString() and b"json" not in sealed.SerializeToString()
    assert sealed.metadata["encoding"] == b"binary/encrypted" and sealed.metadata["encryption-key-id"] == b"k1"
    Keyring.rotate_file(file)
    assert await encrypting(file).decode([sealed]) == [{"word": SECRET}]
    assert (await encrypting(file).encode([1]))[0].metadata["encryption-key-id"] == b"k2"


async def test_what_came_in_the_clear_is_read_as_it_is(file: Path) -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'{"stack": "web"}')
    assert await encrypting(file).decode([plain]) == [{"stack": "web"}]


async def test_what_only_says_that_it_is_encrypted_is_handed_on_to_be_refused(file: Path) -> None:
    """An error here would fail the workflow task, which Temporal tries again for ever."""
    for data in (b"", b"\1", b"\1\2k1", b"not sealed by anybody"):
        strange = Payload(metadata={"encoding": b"binary/encrypted"}, data=data)
        assert await EncryptingCodec(Keyring.from_file(file)).decode([strange]) == [strange]
        (read,) = await encrypting(file).decode([strange])
        assert isinstance(read, RawValue)


async def test_without_the_key_nothing_is_read(file: Path, tmp_path: Path) -> None:
    sealed = await encrypting(file).encode([SECRET])
    with pytest.raises(Unavailable, match="does not open"):
        await encrypting(tmp_path / "another").decode(sealed)


async def test_a_failures_text_is_for_those_with_the_key(file: Path) -> None:
    converter = encrypting(file)
    error = ApplicationError("web failed", type="StackActionFailed")
    error.__cause__ = ValueError(SECRET)
    failure = Failure()
    await converter.encode_failure(error, failure)
    raw = failure.SerializeToString()
    assert b"web failed" not in raw and SECRET.encode() not in raw and failure.message == "Encoded failure"
    read: Any = await converter.decode_failure(failure)
    assert read.message == "web failed" and read.type == "StackActionFailed"
    assert "ValueError" in str(read.__cause__) and SECRET not in str(read.__cause__)


# --- the endpoint ---


def endpoint(file: Path, **settings: Any) -> CodecEndpoint:
    async def rest(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    codec = EncryptingCodec(Keyring.from_file(file))
    return CodecEndpoint(rest, codec, namespace="default", origins=[UI], **settings)


@pytest.fixture
async def http(file: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with _client(endpoint(file, hosts=("127.0.0.1",))) as client:
        yield client


def _client(app: CodecEndpoint, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app, client=(address, 50000))
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8004")


def as_json(payload: Payload) -> dict[str, Any]:
    """As Temporal's UI sends it."""
    return {
        "metadata": {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()},
        "data": base64.b64encode(payload.data).decode(),
    }


async def test_the_ui_gets_what_it_asks_for(http: httpx2.AsyncClient, file: Path) -> None:
    asks = {"Origin": UI, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-namespace"}
    before = await http.options("/codec/decode", headers=asks)
    assert before.status_code == 204 and before.headers["access-control-allow-origin"] == UI
    assert "x-namespace" in before.headers["access-control-allow-headers"].lower()
    assert before.headers["access-control-allow-methods"] == "POST"

    (sealed,) = await encrypting(file).encode([{"word": SECRET}])
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"7")
    headers = {"Origin": UI, "X-Namespace": "default", "Content-Type": "application/json"}
    body = {"payloads": [as_json(sealed), as_json(plain)]}
    answer = await http.post("/codec/decode", headers=headers, json=body)
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == UI
    first, second = answer.json()["payloads"]
    assert json.loads(base64.b64decode(first["data"])) == {"word": SECRET}
    assert base64.b64decode(first["metadata"]["encoding"]) == b"json/plain"
    assert second == as_json(plain)

    back = await http.post("/codec/encode", headers=headers, json={"payloads": [first]})
    again = await http.post("/codec/decode", headers=headers, json=back.json())
    assert SECRET not in back.text and again.json() == {"payloads": [first]}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"X-Namespace": "another"}, 403),
    ],
)
async def test_others_get_nothing(http: httpx2.AsyncClient, headers: dict[str, str], status: int, file: Path) -> None:
    (sealed,) = await encrypting(file).encode([SECRET])
    for method in ("POST", "OPTIONS") if "X-Namespace" not in headers else ("POST",):
        answer = await http.request(method, "/codec/decode", headers=headers, json={"payloads": [as_json(sealed)]})
        assert answer.status_code == status and SECRET not in answer.text
        assert "access-control-allow-origin" not in answer.headers


async def test_another_machine_needs_the_token(file: Path) -> None:
    async with _client(endpoint(file), "192.0.2.7") as far:
        assert (await far.post("/codec/decode", json={"payloads": []})).status_code == 403
    for address in ("192.0.2.7", "127.0.0.1"):
        async with _client(endpoint(file, token="t0ken"), address) as far:
            for given, status in (("", 401), ("Bearer other", 401), ("Bearer t0ken", 200)):
                headers = {"Authorization": given} if given else {}
                assert (await far.post("/codec/decode", json={"payloads": []}, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"payloads": 1}', 400),
        (b'{"payloads": [{"data": 7}]}', 400),
        (
            b'{"payloads": [{"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA=="}, "data": "AQJrMf%s"}]}' % (b"A" * 40),
            400,
        ),
        (b" " * (LARGEST + 1), 413),
    ],
)
async def test_what_cannot_be_read_is_refused(http: httpx2.AsyncClient, body: bytes, status: int) -> None:
    answer = await http.post("/codec/decode", content=body)
    assert answer.status_code == status and answer.json()["message"]


async def test_only_the_two_are_there_and_the_rest_is_the_applications(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/codec/decode")).status_code == 405
    assert (await http.post("/codec/other")).status_code == 404
    assert (await http.get("/v1/default/stacks")).status_code == 418
    assert (await http.get("/codecs")).status_code == 418


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "a@b", "a:99999999"])
async def test_a_host_that_is_none_is_refused(file: Path, host: str) -> None:
    app = CodecEndpoint(_nothing, EncryptingCodec(Keyring.from_file(file)), namespace="default", hosts=("127.0.0.1",))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1") as http:
        answer = await http.post("/codec/decode", json={"payloads": []}, headers={"Host": host})
        assert answer.status_code == 400 and "Host" in answer.json()["message"]


async def _nothing(*_: Any) -> None:
    raise AssertionError("nobody asks for anything else")
