"""A server of the API in this process, on a port of its own, with a part of a worker that does as it is told."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import structlog
import uvicorn

from firebrick.contract import (
    Cancel,
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Repository, Store
from firebrick.store.requests import Expected
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import RowOutcome
from starter.cli.app import run
from starter.holds import Hold
from starter.rest import create_app
from tests.unit.rest.world import AcceptingStarter, carry_out

Outcomes = Mapping[str, RowOutcome]


class WorkingStarter(AcceptingStarter):
    """Carries out what it accepts and what follows it, at once, when there is a plan for that stack and action."""

    def __init__(self, store: Store, registry: Registry) -> None:
        super().__init__(store, registry)
        self.plans: dict[str, Outcomes] = {}  # "CREATE name" -> how its resources end
        self.times_told = 0
        self.let_go: dict[str, Outcomes] | None = None  # further plans, for what is held
        self.tasks: list[asyncio.Task[None]] = []
        self.loop = asyncio.get_running_loop()

    def goes_on(self, stack: str) -> None:
        """Carry out what was accepted for a stack while there was no plan for it. From any thread."""
        asyncio.run_coroutine_threadsafe(self._go_on(stack), self.loop).result(30)

    async def _go_on(self, stack: str) -> None:
        repository = self._store.project("default")
        self._carry_out((await repository.operations((await repository.stack(stack)).id))[0])

    async def create(self, request: CreateStackRequest) -> OperationRow:
        return self._carry_out(await super().create(request))

    async def update(self, request: UpdateStackRequest, *, expected: Expected | None = None) -> OperationRow:
        return self._carry_out(await super().update(request, expected=expected))

    async def rollback(self, request: RollbackStackRequest) -> OperationRow:
        return self._carry_out(await super().rollback(request))

    async def go_on(self, request: ContinueStackRequest) -> OperationRow:
        return self._carry_out(await super().go_on(request))

    async def cancel(self, project: str, stack_id: str, cancel: Cancel, *, at_once: bool = False) -> OperationRow:
        operation = await super().cancel(project, stack_id, cancel, at_once=at_once)
        return self._carry_out(operation, interrupted="cancel")

    async def delete(self, request: DeleteStackRequest) -> OperationRow:
        return self._carry_out(await super().delete(request))

    async def holds(self, project: str, stack_id: str) -> Sequence[Hold]:
        """What is held is let go on when it was told a second time, if there is a plan by then."""
        told = list(await super().holds(project, stack_id))
        self.times_told += bool(told)
        if self.times_told > 1 and self.let_go is not None:
            self.plans |= self.let_go
            self.held, self.let_go = [], None
            for operation in await self._store.project(project).open_family(stack_id):
                self._carry_out(operation)
        return told

    def repository(self, project: str) -> Repository:
        """For tests that play the worker themselves."""
        return self._store.project(project)

    def _carry_out(self, operation: OperationRow, interrupted: str = "") -> OperationRow:
        outcomes = self.plans.pop(f"{operation.action} {operation.stack_name}", None)
        if outcomes is not None:
            self.tasks.append(asyncio.create_task(self._work(operation, outcomes, interrupted)))
        return operation

    async def _work(self, operation: OperationRow, outcomes: Outcomes, interrupted: str) -> None:
        repository = self._store.project(operation.project)
        ended = await carry_out(
            repository,
            operation.stack_id,
            operation.id,
            outcomes,
            action=operation.action,
            interrupted=interrupted,
        )
        if ended.next_operation_id:
            self._carry_out(await repository.operation(ended.next_operation_id))


class ApiServer(threading.Thread):
    """uvicorn with an event loop of its own. starter: how requests are met; call it before they are sent."""

    starter: WorkingStarter

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._server: uvicorn.Server | None = None
        self._up = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        registry = Registry.default({})
        keyring = Keyring.from_file(self._folder / "keyring")
        async with await Store.open(f"sqlite:///{self._folder / 'store.db'}", keyring) as store:
            self.starter = WorkingStarter(store, registry)
            app = create_app(store, self.starter, registry)
            self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
            self._up.set()
            await self._server.serve(sockets=[self._listener])
            await asyncio.gather(*self.starter.tasks)

    def __enter__(self) -> "ApiServer":
        self.start()
        assert self._up.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self.join()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiServer]:
    # It shares its standard output with the command, whose it is: what the server says of each request is left out.
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ApiServer(tmp_path) as server:
        yield server
    structlog.configure(**before)


@pytest.fixture
def firebrick(api: ApiServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """The command, speaking to that server, in the test's folder; its exit code."""
    monkeypatch.setenv("FIREBRICK_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("FIREBRICK_URL", api.url)
    monkeypatch.delenv("FIREBRICK_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run(arguments)


@pytest.fixture(autouse=True)
def _quiet_server() -> Iterator[None]:
    """The server runs in this process: its log must not stand between what the command prints."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()
