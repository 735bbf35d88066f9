"""Firebrick::Exec runs commands of templates where the operator lets it, with nothing of the worker's own."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from firebrick.resources.base import Found, Live
from firebrick.resources.errors import PermanentError, TransientError
from firebrick.resources.firebrick.exec import Exec
from firebrick.testing.contract_kit import Contract, ContractTests
from firebrick.testing.rehearsal import NeedsAnother, Rehearsal

SECRET = "hunter2 hunter2"
SH = "/bin/sh"


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_EXEC", "enabled")


def sh(script: str) -> list[str]:
    return [SH, "-c", script]


def on(folder: Path) -> dict[str, Any]:
    """Commands whose objects are files of a folder, named by FIREBRICK_ID."""
    return {
        "create": sh('test "$COLOUR" != black || exit 1; echo "$COLOUR" > "$FOLDER/$FIREBRICK_ID"; echo "[1]"'),
        "read": sh('test -e "$FOLDER/$FIREBRICK_ID" || exit 3'),
        "update": sh('echo "$COLOUR" > "$FOLDER/$FIREBRICK_ID"; echo "[2]"'),
        "delete": sh('rm "$FOLDER/$FIREBRICK_ID" || exit 3'),
        "env": {"FOLDER": str(folder), "COLOUR": "red"},
    }


class TestContract(ContractTests):
    @pytest.fixture
    def contract(self, tmp_path: Path) -> Contract:
        commands = on(tmp_path)
        return Contract(
            Exec(),
            commands,
            changed=commands | {"env": {**commands["env"], "COLOUR": "blue"}},
            refused=commands | {"create": sh('echo "login $WORD" >&2; exit 1'), "env": {"WORD": SECRET}},
            secrets=[SECRET],
            existing=lambda: os.listdir(tmp_path),
        )

    test_find_by_key_finds_its_own_object_only = None  # a create is repeated, and a delete knows the id it was told


def test_a_delete_takes_away_under_its_id_what_a_lost_create_may_have_made() -> None:
    resource = command(sh("exit 1"), delete=sh("exit 3"))
    assert resource.find("CREATE") is None
    assert resource.find("DELETE") == Found(physical_id="stack-web-abcdefghijkl")
    assert command(sh("exit 1")).find("DELETE") is None  # nothing would be taken away


def command(create: Sequence[str], **other: Any) -> Rehearsal:
    return Rehearsal(Exec(), {"create": create, **other}, name="web")


def test_its_output_is_its_attributes() -> None:
    resource = command(sh("cat; echo oops >&2"), input='{"a": [1, 2]}')
    resource.create()
    found = {name: resource.attribute(name) for name in ("stdout", "stderr", "result")}
    assert found == {"stdout": '{"a": [1, 2]}', "stderr": "oops\n", "result": {"a": [1, 2]}}


def test_a_command_is_told_who_it_is_for_and_nothing_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_POSTGRES_URL", "postgresql://u:hunter2@h/d")
    resource = command(["/usr/bin/env"], env={"NUMBER": 5})
    resource.create()
    told = dict(line.split("=", 1) for line in str(resource.attribute("stdout")).splitlines())
    assert {name: value for name, value in told.items() if name.startswith("FIREBRICK_")} == {
        "FIREBRICK_ACTION": "CREATE",
        "FIREBRICK_KEY": "key",
        "FIREBRICK_ID": "stack-web-abcdefghijkl",
        "FIREBRICK_STACK": "stack",
        "FIREBRICK_RESOURCE": "web",
    }
    assert told["NUMBER"] == "5" and set(told) <= {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "NUMBER", *told} - {"USER"}


def test_no_shell_reads_the_arguments() -> None:
    resource = command(["/bin/echo", "$HOME", "; exit 1", "`id`"])
    resource.create()
    assert resource.attribute("stdout") == "$HOME ; exit 1 `id`\n"


def test_it_is_off_unless_the_operator_turns_it_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    resource = command(sh(f"touch {tmp_path}/made"))
    for setting in (None, "", "1", "disabled"):
        if setting is None:
            monkeypatch.delenv("FIREBRICK_EXEC")
        else:
            monkeypatch.setenv("FIREBRICK_EXEC", setting)
        with pytest.raises(PermanentError, match="the operator's setting FIREBRICK_EXEC is not 'enabled'"):
            resource.create()
    assert os.listdir(tmp_path) == []


def test_what_it_was_given_is_not_in_the_error_that_repeats_what_it_said() -> None:
    resource = command(sh('read line; echo "bad $WORD and $line" >&2; exit 9'), env={"WORD": SECRET}, input="zq7Kx\n")
    with pytest.raises(PermanentError, match=r"the create command ended with exit code 9: bad \*{6} and \*{6}"):
        resource.create()


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        ("exit 75", TransientError, "ended with exit code 75, and said nothing"),
        ("exit 1", PermanentError, "exit code 1"),
        ("kill -9 $$", PermanentError, "signal 9"),
    ],
)
def test_its_end_says_what_helps(script: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        command(sh(script)).create()


def test_a_program_that_is_not_there_is_named_without_its_arguments() -> None:
    with pytest.raises(PermanentError, match="the command nonsense cannot be started: No such file") as caught:
        command(["/no/such/nonsense", SECRET]).create()
    assert SECRET not in str(caught.value)


def test_when_its_time_is_up_it_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    resource = command(sh(f"sleep 600 & echo $! > {tmp_path}/pid; wait"), timeout=1)
    with pytest.raises(TransientError, match="the command sh did not end within 1 s and was killed"):
        resource.create()
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_much_output_is_cut() -> None:
    resource = command([sys.executable, "-c", "print('x' * 1_000_000)"])
    resource.create()
    assert len(str(resource.attribute("stdout"))) == 65_536


def test_without_an_update_command_what_concerns_the_object_takes_another_one(tmp_path: Path) -> None:
    commands = on(tmp_path)
    del commands["update"]
    resource = Rehearsal(Exec(), commands)
    resource.create()
    with pytest.raises(NeedsAnother, match="a change of env"):
        resource.update(commands | {"env": {}})
    resource.update(commands | {"timeout": 7, "delete": None})
    assert resource.attribute("result") == [1]


def test_read_tells_gone_from_broken(tmp_path: Path) -> None:
    resource = Rehearsal(Exec(), on(tmp_path) | {"read": sh("test ! -e $FOLDER/gone || exit 3; echo ill >&2; exit 4")})
    resource.create()
    assert resource.read() == Live(healthy=False, why="the read command ended with exit code 4: ill")
    (tmp_path / "gone").touch()
    assert resource.read() is None
    assert Rehearsal(Exec(), {"create": sh("")}).read() == Live()
