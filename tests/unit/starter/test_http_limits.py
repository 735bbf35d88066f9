"""What a client may hold up: connections, time for a request's head and body, answers that nobody reads."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from structlog.testing import capture_logs

from starter.http_front import Limits, RequestTooSlow, serving
from starter.listening import listen
from starter.rest.errors import error_response

ASK = b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n"
WITHIN = 20.0
LARGE = 50_000_000  # bytes: more than the kernel takes for a client that does not read


@dataclass
class Served:
    """A server's port, and the clients of it, which are closed with it."""

    port: int
    clients: list["Client"] = field(default_factory=list)

    async def client(self) -> "Client":
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.clients[-1]


@asynccontextmanager
async def server(held: asyncio.Event | None = None, **limits: float) -> AsyncIterator[Served]:
    """Answers /hello, reads the body of /body, and answers /held once it may. Limits that are not given are long."""
    app = FastAPI(openapi_url=None)

    @app.get("/hello")
    async def hello() -> Response:
        return Response("hello")

    @app.post("/ignored")
    async def ignored() -> Response:
        return Response("hello")

    @app.post("/body")
    async def body(request: Request) -> Response:
        try:
            return Response(str(len(await request.body())))
        except RequestTooSlow as error:
            return error_response(error)

    @app.get("/held")
    async def wait() -> Response:
        assert held is not None
        await held.wait()
        return Response("at last")

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE)

    long: dict[str, Any] = {"head": 60.0, "body": 60.0, "rest": 60.0, "read": 60.0, "linger": 60.0, "look": 0.02}
    listener = listen("127.0.0.1", 0, option="--port")
    try:
        async with serving(app, listener, grace=0, limits=Limits(**{**long, **limits})):
            served = Served(listener.getsockname()[1])
            yield served
            for client in served.clients:
                client.writer.transport.abort()
    finally:
        listener.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> bytes:
        """The next whole answer."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WITHIN)
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        return head + await asyncio.wait_for(self.reader.readexactly(length), WITHIN)

    async def rest(self) -> bytes:
        """All that comes until the server has closed the connection."""
        told = b""
        with contextlib.suppress(ConnectionResetError):
            async with asyncio.timeout(WITHIN):
                while chunk := await self.reader.read(65_536):
                    told += chunk
        return told

    async def trickle(self, data: bytes, pause: float) -> None:
        """One byte after the other, until the server wants no more."""
        try:
            for index in range(len(data)):
                self.send(data[index : index + 1])
                await self.writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            return


async def closed_while(client: Client, work: Awaitable[None]) -> bytes:
    """What the server says before it closes the connection, although the client goes on with this."""
    task = asyncio.ensure_future(work)
    try:
        return await client.rest()
    finally:
        task.cancel()


async def test_a_head_that_comes_byte_by_byte_for_ever_is_answered_408_and_closed() -> None:
    async with server(head=0.3, linger=1) as served:
        client = await served.client()
        told = await closed_while(client, client.trickle(b"GET /hello HTTP/1.1\r\nx: " + b"y" * 10_000, 0.02))
        assert told.startswith(b"HTTP/1.1 408 ")


async def test_a_connection_on_which_nothing_is_said_is_closed() -> None:
    async with server(head=0.3, linger=1) as served:
        assert (await (await served.client()).rest()).startswith(b"HTTP/1.1 408 ")


async def test_the_head_of_a_second_request_has_its_time_too() -> None:
    async with server(head=0.3, linger=1) as served:
        client = await served.client()
        client.send(ASK)
        assert (await client.answer()).endswith(b"hello")
        told = await closed_while(client, client.trickle(b"GET /hello HTTP/1.1\r\nx: " + b"y" * 10_000, 0.02))
        assert told.startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_rests_between_requests_is_closed() -> None:
    async with server(rest=0.2) as served:
        client = await served.client()
        client.send(ASK)
        assert (await client.answer()).endswith(b"hello")
        assert await client.rest() == b""


async def test_a_body_that_never_ends_is_answered_408_and_its_connection_is_closed() -> None:
    async with server(body=0.3, linger=0.3) as served:
        client = await served.client()
        client.send(b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        told = await closed_while(client, client.trickle(b"y" * 100_000, 0.02))
        assert told.startswith(b"HTTP/1.1 408 ") and b"request-too-slow" in told


async def test_a_body_that_nobody_reads_and_that_never_ends_does_not_keep_its_connection() -> None:
    async with server(linger=0.3) as served:
        client = await served.client()
        client.send(b"POST /ignored HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        told = await closed_while(client, client.trickle(b"1\r\ny\r\n" * 10_000, 0.01))
        assert told.startswith(b"HTTP/1.1 200 ")


async def test_a_slow_body_within_its_time_is_taken_and_another_request_follows() -> None:
    async with server() as served:
        client = await served.client()
        client.send(b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n")
        await client.trickle(b"y" * 20, 0.01)
        assert (await client.answer()).endswith(b"20")
        client.send(ASK)
        assert (await client.answer()).endswith(b"hello")


async def test_an_answer_that_nobody_reads_does_not_keep_its_connection() -> None:
    async with server(read=0.3) as served:
        client = await served.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        with capture_logs() as logs:
            client.send(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
            await until(lambda: any("not read" in one["event"] for one in logs))
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await client.rest()) < LARGE


async def test_more_connections_than_there_may_be_push_out_those_that_say_nothing() -> None:
    async with server(connections=5) as served:
        silent = [await served.client() for _ in range(20)]
        client = await served.client()
        client.send(ASK)
        assert (await client.answer()).endswith(b"hello")
        assert await silent[0].rest() == b""


async def test_a_request_under_way_is_not_pushed_out_and_one_too_many_is_told_to_come_again() -> None:
    held = asyncio.Event()
    async with server(held, connections=3) as served:
        busy = [await served.client() for _ in range(3)]
        for client in busy:
            client.send(b"GET /held HTTP/1.1\r\nhost: x\r\n\r\n")

        async def turned_away() -> bool:
            client = await served.client()
            client.send(ASK)
            return (await client.rest()).startswith(b"HTTP/1.1 503 ")

        while not await turned_away():  # until all three are under way
            await asyncio.sleep(0.01)
        held.set()
        assert [(await client.answer())[-7:] for client in busy] == [b"at last"] * 3


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.02)
