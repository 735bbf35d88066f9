"""The commands that look: at failures, documents, events, operations, resource types."""

import asyncio
import getpass
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.store import Repository
from firebrick.store.rows import Failure, FailureTree, InnerFailure
from firebrick.store.step_outcomes import Claim, RowOutcome
from starter.cli.failures import advice, tree_lines
from starter.cli.outcome import failure_lines
from starter.http_api import StackAddress
from starter.rest.views import failure_body
from tests.unit.cli.conftest import ApiServer
from tests.unit.cli.test_stack_commands import DONE, TEMPLATE
from tests.unit.rest.world import begin

Command = Callable[..., int]
Capture = pytest.CaptureFixture[str]
FAILED = {"word": RowOutcome.failed("quota", "it is full", error="QuotaError")}
SECRET = TEMPLATE.replace(
    "resources:", "  secret: {type: string, default: s3cret, hidden: true}\nresources:", 1
).replace("    type: OS::Heat::Value\n", "    type: OS::Heat::Value\n    metadata: {role: x}\n", 1)


@pytest.fixture
def seen(firebrick: Command, capsys: Capture) -> Callable[..., Any]:
    """What a command that must succeed prints as JSON."""

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        assert firebrick(*arguments, "-f", "json") == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def make(api: ApiServer, firebrick: Command, capsys: Capture, tmp_path: Path) -> Callable[..., None]:
    """A stack called web whose resources end like that, watched to its end."""
    (tmp_path / "t.yaml").write_text(SECRET)

    def run(outcomes: dict[str, RowOutcome], code: int = 0) -> None:
        api.starter.plans["CREATE web"] = outcomes
        assert firebrick("stack", "create", "web", "-t", "t.yaml", "--parameter", "value=one", "--wait") == code
        capsys.readouterr()

    return run


def test_failures_are_a_tree_with_the_root_cause_first(
    make: Callable[..., None], firebrick: Command, capsys: Capture
) -> None:
    make(FAILED, 1)
    assert firebrick("stack", "failures", "list", "web") == 0
    assert capsys.readouterr().out.splitlines() == [
        "web  CREATE_FAILED: Resource CREATE failed: QuotaError: resources.word: it is full",
        "├─ root cause: word (OS::Heat::Value, 1 attempt)",
        "│    QuotaError: it is full",
        "│    next: There is no room for it. Free some or have the quota raised, and try again.",
        "└─ not started: after",
        "look:      firebrick stack resource show web word",
        "events:    firebrick stack event list web",
        "go on:     firebrick stack continue web",
        "change it: firebrick stack update web -t FILE",
        "clean up:  firebrick stack delete web",
    ]


def test_failures_are_rows_for_programs(make: Callable[..., None], seen: Callable[..., Any]) -> None:
    make(FAILED, 1)
    first, second = seen("stack", "failures", "list", "web")
    assert (first["resource_name"], first["kind"], first["attempts"]) == ("word", "root cause", 1)
    assert (first["error_class"], first["error"], first["message"]) == ("quota", "QuotaError", "it is full")
    assert (second["resource_name"], second["kind"]) == ("after", "not started")
    assert seen("stack", "failures", "list", "web", "-c", "resource_name") == [
        {"resource_name": "word"},
        {"resource_name": "after"},
    ]


def test_what_has_failed_so_far_is_told_while_the_rest_goes_on(
    api: ApiServer, firebrick: Command, seen: Callable[..., Any], capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 0
    stack = seen("stack", "show", "web")["id"]
    (operation,) = seen("operation", "list", "web")
    asyncio.run(fail_first(api.starter.repository("default"), stack, operation["id"]))
    assert firebrick("stack", "failures", "list", "web") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "web  CREATE RUNNING: it still runs; this has failed so far",
        "└─ root cause: word (OS::Heat::Value)",
        "     QuotaError: resources.word: it is full",
    ]
    assert lines[-1] == "to follow: firebrick stack wait web"


async def fail_first(repository: Repository, stack_id: str, operation_id: str) -> None:
    """The operation runs, and its first resource has failed."""
    operation = await begin(repository, stack_id, operation_id, Action.CREATE)
    row = (await repository.resources(stack_id))[0]
    claim = Claim(stack_id, row.id, operation.seq, chain_run=1, step=1, attempt=1)
    now = time.time()
    await repository.claim(claim, action=Action.CREATE, operation_id=operation_id, now=now, lease=60)
    assert await repository.record(claim, FAILED["word"], now=now)


def test_a_create_whose_time_was_over_is_told_how_to_get_more() -> None:
    failure = {"causes": [], "aborted": ["slow"], "not_started": []}
    operation = {"action": "CREATE", "state": "FAILED", "reason": "Timed out", "failure": failure}
    lines = tree_lines(StackAddress("web", "id-1"), operation)
    assert lines[:2] == ["web  CREATE_FAILED: Timed out", "└─ aborted: slow"]
    assert "more time: firebrick stack create ... --timeout MINUTES" in lines


def test_what_failed_in_a_nested_stack_is_the_root_cause_of_the_outer_one() -> None:
    full = Failure("disk", "Example::Disk", "CREATE", "quota", "QuotaError", "no room", attempts=3)
    late = InnerFailure("web-slow-x", FailureTree(aborted=("leaf",)))
    nested = [
        Failure(name, "n.yaml", "CREATE", "permanent", error, "...", 1)
        for name, error in (("nest", "QuotaError"), ("slow", ""))
    ]
    inside = InnerFailure("web-nest-x", FailureTree(causes=(full,), not_started=("host",)))
    tree = FailureTree(causes=tuple(nested), not_started=("after",), inner={"nest": inside, "slow": late})
    operation = {"action": "CREATE", "state": "FAILED", "reason": "r", "failure": failure_body(tree), "id": "1"}
    lines = tree_lines(StackAddress("web", "id-1"), operation)
    assert lines[1:9] == [
        "├─ root cause: nest.disk (Example::Disk, 3 attempts)",
        "│    QuotaError: no room",
        "│    next: There is no room for it. Free some or have the quota raised, and try again.",
        "├─ also failed: slow (n.yaml, 1 attempt)",
        "│    ...",
        "│    next: Nothing in it failed by itself: it was stopped, or its time was over. It may need more time.",
        "├─ aborted: slow.leaf",
        "└─ not started: nest.host, after",
    ]
    assert "look:      firebrick stack resource show web-nest-x disk" in lines
    inner = tree_lines(StackAddress("web-nest-x", "id-2"), {**operation, "failure": None}, owner="web")
    assert inner[-1] == "part of:   stack web; what to do is said by: firebrick stack failures list web"
    told = failure_lines(operation)
    assert told[:2] == ["  root cause: nest.disk (Example::Disk, 3 attempts)", "    QuotaError: no room"]


def test_what_nobody_can_know_is_advised_to_be_looked_at() -> None:
    cause = {"error": "UnknownOutcome", "error_class": ""}
    assert "Look at the provider" in advice(cause)


def test_a_complete_stack_has_no_failures(
    make: Callable[..., None], firebrick: Command, seen: Callable[..., Any], capsys: Capture
) -> None:
    make(DONE)
    assert firebrick("stack", "failures", "list", "web") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Nothing of stack web has failed.\n")
    assert seen("stack", "failures", "list", "web") == []


def test_of_a_stack_under_way_nothing_has_failed_so_far(firebrick: Command, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 0
    capsys.readouterr()
    assert firebrick("stack", "failures", "list", "web") == 0
    assert capsys.readouterr().err == (
        "Nothing of stack web has failed so far; its CREATE goes on; to follow: firebrick stack wait web\n"
    )


def test_template_environment_metadata_and_files_are_shown(
    make: Callable[..., None], seen: Callable[..., Any], firebrick: Command, capsys: Capture
) -> None:
    make(DONE)
    template = seen("stack", "template", "show", "web")
    assert list(template["resources"]) == ["word", "after"] and template["description"] == "two words"
    environment = seen("stack", "environment", "show", "web")
    assert environment["parameters"] == {"value": "one"}
    assert seen("stack", "resource", "metadata", "web", "word") == {"role": "x"}
    assert seen("stack", "file", "list", "web") == []
    assert firebrick("stack", "template", "show", "web", "-c", "description") == 0
    assert capsys.readouterr().out == "description: two words\n"


def test_an_event_is_shown_with_its_resources_properties(make: Callable[..., None], seen: Callable[..., Any]) -> None:
    make(DONE)
    (_, complete) = seen("stack", "event", "list", "web", "--resource", "word")
    shown = seen("stack", "event", "show", "web", "word", complete["id"])
    assert (shown["resource_status"], shown["resource_type"]) == ("CREATE_COMPLETE", "OS::Heat::Value")
    assert "resource_properties" in shown


def test_events_come_in_pages(make: Callable[..., None], seen: Callable[..., Any]) -> None:
    make(DONE)
    every = seen("stack", "event", "list", "web")
    first = seen("stack", "event", "list", "web", "--limit", "4")
    rest = seen("stack", "event", "list", "web", "--limit", "4", "--marker", first[-1]["id"])
    assert (len(first), len(rest)) == (4, 2) and first + rest == every
    assert seen("stack", "event", "list", "web", "--sort", "event_time:desc") == every[::-1]


def test_followed_events_end_with_the_operation(
    api: ApiServer, firebrick: Command, capsys: Capture, tmp_path: Path
) -> None:
    """The follower begins when nothing has been carried out, and a delete then takes the create over."""
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 0
    assert firebrick("stack", "show", "web", "-f", "value", "-c", "id") == 0
    capsys.readouterr()
    api.starter.plans["DELETE web"] = {"after": RowOutcome.done(), "word": RowOutcome.done()}
    deleting = threading.Timer(0.3, lambda: firebrick("stack", "delete", "web", "--yes"))
    deleting.start()
    assert firebrick("stack", "event", "list", "web", "--follow") == 0
    deleting.join()
    said = capsys.readouterr()
    assert said.out.splitlines()[0].endswith("[web]: CREATE_IN_PROGRESS  Stack CREATE started")
    assert "this CREATE was superseded by a later operation" in said.err


def test_followed_events_can_be_those_of_one_resource(
    make: Callable[..., None], firebrick: Command, capsys: Capture
) -> None:
    make(DONE)
    assert firebrick("stack", "event", "list", "web", "--follow", "--resource", "word") == 0
    said = capsys.readouterr()
    assert [line.partition(" ")[2] for line in said.out.splitlines()] == [
        "[web.word]: CREATE_IN_PROGRESS  state changed",
        "[web.word]: CREATE_COMPLETE  state changed",
    ]
    assert said.err == "Stack web CREATE_COMPLETE\n"


def test_ctrl_c_detaches_a_follower(
    firebrick: Command, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 0

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("starter.cli.follow.time.sleep", interrupted)
    assert firebrick("stack", "event", "list", "web", "--follow") == 130
    assert "re-attach with: firebrick stack event list " in capsys.readouterr().err


@pytest.mark.parametrize("options", [("-f", "json"), ("--limit", "3"), ("--sort", "event_time"), ("-c", "id")])
def test_following_takes_no_pages_and_no_formats(firebrick: Command, options: tuple[str, ...]) -> None:
    assert firebrick("stack", "event", "list", "web", "--follow", *options) == 2


def test_stacks_are_listed_by_their_tags_and_in_pages(
    firebrick: Command, seen: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    for name, tags in (("one", "a"), ("two", "a,b"), ("three", "c")):
        assert firebrick("stack", "create", name, "-t", "t.yaml", "--tags", tags) == 0

    def names(*options: str) -> list[str]:
        return [one["Stack Name"] for one in seen("stack", "list", "--sort", "stack_name", *options)]

    assert names("--tags", "a,b") == ["two"] and names("--tags-any", "b,c") == ["three", "two"]
    assert names("--not-tags", "a,b") == ["one", "three"] and names("--not-tags-any", "a,b") == ["three"]
    first = seen("stack", "list", "--sort", "stack_name:desc", "--limit", "2")
    rest = seen("stack", "list", "--sort", "stack_name:desc", "--limit", "2", "--marker", first[-1]["ID"])
    assert [one["Stack Name"] for one in [*first, *rest]] == ["two", "three", "one"]


def test_operations_say_who_asked_and_what_became_of_it(make: Callable[..., None], seen: Callable[..., Any]) -> None:
    make(FAILED, 1)
    (listed,) = seen("operation", "list", "web")
    assert (listed["action"], listed["state"], listed["requested_by"]) == ("CREATE", "FAILED", getpass.getuser())
    shown = seen("operation", "show", listed["id"])
    assert shown["requested_by"]["user"] == getpass.getuser()
    assert shown["requested_by"]["request_id"].startswith("req-")
    assert shown["failure"]["causes"][0]["resource"] == "word"


def test_an_operation_that_is_not_there_is_refused(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("operation", "show", "9b0c1c1e-0000-4000-8000-000000000000") == 1
    assert "[operation-not-found]" in capsys.readouterr().err


def test_resource_types_are_listed_and_shown(seen: Callable[..., Any], firebrick: Command, capsys: Capture) -> None:
    assert {"Resource Type": "OS::Heat::Value"} in seen("resource", "type", "list")
    (only,) = seen("resource", "type", "list", "--filter", "name=OS::Heat::Val.*", "--long")
    assert only["Resource Type"] == "OS::Heat::Value" and only["Description"]
    shown = seen("resource", "type", "show", "OS::Heat::Value")
    assert list(shown["properties"]) == ["value", "type"] and shown["description"]
    assert firebrick("resource", "type", "show", "OS::Heat::Valeu") == 1
    assert "The Resource Type (OS::Heat::Valeu) could not be found." in capsys.readouterr().err
    assert firebrick("resource", "type", "list", "--filter", "colour=red") == 2
