"""Writing many rows at once: in one statement, from one JSON text, where the database can (PostgreSQL); else one a row.

A statement for each row of a group costs PostgreSQL and its driver twice what one for all of them does. (Arrays were
tried: the driver builds them in Python, and nothing is gained.)
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Dialect,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator

TOGETHER = "postgresql"  # the dialect that can

_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


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
        if len(rows) > 1 and connection.dialect.name == TOGETHER:
            given = self._rows.parameters(connection.dialect, rows)
            connection.execute(self._together, {**given, "ids": [row["_id"] for row in rows]})
        elif rows:
            connection.execute(self._each, rows)


class BulkInsert:
    """An INSERT of rows, each with a value for each of these columns; all there are, unless they are named.

    known_by: a column whose values the caller makes and no two rows share: `ids` finds the rows' ids by it.
    """

    def __init__(self, table: Table, names: Sequence[str] = (), *, known_by: str = "") -> None:
        names = tuple(names) or tuple(table.c.keys())
        self._known_by = known_by
        self._each = insert(table)
        self._rows = _Rows([table.c[name] for name in names], "")
        rows = self._rows.table
        self._together = insert(table).from_select(names, select(*(rows.c[name] for name in names)))
        if known_by:
            self._each_id = self._each.returning(table.c.id, sort_by_parameter_order=True)
            self._all_ids = self._together.returning(table.c[known_by], table.c.id)

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) > 1 and connection.dialect.name == TOGETHER:
            connection.execute(self._together, self._rows.parameters(connection.dialect, rows))
        elif rows:
            connection.execute(self._each, rows)

    def ids(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert them; their ids, which ascend in the order given."""
        if connection.dialect.name != TOGETHER:
            return list(connection.execute(self._each_id, rows).scalars())
        given = self._rows.parameters(connection.dialect, rows)
        found: dict[Any, int] = {row[0]: row[1] for row in connection.execute(self._all_ids, given)}
        return [found[row[self._known_by]] for row in rows]


class _Rows:
    """The rows of a call as a table. prefix: of their keys."""

    def __init__(self, columns: Sequence[Column[Any]], prefix: str) -> None:
        self._columns = [(f"{prefix}{one.name}", one.type) for one in columns]
        text = cast(bindparam("all_rows", type_=Text, required=True), JSON)
        typed: list[Any] = [column(one.name, one.type) for one in columns]
        self.table = func.json_to_recordset(text).table_valued(*typed).render_derived(name="given", with_types=True)
        self._names = [one.name for one in columns]

    def parameters(self, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        forms = [
            (name, key, _form(type_, dialect)) for name, (key, type_) in zip(self._names, self._columns, strict=True)
        ]
        told = [{name: row[key] if form is None else form(row[key]) for name, key, form in forms} for row in rows]
        return {"all_rows": _to_json(told)}


def _form(type_: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """How a value is written in JSON; None: as it is. Sealed columns are bytes: PostgreSQL reads them in
    hexadecimal."""
    if not isinstance(type_, TypeDecorator):
        return None

    def sealed(value: Any) -> str | None:
        found: bytes | None = type_.process_bind_param(value, dialect)
        return None if found is None else f"\\x{found.hex()}"

    return sealed
