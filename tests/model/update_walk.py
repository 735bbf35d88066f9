"""Lives a life: accepts what is asked, has each stack's run carry it out, disturbs them, and checks.

Real are the selection, the plan and its pages, the traversal, and what passes between a stack and those in it; the
store is one of two; workflow, worker and provider are played on a virtual clock. What must be true is checked at each
step here and in the provider, and whenever an operation has ended in ``update_checks``.
"""

import contextlib
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count
from typing import Any

from firebrick.contract import Action, Cancel, OperationState
from firebrick.nested import orphans
from firebrick.selection import base_hash
from firebrick.store.rows import OperationRow
from tests.model.inner_stacks import world_of
from tests.model.life_stores import FINGERPRINT, Refused, Stores
from tests.model.update_checks import Checks
from tests.model.update_history import Ask, Disturbed, Life, Resource
from tests.model.update_provider import Provider
from tests.model.update_run import KILLS, Engine, Run
from tests.model.world import Broken, demand

LIMIT = 60_000  # things that happen in one life; more is a life that does not end
MESSAGE = 0.2  # seconds until a run hears
PATIENCE = 3.0  # seconds in which what is asked inside hears of a cancel, if whoever tells it lives
RECONCILED = 15.0  # seconds between two looks at what nobody was told of


@lru_cache(maxsize=4096)
def base_of(one: Resource) -> str:
    return base_hash(one.definition(), one.kind, FINGERPRINT)


class LifeWalk:
    """One life. seen: what kinds of things happened; cells: which phase was disturbed how, for those who count them."""

    def __init__(self, life: Life, *, engine: Engine | None = None, stores: Stores | None = None) -> None:
        self.life = life
        self.engine = Engine() if engine is None else engine
        self.stores: Stores = self.engine.stores(base_of, self.engine.select) if stores is None else stores
        self.store = self.stores.root
        self.provider = Provider(life.faults)
        self.now = 1.0
        self.seen: Counter[str] = Counter()
        self.cells: Counter[tuple[str, str]] = Counter()
        self.abandoned: set[str] = set()
        self.world = world_of(self)
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._happened = 0
        self._total = 0
        self._messages = 0
        self._runs: dict[str, Run] = {}
        self._root = self._run_of(self.store.stack_id)

    @property
    def went_wrong(self) -> bool:
        """Whether something failed or was replaced."""
        return bool(self.seen["failed"] or self.seen["replaced"])

    def _run_of(self, stack_id: str) -> Run:
        if stack_id not in self._runs:
            store = self.stores.find(stack_id)
            assert store is not None
            checks = Checks(store, self.stores, self.provider, self.abandoned)
            self._runs[stack_id] = Run(self, store, checks)
        return self._runs[stack_id]

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
            self.step()
        self._root.checks.settled(None)

    def _ask(self, ask: Ask) -> None:
        try:
            self._accept(ask)
        except Refused:
            self.seen["refused"] += 1
            return
        self._happened = 0
        disturbed = list(ask.disturbed)
        self._root.accepted()
        self._reconcile()
        while not self._rests:
            if not self._heap:
                raise Broken("something is stuck")
            for one in [one for one in disturbed if self._is_due(one)]:
                disturbed.remove(one)
                if self._root.open:
                    self._disturb(one)
            self.step()
        self._root.checks.settled(None)

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

    @property
    def _rests(self) -> bool:
        """Nothing is open, of no stack."""
        if any(run.operation is not None for run in self._runs.values()):
            return False
        return not any(store.open_operations() for store in self.stores.every())

    # --- the clock ------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """The next thing happens, if there is one."""
        if not self._heap:
            return
        self.now, _, happen = heappop(self._heap)
        self._happened += 1
        self._total += 1
        demand(self._total < LIMIT, "it does not end")
        happen()
        self._root.checks.promises()

    def at(self, time: float, happen: Callable[[], None]) -> None:
        heappush(self._heap, (max(time, self.now), next(self._number), happen))

    # --- between stacks -------------------------------------------------------------------------------------------

    def send(self, workflow: str, message: str, *arguments: Any) -> None:
        """A message to a run. Each so many-th is lost."""
        self._messages += 1
        if self.life.losses and self._messages % self.life.losses == 0:
            self.seen["messages lost"] += 1
            return
        self.at(self.now + MESSAGE, lambda: getattr(self._run_of(workflow), message)(*arguments))

    def _reconcile(self) -> None:
        """As starter.reconciler does: what was accepted is begun, what is cancelled hears of it."""
        if self._rests or not self.life.nests:
            return
        found = [one for store in self.stores.every() for one in store.open_operations()]
        for one in orphans(found):
            store = self.stores.find(one.stack_id)
            assert store is not None
            with contextlib.suppress(Refused):  # something newer was accepted
                store.accept_cancel(Cancel.KEEP, self.now, at_once=True, asked_by=one.owner_operation)
        for one in found:
            run, known = self._run_of(one.stack_id), self.stores.operation(one.id)
            if one.state is OperationState.PENDING:
                run.accepted()
            elif known is not None and known.cancel:
                run.cancelled(at_once=known.cancel_now)
        self.at(self.now + RECONCILED, self._reconcile)

    def ended(self, operation: OperationRow, complete: bool, failed: bool) -> None:
        """The store has just ended an operation."""
        store = self.stores.find(operation.stack_id)
        assert store is not None
        rows = store.rows()
        self.seen["replaced"] += sum(1 for row in rows if row.born_seq == operation.seq and row.replaces is not None)
        self.seen["failed"] += failed
        self.seen["complete"] += complete
        self.seen[operation.action.lower()] += 1
        self.seen["operations inside"] += store.owner is not None
        self._check_inside(operation)
        checks = self._run_of(operation.stack_id).checks
        spared = checks.spared
        checks.settled(operation)
        self.seen["spared"] += checks.spared - spared

    def _check_inside(self, operation: OperationRow) -> None:
        """Nothing that it asked goes on, or was asked twice; and what was still to be done when it ended was cancelled,
        not waited for."""
        demand(not self.stores.open_inside(operation), f"{operation.action} has ended, what it asked inside has not")
        if not self.life.nests:
            return
        ending = self._run_of(operation.stack_id).ending
        for store in self.stores.every():
            asked = store.operations_of(operation.id)
            demand(len({one.action for one in asked}) == len(asked), f"{store.name} was asked twice for the same")
            for one in asked:
                late = one.action.cancellable and one.ended_at is not None and one.ended_at > ending + PATIENCE
                demand(not late or one.cancel, f"{one.action} of {store.name} was waited for and not cancelled")

    def terminated(self, operation: OperationRow) -> None:
        self._run_of(operation.stack_id).checks.settled(operation)

        def check() -> None:
            left = [one for one in self.stores.open_inside(operation) if not one.cancel]
            demand(not left, "what a terminated run had asked inside goes on")

        if self.life.nests:
            self.at(self.now + 2 * RECONCILED, check)

    def abandon(self, stack_id: str) -> None:
        self.abandoned.add(stack_id)

    # --- disturbances ---------------------------------------------------------------------------------------------

    def _is_due(self, one: Disturbed) -> bool:
        if one.after > self._happened or not self._root.open:
            return False
        return not one.during or any(run.phase == one.during for run in self._inside())

    def _inside(self) -> list[Run]:
        """The nested stacks that are at work."""
        return [run for run in self._runs.values() if run is not self._root and run.open]

    def _disturb(self, one: Disturbed) -> None:
        inside = self._inside()
        if one.within and inside:
            chosen = [run for run in inside if run.phase == one.during] or inside
            self._disturb_inside(chosen[one.within % len(chosen)], one)
            return
        run = self._root
        self.cells[run.phase, one.what] += 1
        for inner in inside:
            self.cells[f"{inner.phase} inside", one.what] += 1
        self.seen["disturbed"] += 1
        if any(row.status == "IN_PROGRESS" and row.physical_id is not None for row in self.store.rows()):
            self.cells[f"{run.phase} in mid-change", one.what] += 1
        asked = [one.action for one in self.store.open_operations()]
        if one.what == "kill":
            self._kill(run, one)
        elif one.what == "deadline":
            run.interrupt("deadline")
        elif one.what in ("cancel with rollback", "cancel without"):
            cancel = Cancel.ROLL_BACK if one.what == "cancel with rollback" else Cancel.KEEP
            may = asked[-1] is Action.UPDATE or (asked[-1] is Action.CREATE and cancel is Cancel.KEEP)
            may = may and self.store.open_operations()[-1].cancel in ("", cancel)
            at_once = one.variant % 2 == 1
            if self._accepted(lambda: self.store.accept_cancel(cancel, self.now, at_once=at_once), may):
                run.cancelled(at_once=at_once)
        elif one.what == "takeover by delete":
            # Of a stack that is gone nothing can be asked, though the last of its deletes has not ended yet.
            if self._accepted(lambda: self.store.accept_delete({}, self.now), not self.store.deleted):
                run.accepted()
        else:
            request = {"on_failure": "rollback" if one.variant % 2 else "keep"}
            target = self.life.templates[one.variant % len(self.life.templates)]
            if self._accepted(lambda: self.store.accept_update(target, request, self.now), Action.DELETE not in asked):
                run.accepted()

    def _disturb_inside(self, run: Run, one: Disturbed) -> None:
        """What happens to a nested stack by itself."""
        assert run.operation is not None
        at_once = one.variant % 2 == 1
        self.cells[f"{run.phase} inside", f"{one.what} there"] += 1
        self.seen["disturbed inside"] += 1
        if one.what == "kill":
            self._kill(run, one)
        elif one.what == "deadline":
            run.interrupt("deadline")
        elif self._accepted(lambda: run.store.accept_cancel(Cancel.KEEP, self.now, at_once=at_once), None):
            run.cancelled(at_once=at_once)

    def _kill(self, run: Run, one: Disturbed) -> None:
        self.seen["killed"] += 1
        run.kill(KILLS[one.variant % len(KILLS)])

    def _accepted(self, ask: Callable[[], object], expected: bool | None) -> bool:
        """expected: whether it should be; None: either is right."""
        try:
            ask()
        except Refused:
            demand(expected is not True, "what may be asked is refused")
            return False
        demand(expected is not False, "what may not be asked is accepted")
        self._root.checks.promises()
        return True
