"""What concerns SQLite alone: files, and how often they are synchronised."""

from pathlib import Path

import pytest

from firebrick.diagnostics import InvalidInput, Unavailable
from firebrick.store import Keyring, Store


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
