"""Processes the server keeps alive."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from firebrick.diagnostics import Unavailable
from starter.child_process import Child

WAITS = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint('up', flush=True)\n"
WAITS += "time.sleep(600)"


def child(tmp_path: Path, program: str, said: list[str], *, grace: float = 20.0) -> Child:
    return Child(
        "worker",
        [sys.executable, "-c", program],
        log=tmp_path / "worker.log",
        stop_signal=signal.SIGTERM,
        grace=grace,
        say=said.append,
    )


def is_up(one: Child) -> "asyncio.Future[bool]":
    async def probe() -> bool:
        return "up" in one.last_lines()

    return asyncio.ensure_future(probe())


async def test_it_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    said: list[str] = []
    one = child(tmp_path, WAITS, said)
    await one.start()
    await one.ready(lambda: is_up(one), within=20)
    pid = one.pid
    keeping = asyncio.create_task(one.keep())
    await one.stop()
    await keeping
    assert said == [] and pid is not None and not psutil.pid_exists(pid)


async def test_one_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    restarted = asyncio.Event()

    async def note() -> None:
        restarted.set()

    one = Child(
        "worker",
        [sys.executable, "-c", WAITS],
        log=tmp_path / "worker.log",
        stop_signal=signal.SIGTERM,
        grace=20,
        say=said.append,
        on_restart=note,
    )
    await one.start()
    await one.ready(lambda: is_up(one), within=20)
    keeping = asyncio.create_task(one.keep())
    first = one.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await asyncio.wait_for(restarted.wait(), 20)
    assert one.alive and one.pid != first
    assert len(said) == 1 and "SIGKILL" in said[0] and "worker.log" in said[0]
    await one.stop()
    await keeping


async def test_one_that_fails_at_once_is_refused_with_the_end_of_its_log(tmp_path: Path) -> None:
    one = child(tmp_path, "import sys; print('the disk is full'); sys.exit(3)", [])
    await one.start()
    with pytest.raises(Unavailable, match="exit code 3(.|\n)*the disk is full"):
        await one.ready(lambda: is_up(one), within=20)


async def test_one_that_never_gets_ready_is_refused(tmp_path: Path) -> None:
    one = child(tmp_path, "import time; time.sleep(600)", [])
    await one.start()
    with pytest.raises(Unavailable, match=r"not ready within 0\.2 seconds"):
        await one.ready(lambda: is_up(one), within=0.2)
    await one.stop()


async def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    one = child(tmp_path, deaf, said, grace=0.2)
    await one.start()
    await one.ready(lambda: is_up(one), within=20)
    await one.stop()
    assert not one.alive and "killing it" in said[0]


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal, sys
from pathlib import Path
from starter.child_process import Child
async def main():
    one = Child("c", [sys.executable, "-c", "import time; time.sleep(600)"], log=Path({str(tmp_path / "c.log")!r}),
                stop_signal=signal.SIGTERM, grace=1, say=print)
    await one.start()
    print(one.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while runs(int(done.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """A dead process that nobody has waited for yet does not run."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_one_that_ends_without_a_word_sends_people_to_the_disk(tmp_path: Path) -> None:
    """On a full disk a child can neither work nor say so: its log stays empty."""
    one = child(tmp_path, "raise SystemExit(3)", [])
    await one.start()
    with pytest.raises(Unavailable, match="exit code 3") as failed:
        await one.ready(lambda: is_up(one), within=20)
    await one.stop()
    assert "it said nothing: is there room on its disk?" in failed.value.diagnostics[0].detail
