"""uvicorn inside a process that has other things to do: it serves while the context lasts and takes no signals.

uvicorn bounds the time that a connection may rest between two requests, and how many there may be. What it does not
bound is here, for everything that this project serves (API, codec, metrics): the time that a request's head may take,
its body, and an answer that nobody reads. Without that, whoever opens some hundred connections and sends a byte now and
then holds up everybody else.

Each limit is an absolute one: no byte makes it longer. Who is over it is told so (408) where that is possible, and the
connection is closed.
"""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn
from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from firebrick.diagnostics import Diagnostic, FirebrickError

log = structlog.get_logger("firebrick.http")

_CONNECTION = "firebrick.connection"  # in a scope's state: the connection that a request came by
_TOO_LATE = b"the request did not come in time\n"
_REFUSED = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_TOO_LATE), _TOO_LATE)
)

Message = MutableMapping[str, Any]
App = Callable[..., Awaitable[None]]


def _most_connections() -> int:
    """Half of the files that the process may have open, and 500 at most: the rest is for databases and children."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 500 if soft == resource.RLIM_INFINITY else max(10, min(500, soft // 2))


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, from the first moment on. head: until the headers of a request are there, since the connection was
    opened or the request before was answered. body: until the body is there. rest: that a connection may do nothing
    between two requests. read: that a client may read nothing of an answer. linger: until a connection that is to be
    closed is cut. connections: so many at once; of more, the oldest that is in no request makes way. look: how often
    it is looked."""

    head: float = 10.0
    body: float = 60.0
    rest: float = 5.0
    read: float = 60.0
    linger: float = 5.0
    connections: int = _most_connections()
    look: float = 1.0


class RequestTooSlow(FirebrickError):
    """The body of a request has not come in time."""

    status = 408


class HttpFront(uvicorn.Server):
    """uvicorn without its signal handlers: stopping is its owner's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(
    app: Any, listener: socket.socket, *, grace: int = 3, limits: Limits | None = None
) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve an ASGI application on a listening socket; the task ends only if serving does. grace: seconds that
    requests under way are given at the end."""
    limits = limits or Limits()
    connections = _Connections(limits)
    front = HttpFront(
        uvicorn.Config(
            _Bounded(app, limits, connections),
            http=connections.protocol(),
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=grace,
            timeout_keep_alive=limits.rest,  # type: ignore[arg-type]
        )
    )
    task = asyncio.create_task(front.serve(sockets=[listener]))
    looking = asyncio.create_task(connections.keep_looking())
    try:
        while not front.started and not task.done():
            await asyncio.sleep(0.01)
        yield task
    finally:
        front.should_exit = True
        await task
        looking.cancel()


class _Connections:
    """Those of one server, in the order in which they were opened."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[_Connection, None] = {}

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's, of which each connection is one of these."""
        connections, limits = self, self._limits

        class Watched(H11Protocol):
            def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
                self._watch = _Connection(limits)
                super().__init__(config, server_state, {**app_state, _CONNECTION: self._watch}, _loop)

            def connection_made(self, transport: Any) -> None:
                connections.add(self._watch, transport)
                super().connection_made(transport)

            def data_received(self, data: bytes) -> None:
                if self._watch.heard():
                    super().data_received(data)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.remove(self._watch)
                super().connection_lost(exc)

        return Watched

    def add(self, connection: "_Connection", transport: asyncio.Transport) -> None:
        connection.opened(transport)
        if len(self._open) >= self._limits.connections:
            oldest = next((one for one in self._open if not one.requests), None)
            if oldest is not None:
                self.remove(oldest)
                oldest.cut()
        self._open[connection] = None

    @property
    def too_many(self) -> bool:
        """Whether there is a request on more connections than there may be."""
        return len(self._open) > self._limits.connections

    def remove(self, connection: "_Connection") -> None:
        self._open.pop(connection, None)

    async def keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._limits.look)
            for one in tuple(self._open):
                one.look()


class _Connection:
    """What is known of a connection beside uvicorn's own. requests: of it that are being answered."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._waits_since: float | None = None  # for the head of a request
        self._ends_at: float | None = None  # what is unsent, or unread, by then is given up
        self._refused = False
        self._unsent = 0
        self._unsent_since = 0.0
        self.requests = 0

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def opened(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._waits_since = self._now

    def heard(self) -> bool:
        """Something came; whether it is to be looked at."""
        if not self.requests and self._waits_since is None:
            self._waits_since = self._now
        return not self._refused

    def begin(self) -> None:
        """The head of a request has come."""
        self.requests += 1
        self._waits_since = self._ends_at = None

    def end(self, *, whole: bool) -> None:
        """A request was answered. whole: all of it was read, so that another may follow."""
        self.requests -= 1
        if not self.requests:
            self._waits_since = self._now
            if not whole:
                self._ends_at = self._now + self._limits.linger

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def look(self) -> None:
        transport, now, limits = self._transport, self._now, self._limits
        if transport is None:
            return
        unsent = transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        if self._ends_at is not None and now >= self._ends_at:
            self.cut()
        elif unsent and now - self._unsent_since > limits.read:
            log.info("an answer is not read: the connection is closed")
            self.cut()
        elif self._waits_since is not None and now - self._waits_since > limits.head and self._ends_at is None:
            self._ends_at = now + limits.linger
            if not transport.is_closing():
                self._refused = True
                transport.write(_REFUSED)
                transport.write_eof()  # and read on: what comes into a closed connection may cost the answer


class _Bounded:
    """The application, whose requests have a body within bounds of time."""

    def __init__(self, app: App, limits: Limits, connections: _Connections) -> None:
        self._app = app
        self._limits = limits
        self._connections = connections

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection: _Connection = scope["state"].pop(_CONNECTION)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.body
        whole = not _has_body(scope)

        async def received() -> Message:
            nonlocal whole
            if whole:
                message: Message = await receive()
                return message
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise RequestTooSlow(
                    Diagnostic(
                        code="request-too-slow",
                        summary=f"the request's body did not come within {self._limits.body:g} s",
                        detail="Nothing was done. Send it again, all of it at once.",
                        heat_type="HTTPRequestTimeout",
                    )
                ) from None
            whole = not message.get("more_body", False)
            return message

        connection.begin()
        try:
            app = _busy if self._connections.too_many else self._app
            await app(scope, received, send)
        finally:
            connection.end(whole=whole)


_busy = PlainTextResponse(
    "there are too many requests at once; try again\n", 503, {"connection": "close", "retry-after": "1"}
)


def _has_body(scope: Message) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
