"""What an operator does to a database: upgrade it, check it, purge what was deleted long ago, rotate its keys. For
`firebrick db`.

Plain functions that block; each opens the database for itself. A server and workers may be at work meanwhile. Errors:
InvalidInput for a URL this store cannot use, Unavailable when the database refuses.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, delete, exists, func, select

from firebrick.diagnostics import Conflict, Diagnostic
from firebrick.store import inspection, keyring_file, migrate, rotation
from firebrick.store.database import open_engine, refusals, unavailable
from firebrick.store.database_url import parse_url
from firebrick.store.inspection import Inspection, KeyUse
from firebrick.store.keyring import Keyring
from firebrick.store.models import events, operations, resources, stacks
from firebrick.store.operation_rows import OPEN_STATES

RETIRED_FOR = 60.0
"""Seconds that a key must not have been the current one before it may be dropped: what was sealed with it is committed
by then (a write waits 15 s for the database, a transaction that stands still is ended after 60)."""

STACKS_AT_ONCE = 100
"""A purge is many short transactions: others write meanwhile."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The newest migration before ("": the database was empty) and after."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows of each table were, or would be, removed."""

    stacks: int = 0
    operations: int = 0
    events: int = 0
    resources: int = 0

    def __add__(self, other: "Purged") -> "Purged":
        return Purged(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def upgrade(url: str) -> Upgraded:
    """Run the migrations that are missing, in one transaction. Unavailable: the database is newer than this program."""
    with _engine(url, None, writes=True) as engine:
        with engine.connect() as connection:
            before = migrate.current(connection) or ""
        migrate.upgrade(engine)
    return Upgraded(before, migrate.HEAD)


def check(url: str, keyring: Keyring) -> Inspection:
    """Compare schema and keyring with the database; changes nothing."""
    _must_exist(url)
    with _engine(url, keyring, writes=False) as engine:
        return inspection.inspect(engine, keyring)


def purge(url: str, *, deleted_before: float, dry_run: bool = False) -> Purged:
    """Remove stacks deleted before then (seconds since the epoch), with their operations and events.

    A stack with an operation that has not ended stays. dry_run: only count.
    """
    _must_exist(url)
    with _engine(url, None, writes=not dry_run) as engine:
        migrate.check(engine)
        total, after = Purged(), ""
        while True:
            with engine.connect() as connection, connection.begin():
                ids = _purgeable(connection, deleted_before, after)
                total += (_count if dry_run else _remove)(connection, ids)
            if len(ids) < STACKS_AT_ONCE:
                return total
            after = ids[-1]


def keys(url: str, keyring: Keyring) -> tuple[KeyUse, ...]:
    """How many values each key has sealed; keys of the keyring that sealed nothing are there with 0."""
    _must_exist(url)
    with _engine(url, keyring, writes=False) as engine:
        migrate.check(engine)
        return inspection.key_uses(engine, keyring)


def reseal(url: str, keyring: Keyring, told: Callable[[rotation.Progress], None] = lambda _: None) -> rotation.Progress:
    """Seal everything with the keyring's current key. Servers and workers may be at work; safe to repeat."""
    _must_exist(url)
    with _engine(url, keyring, writes=False) as reading, _engine(url, keyring, writes=True) as writing:
        migrate.check(reading)
        return rotation.reseal(reading, writing, keyring, told)


def drop_key(url: str, file: Path, key_id: str, *, retired_for: float = RETIRED_FOR) -> None:
    """Remove a key from the file of keys. Conflict when values of the database need it, or it may still be in use."""
    ring = Keyring.from_file(file)
    needed = {one.id: one.values for one in keys(url, ring)}.get(key_id, 0)
    if needed and key_id != ring.current:
        raise Conflict(
            Diagnostic(
                code="key-in-use",
                summary=f"{needed} values are sealed with key {key_id}",
                detail="Seal them with another one first: `firebrick db rotate-key`.",
            )
        )
    keyring_file.drop_key(file, key_id, retired_for=retired_for)


@contextmanager
def _engine(url: str, keyring: Keyring | None, *, writes: bool) -> Iterator[Engine]:
    engine = open_engine(url, keyring, writes=writes, connections=1)
    try:
        with refusals(opening=True):
            yield engine
    finally:
        engine.dispose()


def _must_exist(url: str) -> None:
    """SQLite makes a file that is missing."""
    parsed, _ = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        raise unavailable(f"there is no file {parsed.database}")


def _purgeable(connection: Connection, deleted_before: float, after: str) -> list[str]:
    open_ = exists().where(operations.c.stack_id == stacks.c.id).where(operations.c.state.in_(OPEN_STATES))
    query = (
        select(stacks.c.id)
        .where(stacks.c.deleted_at < deleted_before)
        .where(stacks.c.id > after)
        .where(~open_)
        .order_by(stacks.c.id)
        .limit(STACKS_AT_ONCE)
    )
    return list(connection.execute(query).scalars())


def _count(connection: Connection, ids: list[str]) -> Purged:
    def rows(stack_id: Column[str]) -> int:
        return int(connection.execute(select(func.count()).where(stack_id.in_(ids))).scalar_one())

    return Purged(len(ids), rows(operations.c.stack_id), rows(events.c.stack_id), rows(resources.c.stack_id))


def _remove(connection: Connection, ids: list[str]) -> Purged:
    gone = {
        table.name: connection.execute(delete(table).where(table.c.stack_id.in_(ids))).rowcount
        for table in (events, resources, operations)
    }
    return Purged(connection.execute(delete(stacks).where(stacks.c.id.in_(ids))).rowcount, **gone)
