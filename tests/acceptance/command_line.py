"""The firebrick command as a user types it, and a server for it to speak to."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
FIREBRICK = BIN / "firebrick"
READY_WITHIN = 60.0  # seconds


class CommandLine:
    """The command with the server of one state folder. told: what server.json says of that server."""

    def __init__(self, state: Path, told: dict[str, Any]) -> None:
        self.state = state
        self.told = told
        self.environment = {**os.environ, "FIREBRICK_STATE": str(state), "NO_COLOR": "1"}
        self.environment.pop("FIREBRICK_URL", None)

    def __call__(self, *arguments: str | Path, code: int = 0) -> str:
        """Standard output of a command that must end with this exit code."""
        done = subprocess.run(
            [FIREBRICK, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == code, f"{arguments}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

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


@contextlib.contextmanager
def running_server(state: Path) -> Iterator[CommandLine]:
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
    ]
    with log.open("wb") as out:
        server = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
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
