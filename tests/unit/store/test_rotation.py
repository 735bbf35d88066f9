"""Another key for what is stored, while others read and write; and processes that die in the middle of it."""

import asyncio
import base64
import json
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.diagnostics import Conflict, NotFound, Unavailable
from firebrick.store import Keyring, Store, keyring_file, maintenance, models, rotation
from firebrick.store.claims import ClaimRows
from firebrick.store.database import open_engine
from firebrick.store.keyring import NOTICED_WITHIN, key_id_of
from firebrick.store.rotation import Progress
from firebrick.store.step_outcomes import Claimed, RowOutcome
from tests.unit.store.databases import Database

SECRET = "correct-horse-battery-staple"

# Seals all anew and dies when the first batch is written.
MORTAL = """
import json, os, signal, sys
from firebrick.store import Keyring, maintenance
given = json.loads(sys.argv[1])
maintenance.reseal(given["url"], Keyring.from_file(given["file"]), lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.fixture
def file(tmp_path: Path, key: str) -> Path:
    """The keyring whose k1 the test's stores write with."""
    made = tmp_path / "keyring"
    made.write_text(json.dumps({"current": "k1", "keys": {"k1": key}}))
    return made


def rotate(file: Path) -> Keyring:
    return Keyring.rotate_file(file)


def uses(database: Database, file: Path) -> dict[str, int]:
    return {one.id: one.values for one in maintenance.keys(database.url, Keyring.from_file(file))}


async def filled(stacks: Any, names: int = 3) -> list[str]:
    return [(await stacks.created({"a": (), "b": ("a",)}, f"s{number}")).id for number in range(names)]


# --- sealing what is stored ---


async def test_all_is_sealed_with_the_new_key_and_nothing_is_another(
    stacks: Any, database: Database, file: Path
) -> None:
    ids = await filled(stacks)
    before = [await stacks.repository.stack(one) for one in ids]
    count = uses(database, file)["k1"]
    ring = rotate(file)
    assert uses(database, file) == {"k1": count, "k2": 0}
    assert maintenance.reseal(database.url, ring) == Progress(values=count)
    assert uses(database, file) == {"k1": 0, "k2": count}
    assert maintenance.reseal(database.url, ring) == Progress()
    alone = Keyring.from_values({"k2": keyring_file.read(file).keys["k2"]}, current="k2")
    async with await Store.open(database.url, alone) as store:
        repository = store.project("default")
        assert [await repository.stack(one) for one in ids] == before
        assert len(await repository.events(ids[0])) == 6
        assert maintenance.check(database.url, alone).sound


async def test_who_is_killed_in_the_middle_goes_on_with_the_rest(
    stacks: Any, database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await filled(stacks)
    count = uses(database, file)["k1"]
    ring = rotate(file)
    given = json.dumps({"url": database.url, "file": str(file)})
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", MORTAL, given)
    assert await killed.wait() == -signal.SIGKILL
    left = uses(database, file)
    assert left["k1"] > 0 and left["k2"] > 0 and sum(left.values()) == count
    async with await Store.open(database.url, Keyring.from_file(file)) as store:
        assert (await store.project("default").stack(ids[-1])).template == "template: text"
    monkeypatch.setattr(rotation, "ROWS", 1)
    assert maintenance.reseal(database.url, ring).values == left["k1"]
    assert uses(database, file) == {"k1": 0, "k2": count}


class Meddling(Keyring):
    """One with which, whenever a value is sealed, something else happens first."""

    meddle: Callable[[], None]

    def seal(self, plain: bytes) -> bytes:
        if plain:
            self.meddle()
        return super().seal(plain)


async def test_what_somebody_writes_meanwhile_is_not_undone(stacks: Any, database: Database, key: str) -> None:
    """Between the reading of a value and its writing another process, which has the old key, changes it."""
    (stack,) = await filled(stacks, 1)
    old = Keyring.from_values({"k1": key}, current="k1")
    other = open_engine(database.url, old, writes=True, connections=1)
    written: list[int] = []

    def meddle() -> None:
        if len(written) < 3:
            written.append(len(written))
            with other.connect() as connection, connection.begin():
                values = {"status_reason": f"{SECRET} {len(written)}"}
                connection.execute(models.stacks.update().where(models.stacks.c.id == stack).values(values))

    ring = Meddling({"k1": _bytes(key), "k2": b"2" * 32}, "k2")
    ring.meddle = meddle
    done = maintenance.reseal(database.url, ring)
    other.dispose()
    assert done.missed >= 1 and len(written) == 3
    database.touched = True
    async with await Store.open(database.url, Keyring({"k2": b"2" * 32}, "k2")) as store:
        assert (await store.project("default").stack(stack)).status_reason == f"{SECRET} 3"


def _bytes(key: str) -> bytes:
    return base64.b64decode(key)


async def test_stores_at_work_go_on_and_lose_nothing(database: Database, file: Path, stacks_of: Any) -> None:
    """Two open stores that follow the file: stacks are made by one and read by the other through two rotations."""
    async with (
        await Store.open(database.url, Keyring.from_file(file)) as one,
        await Store.open(database.url, Keyring.from_file(file)) as two,
    ):
        made: list[str] = []
        going = True

        async def work() -> None:
            while going:
                stack = await stacks_of(one).running({"a": ()}, f"w{len(made)}", parameters={"word": SECRET})
                await stack.step("a", RowOutcome.done(physical_id="p", attributes={"word": SECRET}))
                await stack.finish(complete=True)
                assert (await two.project("default").resource(stack.id, "a")).attributes == {"word": SECRET}
                made.append(stack.id)

        working = asyncio.create_task(work())
        for current in ("k2", "k3"):
            ring = await asyncio.to_thread(rotate, file)
            assert ring.current == current
            end = time.monotonic() + 2 * NOTICED_WITHIN
            while time.monotonic() < end and not working.done():
                await asyncio.to_thread(maintenance.reseal, database.url, ring)
        going = False
        await working
        ring = Keyring.from_file(file)
        await asyncio.to_thread(maintenance.reseal, database.url, ring)
        assert len(made) > 5 and all([(await two.project("default").stack(id_)).id == id_ for id_ in made])
    assert {key: values > 0 for key, values in uses(database, file).items()} == {"k1": False, "k2": False, "k3": True}
    for old in ("k1", "k2"):
        maintenance.drop_key(database.url, file, old, retired_for=0)
    async with await Store.open(database.url, Keyring.from_file(file)) as store:
        assert (await store.project("default").stack(made[0])).parameters == {"word": SECRET}


# --- dropping a key ---


async def test_what_each_row_gets_alike_is_sealed_with_the_key_of_its_time(
    database: Database, file: Path, stacks_of: Any
) -> None:
    """The reason of a claim that is told only by a later attempt is the same text in all rows."""
    ring = Keyring.from_file(file)
    async with await Store.open(database.url, ring) as store:
        stack = await stacks_of(store).running({"a": (), "b": ()})

        async def tell(name: str) -> str:
            """Claim a row quietly, then tell of it; the id of the key that sealed what the row says now."""
            quietly, told = (
                ClaimRows("default", stack.id, [claim], [""], Action.CREATE, stack.operation.id, now, 1.0, announce)
                for claim, now, announce in (
                    (stack.claim_of(name), 2.0, False),
                    (stack.claim_of(name, attempt=2), 9.0, True),
                )
            )
            for write in (quietly, told):
                assert isinstance((await store.writer.write(write))[0], Claimed)
            assert (await stack.texts())[-1] == f"{name} CREATE_IN_PROGRESS state changed"
            ((sealed,),) = database.run(f"SELECT status_reason FROM resources WHERE name = '{name}'")
            return key_id_of(bytes(sealed))

        assert await tell("a") == "k1"
        assert ring.open(rotate(file).seal(b"")) == b"" and ring.current == "k2"
        assert await tell("b") == "k2"


async def test_a_key_that_is_needed_is_not_dropped(stacks: Any, database: Database, file: Path) -> None:
    await filled(stacks, 1)
    count = uses(database, file)["k1"]
    with pytest.raises(Conflict, match="current"):
        maintenance.drop_key(database.url, file, "k1")
    ring = rotate(file)
    with pytest.raises(Conflict, match=f"{count} values"):
        maintenance.drop_key(database.url, file, "k1", retired_for=0)
    maintenance.reseal(database.url, ring)
    with pytest.raises(Conflict, match="until a moment ago"):
        maintenance.drop_key(database.url, file, "k1")
    with pytest.raises(NotFound, match="no key k9"):
        maintenance.drop_key(database.url, file, "k9")
    assert Keyring.from_file(file).ids == ("k1", "k2")
    maintenance.drop_key(database.url, file, "k1", retired_for=0)
    assert Keyring.from_file(file).ids == ("k2",)
    assert keyring_file.add_key(file) == "k3", "an id is not given twice"


async def test_the_current_key_is_not_dropped_though_it_sealed_nothing(database: Database, file: Path) -> None:
    with pytest.raises(Conflict, match="current"):
        maintenance.drop_key(database.url, file, "k1", retired_for=0)


# --- a file that changes ---


def test_a_key_that_is_new_in_the_file_opens_at_once_and_seals_within_the_time(file: Path) -> None:
    mine, others = Keyring.from_file(file), Keyring.from_file(file)
    assert mine.seal(b"x")[2:4] == b"k1"
    assert others.ids == ("k1",)
    sealed = rotate(file).seal(b"value")
    assert others.open(sealed) == b"value" and others.current == "k2"
    end = time.monotonic() + 10 * NOTICED_WITHIN
    while mine.seal(b"x")[2:4] != b"k2":
        assert time.monotonic() < end


def test_a_file_that_is_broken_or_gone_changes_nothing(file: Path) -> None:
    mine = Keyring.from_file(file)
    strange = Keyring.from_values({"k9": keyring_file.fresh_key()}, current="k9").seal(b"x")
    for content in ("{", '{"current": "k2", "keys": {}}'):
        file.write_text(content)
        with pytest.raises(Unavailable, match="lacks"):
            mine.open(strange)
        assert mine.open(mine.seal(b"x")) == b"x"
    file.unlink()
    with pytest.raises(Unavailable):
        mine.open(strange)
    assert mine.ids == ("k1",)


def test_keys_that_many_add_at_once_are_all_there(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keyring_file.add_key(file), range(16)))
    assert len(set(made)) == 16
    assert set(Keyring.from_file(file).ids) == {"k1", *made}
