"""The codec's endpoint: where Temporal's UI and its command have encrypted payloads made readable.

``POST /codec/decode`` and ``/codec/encode`` take and give ``{"payloads": [...]}``, the JSON form of Temporal's
Payloads, as Temporal describes for codec servers. Whoever may use it can read everything that the keys encrypt, so:

* with a token ($FIREBRICK_CODEC_TOKEN) each request needs ``Authorization: Bearer TOKEN``;
* without one it answers to clients of this machine only;
* pages of a browser may use it when their origin is one of `origins` (the UI's), as CORS has it;
* a request that names another namespace than ours (X-Namespace) is refused.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from ipaddress import ip_address
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec

from firebrick.diagnostics import FirebrickError, InvalidInput
from starter.web_names import asked_name

CODEC_PATH = "/codec"
LARGEST = 16 * 2**20
"""Bytes of a request: Temporal's own limit for a payload is 2 MiB, and the UI sends those of one page."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class CodecEndpoint:
    """An ASGI application: answers below /codec, and leaves the rest to another.

    origins: like ``http://127.0.0.1:8233``. token: "" for none. hosts: the names it answers to, () for any.
    """

    def __init__(
        self,
        app: ASGIApp,
        codec: PayloadCodec,
        *,
        namespace: str,
        origins: Sequence[str] = (),
        token: str = "",
        hosts: Sequence[str] = (),
    ) -> None:
        self._app = app
        self._codec = codec
        self._namespace = namespace
        self._origins = frozenset(origin.rstrip("/") for origin in origins)
        self._token = token
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{CODEC_PATH}/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        origin = request.headers.get("origin")
        if origin in self._origins:
            response.headers["Access-Control-Allow-Origin"] = str(origin)
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Vary"] = "Origin"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        work = {"encode": self._codec.encode, "decode": self._codec.decode}.get(request.url.path[len(CODEC_PATH) + 1 :])
        if work is None:
            return _said(404, f"there are {CODEC_PATH}/encode and {CODEC_PATH}/decode")
        if request.method == "OPTIONS":
            allowed = {
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Namespace",
                "Access-Control-Max-Age": "600",
            }
            return Response(status_code=204, headers=allowed)
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST, OPTIONS"})
        if refusal := self._unauthorised(request):
            return refusal
        try:
            payloads = await _payloads(request)
            return JSONResponse(MessageToDict(Payloads(payloads=await work(payloads.payloads))))
        except _TooLarge:
            return _said(413, f"more than {LARGEST} bytes")
        except (ParseError, ValueError):
            return _said(400, 'the body must be {"payloads": [...]}, as Temporal writes payloads in JSON')
        except FirebrickError as error:
            return _said(error.status if error.status == 408 else 400, error.first.summary)

    def _refusal(self, request: Request) -> Response | None:
        """What holds for every request, those before a page's own ones included."""
        try:
            name = asked_name(request.headers)
        except InvalidInput as error:
            return _said(400, error.first.summary)
        if self._hosts and name not in self._hosts:
            return _said(403, "this server answers to its own addresses only")
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            return _said(403, "pages of this origin may not use the codec; --codec-origin URL lets them")
        return None

    def _unauthorised(self, request: Request) -> Response | None:
        if self._token:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return _said(401, "the codec needs its token: Authorization: Bearer TOKEN")
        elif not _is_local(request):
            return _said(403, "without a token ($FIREBRICK_CODEC_TOKEN) the codec answers to this machine only")
        namespace = request.headers.get("x-namespace")
        if namespace not in (None, "", self._namespace):
            return _said(403, "this is the codec of another namespace")
        return None


class _TooLarge(Exception):
    pass


async def _payloads(request: Request) -> Payloads:
    """ParseError or ValueError when the body is none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise _TooLarge
    content = json.loads(bytes(body))
    if not isinstance(content, dict):
        raise ValueError
    return ParseDict(content, Payloads())


def _is_local(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _said(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)
