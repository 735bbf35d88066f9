"""Continue-as-new under load: a stack of 5,000 with 20 slow resources on their way when the run is handed over.

Ten are parked on a timer, ten are inside a call. Read from the histories, the store and a ledger of calls: the chain
has at least two runs, all twenty were on their way at its first hand-over, no resource began or ended twice, no call
was made twice, and the operation's deadline never moved.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.measure import Bench, Sample
from bench.plugin import HeldCall
from bench.processes import System
from bench.shapes import SlowStack
from firebrick.contract import BEGIN_OPERATION, DEFAULT_PROJECT, RUN_STEP, BeginResult, Begun
from firebrick.store import Keyring, OperationRow, Store

SLOW = SlowStack(quick=4_980, parked=10, held=10, seconds=45.0)


@dataclass(slots=True)
class Run:
    """What one run's history says. steps: (resource, step) -> whether the activity ended in this run. deadlines: of
    the operation, as the run was told it and as its steps were."""

    run_id: str
    events: int
    steps: dict[tuple[str, int], bool] = field(default_factory=dict)
    deadlines: set[float] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class HandOver:
    """The outcome. problems: what is not as it must be, in sentences; none means the check holds."""

    sample: Sample
    on_their_way: int
    problems: list[str]


async def check_hand_over(bench: Bench, slow: SlowStack = SLOW, name: str = "handover") -> HandOver:
    """Create the stack and read the evidence."""
    sample = await bench.stack(slow.template(HeldCall.type_name), name, slow.size)
    operation, events = await _stored(bench.system, name)
    runs = [
        await _read_run(bench, operation.workflow_id, run_id, count)
        async for run_id, count, _ in bench.runs_of(bench.temporal, operation.workflow_id)
    ]
    on_their_way = _on_their_way(slow, runs[0])
    calls = [line.split() for line in bench.system.ledger.read_text().splitlines()]
    ledger = Counter(resource for stack_id, resource in calls if stack_id == operation.stack_id)
    problems = []
    if len(runs) < 2:
        problems.append(f"the run was never continued as new: {runs[0].events} events")
    if missing := sorted({*slow.parked_names, *slow.held_names} - on_their_way):
        problems.append(f"not on their way at the first hand-over: {', '.join(missing)}")
    problems += _uneven("began", _count(events, "IN_PROGRESS"), slow.size)
    problems += _uneven("ended", _count(events, "COMPLETE"), slow.size)
    problems += _uneven("was called", ledger, slow.held)
    problems += _deadline_problems(operation, runs)
    return HandOver(sample, len(on_their_way), problems)


async def _stored(system: System, name: str) -> tuple[OperationRow, list[tuple[str, str]]]:
    """The stack's one operation, and (resource, status) of each event of a resource."""
    async with await Store.open(
        system.database_url, Keyring.from_file(system.state / "keyring"), migrate=False
    ) as store:
        project = store.project(DEFAULT_PROJECT)
        stack = await project.stack(name)
        (operation,) = await project.operations(stack.id)
        events = await project.events(stack.id, filters={"action": ["CREATE"]})
    return operation, [(one.resource_name, one.status) for one in events if one.resource_id is not None]


async def _read_run(bench: Bench, workflow_id: str, run_id: str, count: int) -> Run:
    run = Run(run_id, count)
    scheduled: dict[int, tuple[str, int]] = {}
    begins: list[int] = []
    async for event in bench.temporal.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
        if event.HasField("activity_task_scheduled_event_attributes"):
            activity = event.activity_task_scheduled_event_attributes
            if activity.activity_type.name == RUN_STEP:
                resource, _, step = activity.activity_id.split(".")
                scheduled[event.event_id] = (resource, int(step))
                run.steps[resource, int(step)] = False
                run.deadlines.add(_payload(activity.input.payloads[0].data)["deadline"])
            elif activity.activity_type.name == BEGIN_OPERATION:
                begins.append(event.event_id)
        elif event.HasField("activity_task_completed_event_attributes"):
            completed = event.activity_task_completed_event_attributes
            if completed.scheduled_event_id in scheduled:
                run.steps[scheduled[completed.scheduled_event_id]] = True
            elif completed.scheduled_event_id in begins:
                begun = BeginResult.model_validate_json(completed.result.payloads[0].data).result
                if isinstance(begun, Begun):
                    run.deadlines.add(begun.deadline)
    return run


def _payload(data: bytes) -> Mapping[str, Any]:
    value: Mapping[str, Any] = json.loads(data)
    return value


def _on_their_way(slow: SlowStack, first: Run) -> set[str]:
    """Slow resources that the first run started and did not see to their end.

    A held one's call had not come back; a parked one's first step had, and its second was not yet asked for.
    """
    held = {name for name in slow.held_names if first.steps.get((name, 1)) is False}
    parked = {name for name in slow.parked_names if first.steps.get((name, 1)) and (name, 2) not in first.steps}
    return held | parked


def _count(events: list[tuple[str, str]], status: str) -> Counter[str]:
    return Counter(resource for resource, one in events if one == status)


def _uneven(what: str, counted: Counter[str], expected: int) -> list[str]:
    """Problems where not exactly so many names were each counted once."""
    problems = [f"{name} {what} {times} times" for name, times in sorted(counted.items()) if times != 1]
    if len(counted) != expected:
        problems.append(f"{len(counted)} resources, not {expected}: each {what} at least once")
    return problems


def _deadline_problems(operation: OperationRow, runs: list[Run]) -> list[str]:
    if operation.began_at is None or operation.deadline is None:
        return ["the operation has no deadline"]
    problems = []
    if abs(operation.deadline - operation.began_at - operation.timeout) > 0.001:
        problems.append(f"the stored deadline {operation.deadline} is not the beginning plus the time limit")
    for number, run in enumerate(runs, 1):
        if run.deadlines != {operation.deadline}:
            told = ", ".join(map(str, sorted(run.deadlines)))
            problems.append(f"run {number} had the deadlines {told}, not {operation.deadline}")
    return problems
