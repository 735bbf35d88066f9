"""Whoever follows an operation is not thrown off by a server that cannot answer for a while: the operation goes on."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from starter.client import StackClient
from starter.no_worker import ADVICE, BACK
from tests.unit.cli.conftest import ApiServer
from tests.unit.cli.test_stack_commands import DONE, TEMPLATE

AWAY = {  # what the API says when its database does not answer
    "code": 503,
    "error": {"message": "The database does not answer: no connection.", "type": "HTTPServiceUnavailable"},
    "diagnostics": [{"code": "store-unavailable", "summary": "The database does not answer: no connection."}],
}


class Front:
    """Passes requests on to a server; the first for an operation meets a database that is away."""

    def __init__(self, behind: str) -> None:
        front = self
        self.refused = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass_on(b"")

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

            def _pass_on(self, body: bytes) -> None:
                if "/operations/" in self.path and not front.refused:
                    front.refused = 1
                    return self._answer(503, [("Content-Type", "application/json")], json.dumps(AWAY).encode())
                wire = http.client.HTTPConnection(urlsplit(behind).netloc)
                wire.request(self.command, self.path, body or None, dict(self.headers))
                answer = wire.getresponse()
                told = [(name, value) for name, value in answer.getheaders() if name.lower() != "content-length"]
                self._answer(answer.status, told, answer.read())
                wire.close()

            def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
                self.send_response(status)
                for name, value in [*headers, ("Content-Length", str(len(body)))]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> "Front":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def front(api: ApiServer) -> Iterator[Front]:
    with Front(api.url) as one:
        yield one


def test_a_follower_waits_for_a_database_that_is_away(
    front: Front,
    api: ApiServer,
    firebrick: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("FIREBRICK_URL", front.url)
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    api.starter.plans["CREATE web"] = DONE
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait") == 0
    told = capsys.readouterr().err
    assert "The database does not answer: no connection; still trying, the operation goes on" in told
    assert "Stack web CREATE_COMPLETE" in told and front.refused == 1


MISSING = "no worker polls the task queue 'q'"


def carried_out_when(said: Callable[[], bool], api: ApiServer) -> threading.Thread:
    """A worker comes as soon as that has been said, and carries out the create of the stack web."""

    def come() -> None:
        until(said)
        api.starter.no_worker_because = ""
        api.starter.plans["CREATE web"] = DONE
        api.starter.goes_on("web")

    thread = threading.Thread(target=come)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_follower_is_told_that_no_worker_is_there_and_when_one_is(
    api: ApiServer, firebrick: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    api.starter.no_worker_because = MISSING
    told: list[str] = []

    def said() -> bool:
        told.append(capsys.readouterr().err)
        return MISSING in "".join(told)

    worker = carried_out_when(said, api)
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait") == 0
    worker.join()
    lines = [line for line in ("".join(told) + capsys.readouterr().err).splitlines() if line.startswith("note: ")]
    assert lines == [f"note: {MISSING}: {ADVICE}", f"note: {BACK}"]


async def test_so_is_a_program_that_waits(api: ApiServer, caplog: pytest.LogCaptureFixture) -> None:
    api.starter.no_worker_because = MISSING
    worker = carried_out_when(lambda: MISSING in caplog.text, api)
    stack = await (await StackClient(api.url).create("web", template=TEMPLATE)).wait(60)
    worker.join()
    assert stack.status == "CREATE_COMPLETE"
    told = [one.getMessage() for one in caplog.records if one.name == "firebrick.client"]
    assert told[0] == f"CREATE of stack web: {MISSING}: {ADVICE}"


async def test_so_does_a_program_that_waits(front: Front, api: ApiServer) -> None:
    api.starter.plans["CREATE web"] = DONE
    stack = await (await StackClient(front.url).create("web", template=TEMPLATE)).wait(30)
    assert stack.status == "CREATE_COMPLETE" and front.refused == 1
