"""The state folder: one server at a time, and a file that says where it answers."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from firebrick.diagnostics import Conflict, InvalidInput
from starter.cli.connection import Connection
from starter.state_folder import StateFolder, owners_only


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


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_folder_and_files_that_were_open_to_others_are_closed(folder: StateFolder) -> None:
    names = [
        "firebrick.db",
        "firebrick.db-wal",
        "temporal.db",
        "keyring",
        "server.json",
        "worker.ready",
        "logs/http.log",
    ]
    (folder.path / "others.txt").write_text("")
    for name in (*names, "others.txt"):
        (folder.path / name).write_text("")
        (folder.path / name).chmod(0o664)
    folder.path.chmod(0o777)
    told = "\n".join(folder.prepare())
    assert mode(folder.path) == mode(folder.path / "logs") == 0o700
    assert {mode(folder.path / name) for name in names} == {0o600}
    assert mode(folder.path / "others.txt") == 0o664  # none of ours
    assert "(0777)" in told and "keyring" in told and "rotate-key" in told
    assert folder.prepare() == []


def test_a_folder_that_all_users_share_is_refused(folder: StateFolder) -> None:
    folder.path.chmod(0o1777)
    with pytest.raises(InvalidInput, match="all users of this machine share it"):
        folder.prepare()
    assert mode(folder.path) == 0o1777


def test_a_link_to_somebody_elses_file_is_left_alone(folder: StateFolder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("")
    other.chmod(0o644)
    (folder.path / "firebrick.db").symlink_to(other)
    folder.prepare()
    assert mode(other) == 0o644


def test_what_is_written_there_is_its_owners_only(folder: StateFolder) -> None:
    before = os.umask(0)
    try:
        folder.write_server_file({"pid": 1})
        folder.lock().release()
        open(folder.log("http"), "w", opener=owners_only).close()
    finally:
        os.umask(before)
    assert mode(folder.server_file) == mode(folder.log("http")) == 0o600


def test_the_lock_of_a_folder_that_was_removed_takes_nobody_elses_away(folder: StateFolder) -> None:
    first = folder.lock()
    shutil.rmtree(folder.path)
    folder.prepare()
    second = folder.lock()
    assert not first.held
    first.release()
    assert second.held and folder.lock_file.exists()
    second.release()
