"""A REST API on the loopback that keeps books, for the tests of Firebrick::HTTP::Resource."""

import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

COLOURS = ("red", "blue", "")


@dataclass(frozen=True)
class MadeBut:
    """An order: do it, and answer this instead: (status, headers, body)."""

    instead: tuple[int, Mapping[str, str], Any]


class Api:
    """``/v1/things``: POST, GET with ?name=; ``/v1/things/ID``: GET, PATCH, DELETE. A POST with a known X-Token gives
    what the first one made; a colour that it does not have is refused in words that repeat it.

    things: what there is. seen: (method, path, headers, body) of each request. orders: what to answer instead, first
    come first served: (status, headers, body), or one of the words below. building: looks before a thing is ACTIVE.
    takes: seconds of a POST, before the thing is there. answering: while it is cleared, nobody is answered.
    """

    DROP = "drop"  # do it and hang up
    HALF = "half"  # do it, answer with the first half and hang up
    DRIPS = "drips"  # do it and answer for DRIPPING seconds, byte by byte
    DRIPS_HEADERS = "drips headers"
    DRIPPING = 30.0

    def __init__(self, *, building: int = 0, takes: float = 0.0) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.seen: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.orders: list[Any] = []
        self.building = building
        self.takes = takes
        self.answering = threading.Event()
        self.answering.set()
        self.closed = threading.Event()
        self._tokens: dict[str, str] = {}
        self._count = 0
        api = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.loads(content) if content else None
                api.seen.append((self.command, self.path, dict(self.headers.items()), body))
                order = api.orders.pop(0) if api.orders else None
                api.answering.wait()
                if self.command == "POST":
                    api.closed.wait(api.takes)
                done = order if isinstance(order, tuple) else None
                if done is None:
                    done = api.answer(self.command, self.path, dict(self.headers), body)
                status, headers, answer = order.instead if isinstance(order, MadeBut) else done
                if order == Api.DROP:
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                said = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(said))}.items():
                    self.send_header(name, value)
                if order == Api.DRIPS_HEADERS:
                    return self._drip(b"X-Long: " + said * 10)
                self.end_headers()
                if order == Api.DRIPS:
                    return self._drip(said)
                if order == Api.HALF:
                    said = said[: len(said) // 2]
                    self.close_connection = True
                self.wfile.write(said)

            def _drip(self, said: bytes) -> None:
                self.flush_headers()
                with contextlib.suppress(OSError):
                    for one in said:
                        self.wfile.write(bytes([one]))
                        api.closed.wait(Api.DRIPPING / len(said))

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @staticmethod
    def made_but(answer: tuple[int, Mapping[str, str], Any]) -> MadeBut:
        return MadeBut(answer)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/things"

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: Any
    ) -> tuple[int, Mapping[str, str], Any]:
        address = urlsplit(path)
        id_ = address.path.removeprefix("/v1/things").strip("/")
        if method == "POST" and not id_:
            if body["colour"] not in COLOURS:
                return 422, {}, {"error": {"message": f"no colour {body['colour']}, {headers.get('Authorization')}"}}
            token = headers.get("X-Token")
            made = self._tokens.get(token or "")
            if made is None:
                self._count += 1
                made = f"t/{self._count}"
                self.things[made] = {**body, "id": made, "state": "BUILDING" if self.building else "ACTIVE", "looks": 0}
                if token:
                    self._tokens[token] = made
            return 201, {}, {"data": self.things.get(made, {"id": made})}
        if method == "GET" and not id_:
            (name,) = parse_qs(address.query)["name"]
            return 200, {}, {"items": [one for one in self.things.values() if one["name"] == name]}
        found = self.things.get(id_.replace("%2F", "/"))
        if found is None:
            return 404, {}, {"message": "no such thing"}
        if method == "DELETE":
            del self.things[found["id"]]
            return 204, {}, None
        if method == "PATCH":
            found.update(body)
        found["looks"] += 1
        if found["looks"] >= self.building:
            found["state"] = "ACTIVE"
        return 200, {}, found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
