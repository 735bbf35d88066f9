"""What a worker refuses to start with."""

import asyncio
from pathlib import Path

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.store import Keyring
from worker import Settings, main, run


async def test_a_worker_makes_no_keyring_of_its_own(tmp_path: Path) -> None:
    """With a key that the others do not have it would seal what they cannot read."""
    keyring = tmp_path / "keyring"
    settings = Settings(address="127.0.0.1:1", database=f"sqlite:///{tmp_path / 'firebrick.db'}", keyring=str(keyring))
    with pytest.raises(InvalidInput, match=f"there is no keyring {keyring}"):
        await run(settings, asyncio.Event())
    assert list(tmp_path.iterdir()) == []


async def test_nor_one_for_payloads(tmp_path: Path) -> None:
    """It would take tasks that the others encrypted, and fail each that it cannot read, until somebody notices."""
    keyring, payload_keyring = tmp_path / "keyring", tmp_path / "payload-keyring"
    Keyring.from_file(keyring)
    settings = Settings(
        address="127.0.0.1:1",
        database=f"sqlite:///{tmp_path / 'firebrick.db'}",
        keyring=str(keyring),
        payload_keyring=str(payload_keyring),
    )
    with pytest.raises(InvalidInput, match=f"there is no payload keyring {payload_keyring}"):
        await run(settings, asyncio.Event())
    assert list(tmp_path.iterdir()) == [keyring]


@pytest.mark.parametrize("window", ["0", "401", "-1", "many", "1.5", ""])
def test_nor_with_a_window_that_is_none(window: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--database", "sqlite://", "--keyring", "none", "--window", window])
    assert f"{window!r} is no number from 1 to 400" in capsys.readouterr().err
