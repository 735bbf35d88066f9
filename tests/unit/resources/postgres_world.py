"""What the tests of PostgreSQL's types share: the server's own view of what exists, and logins."""

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import make_url, text

from firebrick.testing.postgres import PostgresServer

PASSWORD = 'hunter2\'s %s "secret"'  # what quoting must survive


def rows(server: PostgresServer, query: str) -> Sequence[tuple[Any, ...]]:
    with server.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def do(server: PostgresServer, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(text(statement))


def drop(server: PostgresServer, kind: str, name: str) -> None:
    with server.connect() as connection:
        quoted = connection.dialect.identifier_preparer.quote_identifier(name)
        connection.exec_driver_sql(f"DROP {kind} {quoted}{' WITH (FORCE)' if kind == 'DATABASE' else ''}")


def databases(server: PostgresServer) -> list[str]:
    return [row[0] for row in rows(server, "SELECT datname FROM pg_database")]


def roles(server: PostgresServer) -> list[str]:
    return [row[0] for row in rows(server, "SELECT rolname FROM pg_roles")]


def connection_of(server: PostgresServer, **other: object) -> dict[str, object]:
    """The property `connection`: the server's administrator."""
    url = make_url(server.url())
    return {"host": url.host, "port": url.port, "user": url.username, "password": url.password} | other


def logged_in(server: PostgresServer, user: str, password: str, database: str = "postgres") -> str:
    """Who the server says that one is. psycopg.OperationalError: it lets nobody in so."""
    where = {"host": "127.0.0.1", "port": server.port, "dbname": database}
    with psycopg.connect(**where, user=user, password=password) as connection:  # type: ignore[arg-type]
        found = connection.execute("SELECT current_user").fetchone()
    assert found is not None
    return found[0]
