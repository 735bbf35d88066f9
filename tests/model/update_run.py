"""The workflow of one stack in a life, and the worker that takes its steps, on the life's clock.

It does what workflows.driver does with what it hears: real are the plan's pages, the traversal, and how an operation
ends (activities.operations.finish). Any of it may be killed at any moment and goes on from what is stored.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from activities.operations import finish
from activities.world import World
from firebrick import contract
from firebrick.contract import Action, StepResult, Work
from firebrick.plan import ExistingRow, Plan, from_pages, plan_create, plan_delete, plan_update, to_pages
from firebrick.selection import select_rows
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import Claim
from firebrick.traversal import (
    CancelRunning,
    CancelTimer,
    Command,
    Finished,
    HandedOver,
    Interrupt,
    RunBatch,
    RunStep,
    SetTimer,
    Traversal,
    TraversalResult,
)
from tests.model import update_steps
from tests.model.inner_stacks import InnerRequests, Inside, driven
from tests.model.life_stores import Stores, UpdateStore
from tests.model.update_checks import Checks
from tests.model.update_claims import MemoryStores
from tests.model.update_history import HANGS, Life
from tests.model.update_provider import Provider
from tests.model.update_steps import HeldByItself, Step, run_batch
from tests.model.update_store import Select
from tests.model.world import demand

HEARTBEAT = 5.0  # seconds until a dead worker is noticed
GRACE = 5.0
HUNG = 40.0  # seconds that a worker hangs which was given up meanwhile
KILLS: tuple[str, ...] = (
    *("worker", "worker", "worker", "given up", "given up", "hand-over", "hand-over", "drained hand-over"),
    *("reset", "reset with another plan", "terminated", "terminated"),
)
assert KILLS[HANGS] == "given up"


@dataclass(frozen=True)
class Engine:
    """What is judged; a seeded bug takes one of its parts' place. finish: how an operation ends."""

    traversal: type[Traversal] = Traversal
    select: Select = select_rows
    create: Callable[[Sequence[ExistingRow]], Plan] = plan_create
    update: Callable[[Action, Sequence[ExistingRow]], Plan] = plan_update
    delete: Callable[[Sequence[ExistingRow]], Plan] = plan_delete
    nested: type[InnerRequests] = InnerRequests
    finish: Callable[..., Any] = finish
    stores: Callable[..., Stores] = MemoryStores

    def plan(self, action: Action, rows: Sequence[ExistingRow]) -> Plan:
        if action.converges:
            return self.update(action, rows)
        return self.create(rows) if action is Action.CREATE else self.delete(rows)


@dataclass(eq=False)
class Flight:
    """One activity. Each attempt at it is a flight of its own; dead: its worker was killed. hangs: it does nothing for
    so many seconds next."""

    command: RunStep | RunBatch | Finished
    attempt: int = 1
    interrupt: update_steps.Interrupt = field(default_factory=update_steps.Interrupt)
    dead: bool = False
    hangs: float = 0.0
    steps: Sequence[Step] = ()

    @property
    def calls(self) -> bool:
        """Whether it is about a provider; else what it does is in the store only."""
        return not isinstance(self.command, Finished) and not all(one.asks_inside for one in self.steps)


class Walk(Protocol):
    """The life, as far as a run reaches it."""

    now: float
    life: Life
    engine: Engine
    provider: Provider
    stores: Stores
    world: World

    def at(self, time: float, happen: Callable[[], None]) -> None: ...
    def step(self) -> None:
        """Let the next thing happen."""
        ...

    def abandon(self, stack_id: str) -> None: ...
    def terminated(self, operation: OperationRow) -> None:
        """An operation has just ended since its run was terminated."""
        ...


class Run:
    """operation: what it carries out; None: nothing. ending: since when somebody has been at work to end it."""

    def __init__(self, walk: Walk, store: UpdateStore, checks: Checks) -> None:
        self._walk = walk
        self.store = store
        self.checks = checks
        self.operation: OperationRow | None = None
        self.ending = 0.0
        self._result: TraversalResult | None = None
        self._flights: dict[int, Flight] = {}
        self._finishing: Flight | None = None
        self._cause: str = ""
        self._cleaning = False
        self._chain_run = 1
        self._traversal = Traversal(Plan(None, ()))

    # --- messages -------------------------------------------------------------------------------------------------

    def accepted(self) -> None:
        """An operation was accepted for the stack."""
        if self.operation is None:
            self._begin()
        elif any(one.seq > self.operation.seq for one in self.store.open_operations()):
            self.interrupt("takeover")

    def cancelled(self, seq: int = 0, at_once: bool = False) -> None:
        """A cancel of an operation was stored. seq: which; 0: the one that runs."""
        if self.operation is None or not self.operation.action.cancellable or seq not in (0, self.operation.seq):
            return
        if at_once:
            self.interrupt("cancel")
        elif self.walks:
            self._cause = self._cause or "cancel"
            self._execute(self._traversal.stop("cancel", self._walk.now))

    def woken(self, key: str) -> None:
        if self.walks:
            self._execute(self._traversal.signal(key, self._walk.now))

    def interrupt(self, cause: Interrupt) -> None:
        self._cause = self._cause or cause
        if self.walks:
            self._execute(self._traversal.interrupt(cause, self._walk.now))

    @property
    def walks(self) -> bool:
        """Whether it walks its plan; else nothing is to be done, or the operation is being ended."""
        return self.operation is not None and self._result is None

    @property
    def open(self) -> bool:
        """Whether it carries out an operation that has not ended."""
        known = None if self.operation is None else self._walk.stores.operation(self.operation.id)
        return known is not None and not known.state.ended

    @property
    def phase(self) -> str:
        assert self.operation is not None
        action = self.operation.action
        return "clean-up" if action is Action.UPDATE and self._cleaning else action.lower()

    # --- a run ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        operation = self.store.begin(self._walk.now)
        if operation is None:
            return
        self.operation = operation
        self._chain_run, self._cause, self._cleaning = 1, "", False
        self.checks.begun(operation)
        self._life_begins("", self._pages())
        if operation.cancel:
            self.cancelled(at_once=operation.cancel_now)

    def _pages(self) -> Any:
        assert self.operation is not None
        plan = self._walk.engine.plan(self.operation.action, self.store.plan_rows(self.operation))
        return to_pages(plan, self._walk.life.page)

    def _life_begins(self, state: str, pages: Any) -> None:
        """A run of the workflow begins, or goes on where another has ended."""
        assert self.operation is not None
        life = self._walk.life
        self._flights = {}
        self._finishing = None
        self._result = None
        plan = from_pages(pages)
        self.checks.planned(plan)
        self._traversal = self._walk.engine.traversal(
            plan,
            state=state,
            window=life.window,
            max_parked=life.max_parked,
            batch_limit=life.batch_limit,
            independent=bool(self.operation.request.get("continue_independent")),
        )
        self._execute(self._traversal.start(self._walk.now))

    def _execute(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case RunStep(node=node):
                    self._cleaning = self._cleaning or node.work is Work.CLEAN
                    self._start(Flight(command), (node.id,))
                case RunBatch(nodes=nodes):
                    self._cleaning = self._cleaning or nodes[0].work is Work.CLEAN
                    self._start(Flight(command), tuple(node.id for node in nodes))
                case SetTimer(node=node, at=at):
                    self._timer(node.id, at)
                case CancelRunning(nodes=nodes_to_stop):
                    for one in nodes_to_stop:
                        self._flights[one].interrupt.asked = True
                case Finished(result=result):
                    self._result = result
                    self._finishing = Flight(command)
                    self._fly(self._finishing, 0.1)
                case HandedOver():
                    self._hand_over()
                case CancelTimer():
                    pass

    def _timer(self, node: int, at: float) -> None:
        traversal = self._traversal

        def fire() -> None:
            if traversal is self._traversal and self.walks:
                self._execute(traversal.timer_fired(node, self._walk.now))

        self._walk.at(at, fire)

    def _hand_over(self) -> None:
        """Continue as new: another run, the same operation; what still runs lives on by itself."""
        self._chain_run += 1
        state = self._traversal.to_state()
        self._life_begins(state, self._pages())

    # --- the worker -----------------------------------------------------------------------------------------------

    def _start(self, flight: Flight, nodes: tuple[int, ...]) -> None:
        for node in nodes:
            demand(node not in self._flights, f"{node} runs twice at once")
            self._flights[node] = flight
        self._fly(flight, 0.1)

    def _fly(self, flight: Flight, delay: float) -> None:
        """An attempt begins."""
        assert self.operation is not None
        running = self._work(flight, self.operation)
        if flight is self._finishing:
            self.ending = self._walk.now + delay
        at = self._walk.at

        def drive() -> None:
            if flight.dead:
                return
            if flight.hangs:
                at(self._walk.now + flight.hangs, drive)
                flight.hangs = 0.0
                return
            try:
                at(self._walk.now + next(running), drive)
            except StopIteration as end:
                self._landed(flight, end.value)
            except HeldByItself:
                if self._flies(flight):
                    flight.attempt += 1
                    self._fly(flight, 0.2)

        at(self._walk.now + delay, drive)

    def _work(self, flight: Flight, operation: OperationRow) -> Generator[float, None, Any]:
        command = flight.command
        if isinstance(command, Finished):
            return driven(self._walk.engine.finish, self._walk.world, self._how_it_ends(operation, command.result))
        nodes = (command.node,) if isinstance(command, RunStep) else command.nodes
        walk = self._walk
        flight.steps = steps = [
            Step(
                self.store,
                walk.provider,
                operation,
                Claim(
                    operation.stack_id,
                    node.row,
                    operation.seq,
                    self._chain_run,
                    command.step,
                    flight.attempt,
                    1 if node.work is Work.CLEAN else 0,
                ),
                node.row,
                node.work,
                flight.interrupt,
                lambda: walk.now,
                walk.life.pace[ord(node.name[0]) % len(walk.life.pace)],
                walk.stores,
                Inside(walk.world, walk.engine.nested),
                walk.abandon,
                stopping=isinstance(command, RunStep) and command.stopping,
            )
            for node in nodes
        ]
        return steps[0].run() if isinstance(command, RunStep) else run_batch(steps)

    def _how_it_ends(self, operation: OperationRow, result: TraversalResult) -> contract.FinishOperation:
        return contract.FinishOperation(
            project=operation.project,
            stack_id=operation.stack_id,
            operation_id=operation.id,
            action=operation.action,
            seq=operation.seq,
            complete=result.complete,
            interrupted=result.interrupted,
            failed=result.failed,
        )

    def _flies(self, flight: Flight) -> bool:
        """Whether the workflow still waits for it."""
        command = flight.command
        if isinstance(command, Finished):
            return self._finishing is flight
        first = command.node if isinstance(command, RunStep) else command.nodes[0]
        return self.walks and self._flights.get(first.id) is flight

    def _landed(self, flight: Flight, result: Any) -> None:
        if not self._flies(flight):
            return
        command, now = flight.command, self._walk.now
        if isinstance(command, Finished):
            self._over()
            return
        if isinstance(command, RunStep):
            del self._flights[command.node.id]
            self._execute(self._traversal.step_ended(command.node.id, result, now, step=command.step))
            return
        nodes = tuple(node.id for node in command.nodes)
        rows = {node.row: node.id for node in command.nodes}
        for node in nodes:
            del self._flights[node]
        ended: list[tuple[int, StepResult]] = [(rows[row], one) for row, one in result]
        self._execute(self._traversal.batch_ended(nodes, ended, now))

    def _over(self) -> None:
        """The operation has ended: go on with what was accepted meanwhile."""
        self.operation = self._finishing = self._result = None
        self._flights = {}
        self._begin()

    # --- kills ----------------------------------------------------------------------------------------------------

    def kill(self, what: str) -> None:
        assert self.operation is not None
        if what in ("worker", "given up"):
            self._kill_worker(hangs=what == "given up")
        elif what == "terminated":
            self._terminate()
        elif self._result is not None and what != "reset":
            pass  # a run that ends its operation is not handed over any more
        elif what == "hand-over":
            self._hand_over()
        elif what == "drained hand-over":
            traversal = self._traversal

            def patience_ends() -> None:
                if traversal is self._traversal and self.walks:
                    self._hand_over()

            self._walk.at(self._walk.now + GRACE, patience_ends)
            self._execute(traversal.hand_over(self._walk.now))
        else:
            self._reset(another_plan=what != "reset")

    def _kill_worker(self, *, hangs: bool) -> None:
        """hangs: it lives, and goes on when others have taken its work; where it calls a provider, soon: those calls
        have a time limit, and a row's lease outlives it."""
        flights = list(dict.fromkeys(self._flights.values()))
        if self._finishing is not None:
            flights = [self._finishing]
        for flight in flights:
            flight.dead = not hangs
            flight.hangs = HUNG if hangs and not flight.calls else 0.0
            again = Flight(flight.command, flight.attempt + 1, flight.interrupt)
            if flight is self._finishing:
                self._finishing = again
            for node in [node for node, one in self._flights.items() if one is flight]:
                self._flights[node] = again
            self._fly(again, HEARTBEAT)

    def _terminate(self) -> None:
        """The reconciler sees that the run is gone."""
        operation = cast(OperationRow, self.operation)
        self.operation = self._finishing = self._result = None
        self._flights = {}
        self.store.fail_lost(operation, self._walk.now)
        self._walk.terminated(operation)
        self._walk.at(self._walk.now + 1, self.accepted)

    def _reset(self, *, another_plan: bool) -> None:
        """The run starts over and remembers nothing but what is stored. another_plan: its pages are of two moments."""
        before = self._pages()
        operation, self._flights, self._finishing, self._result = self.operation, {}, None, None
        self._traversal = Traversal(Plan(None, ()))  # nobody: timers and steps of the run that was are not heard
        for _ in range(4 if another_plan else 0):
            self._walk.step()
        if self.operation is not operation:
            return
        now = self._pages()
        self._life_begins("", [before[0], *now[1:]] if another_plan and len(now) == len(before) else now)
        if self._cause:
            self.interrupt(cast(Interrupt, self._cause))
