"""What the types of PostgreSQL share: where the server is, a session there, its errors, and marks on what was made.

The server is the one of the operator, FIREBRICK_POSTGRES_URL in the worker's environment (a libpq URL, which templates
never see), or the one that the property ``connection`` names; hosts in properties must be allowed by the setting
FIREBRICK_POSTGRES_HOSTS. There the worker is whoever the property says: no password of its own environment or files is
used, and no socket, where whoever it runs as would be somebody.

A mark says whose a role or database is: the setting ``firebrick.key`` of it, a digest of the create's key. The mark is
the physical id, and nothing is looked up by its name: what somebody else has made under that name, before or since, is
never changed and never dropped. It outlives renames, and leaves comments to people.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from pydantic import Field

from firebrick.resources.allowed_hosts import demand_allowed
from firebrick.resources.base import Context, ResourceProperties
from firebrick.resources.errors import (
    ConflictError,
    PermanentError,
    QuotaError,
    RefusedError,
    Replace,
    ResourceError,
    TakenError,
    TransientError,
)
from firebrick.resources.vocabulary import SECRET, UPDATABLE, Custom, Length, OneOf, Range

URL = "FIREBRICK_POSTGRES_URL"
HOSTS = "FIREBRICK_POSTGRES_HOSTS"
MARK = "firebrick.key"
UNFINISHED = "firebrick_"  # and the mark: the name under which what cannot be marked at once is made
CALL_TIMEOUT = 40.0  # seconds; more than a connect and a statement together
CONNECT_TIMEOUT = 10  # seconds
STATEMENT_TIMEOUT = 25  # seconds
LONGEST_NAME = 63  # bytes; the server cuts longer ones without a word

Session = psycopg.Connection[TupleRow]


def name_that_fits(name: str) -> None:
    """ValueError: the server would cut or refuse it."""
    if not 1 <= len(name.encode()) <= LONGEST_NAME or "\0" in name:
        raise ValueError(f"a name has 1 to {LONGEST_NAME} bytes")


Name = Annotated[str | None, Custom("postgres_name", name_that_fits)]


class Connection(ResourceProperties):
    host: Annotated[str, Length(1, 255), Field(description="Name or address; FIREBRICK_POSTGRES_HOSTS must allow it.")]
    port: Annotated[int, Range(1, 65535), Field(description="Where it listens.")] = 5432
    user: Annotated[str, Length(1), Field(description="Who makes the object: may create roles or databases.")]
    password: Annotated[str | None, SECRET, Field(description="Of the user.")] = None
    database: Annotated[str, Length(1), Field(description="Which one to connect to.")] = "postgres"
    sslmode: Annotated[
        str, OneOf("disable", "prefer", "require", "verify-full"), Field(description="As libpq's; of TLS.")
    ] = "prefer"


ConnectionProperty = Annotated[
    Connection | None,
    UPDATABLE,
    Field(description="The server, and who to be there. Default: the operator's, FIREBRICK_POSTGRES_URL."),
]


# --- sessions -----------------------------------------------------------------------------------------------------


def address(given: Connection | None, environ: Mapping[str, str] = os.environ) -> Mapping[str, Any]:
    """libpq's parameters. RefusedError: there is no server, or the operator does not allow it; without the URL."""
    if given is not None:
        if given.host.startswith(("/", "@")) or "," in given.host:
            raise RefusedError("connection.host must be one name or address, not a socket and not a list")
        demand_allowed(given.host, given.port, HOSTS, environ)
        where = {"host": given.host, "port": given.port, "user": given.user, "dbname": given.database}
        return where | {"password": given.password or "", "sslmode": given.sslmode, "passfile": os.devnull}
    url = environ.get(URL, "")
    if not url:
        raise RefusedError(
            f"there is no PostgreSQL to make it on: give the property connection, or set {URL} in the worker's "
            "environment (postgresql://user:password@host/database)"
        )
    try:
        return conninfo_to_dict(re.sub(r"^postgresql\+psycopg:", "postgresql:", url))
    except psycopg.Error:
        raise RefusedError(f"{URL} in the worker's environment is no address that libpq can read") from None


def host_and_port(given: Connection | None) -> tuple[str, int]:
    """For attributes: what those who use the object connect to."""
    where = address(given)
    return str(where.get("host") or "localhost"), int(where.get("port") or 5432)


def moves(context: Context) -> bool:
    """Whether an update names another server: the object cannot follow."""
    before, after = context.previous.connection, context.properties.connection
    if before is None or after is None:
        return before is not after
    return bool((before.host, before.port) != (after.host, after.port))


@contextlib.contextmanager
def session(given: Connection | None) -> Iterator[Session]:
    """A connection whose statements are transactions of their own. Errors of the server come out as ours."""
    try:
        with _connected(address(given)) as db:
            db.execute(sql.SQL("SET statement_timeout = {}").format(f"{STATEMENT_TIMEOUT}s"))
            yield db
    except psycopg.Error as error:
        raise translated(error) from None


def _connected(where: Mapping[str, Any]) -> Session:
    try:
        return psycopg.connect(**{**where, "connect_timeout": CONNECT_TIMEOUT}, autocommit=True)
    except psycopg.Error as error:
        at = f"{where.get('host', 'localhost')}:{where.get('port', 5432)}"
        said = " ".join(str(error).split())
        raise TransientError(f"PostgreSQL at {at} cannot be used: {said}", not_sent=True) from None


def translated(error: psycopg.Error) -> ResourceError:
    """The server's refusal by what helps against it, in its words."""
    state = error.sqlstate or ""
    if not state:  # psycopg's own errors; of those the broken connection is operational
        if isinstance(error, psycopg.OperationalError):
            return TransientError("the connection to PostgreSQL broke")
        return PermanentError(f"PostgreSQL's answer cannot be read: {type(error).__name__}")
    said = ". ".join(part for part in (error.diag.message_primary, error.diag.message_detail) if part)
    if state == "57014":
        return TransientError(f"PostgreSQL took longer than {STATEMENT_TIMEOUT} s")
    if state.startswith(("08", "57P")):
        return TransientError(said)
    if state.startswith("40") or state in ("55006", "55P03", "23505"):
        return ConflictError(said)
    if state.startswith("53"):
        return QuotaError(said)
    return PermanentError(f"PostgreSQL refuses: {said} [{state}]")


# --- names and marks ----------------------------------------------------------------------------------------------


def default_name(physical_name: str) -> str:
    """A name that needs no quotes, with the end of the physical name, which no other resource has."""
    plain = re.sub(r"[^a-z0-9_]", "_", physical_name.lower())
    return plain if len(plain) <= LONGEST_NAME else plain[:50] + plain[-13:]


def digest(key: str) -> str:
    """The mark of what is made under this key: 32 characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Thing:
    """A role or database that a resource has made. columns: what was asked for."""

    name: str
    columns: tuple[Any, ...]


_CATALOGUES = {  # kind -> (name, the catalogue, what ties a setting to it)
    "DATABASE": ("datname", "pg_database", "s.setdatabase = o.oid AND s.setrole = 0"),
    "ROLE": ("rolname", "pg_roles", "s.setrole = o.oid AND s.setdatabase = 0"),
}


def made(db: Session, kind: str, mark: str | None, columns: str = "1") -> Thing | None:
    """What has this mark, or is being made under it. kind: ROLE, DATABASE; columns: SQL of this program's own."""
    name, catalogue, tie = _CATALOGUES[kind]
    row = db.execute(
        sql.SQL(
            "SELECT {name}, {columns} FROM {catalogue} o WHERE {name} = %(unfinished)s"
            " OR EXISTS (SELECT FROM pg_db_role_setting s WHERE {tie} AND %(marked)s = ANY (s.setconfig))"
        ).format(
            name=sql.Identifier(name), columns=sql.SQL(columns), catalogue=sql.Identifier(catalogue), tie=sql.SQL(tie)
        ),
        {"unfinished": f"{UNFINISHED}{mark}", "marked": f"{MARK}={mark}"},
    ).fetchone()
    return None if row is None else Thing(str(row[0]), tuple(row[1:]))


def looked_for(db: Session, kind: str, context: Context, columns: str) -> Thing | None:
    """What a read is about: what this resource has made; of an external one what has this name, whoever made it."""
    if not context.external:
        return made(db, kind, context.physical_id, columns)
    name, catalogue, _ = _CATALOGUES[kind]
    query = sql.SQL("SELECT {name}, {columns} FROM {catalogue} o WHERE {name} = %(wanted)s").format(
        name=sql.Identifier(name), columns=sql.SQL(columns), catalogue=sql.Identifier(catalogue)
    )
    row = db.execute(query, {"wanted": context.physical_id}).fetchone()
    return made(db, kind, context.physical_id, columns) if row is None else Thing(str(row[0]), tuple(row[1:]))


def still_made(db: Session, kind: str, context: Context) -> Thing:
    """As `made`, for an update. Replace: it is gone."""
    if (found := made(db, kind, context.physical_id)) is None:
        raise Replace(f"the {kind.lower()} is gone, or does not have Firebrick's mark any more")
    return found


def demand_free(db: Session, kind: str, name: str) -> None:
    """TakenError: there is one of this name."""
    column, catalogue, tie = _CATALOGUES[kind]
    query = sql.SQL(
        "SELECT (SELECT s.setconfig FROM pg_db_role_setting s WHERE {tie}) FROM {catalogue} o WHERE {column} = {name}"
    ).format(tie=sql.SQL(tie), catalogue=sql.Identifier(catalogue), column=sql.Identifier(column), name=name)
    found = db.execute(query).fetchone()
    if found is not None:
        settings = found[0] or []
        raise TakenError(
            f"there is a {kind.lower()} {name} on the server, which this resource has not made; it is left as it is. "
            "Choose another name, or take it away first.",
            by=lambda key: f"{MARK}={digest(key)}" in settings,
        )


def set_mark(db: Session, kind: str, name: str, mark: str) -> None:
    db.execute(sql.SQL("ALTER {} {} SET {} = {}").format(sql.SQL(kind), sql.Identifier(name), sql.SQL(MARK), mark))


def set_comment(db: Session, kind: str, name: str, comment: str | None) -> None:
    db.execute(sql.SQL("COMMENT ON {} {} IS {}").format(sql.SQL(kind), sql.Identifier(name), comment or None))
