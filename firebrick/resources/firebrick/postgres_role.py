"""Firebrick::Postgres::Role: a role of a PostgreSQL server, as a rule somebody who may log in."""

import datetime
from typing import Annotated, Any

from psycopg import sql
from psycopg.errors import DependentObjectsStillExist
from pydantic import Field

from firebrick.resources.base import Context, Done, Found, Live, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError, RefusedError
from firebrick.resources.postgresql import (
    CALL_TIMEOUT,
    ConnectionProperty,
    Name,
    Session,
    default_name,
    demand_free,
    digest,
    looked_for,
    made,
    moves,
    session,
    set_comment,
    set_mark,
    still_made,
)
from firebrick.resources.vocabulary import SECRET, UPDATABLE, Custom, Range

KIND = "ROLE"


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def a_moment(text: str) -> None:
    """ValueError: not of ISO 8601."""
    _moment(text)


class PostgresRole(ResourceType):
    """Its reference id is its name. A role that is there already is never taken over.

    The server is sent a verifier, never the password, so the password is in none of its logs. What would make a role
    more than a user of databases (SUPERUSER, CREATEROLE, REPLICATION, membership in other roles) is not offered: who
    writes a template would have it from an operator's account.
    """

    type_name = "Firebrick::Postgres::Role"
    description = "A role of a PostgreSQL server."
    attributes = {"name": "The role's name."}
    attribute_kinds = {"name": "string"}
    call_timeout = CALL_TIMEOUT

    class Properties(ResourceProperties):
        name: Annotated[Name, Field(description="Default: made of the stack's and the resource's name.")] = None
        password: Annotated[
            str | None, SECRET, UPDATABLE, Field(description="Default: none; then it cannot log in with one.")
        ] = None
        login: Annotated[bool, UPDATABLE, Field(description="Whether it may log in.")] = True
        create_database: Annotated[bool, UPDATABLE, Field(description="Whether it may create databases.")] = False
        connection_limit: Annotated[
            int, Range(-1), UPDATABLE, Field(description="How often it may be connected; -1: no limit.")
        ] = -1
        valid_until: Annotated[
            str | None,
            Custom("iso_8601", a_moment),
            UPDATABLE,
            Field(description="When its password ends, ISO 8601; UTC where it does not say. Default: never."),
        ] = None
        comment: Annotated[str | None, UPDATABLE, Field(description="For people.")] = None
        connection: ConnectionProperty = None

    def create(self, context: Context) -> Done:
        name, mark = context.properties.name or default_name(context.physical_name), digest(context.key)
        with session(context.properties.connection) as db:
            if made(db, KIND, mark) is None:
                demand_free(db, KIND, name)
                with db.transaction():
                    db.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
                    set_mark(db, KIND, name, mark)
                    _settle(db, name, context.properties)
        return _done(name, mark)

    def poll_create(self, context: Context) -> Done:
        """Called for one that find_by_key found: it is whole, as it was made in one transaction."""
        with session(context.properties.connection) as db:
            found = made(db, KIND, context.physical_id)
        if found is None:
            raise PermanentError("the role is gone, before its create was told about")
        return _done(found.name, str(context.physical_id))

    def find_by_key(self, context: Context) -> Found | None:
        mark = digest(context.key)
        with session(context.properties.connection) as db:
            return None if made(db, KIND, mark) is None else Found(physical_id=mark)

    def update(self, context: Context) -> Done:
        with session(context.properties.connection) as db:
            name = still_made(db, KIND, context).name
            with db.transaction():
                _settle(db, name, context.properties)
        return _done(name, str(context.physical_id))

    def forces_replacement(self, context: Context) -> bool:
        return moves(context)

    def replace_failed(self, context: Context) -> bool:
        """What is there may own things: it is kept."""
        return self.read(context) is None

    def read(self, context: Context) -> Live | None:
        """The password is not looked at: the server shows no verifiers."""
        columns = "rolcanlogin, rolcreatedb, rolconnlimit"
        columns += ", CASE WHEN isfinite(rolvaliduntil) THEN rolvaliduntil AT TIME ZONE 'UTC' END"
        columns += ", shobj_description(o.oid, 'pg_authid')"
        with session(context.properties.connection) as db:
            found = looked_for(db, KIND, context, columns)
        if found is None:
            return None
        login, create_database, limit, until, comment = found.columns
        wanted = context.properties
        seen: dict[str, Any] = {"login": login, "create_database": create_database, "connection_limit": limit}
        seen["comment"] = "" if comment is None and wanted.comment == "" else comment
        if until is not None:
            until = until.replace(tzinfo=datetime.UTC)
            same = wanted.valid_until is not None and _moment(wanted.valid_until) == until
            seen["valid_until"] = wanted.valid_until if same else until.isoformat()
        else:
            seen["valid_until"] = None
        return Live(properties=seen, attributes=_done(found.name, str(context.physical_id)).attributes)

    def delete(self, context: Context) -> Done:
        with session(context.properties.connection) as db:
            found = made(db, KIND, context.physical_id)
            if found is not None:
                try:
                    db.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(found.name)))
                except DependentObjectsStillExist as error:
                    raise PermanentError(
                        f"the role {found.name} still owns or may use something: {error.diag.message_detail}. In each "
                        "database: REASSIGN OWNED BY it TO another; DROP OWNED BY it. Then delete again."
                    ) from None
        return Done()


def _done(name: str, mark: str) -> Done:
    return Done(physical_id=mark, reference_id=name, attributes={"name": name})


def _settle(db: Session, name: str, properties: Any) -> None:
    """Bring everything but the name to what is asked for. Safe to repeat."""
    words = ["LOGIN" if properties.login else "NOLOGIN", "CREATEDB" if properties.create_database else "NOCREATEDB"]
    until = _moment(properties.valid_until).isoformat() if properties.valid_until else "infinity"
    db.execute(
        sql.SQL("ALTER ROLE {} WITH {} CONNECTION LIMIT {} VALID UNTIL {} PASSWORD {}").format(
            sql.Identifier(name),
            sql.SQL(" ".join(words)),
            properties.connection_limit,
            until,
            _verifier(db, name, properties.password),
        )
    )
    set_comment(db, KIND, name, properties.comment)


def _verifier(db: Session, name: str, password: str | None) -> str | None:
    """What the server compares a login with (SCRAM-SHA-256). The password itself does not leave this process."""
    if not password:
        return None
    if "\0" in password:
        raise RefusedError("the password has a character that PostgreSQL does not take (NUL)")
    return db.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
