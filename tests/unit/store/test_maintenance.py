"""What an operator does: upgrade, check, purge."""

import time
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.diagnostics import Unavailable
from firebrick.store import Keyring, Store, maintenance, migrate
from firebrick.store.inspection import sealed_columns
from firebrick.store.maintenance import Purged
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.store.databases import Database

OTHER = "B" * 43 + "="


async def deleted(stacks: Any, name: str, *, now: float) -> str:
    """A stack of two resources that was deleted then; its id."""
    stack = await stacks.created({"a": (), "b": ()}, name)
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    for one in ("a", "b"):
        await stack.step(one, RowOutcome.done())
    await stack.finish(complete=True, now=now)
    return str(stack.id)


# --- upgrade ---


def test_an_empty_database_is_made_ready_once(empty_database: Database, database: Database) -> None:
    assert maintenance.upgrade(empty_database.url) == maintenance.Upgraded("", migrate.HEAD)
    assert maintenance.upgrade(empty_database.url) == maintenance.Upgraded(migrate.HEAD, migrate.HEAD)
    assert empty_database.schema() == database.schema()


def test_a_newer_database_is_not_downgraded(database: Database) -> None:
    database.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer"):
        maintenance.upgrade(database.url)


# --- check ---


async def test_a_database_in_order_is_said_to_be(stacks: Any, database: Database, keyring: Keyring) -> None:
    await stacks.created({"a": ()})
    found = maintenance.check(database.url, keyring)
    assert found.sound and found.advice() == []
    assert (found.schema, found.differences, found.stacks) == (migrate.HEAD, (), 1)
    (key,) = found.keys or ()
    sealed = sum(
        database.run(f"SELECT count({column.name}) FROM {column.table.name}")[0][0] for column in sealed_columns()
    )
    assert (key.id, key.state, key.values) == ("k1", "current", sealed)


async def test_keys_that_sealed_something_are_counted_and_missing_ones_named(
    stacks: Any, database: Database, key: str
) -> None:
    await stacks.created({"a": ()})
    both = Keyring.from_values({"k1": key, "k2": OTHER}, current="k2")
    before = maintenance.check(database.url, both)
    assert before.sound and {one.id: one.state for one in before.keys or ()} == {"k1": "known", "k2": "current"}
    async with await Store.open(database.url, both) as store:
        await type(stacks)(store).created({"a": ()}, "second")
    after = {one.id: one.values for one in maintenance.check(database.url, both).keys or ()}
    assert after["k1"] == next(one.values for one in before.keys or () if one.id == "k1") and after["k2"] > 10
    alone = maintenance.check(database.url, Keyring.from_values({"k2": OTHER}, current="k2"))
    assert {one.id: one.state for one in alone.keys or ()} == {"k1": "missing", "k2": "current"}
    assert not alone.sound and f"{after['k1']} values need key k1" in alone.advice()[0]
    strange = maintenance.check(database.url, Keyring.from_values({"k1": OTHER, "k2": OTHER}, current="k2"))
    assert {one.id: one.state for one in strange.keys or ()} == {"k1": "another key", "k2": "current"}
    assert "another installation" in strange.advice()[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP INDEX uq_operations_running", "uq_operations_running"),
        ("ALTER TABLE stacks ADD COLUMN colour VARCHAR(9)", "colour"),
        ("DROP TABLE events", "events"),
    ],
)
def test_tables_that_somebody_changed_are_named(database: Database, keyring: Keyring, change: str, said: str) -> None:
    database.run(change)
    found = maintenance.check(database.url, keyring)
    assert not found.sound and any(said in one for one in found.differences)
    assert found.stacks is None and found.keys is None  # 0 would read as if everything were lost
    assert all("by hand" in one for one in found.advice())


def test_tables_of_others_beside_ours_do_not_matter(database: Database, keyring: Keyring) -> None:
    database.run("CREATE TABLE somebody_elses (n INTEGER)")
    assert maintenance.check(database.url, keyring).sound


def test_another_schema_is_told_with_what_to_do(database: Database, empty_database: Database, keyring: Keyring) -> None:
    for version, said in (("0001", "older"), ("9999", "newer")):
        database.run(f"UPDATE alembic_version SET version_num = '{version}'")
        assert said in maintenance.check(database.url, keyring).advice()[0]
    maintenance.upgrade(empty_database.url)
    empty_database.run("DELETE FROM alembic_version")
    assert "db upgrade" in maintenance.check(empty_database.url, keyring).advice()[0]


# --- purge ---


async def test_what_was_deleted_long_ago_goes_with_all_that_belongs_to_it(stacks: Any, database: Database) -> None:
    old = await deleted(stacks, "old", now=100.0)
    young = await deleted(stacks, "young", now=200.0)
    living = await stacks.created({"a": ()}, "old")
    everything = {table: database.run(f"SELECT count(*) FROM {table}")[0][0] for table in ("operations", "events")}
    would = maintenance.purge(database.url, deleted_before=150.0, dry_run=True)
    assert would == Purged(stacks=1, operations=2, events=12, resources=0)
    assert len(await stacks.repository.events(old)) == 12
    assert maintenance.purge(database.url, deleted_before=150.0) == would
    assert maintenance.purge(database.url, deleted_before=150.0) == Purged()
    left = {table: database.run(f"SELECT count(*) FROM {table}")[0][0] for table in ("operations", "events")}
    assert left == {"operations": everything["operations"] - 2, "events": everything["events"] - 12}
    assert database.run(f"SELECT count(*) FROM stacks WHERE id = '{old}'") == [(0,)]
    assert (await stacks.repository.stack(young, include_deleted=True)).state == "DELETE_COMPLETE"
    assert (await stacks.repository.stack("old")).id == living.id


async def test_many_are_purged_a_few_at_a_time(
    stacks: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "STACKS_AT_ONCE", 2)
    for number in range(5):
        await deleted(stacks, f"s{number}", now=float(number))
    assert maintenance.purge(database.url, deleted_before=time.time(), dry_run=True).stacks == 5
    assert maintenance.purge(database.url, deleted_before=3.5) == Purged(4, 8, 48, 0)
    assert database.run("SELECT count(*) FROM stacks") == [(1,)]


async def test_a_deleted_stack_on_which_something_was_asked_for_stays(stacks: Any, database: Database) -> None:
    gone = await deleted(stacks, "web", now=1.0)
    database.run(f"UPDATE operations SET state = 'PENDING' WHERE stack_id = '{gone}' AND action = 'DELETE'")
    assert maintenance.purge(database.url, deleted_before=2.0) == Purged()


def test_a_database_of_another_schema_is_not_purged(empty_database: Database) -> None:
    maintenance.upgrade(empty_database.url)
    empty_database.run("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(Unavailable, match="schema 0001"):
        maintenance.purge(empty_database.url, deleted_before=1.0)
