"""StackClient and SyncStackClient against the API over HTTP, with a part of a worker that does as it is told."""

import asyncio
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from firebrick.diagnostics import Conflict, InvalidInput, NotFound, Unavailable
from firebrick.store.step_outcomes import RowOutcome
from starter.client import StackClient, StackFailed, StackSuperseded, SyncStackClient
from tests.unit.cli.conftest import ApiServer
from tests.unit.cli.test_stack_commands import DONE, TEMPLATE

GONE = {"after": RowOutcome.done(), "word": RowOutcome.done()}


@pytest.fixture
def client(api: ApiServer) -> SyncStackClient:
    return SyncStackClient(api.url, user="ada")


async def test_a_stack_is_created_watched_and_deleted(api: ApiServer) -> None:
    client = StackClient(api.url)
    api.starter.plans |= {"CREATE web": DONE, "DELETE web": GONE}
    operation = await client.create("web", template=TEMPLATE, parameters={"value": "hello"}, tags=["a", "b"])
    stack = await operation.wait(30)
    assert (stack.name, stack.status, stack.tags) == ("web", "CREATE_COMPLETE", ("a", "b"))
    assert stack.outputs == {"word": "hello"} == await client.outputs("web")
    assert stack.parameters["value"] == "hello" and stack.created is not None
    assert [one.name for one in await client.list()] == ["web"] == [one.name for one in await client.list(tags=["b"])]
    assert await client.list(status="FAILED") == []
    assert [(one.name, one.status) for one in await client.resources("web")] == [
        ("word", "CREATE_COMPLETE"),
        ("after", "CREATE_COMPLETE"),
    ]
    deleted = await (await client.delete("web")).wait(30)
    assert (deleted.id, deleted.status) == (stack.id, "DELETE_COMPLETE") and deleted.deleted is not None
    with pytest.raises(NotFound):
        await client.get("web")
    assert [one.action for one in await client.operations(stack.id)] == ["DELETE", "CREATE"]


async def test_what_is_accepted_tells_its_warnings(api: ApiServer, client: SyncStackClient) -> None:
    twice = TEMPLATE.replace("  value: {type", "  value: {type: number}\n  value: {type")
    made = await StackClient(api.url).create("web", template=twice)
    assert [(one.severity, one.code, one.line) for one in made.warnings] == [("warning", "duplicate-key", 5)]
    assert client.update("web", template=TEMPLATE).warnings == ()
    assert [one.line for one in client.update("web", template=twice).warnings] == [5]


def test_the_same_without_an_event_loop(api: ApiServer, client: SyncStackClient) -> None:
    api.starter.plans |= {"CREATE web": DONE, "DELETE web": GONE}
    operation = client.create("web", template=TEMPLATE)
    assert operation.wait(30).outputs == {"word": "hello"}
    status = operation.status()
    assert (status.state, status.action, status.requested_by["user"]) == ("DONE", "CREATE", "ada")
    assert client.get("web").owner == "ada"
    events = [(one.seq, one.resource, one.status) for one in client.events("web")]
    assert events[0] == (1, "web", "CREATE_IN_PROGRESS") and events[-1] == (6, "web", "CREATE_COMPLETE")
    assert [(one.seq, one.resource, one.status) for one in client.events("web", after=4)] == events[4:]
    assert client.delete("web").wait(30).status == "DELETE_COMPLETE"


async def test_events_are_followed_until_the_operation_has_ended(api: ApiServer) -> None:
    client = StackClient(api.url)
    api.starter.plans["CREATE web"] = DONE
    await client.create("web", template=TEMPLATE)
    async with asyncio.timeout(30):
        events = [event async for event in client.events("web", follow=True)]
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert (events[-1].status, events[-1].reason) == ("CREATE_COMPLETE", "Stack CREATE completed successfully")


async def test_a_failure_has_the_root_cause_first(api: ApiServer) -> None:
    client = StackClient(api.url)
    api.starter.plans["CREATE web"] = {"word": RowOutcome.failed("permanent", "it broke", error="ValueError")}
    operation = await client.create("web", template=TEMPLATE)
    with pytest.raises(StackFailed) as refused:
        await operation.wait(30)
    (cause,) = refused.value.failure.causes
    assert (cause.resource, cause.error, cause.message, cause.attempts) == ("word", "ValueError", "it broke", 1)
    assert refused.value.failure.not_started == ("after",)
    told = str(refused.value)
    assert "Stack web CREATE_FAILED: Resource CREATE failed: ValueError: resources.word: it broke" in told
    assert "root cause: word (OS::Heat::Value, attempts: 1): ValueError: it broke" in told
    assert "not started: after" in told


BROKEN = {"word": RowOutcome.failed("permanent", "it broke", error="ValueError")}
CHANGED = {"word": RowOutcome.done(attributes={"value": "new"})}


async def test_a_stack_is_updated_cancelled_gone_on_with_and_brought_back(api: ApiServer) -> None:
    client = StackClient(api.url)
    api.starter.plans |= {"CREATE web": DONE, "UPDATE web": CHANGED}
    await (await client.create("web", template=TEMPLATE, parameters={"value": "old"}, tags=["a"])).wait(30)
    updating = await client.update("web", existing=True, parameters={"value": "new"}, timeout_mins=9)
    stack = await updating.wait(30)
    assert (updating.action, stack.status, stack.timeout_mins) == ("UPDATE", "UPDATE_COMPLETE", 9)
    assert (stack.parameters["value"], stack.tags, stack.outputs) == ("new", ("a",), {"word": "new"})

    stopped = await client.update("web", template=TEMPLATE, clear_parameters=())
    api.starter.plans |= {"UPDATE web": {}, "ROLLBACK web": {}}
    cancelled = await client.cancel("web")
    with pytest.raises(StackFailed, match="then: ROLLBACK DONE") as refused:
        await cancelled.wait(30)
    assert cancelled.id == stopped.id and refused.value.operation.cancel == "rollback"
    assert [one.follows for one in refused.value.followed] == [stopped.id]
    assert (await client.get("web")).parameters["value"] == "new"

    api.starter.plans["UPDATE web"] = BROKEN
    failing = await client.update("web", existing=True, parameters={"value": "x"}, rollback=False)
    with pytest.raises(StackFailed, match="root cause: word"):
        await failing.wait(30)
    api.starter.plans["UPDATE web"] = CHANGED
    again = await client.continue_("web")
    assert (await again.wait(30)).status == "UPDATE_COMPLETE"
    assert (await again.status()).target == (await failing.status()).target == failing.id

    api.starter.plans |= {"UPDATE web": BROKEN, "ROLLBACK web": {}}
    with pytest.raises(StackFailed):
        await (await client.update("web", template=TEMPLATE)).wait(30)
    back = await client.rollback("web", skip=["word"], to="complete")
    assert (await back.wait(30)).status == "ROLLBACK_COMPLETE"


def test_a_rolled_back_operation_is_no_success_and_tells_both(api: ApiServer, client: SyncStackClient) -> None:
    api.starter.plans |= {"CREATE web": BROKEN, "ROLLBACK web": {}}
    with pytest.raises(StackFailed) as refused:
        client.create("web", template=TEMPLATE, on_failure="rollback").wait(30)
    assert [one.action for one in refused.value.followed] == ["ROLLBACK"]
    assert client.get("web").status == "ROLLBACK_COMPLETE"
    told = str(refused.value)
    assert told.index("root cause: word") < told.index("then: ROLLBACK DONE")
    events = [event.status for event in client.events("web", follow=True)]
    assert events[-1] == "ROLLBACK_COMPLETE" and "CREATE_FAILED" in events
    with pytest.raises(InvalidInput, match="nothing to roll back"):
        client.rollback("web")
    with pytest.raises(InvalidInput, match="could be cancelled"):
        client.cancel("web", rollback=False)
    with pytest.raises(InvalidInput, match="nope"):
        client.delete("web", retain=["nope"])
    with pytest.raises(NotFound):
        client.update("none", template=TEMPLATE)


def test_a_superseded_create_is_no_success(api: ApiServer, client: SyncStackClient) -> None:
    create = client.create("web", template=TEMPLATE)
    api.starter.plans["DELETE web"] = GONE
    delete = client.delete("web")
    assert delete.wait(30).status == "DELETE_COMPLETE"
    with pytest.raises(StackSuperseded, match=delete.id):
        create.wait(30)


async def test_waiting_can_be_given_up_and_the_operation_goes_on(api: ApiServer) -> None:
    operation = await StackClient(api.url).create("web", template=TEMPLATE)
    with pytest.raises(TimeoutError, match=r"CREATE of web has not ended within 0\.3 s"):
        await operation.wait(0.3)
    assert (await operation.status()).state == "PENDING"
    with pytest.raises(TimeoutError, match="CREATE of other"):
        await asyncio.to_thread(SyncStackClient(api.url).create("other", template=TEMPLATE).wait, 0)


def test_a_template_is_read_from_its_file_with_the_files_it_names(
    api: ApiServer, client: SyncStackClient, tmp_path: Path
) -> None:
    (tmp_path / "hello.txt").write_text("from a file")
    (tmp_path / "web.yaml").write_text(
        "heat_template_version: 2021-04-16\n"
        "parameters:\n"
        "  more: {type: string}\n"
        "resources:\n"
        "  word:\n"
        "    type: OS::Heat::Value\n"
        "    properties: {value: {get_file: hello.txt}}\n"
    )
    (tmp_path / "env.yaml").write_text("parameters: {more: said}\n")
    client.create("web", template=tmp_path / "web.yaml", environment=tmp_path / "env.yaml")
    assert client.get("web").parameters["more"] == "said"
    assert client._api.document(client._api.find("web"), "files") == {"hello.txt": "from a file"}


def test_refusals_are_the_servers_own(api: ApiServer, client: SyncStackClient, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nope"):
        client.create("web", template=TEMPLATE, parameters={"nope": 1})
    with pytest.raises(InvalidInput, match=r"absent\.yaml"):
        client.create("web", template=tmp_path / "absent.yaml")
    client.create("web", template={"heat_template_version": "2021-04-16"})
    with pytest.raises(Conflict):
        client.create("web", template=TEMPLATE)
    with pytest.raises(NotFound):
        client.delete("none")
    with pytest.raises(NotFound):
        client.operation(str(uuid.uuid4()))
    with pytest.raises(InvalidInput, match="ftp"):
        SyncStackClient("ftp://somewhere")
    with pytest.raises(Unavailable, match="no server answers"):
        SyncStackClient("http://127.0.0.1:1").list()


def test_the_same_operation_id_makes_one_stack(api: ApiServer, client: SyncStackClient) -> None:
    token = str(uuid.uuid4())
    first, second = (client.create("web", template=TEMPLATE, operation_id=token) for _ in range(2))
    assert (first.id, first.stack) == (second.id, second.stack) == (token, first.stack)
    assert len(client.list()) == 1


def test_the_same_operation_id_with_another_request_is_a_conflict(api: ApiServer, client: SyncStackClient) -> None:
    token = str(uuid.uuid4())
    client.create("web", template=TEMPLATE)
    first = client.update("web", existing=True, parameters={"value": "two"}, operation_id=token)
    assert client.update("web", existing=True, parameters={"value": "two"}, operation_id=token).id == first.id
    with pytest.raises(Conflict, match="another request, the UPDATE of stack 'web'"):
        client.update("web", existing=True, parameters={"value": "three"}, operation_id=token)


def test_pages_of_stacks_begin_after_the_marker(api: ApiServer, client: SyncStackClient) -> None:
    for name in ("one", "two", "three"):
        client.create(name, template=TEMPLATE)
    first = client.list(limit=2)
    rest = client.list(limit=2, marker=first[-1].id)
    assert sorted(one.name for one in [*first, *rest]) == ["one", "three", "two"]
    assert (len(first), len(rest)) == (2, 1)


def test_the_client_loads_neither_the_store_nor_temporal() -> None:
    program = "import sys, starter.client; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "'starter.http_api'" in done.stdout
    assert [name for name in ("sqlalchemy", "temporalio", "fastapi", "pydantic") if f"'{name}'" in done.stdout] == []
