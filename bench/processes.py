"""The processes under measurement: `firebrick server` as users run it (front, worker, Temporal), and the floor's worker
with a Temporal server of its own.

Everything is kept in one temporary folder on disk. The two Temporal servers are the same program with the same options:
on one for both, each side paid for timers and tasks that the other had left behind.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.plugin import CLOCKS, LEDGER
from firebrick.stack_limits import RESOURCES_SETTING, STACKS_SETTING, UNLIMITED
from firebrick.testing.dev_server import DevServer
from firebrick.testing.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 90.0  # seconds; the server takes about three
STOPS_WITHIN = 30.0
SQLITE, POSTGRESQL = "sqlite", "postgresql"
AS_IN_PRODUCTION = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}
NOT_OF_THE_SHELL = (
    *("FIREBRICK_DATABASE", "FIREBRICK_URL", "FIREBRICK_ADDRESS", "FIREBRICK_NAMESPACE", "FIREBRICK_PROFILE"),
    *("FIREBRICK_METRICS_ADDRESS", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "PYTHONDONTWRITEBYTECODE"),
)
SAMPLE_EVERY = 0.1  # seconds between two looks at a process's memory


@dataclass(frozen=True, slots=True)
class System:
    """What runs, and where. pids: of worker, front, temporal, floor, floor's temporal, and postgresql where that is
    the database. floor_address: of the floor's Temporal server."""

    folder: Path
    api_url: str
    temporal_address: str
    floor_address: str
    pids: Mapping[str, int]
    database_url: str

    @property
    def clocks(self) -> Path:
        return self.folder / "clocks"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def processor_seconds(self) -> dict[str, float]:
        """User and system time of each process since it started; PostgreSQL's with that of its children."""
        used = {}
        for name, pid in self.pids.items():
            process = psutil.Process(pid)
            family = [process, *(process.children(recursive=True) if name == POSTGRESQL else ())]
            used[name] = sum(_processor_time(one) for one in family)
        return used


def _processor_time(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it has just ended
        return 0.0
    return float(times.user + times.system)


@contextlib.contextmanager
def running_system(folder: Path, database: str = SQLITE) -> Iterator[System]:
    """Start everything; stop it in the end, whatever happens. database: SQLITE, a file, or POSTGRESQL, a server of its
    own that syncs its commits. RuntimeError, with the log, when something does not start."""
    with contextlib.ExitStack() as cleanup:
        clocks = folder / "clocks"
        clocks.mkdir()
        (folder / "ledger").touch()
        state = folder / "state"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FIREBRICK_PLUGINS": "bench.plugin",
            CLOCKS: str(clocks),
            LEDGER: str(folder / "ledger"),
            RESOURCES_SETTING: str(UNLIMITED),
            STACKS_SETTING: str(UNLIMITED),
        }
        for name in NOT_OF_THE_SHELL:
            environment.pop(name, None)
        line = [str(Path(sys.executable).parent / "firebrick"), "server", "--state-dir", str(state)]
        line += ["--port", "0", "--temporal-port", "0", "--ui-port", "0"]
        database_url, pids = f"sqlite:///{state / 'firebrick.db'}", {}
        if database == POSTGRESQL:
            postgres = cleanup.enter_context(PostgresServer(settings=AS_IN_PRODUCTION))
            database_url, pids = postgres.url(postgres.create_database()), {POSTGRESQL: postgres.pid}
            environment["FIREBRICK_DATABASE"] = database_url
        server = cleanup.enter_context(_child("server", line, folder, environment))
        told: dict[str, Any] = {}

        def server_answers() -> bool:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                told.update(json.loads((state / "server.json").read_text()))
            return bool(told)

        _wait(server, "server", folder, server_answers)
        floor_server = cleanup.enter_context(DevServer(folder / "floor-temporal.db"))
        ready = folder / "floor.ready"
        line = [sys.executable, "-m", "bench.floor_worker", floor_server.address, str(ready)]
        floor = cleanup.enter_context(_child("floor", line, folder, environment))
        _wait(floor, "floor", folder, ready.exists)
        pids |= {"worker": told["worker_pid"], "front": told["pid"], "temporal": told["temporal_pid"]}
        pids |= {"floor": floor.pid, "floor's temporal": floor_server.pid}
        yield System(folder, told["api_url"], told["temporal_address"], floor_server.address, pids, database_url)


@contextlib.contextmanager
def _child(
    name: str, line: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=ROOT, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", name: str, folder: Path, ready: Any) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            log = (folder / f"{name}.log").read_text(errors="replace").strip()
            raise RuntimeError(f"the {name} process did not become ready:\n{log}")
        time.sleep(0.05)


class Memory:
    """The largest resident size, in MB, of one process while it is watched."""

    def __init__(self) -> None:
        self.peak = 0.0

    @classmethod
    @contextlib.asynccontextmanager
    async def watch(cls, pid: int) -> AsyncIterator["Memory"]:
        memory = cls()
        process = psutil.Process(pid)

        def look() -> None:
            memory.peak = max(memory.peak, process.memory_info().rss / 1e6)

        async def watch() -> None:
            while True:
                look()
                await asyncio.sleep(SAMPLE_EVERY)

        watching = asyncio.create_task(watch())
        try:
            yield memory
        finally:
            look()
            watching.cancel()
