"""The commands against the API: what they print, where, and how they end."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firebrick.store.step_outcomes import RowOutcome
from tests.unit.cli.conftest import ApiServer

TEMPLATE = """\
heat_template_version: 2021-04-16
description: two words
parameters:
  value: {type: string, default: hello}
resources:
  word:
    type: OS::Heat::Value
    properties:
      value: {get_param: value}
  after:
    type: OS::Heat::Value
    depends_on: word
    properties:
      value: 2
outputs:
  word:
    value: {get_attr: [word, value]}
"""
DONE = {
    "word": RowOutcome.done(physical_id="w", attributes={"value": "hello"}),
    "after": RowOutcome.done(physical_id="a", attributes={"value": None}),
}
Command = Callable[..., int]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def template(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)


def create(api: ApiServer, firebrick: Command, capsys: Capture, *more: str) -> dict[str, Any]:
    """A stack called web, complete; what was printed as JSON."""
    api.starter.plans["CREATE web"] = DONE
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait", "-f", "json", *more) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def test_create_prints_the_stack_and_returns_at_once(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "-f", "json", "--timeout", "5", "--tags", "a,b") == 0
    record = json.loads(capsys.readouterr().out)
    assert list(record)[:7] == [
        "id",
        "stack_name",
        "description",
        "creation_time",
        "updated_time",
        "stack_status",
        "stack_status_reason",
    ]
    assert record["stack_status"] == "CREATE_IN_PROGRESS"
    assert (record["timeout_mins"], record["tags"], record["disable_rollback"]) == (5, ["a", "b"], True)
    assert "outputs" not in record


def test_wait_prints_a_line_for_each_event_and_ends_with_the_outputs(
    api: ApiServer, firebrick: Command, capsys: Capture
) -> None:
    api.starter.plans["CREATE web"] = DONE
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait", "-f", "json") == 0
    said = capsys.readouterr()
    assert [line.partition(" ")[2] for line in said.err.splitlines()] == [
        "[web]: CREATE_IN_PROGRESS  Stack CREATE started",
        "[web.word]: CREATE_IN_PROGRESS  state changed",
        "[web.word]: CREATE_COMPLETE  state changed",
        "[web.after]: CREATE_IN_PROGRESS  state changed",
        "[web.after]: CREATE_COMPLETE  state changed",
        "[web]: CREATE_COMPLETE  Stack CREATE completed successfully",
        "web CREATE_COMPLETE",
    ]
    record = json.loads(said.out)
    assert record["stack_status"] == "CREATE_COMPLETE"
    assert [(one["output_key"], one["output_value"]) for one in record["outputs"]] == [("word", "hello")]


def test_wait_on_a_failure_ends_with_one_and_the_root_cause_first(
    api: ApiServer, firebrick: Command, capsys: Capture
) -> None:
    api.starter.plans["CREATE web"] = {"word": RowOutcome.failed("permanent", "it broke", error="ValueError")}
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait", "-f", "json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["stack_status"] == "CREATE_FAILED"
    told = said.err[said.err.index("Stack web CREATE_FAILED") :].splitlines()
    assert told[0] == "Stack web CREATE_FAILED: Resource CREATE failed: ValueError: resources.word: it broke"
    assert told[1:3] == ["  root cause: word (OS::Heat::Value)", "    ValueError: it broke"]
    assert "  not started: after" in told and "  clean up: firebrick stack delete web" in told


def test_ctrl_c_detaches_and_says_how_to_attach_again(
    api: ApiServer, firebrick: Command, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing carries the create out here, so the follower would wait for ever; the pause is where ctrl-C arrives."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("starter.cli.follow.time.sleep", interrupted)
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "--wait") == 130
    assert "re-attach with: firebrick stack wait web" in capsys.readouterr().err
    assert firebrick("stack", "show", "web", "-f", "value", "-c", "stack_status") == 0
    assert capsys.readouterr().out == "CREATE_IN_PROGRESS\n"


def test_wait_attaches_again_and_shows_the_action_from_its_start(
    api: ApiServer, firebrick: Command, capsys: Capture
) -> None:
    create(api, firebrick, capsys)
    assert firebrick("stack", "wait", "web", "-f", "value", "-c", "stack_status") == 0
    said = capsys.readouterr()
    assert said.out == "CREATE_COMPLETE\n" and "Stack CREATE started" in said.err


def test_delete_waits_to_the_end_and_shows_its_own_events_only(
    api: ApiServer, firebrick: Command, capsys: Capture
) -> None:
    made = create(api, firebrick, capsys)
    api.starter.plans["DELETE web"] = {"after": RowOutcome.done(), "word": RowOutcome.done()}
    assert firebrick("stack", "delete", "web", "--yes", "--wait") == 0
    said = capsys.readouterr().err
    assert "DELETE_COMPLETE" in said and "CREATE" not in said
    assert firebrick("stack", "show", "web") == 1
    assert "[stack-not-found]" in capsys.readouterr().err
    assert firebrick("stack", "show", made["id"], "-f", "value", "-c", "stack_status") == 0
    assert capsys.readouterr().out == "DELETE_COMPLETE\n"


def test_a_delete_that_takes_a_create_over_is_told_to_the_creates_follower(
    api: ApiServer, firebrick: Command, capsys: Capture
) -> None:
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "-f", "value", "-c", "id") == 0
    stack_id = capsys.readouterr().out.strip()
    assert firebrick("stack", "delete", "web", "--yes") == 0
    assert f"firebrick stack wait {stack_id}" in capsys.readouterr().err


def test_deleting_several_goes_on_after_one_that_is_not_there(
    api: ApiServer, firebrick: Command, capsys: Capture
) -> None:
    create(api, firebrick, capsys)
    assert firebrick("stack", "delete", "none", "web", "--yes") == 1
    said = capsys.readouterr().err
    assert "none" in said and "Deleting web" in said


def test_the_same_operation_id_makes_one_stack(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    token = str(uuid.uuid4())
    for _ in range(2):
        assert firebrick("stack", "create", "web", "-t", "t.yaml", "--operation-id", token, "-f", "value") == 0
    assert firebrick("stack", "list", "-f", "value", "-c", "Stack Name") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "web"
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 1
    assert "[name-in-use]" in capsys.readouterr().err


def test_lists_have_the_columns_of_the_openstack_client(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    create(api, firebrick, capsys)
    expected = {
        ("stack", "list"): ["ID", "Stack Name", "Stack Status", "Creation Time", "Updated Time"],
        ("stack", "resource", "list", "web"): [
            "resource_name",
            "physical_resource_id",
            "resource_type",
            "resource_status",
            "updated_time",
        ],
        ("stack", "event", "list", "web"): [
            "resource_name",
            "id",
            "resource_status_reason",
            "resource_status",
            "event_time",
        ],
        ("stack", "output", "list", "web"): ["output_key", "description"],
        ("stack", "output", "show", "web", "--all"): ["output_key", "output_value", "description"],
    }
    for arguments, columns in expected.items():
        assert firebrick(*arguments, "-f", "json") == 0
        assert list(json.loads(capsys.readouterr().out)[0]) == columns


def test_list_filters_and_sorts(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    create(api, firebrick, capsys)
    assert firebrick("stack", "create", "other", "-t", "t.yaml", "-f", "value", "-c", "id") == 0
    capsys.readouterr()
    names = ("-f", "value", "-c", "Stack Name")
    for options, expected in (
        (["--sort", "stack_name"], ["other", "web"]),
        (["--sort", "stack_name:desc"], ["web", "other"]),
        (["--property", "status=COMPLETE"], ["web"]),
        (["--property", "name=web", "--property", "name=other", "--limit", "1"], ["other"]),
    ):
        assert firebrick("stack", "list", *options, *names) == 0
        assert capsys.readouterr().out.split() == expected


def test_events_are_lines_oldest_first(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    create(api, firebrick, capsys)
    assert firebrick("stack", "event", "list", "web", "--resource", "word") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        "[web.word]: CREATE_IN_PROGRESS  state changed",
        "[web.word]: CREATE_COMPLETE  state changed",
    ]


def test_an_output_alone_can_be_a_bare_value(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    create(api, firebrick, capsys)
    assert firebrick("stack", "output", "show", "web", "word", "-f", "value") == 0
    assert capsys.readouterr().out == "hello\n"
    assert firebrick("stack", "output", "show", "web", "none") == 1
    assert "Specified output key none not found." in capsys.readouterr().err


def test_a_resource_is_shown_with_its_attributes(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    create(api, firebrick, capsys)
    assert firebrick("stack", "resource", "show", "web", "word", "-f", "json") == 0
    assert json.loads(capsys.readouterr().out)["attributes"] == {"value": "hello"}


def test_a_wrong_template_is_shown_at_its_place_in_the_users_own_file(
    firebrick: Command, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE.replace("get_param: value", "get_param: nothing"))
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 1
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0].startswith("error: t.yaml:9:")
    assert "  9 |       value: {get_param: nothing}" in lines
    assert any(line.endswith("^") and line.startswith("    | ") for line in lines)


def test_a_wrong_environment_is_shown_with_its_file_also_when_there_are_several(
    firebrick: Command, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text("parameters:\n  value: a\n  other: !x b\n")
    (tmp_path / "good.yaml").write_text("parameters: {}\n")
    for environments in (["-e", "bad.yaml"], ["-e", "good.yaml", "-e", "bad.yaml"]):
        assert firebrick("stack", "create", "web", "-t", "t.yaml", *environments) == 1
        lines = capsys.readouterr().err.splitlines()
        assert lines[0].startswith("error: bad.yaml:3:10:")
        assert "  3 |   other: !x b" in lines


TWICE = TEMPLATE.replace("  value: {type", "  value: {type: number}\n  value: {type")


def test_a_key_that_is_given_twice_is_warned_of_on_standard_error_and_the_stack_is_made(
    firebrick: Command, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "twice.yaml").write_text(TWICE)
    (tmp_path / "env.yaml").write_text("parameters: {value: a, value: b}\n")
    given = ("-t", "twice.yaml", "-e", "env.yaml")
    for command in (
        ("stack", "create", "web", *given, "-f", "json"),
        ("stack", "update", "web", *given, "-f", "json"),
        ("stack", "plan", "new", *given, "-f", "json", "-o", "plan.json"),
        ("stack", "apply", "plan.json", "-f", "json"),
    ):
        assert firebrick(*command) in (0, 2), command
        out, err = capsys.readouterr()
        assert isinstance(json.loads(out), dict)
        assert err.splitlines()[:8] == [
            "warning: twice.yaml:5:3: parameters.value: the key value is given twice, in lines 4 and 5: the last value "
            "counts [duplicate-key]",
            "  5 |   value: {type: string, default: hello}",
            "    |   ^",
            "  Remove one of them, or give one another name.",
            "warning: env.yaml:1:24: parameters.value: the key value is given twice in line 1, in columns 14 and 24: "
            "the last value counts [duplicate-key]",
            "  1 | parameters: {value: a, value: b}",
            "    |                        ^",
            "  Remove one of them, or give one another name.",
        ], command
    assert "warnings" not in json.loads((tmp_path / "plan.json").read_text())


def test_parameters_and_environments_reach_the_stack_later_over_earlier(
    firebrick: Command, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "one.yaml").write_text("parameters: {value: one}\n")
    (tmp_path / "two.yaml").write_text("parameters: {value: two}\n")
    (tmp_path / "text").write_text("from a file")
    for name, options, value in (
        ("a", ["-e", "one.yaml"], "one"),
        ("b", ["-e", "one.yaml", "-e", "two.yaml"], "two"),
        ("c", ["-e", "one.yaml", "--parameter", "value=a=b"], "a=b"),
        ("d", ["--parameter-file", "value=text"], "from a file"),
    ):
        assert firebrick("stack", "create", name, "-t", "t.yaml", *options, "-f", "json") == 0
        assert json.loads(capsys.readouterr().out)["parameters"]["value"] == value


@pytest.mark.parametrize("name", ["a/b", "1a", "a b", "../x"])
def test_a_bad_stack_name_is_refused(name: str, firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "create", name, "-t", "t.yaml") == 1
    err = capsys.readouterr().err
    assert name in err and "[bad-stack-name]" in err
    assert firebrick("stack", "show", name) == 1
    assert f"The Stack ({name}) could not be found." in capsys.readouterr().err


def test_an_unexpected_error_of_the_server_is_seventy(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    api.starter.broken = RuntimeError("s3cret")
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 70
    said = capsys.readouterr().err
    assert "report" in said and "s3cret" not in said


def test_projects_are_apart(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("--project", "one", "stack", "create", "web", "-t", "t.yaml", "-f", "value", "-c", "id") == 0
    capsys.readouterr()
    assert firebrick("--project", "two", "stack", "list", "-f", "json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_stack_is_named_by_its_arn_as_well(api: ApiServer, firebrick: Command, capsys: Capture) -> None:
    made = create(api, firebrick, capsys)
    arn = f"arn:openstack:heat::default:stacks/web/{made['id']}"
    assert firebrick("stack", "show", arn, "-f", "value", "-c", "id") == 0
    assert capsys.readouterr().out.strip() == made["id"]
    for wrong, why in (
        (arn.replace("::default:", "::other:"), "It is of project other"),
        (f"{arn}/resources/word", "It names something in a stack"),
        (arn.replace(made["id"], str(uuid.uuid4())), "could not be found"),
    ):
        assert firebrick("stack", "show", wrong) == 1
        assert why in capsys.readouterr().err
