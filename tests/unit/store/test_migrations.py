"""Every schema that was ever released can be brought to this program's, with what it holds.

schemas/REVISION-KIND.sql is a database as the program of that revision left it: a stack that was made, one that was
deleted, and one whose CREATE runs, sealed with the key of these tests. Who adds a migration writes those of the
revision before (tools/record_schema.py); they are never changed again.

under_way/REVISION-KIND.sql has stacks with an update that was accepted and not begun ("asked"), that runs while another
was accepted ("taken"), and that runs and is to be rolled back ("cancelled"): what was accepted was not shown then.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from firebrick.contract import Action, OperationState
from firebrick.store import Keyring, Store, maintenance, migrate
from firebrick.store.operation_outcomes import Mine
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome
from tests.unit.store.databases import KINDS, Database

SCHEMAS = Path(__file__).with_name("schemas")
UNDER_WAY = Path(__file__).with_name("under_way")
REVISIONS = sorted({path.name.partition("-")[0] for path in SCHEMAS.glob("*.sql")})


def test_there_is_a_database_of_every_revision_before_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    revisions = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    assert revisions - {migrate.HEAD} <= set(REVISIONS) <= revisions
    files = {f"{revision}-{kind}.sql" for revision in REVISIONS for kind in KINDS}
    assert files == {path.name for path in SCHEMAS.iterdir()}


@pytest.fixture
def old(request: pytest.FixtureRequest, empty_database: Database) -> Database:
    revision: str = request.param
    empty_database.script((SCHEMAS / f"{revision}-{empty_database.kind}.sql").read_text())
    assert empty_database.run("SELECT version_num FROM alembic_version") == [(revision,)]
    return empty_database


@pytest.mark.parametrize("old", REVISIONS, indirect=True)
async def test_an_old_database_becomes_as_if_made_anew(old: Database, database: Database) -> None:
    assert maintenance.upgrade(old.url).after == migrate.HEAD
    assert old.schema() == database.schema()
    assert maintenance.upgrade(old.url).before == migrate.HEAD


@pytest.mark.parametrize("old", REVISIONS, indirect=True)
async def test_what_an_old_database_holds_is_there_and_goes_on(old: Database, keyring: Keyring) -> None:
    async with await Store.open(old.url, keyring) as store:
        repository = store.project("default")
        assert [one.name for one in await repository.stacks(sort=["name"], descending=False)] == ["made", "running"]
        assert await repository.count_stacks(include_deleted=True) == 3
        made = await repository.stack("made")
        assert (made.state, made.template) == ("CREATE_COMPLETE", "template: text")
        assert [one.physical_id for one in await repository.resources(made.id)] == ["id-below", "id-above"]
        assert [one.seq for one in await repository.events(made.id)] == list(range(1, 7))

        running = await repository.stack("running")
        (operation,) = await repository.operations(running.id)
        first, second = await repository.resources(running.id)
        assert (first.reference_id, first.attributes, second.requires) == ("ref-a", {"size": 1}, (first.id,))
        claim = Claim(stack_id=running.id, row=second.id, seq=1, chain_run=1, step=1, attempt=1)
        held = await repository.claim(claim, action=Action.CREATE, operation_id=operation.id, now=20.0, lease=9.0)
        assert isinstance(held, Claimed) and held.upstream["a"].id == first.id
        assert (await repository.upstream(running.id, ["a"]))["a"].attributes == {"size": 1}
        assert await repository.record(claim, RowOutcome.done(), now=21.0)
        finished = await repository.finish(operation.id, seq=1, complete=True, now=22.0)
        assert finished.state is OperationState.DONE
        assert [one.seq for one in await repository.events(running.id)] == list(range(1, 7))


@pytest.mark.parametrize("old", REVISIONS, indirect=True)
async def test_new_rows_follow_the_old_ones(old: Database, keyring: Keyring, stacks_of: type) -> None:
    async with await Store.open(old.url, keyring) as store:
        stack = await stacks_of(store).running({"a": ()}, "new")
        assert stack.rows["a"] > max(row for (row,) in old.run("SELECT resource_id FROM events WHERE resource_id > 0"))
        assert isinstance(await stack.try_claim(stack.claim_of("a")), Claimed)
        begun = await stack.repository.begin(
            stack.id, action=Action.CREATE, workflow_id="stack/default/web", chain_id="chain-1", now=3.0
        )
        assert isinstance(begun, Mine)


async def test_a_row_s_id_may_be_greater_than_32_bits(database: Database, store: Store, stacks_of: type) -> None:
    wide = 2**33
    database.run(
        f"INSERT INTO sqlite_sequence (name, seq) VALUES ('resources', {wide})"
        if database.kind == "sqlite"
        else f"SELECT setval('resources_id_seq', {wide})"
    )
    stack = await stacks_of(store).created({"below": (), "above": ("below",)})
    assert stack.rows == {"below": wide + 1, "above": wide + 2}
    assert {one.resource_id for one in await stack.repository.events(stack.id)} == {None, wide + 1, wide + 2}


# --- what an earlier program had accepted and not told


class UnderWay:
    """A stack of the file, and what is shown of it."""

    def __init__(self, store: Store, name: str) -> None:
        self.repository = store.project("default")
        self._name = name

    async def shown(self) -> tuple[str, str]:
        stack = await self.repository.stack(self._name)
        return stack.state, stack.shown_parameters["v"]

    async def told(self) -> list[str]:
        stack = await self.repository.stack(self._name)
        return [one.state for one in await self.repository.events(stack.id) if one.resource_id is None]

    async def begin(self, action: Action) -> OperationRow:
        stack = await self.repository.stack(self._name)
        begun = await self.repository.begin(stack.id, action=action, workflow_id="w", chain_id="c", now=30.0)
        assert isinstance(begun, Mine)
        return begun.operation

    async def running(self) -> OperationRow:
        stack = await self.repository.stack(self._name)
        found = await self.repository.operations(stack.id)
        return next(one for one in found if one.state is OperationState.RUNNING)

    async def finish(self, operation: OperationRow, **ending: Any) -> None:
        await self.repository.finish(operation.id, seq=operation.seq, **({"complete": False, "now": 40.0} | ending))


@pytest.fixture
async def under_way(empty_database: Database, keyring: Keyring) -> AsyncIterator[Store]:
    empty_database.script((UNDER_WAY / f"0003-{empty_database.kind}.sql").read_text())
    async with await Store.open(empty_database.url, keyring) as store:
        yield store


async def test_an_update_that_was_accepted_before_is_told_when_it_begins(under_way: Store) -> None:
    stack = UnderWay(under_way, "asked")
    assert await stack.shown() == ("CREATE_COMPLETE", "one")
    row = await stack.repository.stack("asked")
    assert (await stack.repository.base_target(row.id)).parameters == {"v": "two"}
    operation = await stack.begin(Action.UPDATE)
    assert await stack.shown() == ("UPDATE_IN_PROGRESS", "two")
    row = await stack.repository.stack("asked")
    assert (row.timeout_mins, row.disable_rollback, row.tags, row.updated_at) == (7, False, ("two",), 30.0)
    await stack.finish(operation, complete=True)
    assert await stack.shown() == ("UPDATE_COMPLETE", "two")
    assert (await stack.told())[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


async def test_what_it_takes_over_is_no_failure_either(under_way: Store) -> None:
    stack = UnderWay(under_way, "taken")
    await stack.finish(await stack.running(), interrupted="takeover")
    assert await stack.shown() == ("UPDATE_IN_PROGRESS", "two")
    await stack.begin(Action.UPDATE)
    assert await stack.shown() == ("UPDATE_IN_PROGRESS", "three")
    assert (await stack.told())[-3:] == ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"]


async def test_a_rollback_that_was_asked_for_before_follows(under_way: Store) -> None:
    stack = UnderWay(under_way, "cancelled")
    await stack.finish(await stack.running(), interrupted="cancel")
    assert await stack.shown() == ("ROLLBACK_IN_PROGRESS", "one")
    assert (await stack.told())[-2:] == ["UPDATE_FAILED", "ROLLBACK_IN_PROGRESS"]
    await stack.begin(Action.ROLLBACK)
    assert (await stack.told())[-1] == "ROLLBACK_IN_PROGRESS"
