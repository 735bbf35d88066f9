"""Reading rows by id inside a write, locked where the database knows how and they must be."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Select, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY

from firebrick.store.bulk import TOGETHER


class ById:
    """A query for some rows by their id, in the order of ids (so that two transactions never wait for each other).

    A list of ids has to be written into the statement each time, where there are no arrays; one id, the usual case when
    little goes on, has not, and that is a fifth of a write's cost.

    locked: a stack's row. What belongs to a stack needs no lock of its own: whoever writes it holds the stack's.
    """

    def __init__(self, query: Select[Any], column: Column[Any], *, locked: bool = True) -> None:
        self.one = query.where(column == bindparam("id"))
        self.many = query.where(column.in_(bindparam("ids", expanding=True))).order_by(column)
        any_of = func.any(bindparam("ids", type_=ARRAY(column.type, dimensions=1)))
        self.any = query.where(column == any_of).order_by(column)
        if locked:
            self.one, self.many, self.any = (one.with_for_update() for one in (self.one, self.many, self.any))

    def rows(self, connection: Connection, ids: Sequence[Any]) -> Sequence[Any]:
        """Rows that exist; ids: ascending."""
        return connection.execute(*self.asking(connection.dialect, ids)).all() if ids else ()

    def asking(self, dialect: Dialect, ids: Sequence[Any]) -> tuple[Select[Any], Mapping[str, Any]]:
        """The statement for these, at least one, and its parameters."""
        if len(ids) == 1:
            return self.one, {"id": ids[0]}
        return self.any if dialect.name == TOGETHER else self.many, {"ids": ids}
