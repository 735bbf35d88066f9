"""The database's clock: the one clock that all processes which share a store agree on.

Leases, deadlines and the times of events are compared by several processes, perhaps on several machines. A worker whose
own clock is an hour ahead would lease a row for an hour. So each process measures how the database's clock differs from
its own count of elapsed time, and reads the time from that: a call costs no query, and a clock that is set while the
process runs does no harm. SQLite's clock is the machine's, and all its processes are on one machine.
"""

import threading
from collections.abc import Callable

from sqlalchemy import Engine

from firebrick.diagnostics import Unavailable
from firebrick.elapsed import elapsed
from firebrick.store.database import refusals

EVERY = 10.0
"""Seconds between two measurements."""

SLOWEST = 0.5
"""Seconds that the question may take; a slower answer says too little, and is asked for again."""

_NOW = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
}


class DatabaseClock:
    """The database's time, seconds since the epoch (UTC). Measured when it is made, and from then on in a thread."""

    def __init__(self, engine: Engine, *, every: float = EVERY, counted: Callable[[], float] = elapsed) -> None:
        """counted: seconds that pass, from any beginning. Unavailable: the database does not answer."""
        self._engine = engine
        self._counted = counted
        self._offset = 0.0
        self._stop = threading.Event()
        self._measure()
        self._thread = threading.Thread(target=self._run, args=(every,), name="database-clock", daemon=True)
        self._thread.start()

    def __call__(self) -> float:
        return self._counted() + self._offset

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, every: float) -> None:
        while not self._stop.wait(every):
            try:
                self._measure()
            except Unavailable:
                pass  # the last measurement holds; the database says elsewhere that it is away

    def _measure(self, tries: int = 5) -> None:
        """Keep the answer that took the shortest time: what it says is true within half of that."""
        shortest = float("inf")
        for _ in range(tries):
            before = self._counted()
            now = self._ask()
            took = self._counted() - before
            if took < shortest:
                shortest, offset = took, now - (before + took / 2)
            if took <= SLOWEST:
                break
        self._offset = offset

    def _ask(self) -> float:
        with refusals(), self._engine.connect() as connection:
            found = connection.exec_driver_sql(_NOW[connection.dialect.name]).scalar_one()
            return float(found)
