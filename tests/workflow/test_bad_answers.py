"""Whatever a provider answers, and however it fails: the stack says so, lists go on, a delete takes the object away.

On both databases: what one takes in a text, the other may not.
"""

import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import pytest
from temporalio.testing import WorkflowEnvironment

from activities.handlers import HandlerRunner
from activities.world import World
from firebrick.resources.base import Context, Done, Found, Live, Next, Poll, ResourceType, WaitSignal, WaitUntil
from firebrick.resources.errors import PermanentError, ThrottledError, TransientError
from firebrick.resources.registry import Registry, package_types
from firebrick.store import Keyring, Store
from starter.rest import create_app
from starter.starting import Starter
from tests.unit.rest.world import AcceptingStarter
from tests.workflow.conftest import PROJECT, Lab, server_clock
from worker import make_worker

HALF = "\ud800"
HOSTILE = f"no room \0{HALF} for it: " + "x" * 1_000_000
TEMPLATE = """
heat_template_version: 2021-04-16
resources:
  thing: {type: Test::Hostile}
outputs:
  seen: {value: {get_attr: [thing, said]}}
  odd: {value: {get_attr: [thing, odd]}}
"""
Answer = Callable[[Context], Any]


@dataclass
class Books:
    """What the provider is to answer, and whom it was asked to delete."""

    create: Answer = lambda context: Done("thing-1")
    poll_create: Answer = lambda context: Done("thing-1")
    find: Answer = lambda context: None
    read: Answer = lambda context: None
    delete: Answer = lambda context: Done()
    odd: Any = None
    deleted: list[str | None] = field(default_factory=list)


class Hostile(ResourceType):
    type_name = "Test::Hostile"
    attributes: ClassVar[Mapping[str, str]] = {"said": "What it says.", "odd": "What a plug-in makes of it."}
    books: ClassVar[Books] = Books()
    call_timeout = 20.0

    def create(self, context: Context) -> Next:
        answer: Next = self.books.create(context)
        return answer

    def poll_create(self, context: Context) -> Next:
        answer: Next = self.books.poll_create(context)
        return answer

    def find_by_key(self, context: Context) -> Found | None:
        answer: Found | None = self.books.find(context)
        return answer

    def read(self, context: Context) -> Live | None:
        answer: Live | None = self.books.read(context)
        return answer

    def delete(self, context: Context) -> Next:
        self.books.deleted.append(context.physical_id)
        answer: Next = self.books.delete(context)
        return answer

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> Any:
        return self.books.odd if name == "odd" else stored.get(name)


class HostileLab(Lab):
    http: httpx2.AsyncClient
    books: Books

    async def body(self, path: str) -> Any:
        """Of a read that must work."""
        answer = await self.http.get(f"/v1/{PROJECT}{path}")
        assert answer.status_code == 200, answer.text[:1000]
        return answer.json()

    async def read_everything(self, stack_id: str) -> Any:
        """Every list and every view that there is of a stack; the stack."""
        (stack,) = [one for one in (await self.body("/stacks"))["stacks"] if one["id"] == stack_id]
        path = f"/stacks/{stack['stack_name']}/{stack_id}"
        for inside in ("/events", "/operations", "/resources?with_detail=true", "/resources/thing", "/outputs"):
            await self.body(path + inside)
        for event in (await self.body(f"{path}/resources/thing/events"))["events"]:
            await self.body(f"{path}/resources/thing/events/{event['id']}")
        return (await self.body(path))["stack"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stacks.db'}"
    server = request.getfixturevalue("postgres_server")
    address: str = server.url(server.create_database())
    return address


@pytest.fixture
async def lab(time_skipping: WorkflowEnvironment, url: str, tmp_path: Path) -> AsyncIterator[HostileLab]:
    async with AsyncExitStack() as cleanup:
        store = await Store.open(url, Keyring.from_file(tmp_path / "keyring"))
        cleanup.push_async_callback(store.close)
        handlers = HandlerRunner()
        cleanup.callback(handlers.close)
        books = Books()
        kind = type("Mine", (Hostile,), {"books": books})
        registry = Registry([*package_types(), kind])
        client = time_skipping.client
        starter = Starter(store, registry, lambda: client)
        world = World(store=store, registry=registry, handlers=handlers, cluster=starter.cluster, clock=server_clock)
        await cleanup.enter_async_context(make_worker(client, world, versioned=False))
        lab = HostileLab(client, store, registry, starter)
        app = create_app(store, AcceptingStarter(store, registry), registry)
        transport = httpx2.ASGITransport(app=app)
        lab.http = await cleanup.enter_async_context(httpx2.AsyncClient(transport=transport, base_url="http://x"))
        lab.books = books
        yield lab


async def failed_create(lab: HostileLab) -> tuple[str, str]:
    """The id of a stack whose create has failed, and the reason."""
    made = await lab.create(TEMPLATE)
    with pytest.raises(Exception, match="failed"):
        await made.handle.result()
    stack = await lab.read_everything(made.accepted.stack_id)
    assert stack["stack_status"] == "CREATE_FAILED"
    return made.accepted.stack_id, stack["stack_status_reason"]


async def delete(lab: HostileLab, stack_id: str) -> None:
    gone = await lab.delete(stack_id)
    await gone.handle.result()
    assert (await lab.store.project(PROJECT).stack(stack_id, include_deleted=True)).state == "DELETE_COMPLETE"


GOOD_ID = [
    pytest.param(Done("thing-1", {"said": {1}}), "attributes.said has a value of class set", id="set"),
    pytest.param(Done("thing-1", {"said": math.nan}), "attributes.said has a number", id="nan"),
    pytest.param(Done("thing-1", {"said": 10**5000}), "whole number of too many digits", id="digits"),
    pytest.param(Done("thing-1", {"said": "x" * 9_000_000}), "more than 4194304 characters", id="9 MB"),
    pytest.param(Done("thing-1", {}, None, {"d": HALF}), "data.d has half of a surrogate", id="data"),
    pytest.param(Done(7, {}), "physical_id: it is a value of class int", id="number as id"),  # type: ignore[arg-type]
    pytest.param(Poll(math.nan, "thing-1"), "after: it is no number of seconds", id="after"),
    pytest.param(Poll(1, "thing-1", {"p": "x" * 2_000_000}), "progress.p has more than", id="progress"),
    pytest.param(WaitSignal("a\0", 1, "thing-1"), "key: the text has NUL", id="key"),
]


@pytest.mark.parametrize(("answer", "says"), GOOD_ID)
async def test_a_create_whose_answer_is_refused_keeps_the_id_and_its_object_is_deleted(
    lab: HostileLab, answer: Any, says: str
) -> None:
    lab.books.create = lambda context: answer
    stack_id, reason = await failed_create(lab)
    assert "BadAnswer" in reason and says in reason
    await delete(lab, stack_id)
    assert lab.books.deleted == [answer.physical_id if isinstance(answer.physical_id, str) else "7"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="None"),
        pytest.param({"physical_id": "x"}, id="dict"),
        pytest.param(Done(""), id="empty id"),
        pytest.param(Done("x" * 1_000_000), id="id of 1 MB"),
        pytest.param(Done("a\0b"), id="NUL in the id"),
        pytest.param(Done(f"a{HALF}"), id="half a character in the id"),
        pytest.param(Poll(1, "a\0b"), id="NUL in a poll's id"),
    ],
)
async def test_a_create_without_a_good_id_fails_and_the_stack_can_be_deleted(lab: HostileLab, answer: Any) -> None:
    lab.books.create = lambda context: answer
    stack_id, reason = await failed_create(lab)
    assert "BadAnswer" in reason
    await delete(lab, stack_id)


async def test_an_id_that_was_stored_before_a_bad_answer_is_not_lost(lab: HostileLab) -> None:
    lab.books.create = lambda context: Poll(0, "thing-1")
    lab.books.poll_create = lambda context: Done("\0")
    stack_id, _ = await failed_create(lab)
    await delete(lab, stack_id)
    assert lab.books.deleted == ["thing-1"]


async def test_what_a_provider_shows_is_shown_without_what_no_text_can_have(lab: HostileLab) -> None:
    lab.books.create = lambda context: Done("thing-1", {"said": {"a": [f"x\0{HALF}"]}})
    made = await lab.create(TEMPLATE)
    await made.handle.result()
    stack = await lab.read_everything(made.accepted.stack_id)
    assert stack["outputs"][0]["output_value"] == {"a": ["x\ufffd\ufffd"]}


async def test_an_attribute_that_a_plug_in_computes_wrong_is_an_outputs_error_and_hides_nothing(
    lab: HostileLab,
) -> None:
    lab.books.create = lambda context: Done("thing-1", {"said": "well"})
    lab.books.odd = {1, 2}
    made = await lab.create(TEMPLATE)
    await made.handle.result()
    said, odd = (await lab.read_everything(made.accepted.stack_id))["outputs"]
    assert said["output_value"] == "well"
    assert odd["output_value"] is None and "BadAnswer" in odd["output_error"]


class Mute(PermanentError):
    def __str__(self) -> str:
        raise RuntimeError


class OfItsOwn(TransientError):
    error_class = "made up"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(PermanentError(HOSTILE), "no room \ufffd\ufffd for it: x", id="1 MB"),
        pytest.param(ValueError(HALF), "ValueError: resources.thing: \ufffd", id="half"),
        pytest.param(Mute("x"), "whose text cannot be had", id="mute"),
        pytest.param(OfItsOwn("x"), "OfItsOwn: resources.thing: x", id="error class"),
        pytest.param(SystemExit("bye"), "raised SystemExit, which is no error of a call: bye", id="exit"),
        pytest.param(StopIteration("bye"), "raised StopIteration", id="stop"),
    ],
)
async def test_however_a_create_fails_the_reason_is_readable_and_the_worker_goes_on(
    lab: HostileLab, error: BaseException, says: str
) -> None:
    def fail(context: Context) -> Any:
        raise error

    lab.books.create = fail
    stack_id, reason = await failed_create(lab)
    assert says in reason and len(reason) < 21_000
    if len(str(error) if not isinstance(error, Mute) else "") > 100_000:
        assert reason.endswith(" characters are left out]")
    await delete(lab, stack_id)


async def test_a_delete_that_fails_with_texts_of_any_size_can_be_repeated(lab: HostileLab) -> None:
    def fail(context: Context) -> Any:
        raise PermanentError(HOSTILE)

    made = await lab.create(TEMPLATE)
    await made.handle.result()
    lab.books.delete = fail
    failing = await lab.delete(made.accepted.stack_id)
    with pytest.raises(Exception, match="failed"):
        await failing.handle.result()
    assert (await lab.read_everything(made.accepted.stack_id))["stack_status"] == "DELETE_FAILED"
    lab.books.delete = lambda context: Done()
    await delete(lab, made.accepted.stack_id)


@pytest.mark.parametrize("delay", [1e12, math.inf])
async def test_a_provider_that_says_come_back_in_years_is_waited_for_until_the_deadline(
    lab: HostileLab, delay: float
) -> None:
    def busy(context: Context) -> Any:
        raise ThrottledError("busy", delay=delay, not_sent=True)

    lab.books.create = busy
    made = await lab.create(TEMPLATE, timeout_mins=2)
    with pytest.raises(Exception, match="Timed out|failed"):
        await made.handle.result()
    operation = await made.operation()
    assert operation.reason == "Timed out" or "Timed out" in operation.reason
    (waits,) = [one.reason for one in await made.events() if "attempt 1 of" in one.reason]
    assert 100 <= float(waits.rpartition("next in ")[2].removesuffix(" s")) <= 121
    await delete(lab, made.accepted.stack_id)


@pytest.mark.parametrize("delay", [-5.0, math.nan])
async def test_a_delay_that_is_no_time_to_wait_is_no_reason_to_fail(lab: HostileLab, delay: float) -> None:
    left = [1]

    def busy(context: Context) -> Any:
        if left.pop() if left else 0:
            raise ThrottledError("busy", delay=delay, not_sent=True)
        return Done("thing-1")

    lab.books.create = busy
    made = await lab.create(TEMPLATE)
    await made.handle.result()


@pytest.mark.parametrize(
    "answer",
    [Poll(1e300, "thing-1"), WaitUntil(math.inf, "thing-1"), WaitSignal("thing", 1e300, "thing-1")],
    ids=lambda one: type(one).__name__,
)
async def test_a_wait_without_bounds_ends_with_the_operation(lab: HostileLab, answer: Any) -> None:
    lab.books.create = lab.books.poll_create = lambda context: answer
    made = await lab.create(TEMPLATE, timeout_mins=2)
    with pytest.raises(Exception, match="Timed out|failed"):
        await made.handle.result()
    assert "Timed out" in (await made.operation()).reason
    await delete(lab, made.accepted.stack_id)
    assert lab.books.deleted == ["thing-1"]


async def test_a_negative_wait_is_none(lab: HostileLab) -> None:
    lab.books.create = lambda context: Poll(-1e9, "thing-1")
    made = await lab.create(TEMPLATE)
    await made.handle.result()


async def test_an_update_that_looks_at_the_object_and_sees_nonsense_goes_by_what_is_stored(lab: HostileLab) -> None:
    made = await lab.create(TEMPLATE)
    await made.handle.result()
    lab.books.read = lambda context: Live({"a": {1}}, attributes={"said": math.nan})
    updated = await lab.update(made.accepted.stack_id, TEMPLATE, converge=True)
    await updated.handle.result()
    assert (await lab.read_everything(made.accepted.stack_id))["stack_status"] == "UPDATE_COMPLETE"
