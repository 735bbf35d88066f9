"""A fake cloud in a process of its own: HTTP on loopback, objects that outlive a kill, faults on order.

``python -m firebrick.testing.provider --ledger FILE`` prints one line of JSON, ``{"url": ..., "port": ..., "pid":
...}``, when it answers. Standard library only: it starts in a fraction of a second.

    POST   /objects  {name, token, stack, label, properties}   201 {object}; 200 and the old one for a known token
    PUT    /objects/ID  {properties}                           200 {object}; 404
    GET    /objects/ID                                         200 {object}; 404
    GET    /objects?name=NAME                                  200 {"objects": [...]}
    DELETE /objects/ID                                         204; 202 while it goes; 404 when it is gone
    POST   /control  {fault}                                   204: from now on, see Fault
    DELETE /control                                            204: no faults any more
    POST   /release  {stack, label}                            204: these objects are held no more; "" any

An object is {id, name, status, ready_in, properties}; status BUILDING, ACTIVE, ERROR or DELETING. Properties it
understands: ready_after and gone_after (seconds), hold (what does not come before its release: "ready" or "gone";
"called", the answer to its creation; "seen", the answer to whoever looks at it), fail (ends in ERROR). Names are not
unique, as in most clouds.
"""

import argparse
import json
import os
import random
import re
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from firebrick.testing.ledger import CREATED, DELETED, UPDATED, Effect, Ledger, LedgerWriter, Request

DIED = 17  # exit code of a death on order
HELD = 5.5  # seconds after which one may ask again for an object that is held: an engine does not wait in place for it
READY, GONE = "ready", "gone"  # what can be held
CALLED, SEEN = "called", "seen"  # likewise: an answer
HELD_FOR = 120.0  # seconds after which an answer that is held is given all the same

FAULTS = {
    "die-before-effect": "the process ends before anything happened",
    "die-after-effect": "it happens, then the process ends without an answer",
    "drop-before-effect": "the connection ends before anything happened",
    "drop-after-effect": "it happens, then the connection ends without an answer",
    "fail": "nothing happens; answers `status`, with Retry-After when retry_after is given",
    "stall-before-effect": "it happens and is answered, but only after `seconds`",
    "stall-after-effect": "it happens at once, and is answered after `seconds`",
}


@dataclass(slots=True)
class Fault:
    """What to do to requests that match.

    method: POST, PUT, GET, DELETE; "" any. match: the resource's name (label) or the object's; "" any. nth: the first
    matching request that is hit, from 1, counted from the order on. times: how many from then on.
    """

    do: str
    method: str = ""
    match: str = ""
    nth: int = 1
    times: int = 1
    status: int = 500
    retry_after: float | None = None
    seconds: float = 0.0
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.do not in FAULTS:
            raise ValueError(f"no such fault: {self.do}; there are: {', '.join(FAULTS)}")

    def hits(self, method: str, names: Sequence[str]) -> bool:
        """Whether it is this request's turn. Counts it."""
        if self.method not in ("", method) or (self.match and self.match not in names):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass(slots=True)
class Answer:
    status: int
    body: Any = None


class Cloud:
    """The objects, in memory and in the ledger. Every change is in the ledger before anybody is told."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._release = threading.Condition(self._lock)
        self._objects: dict[str, Effect] = {}
        self._gone: dict[str, Effect] = {}  # id -> its deletion
        self._tokens: dict[str, str] = {}
        self._faults: list[Fault] = []
        self._released: list[tuple[str, str]] = []  # (stack, label)
        self.ledger = LedgerWriter(path)
        for effect in Ledger(path).effects():
            self._apply(effect)

    def order(self, fault: Fault | None) -> None:
        with self._lock:
            self._faults = [*self._faults, fault] if fault else []

    def release(self, stack: str, label: str) -> None:
        with self._release:
            self._released.append((stack, label))
            self._release.notify_all()

    def wait_for_release(self, id_: str, what: str) -> None:
        """Until an answer about this object is held no more."""
        with self._release:
            effect = self._objects.get(id_)
            if effect is not None:
                self._release.wait_for(lambda: not self._is_held(effect, what), HELD_FOR)

    def fault(self, request: Request) -> Fault | None:
        """The fault that this request meets, if any; both are written down."""
        with self._lock:
            turns = [fault for fault in self._faults if fault.hits(request.method, (request.label, request.name))]
            found = turns[0] if turns else None
            self.ledger.request(
                Request(
                    time=request.time,
                    method=request.method,
                    id=request.id,
                    name=request.name,
                    stack=request.stack,
                    label=request.label,
                    token=request.token,
                    fault=found.do if found else "",
                )
            )
            return found

    def known(self, id_: str) -> Effect | None:
        """The creation of an object that is there or once was."""
        return self._objects.get(id_)

    def create(self, body: dict[str, Any]) -> Answer:
        with self._lock:
            token = str(body.get("token", ""))
            if token and token in self._tokens:
                return Answer(200, self._shown(self._objects[self._tokens[token]]))
            now = time.time()
            properties = dict(body.get("properties", {}))
            effect = Effect(
                what=CREATED,
                time=now,
                id=f"object-{len(self._objects) + 1:06d}",
                name=str(body["name"]),
                stack=str(body.get("stack", "")),
                label=str(body.get("label", "")),
                token=token,
                until=now + float(properties.get("ready_after", 0)),
                properties=properties,
            )
            self.ledger.effect(effect)
            self._apply(effect)
            return Answer(201, self._shown(effect))

    def get(self, id_: str) -> Answer:
        with self._lock:
            effect = self._objects.get(id_)
            if effect is None or self._is_gone(id_):
                return Answer(404, {"error": f"no object {id_}"})
            return Answer(200, self._shown(effect))

    def update(self, id_: str, body: dict[str, Any]) -> Answer:
        with self._lock:
            old = self._objects.get(id_)
            if old is None or id_ in self._gone:
                return Answer(404, {"error": f"no object {id_}"})
            now = time.time()
            properties = dict(body.get("properties", {}))
            until = now + float(properties.get("ready_after", 0))
            effect = replace(old, what=UPDATED, time=now, until=until, properties=properties)
            if properties != old.properties:  # the same again changes nothing
                self.ledger.effect(effect)
                self._apply(effect)
            return Answer(200, self._shown(self._objects[id_]))

    def find(self, name: str) -> Answer:
        with self._lock:
            found = [one for one in self._objects.values() if one.name == name and one.id not in self._gone]
            return Answer(200, {"objects": [self._shown(one) for one in found]})

    def delete(self, id_: str) -> Answer:
        with self._lock:
            effect = self._objects.get(id_)
            if effect is None or self._is_gone(id_):
                return Answer(404, {"error": f"no object {id_}"})
            if id_ not in self._gone:
                now = time.time()
                deletion = Effect(
                    what=DELETED,
                    time=now,
                    id=id_,
                    name=effect.name,
                    stack=effect.stack,
                    label=effect.label,
                    until=now + float(effect.properties.get("gone_after", 0)),
                )
                self.ledger.effect(deletion)
                self._apply(deletion)
            return Answer(204) if self._is_gone(id_) else Answer(202, self._shown(effect))

    def _apply(self, effect: Effect) -> None:
        if effect.what == DELETED:
            self._gone[effect.id] = effect
            return
        self._objects[effect.id] = effect
        if effect.token and effect.what == CREATED:
            self._tokens[effect.token] = effect.id

    def _is_gone(self, id_: str) -> bool:
        deletion = self._gone.get(id_)
        return deletion is not None and not self._left(deletion, GONE)

    def _left(self, effect: Effect, what: str) -> float:
        """Seconds until the effect's object is ready, or gone; at least HELD while that is held."""
        return max(HELD if self._is_held(effect, what) else 0.0, effect.until - time.time())

    def _is_held(self, effect: Effect, what: str) -> bool:
        return self._objects[effect.id].properties.get("hold") == what and not any(
            stack in ("", effect.stack) and label in ("", effect.label) for stack, label in self._released
        )

    def _shown(self, effect: Effect) -> dict[str, Any]:
        ready_in = self._left(effect, READY)
        status = "BUILDING" if ready_in else "ERROR" if effect.properties.get("fail") else "ACTIVE"
        if effect.id in self._gone:
            status, ready_in = "DELETING", self._left(self._gone[effect.id], GONE)
        return {
            "id": effect.id,
            "name": effect.name,
            "status": status,
            "ready_in": ready_in,
            "properties": effect.properties,
        }


class Server(ThreadingHTTPServer):
    """latency, jitter: seconds each answer takes, and random seconds on top at most; seed makes them repeatable."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, cloud: Cloud, *, latency: float, jitter: float, seed: int) -> None:
        self.cloud = cloud
        self._latency, self._jitter, self._random = latency, jitter, random.Random(seed)
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind, without asking DNS what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", int(self.server_address[1])

    def dawdle(self) -> None:
        seconds = self._latency + self._jitter * self._random.random()
        if seconds > 0:
            time.sleep(seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is none of our business; anything else is shown on stderr."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request. Says nothing on stderr unless it breaks."""

    server: Server

    def do_POST(self) -> None:
        self._serve("POST")

    def do_GET(self) -> None:
        self._serve("GET")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self, method: str) -> None:
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            address = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(address.query).items()}
            if address.path == "/control":
                self.server.cloud.order(Fault(**body) if method == "POST" else None)
                return self._answer(Answer(204))
            if address.path == "/release":
                self.server.cloud.release(str(body.get("stack", "")), str(body.get("label", "")))
                return self._answer(Answer(204))
            if not re.fullmatch(r"/objects(/[^/]+)?", address.path):
                return self._answer(Answer(404, {"error": f"no such place: {address.path}"}))
            self._act(method, address.path[len("/objects/") :], query, body)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self._answer(Answer(400, {"error": f"{type(error).__name__}: {error}"}))

    def _act(self, method: str, id_: str, query: dict[str, str], body: dict[str, Any]) -> None:
        cloud = self.server.cloud
        about = cloud.known(id_)
        fault = cloud.fault(
            Request(
                time=time.time(),
                method=method,
                id=id_,
                name=about.name if about else str(body.get("name", query.get("name", ""))),
                stack=about.stack if about else str(body.get("stack", query.get("stack", ""))),
                label=about.label if about else str(body.get("label", query.get("label", ""))),
                token=str(body.get("token", "")),
            )
        )
        do = fault.do if fault else ""
        if do == "die-before-effect":
            os._exit(DIED)
        if do == "drop-before-effect":
            return self._drop()
        if fault and do == "fail":
            return self._answer(Answer(fault.status, {"error": "refused on order"}), retry_after=fault.retry_after)
        if fault and do == "stall-before-effect":
            time.sleep(fault.seconds)
        if method == "POST" and not id_:
            answer = cloud.create(body)
            cloud.wait_for_release(answer.body["id"], CALLED)
        elif method == "PUT" and id_:
            answer = cloud.update(id_, body)
        elif method == "GET":
            cloud.wait_for_release(id_, SEEN)
            answer = cloud.get(id_) if id_ else cloud.find(query["name"])
        elif method == "DELETE" and id_:
            answer = cloud.delete(id_)
        else:
            answer = Answer(405, {"error": "not here"})
        if do == "die-after-effect":
            os._exit(DIED)
        if do == "drop-after-effect":
            return self._drop()
        if fault and do == "stall-after-effect":
            time.sleep(fault.seconds)
        self.server.dawdle()
        self._answer(answer)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, answer: Answer, *, retry_after: float | None = None) -> None:
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        if retry_after is not None:
            self.send_header("Retry-After", f"{retry_after:g}")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _end_with_stdin() -> None:
    """Whoever started us holds the other end of stdin; when it is gone, so are we."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m firebrick.testing.provider", description="A fake cloud.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one; it is printed")
    parser.add_argument("--ledger", "--state", type=Path, required=True, metavar="FILE", help="read, then appended to")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="each answer takes so long")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="SECONDS", help="and up to so much longer")
    parser.add_argument("--seed", type=int, default=0, help="of the jitter")
    parser.add_argument("--end-with-stdin", action="store_true", help="exit when standard input is closed")
    options = parser.parse_args(arguments)
    server = Server(
        options.port, Cloud(options.ledger), latency=options.latency, jitter=options.jitter, seed=options.seed
    )
    if options.end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    port = server.server_address[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}", "port": port, "pid": os.getpid()}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
