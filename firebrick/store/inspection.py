"""Looking at a database before it is trusted: has it this program's tables, and can this keyring open what is in it?

`check_keyring` is a glance, for every opening; `inspect` reads everything once, for `firebrick db check`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Engine, LargeBinary, func, not_, or_, select, type_coerce

from firebrick.diagnostics import Unavailable
from firebrick.store import migrate
from firebrick.store.keyring import Keyring, header_of, key_id_of
from firebrick.store.models import metadata, stacks
from firebrick.store.types import EncryptedJSON, EncryptedText

CURRENT, KNOWN, MISSING, ANOTHER = "current", "known", "missing", "another key"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many values a key sealed. state: current, known, missing (not in the keyring), another key (of that id)."""

    id: str
    values: int
    state: str

    @property
    def ok(self) -> bool:
        return self.state in (CURRENT, KNOWN)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found. schema: the newest migration, "" for none. differences: from this program's tables, when the
    schema is its own. keys: by id; keys in the keyring that sealed nothing are there with 0. Where the tables are not
    this program's, keys and stacks were not looked at: None."""

    schema: str
    needed: str
    differences: tuple[str, ...]
    keys: tuple[KeyUse, ...] | None
    stacks: int | None

    @property
    def sound(self) -> bool:
        return not self.advice()

    def advice(self) -> list[str]:
        """What to do, a sentence for each problem; nothing when all is well."""
        told: list[str] = []
        if not self.schema:
            told.append("The database is empty: run `firebrick db upgrade`, or start a server on it.")
        elif self.schema < self.needed:
            told.append(f"Its schema {self.schema} is older than this program's {self.needed}: `firebrick db upgrade`.")
        elif self.schema > self.needed:
            told.append(f"Its schema {self.schema} is newer than this program's {self.needed}: use a newer Firebrick.")
        told += [
            f"{one}: somebody changed the tables by hand; restore a backup, or undo it." for one in self.differences
        ]
        for key in self.keys or ():
            if key.state == MISSING:
                told.append(f"{key.values} values need key {key.id}: put it back into the keyring from its backup.")
            elif key.state == ANOTHER:
                told.append(f"Values sealed with key {key.id} do not open: the keyring is of another installation.")
        return told


def check_keyring(engine: Engine, keyring: Keyring) -> None:
    """Unavailable when a value of the database does not open: nothing must be written with such a keyring."""
    with engine.connect() as connection:
        sealed = connection.execute(select(type_coerce(stacks.c.description, LargeBinary)).limit(1)).scalar()
    if sealed is not None:
        keyring.open(bytes(sealed))


def inspect(engine: Engine, keyring: Keyring) -> Inspection:
    """Read-only; reads each encrypted value's first bytes, and some values as a whole."""
    with engine.connect() as connection:
        schema = migrate.current(connection) or ""
        if schema != migrate.HEAD:
            return Inspection(schema, migrate.HEAD, (), None, None)
        differences = _differences(connection)
        if differences:
            return Inspection(schema, migrate.HEAD, differences, None, None)
        count = connection.execute(select(func.count()).select_from(stacks)).scalar_one()
        return Inspection(schema, migrate.HEAD, (), _keys(connection, keyring), count)


def key_uses(engine: Engine, keyring: Keyring) -> tuple[KeyUse, ...]:
    """By id. For a database that has this program's tables."""
    with engine.connect() as connection:
        return _keys(connection, keyring)


def sealed_columns() -> list[Column[Any]]:
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, EncryptedText | EncryptedJSON)
    ]


def _differences(connection: Connection) -> tuple[str, ...]:
    from alembic.autogenerate import compare_metadata  # slow to import
    from alembic.migration import MigrationContext

    def ours(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
        return kind != "table" or name in metadata.tables  # what else lives in the database is not our business

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": ours})
    return tuple(sorted(_text(one) for one in compare_metadata(context, metadata)))


def _text(difference: Any) -> str:
    """``remove_index: uq_operations_running``, from Alembic's tuples: an operation, then things of many kinds."""
    if isinstance(difference, list):  # the changes of one column
        difference = difference[0]
    operation, *things = difference
    names = [str(getattr(one, "name", one)) for one in things if isinstance(one, str) or hasattr(one, "name")]
    return f"{operation}: {' '.join(names)}"


def _keys(connection: Connection, keyring: Keyring) -> tuple[KeyUse, ...]:
    counts: dict[str, int] = dict.fromkeys(keyring.ids, 0)
    strange: set[str] = set()
    for column in sealed_columns():
        for header, sample in _samples(connection, column).items():
            key_id = key_id_of(sample)
            sealed = type_coerce(column, LargeBinary)
            many = connection.execute(select(func.count()).where(_starts(sealed, header))).scalar_one()
            counts[key_id] = counts.get(key_id, 0) + many
            if key_id in keyring.ids and not _opens(keyring, sample):
                strange.add(key_id)
    return tuple(KeyUse(one, counts[one], _state(one, keyring, strange)) for one in sorted(counts))


def _samples(connection: Connection, column: Column[Any]) -> dict[bytes, bytes]:
    """One value for each key that sealed values of the column."""
    sealed = type_coerce(column, LargeBinary)
    found: dict[bytes, bytes] = {}
    while True:
        query = select(sealed).where(column.is_not(None)).limit(1)
        if found:
            query = query.where(not_(or_(*(_starts(sealed, header) for header in found))))
        value = connection.execute(query).scalar()
        if value is None:
            return found
        found[header_of(bytes(value))] = bytes(value)


def _starts(sealed: ColumnElement[bytes], header: bytes) -> ColumnElement[bool]:
    return func.substr(sealed, 1, len(header), type_=LargeBinary()) == header


def _opens(keyring: Keyring, sealed: bytes) -> bool:
    try:
        keyring.open(sealed)
    except Unavailable:
        return False
    return True


def _state(key_id: str, keyring: Keyring, strange: set[str]) -> str:
    if key_id in strange:
        return ANOTHER
    if key_id not in keyring.ids:
        return MISSING
    return CURRENT if key_id == keyring.current else KNOWN
