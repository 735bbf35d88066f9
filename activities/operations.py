"""Activities that begin, plan and finish an operation. Each is safe to repeat: the store's compare-and-swap decides."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from temporalio import activity

from activities import observed
from activities.failures import scrubbed
from activities.heartbeat import Interrupt, alive
from activities.nested import stop_inner, tell_owner
from activities.world import World
from firebrick import contract
from firebrick.contract import Action
from firebrick.diagnostics import ActionInProgress, InvalidInput, NotFound
from firebrick.failpoints import failpoint
from firebrick.intake import accept_create, accept_delete, accept_rollback
from firebrick.intake_update import accept_update
from firebrick.plan import ExistingRow, Plan, plan_create, plan_delete, plan_update, to_pages
from firebrick.store.aborts import NOTHING
from firebrick.store.operation_outcomes import FinishOutcome, Mine, Nothing, Other
from firebrick.store.rows import OperationRow


def _plan(action: Action, rows: Sequence[ExistingRow]) -> Plan:
    if action.converges:
        return plan_update(action, rows)
    return plan_create(rows) if action is Action.CREATE else plan_delete(rows)


FAILED_OUTSIDE = (
    "its activity was failed in Temporal: by hand, or since it could not end under options that it was given there"
)
NOT_DONE = "its activity was completed in Temporal by hand, and it is not done"


async def finish(
    world: World, ask: contract.FinishOperation, outside: Mapping[int, str] = NOTHING
) -> tuple[FinishOutcome, OperationRow]:
    """End an operation: what it asked of nested stacks first, and whoever asked for it is told. outside: rows whose
    step was ended by Temporal's own means, and how."""
    project = world.store.project(ask.project)
    how: dict[str, Any] = {"outside": outside} if outside else {}
    while True:
        outcome = await project.finish(
            ask.operation_id,
            seq=ask.seq,
            complete=ask.complete and not outside,
            interrupted=ask.interrupted,
            now=world.clock(),
            **how,
        )
        operation = await project.operation(ask.operation_id)
        if outcome.state.ended:
            await tell_owner(world, ask.project, operation)
            return outcome, operation
        await stop_inner(world, ask.project, operation)


class OperationActivities:
    """begin_operation, load_plan, finish_operation, read_operation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pages: dict[tuple[str, Action], dict[int | None, contract.PlanPage]] = {}  # by what they begin after

    @activity.defn(name=contract.BEGIN_OPERATION)
    @scrubbed
    async def begin_operation(self, ask: contract.BeginOperation) -> contract.BeginResult:
        """Make the newest accepted operation RUNNING, if it is this workflow's to run; with its plan's first page."""
        return contract.BeginResult(result=await alive(self._begin(ask), Interrupt()))

    async def _begin(
        self, ask: contract.BeginOperation
    ) -> contract.Begun | contract.BeginOther | contract.NothingToBegin:
        failpoint("begin.before")
        world = self._world
        stack_id, operation_id = ask.stack_id, ask.operation_id
        seq = 0
        if ask.inline:
            accepted = await self._accept(ask)
            stack_id, operation_id, seq = accepted.stack_id, accepted.id, accepted.seq
            failpoint("begin.after-accept")
        outcome = await world.store.project(ask.project).begin(
            stack_id,
            action=ask.action,
            operation_id=operation_id,
            workflow_id=ask.workflow_id,
            chain_id=ask.chain_id,
            now=world.clock(),
        )
        failpoint("begin.after")
        match outcome:
            case Mine(operation=operation):
                return await self._begun(ask, operation)
            case Other(action=action, operation=operation):
                return contract.BeginOther(
                    action=action, project=ask.project, stack_id=stack_id, operation_id=operation.id
                )
            case Nothing(running_workflow_id=running):
                if running and running != ask.workflow_id and ask.inline and ask.create is None:
                    await world.cluster.nudge(running, seq)
                return contract.NothingToBegin(
                    project=ask.project,
                    stack_id=stack_id,
                    operation_id=operation_id,
                    running_workflow_id=running,
                )

    async def _accept(self, ask: contract.BeginOperation) -> OperationRow:
        """Store the inline request. Repeating finds it again: without an id of the client's, the chain gives one."""
        world = self._world
        own_id = str(uuid.uuid5(uuid.UUID(ask.chain_id), ask.workflow_id))
        try:
            if ask.create is not None:
                request = ask.create.model_copy(update={"operation_id": ask.create.operation_id or own_id})
                return await accept_create(
                    world.store,
                    world.registry,
                    request,
                    minute=world.minute,
                    inline_without_codec=not world.payload_codec,
                    started_as=ask.workflow_id,
                )
            if ask.update is not None:
                update = ask.update.model_copy(update={"operation_id": ask.update.operation_id or own_id})
                return await accept_update(
                    world.store,
                    world.registry,
                    update,
                    minute=world.minute,
                    inline_without_codec=not world.payload_codec,
                    started_as=ask.workflow_id,
                )
            if ask.rollback is not None:
                rollback = ask.rollback.model_copy(update={"operation_id": ask.rollback.operation_id or own_id})
                return await accept_rollback(world.store, rollback, minute=world.minute, started_as=ask.workflow_id)
            assert ask.delete is not None
            delete = ask.delete.model_copy(update={"operation_id": ask.delete.operation_id or own_id})
            return await accept_delete(world.store, delete, minute=world.minute, started_as=ask.workflow_id)
        except (NotFound, ActionInProgress) as error:
            raise InvalidInput(error.diagnostics) from None

    async def _begun(self, ask: contract.BeginOperation, operation: OperationRow) -> contract.Begun:
        first = contract.LoadPlan(
            project=ask.project, stack_id=operation.stack_id, operation_id=operation.id, action=ask.action, page=0
        )
        pages = await self._make_pages(first)
        return contract.Begun(
            project=ask.project,
            stack_id=operation.stack_id,
            stack_name=operation.stack_name,
            operation_id=operation.id,
            action=ask.action,
            seq=operation.seq,
            deadline=operation.deadline or 0.0,  # set when it began
            nodes=sum(len(page.nodes) for page in pages),
            page=pages[0],
            search_attributes=await self._world.search_attributes(),
            independent=bool(operation.request.get("continue_independent")),
            cancelled=bool(operation.cancel),
            at_once=operation.cancel_now,
            now=self._world.clock(),
            root_id=await self._root_id(ask.project, operation.stack_id),
            window=self._world.window,
            answers=True,
        )

    async def _root_id(self, project: str, stack_id: str) -> str:
        # Deleted ones, too: of two deletes that were accepted the second finds the first one's work done.
        stack = await self._world.store.project(project).stack(stack_id, include_deleted=True)
        return stack.root_id or stack.id

    @activity.defn(name=contract.LOAD_PLAN)
    @scrubbed
    async def load_plan(self, ask: contract.LoadPlan) -> contract.PlanPage:
        """One further page. All pages are of one moment where one worker makes them; another goes on where the page
        before ended."""
        known = self._pages.get((ask.operation_id, ask.action), {}).get(ask.after)
        if known is None:
            pages = await alive(self._make_pages(ask), Interrupt())
            # A run that began before pages told where they end asks by their number.
            known = pages[ask.page if ask.after is None else 0]
        return known.model_copy(update={"answers": ask.asked})

    async def _make_pages(self, ask: contract.LoadPlan) -> list[contract.PlanPage]:
        """The page that is asked for, and those that follow, which are kept for the next questions."""
        rows = await self._world.store.project(ask.project).plan_rows(ask.stack_id, ask.operation_id)

        def make() -> list[contract.PlanPage]:
            number = 0 if ask.after is None else ask.page
            return to_pages(_plan(ask.action, rows), number=number, after=ask.after)

        made = await asyncio.to_thread(make) if len(rows) > 200 else make()
        if len(made) > 1:
            following = {before.last: page for before, page in pairwise(made)}
            self._pages[ask.operation_id, ask.action] = following
            while len(self._pages) > 8:
                del self._pages[next(iter(self._pages))]
        return made

    @activity.defn(name=contract.FINISH_OPERATION)
    @scrubbed
    async def finish_operation(self, ask: contract.FinishOperation) -> contract.Finished:
        """Write what became of the operation, and look for a newer one, in one transaction."""
        failpoint("finish.before")
        outcome, operation = await alive(self._finish(ask), Interrupt())
        self._pages.pop((ask.operation_id, ask.action), None)
        failpoint("finish.after")
        observed.finished(operation)
        return contract.Finished(
            state=outcome.state,
            reason=outcome.reason,
            next_action=outcome.next_action,
            next_operation_id=outcome.next_operation_id,
            search_attributes=await self._world.search_attributes(),
            answers=operation.id,
        )

    async def _finish(self, ask: contract.FinishOperation) -> tuple[FinishOutcome, OperationRow]:
        """What is complete is so in the store: a run may have been told otherwise."""
        outside = {abs(node): FAILED_OUTSIDE for node in ask.outside}
        if ask.complete:
            project = self._world.store.project(ask.project)
            operation = await project.operation(ask.operation_id)
            if not operation.state.ended:
                outside = dict.fromkeys(await project.unfinished(operation), NOT_DONE)
        return await finish(self._world, ask, outside)

    @activity.defn(name=contract.READ_OPERATION)
    @scrubbed
    async def read_operation(self, ask: contract.ReadOperation) -> contract.OperationView:
        """What became of an operation so far, and whether it is to make way."""
        project = self._world.store.project(ask.project)
        row = await project.operation(ask.operation_id)
        newest = (await project.operations(row.stack_id))[0]
        return contract.OperationView(
            state=row.state,
            reason=row.summary,
            stack_name=row.stack_name,
            newer=newest.seq if newest.seq > row.seq and not newest.state.ended else 0,
            cancelled=bool(row.cancel),
            at_once=row.cancel_now,
        )
