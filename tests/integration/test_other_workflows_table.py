"""Every cell of the second table in docs/operating.md: what becomes of the workflows that are no stack actions.

The three work beside each other, each on an installation of its own.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from firebrick.contract import CreateStackRequest, OperationState
from firebrick.diagnostics import Unavailable
from firebrick.intake import accept_create
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from starter.runs import find_run
from tests.integration.operator_acts import ACTS, TAKES_EFFECT_LATER, UNDOES, Target, locked, took_effect
from tests.integration.phases import template
from tests.integration.rig import Rig, until
from tests.integration.side_by_side import Outcomes
from tests.integration.test_operator_table import BARE, NOT_THEN, REMOVED, make_namespace, read_table, selected
from tests.kills.test_kill_everything import runs_of

pytestmark = pytest.mark.timeout(600)  # the first test waits for all cells

TABLE = read_table("| act | SignalResource |")
CELLS = [f"{kind}: {act}" for act, row in TABLE.items() for kind, cell in row.items() if cell != NOT_THEN]
WRONG = "wrong arguments"
ARGUMENTS: Sequence[Sequence[Any]] = ((), (None,), ("text",), ([],), ({},), ({"stack": 1},), (1, 2), (-1,), (True,))


class Failures(dict[str, BaseException | None]):
    """By cell."""

    async def of(self, cell: str, work: Awaitable[None]) -> None:
        began = time.monotonic()
        try:
            await work
        except Exception as error:
            self[cell] = error
        print(f"{time.monotonic() - began:6.1f} s  {cell}")  # shown with -s, or when a test fails


async def check_wrong_arguments(rig: Rig, kind: str) -> None:
    """Each ends the run with a message."""
    for number, given in enumerate(ARGUMENTS):
        if kind == "Reconcile" and given == (1, 2):
            given = (1, 2, 3)
        handle = await rig.client.start_workflow(
            kind, args=list(given), id=f"wrong-{kind}-{number}-{rig.task_queue}", task_queue=rig.task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await asyncio.wait_for(handle.result(), 60)
        assert "was not started" in str(failed.value.cause), given


def act_of(cell: str) -> str:
    return cell.partition(": ")[2]


def name_of(cell: str) -> str:
    return "".join(re.findall(r"[A-Za-z]+", cell.title()))


# --- SignalResource ---------------------------------------------------------------------------------------------------


class Signal:
    """A stack that waits for a signal, and a run that is to tell it, while the store takes nothing."""

    def __init__(self, rig: Rig, cell: str) -> None:
        self.rig, self.act, self.name = rig, act_of(cell), name_of(cell)
        self.expected = TABLE[self.act]["SignalResource"]

    async def waits(self) -> None:
        resources = {"told": {"type": "Firebrick::Test::Signalled", "properties": {"count": 1}}}
        self.operation = await self.rig.create(
            {"heat_template_version": "2021-04-16", "resources": resources}, self.name
        )

        async def parked() -> bool:
            handle: WorkflowHandle[Any, Any] = self.rig.client.get_workflow_handle(self.operation.workflow_id)
            return bool((await handle.query("progress"))["parked"])

        await until(parked, f"{self.name} waits")

    async def start_and_act(self) -> None:
        """The store is locked."""
        self.handle = await self.rig.client.start_workflow(
            "SignalResource",
            {"stack": self.operation.stack_id, "resource": "told", "data": {"value": 1}},
            id=f"signal-{self.name}",
            task_queue=self.rig.task_queue,
        )
        self.target = Target(
            self.rig, self.handle.id, ("store_signal", ""), json.dumps({"stack_id": self.operation.stack_id})
        )
        await self.target.activity_id()
        await ACTS[self.act](self.target)
        if self.act in TAKES_EFFECT_LATER:
            await until(lambda: took_effect(self.target, self.act), f"{self.name}: it counts")

    async def end(self) -> None:
        """The store is open again."""
        if self.expected == "held":
            run = await find_run(self.rig.client, self.handle.id)
            assert run is not None and run.pauses() and not (await self.rig.state(self.operation)).state.ended
            await UNDOES[self.act](self.target)
        if self.expected == "ends":
            # Of one that was deleted nothing is known any more.
            with pytest.raises(RPCError if self.act == "workflow delete" else WorkflowFailureError):
                await asyncio.wait_for(self.handle.result(), 60)
        else:
            await self.rig.done(self.operation)
        await self.rig.done(await self.rig.delete(self.operation.stack_id))


async def signals(rig: Rig, cells: Sequence[str], failures: Failures) -> None:
    async with rig:
        await rig.worker()
        if f"SignalResource: {WRONG}" in cells:
            await failures.of(f"SignalResource: {WRONG}", check_wrong_arguments(rig, "SignalResource"))
        made = {cell: Signal(rig, cell) for cell in cells if act_of(cell) != WRONG}
        await asyncio.gather(*(failures.of(cell, one.waits()) for cell, one in made.items()))
        async with locked(rig):
            await asyncio.gather(*(failures.of(cell, one.start_and_act()) for cell, one in made.items()))
        ends = [failures.of(cell, one.end()) for cell, one in made.items() if failures.get(cell) is None]
        await asyncio.gather(*ends)


# --- LookAtObjects ----------------------------------------------------------------------------------------------------


class Look:
    """A stack whose object is looked at, by somebody who gets no answer yet."""

    def __init__(self, rig: Rig, cell: str) -> None:
        self.rig, self.act, self.name = rig, act_of(cell), name_of(cell)
        self.expected = TABLE[self.act]["LookAtObjects"]

    async def run(self) -> None:
        rig = self.rig
        operation = await rig.done(await rig.create(template(held={"hold": "seen"}), self.name))
        looking = asyncio.create_task(rig.starter.look_at_objects("default", [operation.stack_id]))
        try:
            target = await self._target(operation)
            await target.activity_id()
            await ACTS[self.act](target)
            if self.expected == "held":
                rig.provider.release("held", stack=self.name)
                run = await target.run()
                assert run.pauses() and not looking.done()
                await UNDOES[self.act](target)
            elif self.expected == "goes on":
                rig.provider.release("held", stack=self.name)
            if self.expected == "ends":
                with pytest.raises(Unavailable):
                    await looking
            else:
                assert not any(seen.failed for seen in (await looking).values())
        finally:
            looking.cancel()
            rig.provider.release("held", stack=self.name)
        await rig.done(await rig.delete(operation.stack_id))

    async def _target(self, operation: OperationRow) -> Target:
        query = f"WorkflowId STARTS_WITH 'look/default/{operation.stack_id}'"

        async def started() -> str | None:
            return next(iter([run.id async for run in self.rig.client.list_workflows(query)]), None)

        workflow_id = await until(started, f"{self.name} is looked at")
        return Target(self.rig, workflow_id, ("look_at_objects", ""), '{"sealed": ""}')


async def looks(rig: Rig, cells: Sequence[str], failures: Failures) -> None:
    async with rig:
        await rig.worker()
        places = asyncio.Semaphore(6)

        async def one(cell: str) -> None:
            wrong = act_of(cell) == WRONG
            async with places:
                await failures.of(cell, check_wrong_arguments(rig, "LookAtObjects") if wrong else Look(rig, cell).run())

        await asyncio.gather(*(one(cell) for cell in cells))


# --- Reconcile --------------------------------------------------------------------------------------------------------


class Reconciling:
    """Its run is whose passes all stacks rely on."""

    def __init__(self, rig: Rig, cell: str) -> None:
        self.rig, self.act, self.name = rig, act_of(cell), name_of(cell)

    async def run(self) -> None:
        """Passes go on, whoever makes them."""
        assert TABLE[self.act]["Reconcile"] == "goes on"
        target = await self._target()
        if self.act.startswith("activity"):
            await self._in_a_pass(target)
        else:
            await ACTS[self.act](target)
        request = CreateStackRequest(name=self.name, template=template(kept={}))
        accepted = await accept_create(self.rig.store, self.rig.registry, request)
        await self.rig.done(accepted)
        await self.rig.done(await self.rig.delete(accepted.stack_id))
        if self.act == "workflow pause":
            await UNDOES[self.act](target)
        await until(self._passes, "the schedule's run makes passes")

    async def _in_a_pass(self, target: Target) -> None:
        """A pass that is to write something, while the store takes nothing."""
        name = f"{self.name}Lost"
        lost = await self.rig.create(template(held={"hold": "ready"}), name)
        await until(lambda: self._is_made(name), f"{name} is at work")
        async with locked(self.rig):
            await self.rig.client.get_workflow_handle(lost.workflow_id).terminate("a test")
            await target.activity_id()
            await ACTS[self.act](target)
        assert (await self.rig.ended(lost)).state is OperationState.FAILED
        self.rig.provider.release("held", stack=name)
        await self.rig.done(await self.rig.delete(name))

    async def _is_made(self, stack: str) -> bool:
        return any(one.stack == stack for one in self.rig.provider.ledger.living())

    async def _target(self) -> Target:
        schedule = self.rig.client.get_schedule_handle(f"firebrick-{self.rig.task_queue}-reconcile")

        async def found() -> str | None:
            for workflow_id in await runs_of(schedule):
                run = await find_run(self.rig.client, workflow_id)
                if run is not None and run.under_way:
                    return workflow_id
            return None

        done = json.dumps({"started": 1})
        return Target(self.rig, await until(found, "the schedule has its run"), ("look_at_operations", ""), done)

    async def _passes(self) -> bool:
        """Whether the history of the run that there is grows."""
        run = await (await self._target()).run()
        before = run.info.execution.run_id, run.info.history_length

        async def grows() -> bool:
            later = await (await self._target()).run()
            return (later.info.execution.run_id, later.info.history_length) != before

        return await until(grows, "a pass is made")


async def reconciling(rig: Rig, cells: Sequence[str], failures: Failures) -> None:
    """One after the other: there is one run."""
    async with rig:
        await rig.worker()
        for cell in cells:
            wrong = act_of(cell) == WRONG
            await failures.of(cell, check_wrong_arguments(rig, "Reconcile") if wrong else Reconciling(rig, cell).run())


KINDS: dict[str, Callable[[Rig, Sequence[str], Failures], Awaitable[None]]] = {
    "SignalResource": signals,
    "LookAtObjects": looks,
    "Reconcile": reconciling,
}


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    return asyncio.run(_run(selected(request, CELLS), module_server, tmp_path_factory.mktemp("rigs")))


async def _run(cells: Sequence[str], server: DevServer, directory: Path) -> Outcomes:
    failures = Failures(dict.fromkeys(cells))
    if any(cell.endswith(REMOVED) for cell in cells):
        await make_namespace(server, directory)

    async def of(kind: str, namespace: str, part: int = 0, parts: int = 1) -> None:
        bare = namespace == BARE
        mine = [cell for cell in cells if cell.startswith(f"{kind}: ") and cell.endswith(REMOVED) is bare][part::parts]
        if mine:
            place = directory / f"{kind}-{namespace}-{part}"
            rig = Rig(place, server, reconcile_every=1.0, call_timeout=90.0, namespace=namespace)
            try:
                await KINDS[kind](rig, mine, failures)
                assert rig.provider.ledger.doubles() == []
            except Exception as error:  # of all of them
                for cell in mine:
                    failures[cell] = failures[cell] or error

    others = [of(kind, "default") for kind in KINDS if kind != "Reconcile"]
    parts = [of("Reconcile", "default", part, 3) for part in range(3)]
    await asyncio.gather(*others, *parts, *(of(kind, BARE) for kind in KINDS))
    return Outcomes(failures)


@pytest.mark.parametrize("cell", CELLS)
def test_an_operators_act_does_what_the_table_says(outcomes: Outcomes, cell: str) -> None:
    outcomes.check(cell)


def test_each_act_of_the_table_is_known() -> None:
    assert TABLE.keys() - {WRONG} == ACTS.keys()
