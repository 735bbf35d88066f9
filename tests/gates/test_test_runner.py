"""`make test` cannot call a failure a success: no test, a crash, an unknown folder and gross lateness all fail.

Folders run side by side, each tells its story in one piece, and an interrupted run leaves nothing running.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from tools.run_tests import BUDGETS, ROOT, Outcome, counts, kinds_here


def outcome(*, seconds: float = 1, code: int = 0) -> Outcome:
    return Outcome("unit", passed=1, failed=0, seconds=seconds, budget=60, exit_code=code)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, -9])
def test_any_exit_code_of_pytest_but_zero_is_a_failure(code: int) -> None:
    assert not outcome(code=code).ok and "FAILED" in outcome(code=code).verdict


def test_over_budget_is_a_warning_on_somebodys_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert outcome(seconds=500).ok and outcome(seconds=500).verdict == "over its budget"


def test_more_than_twice_the_budget_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert outcome(seconds=119).ok and outcome(seconds=119).verdict == "over its budget"
    assert not outcome(seconds=121).ok


def test_a_folder_without_a_budget_is_refused(tmp_path: Path) -> None:
    (tmp_path / "novel").mkdir()
    (tmp_path / "novel" / "test_it.py").touch()
    with pytest.raises(ValueError, match="tests/novel has no budget"):
        kinds_here(tmp_path)


def test_folders_run_in_the_order_of_the_budgets() -> None:
    here = kinds_here(ROOT / "tests")
    assert here == [kind for kind in BUDGETS if kind in here] and "gates" in here


def test_counts_are_read_from_the_report_and_errors_are_failures(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert counts(report) == (0, 0)
    report.write_text('<testsuites><testsuite tests="9" failures="2" errors="1" skipped="1"/></testsuites>')
    assert counts(report) == (5, 3)


# --- folders side by side ---------------------------------------------------------------------------------------------

MEETS = """
import pathlib, time
def test_the_other_folder_runs_at_the_same_time():
    here = pathlib.Path(__file__).parent.parent
    (here / "{mine}.here").touch()
    limit = time.monotonic() + 60
    while not (here / "{other}.here").exists():
        assert time.monotonic() < limit
        time.sleep(0.01)
"""
FAILS = """
def test_that_fails():
    assert "a fish" == "a bird"
"""
CRASHES = """
import os
def test_it(capfd):
    with capfd.disabled():
        os.write(2, b"a goose")
        os._exit(3)
"""
HOLDS = """
import pathlib, subprocess, sys, time, pytest
@pytest.fixture
def server():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()
def test_it(server):
    (pathlib.Path(__file__).parent.parent / "held.new").write_text(str(server.pid))
    (pathlib.Path(__file__).parent.parent / "held.new").rename(pathlib.Path(__file__).parent.parent / "held")
    time.sleep(600)
"""


def runner(folder: Path, files: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """The runner, started in a tree that holds nothing but itself and these files below tests/."""
    (folder / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "run_tests.py", folder / "tools")
    for name, text in files.items():
        (folder / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tests" / name).write_text(text)
    return subprocess.Popen(
        # By its path: `-m tools.run_tests` could find the one of this very clone, which would run all of its tests.
        [sys.executable, str(folder / "tools" / "run_tests.py"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # these tests need no plug-in, and imports take long
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_folders_run_side_by_side_and_speak_one_after_the_other(tmp_path: Path) -> None:
    files = {
        "unit/test_a.py": MEETS.format(mine="a", other="b"),
        "model/test_b.py": MEETS.format(mine="b", other="a") + FAILS,
        "replay/test_c.py": FAILS,  # not asked for
    }
    with runner(tmp_path, files, "unit", "model") as running:
        said, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    unit, model = said.index("\n--- tests/unit\n"), said.index("\n--- tests/model\n")
    end = said.index("\nfolder ")
    story = said[model : unit if unit > model else end]
    assert "a fish" in story and "1 failed, 1 passed" in story
    assert "1 passed" in said[unit : model if model > unit else end]
    table = [line.split()[:3] for line in said[end:].splitlines()[2:4]]
    assert table == [["unit", "1", "0"], ["model", "1", "1"]]
    assert said.splitlines()[-1].startswith("2 passed, 1 failed in ")
    at_the_end = (tmp_path / "build" / "tests" / "failures.txt").read_text()
    assert at_the_end in said[end:] and at_the_end.startswith("FAILED tests.model.test_b::test_that_fails\n")
    assert "a fish" in at_the_end
    summary = json.loads((tmp_path / "build" / "tests" / "summary.json").read_text())
    assert (summary["passed"], summary["failed"]) == (2, 1)
    assert [folder["kind"] for folder in summary["folders"]] == ["unit", "model"]


def test_what_failed_is_told_again_though_no_test_is_to_blame(tmp_path: Path) -> None:
    files = {
        "unit/test_a.py": CRASHES,
        "model/test_b.py": "".join(FAILS.replace("that", f"number_{n}") for n in range(21)),
    }
    with runner(tmp_path, files, "unit", "model") as running:
        said, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    end = said[said.index("\nfolder ") :]
    assert "FAILED tests/unit: no test is to blame\n" in end and "a goose" in end
    assert end.count("\nFAILED ") == 1 + 8 and "and 13 more in tests/model" in end


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_the_tests_and_what_they_started(tmp_path: Path, how: signal.Signals) -> None:
    with runner(tmp_path, {"unit/test_a.py": HOLDS, "model/test_b.py": "def test_it(): pass"}) as running:
        held = tmp_path / "tests" / "held"
        limit = time.monotonic() + 60
        while not held.exists():
            assert time.monotonic() < limit and running.poll() is None
            time.sleep(0.01)
        running.send_signal(how)
        said, _ = running.communicate(timeout=120)
    assert running.returncode == 128 + how and f"interrupted by {how.name}" in said
    assert not psutil.pid_exists(int(held.read_text()))
    assert not [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(tmp_path)]
