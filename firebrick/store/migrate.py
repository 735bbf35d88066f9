"""Bringing a database to this program's schema, under a lock: any number of processes may open one at once."""

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from firebrick.diagnostics import Diagnostic, Unavailable

HEAD = "0004"
"""The newest migration; a test holds it to the scripts."""

MIGRATIONS = Path(__file__).with_name("migrations")
_ALEMBIC = threading.Lock()
"""Alembic keeps what it is doing in globals: one upgrade at a time in a process."""

_LOCK_ID = 5_710_238_841  # any number, the same in every process: PostgreSQL's advisory locks have no names


def upgrade(engine: Engine) -> None:
    """Run what is missing, in one transaction. Unavailable when the database is newer than this program."""
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":  # SQLite's transaction has locked the file already
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        if current(connection) != HEAD:
            _run(connection)


def check(engine: Engine) -> None:
    """Unavailable when the database is not at this program's schema."""
    with engine.connect() as connection:
        found = current(connection)
    if found != HEAD:
        raise _wrong_schema(f"The database has schema {found or 'none'}; this program needs {HEAD}.")


def current(connection: Connection) -> str | None:
    """The newest migration that the database has had."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _run(connection: Connection) -> None:
    from alembic import command  # slow to import, and needed once in a database's life
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        with _ALEMBIC:
            command.upgrade(config, "head")
    except CommandError:
        raise _wrong_schema("The database has a schema that this program does not know; it is newer.") from None


def _wrong_schema(summary: str) -> Unavailable:
    detail = "Use the program's version that the database was last opened with, or let this one migrate it."
    return Unavailable(Diagnostic(code="store-schema", summary=summary, detail=detail))
