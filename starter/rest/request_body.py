"""Reading a request's JSON body: bounded before it is parsed, shallow enough for everything behind, in Heat's words."""

import json
import math
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from firebrick.diagnostics import InvalidInput
from firebrick.size_limits import BODY_SETTING, most_body
from starter.rest.errors import bad_request

MOST_DRAINED = 33_554_432  # bytes of a body too large that are read away, so that its sender hears the answer
MOST_DEPTH = 200  # nested lists and mappings


async def read_body(request: Request) -> Mapping[str, Any]:
    """The object in the body, {} when there is none; InvalidInput for anything else."""
    raw = await _read(request)
    if not raw:
        return {}
    body = _parsed(raw)
    if not isinstance(body, dict):
        raise bad_request("The request body must be a JSON object.", "bad-json")
    return body


async def read_value(request: Request) -> Any:
    """The value in the body, None when there is none; InvalidInput for anything that is not JSON."""
    raw = await _read(request)
    return _parsed(raw) if raw else None


def _parsed(raw: bytes) -> Any:
    try:
        body = json.loads(raw, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, a number of thousands of digits
        raise bad_request(str(error), "bad-json", detail="The body must be JSON.") from None
    _check(body)
    return body


async def _read(request: Request) -> bytes:
    most = most_body()
    length = request.headers.get("content-length", "")
    declared = int(length) if length.isdigit() else 0
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max(MOST_DRAINED, most):
            break
        if size <= most and declared <= most:
            chunks.append(chunk)
        else:
            chunks.clear()
    if max(size, declared) > most:
        raise bad_request(
            f"Request limit exceeded: JSON body size ({max(size, declared)} bytes) exceeds maximum allowed size "
            f"({most} bytes).",
            "body-too-large",
            detail=f"Send less, or have the server's {BODY_SETTING} raised.",
            heat_type="RequestLimitExceeded",
        )
    return b"".join(chunks)


def _check(body: Any) -> None:
    """Depth and text, without recursion: what comes later recurses, and stores text as UTF-8."""
    pending = [(body, 1)]
    while pending:
        value, depth = pending.pop()
        if depth > MOST_DEPTH:
            raise _too_deep()
        if isinstance(value, dict):
            pending += [(one, depth + 1) for one in value.values()]
            pending += [(key, depth + 1) for key in value if not key.isascii()]
        elif isinstance(value, list):
            pending += [(one, depth + 1) for one in value]
        elif isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise bad_request("The body has half of a surrogate pair in a text.", "bad-json") from None


def _too_deep() -> InvalidInput:
    return bad_request(
        f"The body is nested deeper than {MOST_DEPTH} levels.",
        "body-too-deep",
        detail="Send the template as text if it needs more.",
    )


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
