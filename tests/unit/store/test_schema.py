"""Opening databases: migrations and models agree, races at opening, databases that cannot be used."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ClauseElement, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from firebrick.diagnostics import InvalidInput, Unavailable
from firebrick.store import (
    Keyring,
    Store,
    aborts,
    acceptance,
    claims,
    migrate,
    operation_rows,
    operations,
    outcomes,
    plan_rows,
    reads,
    transaction,
)
from firebrick.store.database import open_engine
from firebrick.store.locked_rows import ById
from firebrick.store.models import metadata


async def test_models_and_migrations_agree(store: Store, url: str, keyring: Keyring) -> None:
    engine = open_engine(url, keyring, writes=False, connections=1)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_migrated_tables_and_indexes_are_to_the_letter_those_of_the_models(store: Store, database: Path) -> None:
    def schema(file: str) -> dict[str, list[str]]:
        connection = sqlite3.connect(file)
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'alembic%'"
        )
        made = {name: sorted(part.strip(" ,") for part in sql.splitlines()) for name, sql in found}
        connection.close()
        return made

    engine = create_engine(f"sqlite:///{database}.models")
    metadata.create_all(engine)
    engine.dispose()
    migrated = schema(str(database))
    assert migrated == schema(f"{database}.models")
    assert "WHERE state = 'RUNNING'" in migrated["uq_operations_running"][0]


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_postgresql_takes_every_table_and_statement() -> None:
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))
    statements = [
        value
        for module in (aborts, acceptance, claims, operation_rows, operations, outcomes, plan_rows, reads)
        for name, value in sorted(vars(module).items())
        if name.lstrip("_").isupper() and isinstance(value, ClauseElement)
    ]
    locking = [
        value
        for module in (claims, outcomes, transaction)
        for _, value in sorted(vars(module).items())
        if isinstance(value, ById)
    ]
    assert len(locking) == 4
    statements += [statement for one in locking for statement in (one.one, one.many)]
    assert len(statements) > 20
    compiled = [str(one.compile(dialect=dialect)) for one in statements]
    assert any("FOR UPDATE" in one for one in compiled)


async def test_stores_that_open_one_new_file_at_once_do_not_race(url: str, keyring: Keyring) -> None:
    opened = await asyncio.gather(*(Store.open(url, keyring) for _ in range(8)))
    for one in opened:
        assert await one.every_project().open_operations() == []
        await one.close()


async def test_stores_that_open_files_of_their_own_at_once_do_not_meet(tmp_path: Path, keyring: Keyring) -> None:
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(6)]
    opened = await asyncio.gather(*(Store.open(url, keyring) for url in urls))
    for store in opened:
        assert await store.project("p").stacks() == []
        await store.close()


async def test_a_database_of_a_newer_program_is_refused(
    store: Store, database: Path, url: str, keyring: Keyring
) -> None:
    await store.close()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Unavailable, match="newer"):
        await Store.open(url, keyring)


async def test_without_migrating_an_empty_database_is_refused_and_left_alone(
    database: Path, url: str, keyring: Keyring
) -> None:
    with pytest.raises(Unavailable) as refusal:
        await Store.open(url, keyring, migrate=False)
    assert refusal.value.first.code == "store-schema"
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


async def test_a_file_that_is_no_database_is_refused(database: Path, url: str, keyring: Keyring) -> None:
    database.write_bytes(b"something else entirely\n" * 100)
    with pytest.raises(Unavailable, match="file is not a database"):
        await Store.open(url, keyring)


async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, keyring: Keyring) -> None:
    with pytest.raises(Unavailable, match="unable to open database file"):
        await Store.open(f"sqlite:///{tmp_path}/nowhere/store.db", keyring)


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://host/database", "sqlite://", "sqlite:///:memory:", "sqlite:////tmp/x.db?synchronous=off"],
)
async def test_an_address_this_store_cannot_use_is_refused(url: str, keyring: Keyring) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await Store.open(url, keyring)
    assert refusal.value.first.code == "store-url"


async def test_full_synchronisation_can_be_asked_for(url: str, keyring: Keyring) -> None:
    async with await Store.open(f"{url}?synchronous=full", keyring) as store:
        assert await store.every_project().open_operations() == []
