"""`stack plan` and `stack apply` against the API: exit codes, what goes to which stream, what is saved."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from firebrick.store.step_outcomes import RowOutcome
from tests.unit.cli.conftest import ApiServer

TEMPLATE = """\
heat_template_version: 2021-04-16
parameters: {text: {type: string, default: hello}}
resources:
  word: {type: OS::Heat::Value, properties: {value: {get_param: text}}}
"""
DONE = {"word": RowOutcome.done(physical_id="w", attributes={"value": "hello"}, properties={"value": "hello"})}
Command = Callable[..., int]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def template(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)


@pytest.fixture
def web(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    api.starter.plans["CREATE web"] = DONE
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait") == 0
    capsys.readouterr()


@pytest.mark.usefixtures("web")
def test_the_exit_code_says_whether_anything_would_change(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "plan", "web", "-t", "t.yaml") == 0
    assert capsys.readouterr().out == "No changes. Stack web is as it is wanted.\n"
    assert firebrick("stack", "plan", "web", "--existing", "--parameter", "text=bye") == 2
    assert '~ value = "hello" -> "bye"' in capsys.readouterr().out
    assert firebrick("stack", "plan", "web", "-t", "t.yaml", "--tags", "a") == 2
    assert "~ of the stack itself: tags" in capsys.readouterr().out
    assert firebrick("stack", "plan", "web", "-t", "t.yaml", "--parameter", "other=1") == 1
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("web")
def test_a_dry_run_is_the_plan_of_the_same_options(firebrick: Command, capsys: Capture) -> None:
    options = ("--existing", "--parameter", "text=bye", "--roll-back-to", "complete", "--converge")
    assert firebrick("stack", "plan", "web", *options) == 2
    planned = capsys.readouterr().out
    assert firebrick("stack", "update", "web", *options, "--dry-run") == 2
    assert capsys.readouterr().out == planned
    assert firebrick("stack", "update", "web", "-t", "t.yaml", "--dry-run", "-f", "json") == 0
    assert json.loads(capsys.readouterr().out)["summary"]["unchanged"] == 1
    assert firebrick("stack", "show", "web", "-f", "value", "-c", "stack_status") == 0
    assert capsys.readouterr().out == "CREATE_COMPLETE\n"


@pytest.mark.usefixtures("web")
def test_json_has_the_plan_without_what_is_sealed(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "plan", "web", "-t", "t.yaml", "--parameter", "text=bye", "-f", "json") == 2
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["format", "stack", "base", "in_progress", "summary", "stack_changes", "changes"]
    assert found["summary"]["change"] == 1 and found["changes"][0]["action"] == "update"


@pytest.mark.usefixtures("web")
def test_a_plan_is_saved_and_applied_once(firebrick: Command, capsys: Capture, tmp_path: Path) -> None:
    assert firebrick("stack", "plan", "web", "-t", "t.yaml", "--parameter", "text=bye", "-o", "p.json") == 2
    assert "firebrick stack apply p.json" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir() if "p.json" in file.name] == ["p.json"]
    assert firebrick("stack", "apply", "p.json", "-f", "value", "-c", "stack_name") == 0
    assert capsys.readouterr().out == "web\n"
    assert firebrick("stack", "apply", "p.json") == 1
    assert "[plan-overtaken]" in capsys.readouterr().err


def test_while_something_runs_a_plan_is_shown_and_not_saved(
    firebrick: Command, capsys: Capture, tmp_path: Path
) -> None:
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 0
    assert firebrick("stack", "plan", "web", "-t", "t.yaml", "-o", "p.json") == 1
    assert "[action-in-progress]" in capsys.readouterr().err and not (tmp_path / "p.json").exists()
    assert firebrick("stack", "plan", "web", "-t", "t.yaml") == 2
    assert "note: CREATE" in capsys.readouterr().err


def test_the_plan_of_a_stack_that_is_not_there_is_its_create(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "plan", "new", "-t", "t.yaml") == 2
    assert capsys.readouterr().out.endswith("Plan: 1 to add, 0 to change, 0 to replace, 0 to destroy.\n")
    assert firebrick("stack", "plan", "new", "--existing") == 1
    assert firebrick("stack", "list", "-f", "value") == 0
    assert "new" not in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"stack": {"name": 1}}', "stack: {name: a, id: b}"])
def test_what_is_no_plan_is_refused(firebrick: Command, capsys: Capture, tmp_path: Path, content: str) -> None:
    (tmp_path / "p.json").write_text(content)
    assert firebrick("stack", "apply", "p.json") == 1
    assert "[not-a-plan]" in capsys.readouterr().err


def test_a_plan_needs_a_template_or_the_stacks_own(firebrick: Command) -> None:
    assert firebrick("stack", "plan", "web") == 2
    assert firebrick("stack", "plan", "web", "-t", "t.yaml", "--clear-parameter", "text") == 2
