"""`make test` cannot call a failure a success: no test, a crash, an unknown folder and gross lateness all fail."""

from pathlib import Path

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
