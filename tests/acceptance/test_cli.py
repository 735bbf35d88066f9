"""The command line as its users see it: what it prints where, in which form, and how it ends."""

import json
import os
import re
import shlex
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len

from tests.acceptance.bad_templates import VERSION
from tests.acceptance.command_line import FIREBRICK, MINUTE, CommandLine, until
from tests.acceptance.refusals import check_refusal
from tests.acceptance.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "tests" / "templates"
CONDITION = TEMPLATES / "condition.yaml"
EVENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[[^\]]+\]: [A-Z]+_[A-Z_]+  .+")
LAYERS = f"""\
{VERSION}description: A little of everything, "quoted"
parameters:
  word: {{type: string, default: hello}}
  number: {{type: number, default: 3}}
resources:
  first: {{type: OS::Heat::TestResource, properties: {{value: {{get_param: word}}, wait_secs: 0.3}}}}
  second: {{type: OS::Heat::TestResource, properties: {{value: {{get_attr: [first, output]}}, wait_secs: 0.3}}}}
  third:
    type: OS::Heat::Value
    properties: {{type: json, value: {{text: "äöü 漢字", list: [1, two, null], flag: true}}}}
outputs:
  text: {{description: A word., value: {{get_attr: [second, output]}}}}
  number: {{value: {{get_param: number}}}}
  whole: {{value: {{get_attr: [third, value]}}}}
  lines: {{value: "one\\ntwo"}}
"""


VALUE = "{value: {get_param: p%d}}"


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("templates") / "layers.yaml"
    file.write_text(LAYERS)
    return file


@pytest.fixture(scope="module")
def shown(firebrick: CommandLine, layers: Path) -> Iterator[dict[str, Any]]:
    """A stack to look at: `shown`, as `stack show -f json` has it."""
    yield firebrick.record("stack", "create", "shown", "-t", layers, "--tags", "blue,green", "--wait")
    firebrick("stack", "delete", "shown", "--yes", "--wait")


# --- looking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "stack show shown",
        "stack list",
        "stack list --long --deleted",
        "stack resource list shown",
        "stack resource show shown third",
        "stack event list shown",
        "stack output list shown",
        "stack output show shown whole",
        "stack output show shown --all",
    ],
)
def test_every_form_says_the_same(firebrick: CommandLine, shown: dict[str, Any], command: str) -> None:
    words = command.split()
    as_json = json.loads(firebrick(*words, "-f", "json"))
    assert yaml.safe_load(firebrick(*words, "-f", "yaml")) == as_json
    table = firebrick(*words, "-f", "table").splitlines()
    assert table[0] == table[2] == table[-1] and re.fullmatch(r"(\+-+)+\+", table[0])
    rows = as_json if isinstance(as_json, list) else [as_json]
    assert rows
    keys = list(rows[0])
    heading = [part.strip() for part in table[1].strip("|").split("|")]
    assert heading == (keys if isinstance(as_json, list) else ["Field", "Value"])
    value = firebrick(*words, "-f", "value", "-c", keys[0])
    assert value.splitlines()[0] == str(rows[0][keys[0]])
    one = json.loads(firebrick(*words, "-f", "json", "-c", keys[-1], "-c", keys[0]))
    assert list((one if isinstance(one, list) else [one])[0]) == [keys[-1], keys[0]]


def test_columns_may_be_named_in_any_case(firebrick: CommandLine, shown: dict[str, Any]) -> None:
    for column in ("Stack Name", "stack_name", "STACK NAME"):
        listed = firebrick("stack", "list", "--property", "name=shown", "-f", "value", "-c", column)
        assert listed == "shown\n"


def test_outputs_are_printed_so_that_a_script_can_use_them(firebrick: CommandLine, shown: dict[str, Any]) -> None:
    show = ("stack", "output", "show", "shown")
    assert firebrick(*show, "text", "-f", "value") == "hello\n"
    assert firebrick(*show, "lines", "-f", "value") == "one\ntwo\n"
    assert json.loads(firebrick(*show, "whole", "-f", "value")) == {
        "text": "äöü 漢字",
        "list": [1, "two", None],
        "flag": True,
    }
    assert firebrick.record(*show, "number")["output_value"] == 3
    done = firebrick.run(*show, "nothing")
    check_refusal(done, "output-not-found", "nothing", "text, number, whole, lines")


def test_a_table_keeps_its_frame_whatever_is_in_it(firebrick: CommandLine, shown: dict[str, Any]) -> None:
    table = firebrick("stack", "output", "show", "shown", "--all").splitlines()
    assert len({cell_len(line) for line in table}) == 1, "\n".join(table)
    assert "漢字" in "".join(table)


def test_lists_are_narrowed_sorted_and_paged(firebrick: CommandLine, shown: dict[str, Any]) -> None:
    for name in ("a-one", "b-two", "c-three"):
        firebrick("stack", "create", name, "-t", CONDITION, "--tags", f"group,{name}", "--wait")

    def names(*options: str) -> list[str]:
        return firebrick("stack", "list", "-f", "value", "-c", "stack_name", *options).split()

    assert names()[:3] == ["c-three", "b-two", "a-one"]  # the newest first
    assert names("--sort", "stack_name:asc") == ["a-one", "b-two", "c-three", "shown"]
    assert names("--sort", "stack_name:desc", "--limit", "2") == ["shown", "c-three"]
    assert names("--property", "name=a-one", "--property", "name=shown", "--sort", "stack_name") == ["a-one", "shown"]
    assert names("--property", "status=COMPLETE", "--limit", "999999999999999999999999") == names()
    assert names("--property", "status=FAILED") == []
    assert names("--tags", "group,b-two") == ["b-two"]
    assert sorted(names("--tags-any", "a-one,blue")) == ["a-one", "shown"]
    second = firebrick.record("stack", "show", "b-two")["id"]
    assert names("--marker", second) == ["a-one", "shown"]
    firebrick("stack", "delete", "a-one", "b-two", "c-three", "--yes", "--wait")
    assert names() == ["shown"]
    deleted = firebrick("stack", "list", "--deleted", "--property", f"id={second}", "-f", "value", "-c", "stack_status")
    assert deleted == "DELETE_COMPLETE\n"


def test_resources_and_events_are_narrowed(firebrick: CommandLine, shown: dict[str, Any]) -> None:
    def resources(*options: str) -> list[str]:
        return [row["resource_name"] for row in firebrick.rows("stack", "resource", "list", "shown", *options)]

    assert resources() == ["first", "second", "third"]
    assert resources("--filter", "type=OS::Heat::Value") == ["third"]
    assert resources("--filter", "name=first", "--filter", "name=second", "--filter", "status=COMPLETE") == [
        "first",
        "second",
    ]
    events = firebrick("stack", "event", "list", "shown").splitlines()
    assert len(events) == 8 and all(EVENT.fullmatch(line) for line in events)
    assert "[shown]: CREATE_IN_PROGRESS  Stack CREATE started" in events[0]
    assert "[shown]: CREATE_COMPLETE  Stack CREATE completed successfully" in events[-1]
    newest_first = firebrick("stack", "event", "list", "shown", "--sort", "event_time:desc").splitlines()
    assert newest_first == events[::-1]
    assert len(firebrick("stack", "event", "list", "shown", "--resource", "second").splitlines()) == 2
    assert firebrick("stack", "event", "list", "shown", "--limit", "3").splitlines() == events[:3]
    rows = firebrick.rows("stack", "event", "list", "shown")
    rest = firebrick("stack", "event", "list", "shown", "--marker", rows[5]["id"]).splitlines()
    assert rest == events[6:]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "stack",
        "server",
        "worker",
        "server setup",
        "stack create",
        "stack show",
        "stack list",
        "stack delete",
        "stack wait",
        "stack resource",
        "stack resource list",
        "stack resource show",
        "stack event",
        "stack event list",
        "stack output",
        "stack output list",
        "stack output show",
    ],
)
def test_every_command_explains_itself_without_a_server(firebrick: CommandLine, words: str) -> None:
    nowhere = {"FIREBRICK_URL": "http://127.0.0.1:9"}
    done = firebrick.run(*words.split(), "--help", environment=nowhere)
    assert done.code == 0 and done.err == "", done
    assert done.out.lower().startswith(f"usage: firebrick {words}".strip())
    if words != "worker":
        assert max(map(len, done.out.splitlines())) <= 100


# --- creating -------------------------------------------------------------------------------------------------------


def test_a_create_without_wait_prints_the_stack_that_has_begun(firebrick: CommandLine, layers: Path) -> None:
    done = firebrick.run("stack", "create", "begun", "-t", layers, "-f", "json")
    assert done.code == 0 and done.err == "", done
    assert json.loads(done.out)["stack_status"] == "CREATE_IN_PROGRESS"
    waited = firebrick.run("stack", "wait", "begun", "-f", "json")
    assert waited.code == 0 and json.loads(waited.out)["stack_status"] == "CREATE_COMPLETE", waited
    firebrick("stack", "delete", "begun", "--yes", "--wait")


def test_elsewhere_than_on_a_terminal_wait_prints_a_line_for_each_event(firebrick: CommandLine, layers: Path) -> None:
    done = firebrick.run("stack", "create", "lines", "-t", layers, "--wait", "-f", "json")
    told = done.err.splitlines()
    assert done.code == 0 and json.loads(done.out)["stack_status"] == "CREATE_COMPLETE"
    assert len(told) == 9 and all(EVENT.fullmatch(line) for line in told[:-1]), done.err
    assert told[-1] == "Stack lines CREATE_COMPLETE"
    assert "\x1b" not in done.err
    deleted = firebrick.run("stack", "delete", "lines", "--yes", "--wait")
    assert deleted.out == "" and "[lines]: DELETE_COMPLETE" in deleted.err and "CREATE" not in deleted.err


def test_parameters_come_from_options_files_and_environments_later_ones_win(
    firebrick: CommandLine, layers: Path, tmp_path: Path
) -> None:
    one, two, word = tmp_path / "one.yaml", tmp_path / "two.yaml", tmp_path / "word.txt"
    one.write_text("parameters: {word: from one, number: 1}\n")
    two.write_text("parameters: {number: 2}\n")
    word.write_text("from a file\nof two lines")

    def created(name: str, *options: str | Path) -> dict[str, Any]:
        firebrick("stack", "create", name, "-t", layers, *options, "--wait")
        outputs = firebrick.outputs(name)
        firebrick("stack", "delete", name, "--yes", "--wait")
        return {key: outputs[key] for key in ("text", "number")}

    assert created("both", "-e", one, "-e", two) == {"text": "from one", "number": 2}
    assert created("over", "-e", one, "--parameter", "number=7") == {"text": "from one", "number": 7}
    assert created("file", "--parameter-file", f"word={word}", "--parameter", "number=1") == {
        "text": "from a file\nof two lines",
        "number": 1,
    }


def test_a_template_may_come_from_standard_input_and_from_a_windows_editor(
    firebrick: CommandLine, tmp_path: Path
) -> None:
    windows = tmp_path / "windows.yaml"
    windows.write_bytes(b"\xef\xbb\xbf" + LAYERS.replace("\n", "\r\n").encode())
    firebrick("stack", "create", "windows", "-t", windows, "--wait")
    assert firebrick.outputs("windows")["text"] == "hello"
    piped = firebrick.run("stack", "create", "piped", "-t", "-", "--wait", stdin=LAYERS)
    assert piped.code == 0, piped
    wrong = firebrick.run("stack", "create", "wrong", "-t", "-", stdin=b"\xef\xbb\xbfresources:\r\n\ta: 1\r\n")
    check_refusal(wrong, "broken-yaml", "-:2:1: ", "spaces, not tabs")
    firebrick("stack", "delete", "windows", "piped", "--yes", "--wait")


@pytest.mark.parametrize(
    ("template", "resources"),
    [
        pytest.param(VERSION, 0, id="no section"),
        pytest.param(f"{VERSION}resources:\n", 0, id="an empty section"),
        pytest.param(f"{VERSION}resources: {{}}\n", 0, id="an empty map"),
        pytest.param(
            VERSION
            + "parameters:\n"
            + "".join(f"  p{n}: {{type: number, default: {n}}}\n" for n in range(200))
            + "resources:\n"
            + "".join(f"  r{n}: {{type: OS::Heat::Value, properties: {VALUE % n}}}\n" for n in range(200)),
            200,
            id="200 parameters",
        ),
        pytest.param(
            f"{VERSION}resources:\n"
            "  with some spaces: {type: OS::Heat::TestResource}\n"
            "  ünïcödé 漢字: {type: OS::Heat::TestResource}\n"
            f"  {'l' * 255}: {{type: OS::Heat::None}}\n"
            '  "a?b#c%2Fd&e": {type: OS::Heat::None}\n'
            '  "..": {type: OS::Heat::None}\n',
            5,
            id="strange names",
        ),
    ],
)
def test_unusual_templates_become_stacks(firebrick: CommandLine, tmp_path: Path, template: str, resources: int) -> None:
    file = tmp_path / "unusual.yaml"
    file.write_text(template)
    firebrick("stack", "create", "unusual", "-t", file, "--wait")
    rows = firebrick.resources("unusual")
    assert len(rows) == resources
    assert {row["resource_status"] for row in rows.values()} <= {"CREATE_COMPLETE"}
    for name in list(rows)[:5]:
        assert firebrick.record("stack", "resource", "show", "unusual", name)["resource_name"] == name
        assert firebrick("stack", "event", "list", "unusual", "--resource", name)
    firebrick("stack", "delete", "unusual", "--yes", "--wait")


def test_an_output_that_cannot_be_computed_hides_no_other(firebrick: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "outputs.yaml"
    file.write_text(
        f"{VERSION}resources:\n  a: {{type: OS::Heat::Value, properties: {{value: text}}}}\n"
        "outputs:\n"
        "  good: {value: {get_attr: [a, value]}}\n"
        "  bad: {value: {list_join: [',', {get_attr: [a, value]}]}}\n"
    )
    firebrick("stack", "create", "outputs", "-t", file, "--wait")
    one = firebrick.run("stack", "output", "show", "outputs", "bad")
    every = firebrick.run("stack", "output", "show", "outputs", "--all", "-f", "json")
    for done in (one, every):
        assert done.code == 1 and "outputs.bad: " in done.err and "[output-error]" in done.err, done
    values = {row["output_key"]: row["output_value"] for row in json.loads(every.out)}
    assert values == {"good": "text", "bad": None}
    assert firebrick.record("stack", "output", "show", "outputs", "good")["output_value"] == "text"
    firebrick("stack", "delete", "outputs", "--yes", "--wait")


def test_an_operation_id_of_another_request_is_refused(firebrick: CommandLine, layers: Path) -> None:
    token = str(uuid.uuid4())
    firebrick("stack", "create", "first", "-t", layers, "--operation-id", token, "--wait")
    others = [("create", "second", "-t", layers), ("update", "first", "-t", layers), ("delete", "first", "--yes")]
    for other in others:
        done = firebrick.run("stack", *other, "--operation-id", token)
        assert done.code == 1 and f"{token} was used for another request, the CREATE of stack 'first'" in done.err, done
    assert firebrick.record("stack", "show", "first")["stack_status"] == "CREATE_COMPLETE"
    assert firebrick.run("stack", "show", "second").code == 1
    firebrick("stack", "delete", "first", "--yes", "--wait")


def test_an_output_that_cannot_be_written_is_told_as_that(firebrick: CommandLine) -> None:
    def listed(redirected: str) -> subprocess.CompletedProcess[str]:
        line = f"{shlex.quote(str(FIREBRICK))} stack list {redirected}"
        return subprocess.run(["sh", "-c", line], env=firebrick.environment, capture_output=True, text=True, timeout=60)

    full = listed(">/dev/full")
    assert (full.returncode, full.stderr) == (1, "error: the output cannot be written: No space left on device\n")
    assert listed(">&-").returncode == 0 and not listed(">&-").stderr


def test_an_operation_id_makes_a_repeated_request_count_once(firebrick: CommandLine, layers: Path) -> None:
    token = str(uuid.uuid4())
    first = firebrick.record("stack", "create", "once", "-t", layers, "--operation-id", token)
    again = firebrick.record("stack", "create", "once", "-t", layers, "--operation-id", token, "--wait")
    assert first["id"] == again["id"] and again["stack_status"] == "CREATE_COMPLETE"
    firebrick("stack", "delete", "once", "--yes", "--wait")


# --- failing --------------------------------------------------------------------------------------------------------


def test_a_failure_is_told_root_cause_first_with_what_to_do(firebrick: CommandLine) -> None:
    done = firebrick.run("stack", "create", "fails", "-t", TEMPLATES / "fails.yaml", "--wait", "-f", "json")
    assert done.code == 1 and json.loads(done.out)["stack_status"] == "CREATE_FAILED", done
    told = done.err.splitlines()
    end = told[next(number for number, line in enumerate(told) if line.startswith("Stack fails CREATE_FAILED: ")) :]
    assert end[1:] == [
        "  root cause: broken (OS::Heat::TestResource)",
        "    ValueError: Test Resource failed broken",
        "  not started: never",
        "  events: firebrick stack event list fails",
        "  go on: firebrick stack continue fails",
        "  change it: firebrick stack update fails -t FILE",
        "  clean up: firebrick stack delete fails",
    ]
    waited = firebrick.run("stack", "wait", "fails")
    assert waited.code == 1 and "root cause: broken" in waited.err, waited
    firebrick("stack", "delete", "fails", "--yes", "--wait")


def test_a_create_that_takes_too_long_times_out(firebrick: CommandLine) -> None:
    began = time.monotonic()
    done = firebrick.run("stack", "create", "late", "-t", TEMPLATES / "never_ready.yaml", "--timeout", "1", "--wait")
    assert MINUTE <= time.monotonic() - began < MINUTE + 300
    assert done.code == 1 and "Stack late CREATE_FAILED: Timed out" in done.err, done
    assert "aborted: endless" in done.err
    resources = firebrick.resources("late")
    assert (resources["good"]["resource_status"], resources["endless"]["resource_status"]) == (
        "CREATE_COMPLETE",
        "CREATE_FAILED",
    )
    firebrick("stack", "delete", "late", "--yes", "--wait")


def test_several_deletes_go_on_after_one_that_is_refused(firebrick: CommandLine, layers: Path) -> None:
    for name in ("one", "two"):
        firebrick("stack", "create", name, "-t", layers, "--wait")
    done = firebrick.run("stack", "delete", "one", "nobody", "two", "one", "--yes", "--wait")
    assert done.code == 1 and done.err.count("error: ") == 1 and "The Stack (nobody)" in done.err, done
    assert firebrick.run("stack", "show", "one").code == firebrick.run("stack", "show", "two").code == 1


def test_deleting_twice_at_once_deletes_once_and_says_who_did(firebrick: CommandLine) -> None:
    """A delete begins anew with each request, as in Heat: the last one accepted is the one that ends."""
    firebrick("stack", "create", "twice", "-t", TEMPLATES / "never_ready.yaml")
    deletes = [firebrick.start("stack", "delete", "twice", "--yes", "--wait") for _ in range(3)]
    ends = [(delete.communicate(timeout=60)[1], delete.returncode) for delete in deletes]
    assert sorted(code for _, code in ends)[0] == 0
    for told, code in ends:
        if code:
            assert code == 1 and ("superseded by a later operation" in told or "[stack-not-found]" in told), told
    assert firebrick.run("stack", "show", "twice").code == 1


def test_a_delete_takes_over_a_create_and_whoever_waits_for_that_hears_of_it(firebrick: CommandLine) -> None:
    create = firebrick.start("stack", "create", "race", "-t", TEMPLATES / "never_ready.yaml", "--wait")
    until(lambda: "race" in {row["Stack Name"] for row in firebrick.rows("stack", "list")}, "the create is accepted")
    firebrick("stack", "delete", "race", "--yes", "--wait")
    _, told = create.communicate(timeout=60)
    assert create.returncode == 1 and "superseded" in told and "firebrick stack wait" in told, told
    assert firebrick.run("stack", "show", "race").code == 1
    assert firebrick.run("stack", "list", "--property", "name=race", "-f", "json").out.strip() == "[]"


# --- on a terminal --------------------------------------------------------------------------------------------------


@pytest.fixture
def tty(firebrick: CommandLine) -> dict[str, str]:
    environment = {**firebrick.environment, "TERM": "xterm-256color"}
    del environment["NO_COLOR"]
    return environment


def test_on_a_terminal_wait_shows_a_tree_that_ends_as_it_is(
    firebrick: CommandLine, tty: dict[str, str], layers: Path, tmp_path: Path
) -> None:
    environment = tmp_path / "hooks.yaml"
    environment.write_text("resource_registry: {resources: {second: {hooks: pre-create}}}\n")
    create = ("stack", "create", "tree", "-t", layers, "-e", environment)
    with Terminal(tty, *create, "--wait", "-f", "value", "-c", "stack_status") as seen:
        seen.read_until("third  CREATE_COMPLETE", "second  waiting  CREATE paused")
        seen.watch_for(lambda _: seen.written.count("\x1b[2K") > 4, "redrawing")
        firebrick("stack", "hook", "clear", "tree", "second", "--pre-create")
        assert seen.end() == 0
        assert "\x1b[32mCREATE_COMPLETE" in seen.written and "\x1b[33mCREATE_IN_PROGRESS" in seen.written
        lines = [line for line in seen.screen if line]
    assert re.fullmatch(r"tree  CREATE_COMPLETE  3/3 resources  \d+ s", lines[0])
    assert lines[1:] == [
        "├─ first  CREATE_COMPLETE  OS::Heat::TestResource",
        "├─ second  CREATE_COMPLETE  OS::Heat::TestResource",
        "└─ third  CREATE_COMPLETE  OS::Heat::Value",
        "Stack tree CREATE_COMPLETE",
        "CREATE_COMPLETE",
    ]
    firebrick("stack", "delete", "tree", "--yes", "--wait")


def test_colour_is_left_out_where_it_is_not_wanted(firebrick: CommandLine, tty: dict[str, str]) -> None:
    colours = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38|4[0-7])[;m]")
    command = ("stack", "create", "grey", "-t", TEMPLATES / "fails.yaml", "--wait", "-f", "value", "-c", "stack_status")
    with Terminal({**tty, "NO_COLOR": "1"}, *command) as grey:
        assert grey.end() == 1
        assert "CREATE_FAILED" in grey.text and not colours.search(grey.written)
    firebrick("stack", "delete", "grey", "--yes", "--wait")
    with Terminal(tty, "stack", "show", "grey") as coloured:
        assert coloured.end() == 1 and colours.search(coloured.written)
    with Terminal({**tty, "NO_COLOR": "1"}, "stack", "show", "grey") as grey:
        assert grey.end() == 1
        assert "error: The Stack (grey) could not be found." in grey.text and not colours.search(grey.written)


def test_ctrl_c_detaches_and_the_stack_goes_on(firebrick: CommandLine, tty: dict[str, str]) -> None:
    command = ("stack", "create", "detached", "-t", TEMPLATES / "never_ready.yaml", "--wait")
    with Terminal(tty, *command) as seen:
        seen.read_until("endless  CREATE_IN_PROGRESS")
        seen.press("\x03")
        assert seen.end() == 130
        assert seen.screen[-2].startswith("detached; the create of detached goes on; re-attach with: firebrick stack")
        again = seen.screen[-2].partition("re-attach with: firebrick ")[2].split()
        assert "\x1b[?25h" in seen.written  # the cursor is back
    assert firebrick.record("stack", "show", "detached")["stack_status"] == "CREATE_IN_PROGRESS"
    with Terminal(tty, *again) as seen:
        seen.read_until("endless  CREATE_IN_PROGRESS", "good  CREATE_COMPLETE")
        firebrick("stack", "delete", "detached", "--yes")
        assert seen.end() == 1
        assert "superseded" in seen.text


def test_ctrl_c_detaches_elsewhere_too(firebrick: CommandLine) -> None:
    command = firebrick.start("stack", "create", "piped", "-t", TEMPLATES / "never_ready.yaml", "--wait")
    assert (lines := command.stderr) is not None
    until(lambda: "piped.endless" in lines.readline(), "the last resource is begun")
    os.kill(command.pid, signal.SIGINT)
    _, told = command.communicate(timeout=30)
    assert command.returncode == 130 and "re-attach with: firebrick stack wait piped" in told
    deleting = firebrick.start("stack", "delete", "piped", "--yes", "--wait")
    assert deleting.wait(60) == 0, deleting.communicate()
    assert deleting.communicate()[1].splitlines()[-1] == "Stack piped DELETE_COMPLETE"


@pytest.mark.parametrize(("answer", "code", "left"), [("n\r", 130, ["asked"]), ("y\r", 0, [])])
def test_a_delete_asks_on_a_terminal(
    firebrick: CommandLine, tty: dict[str, str], answer: str, code: int, left: list[str]
) -> None:
    if "asked" not in {row["Stack Name"] for row in firebrick.rows("stack", "list")}:
        firebrick("stack", "create", "asked", "-t", CONDITION, "--wait")
    with Terminal(tty, "stack", "delete", "asked", "--wait") as seen:
        seen.read_until("Delete asked and everything in it?")
        seen.press(answer)
        assert seen.end() == code
    names = [row["Stack Name"] for row in firebrick.rows("stack", "list", "--property", "name=asked")]
    assert names == left


def test_a_tree_larger_than_the_terminal_shows_what_runs(
    firebrick: CommandLine, tty: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "wide.yaml"
    body = "".join(f"  r{n:02}: {{type: OS::Heat::None}}\n" for n in range(60))
    slow = "  slow: {type: OS::Heat::TestResource, properties: {action_wait_secs: {create: 600}}}\n"
    file.write_text(f"{VERSION}resources:\n{body}{slow}")
    command = ("stack", "create", "wide", "-t", file, "--wait", "-f", "value", "-c", "stack_status")
    with Terminal(tty, *command, lines=12, columns=60) as seen:

        def complete(lines: list[str]) -> bool:
            return "60/61 resources" in lines[0] and any(re.fullmatch(r"└─ … and \d+ more", line) for line in lines)

        seen.watch_for(complete, "all but the slow one")
        assert seen.screen[1].startswith("├─ slow  CREATE_IN_PROGRESS")
        assert sum(line.startswith(("├─", "└─")) for line in seen.screen) <= 10
        assert max(map(len, seen.screen)) <= 60
        firebrick("stack", "delete", "wide", "--yes", "--wait")
        assert seen.end() == 1


# --- projects ---------------------------------------------------------------------------------------------------------


def test_a_project_sees_its_own_stacks_only(firebrick: CommandLine) -> None:
    other = ("--project", "other")
    mine = firebrick.record("stack", "create", "same", "-t", CONDITION, "--wait")
    theirs = firebrick.record(*other, "stack", "create", "same", "-t", CONDITION, "--wait")
    assert mine["id"] != theirs["id"]
    assert theirs["parameters"]["OS::project_id"] == "other"
    check_refusal(firebrick.run("stack", "show", theirs["id"]), "stack-not-found")
    by_variable = firebrick.run("stack", "list", "-f", "json", environment={"FIREBRICK_PROJECT": "other"})
    assert [row["ID"] for row in json.loads(by_variable.out)] == [theirs["id"]]
    by_url = firebrick.run("--url", f"{firebrick.told['api_url']}/v1/other", "stack", "list", "-f", "json")
    assert by_url.out == by_variable.out
    firebrick(*other, "stack", "delete", "same", "--yes", "--wait")
    assert firebrick.record("stack", "show", "same")["id"] == mine["id"]
    firebrick("stack", "delete", "same", "--yes", "--wait")
