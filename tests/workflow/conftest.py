"""A whole worker in the test's process: store on a file, registry, activities, workflows. Nothing is faked.

Its clock is the server's (an activity's start), so that the time-skipping server and the store agree about the time.
"""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.handlers import HandlerRunner
from activities.world import World
from firebrick import contract
from firebrick.contract import (
    Accepted,
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.intake import accept_create, accept_delete, accept_rollback
from firebrick.intake_update import accept_continue, accept_update
from firebrick.resources.registry import PLUGINS, Registry
from firebrick.store import EventRow, Keyring, OperationRow, ResourceRow, StackRow, Store
from starter.starting import Starter
from tests.workflow.api import Api, api_of
from worker import make_worker

PROJECT = "lab"


_first_asked: dict[bytes, float] = {}


def server_clock() -> float:
    """The server's time: an activity's start, and what has really passed since the activity first asked."""
    if not activity.in_activity():
        return time.time()
    info = activity.info()
    passed = time.monotonic() - _first_asked.setdefault(info.task_token, time.monotonic())
    return info.started_time.timestamp() + passed


async def has_search_attributes() -> bool:
    """Of the time-skipping server: they are added when it starts, and it is asked nothing."""
    return True


class Lab:
    """One worker and its store. `create` and `delete` accept and start; the handle is the chain's."""

    def __init__(
        self, client: Client, store: Store, registry: Registry, starter: Starter, queue: str = contract.TASK_QUEUE
    ) -> None:
        self.client, self.store, self.registry, self.starter, self.queue = client, store, registry, starter, queue

    async def create(self, template: str, *, name: str = "", **request: Any) -> "Started":
        name = name or f"s{uuid.uuid4().hex[:8]}"
        asked = CreateStackRequest(name=name, template=template, project=PROJECT, **request)
        return await self._start(await accept_create(self.store, self.registry, asked))

    async def update(self, stack: str, template: str | None = None, **request: Any) -> "Started":
        asked = UpdateStackRequest(stack=stack, template=template, project=PROJECT, **request)
        return await self._start(await accept_update(self.store, self.registry, asked))

    async def rollback(self, stack: str, **request: Any) -> "Started":
        asked = RollbackStackRequest(stack=stack, project=PROJECT, **request)
        return await self._start(await accept_rollback(self.store, asked))

    async def go_on(self, stack: str) -> "Started":
        return await self._start(await accept_continue(self.store, ContinueStackRequest(stack=stack, project=PROJECT)))

    async def delete(self, stack: str, **request: Any) -> "Started":
        asked = DeleteStackRequest(stack=stack, project=PROJECT, **request)
        return await self._start(await accept_delete(self.store, asked))

    async def _start(self, operation: OperationRow) -> "Started":
        handle = await self.client.start_workflow(
            operation.action.workflow_type,
            Accepted(project=PROJECT, stack_id=operation.stack_id, operation_id=operation.id),
            id=f"{operation.workflow_id}/{operation.seq}",
            task_queue=self.queue,
            result_type=contract.ActionResult,
        )
        return Started(self, operation, handle)

    async def operation(self, operation_id: str) -> OperationRow:
        return await self.store.project(PROJECT).operation(operation_id)


class Started:
    """An accepted and started operation."""

    def __init__(self, lab: Lab, operation: OperationRow, handle: WorkflowHandle[Any, contract.ActionResult]) -> None:
        self.lab, self.accepted, self.handle = lab, operation, handle

    async def operation(self) -> OperationRow:
        return await self.lab.operation(self.accepted.id)

    async def events(self) -> list[EventRow]:
        return await self.lab.store.project(PROJECT).events(self.accepted.stack_id)

    async def told(self, *, since: int = 0) -> list[str]:
        """``name STATE`` of each event, in order; of those after the first so many."""
        return [f"{event.resource_name} {event.state}" for event in await self.events()][since:]

    async def resources(self) -> dict[str, ResourceRow]:
        rows = await self.lab.store.project(PROJECT).resources(self.accepted.stack_id)
        return {row.name: row for row in rows}

    async def stack(self) -> StackRow:
        return await self.lab.store.project(PROJECT).stack(self.accepted.stack_id)


@pytest.fixture
async def lab(time_skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Lab]:
    async with AsyncExitStack() as cleanup:
        yield await lab_on(cleanup, time_skipping.client, tmp_path, HandlerRunner())


async def lab_on(cleanup: AsyncExitStack, client: Client, folder: Path, handlers: HandlerRunner) -> Lab:
    """A lab whose worker calls handlers by these."""
    store = await Store.open(f"sqlite:///{folder / 'stacks.db'}", Keyring.from_file(folder / "keys.json"))
    cleanup.push_async_callback(store.close)
    cleanup.callback(handlers.close)
    registry = Registry.default({PLUGINS: "firebrick.testing.types"})
    starter = Starter(store, registry, lambda: client)
    world = World(
        store=store,
        registry=registry,
        handlers=handlers,
        cluster=starter.cluster,
        clock=server_clock,
        search_attributes=has_search_attributes,
    )
    await cleanup.enter_async_context(make_worker(client, world, versioned=False))
    return Lab(client, store, registry, starter)


@pytest.fixture
async def api(lab: Lab) -> AsyncIterator[Api]:
    async with api_of(lab) as found:
        yield found
