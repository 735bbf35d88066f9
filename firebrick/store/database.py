"""Engines: how a database is opened, and what its refusals look like to the rest of the project.

SQLite: one file in WAL mode, written by several processes. ``synchronous=NORMAL``: a commit survives the death of the
process at any moment (the log is in the kernel's hands once COMMIT returns); a power cut may lose the last commits,
never the file's consistency. FULL waits for the disk at each commit: 0.3 ms more for each write while there is one at
a time, nothing that can be measured at 50 (groups share a commit); on slow disks it is many times that. An
installation that must survive power cuts sets ``?synchronous=full`` in the URL, or uses PostgreSQL.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from firebrick.diagnostics import Diagnostic, InvalidInput, Unavailable
from firebrick.store.keyring import Keyring
from firebrick.store.types import use_keyring

BUSY_MILLISECONDS = 15_000
"""How long a statement waits for another process's transaction before it is refused."""


def parse_url(url: str) -> tuple[URL, str]:
    """The database's address and SQLite's ``synchronous`` setting. InvalidInput for anything this store cannot use."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _bad_url("The database's address is not a URL.") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise _bad_url(f"This store does not know {parsed.get_backend_name()!r} databases.")
    if parsed.get_backend_name() == "postgresql":
        return parsed, ""
    if not parsed.database or parsed.database == ":memory:":
        raise _bad_url("A database in memory cannot be shared by processes or threads; name a file.")
    synchronous = parsed.query.get("synchronous", "normal")
    if synchronous not in ("normal", "full"):
        raise _bad_url("synchronous is normal or full.")
    return parsed.difference_update_query(["synchronous"]), str(synchronous)


def open_engine(url: str, keyring: Keyring, *, writes: bool, connections: int) -> Engine:
    """An engine whose transactions are taken for writing at once (`writes`), or may only read."""
    parsed, synchronous = parse_url(url)
    engine = create_engine(parsed, pool_size=connections, max_overflow=0, hide_parameters=True)
    use_keyring(engine, keyring)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, synchronous, writes=writes)
    return engine


def _prepare_sqlite(engine: Engine, synchronous: str, *, writes: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    # A deferred transaction that writes after it has read fails at once when another process wrote in between.
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the database says when it does not work into Unavailable, without statements or values.

    Broken rules (unique keys, syntax) are bugs of ours and pass through.
    """
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise
    except DBAPIError as error:
        raise unavailable(_driver_text(error)) from None
    except PoolTimeout:
        raise unavailable("all connections are in use") from None


def unavailable(why: str) -> Unavailable:
    return Unavailable(
        Diagnostic(
            code="store-unavailable",
            summary=f"The database does not answer: {why}.",
            detail="Nothing was changed. Check that its file or server is there, writable and not full; then repeat.",
            heat_type="ServiceUnavailable",
        )
    )


def _driver_text(error: DBAPIError) -> str:
    """SQLite's texts name tables and files only; those of other databases may quote values, so just their code."""
    original: Any = error.orig
    if isinstance(original, sqlite3.Error):
        return str(original)
    return f"{type(original).__name__} {getattr(original, 'sqlstate', None) or ''}".strip()


def _bad_url(summary: str) -> InvalidInput:
    detail = "Use sqlite:////absolute/path or postgresql+psycopg://user@host/database."
    return InvalidInput(Diagnostic(code="store-url", summary=summary, detail=detail))
