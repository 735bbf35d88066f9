"""The value of a hidden parameter, and what is computed from it, stays with those who may see it.

It may be shown where somebody asks for it (an output, an attribute, a resource's type); never in a message, an event,
a log, Temporal's histories, or in the clear in a database.
"""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.acceptance.bad_templates import VERSION
from tests.acceptance.command_line import CommandLine, Finished, post
from tests.acceptance.refusals import NothingLeft, check_refusal

SECRET = "zq7Kx9vSecretWordzq7Kx9v"  # found in lower case, too: some messages fold
PARAMETERS = "parameters:\n  word: {type: string, hidden: true, constraints: [{length: {min: 4, max: 40}}]}\n"


def holds_secret(text: str | bytes) -> bool:
    folded = text.lower()
    return SECRET.lower() in folded if isinstance(folded, str) else SECRET.lower().encode() in folded


def create(firebrick: CommandLine, folder: Path, name: str, body: str, *options: str, value: str = SECRET) -> Finished:
    file = folder / "template.yaml"
    file.write_text(VERSION + PARAMETERS + body)
    return firebrick.run("stack", "create", name, "-t", file, "--parameter", f"word={value}", *options)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param("resources: {}\n", SECRET * 4, id="too long for its constraint"),
        pytest.param(
            "resources:\n  a: {type: OS::Heat::RandomString, properties: {length: {get_param: word}}}\n",
            SECRET,
            id="no number",
        ),
        pytest.param(
            "resources:\n  a: {type: OS::Heat::TestResource, properties: {fail: {get_param: word}}}\n",
            SECRET,
            id="no boolean",
        ),
        pytest.param(
            "resources:\n  a: {type: OS::Heat::Value, properties: {type: {get_param: word}, value: 1}}\n",
            SECRET,
            id="not among the allowed",
        ),
        pytest.param(
            "resources:\n  a: {type: OS::Heat::Value, properties: {value: {get_param: [word, 1]}}}\n"
            "  b: {type: OS::Heat::None, deletion_policy: {get_param: word}}\n",
            SECRET,
            id="a policy",
        ),
    ],
)
def test_a_refusal_does_not_quote_it(firebrick: CommandLine, tmp_path: Path, body: str, value: str) -> None:
    with NothingLeft(firebrick):
        done = create(firebrick, tmp_path, "refused", body, value=value)
        request = {"stack_name": "refused", "template": VERSION + PARAMETERS + body, "parameters": {"word": value}}
        status, answer = post(firebrick, json.dumps(request).encode())
    assert status == 400
    check_refusal(done, answer["diagnostics"][0]["code"])
    assert not holds_secret(done.err) and not holds_secret(json.dumps(answer))


def test_a_failure_while_it_runs_does_not_quote_it(firebrick: CommandLine, tmp_path: Path) -> None:
    """The value reaches the property that fails by way of another resource's attribute."""
    body = (
        "resources:\n"
        "  holder: {type: OS::Heat::TestResource, properties: {value: {get_param: word}}}\n"
        "  broken: {type: OS::Heat::TestResource, properties: {fail: {get_attr: [holder, output]}}}\n"
        "outputs:\n"
        "  o: {value: {list_join: [',', {get_attr: [holder, output]}]}}\n"
        "  p: {value: {str_replace: {template: {get_param: word}, params: {get_attr: [holder, output]}}}}\n"
    )
    done = create(firebrick, tmp_path, "leaky", body, "--wait")
    assert done.code == 1 and "root cause: broken" in done.err and "resources.broken.properties.fail" in done.err, done
    told = [
        firebrick("stack", "event", "list", "leaky"),
        firebrick("stack", "show", "leaky", "-f", "json"),
        firebrick("stack", "resource", "list", "leaky", "--long"),
        firebrick("stack", "output", "show", "leaky", "--all", code=1),
    ]
    assert not [text for text in (done.err, done.out, *told) if holds_secret(text)]
    firebrick("stack", "delete", "leaky", "--yes", "--wait")


async def test_it_is_nowhere_in_the_clear(firebrick: CommandLine, tmp_path: Path) -> None:
    body = (
        "  whole: {type: json, hidden: true, default: {}}\n"
        "resources:\n"
        "  a: {type: OS::Heat::TestResource, properties: {value: {get_param: word}}}\n"
        "  m: {type: OS::Heat::None, metadata: {m: {get_param: word}}}\n"
        "  b: {type: OS::Heat::Value, properties: {value: {get_attr: [a, output]}}}\n"
        "outputs:\n"
        "  asked_for: {value: {get_attr: [b, value]}}\n"
        "  at_once: {value: {get_param: word}}\n"
    )
    environment = tmp_path / "environment.yaml"
    environment.write_text(f"parameters:\n  whole: {{key: {SECRET}}}\n")
    done = create(firebrick, tmp_path, "kept", body, "-e", str(environment), "--wait", "-c", "parameters")
    assert done.code == 0 and not holds_secret(done.err + done.out), done
    assert firebrick.outputs("kept") == {"asked_for": SECRET, "at_once": SECRET}
    assert not holds_secret(firebrick("stack", "list", "--long"))
    assert not holds_secret(firebrick("stack", "event", "list", "kept", "-f", "json"))
    assert firebrick.record("stack", "show", "kept", "-c", "parameters")["parameters"]["word"] == "******"
    stack_id = firebrick.record("stack", "show", "kept")["id"]
    firebrick("stack", "delete", "kept", "--yes", "--wait")
    assert not holds_secret(firebrick("stack", "show", stack_id))

    client = await Client.connect(firebrick.told["temporal_address"])
    runs = [run async for run in client.list_workflows(f"FirebrickStackId='{stack_id}'")]
    assert len(runs) == 2
    for run in runs:
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        raw = b"".join(event.SerializeToString() for event in history.events)
        assert len(raw) > 1000 and stack_id.encode() in raw
        assert not holds_secret(raw)

    assert not holds_secret(firebrick.logs())
    for name in ("firebrick.db", "temporal.db"):
        with contextlib.closing(sqlite3.connect(firebrick.state / name, timeout=30)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        files = [file for file in firebrick.state.glob(f"{name}*") if file.is_file()]
        assert any(stack_id.encode() in file.read_bytes() for file in files)
        assert not [file for file in files if holds_secret(file.read_bytes())]
