"""Sealing what is stored with the current key, while servers and workers go on. For `firebrick db rotate-key`.

A pass goes through the tables in the order of their keys, a batch at a time: read, open and seal outside of any
transaction, then write each value where the stored one is still the one that was read. Who was killed in the middle
begins again, and finds what is left by the values themselves. A batch locks the rows of its stacks as every writer
does, in the order of their ids, so it waits for nobody who waits for it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from firebrick.store.inspection import sealed_columns
from firebrick.store.keyring import Keyring, header_of
from firebrick.store.models import metadata, stacks
from firebrick.store.rows_by_id import ById

ROWS = 100
"""Of one batch; of stacks, which hold whole templates, a tenth."""
PASSES = 1000
"""After so many somebody must be writing with an old key all the time; that is told, not tried for ever."""

_LOCK = ById(select(stacks.c.id), stacks.c.id)


@dataclass(frozen=True, slots=True)
class Progress:
    """values: sealed again so far. missed: those that somebody else wrote meanwhile; the next pass looks at them."""

    values: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of a row: its column, as it is stored and as it is to be. where: the row's primary key."""

    column: str
    where: tuple[Any, ...]
    old: bytes
    new: bytes


def reseal(
    reading: Engine, writing: Engine, keyring: Keyring, told: Callable[[Progress], None] = lambda _: None
) -> Progress:
    """Seal all with the keyring's current key; returns when a whole pass found nothing else.

    told: called after each batch. Unavailable when a value does not open: nothing of its batch is written.
    """
    progress = Progress()
    for _ in range(PASSES):
        found = False
        for table in metadata.sorted_tables:
            columns = [column for column in sealed_columns() if column.table is table]
            for batch, ids in _batches(reading, keyring, table, columns) if columns else ():
                found = True
                progress = _write(writing, table, batch, ids, progress)
                told(progress)
        if not found:
            break
    return progress


def _batches(
    engine: Engine, keyring: Keyring, table: Table, columns: Sequence[Column[Any]]
) -> Iterator[tuple[list[_Value], list[str]]]:
    """The values that another key sealed, and the ids of their stacks; by the table's primary key."""
    key = list(table.primary_key.columns)
    stack = table.c.id if table is stacks else table.c.stack_id
    raw = [type_coerce(column, LargeBinary).label(column.name) for column in columns]
    after: tuple[Any, ...] | None = None
    while True:
        header = header_of(keyring.seal(b""))
        query = select(*key, stack.label("_stack"), *raw).where(
            or_(*(_sealed_otherwise(one, header) for one in columns))
        )
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*after) if len(key) > 1 else key[0] > after[0])
        query = query.order_by(*key).limit(max(1, ROWS // 10) if table is stacks else ROWS)
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield _sealed_anew(rows, len(key), columns, keyring, header), sorted({row[len(key)] for row in rows})
        after = tuple(rows[-1][: len(key)])


def _sealed_anew(
    rows: Sequence[Any], keys: int, columns: Sequence[Column[Any]], keyring: Keyring, header: bytes
) -> list[_Value]:
    values = []
    for row in rows:
        for column, stored in zip(columns, row[keys + 1 :], strict=True):
            old = None if stored is None else bytes(stored)
            if old is not None and header_of(old) != header:
                values.append(_Value(column.name, tuple(row[:keys]), old, keyring.seal(keyring.open(old))))
    return values


def _sealed_otherwise(column: Column[Any], header: bytes) -> ColumnElement[bool]:
    sealed = type_coerce(column, LargeBinary)
    return and_(column.is_not(None), func.substr(sealed, 1, len(header), type_=LargeBinary()) != header)


def _write(engine: Engine, table: Table, batch: Sequence[_Value], ids: Sequence[str], before: Progress) -> Progress:
    """One transaction: each value, where the stored one is still the one that was read."""
    with engine.connect() as connection, connection.begin():
        _LOCK.rows(connection, ids)
        written = sum(_swap(connection, table, value) for value in batch)
    return Progress(before.values + written, before.missed + len(batch) - written)


def _swap(connection: Connection, table: Table, value: _Value) -> int:
    column = table.c[value.column]
    statement = (
        update(table)
        .where(and_(*(one == bindparam(f"_{one.name}") for one in table.primary_key.columns)))
        .where(type_coerce(column, LargeBinary) == bindparam("_old", type_=LargeBinary))
        .values({column: bindparam("_new", type_=LargeBinary)})
    )
    names = [f"_{one.name}" for one in table.primary_key.columns]
    given = dict(zip(names, value.where, strict=True)) | {"_old": value.old, "_new": value.new}
    return connection.execute(statement, given).rowcount
