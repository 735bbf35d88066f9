"""What concerns SQLite alone: files, and how often they are synchronised."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from firebrick.contract import Action
from firebrick.diagnostics import InvalidInput, Unavailable
from firebrick.store import Keyring, Store
from tests.unit.store.conftest import new_operation, new_stack


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


async def test_a_file_that_is_no_database_is_refused(file: Path, keyring: Keyring) -> None:
    file.write_bytes(b"something else entirely\n" * 100)
    with pytest.raises(Unavailable, match="file is not a database"):
        await Store.open(f"sqlite:///{file}", keyring)


async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, keyring: Keyring) -> None:
    with pytest.raises(Unavailable, match="unable to open database file"):
        await Store.open(f"sqlite:///{tmp_path}/nowhere/store.db", keyring)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://host/database",
        "postgresql+asyncpg://host/x",
        "postgresql://host:port/x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////tmp/x.db?synchronous=off",
    ],
)
async def test_an_address_this_store_cannot_use_is_refused(url: str, keyring: Keyring) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await Store.open(url, keyring)
    assert refusal.value.first.code == "store-url"


async def test_full_synchronisation_can_be_asked_for(file: Path, keyring: Keyring) -> None:
    async with await Store.open(f"sqlite:///{file}?synchronous=full", keyring) as store:
        assert await store.every_project().open_operations() == []


async def test_the_files_that_it_makes_are_their_owners_only(file: Path, keyring: Keyring) -> None:
    before = os.umask(0)
    try:
        async with await Store.open(f"sqlite:///{file}", keyring) as store:
            await store.project("default").accept_create(new_stack("a", {}), new_operation(Action.CREATE))
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in file.parent.glob("store.db*")}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm"), 0o600)


@pytest.mark.parametrize("what", ["removed", "removed with its folder", "replaced"])
async def test_a_file_that_vanishes_while_it_is_open_is_not_written_to_any_more(
    tmp_path: Path, keyring: Keyring, what: str
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    file = folder / "store.db"
    async with await Store.open(f"sqlite:///{file}", keyring) as store:
        project = store.project("default")
        await project.accept_create(new_stack("before", {}), new_operation(Action.CREATE))
        kept = tmp_path / "kept.db"
        if what == "removed with its folder":
            shutil.rmtree(folder)
        else:
            file.rename(kept)
        if what == "replaced":
            shutil.copy(kept, file)
        said = "was replaced by another" if what == "replaced" else "is gone"
        with pytest.raises(Unavailable, match=said):
            await project.accept_create(new_stack("after", {}), new_operation(Action.CREATE))
        for _ in range(10):  # by each of the readers
            with pytest.raises(Unavailable, match=said):
                await project.stacks()
        assert what == "replaced" or not file.exists()
        if what == "removed":  # and put back: it is the same one
            kept.rename(file)
            assert [one.name for one in await project.stacks()] == ["before"]
            await project.accept_create(new_stack("after", {}), new_operation(Action.CREATE))
