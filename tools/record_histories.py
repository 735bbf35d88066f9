"""Records histories for tests/replay: `python -m tools.record_histories NAME [SCENARIO ...]` makes NAME-*.json, one
for each scenario.

Run it when workflows/ or the pure core has changed, with a new NAME, and commit the files beside the old ones.
"""

import asyncio
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import temporalio
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.handlers import HandlerRunner
from activities.reconciling import ReconcileActivities
from activities.world import World
from firebrick import contract
from firebrick.contract import CreateStackRequest, DeleteStackRequest, UpdateStackRequest
from firebrick.resources.registry import Registry
from firebrick.signals import accept_signal, wake_key
from firebrick.store import Keyring, OperationRow, Store
from firebrick.testing.dev_server import DevServer
from starter.builds import Builds
from starter.dev_server import WINDOW
from starter.reconcile_schedule import Schedule
from starter.reconciler import Reconciler
from starter.search_attributes import SearchAttributes
from starter.starting import Starter
from worker import build_id, make_worker

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "replay" / "histories"
HEAD = "heat_template_version: 2018-08-31\nresources:\n"
# A time limit of this many "minutes" of 0.1 s: long enough to begin, short enough to wait for.
MINUTE = 0.1


def without_paths(history: str) -> str:
    """A history without this machine's folders, which stand in stack traces."""
    installed = str(Path(temporalio.__file__).parents[1])
    return history.replace(f"{installed}/", "").replace(f"{FOLDER.parents[2]}/", "")


def line(name: str, kind: str, requires: str = "", **properties: Any) -> str:
    depends = f", depends_on: [{requires}]" if requires else ""
    return f"  {name}: {{type: 'OS::Heat::{kind}'{depends}, properties: {json.dumps(properties)}}}\n"


FLAT = HEAD + "".join(line(f"r{i}", "TestResource", value=f"{i}") for i in range(8))
LAYERS = HEAD + "".join(
    line(f"r{i}_{j}", "TestResource", ", ".join(f"r{i - 1}_{k}" for k in range(3)) if i else "")
    for i in range(3)
    for j in range(3)
)
INSTANT = HEAD + "".join(line(f"s{i}", "RandomString", f"s{i - 1}" if i % 5 else "") for i in range(70))
FAILS = (
    HEAD + line("bad", "TestResource", fail=True) + line("after", "TestResource", "bad") + line("ok", "Value", value=1)
)
WAITS = HEAD + line("wait", "Delay", min_wait=1) + line("after", "TestResource", "wait")
SLOW = HEAD + line("wait", "Delay", min_wait=500) + line("after", "TestResource", "wait")
LONG = HEAD + line("wait", "Delay", min_wait=4) + "".join(line(f"r{i}", "TestResource") for i in range(120))


class Recorder:
    """A worker, a server whose runs continue as new after a short history, and a place for what happened."""

    def __init__(self, client: Client, store: Store, registry: Registry, prefix: str) -> None:
        self.client, self.store, self.registry, self.prefix = client, store, registry, prefix
        self.starter = Starter(store, registry, lambda: client, minute=MINUTE)

    async def create(self, template: str, **options: Any) -> OperationRow:
        name = f"h{uuid.uuid4().hex[:8]}"
        return await self.starter.create(CreateStackRequest(name=name, template=template, **options))

    async def ended(self, operation: OperationRow) -> OperationRow:
        while not (row := await self._row(operation)).state.ended:
            await asyncio.sleep(0.05)
        return row

    async def begun(self, operation: OperationRow) -> None:
        while (await self._row(operation)).state is contract.OperationState.PENDING:
            await asyncio.sleep(0.02)

    async def _row(self, operation: OperationRow) -> OperationRow:
        return await self.store.project(operation.project).operation(operation.id)

    async def keep(self, name: str, handle: WorkflowHandle[Any, Any]) -> None:
        """Store the history of each run of a chain that has ended."""
        try:
            await handle.result()
        except WorkflowFailureError:
            pass
        await self.keep_so_far(name, handle)

    async def keep_so_far(self, name: str, handle: WorkflowHandle[Any, Any]) -> None:
        """The same of one whose last run may go on."""
        run, number = handle.first_execution_run_id or handle.result_run_id, 0
        while run:
            number += 1
            history = await self.client.get_workflow_handle(handle.id, run_id=run).fetch_history()
            suffix = f"-run{number}" if number > 1 else ""
            path = FOLDER / f"{self.prefix}-{name}{suffix}.json"
            path.write_text(json.dumps(json.loads(without_paths(history.to_json())), indent=0, sort_keys=True) + "\n")
            print(path.name, len(history.events), "events")
            last = history.events[-1]
            run = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id

    async def keep_operation(self, name: str, operation: OperationRow) -> None:
        row = await self.ended(operation)
        await self.keep(name, self.client.get_workflow_handle(row.workflow_id, first_execution_run_id=row.chain_id))


async def flat(r: Recorder) -> None:
    operation = await r.create(FLAT)
    await r.keep_operation("flat", operation)
    delete = await r.starter.delete(DeleteStackRequest(stack=operation.stack_id))
    await r.keep_operation("flat-delete", delete)


async def cancelled(r: Recorder) -> None:
    operation = await r.create(SLOW)
    await r.begun(operation)
    await r.client.get_workflow_handle(operation.workflow_id).cancel()
    await r.keep_operation("cancelled", operation)


async def taken_over(r: Recorder) -> None:
    operation = await r.create(SLOW, timeout_mins=600)
    await r.begun(operation)
    delete = await r.starter.delete(DeleteStackRequest(stack=operation.stack_id))
    await r.ended(delete)
    await r.keep_operation("taken-over", operation)


async def inline(r: Recorder) -> None:
    for name, argument in (
        ("inline", {"name": "inline", "template": FLAT}),
        ("refused", {"name": "refused"}),
    ):
        handle = await r.client.start_workflow(
            contract.CREATE_STACK, argument, id=f"inline-{name}", task_queue=contract.TASK_QUEUE
        )
        await r.keep(name, handle)


async def updated(r: Recorder) -> None:
    """In place, replaced, removed and new; then cancelled with what a rollback makes of it; each a workflow's chain."""
    before = HEAD + line("a", "TestResource", value="x") + line("b", "TestResource", "a", update_replace_value="1")
    before += line("c", "RandomString") + line("d", "Value", "c", value=1)
    after = before.replace('"x"', '"y"').replace('"1"', '"2"').replace("RandomString", "None")
    operation = await r.create(before)
    await r.ended(operation)
    update = await r.starter.update(UpdateStackRequest(stack=operation.stack_id, template=after))
    await r.keep_operation("updated", update)
    slow = after + line("wait", "Delay", min_wait=500)
    update = await r.starter.update(UpdateStackRequest(stack=operation.stack_id, template=slow, timeout_mins=600))
    await r.begun(update)
    await r.starter.cancel(update.project, update.stack_id, contract.Cancel.ROLL_BACK)
    await r.keep_operation("rolled-back", update)


async def nested(r: Recorder) -> None:
    template = HEAD + "  inside: {type: inner.yaml}\n"
    operation = await r.create(template, files={"inner.yaml": HEAD + line("leaf", "TestResource")})
    await r.keep_operation("nested", operation)


async def hooked(r: Recorder) -> None:
    """A create that waits before and after its second resource."""
    resources = {"b": {"hooks": ["pre-create", "post-create"]}}
    template = HEAD + line("a", "TestResource") + line("b", "TestResource", "a") + line("c", "Value", "b", value=1)
    environment = {"resource_registry": {"resources": resources}}
    operation = await r.create(template, environment=environment, timeout_mins=600)
    repository = r.store.project(operation.project)
    stack = await repository.stack(operation.stack_id)
    for hook in ("pre-create", "post-create"):
        while hook not in ((row := await repository.resource(stack.id, "b")).hooks or {}).get("waiting", ()):
            await asyncio.sleep(0.02)
        workflow_id = await accept_signal(repository, r.registry, stack, row, {"unset_hook": hook})
        await r.starter.signal(workflow_id, contract.WAKE, wake_key("b"))
    await r.keep_operation("hooked", operation)


async def signalled(r: Recorder) -> None:
    """A signal that comes with the request, and two more; one of them is refused."""
    template = HEAD + "  a: {type: Firebrick::Test::Signalled, properties: {count: 2}}\n"
    operation = await r.create(template, timeout_mins=600)
    await r.begun(operation)
    handle = await r.client.start_workflow(
        contract.SIGNAL_RESOURCE,
        {"stack": operation.stack_id, "resource": "a", "data": {"value": 1}},
        id=f"signal/{operation.stack_id}/a",
        task_queue=contract.TASK_QUEUE,
        start_signal=contract.SEND,
        start_signal_args=[{"unset_hook": "none"}],
    )
    await handle.signal(contract.SEND, {"value": 2})
    await r.keep("signalled", handle)
    await r.ended(operation)


async def meddled(r: Recorder) -> None:
    """Signals that nobody can read, or that name no operation; and a run that is started with nonsense."""
    template = HEAD + "  a: {type: Firebrick::Test::Signalled, properties: {count: 1}}\n"
    operation = await r.create(template, timeout_mins=600)
    await r.begun(operation)
    handle = r.client.get_workflow_handle(operation.workflow_id)
    for name in (contract.TAKE_OVER, contract.CANCEL, contract.WAKE, "nobody_knows_this"):
        for arguments in ((), (None,), ("text",)):
            await handle.signal(name, args=arguments)
    asked = {"stack": operation.stack_id, "resource": "a", "data": {"value": 1}}
    told = await r.client.start_workflow(
        contract.SIGNAL_RESOURCE, asked, id=f"meddled/{operation.stack_id}", task_queue=contract.TASK_QUEUE
    )
    await r.keep("meddled-signal", told)
    await r.keep_operation("meddled", operation)
    for kind in (contract.RECONCILE, contract.LOOK_AT_OBJECTS):
        wrong = await r.client.start_workflow(kind, "nonsense", id=f"wrong-{kind}", task_queue=contract.TASK_QUEUE)
        await r.keep(f"meddled-{kind.lower()}", wrong)


async def reconciled(r: Recorder) -> None:
    """Two passes and the pause between them."""
    handle = await r.client.start_workflow(contract.RECONCILE, 1.0, id="reconcile", task_queue=contract.TASK_QUEUE)
    while (await handle.describe()).history_length < 20:
        await asyncio.sleep(0.1)
    await r.keep_so_far("reconciled", handle)
    await handle.terminate()


def plain(name: str, template: str, **options: Any) -> Callable[[Recorder], Awaitable[None]]:
    async def scenario(r: Recorder) -> None:
        await r.keep_operation(name, await r.create(template, **options))

    scenario.__name__ = name
    return scenario


SCENARIOS: list[Callable[[Recorder], Awaitable[None]]] = [
    flat,
    plain("layers", LAYERS),
    plain("instant", INSTANT),
    plain("fails", FAILS),
    plain("waits", WAITS),
    plain("timed-out", SLOW, timeout_mins=20),
    plain("continued", LONG),
    cancelled,
    taken_over,
    inline,
    updated,
    nested,
    hooked,
    signalled,
    meddled,
    reconciled,
]


async def record(prefix: str, wanted: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        options = ["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=150"]
        with DevServer(Path(folder) / "temporal.db", options=options) as server:
            async with AsyncExitStack() as cleanup:
                client = await Client.connect(server.address, data_converter=pydantic_data_converter)
                store = await Store.open(f"sqlite:///{folder}/stacks.db", Keyring.from_file(Path(folder) / "keys.json"))
                cleanup.push_async_callback(store.close)
                handlers = HandlerRunner()
                cleanup.callback(handlers.close)
                registry = Registry.default({"FIREBRICK_PLUGINS": "firebrick.testing.types"})
                starter = Starter(store, registry, lambda: client)
                attributes = SearchAttributes(lambda: client)
                world = World(
                    store=store,
                    registry=registry,
                    handlers=handlers,
                    cluster=starter.cluster,
                    clock=time.time,
                    minute=MINUTE,
                    search_attributes=attributes.present,
                    window=WINDOW,
                )
                builds = Builds(client, contract.TASK_QUEUE, build_id())
                schedule = Schedule(client, contract.TASK_QUEUE)
                reconciler = Reconciler(store, client, starter, builds, schedule, attributes)
                others = [ReconcileActivities(reconciler.once)]
                await cleanup.enter_async_context(make_worker(client, world, others=others))
                await builds.promote()
                for scenario in SCENARIOS:
                    if not wanted or scenario.__name__ in wanted:
                        await scenario(Recorder(client, store, registry, prefix))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tools.record_histories NAME [SCENARIO ...]")
    asyncio.run(record(sys.argv[1], sys.argv[2:]))
