"""Engines: how a database is opened, and what its refusals look like to the rest of the project.

SQLite: one file in WAL mode, written by several processes. ``synchronous=NORMAL``: a commit survives the death of the
process at any moment (the log is in the kernel's hands once COMMIT returns); a power cut may lose the last commits,
never the file's consistency. FULL waits for the disk at each commit: 0.3 ms more for each write while there is one at
a time, nothing that can be measured at 50 (groups share a commit); on slow disks it is many times that. An
installation that must survive power cuts sets ``?synchronous=full`` in the URL, or uses PostgreSQL.

PostgreSQL: writes are READ COMMITTED (the rows of their stacks are locked first, so what is read after that is the
last committed); reads are REPEATABLE READ, READ ONLY: one consistent view, as SQLite gives. A server or network that
has died is noticed within seconds, and a process that was stopped in the middle of a transaction loses its locks.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from firebrick.diagnostics import Diagnostic, FirebrickError, InvalidInput, Unavailable
from firebrick.store.database_url import parse_url
from firebrick.store.keyring import Keyring
from firebrick.store.types import use_keyring

BUSY_MILLISECONDS = 15_000
"""How long a statement waits for another process's transaction before it is refused."""

STOPPED_MILLISECONDS = 60_000
"""How long PostgreSQL waits for the next statement of a transaction before it ends it."""

NETWORK = {  # what libpq is told where the URL does not say otherwise; seconds, the last one milliseconds
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
NOT_PREPARED = frozenset({"42P01", "42703", "42501", "3F000"})
"""PostgreSQL: no such table, no such column, no right to it, no such schema. The database's state, not our bug."""


def open_engine(url: str, keyring: Keyring | None, *, writes: bool, connections: int) -> Engine:
    """An engine whose transactions are taken for writing at once (`writes`), or may only read.

    keyring: None when no encrypted column will be read or written.
    """
    parsed, synchronous = parse_url(url)
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.update_query_dict({"application_name": "firebrick", **NETWORK, **parsed.query})
        options["isolation_level"] = "READ COMMITTED" if writes else "REPEATABLE READ"
    engine = create_engine(parsed, pool_size=connections, max_overflow=0, hide_parameters=True, **options)
    if keyring is not None:
        use_keyring(engine, keyring)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, synchronous, writes=writes)
        _watch_file(engine, Path(parsed.database or ""), makes=writes)
    else:
        _prepare_postgresql(engine, writes=writes)
    return engine


def _prepare_postgresql(engine: Engine, *, writes: bool) -> None:
    given: dict[str, object] = {
        "lock_timeout": BUSY_MILLISECONDS,
        "idle_in_transaction_session_timeout": STOPPED_MILLISECONDS,
    }
    if writes:
        # What is written is found by its key. A statement is planned while it is new, and the plan is kept: in a young
        # database that was to read the whole table, as long as nobody analysed it, however large it became.
        given["enable_seqscan"] = "off"
        given["jit"] = "off"  # what can only be read whole is dear now by its plan, and would be compiled each time
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in given.items())

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(f"SELECT {settings}")
        connection.autocommit = False
        connection.read_only = None if writes else True  # a server that only serves reads says so by itself
        if writes:
            connection.prepare_threshold = None  # what it prepares it forgets with a rollback, and the pipeline's too


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


def _watch_file(engine: Engine, file: Path, *, makes: bool) -> None:
    """SQLite goes on with a file that was removed, and what it writes there is lost: each transaction looks whether the
    file is still the one that was opened. A file that is made is its owner's only."""
    opened: list[tuple[int, int]] = []

    def check() -> None:
        try:
            told = file.stat()
        except OSError:
            told = None
        if opened and (told is None or (told.st_dev, told.st_ino) != opened[0]):
            what = "is gone" if told is None else "was replaced by another"
            raise unavailable(f"its file {file} {what} while it was open; start again when it is there")

    @event.listens_for(engine, "do_connect")
    def before(*_: object) -> None:
        check()
        if makes and not opened:
            with suppress(OSError):  # it is there; or it cannot be made, which SQLite says better
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    @event.listens_for(engine, "connect")
    def after(*_: object) -> None:
        if not opened:
            told = file.stat()
            opened.append((told.st_dev, told.st_ino))

    @event.listens_for(engine, "begin", insert=True)
    def begins(_: Connection) -> None:
        check()


@contextmanager
def refusals(*, opening: bool = False) -> Iterator[None]:
    """Turn what the database says when it does not work into Unavailable, without statements or values.

    Values that it cannot keep are InvalidInput. Broken rules (unique keys, syntax) are bugs of ours and pass through.
    opening: for whoever set up the database; what it says of a connection that fails (host, user) is told in full.
    """
    try:
        yield
    except PoolTimeout:
        raise unavailable("all connections are in use") from None
    except StatementError as error:
        if isinstance(error.orig, FirebrickError):  # of a column's type: a key that is gone
            raise error.orig from None
        if not isinstance(error, DBAPIError):
            raise
        told = _translated(error, opening=opening)
        if told is None:
            raise
        raise told from None


def _translated(error: DBAPIError, *, opening: bool) -> FirebrickError | None:
    original: Any = error.orig
    state = getattr(original, "sqlstate", None) or ""
    if isinstance(error, IntegrityError) or (isinstance(error, ProgrammingError) and state not in NOT_PREPARED):
        return None
    if isinstance(error, DataError):
        return _unkept(type(original).__name__)
    return unavailable(_driver_text(original, state, opening=opening))


def _driver_text(original: Any, state: str, *, opening: bool) -> str:
    """SQLite's texts name tables and files only; those of other databases may quote values, so just their code."""
    if isinstance(original, sqlite3.Error):
        return str(original)
    if not state and opening:  # libpq's own text: host, port, user, database and why not
        return " ".join(str(original).split()).removeprefix("connection failed: ").rstrip(".")
    if not state:
        return "there is no connection to its server"
    return f"{type(original).__name__} {state}"


def unavailable(why: str) -> Unavailable:
    return Unavailable(
        Diagnostic(
            code="store-unavailable",
            summary=f"The database does not answer: {why}.",
            detail="Nothing was changed. Check that its file or server is there, writable and not full; then repeat.",
            heat_type="ServiceUnavailable",
        )
    )


def commit_unknown() -> Unavailable:
    """The connection broke while a commit was on its way."""
    return Unavailable(
        Diagnostic(
            code="store-unavailable",
            summary="The database went away before it said whether it had stored the change.",
            detail="It may have been made. Repeating is safe: a request that was stored is found again, or named.",
            heat_type="ServiceUnavailable",
        )
    )


def _unkept(what: str) -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            code="store-value",
            summary=f"The database cannot keep a value that was given ({what}).",
            detail="A name or an identifier is too long, or holds a character with the code 0.",
        )
    )
