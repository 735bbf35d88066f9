"""One HTTP request to where a template says, for Firebrick::HTTP::Resource: its limits, and what becomes of an answer.

Only hosts that the operator's setting FIREBRICK_HTTP_HOSTS names are connected to. Redirects are not followed, and
proxies of the worker's environment are not used: the request goes there and nowhere else. Answers are JSON of at most
MOST_ANSWER bytes. No error holds a header, a body, a query or what came back of them.
"""

import email.utils
import http.client
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from firebrick.resources.allowed_hosts import demand_allowed
from firebrick.resources.commands import masked
from firebrick.resources.errors import ConflictError, PermanentError, QuotaError, ThrottledError, TransientError

HOSTS = "FIREBRICK_HTTP_HOSTS"
MOST_ANSWER = 1_048_576  # bytes
MOST_SAID = 500  # characters of an error's own message that are repeated
MESSAGE_KEYS = ("message", "error", "detail", "title", "reason")
GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Answer:
    """status: 2xx, or 404 or 410. body: JSON; text where it is none; None where it is empty."""

    status: int
    body: Any

    @property
    def gone(self) -> bool:
        return self.status in GONE


def base_of(url: str) -> SplitResult:
    """ValueError: no address that requests can be sent to."""
    base = urlsplit(url)
    if base.scheme not in ("http", "https") or not base.hostname:
        raise ValueError("an address begins with http:// or https:// and a host")
    if base.username is not None or base.query or base.fragment:
        raise ValueError("an address has no user, query or fragment: credentials belong into secret_headers")
    _ = base.port  # ValueError: no number
    return base


def request(
    method: str,
    url: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: Any = None,
    timeout: float,
    secrets: Sequence[str] = (),
) -> Answer:
    """Send it, and give an answer that means success or absence; errors of firebrick.resources.errors for all others.

    path: goes behind the address, with its query. secrets: values that the provider's own words may repeat.
    """
    base = base_of(url)
    host, port = str(base.hostname), base.port or (443 if base.scheme == "https" else 80)
    demand_allowed(host, port, HOSTS)
    target = base.path.rstrip("/") + path or "/"
    shown = f"{method} {base.scheme}://{base.netloc}{target.partition('?')[0]}"
    content = None if body is None else json.dumps(body).encode()
    sent = {
        "Accept": "application/json",
        **({} if content is None else {"Content-Type": "application/json"}),
        **headers,
    }
    connection = _connection(base.scheme, host, port, timeout)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise TransientError(f"{shown}: no connection: {_cause(error)}", not_sent=True) from None
        try:
            connection.request(method, target, content, sent)
            answer = connection.getresponse()
            said = answer.read(MOST_ANSWER + 1)
        except (ValueError, http.client.InvalidURL):
            raise PermanentError(f"{shown}: a header or the path has a character that none may have") from None
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"{shown}: the answer was lost: {_cause(error)}") from None
    finally:
        connection.close()
    if len(said) > MOST_ANSWER:
        raise PermanentError(f"{shown}: the answer is larger than {MOST_ANSWER} bytes")
    return _judged(shown, answer.status, _read(said), answer.headers.get("Retry-After"), secrets)


def _connection(scheme: str, host: str, port: int, timeout: float) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=timeout)
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())


def _judged(shown: str, status: int, body: Any, retry_after: str | None, secrets: Sequence[str]) -> Answer:
    if 200 <= status < 300 or status in GONE:
        return Answer(status, body)
    text = f"{shown}: {status}"
    if told := _message(body):
        text += f": {masked(told, secrets)[:MOST_SAID]}"
    if 300 <= status < 400:
        raise PermanentError(f"{text}: redirects are not followed; name the address itself")
    delay = _seconds(retry_after)
    if status == 429:
        raise ThrottledError(text, delay=delay, not_sent=True)
    if status in (409, 423):
        raise ConflictError(text, delay=delay, not_sent=True)
    if status == 507:
        raise QuotaError(text, delay=delay)
    if status in (408, 425) or status >= 500:
        raise TransientError(text, delay=delay)
    raise PermanentError(text)


def _message(body: Any) -> str:
    """What an error's body says in a field that is meant for people."""
    for key in MESSAGE_KEYS:
        found = body.get(key) if isinstance(body, dict) else None
        if isinstance(found, dict):
            return _message(found)
        if isinstance(found, str):
            return found
    return ""


def _seconds(retry_after: str | None) -> float | None:
    """Of a Retry-After header: seconds, or a date (RFC 9110, section 10.2.3). None: there is none that can be read."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def _read(content: bytes) -> Any:
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
