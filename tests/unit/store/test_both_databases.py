"""SQLite and PostgreSQL are tested alike: as many tests, and the same ones. And what several writers at once may do."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.diagnostics import NameInUse, Unavailable
from firebrick.store import Keyring, Store
from firebrick.store.operation_outcomes import Mine, Nothing
from firebrick.store.step_outcomes import Busy, Claimed, RowOutcome
from tests.unit.store.conftest import KEY, new_operation, new_stack
from tests.unit.store.databases import KINDS, Database

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def collected() -> list[str]:
    """Ids of all tests of the store, whatever is selected now."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(HERE)]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True)
    assert listed.returncode == 0, listed.stdout.decode()[-2_000:]
    return [line for line in listed.stdout.decode().splitlines() if "::" in line]


def kind_of(test: str) -> str:
    """The database's name among a test's parameters; "" for one that is not about both."""
    parameters = test.partition("[")[2].rstrip("]").split("-")
    return next((kind for kind in KINDS if kind in parameters), "")


@pytest.mark.postgresql
def test_every_test_of_the_store_is_there_for_both_databases_and_none_is_skipped() -> None:
    tests = collected()
    counts = Counter(kind_of(test) for test in tests)
    assert counts["sqlite"] == counts["postgresql"] > 100, counts
    bare = {kind: sorted(test.replace(kind, "") for test in tests if kind_of(test) == kind) for kind in KINDS}
    assert bare["sqlite"] == bare["postgresql"]
    # Nobody looks away: a test that did not run on one of them would be neither here nor told.
    for file in sorted(HERE.glob("*.py")):
        text = file.read_text()
        assert not any(word in text for word in ("." + "skip", "." + "xfail", "import" + "orskip")), file.name


async def several(database: Database, keyring: Keyring, many: int) -> list[Store]:
    """Stores with a writer each, as so many processes would have."""
    return [await Store.open(database.url, keyring) for _ in range(many)]


async def closed(stores: list[Store]) -> None:
    for one in stores:
        await one.close()


async def test_of_several_writers_that_want_one_name_one_gets_it(
    database: Database, keyring: Keyring, stacks_of: Any
) -> None:
    stores = await several(database, keyring, 4)
    asks = [
        store.project("default").accept_create(
            stacks_of.new_stack("web", {"a": ()}), stacks_of.new_operation(Action.CREATE)
        )
        for store in stores
        for _ in range(3)
    ]
    told = await asyncio.gather(*asks, return_exceptions=True)
    assert Counter(type(one).__name__ for one in told) == {"OperationRow": 1, NameInUse.__name__: 11}
    (stack,) = await stores[0].project("default").stacks()
    assert [one.seq for one in await stores[0].project("default").events(stack.id)] == [1]
    await closed(stores)


async def test_several_writers_that_ask_the_same_get_the_same(
    database: Database, keyring: Keyring, stacks_of: Any
) -> None:
    stores = await several(database, keyring, 3)
    new, operation = stacks_of.new_stack("web", {"a": ()}), stacks_of.new_operation(Action.CREATE)
    accepted = await asyncio.gather(*(one.project("default").accept_create(new, operation) for one in stores))
    assert {one.id for one in accepted} == {operation.id}
    delete = stacks_of.new_operation(Action.DELETE)
    deleted = await asyncio.gather(*(one.project("default").accept_delete(new.id, delete) for one in stores))
    assert {(one.id, one.seq) for one in deleted} == {(delete.id, 2)}
    begun = await asyncio.gather(
        *(
            one.project("default").begin(new.id, action=Action.DELETE, workflow_id="w", chain_id=f"c{place}", now=2.0)
            for place, one in enumerate(stores)
        )
    )
    assert Counter(type(one).__name__ for one in begun) == {Mine.__name__: 1, Nothing.__name__: 2}
    await closed(stores)


async def test_several_writers_share_the_rows_of_a_stack_and_number_its_events_without_a_gap(
    database: Database, keyring: Keyring, stacks_of: Any
) -> None:
    stores = await several(database, keyring, 3)
    names = [f"r{number}" for number in range(40)]
    stack = await stacks_of(stores[0]).running(dict.fromkeys(names, ()))

    async def take(store: Store, name: str, attempt: int) -> str:
        repository = store.project("default")
        claim = stack.claim_of(name, attempt=attempt)
        got = await repository.claim(claim, action=Action.CREATE, operation_id=stack.operation.id, now=2.0, lease=1e6)
        if not isinstance(got, Claimed):
            return type(got).__name__
        await repository.renew(claim, 1e6)
        assert await repository.record(claim, RowOutcome.done(physical_id=str(attempt)), now=3.0)
        return "Claimed"

    asks = [
        take(store, name, attempt)
        for attempt, store in enumerate(stores, 1)
        for name in (names if attempt % 2 else names[::-1])
    ]
    told = Counter(await asyncio.gather(*asks))
    assert told["Claimed"] == len(names) and sum(told.values()) == 3 * len(names)
    assert set(told) <= {"Claimed", Busy.__name__, "AlreadyEnded", "Superseded"}
    texts = await stack.texts()  # from 1, without a gap
    assert sorted(texts[1:]) == sorted(
        f"{name} CREATE_{status} state changed" for name in names for status in ("IN_PROGRESS", "COMPLETE")
    )
    await closed(stores)


async def test_without_the_file_of_keys_nothing_is_stored_and_it_says_why(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firebrick.store.keyring.NOTICED_WITHIN", 0.0)
    (tmp_path / "keyring").write_text(json.dumps({"current": "k1", "keys": {"k1": KEY}}))
    async with await Store.open(database.url, Keyring.from_file(tmp_path / "keyring")) as store:
        project = store.project("default")
        (tmp_path / "keyring").unlink()
        with pytest.raises(Unavailable, match="keyring .* is gone"):
            await project.accept_create(new_stack("a", {}), new_operation(Action.CREATE))
        assert await project.stacks() == []
