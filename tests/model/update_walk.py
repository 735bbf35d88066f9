"""Lives a life: accepts what is asked, carries operations out as the workflows do, disturbs them, and checks.

Real are the selection, the plan and its pages, and the traversal; the store is one of two; workflow, worker and
provider are played on a virtual clock. What must be true is checked at each step here and in the provider, and when
nothing runs in ``update_checks``.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from typing import Any

from firebrick.contract import Action, Cancel, StepResult, Work
from firebrick.plan import ExistingRow, Plan, from_pages, plan_create, plan_delete, plan_update, to_pages
from firebrick.selection import base_hash, select_rows
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
from tests.model.update_checks import Checks
from tests.model.update_claims import MemoryStore
from tests.model.update_history import Ask, Disturbed, Life, Resource
from tests.model.update_provider import Provider
from tests.model.update_steps import HeldByItself, Step, run_batch
from tests.model.update_store import FINGERPRINT, Refused, Select, UpdateStore
from tests.model.world import Broken, demand

HEARTBEAT = 5.0  # seconds until a dead worker is noticed
GRACE = 5.0
LIMIT = 20_000  # things that happen in one life; more is a life that does not end
KILLS: tuple[str, ...] = (
    *("worker", "worker", "worker", "given up", "given up", "hand-over", "hand-over", "drained hand-over"),
    *("reset", "reset with another plan", "terminated", "terminated"),
)


@dataclass(frozen=True)
class Engine:
    """What is judged; a seeded bug takes one of its parts' place."""

    traversal: type[Traversal] = Traversal
    select: Select = select_rows
    create: Callable[[Sequence[ExistingRow]], Plan] = plan_create
    update: Callable[[Action, Sequence[ExistingRow]], Plan] = plan_update
    delete: Callable[[Sequence[ExistingRow]], Plan] = plan_delete

    def plan(self, action: Action, rows: Sequence[ExistingRow]) -> Plan:
        if action.converges:
            return self.update(action, rows)
        return self.create(rows) if action is Action.CREATE else self.delete(rows)


@dataclass(eq=False)
class Flight:
    """A step or a batch on its way. nodes: of the plan."""

    command: RunStep | RunBatch
    attempt: int = 1
    interrupt: update_steps.Interrupt = field(default_factory=update_steps.Interrupt)
    dead: bool = False


@lru_cache(4096)
def base_of(one: Resource) -> str:
    return base_hash(one.definition(), one.kind, FINGERPRINT)


class LifeWalk:
    """One life. seen: what kinds of things happened, for those who count them."""

    def __init__(self, life: Life, *, engine: Engine | None = None, store: UpdateStore | None = None) -> None:
        self.life = life
        self.engine = Engine() if engine is None else engine
        self.store: UpdateStore = MemoryStore(base_of, self.engine.select) if store is None else store
        self.provider = Provider(life.faults)
        self.checks = Checks(self.store, self.provider)
        self.now = 1.0
        self.seen: Counter[str] = Counter()
        self.cells: Counter[tuple[str, str]] = Counter()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._happened = 0
        self._total = 0
        self._disturbed: list[Disturbed] = []
        self._operation: OperationRow | None = None
        self._lost = False
        self._result: TraversalResult | None = None

    @property
    def went_wrong(self) -> bool:
        """Whether something failed or was replaced."""
        return bool(self.seen["failed"] or self.seen["replaced"])

    # --- a life ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live it; then, with a provider that does nothing wrong any more, the stack must come to a template and go."""
        for ask in self.life.asks:
            self._ask(ask)
        self.provider.faults = ()
        last = len(self.life.templates) - 1
        if self.store.state[0] != Action.DELETE:
            self._ask(Ask(Action.UPDATE, template=last))
            demand(self.store.state == ("UPDATE", "COMPLETE"), f"an update without faults ends {self.store.state}")
        if self.store.state != ("DELETE", "COMPLETE"):
            self._ask(Ask(Action.DELETE))
            demand(self.store.state == ("DELETE", "COMPLETE"), f"a delete without faults ends {self.store.state}")
        while self._heap:
            self._step()
        self.checks.settled(None)

    def _ask(self, ask: Ask) -> None:
        try:
            self._accept(ask)
        except Refused:
            self.seen["refused"] += 1
            return
        self._happened = 0
        self._disturbed = sorted(ask.disturbed, key=lambda one: one.after)
        while (operation := self.store.begin(self.now)) is not None:
            self._carry_out(operation)

    def _accept(self, ask: Ask) -> None:
        request = {
            "on_failure": ask.on_failure,
            "roll_back_to": ask.roll_back_to,
            "continue_independent": ask.independent,
            "converge": ask.converge,
            "retain": ask.retain,
            "to": ask.roll_back_to,
        }
        if ask.action is Action.CREATE:
            self.store.accept_create(self.life.templates[0], request, self.now)
        elif ask.action is Action.UPDATE:
            if ask.on_failure == "delete":
                request["on_failure"] = "keep"
            target = None if ask.template is None else self.life.templates[ask.template]
            self.store.accept_update(target, request, self.now)
        elif ask.action is Action.ROLLBACK:
            self.store.accept_rollback(request, self.now)
        else:
            self.store.accept_delete(request, self.now)

    def _carry_out(self, operation: OperationRow) -> None:
        self._operation = operation
        self._chain_run, self._cause, self._cleaning, self._lost = 1, "", False, False
        self.checks.begun(operation)
        self._life_begins("", self._pages(operation))
        while self._result is None and not self._lost:
            if not self._heap:
                raise Broken(f"{operation.action} is stuck: {self._traversal.progress}")
            while self._disturbed and self._disturbed[0].after <= self._happened and self._running:
                self._disturb(self._disturbed.pop(0))
            if self._running:
                self._step()
        result = self._result
        replaced = [row for row in self.store.rows() if row.born_seq == operation.seq and row.replaces is not None]
        self.seen["replaced"] += len(replaced)
        if result is not None:
            self.store.finish(operation, result.complete, result.interrupted, self.now)
            self.seen["failed"] += bool(result.failed)
            self.seen["complete"] += result.complete
            self.seen[operation.action.lower()] += 1
        self._operation = None
        self.checks.settled(operation)

    @property
    def _running(self) -> bool:
        return self._result is None and not self._lost

    def _step(self) -> None:
        self.now, _, happen = heappop(self._heap)
        self._happened += 1
        self._total += 1
        demand(self._total < LIMIT, "it does not end")
        happen()

    def _at(self, time: float, happen: Callable[[], None]) -> None:
        heappush(self._heap, (max(time, self.now), next(self._number), happen))

    # --- the workflow ---------------------------------------------------------------------------------------------

    def _pages(self, operation: OperationRow) -> Any:
        plan = self.engine.plan(operation.action, self.store.plan_rows(operation))
        return to_pages(plan, self.life.page)

    def _life_begins(self, state: str, pages: Any) -> None:
        """A run of the workflow begins, or goes on where another has ended."""
        assert self._operation is not None
        life = self.life
        self._flights: dict[int, Flight] = {}
        self._handing_over = False
        self._result = None
        plan = from_pages(pages)
        self.checks.planned(plan)
        self._traversal = self.engine.traversal(
            plan,
            state=state,
            window=life.window,
            max_parked=life.max_parked,
            batch_limit=life.batch_limit,
            independent=bool(self._operation.request.get("continue_independent")),
        )
        self._execute(self._traversal.start(self.now))

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
                case HandedOver():
                    self._hand_over()
                case CancelTimer():
                    pass

    def _timer(self, node: int, at: float) -> None:
        traversal = self._traversal

        def fire() -> None:
            if traversal is self._traversal and self._running:
                self._execute(traversal.timer_fired(node, self.now))

        self._at(at, fire)

    def _hand_over(self) -> None:
        """Continue as new: another run, the same operation; what still runs lives on by itself."""
        assert self._operation is not None
        self._chain_run += 1
        state = self._traversal.to_state()
        self._life_begins(state, self._pages(self._operation))

    # --- the worker -----------------------------------------------------------------------------------------------

    def _start(self, flight: Flight, nodes: tuple[int, ...]) -> None:
        for node in nodes:
            demand(node not in self._flights, f"{node} runs twice at once")
            self._flights[node] = flight
        self._fly(flight, 0.1)

    def _fly(self, flight: Flight, delay: float) -> None:
        """An attempt begins."""
        operation = self._operation
        assert operation is not None
        command = flight.command
        nodes = (command.node,) if isinstance(command, RunStep) else command.nodes
        steps = [
            Step(
                self.store,
                self.provider,
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
                lambda: self.now,
                self.life.pace[ord(node.name[0]) % len(self.life.pace)],
            )
            for node in nodes
        ]
        running: Any = steps[0].run() if isinstance(command, RunStep) else run_batch(steps)

        def drive() -> None:
            if flight.dead:
                return
            try:
                self._at(self.now + next(running), drive)
            except StopIteration as end:
                self._landed(flight, end.value)
            except HeldByItself:
                if self._flies(flight):
                    flight.attempt += 1
                    self._fly(flight, 0.2)

        self._at(self.now + delay, drive)

    def _flies(self, flight: Flight) -> bool:
        """Whether the workflow still waits for it."""
        command = flight.command
        first = command.node if isinstance(command, RunStep) else command.nodes[0]
        return self._running and self._flights.get(first.id) is flight

    def _landed(self, flight: Flight, result: Any) -> None:
        if not self._flies(flight):
            return
        command = flight.command
        if isinstance(command, RunStep):
            del self._flights[command.node.id]
            self._execute(self._traversal.step_ended(command.node.id, result, self.now, step=command.step))
            return
        nodes = tuple(node.id for node in command.nodes)
        rows = {node.row: node.id for node in command.nodes}
        for node in nodes:
            del self._flights[node]
        ended: list[tuple[int, StepResult]] = [(rows[row], one) for row, one in result]
        self._execute(self._traversal.batch_ended(nodes, ended, self.now))

    # --- disturbances ---------------------------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        assert self._operation is not None
        action = self._operation.action
        return "clean-up" if action is Action.UPDATE and self._cleaning else action.lower()

    def _disturb(self, one: Disturbed) -> None:
        operation = self._operation
        assert operation is not None
        self.cells[self.phase, one.what] += 1
        self.seen["disturbed"] += 1
        action = operation.action
        if one.what == "kill":
            self._kill(KILLS[one.variant % len(KILLS)])
        elif one.what == "deadline":
            self._interrupt("deadline")
        elif one.what in ("cancel with rollback", "cancel without"):
            cancel = Cancel.ROLL_BACK if one.what == "cancel with rollback" else Cancel.KEEP
            may = action is Action.UPDATE or (action is Action.CREATE and cancel is Cancel.KEEP)
            if self._accepted(lambda: self.store.accept_cancel(cancel, self.now), may and not self._taken_over):
                self._interrupt("cancel")
        else:
            request = {"on_failure": "rollback" if one.variant % 2 else "keep"}
            target = self.life.templates[one.variant % len(self.life.templates)]
            if one.what == "takeover by delete":
                self.store.accept_delete({}, self.now)
                self._interrupt("takeover")
            elif self._accepted(
                lambda: self.store.accept_update(target, request, self.now),
                None if self._taken_over else action is not Action.DELETE,
            ):
                self._interrupt("takeover")

    @property
    def _taken_over(self) -> bool:
        return self._cause == "takeover"

    def _accepted(self, ask: Callable[[], None], expected: bool | None) -> bool:
        """expected: whether it should be; None when that depends on what else was asked for."""
        try:
            ask()
        except Refused:
            demand(not expected, "what may be asked is refused")
            return False
        demand(expected is not False or self._taken_over, "what may not be asked is accepted")
        return True

    def _interrupt(self, cause: Interrupt) -> None:
        self._cause = self._cause or cause
        self._execute(self._traversal.interrupt(cause, self.now))

    def _kill(self, what: str) -> None:
        operation = self._operation
        assert operation is not None
        self.seen["killed"] += 1
        flights = list(dict.fromkeys(self._flights.values()))
        if what in ("worker", "given up"):
            for flight in flights:
                flight.dead = what == "worker"
                again = Flight(flight.command, flight.attempt + 1, flight.interrupt)
                for node in [node for node, one in self._flights.items() if one is flight]:
                    self._flights[node] = again
                self._fly(again, HEARTBEAT)
        elif what == "hand-over":
            self._hand_over()
        elif what == "drained hand-over":
            traversal = self._traversal

            def patience_ends() -> None:
                if traversal is self._traversal and self._running:
                    self._hand_over()

            self._at(self.now + GRACE, patience_ends)
            self._execute(traversal.hand_over(self.now))
        elif what == "terminated":
            self._lost = True
            self.store.fail_lost(operation, self.now)
        else:
            self._reset(operation, another_plan=what != "reset")

    def _reset(self, operation: OperationRow, *, another_plan: bool) -> None:
        """The run starts over and remembers nothing but what is stored. another_plan: its pages are of two moments."""
        before = self._pages(operation)
        self._flights = {}
        self._traversal = Traversal(Plan(None, ()))  # nobody: timers and steps of the run that was are not heard
        for _ in range(4 if another_plan else 0):
            if self._heap:
                self._step()
        now = self._pages(operation)
        self._life_begins("", [before[0], *now[1:]] if another_plan and len(now) == len(before) else now)
        if self._cause and self._running:
            self._execute(self._traversal.interrupt(self._cause, self.now))  # type: ignore[arg-type]
