"""``make test``: every folder of tests as a process of its own, four side by side, with its seconds and its budget.

``python -m tools.run_tests [--lanes N] [KIND ...]`` runs the kinds named, or all. Exit code 0 only when every folder
passed; 128 + the signal's number when interrupted (130 for ctrl-C). The figures go to build/tests/summary.json as
well, for those who print them again at the end.

A folder of its own process: a crash or a leaked thread of one kind cannot hide in another, and the figure is honest.
Kills, integration and acceptance wait for processes most of the time, so other folders run meanwhile. What a folder
prints is kept (build/tests/KIND.log) and shown whole when it has ended; with one folder, or one lane, it is shown as
it comes.
What failed is told again after the table, and kept (build/tests/failures.txt): of a long output often only the end
reaches the one who has to mend it.

A budget is what the folder may take beside the others on two idle cores. Machines are noisy, so more is a warning;
with CI set, more than twice is a failure: that is no noise, and a slow suite is one that people stop running.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import psutil

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "tests"
BUDGETS = {  # seconds, in the order of the table: what fails fast goes first
    "gates": 30,
    "unit": 900,  # the store's run twice: on SQLite and on PostgreSQL; the language's meet 2,150 recorded results
    "model": 300,
    "workflow": 240,
    "replay": 60,
    "kills": 600,  # kill -9 at each point of create, delete and update; 60 histories under kills; dying providers
    "integration": 720,  # every cell of the tables of interrupts and of operators' acts; 200 takeovers
    "acceptance": 720,
}
LONGEST = ("kills", "integration", "acceptance")  # they start first, each in a lane; the others follow in the fourth
LANES = 4
GROSS = 2.0  # times the budget
STOPS_WITHIN = 60.0  # seconds in which an interrupted pytest ends its fixtures' servers
PULSE = 0.05  # seconds between two looks at the lanes
TOLD_TESTS, TOLD_LINES, TOLD_WIDTH = 8, 40, 240  # of what failed, at the end: tests of a folder, lines of each


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one folder did. exit_code: pytest's; 5 is a folder without a test, a failure like the others. cpu: seconds
    of pytest and of all processes that were waited for below it."""

    kind: str
    passed: int
    failed: int
    seconds: float
    budget: int
    exit_code: int
    cpu: float = 0.0

    @property
    def verdict(self) -> str:
        if self.exit_code:
            return f"FAILED (pytest's exit code {self.exit_code})"
        if self.grossly_late:
            return f"FAILED (more than {GROSS:g} times its budget)"
        return "over its budget" if self.seconds > self.budget else "ok"

    @property
    def grossly_late(self) -> bool:
        return bool(os.environ.get("CI")) and self.seconds > GROSS * self.budget

    @property
    def ok(self) -> bool:
        return not self.exit_code and not self.grossly_late


def kinds_here(tests: Path) -> list[str]:
    """The folders that hold tests, in the order of the budgets. ValueError for one that has no budget."""
    there = {path.relative_to(tests).parts[0] for path in tests.rglob("test_*.py")}
    if unknown := sorted(there - BUDGETS.keys()):
        raise ValueError(f"tests/{unknown[0]} has no budget: give it one in tools/run_tests.py")
    return [kind for kind in BUDGETS if kind in there]


def counts(report: Path) -> tuple[int, int]:
    """(passed, failed) of a JUnit report; errors count as failed. (0, 0) when pytest wrote none."""
    if not report.exists():
        return 0, 0
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    number = {
        name: sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    }
    failed = number["failures"] + number["errors"]
    return number["tests"] - failed - number["skipped"], failed


def told(text: str) -> str:
    """The last lines of a failure, each cut to a width: where it was and what was wrong stand at a traceback's end."""
    return "\n".join(f"    {line[:TOLD_WIDTH]}".rstrip() for line in text.strip().splitlines()[-TOLD_LINES:])


def failures(kind: str) -> str:
    """What failed in a folder, by its report; when there is none of it (a crash), the end of what it printed."""
    report, log = REPORTS / f"{kind}.xml", REPORTS / f"{kind}.log"
    cases = ElementTree.parse(report).getroot().iter("testcase") if report.exists() else ()
    stories = [
        f"FAILED {case.get('classname')}::{case.get('name')}\n{told(what.text or str(what.get('message')))}"
        for case in cases
        for what in case
        if what.tag in ("failure", "error")
    ]
    if not stories:
        said = told(log.read_text(errors="replace")) if log.exists() else "    (what it printed stands above)"
        return f"FAILED tests/{kind}: no test is to blame\n{said}"
    more = f"\nand {len(stories) - TOLD_TESTS} more in tests/{kind}" if len(stories) > TOLD_TESTS else ""
    return "\n".join(stories[:TOLD_TESTS]) + more


class Folder:
    """One folder's pytest while it runs, in a session of its own: a terminal's ctrl-C reaches it once, through us.

    shown: it writes to our own output; otherwise to its log.
    """

    def __init__(self, kind: str, *, shown: bool) -> None:
        self.kind = kind
        self.log = None if shown else REPORTS / f"{kind}.log"
        self._report = REPORTS / f"{kind}.xml"
        for left in (self._report, REPORTS / f"{kind}.log"):
            left.unlink(missing_ok=True)
        self._began = time.monotonic()
        command = [sys.executable, "-m", "pytest", f"tests/{kind}", "-q", f"--junitxml={self._report}"]
        with contextlib.ExitStack() as files:
            out = files.enter_context(self.log.open("wb")) if self.log else None
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def outcome(self) -> Outcome | None:
        """What it did; None while it runs."""
        pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
        if not pid:
            return None
        self.process.returncode = code = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - self._began
        cpu = usage.ru_utime + usage.ru_stime
        return Outcome(self.kind, *counts(self._report), seconds, BUDGETS[self.kind], code, cpu)

    def end(self) -> None:
        """As ctrl-C would, so that its fixtures stop their servers; whatever has not ended then is killed."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPS_WITHIN)
        for process in [psutil.Process(self.process.pid)] if self.process.poll() is None else []:
            below += [*process.children(recursive=True), process]
        for process in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


class Lanes:
    """Folders that run side by side, so many at once; the next one starts when one has ended."""

    def __init__(self, kinds: Sequence[str], at_once: int) -> None:
        self.signal = 0
        self._shown = at_once == 1 or len(kinds) == 1
        self._at_once = at_once
        self._waiting = sorted(kinds, key=lambda kind: LONGEST.index(kind) if kind in LONGEST else len(LONGEST))
        self._running: list[Folder] = []

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = self.signal or number

    def run(self) -> list[Outcome]:
        """All of them, in the order in which they ended. A signal ends those that run; then `signal` is its number."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        outcomes: list[Outcome] = []
        while (self._waiting or self._running) and not self.signal:
            while self._waiting and len(self._running) < self._at_once:
                kind = self._waiting.pop(0)
                print(f"--- tests/{kind} begins (budget {BUDGETS[kind]} s)", flush=True)
                self._running.append(Folder(kind, shown=self._shown))
            for folder in list(self._running):
                if (outcome := folder.outcome()) is not None:
                    self._running.remove(folder)
                    self._show(folder)
                    outcomes.append(outcome)
            time.sleep(PULSE)
        for folder in self._running:
            folder.end()
            self._show(folder)
        return outcomes

    def _show(self, folder: Folder) -> None:
        if folder.log is not None:
            print(f"\n--- tests/{folder.kind}", flush=True)
            with folder.log.open(errors="replace") as log:
                shutil.copyfileobj(log, sys.stdout)
            sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make test", description="Run the tests, folder by folder.")
    parser.add_argument("kind", nargs="*", help=f"only these folders of tests: {', '.join(BUDGETS)}")
    parser.add_argument("--lanes", type=int, default=LANES, help=f"so many folders at once ({LANES})")
    options = parser.parse_args(arguments)
    if unknown := [kind for kind in options.kind if kind not in BUDGETS]:
        parser.error(f"there is no kind {unknown[0]!r}; there are {', '.join(BUDGETS)}")
    if options.lanes < 1:
        parser.error("--lanes must be at least 1")
    kinds = options.kind or kinds_here(ROOT / "tests")
    REPORTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    lanes = Lanes(list(dict.fromkeys(kinds)), options.lanes)
    outcomes = sorted(lanes.run(), key=lambda one: list(BUDGETS).index(one.kind))
    if lanes.signal:
        print(f"interrupted by {signal.Signals(lanes.signal).name}: what ran has been stopped", flush=True)
        return 128 + lanes.signal
    passed = sum(one.passed for one in outcomes)
    failed = sum(max(one.failed, 0 if one.ok else 1) for one in outcomes)
    print(f"\n{'folder':<14}{'passed':>8}{'failed':>8}{'seconds':>10}{'budget':>8}{'cpu':>8}")
    for one in outcomes:
        figures = f"{one.passed:>8}{one.failed:>8}{one.seconds:>10.1f}{one.budget:>8}{one.cpu:>8.0f}"
        print(f"{one.kind:<14}{figures}  {one.verdict}")
    summary = {"passed": passed, "failed": failed, "folders": [asdict(one) for one in outcomes]}
    (REPORTS / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    stories = "\n".join(failures(one.kind) for one in outcomes if not one.ok)
    (REPORTS / "failures.txt").write_text(stories + "\n" if stories else "")
    if stories:
        print(f"\n{stories}\n")
    print(f"{passed} passed, {failed} failed in {time.monotonic() - started:.1f} s")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
