"""``make test``: every folder of tests as a process of its own, with its seconds and its budget.

``python -m tools.run_tests [KIND ...]`` runs the kinds named, or all. Exit code 0 only when every folder passed.
The figures go to build/tests/summary.json as well, for those who print them again at the end.

A folder of its own process: a crash or a leaked thread of one kind cannot hide in another, and the figure is honest.
A budget is what the folder may take on two idle cores. Machines are noisy, so more is a warning; with CI set, more
than twice is a failure: that is no noise, and a slow suite is one that people stop running.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "tests"
BUDGETS = {  # seconds, in the order they run: what fails fast goes first
    "gates": 30,
    "unit": 120,  # the store's run twice: on SQLite and on PostgreSQL; the language's meet 1,500 recorded results
    "model": 180,
    "workflow": 120,
    "replay": 60,
    "integration": 300,
    "acceptance": 180,
}
GROSS = 2.0  # times the budget


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one folder did. exit_code: pytest's; 5 is a folder without a test, a failure like the others."""

    kind: str
    passed: int
    failed: int
    seconds: float
    budget: int
    exit_code: int

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


def run(kind: str, extra: Sequence[str] = ()) -> Outcome:
    report = REPORTS / f"{kind}.xml"
    report.unlink(missing_ok=True)
    print(f"--- tests/{kind} (budget {BUDGETS[kind]} s)", flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", f"tests/{kind}", "-q", f"--junitxml={report}", *extra]
    code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
    passed, failed = counts(report)
    return Outcome(kind, passed, failed, time.monotonic() - started, BUDGETS[kind], code)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make test", description="Run the tests, folder by folder.")
    parser.add_argument("kind", nargs="*", help=f"only these folders of tests: {', '.join(BUDGETS)}")
    chosen = parser.parse_args(arguments).kind
    if unknown := [kind for kind in chosen if kind not in BUDGETS]:
        parser.error(f"there is no kind {unknown[0]!r}; there are {', '.join(BUDGETS)}")
    kinds = chosen or kinds_here(ROOT / "tests")
    REPORTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    outcomes = [run(kind) for kind in kinds]
    passed = sum(one.passed for one in outcomes)
    failed = sum(max(one.failed, 0 if one.ok else 1) for one in outcomes)
    print(f"\n{'folder':<14}{'passed':>8}{'failed':>8}{'seconds':>10}{'budget':>8}")
    for one in outcomes:
        print(f"{one.kind:<14}{one.passed:>8}{one.failed:>8}{one.seconds:>10.1f}{one.budget:>8}  {one.verdict}")
    summary = {"passed": passed, "failed": failed, "folders": [asdict(one) for one in outcomes]}
    (REPORTS / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    print(f"{passed} passed, {failed} failed in {time.monotonic() - started:.1f} s")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
