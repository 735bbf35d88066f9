"""Every cell of the tables in docs/architecture.md, section 6: what an interrupt does in each phase of an operation, to
the stack and to the resource in progress, and that the stack shows what was accepted at once, and no failure of what
makes way for it.

The tables are read from the page, so that page and program cannot differ. All cells run at once, each with a stack of
its own, on one worker; those of the column "deadline" on another, whose minutes are short.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from firebrick.contract import Cancel, ContinueStackRequest, OperationState, RollbackStackRequest
from firebrick.diagnostics import FirebrickError
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.phases import PhasedStack
from tests.integration.rig import ROOT, Rig, until
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(400)  # the first test waits for all cells

PAGE = ROOT / "docs" / "architecture.md"
MINUTE = 12.0  # seconds, in the column "deadline": longer than it takes to enter a phase, also on a busy machine
GOES = ("clean-up of an update", "rollback", "delete")  # there the resource is being deleted
# Interrupts that wait for what is in progress, or have the next operation finish it.
WAITS = ("cancel", "cancel without rollback", "Temporal's cancel")
# What the stack shows as soon as these are accepted; then nothing but how that ends.
TOLD = {
    "cancel": "ROLLBACK_IN_PROGRESS",
    "cancel now": "ROLLBACK_IN_PROGRESS",
    "update": "UPDATE_IN_PROGRESS",
    "delete": "DELETE_IN_PROGRESS",
}


def read_table(first: str) -> tuple[list[str], dict[str, dict[str, str]]]:
    """(interrupts, phase -> interrupt -> what becomes of it), of the table whose first column has this heading."""
    lines = PAGE.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} | cancel |"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]][: _length(lines[start:])]
    interrupts = rows[0][1:]
    return interrupts, {row[0]: dict(zip(interrupts, row[1:], strict=True)) for row in rows[2:]}


def _length(lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))


INTERRUPTS, TABLE = read_table("phase")
_, RESOURCES = read_table("resource in progress")
CELLS = [f"{phase}: {interrupt}" for phase in TABLE for interrupt in INTERRUPTS]


class Cell:
    """One stack in one phase, interrupted once."""

    def __init__(self, rig: Rig, phase: str, interrupt: str) -> None:
        self.rig, self.phase, self.interrupt = rig, phase, interrupt
        self.expected = TABLE[phase][interrupt]
        self.resource = RESOURCES[phase][interrupt]
        self.name = "".join(part.capitalize() for part in re.sub("[',]", "", f"{phase} {interrupt}").split())
        minutes: dict[str, Any] = {"timeout_mins": 1} if interrupt == "deadline" else {}
        self.stack = PhasedStack(rig, self.name, **minutes)

    async def run(self) -> None:
        operation = await self.stack.enter(self.phase)
        self.before, _ = self.stack.objects()
        before = (await self.rig.project.events(operation.stack_id))[-1].seq
        await self._interrupt(operation)
        if self.expected != "refused" and self.interrupt in TOLD:
            assert (await self._told(operation, before))[0] == TOLD[self.interrupt]
        if self.expected == "refused":
            state = await self.rig.state(operation)
            assert state.state is OperationState.RUNNING, f"refused, and it is {state.state}"
        # Where nothing waits for the provider, it does not come to its end before the operation has.
        if self.resource not in ("left", "leaving") and not (self.resource == "gone" and self._nothing_is_waited_for):
            self.stack.release()
        if self.expected == "goes on":
            await self.rig.done(operation)
        elif self.expected != "refused":
            await self._settles(self.expected)
            if self.interrupt in TOLD:
                assert await self._told(operation, before) == [TOLD[self.interrupt], self.expected]
        await self._check_resource()
        self.stack.release()
        if not self.expected.startswith("DELETE"):
            await self._delete()

    # --- the interrupt --------------------------------------------------------------------------------------------

    async def _interrupt(self, operation: OperationRow) -> None:
        starter = self.rig.starter
        asks: dict[str, Callable[[], Awaitable[Any]]] = {
            "cancel": lambda: starter.cancel("default", operation.stack_id, Cancel.ROLL_BACK),
            "cancel without rollback": lambda: starter.cancel("default", operation.stack_id, Cancel.KEEP),
            "cancel now": lambda: starter.cancel("default", operation.stack_id, Cancel.ROLL_BACK, at_once=True),
            "cancel without rollback, now": lambda: starter.cancel(
                "default", operation.stack_id, Cancel.KEEP, at_once=True
            ),
            "update": self.stack.update_to_other,
            "delete": lambda: self.rig.delete(self.name),
            "Temporal's cancel": lambda: self._handle(operation).cancel(),
            "terminate": lambda: self._handle(operation).terminate("somebody pulled the plug"),
            "reset": lambda: self._reset(operation),
        }
        if self.interrupt == "deadline":
            return
        if self.interrupt == "rollback or continue":
            await self._refused(lambda: starter.rollback(RollbackStackRequest(stack=self.name)))
            await self._refused(lambda: starter.go_on(ContinueStackRequest(stack=self.name)))
        elif self.expected == "refused":
            await self._refused(asks[self.interrupt])
        else:
            await asks[self.interrupt]()
        if self.interrupt == "terminate":
            await self._found_out(operation)

    async def _refused(self, ask: Callable[[], Awaitable[Any]]) -> None:
        stored = len(await self.rig.project.operations((await self.rig.project.stack(self.name)).id))
        with pytest.raises(FirebrickError):
            await ask()
        assert len(await self.rig.project.operations((await self.rig.project.stack(self.name)).id)) == stored

    def _handle(self, operation: OperationRow) -> Any:
        return self.rig.client.get_workflow_handle(operation.workflow_id)

    async def _reset(self, operation: OperationRow) -> None:
        """To the first workflow task of the newest run."""
        handle = self._handle(operation)
        description = await handle.describe()
        first = next(
            event.event_id
            for event in (await handle.fetch_history()).events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        )
        await self.rig.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.rig.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=operation.workflow_id, run_id=description.run_id),
                workflow_task_finish_event_id=first,
                reason="a test",
                request_id=self.name,
            )
        )

    async def _found_out(self, operation: OperationRow) -> None:
        """The reconciler of the worker finds a run that was terminated."""
        await self.rig.ended(operation)

    @property
    def _nothing_is_waited_for(self) -> bool:
        """Whether the resource that is being made or changed goes at once, whatever its provider is at."""
        return self.phase not in GOES and self.interrupt not in WAITS

    async def _told(self, operation: OperationRow, after: int) -> list[str]:
        """The stack's own events since then."""
        events = await self.rig.project.events(operation.stack_id, after_seq=after)
        return [one.state for one in events if one.resource_id is None]

    # --- what became of it ----------------------------------------------------------------------------------------

    async def _settles(self, state: str) -> None:
        """The stack is in this state and nothing is open any more."""
        stack_id = (await self.rig.project.operations(await self._id()))[0].stack_id

        async def settled() -> bool:
            stack = await self.rig.project.stack(stack_id, include_deleted=True)
            open_ = [one for one in await self.rig.project.operations(stack_id) if not one.state.ended]
            return stack.state == state and not open_

        async def now() -> str:
            stack = await self.rig.project.stack(stack_id, include_deleted=True)
            return f"{self.name} is {stack.state}, wanted {state}"

        try:
            await until(settled, f"{self.name} is {state}")
        except AssertionError:
            operations = await self.rig.project.operations(stack_id)
            raise AssertionError(f"{await now()}\n{await self.rig.report(operations[0])}") from None

    async def _check_resource(self) -> None:
        """What the second table says of the resource in progress. Where a run was terminated, what it asked of a nested
        stack has not ended with it."""
        seen = ""

        async def as_told() -> bool:
            nonlocal seen
            made, living = self.stack.objects()
            row = await self.stack.held_row()
            seen = f"{made} were made, {living} live, the row is {row and row.state}"
            return self._is_as_told(made, living, row)

        await until(as_told, lambda: f"{self.name}: {self.resource}; {seen}")

    def _is_as_told(self, made: list[str], living: list[str], row: Any) -> bool:
        match self.resource:
            case "finished":
                well = row is not None and row.state in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
                return made == self.before == living and well and row.physical_id == living[0]
            case "left":
                failed = row is not None and row.state in ("CREATE_FAILED", "UPDATE_FAILED")
                return made == self.before == living and failed
            case "gone":
                return not living and row is None
            case "another":
                one_more = len(made) == len(self.before) + 1 and len(living) == 1
                return one_more and row is not None and row.physical_id == living[0]
            case "leaving":
                return made == self.before and row is not None and row.state == "DELETE_FAILED"
        assert self.resource == "-" and self.expected == "refused", self.resource
        return True

    async def _id(self) -> str:
        for one in await self.rig.project.stacks(include_deleted=True):
            if one.name == self.name:
                return one.id
        raise AssertionError(f"there is no stack {self.name}")

    async def _delete(self) -> None:
        """Whatever it was, it can be deleted; but where minutes are short, not within one."""
        if self.interrupt == "deadline" or (self.expected == "goes on" and self.phase == "delete"):
            return
        await self.rig.done(await self.rig.delete(self.name))


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    rigs: dict[bool, Rig] = {}
    lock = asyncio.Lock()
    left = len(CELLS)

    async def rig_of(deadline: bool) -> Rig:
        async with lock:
            if deadline not in rigs:
                directory: Path = tmp_path_factory.mktemp("rig")
                rigs[deadline] = Rig(directory, module_server, minute=MINUTE if deadline else 60.0)
                await rigs[deadline].__aenter__()
                await rigs[deadline].worker()
        return rigs[deadline]

    def case(cell: str) -> Callable[[], Awaitable[None]]:
        phase, _, interrupt = cell.partition(": ")

        async def run() -> None:
            nonlocal left
            try:
                await Cell(await rig_of(interrupt == "deadline"), phase, interrupt).run()
            finally:
                left -= 1
                if not left:
                    for rig in rigs.values():
                        await rig.__aexit__(None, None, None)

        return run

    return side_by_side(request, {cell: case(cell) for cell in CELLS}, at_once=12)


@pytest.mark.parametrize("cell", CELLS)
def test_an_interrupt_does_what_the_table_says(outcomes: Outcomes, cell: str) -> None:
    outcomes.check(cell)
