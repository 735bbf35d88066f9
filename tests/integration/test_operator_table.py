"""Every cell of the tables in docs/operating.md: what becomes of a run when an operator acts on it in Temporal.

The tables are read from the page, so that page and program cannot differ. The cells of a table's column share workers:
those that need one at work, and those that need none at that moment. Never is anything made twice, never does one
stack's trouble keep the reconciler from another's.
"""

import asyncio
import json
import re
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Cancel, CreateStackRequest, OperationState
from firebrick.intake import accept_create
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from starter.cluster import register_search_attributes
from tests.integration.history import check_no_orphans
from tests.integration.operator_acts import (
    ACTS,
    DELETE_ASKED,
    TAKES_EFFECT_LATER,
    UNDOES,
    Target,
    locked,
    took_effect,
)
from tests.integration.phases import template
from tests.integration.rig import ROOT, Rig, until
from tests.integration.side_by_side import Outcomes

pytestmark = pytest.mark.timeout(600)  # the first test waits for all cells

PAGE = ROOT / "docs" / "operating.md"
AT_ONCE = 10
WITH_WORKER = ("calling", "parked", "draining", "ending")
WITHOUT_WORKER = ("unbegun", "between", "orphaned")
LOCKED = ("beginning",)
NOT_THEN = "–"
REMOVED = "search attributes removed"  # of a whole namespace: the cells of this row have one of their own
BARE = "bare"


def read_table(first: str) -> dict[str, dict[str, str]]:
    """Row -> column -> cell, of the table whose heading begins so."""
    lines = PAGE.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(first))
    rows: list[list[str]] = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[2:]}


PHASES = {phase: row["and ends, left alone, as"] for phase, row in read_table("| phase | a stack action").items()}
TABLE = read_table("| act | unbegun |")
CELLS = [f"{phase}: {act}" for act, row in TABLE.items() for phase, cell in row.items() if cell != NOT_THEN]


def resources(hold: str) -> dict[str, Any]:
    """One that is held, and one that is left undone when the walk is interrupted there."""
    made = template(kept={}, held={"hold": hold}, after={})
    made["resources"]["after"]["depends_on"] = "held"
    return made


class Cell:
    """One stack in one phase, to which one thing is done."""

    def __init__(self, rig: Rig, cell: str) -> None:
        self.rig = rig
        self.phase, _, act = cell.partition(": ")
        self.expected = TABLE[act][self.phase]
        self.act = act.removesuffix(DELETE_ASKED)
        self.delete_asked = act.endswith(DELETE_ASKED)
        self.name = "".join(re.findall(r"[A-Za-z]+", cell.title()))

    # --- the phase ------------------------------------------------------------------------------------------------

    async def enter(self) -> None:
        """As far as a worker is needed."""
        match self.phase:
            case "beginning":
                request = CreateStackRequest(name=self.name, template=template(kept={}))
                self.operation = await accept_create(self.rig.store, self.rig.registry, request)
            case "calling" | "orphaned":
                self.operation = await self._created(resources("called"))
                await until(self._is_made, f"{self.name}: the provider is asked")
            case "parked" | "between":
                self.operation = await self._created(resources("ready"))
                await until(self._is_parked, f"{self.name}: parked")
            case "draining":
                self.operation = await self._created(resources("called"))
                await until(self._is_made, f"{self.name}: the provider is asked")
                await self._cancel()
                await until(self._is_stopping, f"{self.name}: it stops")
            case "ending":
                outer = {"heat_template_version": "2021-04-16", "resources": {"nest": {"type": "inner.yaml"}}}
                inner = json.dumps(template(held={"hold": "called"}))
                self.operation = await self._created(outer, files={"inner.yaml": inner})
                await until(self._is_made, f"{self.name}: the provider is asked")
                await self._cancel()
                await self.target.activity_id()

    async def leave(self) -> None:
        """What there is to it once no worker is left."""
        if self.phase == "beginning":
            await self.rig.starter.start(self.operation)
            await self.target.activity_id()
        elif self.phase == "unbegun":
            self.operation = await self._created(template(kept={}))
        elif self.phase == "between":
            await self.rig.delete(self.name)

    @property
    def target(self) -> Target:
        if self.phase == "beginning":
            nothing = {"result": {"kind": "nothing", "project": "default"}}
            return Target(self.rig, self.operation.workflow_id, ("begin_operation", ""), json.dumps(nothing))
        if self.phase == "ending":
            return Target(self.rig, self.operation.workflow_id, ("finish_operation", ""), '{"state": "DONE"}')
        return Target(self.rig, self.operation.workflow_id, ("run_step", "held."), '{"kind": "done", "changed": true}')

    async def _created(self, resources: Any, **fields: Any) -> OperationRow:
        return await self.rig.create(resources, self.name, **fields)

    async def _cancel(self) -> None:
        """A cancel that does not wait lets a parked resource be: what is left is what it asked for."""
        at_once = self.phase == "ending"
        await self.rig.starter.cancel("default", self.operation.stack_id, Cancel.KEEP, at_once=at_once)

    def _held_in(self) -> str:
        """Name of the stack whose object is held, "" while it is not made."""
        for one in self.rig.provider.ledger.living():
            if one.label == "held" and (one.stack == self.name or one.stack.startswith(f"{self.name}-")):
                return one.stack
        return ""

    async def _is_made(self) -> bool:
        return bool(self._held_in())

    async def _is_parked(self) -> bool:
        return bool(self._held_in()) and (await self._progress())["parked"] == 1

    async def _is_stopping(self) -> bool:
        return bool((await self._progress())["stopping"])

    async def _progress(self) -> Any:
        return await self.rig.client.get_workflow_handle(self.operation.workflow_id).query("progress")

    # --- the act, and what becomes of it --------------------------------------------------------------------------

    async def act_on_it(self) -> None:
        await ACTS[self.act](self.target)
        if self.phase == "beginning" and self.act in TAKES_EFFECT_LATER:
            await until(lambda: took_effect(self.target, self.act), f"{self.name}: it counts")

    async def end(self) -> None:
        """With a worker at work: what the table says."""
        newest = self.operation
        held = self.expected == "held" or (self.delete_asked and self._holds_a_delete())
        if held:
            await until(self._is_held, f"{self.name}: it is told that it is held")
        if self.delete_asked:
            newest = await self.rig.delete(self.operation.stack_id)
        self._release()
        if held:
            await self._others_go_on()
            assert not (await self.rig.state(newest)).state.ended
            await UNDOES[self.act](self.target)
        ends = {"held": PHASES[self.phase], "goes on": PHASES[self.phase], "deleted": "DELETE_COMPLETE"}
        state = await self._ends_as([ends.get(one, one) for one in self.expected.split(" or ")])
        if self.act == "activity fail" and self.expected == "CREATE_FAILED":
            failure = (await self.rig.state(self.operation)).failure
            assert failure is not None
            assert [(one.resource, one.error) for one in failure.causes] == [("held", "StepEndedOutside")]
        if self.act == "workflow pause" and not held:
            await UNDOES[self.act](self.target)
        if state != "DELETE_COMPLETE":
            deleted = await self.rig.ended(await self.rig.delete(self.operation.stack_id))
            assert deleted.state is OperationState.DONE, await self.rig.report(deleted)

    def _holds_a_delete(self) -> bool:
        """A paused run does, and a paused activity that no cancel reaches: that begins an operation, or of which nobody
        knows that its attempt is not under way any more."""
        return self.act == "workflow pause" or self.phase in ("orphaned", "beginning")

    async def _is_held(self) -> bool:
        holds = await self.rig.starter.holds("default", self.operation.stack_id)
        what = "workflow" if self.act == "workflow pause" else "activity"
        told = [hold for hold in holds if f"temporal {what} unpause" in hold.text]
        assert all(hold.since and hold.reason == "a test" for hold in told)
        return bool(told)

    def _release(self) -> None:
        stack = self._held_in()
        if stack:
            self.rig.provider.release("held", stack=stack)

    async def _others_go_on(self) -> None:
        """The reconciler starts what nobody has started, whatever this run is at."""
        name = f"{self.name}Beside"
        request = CreateStackRequest(name=name, template=template(kept={}))
        await self.rig.done(await accept_create(self.rig.store, self.rig.registry, request))
        await self.rig.done(await self.rig.delete(name))

    async def _ends_as(self, states: Sequence[str]) -> str:
        """Which of these it has become."""
        stack_id = self.operation.stack_id

        async def settled() -> bool:
            operations = await self.rig.project.operations(stack_id)
            at_rest = all(one.state.ended for one in operations)
            stack = await self.rig.project.stack(stack_id, include_deleted=True)
            assert stack.state in states or not at_rest, f"{self.name} is to be {states}, and has ended"
            return stack.state in states and at_rest

        try:
            await until(settled, f"{self.name} is {states}")
        except AssertionError as error:
            stack = await self.rig.project.stack(stack_id, include_deleted=True)
            raise AssertionError(f"{error}; it is {stack.state}\n{await self.rig.report(self.operation)}") from None
        return (await self.rig.project.stack(stack_id, include_deleted=True)).state


class Group:
    """Cells that share an installation."""

    def __init__(self, rig: Rig, cells: Sequence[str], failures: dict[str, BaseException | None]) -> None:
        self.rig = rig
        self.cells = {cell: Cell(rig, cell) for cell in cells}
        self._failures = failures
        self._places = asyncio.Semaphore(AT_ONCE)

    async def with_worker(self) -> None:
        """Each by itself: into its phase, the act, its end."""

        async def all_of(cell: Cell) -> None:
            await cell.enter()
            await cell.act_on_it()
            await cell.end()

        async with self.rig:
            await self.rig.worker()
            await self._each(all_of)
            self._check()

    async def without_worker(self) -> None:
        """All into their phases; the worker is killed; the acts; another worker."""
        async with self.rig:
            await self.rig.worker()
            # Orphaned ones last into their phase, and first of all acted on: a call lasts only so long, and the server
            # notices after some seconds that its worker is gone.
            await self._each(Cell.enter, ("between", "unbegun"))
            await self._each(Cell.enter, ("orphaned",))
            await self.rig.no_workers()
            await self._each(Cell.act_on_it, ("orphaned",))
            await self._each(Cell.leave)
            await self._each(Cell.act_on_it, ("between", "unbegun"))
            await self.rig.worker()
            await self._each(Cell.end)
            self._check()

    async def locked(self) -> None:
        """All are accepted; the store takes nothing; they are started; the acts; the store takes all again."""
        async with self.rig:
            await self.rig.worker()
            await self._each(Cell.enter)
            async with locked(self.rig):
                await self._each(Cell.leave)
                await self._each(Cell.act_on_it)
            await self._each(Cell.end)
            self._check()

    async def _each(self, work: Callable[[Cell], Awaitable[None]], phases: Sequence[str] = tuple(PHASES)) -> None:
        """Of those that have not failed, and are to be in one of these phases; acts on activities first."""

        async def one(name: str, cell: Cell) -> None:
            async with self._places:
                began = time.monotonic()
                try:
                    await work(cell)
                except Exception as error:
                    self._failures[name] = error
                print(f"{time.monotonic() - began:6.1f} s  {name}")  # shown with -s, or when a test fails

        left = [(name, cell) for name, cell in self.cells.items() if self._failures.get(name) is None]
        left = [(name, cell) for name, cell in left if cell.phase in phases]
        left.sort(key=lambda one: not one[1].act.startswith("activity"))
        await asyncio.gather(*(one(name, cell) for name, cell in left))

    def _check(self) -> None:
        ledger = self.rig.provider.ledger
        assert ledger.doubles() == []
        if not any(self._failures.get(name) for name in self.cells):
            check_no_orphans(ledger)


def selected(request: pytest.FixtureRequest, names: Sequence[str]) -> list[str]:
    """Those that are parameters of tests that were selected."""
    wanted: set[str] = set()
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.path == request.path and hasattr(item, "callspec"):
            wanted.update(value for value in item.callspec.params.values() if isinstance(value, str))
    return [name for name in names if name in wanted]


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    return asyncio.run(_run(selected(request, CELLS), module_server, tmp_path_factory.mktemp("rigs")))


async def _run(cells: Sequence[str], server: DevServer, directory: Path) -> Outcomes:
    failures: dict[str, BaseException | None] = dict.fromkeys(cells)
    groups: list[Awaitable[None]] = []

    ways = {WITH_WORKER: Group.with_worker, WITHOUT_WORKER: Group.without_worker, LOCKED: Group.locked}

    def group(name: str, phases: tuple[str, ...], namespace: str) -> None:
        mine = [
            cell
            for cell in cells
            if cell.partition(": ")[0] in phases and (namespace == BARE) == cell.endswith(REMOVED)
        ]
        if mine:
            # A worker that has died in a call holds its row for as long as the call may take.
            timeout = 20.0 if phases is WITHOUT_WORKER else 90.0
            # Nobody is to start what is accepted before the store is locked.
            every = 10.0 if phases is LOCKED else 2.0
            rig = Rig(directory / name, server, reconcile_every=every, call_timeout=timeout, namespace=namespace)
            groups.append(ways[phases](Group(rig, mine, failures)))

    if any(cell.endswith(REMOVED) for cell in cells):
        await make_namespace(server, directory)
    for namespace in ("default", BARE):
        group(f"with-{namespace}", WITH_WORKER, namespace)
        group(f"without-{namespace}", WITHOUT_WORKER, namespace)
        group(f"locked-{namespace}", LOCKED, namespace)
    for error in await asyncio.gather(*groups, return_exceptions=True):
        if error is not None:  # of a whole group
            print("".join(traceback.format_exception(error)))
            failures |= {cell: failures[cell] or error for cell in cells}
    return Outcomes(failures)


async def make_namespace(server: DevServer, directory: Path) -> None:
    """One whose search attributes may go without anybody else's."""
    rig = Rig(directory / "bare", server)
    target = Target(rig, "")
    await target.temporal("operator", "namespace", "create", BARE)

    async def is_there() -> bool:
        return BARE in await target.temporal("operator", "namespace", "list")

    await until(is_there, "the namespace is there")
    bare = Rig(directory / "attributes", server, namespace=BARE)

    async def has_attributes() -> bool:
        async with bare:
            return bool(await register_search_attributes(bare.client)) or True

    await until(has_attributes, "the namespace has its search attributes")


@pytest.mark.parametrize("cell", CELLS)
def test_an_operators_act_does_what_the_table_says(outcomes: Outcomes, cell: str) -> None:
    outcomes.check(cell)


def test_each_act_of_the_tables_is_known() -> None:
    acts: Mapping[str, Any] = TABLE
    assert {act.removesuffix(DELETE_ASKED) for act in acts} == ACTS.keys()
