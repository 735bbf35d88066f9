"""Everything is killed at once, with a stack in each phase; one worker is started: each comes to its truth in a minute.

And the schedule that has passes of the reconciler made, which is what finds out where nobody tells anybody.
"""

import asyncio
import json
import time
from pathlib import Path

import pytest
from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleHandle,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from firebrick.contract import WAKE, Action, Cancel, CreateStackRequest, DeleteStackRequest
from firebrick.intake import accept_create, accept_delete
from firebrick.signals import accept_signal, wake_key
from firebrick.testing.dev_server import DevServer
from tests.integration.history import check_no_orphans
from tests.integration.phases import BASE, OTHER, PhasedStack, template
from tests.integration.rig import Rig, until

MINUTE = 60.0

# What a stack is in the end, by the phase in which everything was killed.
PHASES = {
    "create": "CREATE_COMPLETE",
    "create that rolls back": "CREATE_COMPLETE",
    "update": "UPDATE_COMPLETE",
    "update that rolls back": "UPDATE_COMPLETE",
    "clean-up of an update": "UPDATE_COMPLETE",
    "rollback": "ROLLBACK_COMPLETE",
    "delete": "DELETE_COMPLETE",
}
INNER = {"resource_registry": {"Inner": "inner.yaml"}}


class Scene:
    """Stacks in every phase, and what is known to the store only."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.truths: dict[str, str] = {}

    async def set(self) -> None:
        """All at once: what waits does not wait for the others."""
        named = {"".join(word.capitalize() for word in phase.split()): phase for phase in PHASES}
        self.truths |= {name: PHASES[phase] for name, phase in named.items()}
        await asyncio.gather(
            *(PhasedStack(self.rig, name).enter(phase) for name, phase in named.items()),
            self._nested(),
            self._hooked(),
            self._terminated(),
        )

    async def know(self) -> None:
        """What was accepted when nobody was there any more who could have begun it, or told anybody."""
        rig = self.rig
        await accept_create(rig.store, rig.registry, CreateStackRequest(name="NeverStarted", template=BASE))
        self.truths["NeverStarted"] = "CREATE_COMPLETE"
        # Takes over the update that is held.
        await accept_delete(rig.store, DeleteStackRequest(stack="UpdateThatRollsBack"))
        self.truths["UpdateThatRollsBack"] = "DELETE_COMPLETE"
        update = await rig.project.stack("Update")
        await rig.project.accept_cancel(update.id, Cancel.ROLL_BACK, now=time.time())
        self.truths["Update"] = "ROLLBACK_COMPLETE"

    async def settle(self) -> None:
        """Until each stack is what it is to be, and nothing is open; within a minute. One waits for somebody."""
        hooked = await self.rig.project.stack("Hooked")
        row = await self.rig.project.resource(hooked.id, "kept")
        woken = await accept_signal(self.rig.project, self.rig.registry, hooked, row, {"unset_hook": "pre-create"})
        await self.rig.starter.signal(woken, WAKE, wake_key("kept"))
        self.rig.provider.release()
        missing = dict(self.truths)

        async def settled() -> bool:
            for stack in await self.rig.project.stacks(include_deleted=True):
                if missing.get(stack.name) == stack.state:
                    operations = await self.rig.project.operations(stack.id)
                    if all(one.state.ended for one in operations):
                        del missing[stack.name]
            return not missing

        await until(settled, lambda: f"settled: {missing}", limit=MINUTE)

    async def _nested(self) -> None:
        inner = template(kept={"hold": "ready"})
        outer = {"heat_template_version": "2021-04-16", "resources": {"inner": {"type": "Inner"}}}
        await self.rig.create(outer, "Outer", environment=INNER, files={"inner.yaml": json.dumps(inner)})
        await until(lambda: self._made("kept", "Outer-inner"), "the inner stack is at work")
        self.truths["Outer"] = "CREATE_COMPLETE"

    async def _made(self, label: str, stack: str) -> bool:
        living = self.rig.provider.ledger.living()
        return any(effect.label == label and effect.stack.startswith(stack) for effect in living)

    async def _hooked(self) -> None:
        hooks = {"resource_registry": {"resources": {"kept": {"hooks": "pre-create"}}}}
        operation = await self.rig.create(BASE, "Hooked", environment=hooks)
        await self.rig.reached(operation, lambda events: "paused until" in events[-1].reason, "it is at its hook")
        self.truths["Hooked"] = "CREATE_COMPLETE"

    async def _terminated(self) -> None:
        """Its run is ended by hand, just before everything dies: no reconciler has seen that."""
        operation = await PhasedStack(self.rig, "Terminated").enter("create")
        self.doomed = operation
        self.truths["Terminated"] = "CREATE_FAILED"


@pytest.mark.timeout(300)
async def test_each_stack_comes_to_its_truth_within_a_minute_of_a_workers_start(
    module_server: DevServer, tmp_path: Path
) -> None:
    async with Rig(tmp_path / "rig", module_server, reconcile_every=30.0) as rig:
        await asyncio.gather(rig.worker(), rig.worker())
        scene = Scene(rig)
        await scene.set()
        await rig.no_workers()
        await rig.client.get_workflow_handle(scene.doomed.workflow_id).terminate("somebody pulled the plug")
        await asyncio.to_thread(module_server.kill)
        await scene.know()
        await asyncio.to_thread(module_server.start)
        await rig.worker()
        await scene.settle()
        assert rig.provider.ledger.doubles() == []
        await _delete_all(rig)
        check_no_orphans(rig.provider.ledger)


async def _delete_all(rig: Rig) -> None:
    stacks = [stack for stack in await rig.project.stacks() if not stack.owner_id]
    deletes = [await rig.delete(stack.id) for stack in stacks]
    await asyncio.gather(*(rig.done(operation) for operation in deletes))


async def runs_of(schedule: ScheduleHandle) -> list[str]:
    """Ids of the workflows that the schedule runs now; none while there is no schedule."""
    try:
        actions = (await schedule.describe()).info.running_actions
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    return [one.workflow_id for one in actions if isinstance(one, ScheduleActionExecutionStartWorkflow)]


async def test_one_run_makes_the_passes_of_all_workers_and_comes_back_whatever_becomes_of_it(
    module_server: DevServer, tmp_path: Path
) -> None:
    async with Rig(tmp_path / "rig", module_server, reconcile_every=1.0) as rig:
        await asyncio.gather(rig.worker(), rig.worker())
        schedule = rig.client.get_schedule_handle(f"firebrick-{rig.task_queue}-reconcile")

        (run,) = await until(lambda: runs_of(schedule), "the schedule has its run")
        handle = rig.client.get_workflow_handle(run)
        before = (await handle.describe()).history_length

        async def goes_on() -> bool:
            return (await handle.describe()).history_length > before + 10

        await until(goes_on, "passes are made")
        assert await runs_of(schedule) == [run]

        await handle.terminate("a test")

        async def another() -> bool:
            return await runs_of(schedule) not in ([], [run])

        await until(another, "the schedule starts another run")
        await schedule.delete()

        async def is_back() -> bool:
            found = [one.id async for one in await rig.client.list_schedules()]
            return schedule.id in found

        await until(is_back, "a worker puts the schedule back")


async def test_workers_look_by_themselves_while_the_schedule_is_paused(
    module_server: DevServer, tmp_path: Path
) -> None:
    async with Rig(tmp_path / "rig", module_server, reconcile_every=1.0) as rig:
        await rig.worker()
        schedule = rig.client.get_schedule_handle(f"firebrick-{rig.task_queue}-reconcile")

        async def pause(given: ScheduleUpdateInput) -> ScheduleUpdate:
            given.description.schedule.state = ScheduleState(paused=True, note="a test")
            return ScheduleUpdate(given.description.schedule)

        (run,) = await until(lambda: runs_of(schedule), "the schedule has its run")
        await schedule.update(pause)
        await rig.client.get_workflow_handle(run).terminate("a test")
        operation = await accept_create(rig.store, rig.registry, CreateStackRequest(name="demo", template=OTHER))
        await rig.done(operation)
        assert operation.action is Action.CREATE
