"""Firebrick::Postgres::Database: a database on a PostgreSQL server."""

from typing import Annotated, Any

import psycopg
from psycopg import sql
from pydantic import Field

from firebrick.resources.base import Context, Done, Found, Live, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError
from firebrick.resources.postgresql import (
    CALL_TIMEOUT,
    UNFINISHED,
    ConnectionProperty,
    Name,
    Session,
    default_name,
    demand_free,
    digest,
    host_and_port,
    looked_for,
    made,
    moves,
    name_that_fits,
    session,
    set_comment,
    set_mark,
    still_made,
    translated,
)
from firebrick.resources.vocabulary import UPDATABLE, Custom, Range

KIND = "DATABASE"


class PostgresDatabase(ResourceType):
    """Its reference id is its name. A database that is there already is never taken over.

    CREATE DATABASE cannot be part of a transaction, so it is made under a name that only this resource can have,
    marked, and then renamed: whatever dies in between, the next attempt knows it. It is dropped only while nobody is
    connected, unless ``disconnect`` says otherwise.
    """

    type_name = "Firebrick::Postgres::Database"
    description = "A database on a PostgreSQL server."
    attributes = {
        "name": "The database's name.",
        "host": "Where its server answers.",
        "port": "The server's port.",
    }
    attribute_kinds = {"name": "string", "host": "string", "port": "integer"}
    call_timeout = CALL_TIMEOUT

    class Properties(ResourceProperties):
        name: Annotated[Name, Field(description="Default: made of the stack's and the resource's name.")] = None
        owner: Annotated[
            str | None,
            Custom("postgres_name", name_that_fits),
            UPDATABLE,
            Field(description="A role. Default: whoever creates it."),
        ] = None
        encoding: Annotated[str | None, Field(description="As CREATE DATABASE's. Default: the server's.")] = None
        locale: Annotated[str | None, Field(description="Order and kinds of characters. Default: the server's.")] = None
        connection_limit: Annotated[
            int, Range(-1), UPDATABLE, Field(description="How many may be connected; -1: no limit.")
        ] = -1
        comment: Annotated[str | None, UPDATABLE, Field(description="For people.")] = None
        disconnect: Annotated[
            bool, UPDATABLE, Field(description="Whether the delete sends those away who are connected.")
        ] = False
        connection: ConnectionProperty = None

    def create(self, context: Context) -> Done:
        mark = digest(context.key)
        with session(context.properties.connection) as db:
            if made(db, KIND, mark) is None:
                demand_free(db, KIND, self._name(context))
                _create(db, UNFINISHED + mark, context.properties)
            return self._finish(db, mark, context)

    def poll_create(self, context: Context) -> Done:
        """Called for one that find_by_key found: finish it."""
        with session(context.properties.connection) as db:
            return self._finish(db, str(context.physical_id), context)

    def find_by_key(self, context: Context) -> Found | None:
        mark = digest(context.key)
        with session(context.properties.connection) as db:
            return None if made(db, KIND, mark) is None else Found(physical_id=mark)

    def update(self, context: Context) -> Done:
        with session(context.properties.connection) as db:
            name = still_made(db, KIND, context).name
            _settle(db, name, context.properties)
        return self._done(name, str(context.physical_id), context)

    def forces_replacement(self, context: Context) -> bool:
        return moves(context)

    def replace_failed(self, context: Context) -> bool:
        """What is there has data in it: it is kept."""
        return self.read(context) is None

    def read(self, context: Context) -> Live | None:
        columns = "pg_get_userbyid(datdba), datconnlimit, shobj_description(o.oid, 'pg_database'), datallowconn"
        with session(context.properties.connection) as db:
            found = looked_for(db, KIND, context, columns)
        if found is None:
            return None
        owner, limit, comment, open_ = found.columns
        seen: dict[str, Any] = {"connection_limit": limit, "comment": comment}
        if context.properties.owner is not None:
            seen["owner"] = owner
        if context.properties.comment == "" and comment is None:
            seen["comment"] = ""
        shown = self._done(found.name, str(context.physical_id), context).attributes
        return Live(seen, healthy=bool(open_), why="" if open_ else "it takes no connections", attributes=shown)

    def delete(self, context: Context) -> Done:
        with session(context.properties.connection) as db:
            found = made(db, KIND, context.physical_id)
            if found is not None:
                force = sql.SQL(" WITH (FORCE)" if context.properties.disconnect else "")
                db.execute(sql.SQL("DROP DATABASE IF EXISTS {}{}").format(sql.Identifier(found.name), force))
        return Done()

    def _name(self, context: Context) -> str:
        return str(context.properties.name or default_name(context.physical_name))

    def _finish(self, db: Session, mark: str, context: Context) -> Done:
        """From the moment it exists to where it is as asked for. What cannot become so is taken away again."""
        wanted = self._name(context)
        if (found := made(db, KIND, mark)) is None:
            raise PermanentError("the database is gone, before it was whole")
        try:
            set_mark(db, KIND, found.name, mark)
            _settle(db, found.name, context.properties)
            if found.name == UNFINISHED + mark:
                demand_free(db, KIND, wanted)
                db.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (found.name, wanted))))
        except (PermanentError, psycopg.Error) as error:
            why = translated(error) if isinstance(error, psycopg.Error) else error
            if found.name == UNFINISHED + mark and isinstance(why, PermanentError):
                db.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(found.name)))
            raise
        return self._done(wanted, mark, context)

    def _done(self, name: str, mark: str, context: Context) -> Done:
        host, port = host_and_port(context.properties.connection)
        return Done(physical_id=mark, reference_id=name, attributes={"name": name, "host": host, "port": port})


def _create(db: Session, name: str, properties: Any) -> None:
    words: list[sql.Composable] = [sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))]
    if properties.encoding is not None:
        words.append(sql.SQL("ENCODING {}").format(properties.encoding))
    if properties.locale is not None:
        words.append(sql.SQL("LOCALE {}").format(properties.locale))
    if properties.encoding is not None or properties.locale is not None:
        words.append(sql.SQL("TEMPLATE template0"))  # the other one has an encoding and a locale already
    db.execute(sql.SQL(" ").join(words))


def _settle(db: Session, name: str, properties: Any) -> None:
    """Bring what can be changed to what is asked for. Safe to repeat."""
    what = sql.Identifier(name)
    db.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(what, properties.connection_limit))
    set_comment(db, KIND, name, properties.comment)
    if properties.owner is not None:
        db.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(what, sql.Identifier(properties.owner)))
