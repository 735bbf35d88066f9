"""The state folder: one server at a time, and a file that says where it answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firebrick.diagnostics import Conflict, InvalidInput
from starter.cli.connection import Connection
from starter.state_folder import StateFolder


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder.at(tmp_path / "state")
    made.prepare()
    return made


def test_the_folder_is_for_its_owner_only(folder: StateFolder) -> None:
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_folders_place_is_refused_with_the_option_to_change(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(InvalidInput, match="--state-dir"):
        StateFolder.at(tmp_path / "state").prepare()


def test_a_second_server_is_refused_with_the_pid_of_the_first(folder: StateFolder) -> None:
    lock = folder.lock()
    with pytest.raises(Conflict, match=str(os.getpid())):
        folder.lock()
    lock.release()
    folder.lock().release()
    assert not folder.lock_file.exists()


def test_the_lock_of_a_killed_server_is_free(folder: StateFolder) -> None:
    program = "import os, sys; from starter.state_folder import StateFolder as S; S.at(sys.argv[1]).lock(); os._exit(9)"
    done = subprocess.run([sys.executable, "-c", program, str(folder.path)])
    assert done.returncode == 9 and folder.lock_file.exists()
    folder.lock().release()


def test_the_running_server_is_found_and_a_dead_one_is_not(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBRICK_STATE", str(folder.path))
    monkeypatch.delenv("FIREBRICK_URL", raising=False)
    monkeypatch.delenv("FIREBRICK_PROJECT", raising=False)
    assert Connection.find(None, None).base == "http://127.0.0.1:8004"
    folder.write_server_file({"api_url": "http://127.0.0.1:9", "pid": os.getpid()})
    assert Connection.find(None, None).base == "http://127.0.0.1:9"
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    folder.write_server_file({"api_url": "http://127.0.0.1:9", "pid": ended.pid})
    assert Connection.find(None, None).base == "http://127.0.0.1:8004"


def test_a_broken_server_file_is_no_server(folder: StateFolder) -> None:
    for text in ("", "{", "[]", "{}", json.dumps({"pid": "x"})):
        folder.server_file.write_text(text)
        assert folder.running_server() is None


@pytest.mark.parametrize(
    ("url", "project", "base", "whose"),
    [
        ("http://h:1", None, "http://h:1", "default"),
        ("http://h:1/v1/web", None, "http://h:1", "web"),
        ("http://h:1/v1/web/", "mine", "http://h:1", "mine"),
        ("h:1", None, "http://h:1", "default"),
        ("https://h/v1", "mine", "https://h", "mine"),
    ],
)
def test_an_address_may_end_in_the_project(
    url: str, project: str | None, base: str, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREBRICK_PROJECT", raising=False)
    found = Connection.find(url, project)
    assert (found.base, found.project) == (base, whose)
