"""An installation in pieces that a test can kill: server, provider, store and workers, each for itself.

async with Rig(tmp_path, server) as rig:
    operation = await rig.create(TEMPLATE)
    worker = await rig.worker(failpoint="step.after-call")
    assert await worker.death() == -signal.SIGKILL
    await rig.worker()
    assert (await rig.ended(operation)).state is OperationState.DONE

Several rigs may share one server: each has a task queue of its own. Waiting is always for a condition, with a limit
that only a broken program reaches; a limit that is reached shows what the installation knows.
"""

import asyncio
import atexit
import contextlib
import functools
import json
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from firebrick.contract import Action, CreateStackRequest, DeleteStackRequest, OperationState, UpdateStackRequest
from firebrick.diagnostics import NotFound, Unavailable
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from firebrick.store.repository import Repository
from firebrick.store.rows import EventRow, OperationRow
from firebrick.testing.dev_server import NAMESPACE, DevServer
from firebrick.testing.provider_process import ProviderProcess
from starter.search_attributes import SearchAttributes
from starter.starting import Starter
from tests.integration.warm_python import WarmPython

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 100.0  # seconds; the longest of these waits takes about 15 on an idle machine
CALL_TIMEOUT = 2.0  # seconds one call to the provider may take
PLUGINS = "firebrick.testing.types"

T = TypeVar("T")


@functools.cache
def warm_python() -> WarmPython:
    """The one that starts all workers of this test run."""
    python = WarmPython()
    atexit.register(python.close)
    return python


async def until(
    condition: Callable[[], Awaitable[T | None]], what: str | Callable[[], str], *, limit: float = LIMIT
) -> T:
    """The condition's first answer that is true. AssertionError, saying what was waited for, after so many seconds."""
    deadline = time.monotonic() + limit
    while True:
        answer = await condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:g} s: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(0.05)


def earlier_code(directory: Path) -> Path:
    """A copy of the code that counts as another build: workers may run it beside those of this tree."""
    tree = directory / "earlier"
    for name in ("firebrick", "workflows", "activities", "starter"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "worker.py", tree)
    with (tree / "workflows" / "driver.py").open("a") as driver:
        driver.write("\n# An earlier state of the code.\n")
    return tree


class WorkerProcess:
    """``python -m worker``, in a session of its own. log: what it says on stderr."""

    def __init__(
        self, arguments: list[str], environment: Mapping[str, str], directory: Path, number: int, code: Path = ROOT
    ) -> None:
        self.log = directory / f"worker-{number}.log"
        self._ready = directory / f"worker-{number}.ready"
        self._process = warm_python().start(
            ["worker", *arguments, "--ready-file", str(self._ready)],
            {"PYTHONPATH": str(code), **environment},
            code=code,
            log=self.log,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def ready(self) -> None:
        """Until it works, or has died (an armed one may reach its fail point before it says that it is ready)."""
        await until(self._has_started, lambda: f"worker ready; it says:\n{self.log.read_text()[-2_000:]}")

    async def _has_started(self) -> bool:
        return self._ready.exists() or not self.alive

    @property
    def build(self) -> str:
        """Its build id, once it is ready."""
        return str(json.loads(self._ready.read_text())["build"])

    async def death(self) -> int:
        """Until it has died by itself; the exit code, -9 after SIGKILL."""

        async def dead() -> bool:
            return not self.alive

        await until(dead, lambda: f"worker dead; it says:\n{self.log.read_text()[-2_000:]}")
        return self._process.wait()

    def kill(self) -> None:
        """SIGKILL, at whatever it is doing."""
        self._process.kill()
        self._process.wait()

    async def stop(self) -> int:
        """SIGTERM: it drains. The exit code."""
        self._process.terminate()
        return await asyncio.to_thread(self._process.wait)


class Rig:
    """One installation with a provider, on a server that others may use too.

    latency, jitter: seconds of each of the provider's answers. minute: seconds that a minute of timeout_mins lasts.
    reconcile_every: seconds. call_timeout: seconds that one call to the provider may take. namespace: of the server.
    settings: more of the workers' environment.
    """

    def __init__(
        self,
        directory: Path,
        server: DevServer,
        *,
        latency: float = 0.0,
        jitter: float = 0.0,
        minute: float = 60.0,
        reconcile_every: float = 5.0,
        call_timeout: float = CALL_TIMEOUT,
        namespace: str = NAMESPACE,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.server = server
        self.task_queue = f"rig-{uuid4().hex[:8]}"
        self.provider = ProviderProcess(directory, latency=latency, jitter=jitter)
        self.registry = Registry.default({"FIREBRICK_PLUGINS": PLUGINS})
        self.namespace = namespace
        self._minute = minute
        self._call_timeout = call_timeout
        self._reconcile_every = reconcile_every
        self._settings = settings or {}
        self._workers: list[WorkerProcess] = []
        self._keyring = directory / "keyring"
        self._url = f"sqlite:///{directory / 'firebrick.db'}"

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.provider.start)
        self.store = await Store.open(self._url, Keyring.from_file(self._keyring))
        self.client = await Client.connect(
            self.server.address, namespace=self.namespace, data_converter=pydantic_data_converter
        )
        self.starter = Starter(
            self.store,
            self.registry,
            lambda: self.client,
            minute=self._minute,
            search_attributes=SearchAttributes(lambda: self.client).present,
            task_queue=self.task_queue,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.kill()
        self.provider.kill()
        await self.store.close()

    # --- processes ------------------------------------------------------------------------------------------------

    async def worker(self, *, failpoint: str = "", code: Path = ROOT) -> WorkerProcess:
        """Start a worker and wait until it works. failpoint: where it is to die, see firebrick.failpoints. code: the
        tree it runs."""
        process = WorkerProcess(
            [
                *("--address", self.server.address, "--namespace", self.namespace, "--task-queue", self.task_queue),
                *("--database", self._url, "--keyring", str(self._keyring)),
            ],
            {
                **self.provider.environment,
                "FIREBRICK_TEST_CALL_TIMEOUT": str(self._call_timeout),
                "FIREBRICK_TIMEOUT_UNIT_SECONDS": str(self._minute),
                "FIREBRICK_RECONCILE_SECONDS": str(self._reconcile_every),
                "FIREBRICK_FAILPOINT": failpoint,
                **self._settings,
            },
            self.directory,
            len(self._workers) + 1,
            code,
        )
        self._workers.append(process)
        await process.ready()
        return process

    async def replace_workers(self, *, failpoint: str = "") -> WorkerProcess:
        """Kill all workers there are, start another."""
        await self.no_workers()
        return await self.worker(failpoint=failpoint)

    async def no_workers(self) -> None:
        """Kill all workers there are."""
        for worker in self._workers:
            worker.kill()

    # --- requests -------------------------------------------------------------------------------------------------

    async def create(self, template: Any, name: str = "demo", **fields: Any) -> OperationRow:
        return await self.starter.create(CreateStackRequest(name=name, template=template, **fields))

    async def delete(self, name: str = "demo", **fields: Any) -> OperationRow:
        return await self.starter.delete(DeleteStackRequest(stack=name, **fields))

    async def update(self, template: Any = None, name: str = "demo", **fields: Any) -> OperationRow:
        return await self.starter.update(UpdateStackRequest(stack=name, template=template, **fields))

    async def once_server_answers(self, request: Callable[[], Awaitable[OperationRow]]) -> OperationRow:
        """The operation, as soon as the server is not away."""

        async def attempt() -> OperationRow | None:
            with contextlib.suppress(Unavailable):
                return await request()
            return None

        return await until(attempt, "the server answers")

    # --- what became of it ----------------------------------------------------------------------------------------

    @property
    def project(self) -> Repository:
        return self.store.project("default")

    async def state(self, operation: OperationRow) -> OperationRow:
        return await self.project.operation(operation.id)

    async def operation_of(self, stack: str, action: Action) -> OperationRow:
        """The newest operation of a stack (name, or id) once it is of this action: for those started elsewhere."""

        async def look() -> OperationRow | None:
            with contextlib.suppress(NotFound):
                found = await self.project.stack(stack, include_deleted=True)
                newest = (await self.project.operations(found.id))[0]
                return newest if newest.action is action else None
            return None

        return await until(look, f"{action} of {stack} is stored")

    async def ended(self, operation: OperationRow, *, limit: float = LIMIT) -> OperationRow:
        """The operation, once it has ended in the store."""

        async def look() -> OperationRow | None:
            row = await self.state(operation)
            return row if row.state.ended else None

        try:
            return await until(look, f"end of {operation.action} {operation.id}", limit=limit)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{await self.report(operation)}") from None

    async def done(self, operation: OperationRow, *, limit: float = LIMIT) -> OperationRow:
        """The operation, which must end DONE, and its workflow, which must end too."""
        row = await self.ended(operation, limit=limit)
        assert row.state is OperationState.DONE, f"{row.action} {row.state}: {row.reason}\n{await self.report(row)}"
        await self.closed(row.workflow_id)
        return row

    async def closed(self, workflow_id: str) -> WorkflowExecutionStatus:
        """How the newest run under the id ended, once it has."""
        handle = self.client.get_workflow_handle(workflow_id)

        async def look() -> WorkflowExecutionStatus | None:
            status = (await handle.describe()).status
            return None if status is WorkflowExecutionStatus.RUNNING else status

        return await until(look, f"end of workflow {workflow_id}")

    async def reached(self, operation: OperationRow, condition: Callable[[list[EventRow]], bool], what: str) -> None:
        """Until the stack's events fulfil a condition."""

        async def look() -> bool:
            return condition(await self.project.events(operation.stack_id))

        try:
            await until(look, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{await self.report(operation)}") from None

    def lease_of(self, stack_id: str) -> float:
        """Until when the stack's one row is held; seconds since the epoch."""
        with sqlite3.connect(self.directory / "firebrick.db") as connection:
            found = connection.execute("SELECT lease_until FROM resources WHERE stack_id = ?", (stack_id,)).fetchall()
        ((until,),) = found
        return float(until)

    async def report(self, operation: OperationRow) -> str:
        """What the installation knows, for a failure's text."""
        events = [
            f"{event.seq:>4} {event.resource_name} {event.state} {event.reason}"
            for event in await self.project.events(operation.stack_id)
        ]
        operations = [
            f"{one.seq} {one.action} {one.state} {one.reason}"
            for one in await self.project.operations(operation.stack_id)
        ]
        faults = [json.dumps(vars_of(one)) for one in self.provider.ledger.requests() if one.fault]
        logs = [f"--- {worker.log.name}\n{worker.log.read_text()[-1_500:]}" for worker in self._workers[-2:]]
        return "\n".join(["operations:", *operations, "events:", *events[-60:], "faults:", *faults, *logs])


def vars_of(one: Any) -> dict[str, Any]:
    """The fields of a slotted dataclass that hold something."""
    return {name: getattr(one, name) for name in one.__slots__ if getattr(one, name)}
