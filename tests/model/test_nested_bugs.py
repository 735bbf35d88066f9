"""What passes between a stack and those in it is judged, too: each engine here has one bug there, and one of the lives
that CI lives shows it."""

import random
import uuid
from typing import Any

import pytest

from activities.nested import tell_owner
from activities.world import World
from firebrick.contract import Action, Cancel, FinishOperation, Status, StepResult
from firebrick.diagnostics import NotFound
from firebrick.resources.base import Done
from firebrick.store.rows import OperationRow
from tests.model.inner_stacks import InnerRequests
from tests.model.test_update_histories import LIVES
from tests.model.update_claims import MemoryStores
from tests.model.update_history import BYTES, life
from tests.model.update_run import Engine
from tests.model.update_store import Family
from tests.model.update_walk import LifeWalk

# --- what a step asks, and waits for ----------------------------------------------------------------------------------


class DoesNotWait(InnerRequests):
    """What was asked counts as done as soon as it is asked."""

    async def _look(self, operation_id: str) -> StepResult:
        project = self._world.store.project("")
        operation = await project.operation(operation_id)
        if self._held.row.action == Action.DELETE:
            return await self._step.done(self._held, Done())
        return await self._made_or_changed(await project.stack(operation.stack_id, include_deleted=True))


class ForgetsRollbacks(InnerRequests):
    """A rollback leaves what is in it as the failed update made it."""

    async def _update(self, *, begun: bool) -> StepResult:
        if self._step.ask.action is not Action.ROLLBACK:
            return await super()._update(begun=begun)
        if not begun:
            await self._step.begin_update(self._held.row, [], {})
        inner = await self._world.store.project("").stack(str(self._held.row.physical_id))
        return await self._made_or_changed(inner)


class LosesWhatNobodyWasToldOf(InnerRequests):
    """A nested stack whose create was asked for by a step that died is not looked for when it is to go."""

    async def _made(self, row: Any) -> None:
        return None


class AsksAnewEachTime(InnerRequests):
    """The same step, taken again, asks for something else."""

    def _operation_id(self) -> str:
        return str(uuid.uuid5(uuid.UUID(self._step.ask.operation_id), str(self._life_step.now())))


class TakesFailuresForSuccesses(InnerRequests):
    async def _look(self, operation_id: str) -> StepResult:
        operation = await self._world.store.project("").operation(operation_id)
        if not operation.state.ended or self._held.row.action == Action.DELETE:
            return await super()._look(operation_id)
        inner = await self._world.store.project("").stack(operation.stack_id, include_deleted=True)
        return await self._made_or_changed(inner)


# --- how an operation ends --------------------------------------------------------------------------------------------


async def waits_without_cancelling(world: World, ask: FinishOperation) -> None:
    project = world.store.project(ask.project)
    while True:
        ended = await project.finish(
            ask.operation_id, seq=ask.seq, complete=ask.complete, interrupted=ask.interrupted, now=world.clock()
        )
        if ended.state.ended:
            return await tell_owner(world, ask.project, await project.operation(ask.operation_id))
        await world.pause(1.0)


async def cancels_what_it_knows_of(world: World, ask: FinishOperation) -> None:
    """What a row has the id of: not what a step asked that died, or was stopped, before it had written that."""
    project: Any = world.store.project(ask.project)
    for row in await project.resources(ask.stack_id) if ask.interrupted else ():
        if row.implementation != "nested" or row.status != Status.IN_PROGRESS or not row.physical_id:
            continue
        try:
            running = await project.accept_cancel(row.physical_id, Cancel.KEEP, now=world.clock())
        except NotFound:
            continue
        while not (await project.operation(running.id)).state.ended:
            await world.cluster.cancel(running.workflow_id, running.seq)
            await world.pause(1.0)
    await project.finish(
        ask.operation_id, seq=ask.seq, complete=ask.complete, interrupted=ask.interrupted, now=world.clock()
    )
    await tell_owner(world, ask.project, await project.operation(ask.operation_id))


class EndsBeforeWhatItAsked(MemoryStores):
    class family(Family):
        def may_end(self, operation: OperationRow) -> bool:
            return True


class AsksAfterItsEnd(MemoryStores):
    """A worker that hung goes on asking in the name of an operation that has ended."""

    class family(Family):
        def may_ask(self, operation_id: str) -> bool:
            return True


BUGS: dict[str, Engine] = {
    "does not wait": Engine(nested=DoesNotWait),
    "forgets rollbacks": Engine(nested=ForgetsRollbacks),
    "loses what nobody was told of": Engine(nested=LosesWhatNobodyWasToldOf),
    "asks anew each time": Engine(nested=AsksAnewEachTime),
    "takes failures for successes": Engine(nested=TakesFailuresForSuccesses),
    "waits without cancelling": Engine(finish=waits_without_cancelling),
    "cancels what it knows of": Engine(finish=cancels_what_it_knows_of, stores=EndsBeforeWhatItAsked),
    "asks after its end": Engine(stores=AsksAfterItsEnd),
}


@pytest.mark.parametrize("bug", BUGS)
def test_each_seeded_bug_is_found(bug: str) -> None:
    """By any of our checks, or by breaking something of the engine's."""
    for seed in range(LIVES):
        one = life(random.Random(seed).randbytes(BYTES))
        if not one.nests:
            continue
        try:
            LifeWalk(one, engine=BUGS[bug]).run()
        except Exception:
            return
    pytest.fail(f"{LIVES} lives did not find that it {bug}")
