"""Reading rows by id inside a write, locked where the database knows how."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY

from firebrick.store.bulk import TOGETHER


class ById:
    """A query for some rows by their id, in the order of ids (so that two transactions never wait for each other).

    A list of ids has to be written into the statement each time, where there are no arrays; one id, the usual case when
    little goes on, has not, and that is a fifth of a write's cost.
    """

    def __init__(self, query: Select[Any], column: Column[Any]) -> None:
        self.one = query.where(column == bindparam("id")).with_for_update()
        self.many = query.where(column.in_(bindparam("ids", expanding=True))).order_by(column).with_for_update()
        any_of = func.any(bindparam("ids", type_=ARRAY(column.type, dimensions=1)))
        self.any = query.where(column == any_of).order_by(column).with_for_update()

    def rows(self, connection: Connection, ids: Sequence[Any]) -> Sequence[Any]:
        """Rows that exist; ids: ascending."""
        if len(ids) == 1:
            return connection.execute(self.one, {"id": ids[0]}).all()
        if not ids:
            return ()
        statement = self.any if connection.dialect.name == TOGETHER else self.many
        return connection.execute(statement, {"ids": ids}).all()
