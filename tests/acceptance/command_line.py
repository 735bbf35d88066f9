"""The firebrick command as a user types it, and a server for it to speak to."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
FIREBRICK = BIN / "firebrick"
READY_WITHIN = 60.0  # seconds
MINUTE = 2.0  # seconds that a minute of a stack's time limit lasts on this server
PLUGINS = Path(__file__).with_name("plugins")


def until(condition: Callable[[], Any], what: str, *, limit: float = 60.0) -> Any:
    """The condition's first answer that is true; AssertionError, saying what was waited for, after so many seconds."""
    deadline = time.monotonic() + limit
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {limit:g} s: {what}"
        time.sleep(0.05)
    return answer


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n--- standard output\n{self.out}\n--- standard error\n{self.err}"


class CommandLine:
    """The command with the server of one state folder. told: what server.json says of that server."""

    def __init__(self, state: Path, told: dict[str, Any]) -> None:
        self.state = state
        self.told = told
        self.environment = {**os.environ, "FIREBRICK_STATE": str(state), "NO_COLOR": "1"}
        self.environment.pop("FIREBRICK_URL", None)

    def run(
        self, *arguments: str | Path, stdin: str | bytes = b"", environment: Mapping[str, str] | None = None
    ) -> Finished:
        """A command, whatever its end."""
        done = subprocess.run(
            [FIREBRICK, *arguments],
            env={**self.environment, **(environment or {})},
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
        )
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        """Standard output of a command that must end with this exit code."""
        done = self.run(*arguments)
        assert done.code == code, f"{arguments}: {done}"
        return done.out

    def start(self, *arguments: str | Path) -> "subprocess.Popen[str]":
        """A command that goes on beside the test, which waits for its end."""
        return subprocess.Popen(
            [FIREBRICK, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def api(self) -> str:
        """The project's address."""
        return f"{self.told['api_url']}/v1/default"

    def stored(self) -> dict[str, int]:
        """How many rows the store has, by table; deleted stacks count too."""
        with contextlib.closing(sqlite3.connect(self.state / "firebrick.db", timeout=30)) as database:
            return {
                table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("stacks", "operations", "resources", "events")
            }

    def logs(self) -> str:
        return "\n".join(file.read_text(errors="replace") for file in sorted((self.state / "logs").iterdir()))

    def rows(self, *arguments: str | Path) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = json.loads(self(*arguments, "-f", "json"))
        return answer

    def record(self, *arguments: str | Path) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self(*arguments, "-f", "json"))
        return answer

    def outputs(self, stack: str) -> dict[str, Any]:
        return {one["output_key"]: one["output_value"] for one in self.rows("stack", "output", "show", stack, "--all")}

    def resources(self, stack: str) -> dict[str, dict[str, Any]]:
        return {one["resource_name"]: one for one in self.rows("stack", "resource", "list", stack)}


def post(firebrick: CommandLine, body: bytes, path: str = "/stacks") -> tuple[int, dict[str, Any]]:
    """(status, JSON) of a POST with whatever body."""
    request = urllib.request.Request(
        firebrick.api + path, data=body, method="POST", headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


@contextlib.contextmanager
def running_server(state: Path, *options: str) -> Iterator[CommandLine]:
    """`firebrick server` on free ports; stopped at the end, and then nothing of it may run."""
    log = state / "server-output.log"
    line = [
        str(FIREBRICK),
        "server",
        "--state-dir",
        str(state),
        "--port",
        "0",
        "--temporal-port",
        "0",
        "--ui-port",
        "0",
        *options,
    ]
    environment = {
        **os.environ,
        "FIREBRICK_TIMEOUT_UNIT_SECONDS": f"{MINUTE:g}",
        "FIREBRICK_PLUGINS": "faulty_types",
        "PYTHONPATH": os.pathsep.join([str(PLUGINS), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    with log.open("wb") as out:
        server = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True
        )
    try:
        deadline = time.monotonic() + READY_WITHIN
        while not (state / "server.json").exists():
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield CommandLine(state, json.loads((state / "server.json").read_text()))
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0, log.read_text()
