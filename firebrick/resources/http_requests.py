"""One HTTP request to where a template says, for Firebrick::HTTP::Resource: its limits, and what becomes of an answer.

Only hosts that the operator's setting FIREBRICK_HTTP_HOSTS names are connected to. Redirects are not followed, and
proxies of the worker's environment are not used: the request goes there and nowhere else. Answers are JSON of at most
MOST_ANSWER bytes. The time limit is of the whole exchange, however the provider spreads what it says. No error holds a
header, a body, a query or what came back of them.
"""

import email.utils
import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from firebrick.elapsed import elapsed
from firebrick.resources.allowed_hosts import demand_allowed
from firebrick.resources.commands import masked
from firebrick.resources.errors import (
    ConflictError,
    PermanentError,
    QuotaError,
    RefusedError,
    ThrottledError,
    TransientError,
)

HOSTS = "FIREBRICK_HTTP_HOSTS"
MOST_ANSWER = 1_048_576  # bytes
MOST_SAID = 500  # characters of an error's own message that are repeated
MOST_DEEP = 100  # lists and objects inside each other, of an answer
AT_ONCE = 65_536  # bytes that are sent before the time is looked at again
TOO_DEEP = f"the answer has more than {MOST_DEEP} lists and objects inside each other"
MOST_DELAY = 10.0 * 365 * 86400  # seconds
MESSAGE_KEYS = ("message", "error", "detail", "title", "reason")
GONE = (404, 410)


class UnreadableAnswer(PermanentError):
    """The provider did what it was asked, and what it said of it cannot be read. Its text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """status: 2xx, or 404 or 410. body: JSON; text where it is none; None where it is empty. unreadable: why there is
    no body, though there should be one: it was too long or too deep; "" else."""

    status: int
    body: Any
    unreadable: str = ""

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


def host_and_port(url: str) -> tuple[str, int]:
    """Of an address that base_of takes."""
    base = base_of(url)
    return str(base.hostname), base.port or (443 if base.scheme == "https" else 80)


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

    path: goes behind the address, with its query. timeout: seconds for all of it, from looking up the host's name to
    the last byte. secrets: values that the provider's own words may repeat.
    """
    base = base_of(url)
    host, port = host_and_port(url)
    demand_allowed(host, port, HOSTS)
    target = base.path.rstrip("/") + path or "/"
    shown = f"{method} {base.scheme}://{base.netloc}{target.partition('?')[0]}"
    if timeout <= 0:
        raise TransientError(f"{shown}: no time was left to send it", not_sent=True)
    content = None if body is None else json.dumps(body).encode()
    sent = {
        "Accept": "application/json",
        **({} if content is None else {"Content-Type": "application/json"}),
        **headers,
    }
    connection = _connection(base.scheme, host, port, _Limit(timeout))
    try:
        try:
            connection.connect()
        except OSError as error:
            raise TransientError(f"{shown}: no connection: {_cause(error)}", not_sent=True) from None
        try:
            connection.request(method, target, content, sent)
            with connection.getresponse() as answer:
                said = answer.read(MOST_ANSWER + 1)
                if len(said) <= MOST_ANSWER and answer.length:
                    raise http.client.IncompleteRead(said, answer.length)
        except (ValueError, http.client.InvalidURL):
            raise RefusedError(f"{shown}: a header or the path has a character that none may have") from None
        except (OSError, http.client.HTTPException) as error:
            late = isinstance(error, TimeoutError)
            raise TransientError(f"{shown}: the answer was lost: {_cause(error)}", late=late) from None
    finally:
        connection.close()
    return _judged(shown, answer.status, said, answer.headers.get("Retry-After"), secrets)


# --- a time limit of the whole ----------------------------------------------------------------------------------------


class _Limit:
    """Until when everything must have happened."""

    def __init__(self, seconds: float) -> None:
        self._until = elapsed() + seconds

    def left(self) -> float:
        """Seconds. TimeoutError: there are none."""
        left = self._until - elapsed()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _Reader(io.RawIOBase):
    """What comes from a socket, each piece within the time that is left."""

    def __init__(self, sock: socket.socket, limit: _Limit) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket when http.client lets go of it
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._limit.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """As much of a socket as http.client's answer asks for."""

    def __init__(self, sock: socket.socket, limit: _Limit) -> None:
        self._reader = _Reader(sock, limit)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


class _Response(http.client.HTTPResponse):
    def __init__(self, limit: _Limit, sock: socket.socket, *rest: Any, **options: Any) -> None:
        super().__init__(_Source(sock, limit), *rest, **options)  # type: ignore[arg-type]


class _Connection(http.client.HTTPConnection):
    def __init__(self, host: str, port: int, limit: _Limit, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self._limit = limit
        self._tls = tls
        self.response_class = partial(_Response, limit)  # type: ignore[assignment]

    def connect(self) -> None:
        """To the first of the host's addresses that answers."""
        error: OSError = ConnectionError("its name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._limit.left())
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self._limit.left())
                self.sock = sock if self._tls is None else self._tls.wrap_socket(sock, server_hostname=self.host)
                return
            except OSError as why:
                sock.close()
                error = why
        raise error

    def send(self, data: Any) -> None:
        """In pieces, so that the time is looked at between them."""
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(self._limit.left())
            self.sock.sendall(rest[:AT_ONCE])
            rest = rest[AT_ONCE:]


def _connection(scheme: str, host: str, port: int, limit: _Limit) -> _Connection:
    return _Connection(host, port, limit, ssl.create_default_context() if scheme == "https" else None)


# --- what became of it ------------------------------------------------------------------------------------------------


def _judged(shown: str, status: int, said: bytes, retry_after: str | None, secrets: Sequence[str]) -> Answer:
    body, unreadable = _read(said)
    if 200 <= status < 300 or status in GONE:
        return Answer(status, body, f"{shown}: {unreadable}" if unreadable else "")
    text = f"{shown}: {status}"
    if told := _message(body):
        text += f": {masked(told, secrets)[:MOST_SAID]}"
    if 300 <= status < 400:
        raise RefusedError(f"{text}: redirects are not followed; name the address itself")
    delay = _seconds(retry_after)
    if status == 429:
        raise ThrottledError(text, delay=delay, not_sent=True)
    if status in (409, 423):
        raise ConflictError(text, delay=delay, not_sent=True)
    if status == 507:
        raise QuotaError(text, delay=delay)
    if status in (408, 425) or status >= 500:
        raise TransientError(text, delay=delay, late=status == 504)  # of a gateway: what is behind it goes on
    if 400 <= status < 500:
        raise RefusedError(text)
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
    text = "" if retry_after is None else retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MOST_DELAY)
    try:
        return max(0.0, min(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), MOST_DELAY))
    except (ValueError, OverflowError):
        return None


def _read(content: bytes) -> tuple[Any, str]:
    """(what it says; why it cannot be read, "" when it can). Text where it is no JSON."""
    if len(content) > MOST_ANSWER:
        return None, f"the answer is larger than {MOST_ANSWER} bytes"
    if not content.strip():
        return None, ""
    try:
        found = json.loads(content)
    except ValueError:
        return content.decode(errors="replace"), ""
    except RecursionError:
        return None, TOO_DEEP
    return (None, TOO_DEEP) if _is_deeper(found, MOST_DEEP) else (found, "")


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    while layer and levels >= 0:
        levels -= 1
        layer = [
            inner
            for one in layer
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(layer)


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
