"""`firebrick server` as a process that a test runs, asks and stops."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

FIREBRICK = Path(sys.executable).parent / "firebrick"
WITHIN = 60.0  # seconds
ANY_PORTS = ("--port", "0", "--temporal-port", "0", "--ui-port", "0")


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """A dead process that nobody has waited for yet does not run."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Server:
    """One run of the command on a state folder."""

    def __init__(self, state: Path, *options: str, command: Path = FIREBRICK) -> None:
        self.state = state
        self._command = command
        self.log = state.with_name("server.log")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [command, "server", "--state-dir", state, *(options or ANY_PORTS)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        until(lambda: self.process.poll() is not None or self._is_mine(), "the server is ready")
        assert self.process.poll() is None, self.log.read_text()

    def _is_mine(self) -> bool:
        return (self.state / "server.json").exists() and self.told["pid"] == self.process.pid

    @property
    def told(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads((self.state / "server.json").read_text())
        return answer

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "FIREBRICK_STATE": str(self.state)}
        environment.pop("FIREBRICK_URL", None)
        return subprocess.run([self._command, *arguments], env=environment, capture_output=True, text=True)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(WITHIN)


@contextlib.contextmanager
def server(state: Path, *options: str, command: Path = FIREBRICK) -> Iterator[Server]:
    one = Server(state, *options, command=command)
    try:
        yield one
    finally:
        one.stop()
