"""Nothing that a command of a template has started outlives it, its time, or the worker that runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firebrick.resources.commands import run
from firebrick.resources.errors import RefusedError, TransientError

LONG = 60.0


@pytest.fixture(autouse=True)
def enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_EXEC", "enabled")


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def written(path: Path) -> int:
    """The pid that is in a file, once it is there."""
    until = time.monotonic() + LONG
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < until, f"{path} does not come"
        time.sleep(0.005)
    return int(path.read_text())


def ends(pid: int) -> bool:
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.005)
    return False


LEAVES = 'setsid sh -c "echo \\$\\$ > {0}/pid; exec sleep 600" & while [ ! -s {0}/pid ]; do sleep 0.01; done;'


def test_what_leaves_the_process_group_ends_with_the_command(tmp_path: Path) -> None:
    ended = run(sh(LEAVES.format(tmp_path) + " exit 4"), {}, stdin="", timeout=LONG)
    assert ended.code == 4 and ends(written(tmp_path / "pid"))


def test_what_leaves_the_process_group_ends_when_the_time_is_up(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="did not end within 0.5 s"):
        run(sh(LEAVES.format(tmp_path) + " sleep 600"), {}, stdin="", timeout=0.5)
    assert ends(written(tmp_path / "pid"))


def test_a_command_ends_when_the_resource_is_held_no_more(tmp_path: Path) -> None:
    left = iter([LONG, LONG])
    with pytest.raises(TransientError, match="the worker did not hold the resource any more"):
        run(
            sh(f"echo $$ > {tmp_path}/pid; exec sleep 600"),
            {},
            stdin="",
            timeout=LONG,
            seconds_left=lambda: next(left, 0.0),
        )
    assert ends(written(tmp_path / "pid"))


WORKER = """
import os, sys, time
from firebrick.resources.commands import run
until = time.monotonic() + float(sys.argv[3])
run(["/bin/sh", "-c", sys.argv[1]], {}, stdin="", timeout=float(sys.argv[2]),
    seconds_left=lambda: until - time.monotonic())
"""


def worker(script: str, timeout: float, lease: float) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", WORKER, script, str(timeout), str(lease)])


def test_a_command_dies_with_its_worker(tmp_path: Path) -> None:
    process = worker(LEAVES.format(tmp_path) + f" echo $$ > {tmp_path}/own; exec sleep 600", LONG, LONG)
    own, left = written(tmp_path / "own"), written(tmp_path / "pid")
    process.kill()
    process.wait()
    assert ends(own) and ends(left)


@pytest.mark.parametrize(("timeout", "lease"), [(2.0, LONG), (LONG, 2.0)], ids=["its time", "its lease"])
def test_a_command_whose_worker_is_stopped_keeps_its_limits(tmp_path: Path, timeout: float, lease: float) -> None:
    process = worker(f"echo $$ > {tmp_path}/own; exec sleep 600", timeout, lease)
    own = written(tmp_path / "own")
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert ends(own)
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()


def test_the_watch_is_not_the_commands_to_choose(tmp_path: Path) -> None:
    """It is started with the worker's environment, not with that of the template."""
    preload = tmp_path / "sitecustomize.py"
    preload.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    env = {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(preload), "LD_PRELOAD": "/no/such.so"}
    assert run(sh("echo $PYTHONPATH"), env, stdin="", timeout=LONG).stdout == f"{tmp_path}\n"
    assert not (tmp_path / "ran").exists()


def test_what_cannot_be_started_is_known_to_have_done_nothing(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no program")
    for program, why in (("/no/such/x", "No such file"), (str(tmp_path / "plain"), "Permission denied")):
        with pytest.raises(RefusedError, match=why):
            run([program], {}, stdin="", timeout=LONG)
    with pytest.raises(RefusedError, match="NUL"):
        run(["/bin/true"], {"A": "\0"}, stdin="", timeout=LONG)
