"""One measurement: a fan-out of the floor, or a stack through the public API, from the request to the end.

Both are timed by the same clock in this process and awaited the same way, through Temporal's handle of the workflow;
that the stack is complete is then asked of the API.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx2
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)

from bench.floor import FLOOR_QUEUE, FanOut, FloorFanOut
from bench.plugin import StoreReading
from bench.processes import Memory, System
from bench.shapes import Shape
from firebrick.contract import DEFAULT_PROJECT, workflow_id

API_TIMEOUT = 120.0  # seconds for one request
LONGEST = 1_800.0  # seconds for one stack or fan-out; what takes longer hangs


class CheckFailed(Exception):
    """What was measured did not do what it should have done; its time means nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run. seconds: from the request to the end. accepted: of these, until the request was answered.

    store: the worker's write transactions. memory: peak of the worker, MB. runs, events, history_bytes: of the
    workflow's chain. processor: seconds of CPU by process.
    """

    seconds: float
    memory: float
    runs: int
    events: int
    history_bytes: int
    accepted: float = 0.0
    store: StoreReading = StoreReading()
    processor: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    id: str

    @property
    def workflow_id(self) -> str:
        return workflow_id(DEFAULT_PROJECT, self.name, self.id)


class Bench:
    """Measures on one system. floor_temporal: a client of the floor's server."""

    def __init__(self, system: System, temporal: Client, floor_temporal: Client, api: httpx2.AsyncClient) -> None:
        self.system = system
        self.temporal = temporal
        self._floor_temporal = floor_temporal
        self._api = api

    async def floor(self, shape: Shape, name: str) -> Sample:
        """One fan-out."""
        async with Memory.watch(self.system.pids["floor"]) as memory:
            before = self.system.processor_seconds()
            began = time.perf_counter()
            handle = await self._floor_temporal.start_workflow(
                FloorFanOut.run, FanOut(total=shape.size, width=shape.width), id=name, task_queue=FLOOR_QUEUE
            )
            accepted = time.perf_counter() - began
            done = await _result(handle)
            seconds = time.perf_counter() - began
            processor = self._used(before)
        if done != shape.size:
            raise CheckFailed(f"the floor's {name} did {done} of {shape.size}")
        runs, events, size = await self._history(self._floor_temporal, name)
        return Sample(seconds, memory.peak, runs, events, size, accepted=accepted, processor=processor)

    async def stack(self, template: str, name: str, size: int) -> Sample:
        """One stack of so many resources, from POST to CREATE_COMPLETE."""
        pid = self.system.pids["worker"]
        async with Memory.watch(pid) as memory:
            before, written = self.system.processor_seconds(), StoreReading.of(self.system.clocks, pid)
            began = time.perf_counter()
            stack = await self.create(name, template)
            accepted = time.perf_counter() - began
            await _result(self.temporal.get_workflow_handle(stack.workflow_id))
            seconds = time.perf_counter() - began
            processor = self._used(before)
            store = StoreReading.of(self.system.clocks, pid).since(written)
        await self.check_complete(stack, size)
        runs, events, history = await self._history(self.temporal, stack.workflow_id)
        return Sample(seconds, memory.peak, runs, events, history, accepted, store, processor)

    async def create(self, name: str, template: str) -> Stack:
        """Ask for a stack through the API."""
        answer = await self._api.post("/stacks", json={"stack_name": name, "template": template})
        if answer.status_code != 201:
            raise CheckFailed(f"POST /stacks answered {answer.status_code}: {answer.text[:2_000]}")
        return Stack(name, answer.json()["stack"]["id"])

    async def update(self, stack: Stack, template: str) -> None:
        """Ask for an update through the API."""
        answer = await self._api.put(f"/stacks/{stack.name}/{stack.id}", json={"template": template})
        if answer.status_code != 202:
            raise CheckFailed(f"PUT answered {answer.status_code}: {answer.text[:2_000]}")

    async def ended(self, stack: Stack) -> None:
        """Until the stack's newest workflow has ended well."""
        await _result(self.temporal.get_workflow_handle(stack.workflow_id))

    async def shown(self, stack: Stack) -> tuple[str, int]:
        """(state, number of resources), as the API shows them."""
        path = f"/stacks/{stack.name}/{stack.id}"
        shown = (await self._api.get(path)).raise_for_status().json()["stack"]
        resources = (await self._api.get(f"{path}/resources")).raise_for_status().json()["resources"]
        return str(shown["stack_status"]), len(resources)

    async def check_complete(self, stack: Stack, size: int) -> None:
        """CheckFailed unless the API shows the stack CREATE_COMPLETE, and so each of its resources."""
        path = f"/stacks/{stack.name}/{stack.id}"
        shown = (await self._api.get(path)).raise_for_status().json()["stack"]
        if shown["stack_status"] != "CREATE_COMPLETE":
            raise CheckFailed(f"{stack.name} is {shown['stack_status']}: {shown['stack_status_reason']}")
        resources = (await self._api.get(f"{path}/resources")).raise_for_status().json()["resources"]
        complete = sum(one["resource_status"] == "CREATE_COMPLETE" for one in resources)
        if complete != size:
            raise CheckFailed(f"{stack.name} has {complete} complete resources, not {size}")

    async def runs_of(self, temporal: Client, workflow_id: str) -> AsyncIterator[tuple[str, int, int]]:
        """(run id, events, bytes of history) of each run of a workflow's chain, first to last."""
        latest = await temporal.get_workflow_handle(workflow_id).describe()
        run_id = latest.raw_description.workflow_execution_info.first_run_id
        while True:
            handle = temporal.get_workflow_handle(workflow_id, run_id=run_id)
            described = await handle.describe()
            info = described.raw_description.workflow_execution_info
            yield run_id, info.history_length, info.history_size_bytes
            if described.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
                return
            async for event in handle.fetch_history_events(
                event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT
            ):
                run_id = event.workflow_execution_continued_as_new_event_attributes.new_execution_run_id

    async def _history(self, temporal: Client, workflow_id: str) -> tuple[int, int, int]:
        runs = [(events, size) async for _, events, size in self.runs_of(temporal, workflow_id)]
        return len(runs), sum(events for events, _ in runs), sum(size for _, size in runs)

    def _used(self, before: Mapping[str, float]) -> dict[str, float]:
        return {name: used - before[name] for name, used in self.system.processor_seconds().items()}


async def _result(handle: WorkflowHandle[Any, Any]) -> Any:
    """The result of the whole chain. CheckFailed when there is none."""
    try:
        async with asyncio.timeout(LONGEST):
            return await handle.result()
    except WorkflowFailureError as error:
        raise CheckFailed(f"workflow {handle.id} failed: {error.cause}") from None
    except TimeoutError:
        raise CheckFailed(f"workflow {handle.id} did not end within {LONGEST:g} s") from None


def api_client(system: System) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=f"{system.api_url}/v1/{DEFAULT_PROJECT}", timeout=API_TIMEOUT)
