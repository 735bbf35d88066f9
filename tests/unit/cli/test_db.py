"""`firebrick db`: the commands, on the state folder's file and on PostgreSQL; nothing shows a password."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from firebrick.contract import Action
from firebrick.store import Keyring, NewOperation, NewStack, Store
from firebrick.testing.postgres import PostgresServer
from starter.cli.app import run

DAY = 86_400


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, state: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{state / 'firebrick.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url(server.create_database())


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a server that has run here."""
    folder = tmp_path / "state"
    folder.mkdir()
    monkeypatch.setenv("FIREBRICK_STATE", str(folder))
    monkeypatch.delenv("FIREBRICK_DATABASE", raising=False)
    Keyring.from_file(folder / "keyring")
    return folder


@pytest.fixture
def answers(capsys: pytest.CaptureFixture[str], url: str) -> Any:
    """Runs a command; (exit code, what it printed as data, what it said)."""

    def ask(*words: str, database: str = url) -> tuple[int, Any, str]:
        form = () if words[0] == "drop-key" else ("-f", "json")
        code = run(["db", *words, "--database", database, *form])
        out, err = capsys.readouterr()
        if "@" in database:
            assert database.partition("@")[0].rpartition(":")[2] not in out + err, "a password is shown"
        return code, json.loads(out) if out else None, err

    return ask


def fill(url: str, state: Path) -> None:
    """A living stack, and one that was deleted ten days ago."""

    async def work() -> None:
        async with await Store.open(url, Keyring.from_file(state / "keyring")) as store:
            repository = store.project("default")
            for name in ("living", "deleted"):
                new = NewStack(id=f"id-{name}", name=name, template="t")
                asked = NewOperation(str(uuid4()), Action.CREATE, "w", 60.0, 1.0)
                await repository.accept_create(new, asked)
                await repository.begin(new.id, action=Action.CREATE, workflow_id="w", chain_id="c", now=1.0)
                await repository.finish(asked.id, seq=1, complete=True, now=2.0)
            delete = NewOperation(str(uuid4()), Action.DELETE, "w", 60.0, 3.0)
            await repository.accept_delete("id-deleted", delete)
            await repository.begin("id-deleted", action=Action.DELETE, workflow_id="w", chain_id="c", now=3.0)
            await repository.finish(delete.id, seq=2, complete=True, now=time.time() - 10 * DAY)

    asyncio.run(work())


def test_a_database_is_made_ready_and_then_left_alone(answers: Any, state: Path) -> None:
    code, told, _ = answers("upgrade")
    assert (code, told["schema_before"]) == (0, None)
    code, again, _ = answers("upgrade")
    assert (code, again["schema_before"], again["schema"]) == (0, told["schema"], told["schema"])


def test_a_sound_database_is_said_to_be(answers: Any, url: str, state: Path) -> None:
    fill(url, state)
    code, told, said = answers("check")
    assert (code, told["result"], told["stacks"], said) == (0, "sound", 2, "")
    assert told["keys"]["k1"].startswith("current, sealed ")


def test_what_is_wrong_is_told_with_what_to_do_and_by_the_exit_code(answers: Any, url: str, state: Path) -> None:
    fill(url, state)
    Keyring.from_file(state / "other")
    code, told, said = answers("check", "--keyring", str(state / "other"))
    assert (code, told["result"]) == (1, "not sound")
    assert "error: Values sealed with key k1 do not open" in said
    (state / "keyring").unlink()
    code, told, said = answers("check")
    assert (code, told) == (1, None) and "there is no keyring" in said
    assert not (state / "keyring").exists()


def test_an_empty_database_is_told_apart(answers: Any, url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    code, told, said = answers("check")
    assert (code, told["schema"]) == (1, None) and "firebrick db upgrade" in said


def test_what_was_deleted_long_ago_is_counted_and_purged(answers: Any, url: str, state: Path) -> None:
    fill(url, state)
    nothing = {"stacks": 0, "operations": 0, "events": 0, "resources": 0}
    deleted = {"stacks": 1, "operations": 2, "events": 4, "resources": 0}

    def purged(*words: str) -> tuple[bool, dict[str, int]]:
        code, told, _ = answers("purge", *words)
        assert code == 0
        return told["removed"], {name: told[name] for name in nothing}

    assert purged() == (True, nothing)  # younger than 90 days
    assert purged("--older-than", "11") == (True, nothing)
    assert purged("--older-than", "9", "--dry-run") == (False, deleted)
    assert purged("--older-than", "9") == (True, deleted)
    assert purged("--older-than", "0") == (True, nothing)


def test_a_database_that_does_not_answer_is_told(answers: Any, state: Path) -> None:
    code, told, said = answers("check", database="postgresql://somebody:secret-word@127.0.0.1:1/x")
    assert (code, told) == (1, None) and "refused" in said
    missing = state / "nowhere.db"
    for command in ("check", "purge"):
        code, told, said = answers(command, database=f"sqlite:///{missing}")
        assert (code, told) == (1, None) and "there is no file" in said
    assert not missing.exists()


def test_help_is_shown_without_loading_the_store() -> None:
    code = "import sys; from starter.cli.app import run; run(['db', '--help']); print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False" and "purge" in done.stdout


# --- keys ---


def listed(answers: Any) -> dict[str, tuple[str, int]]:
    code, told, _ = answers("keys")
    assert code == 0
    return {one["Key"]: (one["State"], one["Values"]) for one in told}


def test_a_rotation_from_one_key_to_the_next(answers: Any, url: str, state: Path) -> None:
    fill(url, state)
    ((key, (current, count)),) = listed(answers).items()
    assert (key, current) == ("k1", "current") and count > 10
    code, told, said = answers("rotate-key")
    assert (code, told["key_before"], told["key"], told["values_sealed"]) == (0, "k1", "k2", count)
    assert f"{count} values sealed" in said
    assert listed(answers) == {"k1": ("known", 0), "k2": ("current", count)}
    assert refused(answers("drop-key", "k2"), "is the current one")
    assert refused(answers("drop-key", "k1"), "until a moment ago")
    content = json.loads((state / "keyring").read_text())
    (state / "keyring").write_text(json.dumps(content | {"retired": {"k1": time.time() - 61}}))
    assert answers("drop-key", "k1")[0] == 0
    assert listed(answers) == {"k2": ("current", count)}


def test_one_that_was_interrupted_goes_on_without_another_key(answers: Any, url: str, state: Path) -> None:
    fill(url, state)
    count = listed(answers)["k1"][1]
    Keyring.rotate_file(state / "keyring")
    assert refused(answers("drop-key", "k1"), f"{count} values")
    code, told, said = answers("rotate-key")
    assert (code, told["key"], told["values_sealed"], told["values_left"]) == (0, "k2", count, 0)
    assert "An earlier rotation to k2 has not ended" in said
    assert listed(answers) == {"k1": ("known", 0), "k2": ("current", count)}


def test_a_key_is_added_for_all_before_one_writes_with_it(
    answers: Any, url: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(url, state)
    assert run(["db", "add-key"]) == 0
    told = capsys.readouterr()
    assert told.out == "k2\n" and "rotate-key --key k2" in told.err
    assert listed(answers)["k1"][0] == "current" and listed(answers)["k2"] == ("known", 0)
    assert refused(answers("rotate-key", "--key", "k9"), "no key k9")
    assert answers("rotate-key", "--key", "k2")[1]["key"] == "k2"
    assert run(["db", "use-key", "k1"]) == 0
    assert {key: state for key, (state, _) in listed(answers).items()} == {"k1": "current", "k2": "known"}


def test_a_keyring_that_does_not_open_all_is_not_rotated(answers: Any, url: str, state: Path) -> None:
    fill(url, state)
    Keyring.from_file(state / "other")
    before = (state / "other").read_bytes()
    assert refused(answers("rotate-key", "--keyring", str(state / "other")), "cannot open")
    assert refused(answers("keys", "--keyring", str(state / "missing")), "there is no keyring")
    assert (state / "other").read_bytes() == before and not (state / "missing").exists()


def refused(answer: tuple[int, Any, str], says: str) -> bool:
    code, told, said = answer
    return code == 1 and told is None and says in said
