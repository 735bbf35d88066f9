"""`stack update`, cancel, continue, rollback and delete --retain: what they ask for, what they tell, how they end."""

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firebrick.store.step_outcomes import RowOutcome
from tests.unit.cli.conftest import ApiServer
from tests.unit.cli.test_stack_commands import DONE, TEMPLATE

Command = Callable[..., int]
Capture = pytest.CaptureFixture[str]
BROKEN = RowOutcome.failed("permanent", "it broke", error="ValueError")
CHANGED = RowOutcome.done(attributes={"value": "new"})
UPDATE = ("stack", "update", "web", "-t", "t.yaml", "--parameter", "value=new")


@pytest.fixture
def web(api: ApiServer, firebrick: Command, capsys: Capture, tmp_path: Path) -> str:
    """The id of a complete stack called web, made with a parameter and tags."""
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    api.starter.plans["CREATE web"] = DONE
    options = ("--parameter", "value=old", "--tags", "a,b", "--timeout", "7")
    assert firebrick("stack", "create", "web", "-t", "t.yaml", *options, "--wait", "-f", "value", "-c", "id") == 0
    return capsys.readouterr().out.strip()


@pytest.fixture
def seen(firebrick: Command, capsys: Capture) -> Callable[..., Any]:
    """What a command that must succeed prints as JSON."""

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        assert firebrick(*arguments, "-f", "json") == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.usefixtures("web")
def test_an_update_is_followed_from_its_own_start(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    api.starter.plans["UPDATE web"] = {"word": CHANGED}
    assert firebrick(*UPDATE, "--wait", "-f", "json") == 0
    said = capsys.readouterr()
    assert [line.partition(" ")[2] for line in said.err.splitlines()] == [
        "[web]: UPDATE_IN_PROGRESS  Stack UPDATE started",
        "[web.word]: UPDATE_IN_PROGRESS  state changed",
        "[web.word]: UPDATE_COMPLETE  state changed",
        "[web]: UPDATE_COMPLETE  Stack UPDATE completed successfully",
        "web UPDATE_COMPLETE",
    ]
    record = json.loads(said.out)
    assert (record["stack_status"], record["parameters"]["value"]) == ("UPDATE_COMPLETE", "new")
    assert (record["tags"], record["timeout_mins"]) == ([], 7)


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--existing"], {"value": "old", "tags": ["a", "b"], "disable_rollback": True}),
        (["--existing", "--clear-parameter", "value"], {"value": "hello"}),
        (["--existing", "--parameter", "value=x", "--tags", "c", "--timeout", "3"], {"tags": ["c"], "timeout_mins": 3}),
        (["--existing", "--enable-rollback"], {"disable_rollback": False}),
        (["--existing", "--rollback", "enabled"], {"disable_rollback": False}),
        (["--existing", "--rollback", "keep"], {"disable_rollback": True}),
        (["-t", "t.yaml", "--disable-rollback"], {"value": "hello", "disable_rollback": True}),
        (["--existing", "-e", "env.yaml"], {"value": "from env"}),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_is_asked_for_is_what_becomes_of_the_stack(
    api: ApiServer, firebrick: Command, seen: Callable[..., Any], tmp_path: Path, options: list[str], expected: Any
) -> None:
    (tmp_path / "env.yaml").write_text("parameters: {value: from env}\n")
    api.starter.plans["UPDATE web"] = {}
    assert firebrick("stack", "update", "web", *options, "--wait") == 0
    shown = seen("stack", "show", "web")
    shown["value"] = shown["parameters"]["value"]
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.usefixtures("web")
def test_options_of_one_update_are_stored_with_it(api: ApiServer, firebrick: Command, seen: Callable[..., Any]) -> None:
    asked = ("--on-failure", "rollback", "--roll-back-to", "complete", "--continue-independent", "--converge")
    assert firebrick(*UPDATE, *asked) == 0
    newest = seen("operation", "list", "web")[0]
    assert (newest["action"], newest["state"], newest["target"]) == ("UPDATE", "PENDING", newest["id"])
    stored = asyncio.run(api.starter.repository("default").operation(newest["id"])).request
    assert (stored["on_failure"], stored["roll_back_to"]) == ("rollback", "complete")
    assert stored["continue_independent"] is True and stored["converge"] is True


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-t", "t.yaml", "--clear-parameter", "value"],
        ["--existing", "--enable-rollback", "--disable-rollback"],
        ["--existing", "--rollback", "keep", "--enable-rollback"],
        ["--existing", "--on-failure", "delete"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(firebrick: Command, seen: Callable[..., Any], options: list[str]) -> None:
    assert firebrick("stack", "update", "web", *options) == 2
    assert len(seen("operation", "list", "web")) == 1


def test_after_a_rollback_the_root_cause_is_told_and_what_was_rolled_back(
    web: str, api: ApiServer, firebrick: Command, seen: Callable[..., Any], capsys: Capture
) -> None:
    api.starter.plans |= {
        "UPDATE web": {"word": CHANGED, "after": BROKEN},
        "ROLLBACK web": {"word": RowOutcome.done(attributes={"value": "old"}), "after": RowOutcome.done()},
    }
    assert firebrick(*UPDATE, "--enable-rollback", "--wait", "-f", "value", "-c", "stack_status") == 1
    said = capsys.readouterr()
    assert said.out == "ROLLBACK_COMPLETE\n"
    told = said.err[said.err.index("Stack web UPDATE_FAILED") :].splitlines()
    assert told == [
        "Stack web UPDATE_FAILED: Resource UPDATE failed: ValueError: resources.after: it broke",
        "  root cause: after (OS::Heat::Value)",
        "    ValueError: it broke",
        "  rolled back: word UPDATE_COMPLETE, after UPDATE_COMPLETE",
        "  events: firebrick stack event list web",
        "  change it: firebrick stack update web -t FILE",
        "  clean up: firebrick stack delete web",
    ]
    assert "[web]: ROLLBACK_IN_PROGRESS" in said.err
    back, failed, _ = seen("operation", "list", "web")
    assert (back["action"], back["state"], back["follows"]) == ("ROLLBACK", "DONE", failed["id"])
    created = seen("operation", "list", web)[-1]
    assert seen("operation", "show", back["id"])["target"] == created["target"] != failed["target"]
    # Whoever comes later is told the same.
    capsys.readouterr()
    assert firebrick("stack", "wait", "web") == 1
    assert "root cause: after" in capsys.readouterr().err
    assert firebrick("stack", "failures", "list", "web") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "└─ root cause: after (OS::Heat::Value, 1 attempt)" and "since:     ROLLBACK DONE" in lines


@pytest.mark.usefixtures("web")
def test_a_failed_rollback_names_what_could_be_skipped(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    api.starter.plans |= {"UPDATE web": {"word": CHANGED, "after": BROKEN}, "ROLLBACK web": {"word": BROKEN}}
    assert firebrick(*UPDATE, "--on-failure", "rollback", "--wait") == 1
    said = capsys.readouterr().err.splitlines()
    assert "Stack web ROLLBACK_FAILED: Resource ROLLBACK failed: ValueError: resources.word: it broke" in said
    assert said.index("  root cause: after (OS::Heat::Value)") < said.index("  root cause: word (OS::Heat::Value)")
    assert "  leave what cannot be brought back: firebrick stack rollback web --skip word" in said
    api.starter.plans["ROLLBACK web"] = {}
    assert firebrick("stack", "rollback", "web", "--skip", "word", "--wait", "-f", "value", "-c", "stack_status") == 0
    said_then = capsys.readouterr()
    assert said_then.out == "ROLLBACK_COMPLETE\n" and "told to skip it" in said_then.err


@pytest.mark.usefixtures("web")
def test_a_failed_update_can_be_gone_on_with(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    api.starter.plans["UPDATE web"] = {"word": BROKEN}
    assert firebrick(*UPDATE, "--wait") == 1
    said = capsys.readouterr().err
    assert "  go on: firebrick stack continue web\n" in said and "  go back: firebrick stack rollback web\n" in said
    api.starter.plans["UPDATE web"] = {"word": CHANGED}
    assert firebrick("stack", "continue", "web", "--wait", "-f", "value", "-c", "stack_status") == 0
    assert capsys.readouterr().out == "UPDATE_COMPLETE\n"
    assert firebrick("stack", "continue", "web") == 1
    assert firebrick("stack", "rollback", "web") == 1
    said = capsys.readouterr().err
    assert "[nothing-to-continue]" in said and "[nothing-to-roll-back]" in said


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(("option", "ended"), [([], "ROLLBACK_COMPLETE"), (["--no-rollback"], "UPDATE_FAILED")])
def test_a_cancel_succeeds_when_the_update_has_stopped_and_is_back(
    api: ApiServer, firebrick: Command, seen: Callable[..., Any], capsys: Capture, option: list[str], ended: str
) -> None:
    assert firebrick(*UPDATE) == 0
    api.starter.plans |= {"UPDATE web": {}, "ROLLBACK web": {}}
    capsys.readouterr()
    assert firebrick("stack", "cancel", "web", *option, "--wait", "-f", "value", "-c", "stack_status") == 0
    said = capsys.readouterr()
    assert said.out == f"{ended}\n" and "Stack web UPDATE_FAILED: Stack UPDATE cancelled" in said.err
    cancelled = [one["cancel"] for one in seen("operation", "list", "web") if one["cancel"]]
    assert cancelled == ["keep" if option else "rollback"]
    assert firebrick("stack", "cancel", "web") == 1
    assert "[not-cancellable]" in capsys.readouterr().err


@pytest.mark.usefixtures("web")
def test_an_update_that_another_takes_over_is_no_success(
    api: ApiServer, firebrick: Command, seen: Callable[..., Any], capsys: Capture
) -> None:
    assert firebrick(*UPDATE) == 0
    first = seen("operation", "list", "web")[0]["id"]
    api.starter.plans["UPDATE web"] = {}
    assert firebrick("stack", "update", "web", "--existing", "--wait") == 0
    capsys.readouterr()
    token = ("--operation-id", first)
    assert firebrick(*UPDATE, *token, "--wait") == 1
    assert "this UPDATE was superseded by a later operation" in capsys.readouterr().err


@pytest.mark.usefixtures("web")
def test_another_request_under_the_same_operation_id_is_refused_and_the_same_counts_once(
    firebrick: Command, seen: Callable[..., Any], capsys: Capture
) -> None:
    token = ("--operation-id", str(uuid.uuid4()))
    update = ("stack", "update", "web", "--existing")
    assert firebrick(*update, "--parameter", "value=two", *token) == 0
    assert firebrick(*update, "--parameter", "value=two", *token) == 0
    capsys.readouterr()
    assert firebrick(*update, "--parameter", "value=three", *token) == 1
    said = capsys.readouterr().err
    assert "[operation-id-in-use]" in said and "another request, the UPDATE of stack 'web'" in said
    assert "mint a new UUID" in said
    assert [one["action"] for one in seen("operation", "list", "web")] == ["UPDATE", "CREATE"]


def test_a_delete_retains_what_it_is_told_to(web: str, api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "delete", "web", "--yes", "--retain", "nope") == 1
    assert "The stack has no resource 'nope'." in capsys.readouterr().err
    assert firebrick("stack", "delete", "web", "other", "--yes", "--retain", "word") == 2
    api.starter.plans["DELETE web"] = {"after": BROKEN}
    assert firebrick("stack", "delete", "web", "--yes", "--wait") == 1
    retry = "  without what cannot be deleted: firebrick stack delete web --retain after\n"
    assert retry in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "follows", "ended"),
    [
        (["--enable-rollback"], {"ROLLBACK web": {}}, "ROLLBACK_COMPLETE"),
        (["--on-failure", "rollback"], {"ROLLBACK web": {}}, "ROLLBACK_COMPLETE"),
        (
            ["--on-failure", "delete"],
            {"DELETE web": {"after": RowOutcome.done(), "word": RowOutcome.done()}},
            "DELETE_COMPLETE",
        ),
        (["--enable-rollback", "--on-failure", "keep"], {}, "CREATE_FAILED"),
    ],
)
def test_a_create_that_fails_goes_the_way_it_was_asked_to(
    api: ApiServer,
    firebrick: Command,
    capsys: Capture,
    tmp_path: Path,
    option: list[str],
    follows: dict[str, dict[str, RowOutcome]],
    ended: str,
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    api.starter.plans |= {"CREATE web": {"word": BROKEN}, **follows}
    create = ("stack", "create", "web", "-t", "t.yaml", *option, "--wait", "-f", "value", "-c", "stack_status")
    assert firebrick(*create) == 1
    said = capsys.readouterr()
    assert said.out == f"{ended}\n" and "  root cause: word (OS::Heat::Value)" in said.err
