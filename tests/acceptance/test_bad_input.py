"""Bad input by the command line and by HTTP: a message with what, where and what to do, exit code 1, nothing left.

What plain Temporal makes of the same input is in test_plain_temporal.py.
"""

import contextlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.bad_templates import BAD, VERSION, Bad, one_resource
from tests.acceptance.command_line import BIN, CommandLine, Finished, post, until
from tests.acceptance.refusals import NothingLeft, check_refusal

ROOT = Path(__file__).resolve().parents[2]
GOOD = f"{VERSION}resources:\n  a: {{type: OS::Heat::None}}\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A template with nothing wrong."""
    file = tmp_path / "good.yaml"
    file.write_text(GOOD)
    return file


# --- templates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_template_is_refused_at_its_place_by_the_command(
    firebrick: CommandLine, bad: Bad, tmp_path: Path
) -> None:
    file = tmp_path / "my template.yaml"
    file.write_text(bad.template)
    given = [word for name, value in bad.parameters.items() for word in ("--parameter", f"{name}={value}")]
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", "refused", "-t", file, *given, "--wait")
    place = [f"{file}:{bad.place}: "] if bad.place else []
    check_refusal(done, bad.code, *place, bad.path, *bad.says)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_template_is_refused_at_its_place_by_http(firebrick: CommandLine, bad: Bad) -> None:
    request = {"stack_name": "refused", "template": bad.template, "parameters": bad.parameters}
    with NothingLeft(firebrick):
        status, body = post(firebrick, json.dumps(request).encode())
    assert status == body["code"] == 400
    assert {"title", "explanation", "error"} <= body.keys() and body["error"]["message"]
    (found,) = [one for one in body["diagnostics"] if one["code"] == bad.code and one["path"] == bad.path]
    assert f"{found['line']}:{found['column']}" == (bad.place or "None:None")
    assert all(words in f"{found['summary']}\n{found['detail']}" for words in bad.says)


def test_all_problems_of_a_template_are_told_at_once(firebrick: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    file.write_text(f"{VERSION}resources:\n" + "".join(f"  r{n}: {{type: OS::Heat::Nome}}\n" for n in range(3)))
    done = firebrick.run("stack", "create", "many", "-t", file)
    check_refusal(done, "unknown-type", f"{file}:3:8", f"{file}:4:8", f"{file}:5:8", "3 problems; nothing was changed")


def test_a_template_of_ten_megabytes_is_refused(firebrick: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    lines = f"{VERSION}resources:\n" + "".join(f"  r{n:06}: {{type: OS::Heat::None}}\n" for n in range(320_000))
    assert len(lines) > 10_000_000
    file.write_text(lines)
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", "large", "-t", file)
        status, body = post(firebrick, json.dumps({"stack_name": "large", "template": lines}).encode())
    check_refusal(done, "unreadable-file", f"{file}: the template is larger than 524288 bytes", "Split it")
    assert (status, body["diagnostics"][0]["code"]) == (400, "body-too-large")


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        pytest.param(b"", "no-template", "No template specified", id="empty"),
        pytest.param(b"\n# nothing\n", "no-version", "version", id="only a comment"),
        pytest.param(
            VERSION.encode() + b"# caf\xe9\n", "unreadable-file", ":2:6: the template is not UTF-8", id="Latin"
        ),
        pytest.param(b"\x00\x01\x02\xff" * 40, "unreadable-file", "is not UTF-8", id="binary"),
        pytest.param(VERSION.encode() + b"# \x07\n", "bad-character", ":2:3", id="a control character"),
    ],
)
def test_a_file_that_holds_no_template_is_refused(
    firebrick: CommandLine, tmp_path: Path, content: bytes, code: str, says: str
) -> None:
    file = tmp_path / "not a template"
    file.write_bytes(content)
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", "refused", "-t", file)
    check_refusal(done, code, str(file), says)


@pytest.mark.parametrize(
    ("option", "file", "says"),
    [
        ("-t", "no/such/file.yaml", "the template cannot be read: No such file or directory"),
        ("-t", ".", "the template cannot be read: Is a directory"),
        ("-t", "http://127.0.0.1/t.yaml", "templates are read from files"),
        ("-e", "no/such/environment.yaml", "the environment cannot be read: No such file or directory"),
        ("--parameter-file", "p=no/such/value", "the parameter file cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    firebrick: CommandLine, good: Path, option: str, file: str, says: str
) -> None:
    done = firebrick.run("stack", "create", "refused", "-t", good, option, file)
    check_refusal(done, "unreadable-file", f"{file.removeprefix('p=')}: {says}")


def test_environments_are_refused_at_their_places(firebrick: CommandLine, good: Path, tmp_path: Path) -> None:
    section, types = tmp_path / "section.yaml", tmp_path / "types.yaml"
    section.write_text("parameters: {}\nparameter: {}\n")
    types.write_text("resource_registry:\n  Our::Type: [1]\n")
    one = firebrick.run("stack", "create", "refused", "-t", good, "-e", section)
    check_refusal(one, "unknown-section", f"{section}:2:1: parameter", "Did you mean parameters?")
    both = firebrick.run("stack", "create", "refused", "-t", good, "-e", section, "-e", types)
    check_refusal(both, "unknown-section", f"{section}:2:1: parameter", f"{types}:2:")


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a/b", "ünï", "1abc", "a b", "a\nb", "x" * 256, "..", "", "a;DROP TABLE stacks"])
def test_a_name_that_a_stack_cannot_have_is_refused(firebrick: CommandLine, good: Path, name: str) -> None:
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", name, "-t", good)
    check_refusal(done, "bad-stack-name" if name else "no-stack-name", "stack_name", "A name begins with a letter")


def test_a_name_of_255_characters_is_taken(firebrick: CommandLine, good: Path) -> None:
    name = "n" * 255
    firebrick("stack", "create", name, "-t", good, "--wait")
    assert firebrick.record("stack", "show", name)["stack_name"] == name
    firebrick("stack", "delete", name, "--yes", "--wait")


def test_a_name_in_use_is_refused_and_says_by_whom(firebrick: CommandLine, good: Path) -> None:
    first = firebrick.record("stack", "create", "taken", "-t", good, "--wait")
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", "taken", "-t", good)
    check_refusal(done, "name-in-use", "'taken' exists already", first["id"], "Choose another name")
    firebrick("stack", "delete", "taken", "--yes", "--wait")
    assert firebrick.record("stack", "create", "taken", "-t", good, "--wait")["id"] != first["id"]
    firebrick("stack", "delete", "taken", "--yes", "--wait")


@pytest.mark.parametrize(
    "command",
    [
        ("stack", "show", "nobody"),
        ("stack", "delete", "nobody", "--yes"),
        ("stack", "delete", "nobody", "--yes", "--wait"),
        ("stack", "wait", "nobody"),
        ("stack", "resource", "list", "nobody"),
        ("stack", "resource", "show", "nobody", "a"),
        ("stack", "event", "list", "nobody"),
        ("stack", "output", "show", "nobody", "--all"),
        ("stack", "show", "a/b"),
        ("stack", "show", ""),
        ("stack", "show", "00000000-0000-0000-0000-000000000000"),
        ("stack", "list", "--marker", "nobody"),
    ],
    ids=" ".join,
)
def test_a_stack_that_never_was_is_not_found(firebrick: CommandLine, command: tuple[str, ...]) -> None:
    with NothingLeft(firebrick):
        done = firebrick.run(*command)
    check_refusal(done, "stack-not-found", "stack")


# --- options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--timeout", "1000000000"), "bad-value", "timeout_mins"),
        (("--tags", "t" * 81), "bad-tag", "80 characters"),
        (("--parameter", "nobody=1"), "unknown-parameter", "no parameter nobody"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, tuple) else "",
)
def test_an_option_the_server_refuses_is_explained(
    firebrick: CommandLine, good: Path, options: tuple[str, ...], code: str, says: str
) -> None:
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", "refused", "-t", good, *options)
    check_refusal(done, code, says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("bogus", "No such command 'bogus'"),
        ("stack bogus", "No such command 'bogus'"),
        ("stack create", "Missing argument 'NAME'"),
        ("stack create a", "'-t' / '--template'"),
        ("stack create a -t GOOD --bogus", "No such option '--bogus'"),
        ("stack create a b -t GOOD", "unexpected extra argument"),
        ("stack create a -t GOOD --timeout 0", "--timeout"),
        ("stack create a -t GOOD --timeout -1", "--timeout"),
        ("stack create a -t GOOD --timeout abc", "--timeout"),
        ("stack create a -t GOOD --timeout 1e9", "--timeout"),
        ("stack create a -t GOOD --parameter p", "--parameter is NAME=VALUE"),
        ("stack create a -t GOOD --parameter =v", "--parameter is NAME=VALUE"),
        ("stack create a -t GOOD --operation-id nope", "not a valid UUID"),
        ("stack show", "Missing argument 'STACK'"),
        ("stack delete", "Missing argument 'STACK...'"),
        ("stack delete a b --operation-id 00000000-0000-4000-8000-000000000000", "give one STACK"),
        ("stack list -f xml", "'table', 'json', 'yaml', 'value'"),
        ("stack list -c nobody", "no column nobody; there are: ID, Stack Name"),
        ("stack list --limit 0", "--limit"),
        ("stack list --property name", "--property is KEY=VALUE"),
        ("stack list --property colour=red", "there are: "),
        ("stack event list a --filter colour=red", "there are: "),
        ("stack event list a --sort colour", "event_time"),
        ("stack output show a", "give either OUTPUT or --all"),
        ("stack output show a b --all", "give either OUTPUT or --all"),
        ("--url garbage:// stack list", "http://HOST:PORT"),
        ("--url http://127.0.0.1:99999 stack list", "http://HOST:PORT"),
        ("--url http://127.0.0.1:http stack list", "http://HOST:PORT"),
        ("--url http://127.0.0.1/v2/x stack list", "http://HOST:PORT"),
        ("--project a/b stack list", "project"),
        ("server --port 70000", "--port"),
        ("server --port abc", "--port"),
        ("server bogus", "No such command 'bogus'"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_names_what_is_wrong(
    firebrick: CommandLine, good: Path, arguments: str, says: str
) -> None:
    words = [str(good) if word == "GOOD" else word for word in arguments.split()]
    with NothingLeft(firebrick):
        done = firebrick.run(*words)
    assert done.code == 2 and done.out == "", done
    assert says in done.err and "Usage: firebrick" in done.err and "--help" in done.err, done


def test_an_address_with_a_blank_is_wrong_usage(firebrick: CommandLine) -> None:
    done = firebrick.run("--url", "http://a b/", "stack", "list")
    assert done.code == 2 and "http://HOST:PORT" in done.err, done


# --- servers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("list",), ("show", "a"), ("create", "a", "-t"), ("delete", "a", "--yes")])
def test_no_server_at_the_address_is_told_with_the_address_and_a_way_out(
    firebrick: CommandLine, good: Path, words: tuple[str, ...]
) -> None:
    command: tuple[str | Path, ...] = (*words, good) if words[-1] == "-t" else words
    for source, done in (
        ("--url", firebrick.run("--url", "http://127.0.0.1:9", "stack", *command)),
        (
            "$FIREBRICK_URL",
            firebrick.run("stack", *command, environment={"FIREBRICK_URL": "http://127.0.0.1:9/v1/other"}),
        ),
    ):
        check_refusal(done, "no-server", "http://127.0.0.1:9", f"address from: {source}", "firebrick server")


def test_something_else_at_the_address_is_told(firebrick: CommandLine) -> None:
    ui = firebrick.told["ui_url"]
    check_refusal(firebrick.run("--url", ui, "stack", "list"), "not-a-firebrick-server", ui, "--url")


@pytest.mark.parametrize("kind", ["a folder", "not a database", "no such folder"])
def test_a_server_whose_database_refuses_says_which_and_why(firebrick: CommandLine, tmp_path: Path, kind: str) -> None:
    database = tmp_path / "database"
    if kind == "a folder":
        database.mkdir()
    elif kind == "not a database":
        database.write_text("words, not pages " * 100)
    else:
        database = tmp_path / "nowhere" / "database"
    ports = ("--port", "0", "--temporal-port", "0", "--ui-port", "0")
    done = firebrick.run("server", "--state-dir", tmp_path / "state", "--database", f"sqlite:///{database}", *ports)
    check_refusal(Finished(done.code, done.out, _only_errors(done.err)), "store-unavailable", str(database), "Check")


def _only_errors(told: str) -> str:
    """Without what the server says while it starts."""
    return "\n".join(line for line in told.splitlines() if not line.startswith("firebrick server: "))


@contextlib.contextmanager
def exclusively(database: Path) -> Iterator[None]:
    """Nobody else can write while this lasts."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")


def test_a_database_that_refuses_while_it_runs_is_told_and_then_all_goes_on(
    firebrick: CommandLine, good: Path, tmp_path: Path
) -> None:
    firebrick("stack", "create", "before", "-t", good, "--wait")
    slow = tmp_path / "slow.yaml"
    slow.write_text(
        one_resource("    properties: {wait_secs: 1.5, value: made}\n", "OS::Heat::TestResource")
        + "outputs:\n  o: {value: {get_attr: [a, output]}}\n"
    )
    firebrick("stack", "create", "meanwhile", "-t", slow)
    with NothingLeft(firebrick), exclusively(firebrick.state / "firebrick.db"):
        done = firebrick.run("stack", "create", "locked", "-t", good)
        assert len(firebrick.rows("stack", "list")) == 2  # who only looks is not disturbed
    check_refusal(done, "store-unavailable", "database is locked", "Nothing was changed", "repeat")
    firebrick("stack", "wait", "meanwhile")  # what ran when the database was away goes on
    assert firebrick.outputs("meanwhile") == {"o": "made"}
    firebrick("stack", "create", "locked", "-t", good, "--wait")
    firebrick("stack", "delete", "before", "locked", "meanwhile", "--yes", "--wait")


# --- HTTP bodies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"", "no-stack-name", id="nothing"),
        pytest.param(b"{", "bad-json", id="half an object"),
        pytest.param(b"[1]", "bad-json", id="a list"),
        pytest.param(b'"text"', "bad-json", id="text"),
        pytest.param(b"null", "bad-json", id="null"),
        pytest.param(b"\xff\xfe", "bad-json", id="no text"),
        pytest.param(b'{"stack_name": NaN}', "bad-json", id="NaN"),
        pytest.param(b'{"a":' * 3000 + b"1" + b"}" * 3000, "body-too-deep", id="3,000 nested objects"),
        pytest.param(b"[" * 100_000, "body-too-deep", id="100,000 brackets"),
        pytest.param(b'{"stack_name": "a"}', "no-template", id="no template"),
        pytest.param(b'{"stack_name": 5, "template": "x"}', "bad-request-field", id="a number for a name"),
        pytest.param(b'{"stack_name": "a", "template": 5}', "bad-template", id="a number for a template"),
        pytest.param(
            json.dumps({"stack_name": "a", "template": GOOD, "timeout_mins": "soon"}).encode(),
            "bad-value",
            id="timeout",
        ),
        pytest.param(
            json.dumps({"stack_name": "a", "template": GOOD, "parameters": []}).encode(), "bad-value", id="parameters"
        ),
        pytest.param(
            json.dumps({"stack_name": "a", "template": GOOD, "environment": 5}).encode(), "bad-value", id="environment"
        ),
        pytest.param(
            json.dumps({"stack_name": "a", "template": GOOD, "files": {"f": 5}}).encode(),
            "bad-request-field",
            id="files",
        ),
        pytest.param(
            json.dumps({"stack_name": "a", "template": "x" * 3_000_000}).encode(), "body-too-large", id="3 MB"
        ),
    ],
)
def test_an_http_body_that_is_no_request_is_refused(firebrick: CommandLine, body: bytes, code: str) -> None:
    with NothingLeft(firebrick):
        status, answer = post(firebrick, body)
    assert status == answer["code"] == 400, answer
    assert answer["diagnostics"][0]["code"] == code, answer
    assert answer["diagnostics"][0]["summary"] and answer["error"]["message"]


# --- faults of our own ------------------------------------------------------------------------------------------------


def test_a_fault_in_the_server_is_exit_code_70_with_a_report_in_its_log(firebrick: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "faulty.yaml"
    file.write_text(
        f"{VERSION}resources:\n  a:\n    type: Test::Faulty::Schema\n    properties: {{word: 4-8-15-16-23-42}}\n"
    )
    with NothingLeft(firebrick):
        done = firebrick.run("stack", "create", "faulty", "-t", file)
    assert done.code == 70 and "fault of Firebrick's" in done.err and "Traceback" not in done.err, done
    report = done.err.partition("report ")[2].split(".")[0].split("]")[0].strip()
    log = (firebrick.state / "logs" / "http.log").read_text()
    (entry,) = [line for line in log.splitlines() if report in line]
    assert "RuntimeError" in entry and "_broken_rule" in entry
    assert "4-8-15-16-23-42" not in done.err + log


def test_a_fault_in_the_command_is_exit_code_70_with_a_report_file(firebrick: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "v1" / "default").mkdir(parents=True)
    (tmp_path / "v1" / "default" / "stacks").write_text('{"stacks": [5]}')  # not what the API answers, yet JSON
    serve = subprocess.Popen(
        ["python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with serve:
        try:
            assert serve.stdout is not None
            port = serve.stdout.readline().split(" port ")[1].split()[0]
            done = firebrick.run(
                "--url", f"http://127.0.0.1:{port}", "stack", "list", environment={"FIREBRICK_STATE": str(tmp_path)}
            )
        finally:
            serve.terminate()
    assert done.code == 70 and done.out == "" and "Traceback" not in done.err, done
    report = done.err.partition("[report ")[2].partition("]")[0]
    text = (tmp_path / "reports" / f"{report}.txt").read_text()
    assert f"report {report}" in text and "AttributeError" in text and "starter/cli/" in text
    assert "--url ****** stack list" in text  # an address may hold a password


def test_a_fault_in_a_plug_in_fails_its_resource_and_is_told(firebrick: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "handler.yaml"
    file.write_text(f"{VERSION}resources:\n  a:\n    type: Test::Faulty::Handler\n    properties: {{word: none}}\n")
    done = firebrick.run("stack", "create", "handler", "-t", file, "--wait")
    assert done.code == 1 and "root cause: a (Test::Faulty::Handler" in done.err and "KeyError" in done.err, done
    firebrick("stack", "delete", "handler", "--yes", "--wait")


# --- at the end ---------------------------------------------------------------------------------------------------


def test_nothing_of_all_that_is_left(firebrick: CommandLine) -> None:
    """The last test of the file: no stack, and no workflow that runs but the reconciler's."""
    query = "ExecutionStatus='Running' AND WorkflowType!='Reconcile'"

    def running() -> list[dict[str, Any]]:
        address = ("--address", firebrick.told["temporal_address"])
        done = subprocess.run(
            [
                BIN / "temporal",
                *("workflow", "list", "--query", query, "-o", "json", *address),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    assert firebrick.rows("stack", "list") == []
    until(lambda: running() == [], "no workflow runs")
