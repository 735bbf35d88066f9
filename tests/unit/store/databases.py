"""The databases that every test of the store runs on, and what a test may ask of one behind the store's back."""

import contextlib
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from firebrick.testing.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")


class Database(ABC):
    """One database, of this test alone. url: as Store.open takes it. read_only: makes a session's further
    transactions refuse to write. touched: its tables may not be what they were, so no other test may have it."""

    kind: str
    url: str
    read_only: str
    touched: bool = False

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute and commit one statement; its rows."""
        self.touched = self.touched or not statement.startswith(("SELECT count", "UPDATE operations"))
        return _run(self.url, statement)

    @abstractmethod
    def script(self, statements: str) -> None:
        """Execute many."""

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Another process is in a transaction that nobody can write beside."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            self._hold(connection)
            yield

    @abstractmethod
    def _hold(self, connection: Any) -> None: ...

    @abstractmethod
    def stored(self) -> bytes:
        """All that it stores, as bytes to search."""

    @abstractmethod
    def schema(self) -> Mapping[str, Sequence[str]]:
        """Tables, indexes and sequences -> how they are defined. Alembic's own table is left out."""


class SqliteDatabase(Database):
    kind = "sqlite"
    read_only = "PRAGMA query_only=ON"

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"

    def script(self, statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(statements)

    def _hold(self, connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def stored(self) -> bytes:
        files = sorted(self.file.parent.glob(f"{self.file.name}*"))
        assert self.file in files
        return b"".join(file.read_bytes() for file in files)

    def schema(self) -> Mapping[str, Sequence[str]]:
        found = self.run("SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'alembic%'")
        return {name: self._table(name, sql) if kind == "table" else sql.splitlines() for kind, name, sql in found}

    def _table(self, name: str, sql: str) -> list[str]:
        """Columns as SQLite sees them, since a column that was added later stands in another place of the text."""
        columns = self.run(f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{name}')")
        rules = [part.strip(" ,)") for part in sql.splitlines() if "CONSTRAINT" in part or "WITHOUT ROWID" in part]
        rules += ["AUTOINCREMENT"] if "AUTOINCREMENT" in sql else []
        return sorted(map(str, columns)) + sorted(rule.partition("CONSTRAINT")[2] or rule for rule in rules)


class PostgresDatabase(Database):
    kind = "postgresql"
    read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name
        self.url = server.url(name)

    def script(self, statements: str) -> None:
        self.touched = True
        with self.server.connect(self.name) as connection:
            connection.connection.cursor().execute(statements)

    def empty(self) -> None:
        """Remove all rows, and number the next ones from 1."""
        with self.server.connect(self.name) as connection:
            connection.execute(
                text("TRUNCATE stacks, targets, operations, resources, events, signals RESTART IDENTITY")
            )

    def _hold(self, connection: Any) -> None:
        connection.execute(text("LOCK TABLE stacks IN EXCLUSIVE MODE"))

    def stored(self) -> bytes:
        tables = self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        return b"\n".join(
            value if isinstance(value, bytes) else str(value).encode()
            for (table,) in tables
            for row in self.run(f'SELECT * FROM "{table}"')
            for value in row
        )

    def schema(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for statement in (
            "SELECT table_name, concat_ws(' ', column_name, udt_name, character_maximum_length, is_nullable,"
            " column_default) FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace",
            "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
        ):
            for name, definition in self.run(statement):
                if not name.startswith("alembic"):
                    found.setdefault(name, []).append(definition)
        return {name: sorted(definitions) for name, definitions in sorted(found.items())}


def copied(template: SqliteDatabase, file: Path) -> SqliteDatabase:
    shutil.copyfile(template.file, file)
    return SqliteDatabase(file)


def _run(url: str, statement: str) -> list[tuple[Any, ...]]:
    engine: Engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        answer = connection.execute(text(statement))
        return [tuple(row) for row in answer] if answer.returns_rows else []
