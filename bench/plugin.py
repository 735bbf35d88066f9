"""What the benchmark loads into the worker (FIREBRICK_PLUGINS=bench.plugin): a clock on the store, and a slow call.

The clock adds up the time for which a write transaction of this process was open, from before BEGIN to after COMMIT,
and what the thread that held it computed meanwhile. It listens where SQLAlchemy lets anybody listen, so the code that
is measured is the code that is shipped. It costs some microseconds for each transaction (not for each statement).
"""

import mmap
import os
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field
from sqlalchemy import Connection, Dialect, Engine, event

from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType
from firebrick.resources.vocabulary import Number

CLOCKS = "FIREBRICK_BENCH_CLOCKS"  # a folder: each process with this plug-in keeps a file there, named by its pid
LEDGER = "FIREBRICK_BENCH_LEDGER"  # a file: a line for each call that HeldCall has begun
_READING = struct.Struct("ddq")


@dataclass(frozen=True, slots=True)
class StoreReading:
    """seconds: of open write transactions. cpu: seconds computed in them. commits: their number."""

    seconds: float = 0.0
    cpu: float = 0.0
    commits: int = 0

    def since(self, before: "StoreReading") -> "StoreReading":
        return StoreReading(self.seconds - before.seconds, self.cpu - before.cpu, self.commits - before.commits)

    @classmethod
    def of(cls, folder: Path, pid: int) -> "StoreReading":
        """What the clock of that process shows; all zero when it has written nothing yet."""
        try:
            return cls(*_READING.unpack((folder / str(pid)).read_bytes()))
        except FileNotFoundError:
            return cls()


class StoreClock:
    """One for a process. Reads (transactions that end without a commit) are not counted."""

    def __init__(self, folder: Path) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._seconds = self._cpu = 0.0
        self._commits = 0
        with (folder / str(os.getpid())).open("w+b") as file:
            file.write(bytes(_READING.size))
            file.flush()
            self._shown = mmap.mmap(file.fileno(), _READING.size)
        self._clocked: set[int] = set()
        event.listen(Engine, "begin", self._began)

    def _began(self, connection: Connection) -> None:
        dialect = connection.dialect
        with self._lock:
            if id(dialect) not in self._clocked:  # there is one for each engine, and engines live as long as we do
                self._clocked.add(id(dialect))
                self._clock_commits(dialect)
        self._local.began = (time.perf_counter(), time.thread_time())

    def _clock_commits(self, dialect: Dialect) -> None:
        """SQLAlchemy tells of a commit before it happens; its end is known where the dialect carries it out."""
        commit = dialect.do_commit

        def clocked(connection: Any) -> None:
            commit(connection)
            self._committed()

        setattr(dialect, "do_commit", clocked)  # noqa: B010  (an assignment to a method is an error to mypy)

    def _committed(self) -> None:
        began, cpu = self._local.began
        with self._lock:
            self._seconds += time.perf_counter() - began
            self._cpu += time.thread_time() - cpu
            self._commits += 1
            self._shown[:] = _READING.pack(self._seconds, self._cpu, self._commits)

    @classmethod
    def start(cls) -> Self | None:
        """The process's clock, if the benchmark asked for one."""
        folder = os.environ.get(CLOCKS)
        return cls(Path(folder)) if folder else None


class HeldCall(ResourceType):
    """A create that stays inside one call, as a blocking cloud SDK would; each call leaves a line in a ledger."""

    type_name = "Firebrick::Bench::HeldCall"
    description = "One long call, for the benchmark."
    idempotent_create = True
    call_timeout = 120.0

    class Properties(ResourceProperties):
        seconds: Annotated[Number, Field(description="How long the call takes.")] = 0

    def create(self, context: Context) -> Done:
        with Path(os.environ[LEDGER]).open("a", encoding="utf-8") as ledger:
            ledger.write(f"{context.stack_id} {context.name}\n")
        time.sleep(context.properties.seconds)
        return Done(physical_id=context.physical_name)


CLOCK = StoreClock.start()
RESOURCE_TYPES = [HeldCall]
