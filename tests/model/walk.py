"""Drives a Traversal through one history on a virtual clock, as a workflow would, and checks every command.

The clock is a heap of (time, kind, first node, number): what happens at one moment happens in an order that does not
depend on when it was scheduled, so that two walks through one history can be compared.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from firebrick.contract import Action, StepKind, StepResult
from firebrick.plan import Plan, from_pages, plan_create, plan_delete, to_pages
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
from tests.model.history import LIMITS, PARKING, HandOver, History
from tests.model.world import World, demand

END, TELL, TIMER, SIGNAL, INTERRUPT, HAND_OVER = range(6)
MAX_EVENTS = 5_000
# Small pages, so that most plans have several.
PAGE_BYTES = 700


@dataclass
class Execution:
    """An activity in flight. It outlives the life that asked for it; whoever asks again gets its result."""

    asked: tuple[int, ...]
    nodes: tuple[int, ...]
    batch: bool
    step: int
    life: int


@dataclass(frozen=True)
class Outcomes:
    """What a walk came to, for comparison."""

    result: TraversalResult
    states: tuple[tuple[int, str, str, bool], ...]
    events: tuple[tuple[float, int, str], ...]


class Walk:
    """One history, walked once with ``run``."""

    def __init__(self, history: History, traversal: type[Traversal] = Traversal) -> None:
        self.history = history
        self.kind = traversal
        self.world = World(history)
        self.now = 0.0
        self.life = 1
        self.plan = self.make_plan()
        self.first_plan = self.plan
        planned = frozenset(node.id for node in self.plan.nodes)
        self._needs = {node: [one for one in self.world.first(node) if one in planned] for node in planned}
        self.traversal = self.make("")
        self._clock: list[tuple[float, int, int, int, Callable[[], None]]] = []
        self._number = 0
        self._flights: list[Execution] = []
        self._timers: dict[int, tuple[float, int]] = {}
        # What the traversal was told and has asked for: the checks' own account of the walk.
        self.started: set[int] = set()
        self.running: dict[int, Execution] = {}
        self.parked: dict[int, tuple[float, str]] = {}  # until when, or for which signal
        self.retrying: set[int] = set()  # those of the parked that wait for another attempt
        self.told_to_stop: set[int] = set()  # those whose last step was told that the walk is being stopped
        self.woken: set[int] = set()  # those of the parked whose time or signal has come
        self.remembered: set[str] = set()  # signals that came for nobody
        self.ended: dict[int, StepKind] = {}
        self.stopping = False
        self.cause = ""
        self.lets_finish = False
        self.draining = False
        self.result: TraversalResult | None = None
        self._ids: set[tuple[int, str, int, int]] = set()
        self.repeat = False  # the commands being executed are those of start() in a later life
        self.told = 0

    # --- the walk -----------------------------------------------------------------------------------------------------

    def run(self) -> Outcomes:
        """To the end. Raises Broken when an invariant does not hold."""
        for time, cause in self.history.interrupts:
            self._at(time, INTERRUPT, 0, lambda cause=cause: self._interrupt(cause))  # type: ignore[misc]
        for time, key in self.history.signals:
            self._at(time, SIGNAL, 0, lambda key=key: self._signal(key))  # type: ignore[misc]
        for hand_over in self.history.hand_overs:
            self._at(hand_over.time, HAND_OVER, 0, lambda one=hand_over: self._hand_over(one))  # type: ignore[misc]
        self._execute(self.traversal.start(self.now))
        while self.result is None:
            demand(self._clock, "the walk has not ended and nothing more will happen")
            demand(self._number < MAX_EVENTS, "the walk does not end")
            self.now, _, _, _, happen = heapq.heappop(self._clock)
            happen()
        self._check_result(self.result)
        self._check_that_nothing_follows()
        return Outcomes(
            self.result,
            tuple((node, row.action, row.status, row.alive) for node, row in self.world.rows.items()),
            tuple(self.world.events),
        )

    def make_plan(self) -> Plan:
        rows = self.world.existing_rows()
        plan = plan_create(rows) if self.world.action is Action.CREATE else plan_delete(rows)
        return from_pages(to_pages(plan, PAGE_BYTES))

    def make(self, state: str) -> Traversal:
        history = self.history
        return self.kind(
            self.plan,
            window=history.window,
            max_parked=history.max_parked,
            batch_limit=history.batch_limit,
            concurrency_limits=LIMITS,
            state=state,
        )

    def _at(self, time: float, kind: int, node: int, happen: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._clock, (time, kind, node, self._number, happen))

    def deliver(self, event: Callable[[Traversal], list[Command]]) -> None:
        """Give the traversal an event and execute what it asks for."""
        self._execute(event(self.traversal))

    # --- commands -----------------------------------------------------------------------------------------------------

    def _execute(self, commands: Sequence[Command]) -> None:
        for command in commands:
            demand(self.result is None, f"{command} after the end")
            match command:
                case RunStep(node=node, step=step, stopping=stopping):
                    demand(stopping == bool(self.cause), f"the step of {node.id} is told {stopping}")
                    (self.told_to_stop.add if stopping else self.told_to_stop.discard)(node.id)
                    self._dispatch((node.id,), step, batch=False)
                case RunBatch(nodes=nodes, step=step):
                    demand(0 < len(nodes) <= self.history.batch_limit, "a batch of a wrong size")
                    self._dispatch(tuple(node.id for node in nodes), step, batch=True)
                case SetTimer(node=node, at=at):
                    demand(node.id in self.parked, f"a timer for {node.id}, which is not parked")
                    demand(node.id not in self.woken, f"{node.id} goes on sleeping though its time or signal has come")
                    self._set_timer(node.id, at)
                case CancelTimer(node=node):
                    if not self.history.echoes:
                        self._timers.pop(node.id, None)
                case CancelRunning(nodes=nodes):
                    demand(self.cause, "running steps are asked to stop without an interrupt")
                    demand(sorted(nodes) == sorted(self.running), "not all that runs is asked to stop")
                    for row in nodes:
                        self.world.rows[row].stop_asked = True
                case HandedOver():
                    demand(self.draining and not self.running, "handed over while something runs")
                case Finished(result=result):
                    self.result = result
        if self.result is None:
            self._check_counts()
            self._check_nothing_idles()

    def _dispatch(self, nodes: tuple[int, ...], step: int, *, batch: bool) -> None:
        self._check_dispatch(nodes, step, batch=batch)
        flight = next((one for one in self._flights if one.nodes[0] in nodes or nodes[0] in one.nodes), None)
        if flight is not None:
            demand(flight.life < self.life, f"{nodes} were asked for while they run")
            flight.life, flight.asked, flight.step = self.life, nodes, step
        else:
            flight = Execution(nodes, nodes, batch, step, self.life)
            self._begin(flight)
        for node in nodes:
            self.started.add(node)
            self.parked.pop(node, None)
            self.retrying.discard(node)
            self.woken.discard(node)
            self.running[node] = flight

    def _begin(self, flight: Execution) -> None:
        rows = self.world.rows
        if all(rows[node].untold or rows[node].ended for node in flight.nodes):  # the answer was lost: it is recorded
            self._at(self.now, TELL, flight.nodes[0], lambda: self._tell(flight, self._recorded(flight.nodes)))
            return
        self._flights.append(flight)
        if not flight.batch:
            self.world.begin(flight.nodes[0], self.now)
        open_nodes = [node for node in flight.nodes if rows[node].ended is None]
        latency = max(self.world.next_outcome(node).latency for node in open_nodes)
        self._at(self.now + latency, END, flight.nodes[0], lambda: self._end(flight))

    def _recorded(self, nodes: Sequence[int]) -> list[tuple[int, StepResult]]:
        rows = self.world.rows
        return [(node, found) for node in nodes if (found := rows[node].untold or rows[node].ended)]

    def _end(self, flight: Execution) -> None:
        """The activity has done its work; its outcome is in the store."""
        self._flights.remove(flight)
        results: list[tuple[int, StepResult]] = []
        budget = self.history.budget if flight.batch else 1
        for node in flight.nodes:
            row = self.world.rows[node]
            known = row.untold or row.ended
            if known is not None:
                results.append((node, known))
            elif budget and all(self.world.complete(other) for other in self.world.first(node)):
                budget -= 1
                if flight.batch:
                    self.world.begin(node, self.now)
                results.append((node, self.world.end_step(node, self.now)))
        if self.history.lag:
            self._at(self.now + self.history.lag, TELL, flight.nodes[0], lambda: self._tell(flight, results))
        else:
            self._tell(flight, results)

    # --- events -------------------------------------------------------------------------------------------------------

    def _tell(self, flight: Execution, results: list[tuple[int, StepResult]]) -> None:
        """The result reaches the traversal, unless its life is over: then it is lost."""
        if flight.life != self.life:
            return
        asked, step, now = flight.asked, flight.step, self.now
        results = [(node, result) for node, result in results if node in asked]
        for node in asked:
            self.running.pop(node)
        for node, result in results:
            self.world.rows[node].untold = None
            self._account(node, result)
        if any(result.kind is StepKind.SUPERSEDED for _, result in results):
            self._stop("superseded")
        self.told += 1
        if flight.batch:
            self.deliver(lambda traversal: traversal.batch_ended(asked, results, now))
        else:
            ((node, result),) = results
            self.deliver(lambda traversal: traversal.step_ended(node, result, now, step=step))
        if self.history.echoes and self.result is None:
            self._echo(flight, results)

    def _echo(self, flight: Execution, results: list[tuple[int, StepResult]]) -> None:
        """The same again, now and later, and something about a node that nobody knows."""

        def again() -> None:
            if flight.life != self.life or self.result is not None:
                return
            node, now = flight.asked[0], self.now
            if flight.batch:
                self.deliver(lambda traversal: traversal.batch_ended(flight.asked, results, now))
            else:
                self.deliver(lambda traversal: traversal.step_ended(node, results[0][1], now, step=flight.step))
            self.deliver(lambda traversal: traversal.step_ended(1_000_000, StepResult(kind=StepKind.DONE), now))
            self.deliver(lambda traversal: traversal.timer_fired(1_000_000, now))

        again()
        self._at(self.now + 3, TELL, flight.asked[0], again)

    def _set_timer(self, node: int, at: float) -> None:
        number = self._number
        self._timers[node] = (at, number)

        def fire() -> None:
            mine = self._timers.get(node) == (at, number)
            if mine:
                del self._timers[node]
            if life == self.life and (mine or self.history.echoes):
                now = self.now
                if node in self.parked and self.parked[node][0] <= now:
                    self.woken.add(node)
                self.deliver(lambda traversal: traversal.timer_fired(node, now))

        life = self.life
        self._at(max(at, self.now), TIMER, node, fire)

    def _signal(self, key: str) -> None:
        now = self.now
        waiting = [node for node, (_, wanted) in self.parked.items() if wanted == key and node not in self.woken]
        self.woken.update(waiting)
        if not waiting and (not self.cause or self.lets_finish):
            self.remembered.add(key)
        self.deliver(lambda traversal: traversal.signal(key, now))

    def _interrupt(self, cause: Interrupt | Literal["stop"]) -> None:
        now = self.now
        if cause == "stop":
            self._let_finish()
            self.deliver(lambda traversal: traversal.stop("cancel", now))
        else:
            self._stop(cause)
            self.deliver(lambda traversal: traversal.interrupt(cause, now))

    def _hand_over(self, how: HandOver) -> None:
        if how.drain and not self.draining:
            now = self.now
            self.draining = True
            self._at(now + how.grace, HAND_OVER, 0, lambda: self._hand_over(replace(how, drain=False)))
            self.deliver(lambda traversal: traversal.hand_over(now))
            return
        state = self.traversal.to_state()
        self.life += 1
        self.draining = False
        self._timers.clear()
        self.plan = self.first_plan if how.old_plan else self.make_plan()
        self._forget_what_the_plan_lacks()
        self.woken.update(node for node, (until, _) in self.parked.items() if until <= self.now)
        self.traversal = self.make(state)
        asked_again = dict(self.running)
        self.running.clear()
        self.repeat = True
        self._execute(self.traversal.start(self.now))
        self.repeat = False
        if self.result is None:
            demand(all(node in self.running for node in asked_again), "what was running is forgotten")

    def _forget_what_the_plan_lacks(self) -> None:
        """Rows that ended well, unheard of, are done for a life whose plan lacks them."""
        present = {node.id for node in self.plan.nodes}
        for node in [one for one in (*self.running, *self.parked) if one not in present]:
            self.running.pop(node, None)
            self.parked.pop(node, None)
            self.woken.discard(node)
            self.ended[node] = StepKind.DONE

    # --- the account --------------------------------------------------------------------------------------------------

    def _account(self, node: int, result: StepResult) -> None:
        kind = result.kind
        demand(node not in self.ended, f"{node} ends twice")
        goes_on = not self.cause or (self.lets_finish and kind is not StepKind.RETRY)
        if kind in PARKING and goes_on:
            self.parked[node] = (result.at, result.key)
            if kind is StepKind.RETRY:
                self.retrying.add(node)
            if result.key and result.key in self.remembered:
                self.remembered.discard(result.key)
                self.woken.add(node)
            elif result.key and self.cause and node not in self.told_to_stop:
                self.woken.add(node)
            elif result.at <= self.now:
                self.woken.add(node)
            return
        self.ended[node] = StepKind.ABORTED if kind in PARKING or kind is StepKind.SUPERSEDED else kind
        if kind is not StepKind.DONE:
            self.stopping = True

    def _stop(self, cause: Interrupt) -> None:
        self.stopping = True
        if not self.cause or self.lets_finish:
            self.cause, self.lets_finish = cause, False
            for node in self.parked:
                self.ended[node] = StepKind.ABORTED
            self.parked.clear()
            self.retrying.clear()
            self.woken.clear()

    def _let_finish(self) -> None:
        self.stopping = True
        if self.cause:
            return
        self.cause, self.lets_finish = "cancel", True
        for node, (_, key) in list(self.parked.items()):
            if key:
                self.woken.add(node)
            elif node in self.retrying and node not in self.woken:
                self.ended[node] = StepKind.ABORTED
                del self.parked[node]
                self.retrying.discard(node)

    # --- invariants ---------------------------------------------------------------------------------------------------

    def _check_dispatch(self, nodes: tuple[int, ...], step: int, *, batch: bool) -> None:
        history = self.history
        again = self.repeat and all(node in self.started for node in nodes)
        demand(again or not self.draining, f"{nodes} were started during a hand-over")
        demand(again or not self.cause or self.lets_finish, f"{nodes} take a step after an interrupt")
        demand(step >= 1 and len(nodes) == len(set(nodes)), "a wrong step number, or a node twice in a batch")
        for node in nodes:
            demand(node not in self.running, f"{node} runs twice at once")
            demand(node not in self.ended, f"{node} takes a step after its end")
            if node not in self.started:
                demand(not self.stopping, f"{node} was started after stopping")
                demand(len(self.parked) < history.max_parked, f"{node} was started with too many parked")
            met = {one for one, kind in self.ended.items() if kind is StepKind.DONE} | set(nodes[: nodes.index(node)])
            demand(all(other in met for other in self._needs[node]), f"{node} was started before what it needs")
        demand(self._places() < history.window, "more runs than the window allows")
        for node in nodes:
            demand(self._key_has_room(node), f"too many nodes of the key {self._key(node)} run")
        demand(batch is False or all(self.world.rows[node].resource.instant for node in nodes), "a batch of others")
        name = (self.life, "", 0, step) if batch else (self.life, "step", nodes[0], step)
        demand(name not in self._ids, f"the activity id {name} is used twice in one run")
        self._ids.add(name)

    def _places(self) -> int:
        return len({id(flight) for flight in self.running.values()})

    def _key(self, node: int) -> str:
        return self.world.rows[node].resource.key

    def _key_has_room(self, node: int) -> bool:
        key = self._key(node)
        return key not in LIMITS or sum(self._key(other) == key for other in self.running) < LIMITS[key]

    def _check_nothing_idles(self) -> None:
        """While there is a place, nothing that may go on waits: no wake-up is lost, no node held up by another."""
        ends_at_once = self.cause and not self.lets_finish
        if ends_at_once or self.draining or self._places() >= self.history.window:
            return
        for node in self._needs:
            if node in self.running or node in self.ended or not self._key_has_room(node):
                continue
            if node in self.parked:
                demand(node not in self.woken, f"{node} was woken and does not go on")
            elif not self.stopping and len(self.parked) < self.history.max_parked:
                ready = all(self.ended.get(other) is StepKind.DONE for other in self._needs[node])
                demand(not ready, f"{node} could start and does not")

    def _check_counts(self) -> None:
        counts = self.traversal.progress
        kinds = list(self.ended.values())
        failed = kinds.count(StepKind.FAILED) + kinds.count(StepKind.UNKNOWN)
        demand(counts.total == len(self.first_plan.nodes), "the total has changed")
        demand(
            (counts.done, counts.running, counts.parked, counts.failed, counts.aborted)
            == (
                kinds.count(StepKind.DONE),
                len(self.running),
                len(self.parked),
                failed,
                kinds.count(StepKind.ABORTED),
            ),
            f"the counts are wrong: {counts}",
        )
        demand(counts.stopping == self.cause, "the cause is wrong")

    def _check_result(self, result: TraversalResult) -> None:
        demand(not self.running and not self.parked, "the walk is over and something is not")
        by_kind: dict[StepKind, list[int]] = {}
        for node, kind in self.ended.items():
            by_kind.setdefault(StepKind.FAILED if kind is StepKind.UNKNOWN else kind, []).append(node)
        done = by_kind.get(StepKind.DONE, [])
        demand(result.interrupted == self.cause, "the cause is wrong")
        demand(sorted(result.failed) == sorted(by_kind.get(StepKind.FAILED, [])), "the failed ones are wrong")
        demand(sorted(result.aborted) == sorted(by_kind.get(StepKind.ABORTED, [])), "the aborted ones are wrong")
        total = [*done, *result.failed, *result.aborted, *result.not_started]
        demand(sorted(total) == sorted(self._needs), "a node is missing or counted twice")
        demand(result.complete == (len(done) == len(self.first_plan.nodes)), "complete is wrong")
        demand(result.complete or self.stopping, "the walk is over without a reason")
        for node in done:
            demand(self.world.complete(node), f"{node} counts as done and is not")

    def _check_that_nothing_follows(self) -> None:
        """Events after the end are ignored."""
        traversal, now = self.traversal, self.now
        nodes = sorted(self._needs)
        late = [*traversal.interrupt("cancel", now), *traversal.signal("s1", now), *traversal.hand_over(now)]
        for node in nodes:
            late.extend(traversal.step_ended(node, StepResult(kind=StepKind.DONE), now))
            late.extend(traversal.timer_fired(node, now))
        demand(not late and traversal.result == self.result, "something follows the end")
