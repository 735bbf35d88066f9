"""A whole engine in the caller's process, for tests: server, worker, store and the fake type of a scenario. Supported.

    async with Engine(folder, properties=("a", "!b")) as engine:
        await engine.create(template, name="s")
        assert await engine.settled("s") == "CREATE_COMPLETE"
        engine.world.close()                      # no resource action finishes from now on
        update = await engine.update("s", other_template)
        await engine.let(3)                       # three do, and no fourth
        await engine.cancel("s")                  # stop, and roll back
        await engine.wait(update)                 # it has stopped; had the gate been opened before, it would go on
        engine.world.open()
        assert await engine.settled("s") == "ROLLBACK_COMPLETE"
        assert engine.world.living() == {...}

Templates name the type Firebrick::Test::Scenario (see ``firebrick.testing.scenario``) and any type of Firebrick's own.
The server is Temporal's development server from its wheel, started in the folder, or one that runs already (which
knows a hundred engines before it has had enough).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from activities.handlers import HandlerRunner
from activities.world import World
from firebrick.contract import (
    PROGRESS,
    Cancel,
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    Progress,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.resources.base import ResourceType
from firebrick.resources.registry import Registry, package_types
from firebrick.store import Keyring, Store
from firebrick.store.rows import EventRow, OperationRow, ResourceRow, StackRow
from firebrick.testing.dev_server import NAMESPACE, DevServer
from firebrick.testing.scenario import ScenarioWorld, scenario_type
from starter.builds import Builds
from starter.cluster import Target, connect
from starter.runs import find_run
from starter.starting import Starter
from worker import build_id, make_worker

T = TypeVar("T")

WITHIN = 60.0  # seconds that anything may take here


class Engine:
    """An engine of its own: its database and world are in the folder, its task queue is nobody else's.

    properties: names of the fake type's; those that begin with ! force a replacement. types: further ones. address: of
    a dev server that runs; "" starts one, which takes half a second. project: whose stacks they are.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        properties: Sequence[str] = ("a", "!b"),
        types: Sequence[type[ResourceType]] = (),
        address: str = "",
        project: str = "default",
    ) -> None:
        self.folder = Path(folder)
        self.project = project
        self.world = ScenarioWorld(self.folder)
        self._address = address
        self._registry = Registry([*package_types(), scenario_type(properties, self.world), *types])
        self._cleanup = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._cleanup.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends worker and server; database and world stay in the folder."""
        self.world.open()  # or the worker would wait for what waits there
        await self._cleanup.aclose()

    async def _start(self) -> None:
        if not self._address:
            server = DevServer(self.folder / "temporal.db")
            await asyncio.to_thread(server.start)
            self._cleanup.push_async_callback(asyncio.to_thread, server.stop)
            self._address = server.address
        client = self._client = await connect(Target(self._address, NAMESPACE))
        keyring = Keyring.from_file(self.folder / "keyring")
        self.store = await Store.open(f"sqlite:///{self.folder / 'firebrick.db'}", keyring)
        self._cleanup.push_async_callback(self.store.close)
        handlers = HandlerRunner()
        self._cleanup.callback(handlers.close)
        queue = f"engine-{uuid4().hex[:8]}"
        self._starter = Starter(self.store, self._registry, lambda: client, task_queue=queue)
        world = World(
            store=self.store,
            registry=self._registry,
            handlers=handlers,
            cluster=self._starter.cluster,
            clock=self.store.clock,
        )
        await self._cleanup.enter_async_context(make_worker(client, world, queue))
        await Builds(client, queue, build_id(), promotes=True).promote()

    # --- requests: accepted when they return ----------------------------------------------------------------------

    async def create(self, template: Any, *, name: str, **options: Any) -> OperationRow:
        """options: as CreateStackRequest has them (parameters, disable_rollback, ...)."""
        request = CreateStackRequest(name=name, template=template, project=self.project, **options)
        return await self._starter.create(request)

    async def update(self, stack: str, template: Any = None, **options: Any) -> OperationRow:
        """options: as UpdateStackRequest has them. What runs is taken over."""
        request = UpdateStackRequest(stack=stack, template=template, project=self.project, **options)
        return await self._starter.update(request)

    async def rollback(self, stack: str, **options: Any) -> OperationRow:
        return await self._starter.rollback(RollbackStackRequest(stack=stack, project=self.project, **options))

    async def go_on(self, stack: str) -> OperationRow:
        return await self._starter.go_on(ContinueStackRequest(stack=stack, project=self.project))

    async def delete(self, stack: str, **options: Any) -> OperationRow:
        return await self._starter.delete(DeleteStackRequest(stack=stack, project=self.project, **options))

    async def cancel(self, stack: str, *, rollback: bool = True, at_once: bool = False) -> OperationRow:
        """rollback: an update is rolled back; else what is done stays. at_once: what is in progress is not waited for.
        InvalidInput: it cannot be cancelled so."""
        stack_id = (await self.stack(stack)).id
        cancel = Cancel.ROLL_BACK if rollback else Cancel.KEEP
        return await self._starter.cancel(self.project, stack_id, cancel, at_once=at_once)

    # --- waiting --------------------------------------------------------------------------------------------------

    async def wait(self, operation: OperationRow) -> OperationRow:
        """The operation, once it has ended (DONE, FAILED or SUPERSEDED)."""

        async def ended() -> OperationRow | None:
            row = await self.store.project(self.project).operation(operation.id)
            return row if row.state.ended else None

        row = await _until(ended, f"the end of {operation.action}")
        await _until(lambda: self._rests(row), f"the end of {row.workflow_id}")
        return row

    async def _rests(self, row: OperationRow) -> bool:
        """Whether the workflow has ended, too, or goes on with another operation. Until then it would take what is
        asked next for its own, and an engine that is closed leaves it without a worker."""
        operations = await self.store.project(self.project).operations(row.stack_id)
        if any(not one.state.ended for one in operations):
            return True
        run = await find_run(self._client, row.workflow_id)
        return run is None or not run.under_way

    async def progress(self, operation: OperationRow) -> Progress:
        """What the run that carries the operation out is at."""
        handle = self._client.get_workflow_handle(operation.workflow_id)
        progress: Progress = await handle.query(PROGRESS, result_type=Progress)
        return progress

    async def settled(self, stack: str) -> str:
        """The stack's state (``ROLLBACK_COMPLETE``), once no operation of it is open."""
        stack_id = (await self.stack(stack)).id

        async def idle() -> StackRow | None:
            operations = await self.store.project(self.project).operations(stack_id)
            if all(one.state.ended for one in operations) and await self._rests(operations[0]):
                return await self.stack(stack_id)
            return None

        return (await _until(idle, f"nothing runs of {stack}")).state

    async def let(self, count: int) -> None:
        """Let so many more resource actions finish, and wait until they have."""
        wanted = len(self.world.finished) + count
        self.world.allow(count)

        async def finished() -> bool:
            return len(self.world.finished) >= wanted

        await _until(finished, f"{count} more actions finish; waiting are {self.world.waiting}")

    async def at_the_gate(self, name: str, action: str) -> None:
        """Until this action of this resource waits at the closed gate."""

        async def there() -> bool:
            return (name, action) in self.world.waiting

        await _until(there, f"{action} of {name} comes to the gate")

    # --- what is stored -------------------------------------------------------------------------------------------

    async def stack(self, name_or_id: str) -> StackRow:
        """Deleted ones by id, too."""
        return await self.store.project(self.project).stack(name_or_id, include_deleted=True)

    async def resources(self, stack: str) -> dict[str, ResourceRow]:
        rows = await self.store.project(self.project).resources((await self.stack(stack)).id)
        return {row.name: row for row in rows}

    async def events(self, stack: str) -> list[EventRow]:
        return await self.store.project(self.project).events((await self.stack(stack)).id)


async def _until(condition: Callable[[], Awaitable[T | None]], what: str) -> T:
    deadline = time.monotonic() + WITHIN
    while not (answer := await condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {WITHIN:g} s: {what}")
        await asyncio.sleep(0.02)
    return answer
