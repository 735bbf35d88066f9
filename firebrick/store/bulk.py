"""Writing many rows at once: in one statement, from one JSON text, where the database can (PostgreSQL); else one a row.

A statement for each row of a group costs PostgreSQL and its driver twice what one for all of them does. (Arrays were
tried: the driver builds them in Python, and nothing is gained.)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Dialect,
    Insert,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator

from firebrick.compact_json import compact

TOGETHER = "postgresql"  # the dialect that can


class BulkUpdate:
    """An UPDATE of rows by their id, which no two of a call share.

    given: columns whose values come with each row, as ``_<column>`` beside ``_id``. fixed: columns and what they become
    in every row.
    """

    def __init__(self, table: Table, given: Sequence[str], fixed: Mapping[str, Any] | None = None) -> None:
        same = fixed or {}
        columns = [table.c.id, *(table.c[name] for name in given)]
        each: dict[str, Any] = {name: bindparam(f"_{name}") for name in given}
        self._each = update(table).where(table.c.id == bindparam("_id")).values(**each, **same)
        self._rows = _Rows(columns, "_")
        rows = self._rows.table
        together = {name: rows.c[name] for name in given}
        # The ids once more, as an array: from the text alone the planner expects a hundred and reads the whole table.
        ids = func.any(bindparam("ids", type_=ARRAY(table.c.id.type, dimensions=1)))
        self._together = (
            update(table).where(table.c.id == rows.c.id).where(table.c.id == ids).values(**together, **same)
        )

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """One statement a row."""
        if rows:
            connection.execute(self._each, rows)

    def together(self, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> tuple[Update, Mapping[str, Any]]:
        """All in one statement, and its parameters."""
        return self._together, {**self._rows.parameters(dialect, rows), "ids": [row["_id"] for row in rows]}


class BulkInsert:
    """An INSERT of rows, each with a value for each of these columns; all there are, unless they are named.

    same: columns that have one value in all rows of a call.
    """

    def __init__(self, table: Table, names: Sequence[str] = (), same: Sequence[str] = ()) -> None:
        names = tuple(names) or tuple(table.c.keys())
        self._each = insert(table)
        self._rows = _Rows([table.c[name] for name in names], "")
        rows = self._rows.table
        given: list[Any] = [rows.c[name] for name in names]
        given += [bindparam(name, type_=table.c[name].type) for name in same]
        self._together = insert(table).from_select((*names, *same), select(*given))

    def execute(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None
    ) -> None:
        """same: the values that all rows have."""
        same = same or {}
        if len(rows) > 1 and connection.dialect.name == TOGETHER:
            statement, parameters = self.together(connection.dialect, rows)
            connection.execute(statement, {**same, **parameters})
        elif rows:
            connection.execute(self._each, [{**same, **row} for row in rows] if same else rows)

    def together(self, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> tuple[Insert, Mapping[str, Any]]:
        """All in one statement, and its parameters but for those that are the same."""
        return self._together, self._rows.parameters(dialect, rows)


class NewIds:
    """Ids for rows that are about to be inserted, so that they can name each other. None is given twice."""

    def __init__(self, table: Table) -> None:
        sequence = select(func.pg_get_serial_sequence(table.name, "id")).scalar_subquery()  # asked once, not for each
        self._from_sequence = select(func.nextval(sequence)).select_from(func.generate_series(1, bindparam("count")))
        self._last = text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)

    def take(self, connection: Connection, count: int) -> list[int]:
        """So many, ascending."""
        if connection.dialect.name == TOGETHER:
            return sorted(connection.execute(self._from_sequence, {"count": count}).scalars())
        # SQLite remembers the greatest id that a row was ever given; the transaction holds the file.
        last = connection.execute(self._last).scalar() or 0
        return list(range(last + 1, last + 1 + count))


class _Rows:
    """The rows of a call as a table. prefix: of their keys."""

    def __init__(self, columns: Sequence[Column[Any]], prefix: str) -> None:
        self._columns = [(f"{prefix}{one.name}", one.type) for one in columns]
        told = cast(bindparam("all_rows", type_=Text, required=True), JSON)
        typed: list[Any] = [column(one.name, one.type) for one in columns]
        self.table = func.json_to_recordset(told).table_valued(*typed).render_derived(name="given", with_types=True)
        self._names = [
            str(one.name) for one in columns
        ]  # plain ones, not SQLAlchemy's, which to write takes ten times as long

    def parameters(self, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        forms = [
            (name, key, _form(type_, dialect)) for name, (key, type_) in zip(self._names, self._columns, strict=True)
        ]
        told = [{name: row[key] if form is None else form(row[key]) for name, key, form in forms} for row in rows]
        return {"all_rows": compact(told).decode()}


def _form(type_: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """How a value is written in JSON; None: as it is. Sealed columns are bytes: PostgreSQL reads them in
    hexadecimal."""
    if not isinstance(type_, TypeDecorator):
        return None

    def sealed(value: Any) -> str | None:
        found: bytes | None = type_.process_bind_param(value, dialect)
        return None if found is None else f"\\x{found.hex()}"

    return sealed
