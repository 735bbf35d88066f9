"""Looking at stacks by the command, and using them from Python, against a real server with a real worker."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from firebrick.diagnostics import NotFound
from starter.client import StackClient, StackFailed, StackSuperseded
from tests.acceptance.command_line import CommandLine, until

LOOKED_AT = """\
heat_template_version: 2018-08-31
description: looked at
parameters:
  secret: {type: string, hidden: true}
resources:
  first:
    type: OS::Heat::TestResource
    properties: {value: one, wait_secs: 0.1}
    metadata: {role: {get_param: "OS::stack_name"}}
  second:
    type: OS::Heat::TestResource
    depends_on: first
    properties: {value: two}
outputs:
  one: {value: {get_attr: [first, output]}, description: the first}
"""
BROKEN = """\
heat_template_version: 2018-08-31
resources:
  base: {type: OS::Heat::None}
  broken:
    type: OS::Heat::TestResource
    depends_on: base
    properties: {fail: true}
  later: {type: OS::Heat::None, depends_on: broken}
"""
SLOW = """\
heat_template_version: 2018-08-31
resources:
  slow:
    type: OS::Heat::TestResource
    properties: {action_wait_secs: {create: 600}}
"""
CANARY = "canary-in-the-environment"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates")
    for name, text in (("looked.yaml", LOOKED_AT), ("broken.yaml", BROKEN), ("slow.yaml", SLOW)):
        (folder / name).write_text(text)
    (folder / "env.yaml").write_text(f"parameters: {{secret: {CANARY}}}\n")
    return folder


@pytest.fixture(scope="module")
def looked(firebrick: CommandLine, folder: Path) -> Iterator[str]:
    """A complete stack."""
    firebrick("stack", "create", "looked", "-t", folder / "looked.yaml", "-e", folder / "env.yaml", "--wait")
    yield "looked"
    firebrick("stack", "delete", "looked", "--yes", "--wait")


def test_a_resource_is_shown_with_attributes_and_metadata(firebrick: CommandLine, looked: str) -> None:
    shown = firebrick.record("stack", "resource", "show", looked, "first")
    assert shown["attributes"] == {"output": "one"} and shown["required_by"] == ["second"]
    assert shown["physical_resource_id"].startswith("looked-first-")
    assert firebrick.record("stack", "resource", "metadata", looked, "first") == {"role": "looked"}
    assert firebrick.record("stack", "resource", "metadata", looked, "second") == {}


def test_outputs_are_listed_and_shown(firebrick: CommandLine, looked: str) -> None:
    assert firebrick.rows("stack", "output", "list", looked) == [{"output_key": "one", "description": "the first"}]
    assert firebrick("stack", "output", "show", looked, "one", "-f", "value") == "one\n"


def test_template_and_environment_are_shown_without_secrets(firebrick: CommandLine, looked: str) -> None:
    assert firebrick.record("stack", "template", "show", looked)["description"] == "looked at"
    environment = firebrick("stack", "environment", "show", looked)
    assert CANARY not in environment and "'******'" in environment


def test_every_format_and_column_is_there(firebrick: CommandLine, looked: str) -> None:
    wanted = ("stack", "resource", "list", looked, "-c", "resource_name", "-c", "resource_status")
    assert firebrick(*wanted, "-f", "value") == "first CREATE_COMPLETE\nsecond CREATE_COMPLETE\n"
    assert firebrick(*wanted, "-f", "yaml").startswith("- resource_name: first\n  resource_status: CREATE_COMPLETE\n")
    assert json.loads(firebrick(*wanted, "-f", "json"))[1] == {
        "resource_name": "second",
        "resource_status": "CREATE_COMPLETE",
    }
    assert "| first         | CREATE_COMPLETE |" in firebrick(*wanted, "-f", "table")


def test_an_event_is_shown_with_its_resources_properties(firebrick: CommandLine, looked: str) -> None:
    events = firebrick.rows("stack", "event", "list", looked, "--resource", "first")
    assert [one["resource_status"] for one in events] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    shown = firebrick.record("stack", "event", "show", looked, "first", events[-1]["id"])
    assert shown["resource_properties"]["value"] == "one"


def test_events_are_paged_by_markers_to_the_same_list(firebrick: CommandLine, looked: str) -> None:
    every, paged = firebrick.rows("stack", "event", "list", looked), []
    more: list[str] = []
    while page := firebrick.rows("stack", "event", "list", looked, "--limit", "2", *more):
        paged += page
        more = ["--marker", page[-1]["id"]]
    assert paged == every and len(every) == 6


def test_what_is_in_nested_stacks_is_listed_when_it_is_asked_for(firebrick: CommandLine, folder: Path) -> None:
    (folder / "inner.yaml").write_text(LOOKED_AT.replace("hidden: true", "default: x"))
    (folder / "outer.yaml").write_text("heat_template_version: 2018-08-31\nresources: {inner: {type: inner.yaml}}\n")
    firebrick("stack", "create", "outer", "-t", folder / "outer.yaml", "--wait")
    (inner,) = json.loads(firebrick("stack", "resource", "list", "outer", "-f", "json"))
    listed = json.loads(firebrick("stack", "resource", "list", "outer", "-n", "2", "-f", "json"))
    name = listed[1]["stack_name"]
    assert [(one["stack_name"], one["resource_name"]) for one in listed] == [
        ("outer", "inner"),
        (name, "first"),
        (name, "second"),
    ]
    assert inner["physical_resource_id"] and name.startswith("outer-inner-")
    lines = firebrick("stack", "event", "list", "outer", "-n", "2").splitlines()
    told = [line.split("]: ")[0].split("[")[1] + " " + line.split("]: ")[1].split()[0] for line in lines]
    assert told.index(f"{name}.first CREATE_COMPLETE") < told.index("outer.inner CREATE_COMPLETE")
    assert (told[0], told[-1]) == ("outer CREATE_IN_PROGRESS", "outer CREATE_COMPLETE")
    rows = json.loads(firebrick("stack", "event", "list", "outer", "-n", "2", "-f", "json"))
    assert {one["stack_name"] for one in rows} == {"outer", name} and len(rows) == len(lines)
    refused = firebrick.run("stack", "event", "list", "outer", "-n", "2", "--follow")
    assert refused.code == 2 and "--nested-depth" in refused.err
    firebrick("stack", "delete", "outer", "--yes", "--wait")


def test_who_asked_and_what_became_of_it_is_told(firebrick: CommandLine, looked: str) -> None:
    (listed,) = firebrick.rows("operation", "list", looked)
    assert (listed["action"], listed["state"]) == ("CREATE", "DONE") and listed["requested_by"]
    shown = firebrick.record("operation", "show", listed["id"])
    assert (shown["stack_name"], shown["failure"]) == (looked, None) and shown["ended_time"]


def test_the_servers_types_are_shown_plug_ins_too(firebrick: CommandLine) -> None:
    names = [one["Resource Type"] for one in firebrick.rows("resource", "type", "list")]
    assert "OS::Heat::TestResource" in names and names == sorted(names)
    shown = firebrick.record("resource", "type", "show", "OS::Heat::TestResource")
    assert shown["properties"]["wait_secs"]["default"] == 0


def test_a_failed_stack_says_why_and_what_to_do(firebrick: CommandLine, folder: Path) -> None:
    firebrick("stack", "create", "broken", "-t", folder / "broken.yaml", "--wait", code=1)
    tree = firebrick("stack", "failures", "list", "broken").splitlines()
    assert tree[0].startswith("broken  CREATE_FAILED: Resource CREATE failed: ValueError: resources.broken: ")
    assert tree[1] == "├─ root cause: broken (OS::Heat::TestResource, 1 attempt)"
    assert tree[2].strip("│ ").startswith("ValueError: ") and tree[3].strip("│ ").startswith("next: ")
    assert tree[4] == "└─ not started: later"
    assert tree[-1] == "clean up:  firebrick stack delete broken"
    assert [one["resource_name"] for one in firebrick.rows("stack", "failures", "list", "broken")] == [
        "broken",
        "later",
    ]
    firebrick("stack", "delete", "broken", "--yes", "--wait")


def test_a_follower_ends_with_the_operation_and_ctrl_c_only_detaches(firebrick: CommandLine, folder: Path) -> None:
    firebrick("stack", "create", "slow", "-t", folder / "slow.yaml")
    detached = firebrick.start("stack", "event", "list", "slow", "--follow")
    with detached:
        assert detached.stdout is not None and "[slow]: CREATE_IN_PROGRESS" in detached.stdout.readline()
        detached.send_signal(signal.SIGINT)
        _, err = detached.communicate(timeout=30)
    assert detached.returncode == 130 and "re-attach with: firebrick stack event list" in err
    assert firebrick.record("stack", "show", "slow")["stack_status"] == "CREATE_IN_PROGRESS"
    with firebrick.start("stack", "event", "list", "slow", "--follow") as follower:
        assert follower.stdout is not None
        first = follower.stdout.readline()  # it follows the create before there is a delete to follow
        firebrick("stack", "delete", "slow", "--yes", "--wait")
        # Not communicate(): it reads past what readline() has buffered, and lines that came with the first would be
        # lost.
        out = follower.stdout.read()
        assert follower.stderr is not None and "superseded" in follower.stderr.read()
        assert follower.wait(timeout=30) == 0 and "[slow.slow]: CREATE_IN_PROGRESS" in first + out


async def test_python_creates_follows_and_deletes(firebrick: CommandLine) -> None:
    client = StackClient(firebrick.api)
    operation = await client.create("by-client", template=LOOKED_AT, parameters={"secret": CANARY})
    events = [event async for event in client.events("by-client", follow=True)]
    assert (events[-1].resource, events[-1].status) == ("by-client", "CREATE_COMPLETE")
    stack = await operation.wait(60)
    assert stack.outputs == {"one": "one"} and stack.parameters["secret"] == "******"
    await (await client.delete("by-client")).wait(60)
    with pytest.raises(NotFound):
        await client.get("by-client")


async def test_python_is_told_of_failures_and_of_take_overs(firebrick: CommandLine) -> None:
    client = StackClient(firebrick.api)
    failing = await client.create("py-broken", template=BROKEN)
    with pytest.raises(StackFailed, match="root cause: broken") as failed:
        await failing.wait(60)
    assert failed.value.failure.not_started == ("later",)
    await (await client.delete("py-broken")).wait(60)

    creating = await client.create("py-slow", template=SLOW)
    until(lambda: firebrick.resources("py-slow")["slow"]["resource_status"] == "CREATE_IN_PROGRESS", "the create runs")
    deleting = await client.delete("py-slow")
    with pytest.raises(StackSuperseded):
        await creating.wait(60)
    assert (await deleting.wait(60)).status == "DELETE_COMPLETE"
