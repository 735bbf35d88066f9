"""Opening databases: migrations and models agree, races at opening, databases that cannot be used."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from firebrick.diagnostics import Unavailable
from firebrick.store import Keyring, Store, migrate
from firebrick.store.database import open_engine
from firebrick.store.models import metadata
from tests.unit.store.databases import Database


async def test_models_and_migrations_agree(url: str, keyring: Keyring) -> None:
    engine = open_engine(url, keyring, writes=False, connections=1)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_migrated_tables_and_indexes_are_to_the_letter_those_of_the_models(
    database: Database, empty_database: Database
) -> None:
    engine = create_engine(empty_database.url)
    metadata.create_all(engine)
    engine.dispose()
    migrated = database.schema()
    assert migrated == empty_database.schema()
    assert set(metadata.tables) <= set(migrated)
    assert any("uq_operations_running" in text and "RUNNING" in text for text in _all(migrated))


def _all(schema: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{name}: {text}" for name, texts in schema.items() for text in texts]


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


async def test_stores_that_open_one_new_database_at_once_do_not_race(
    empty_database: Database, keyring: Keyring
) -> None:
    opened = await asyncio.gather(*(Store.open(empty_database.url, keyring) for _ in range(8)))
    for one in opened:
        assert await one.every_project().open_operations() == []
        await one.close()


async def test_stores_that_open_databases_of_their_own_at_once_do_not_meet(new_database: Any, keyring: Keyring) -> None:
    urls = [new_database(empty=True).url for _ in range(6)]
    opened = await asyncio.gather(*(Store.open(url, keyring) for url in urls))
    for store in opened:
        assert await store.project("p").stacks() == []
        await store.close()


async def test_a_database_of_a_newer_program_is_refused(database: Database, keyring: Keyring) -> None:
    database.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer"):
        await Store.open(database.url, keyring)


async def test_without_migrating_an_empty_database_is_refused_and_left_alone(
    empty_database: Database, keyring: Keyring
) -> None:
    with pytest.raises(Unavailable) as refusal:
        await Store.open(empty_database.url, keyring, migrate=False)
    assert refusal.value.first.code == "store-schema"
    assert empty_database.schema() == {}
