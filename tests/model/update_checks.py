"""What must be true whenever no operation runs, and of each plan and event on the way there."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from firebrick.contract import Action, Cancel, OperationState, StepKind
from firebrick.plan import Plan, Role
from firebrick.store.rows import OperationRow
from tests.model.inner_stacks import family_of
from tests.model.life_stores import Stores, UpdateStore
from tests.model.update_history import Template, inner_template
from tests.model.update_provider import Provider
from tests.model.update_steps import attributes, given_to, resolved, shown_by
from tests.model.world import demand

# A row's event: the state before (None: none yet) -> what may follow.
_BEGINS = {"CREATE", "UPDATE", "DELETE"}
COMPLETE = (("CREATE", "COMPLETE"), ("UPDATE", "COMPLETE"))


class Checks:
    """Of one stack, and of what is in it. abandoned: nested stacks that were retained when they went."""

    def __init__(self, store: UpdateStore, stores: Stores, provider: Provider, abandoned: set[str]) -> None:
        self._store = store
        self._stores = stores
        self._provider = provider
        self._abandoned = abandoned
        self._told: dict[int, tuple[str, str]] = {}  # row -> its last event
        self._read = 0
        self._pruned: dict[int, tuple[Any, ...]] = {}
        self._originals: dict[str, tuple[Template, dict[str, str]]] = {}  # target -> things by name, when complete
        self._going_back: dict[str, str] = {}
        self._spared: dict[str, str] = {}
        self._unkind = 0
        self._met = 0
        self.spared = 0
        self._aim = self._before = ""  # the target that began last, and the one that did before it
        self._last: Action | None = None  # the operation that began last
        self.replaced = 0

    # --- while an operation runs ----------------------------------------------------------------------------------

    def begun(self, operation: OperationRow) -> None:
        """It is RUNNING, and no other is; nothing was done yet."""
        running = [one.id for one in self._store.open_operations() if one.state is OperationState.RUNNING]
        demand(running == [operation.id], "two operations run for one stack")
        self._check_way_back(operation)
        self._pruned = {}
        self._going_back = self._spared = {}
        if not operation.action.converges:
            return
        rows = self._store.rows()
        self._pruned = {row.id: _state(row) for row in rows if row.role == Role.NONE or row.role_seq != operation.seq}
        self._spared = self._in_mid_change()
        self._unkind = self._unkindness()
        if operation.action is Action.ROLLBACK and operation.target_id in self._originals:
            self._going_back = self._kept(operation.target_id, *self._originals[operation.target_id])

    def _in_mid_change(self) -> dict[str, str]:
        """Names of resources that an interrupt met in mid-change and that this operation wants as what they are: their
        objects must be the same ones when it is complete."""
        spared: dict[str, str] = {}
        target = {one.name: one for one in self._store.target()}
        for row in self._store.rows():
            one = target.get(row.name)
            if row.physical_id is None or one is None or row.role != Role.CONVERGE or not _was_aborted(row):
                continue
            before = row.definition if row.action == "CREATE" or row.begun is None else row.begun["definition"]
            stays = one.kind == row.implementation and before["fixed"] == one.fixed
            if not stays or any(how == "fixed" for _, how in (*one.requires, *before["requires"])):
                continue
            thing = self._provider.things.get(row.physical_id)
            if one.kind == "nested" and self._inner(row.physical_id) is not None:
                spared[row.name] = row.physical_id
            elif thing is not None and thing.alive and not (thing.broken or thing.wrong):
                spared[row.name] = row.physical_id
        return spared

    def _unkindness(self) -> int:
        """How often the provider has given a reason to replace what lives."""
        return sum(self._provider.met[what] for what in ("replace", "wrong", "error", "refused"))

    def _check_spared(self) -> None:
        if self._unkindness() != self._unkind:
            return
        rows = {row.name: row for row in self._store.rows()}
        for name, thing in self._spared.items():
            demand(rows[name].physical_id == thing, f"{name} was in mid-change, and is {rows[name].physical_id} now")
            self.spared += 1

    def _check_way_back(self, operation: OperationRow) -> None:
        """A rollback goes back to what began before the one that it rolls back, whatever was shown meanwhile."""
        followed = [one for one in self._store.accepted if one.id == operation.follows]
        to = followed[0].request.get("roll_back_to", "previous") if followed else operation.request.get("to")
        goes_on = self._last is Action.ROLLBACK and not followed
        if operation.action is Action.ROLLBACK and to == "previous" and not goes_on:
            empty = not self._before and not self._store.target_of(operation)
            demand(empty or operation.target_id == self._before, "a rollback goes back to another target")
        if self._store.template_id != self._aim:
            self._before, self._aim = self._aim, self._store.template_id
        self._last = operation.action

    def planned(self, plan: Plan) -> None:
        for node in plan.nodes:
            demand(node.row not in self._pruned, f"the pruned row {node.row} has a node")

    def _kept(self, target: str, template: Template, things: Mapping[str, str]) -> dict[str, str]:
        """The originals that a rollback must take back: well, and nothing that they are made from is lost."""
        kept: dict[str, str] = {}
        by_thing = {row.physical_id: row for row in self._store.rows() if row.physical_id}
        for one in template:
            row = by_thing.get(things.get(one.name, ""))
            well = row is not None and row.status == "COMPLETE" and row.action != "DELETE"
            # One that served another template since, unchanged, is not known as this one's any more.
            well = well and row is not None and row.template_id == target
            if one.kind == "instant" or not well or row is None:
                continue
            if one.kind == "nested" and self._inner(row.physical_id) is None:
                continue
            others = {name for name, how in one.requires if how in ("ref", "fixed", "out")}
            # What an instant resource shows may have changed with it; what it is made from has not.
            if all(name in kept for name in others):
                kept[one.name] = things[one.name]
        self._met = self._provider.met["replace"]
        return kept

    # --- when none runs -------------------------------------------------------------------------------------------

    def settled(self, operation: OperationRow | None) -> None:
        self._check_events()
        self.promises()
        if self._store.deleted:
            demand(not self._store.rows(), "rows are left of a deleted stack")
        elif self._is_complete(operation):
            self._check_world()
        self._excuse_what_was_retained()
        self._check_leaks()
        if operation is not None:
            self._check_pruned()
            if operation.action is Action.ROLLBACK and self._is_complete(operation):
                self._check_originals()
            if operation.action.converges and self._is_complete(operation):
                self._check_spared()
        for (what, thing), times in self._provider.effects.items():
            demand(times == 1, f"{thing} was {what} {times} times")

    def _is_complete(self, operation: OperationRow | None) -> bool:
        """Whether the stack is what it was to be when the operation ended, whatever it shows of what was accepted
        since. None: when none is open."""
        if operation is None:
            return self._store.state[1] == "COMPLETE"
        return operation.state is OperationState.DONE

    def promises(self) -> None:
        """The stack shows what was accepted last, at any moment."""
        state, newest = self._store.state, self._store.accepted[-1]
        what = f"{state} is shown, {newest.action} is {newest.state} ({newest.cancel or 'no'} cancel)"
        if self._store.deleted:
            demand(state == ("DELETE", "COMPLETE"), what)
        elif newest.state.ended:
            demand(state == (newest.action, "COMPLETE" if newest.state is OperationState.DONE else "FAILED"), what)
        elif newest.cancel == Cancel.ROLL_BACK:
            demand(state == ("ROLLBACK", "IN_PROGRESS"), what)
        elif newest.state is OperationState.PENDING:
            demand(state == (newest.action, "IN_PROGRESS"), what)
        else:
            demand(state in ((newest.action, "IN_PROGRESS"), (newest.action, "FAILED")), what)
        if newest.target_id and newest.cancel != Cancel.ROLL_BACK:
            demand(self._store.shown == self._store.target_of(newest), f"it shows another target; {what}")

    def _check_told(self) -> None:
        """Each operation that was accepted has its beginning among the stack's events, and each rollback that was
        announced; and an end follows only on a beginning of the same action."""
        told, accepted = self._store.told, self._store.accepted
        begun = [action for action, status in told if status == "IN_PROGRESS"]
        followed = {one.follows for one in accepted}
        announced = [one for one in accepted if one.cancel == Cancel.ROLL_BACK and one.id not in followed]
        demand(len(begun) == len(accepted) + len(announced), f"{told} is told of {[one.action for one in accepted]}")
        for (action, before), (then, status) in pairwise(told):
            well = status == "IN_PROGRESS" or (action, before) == (then, "IN_PROGRESS")
            demand(well, f"{then}_{status} is told after {action}_{before}")

    def _check_events(self) -> None:
        self._check_told()
        events = self._store.events
        for event in events[self._read :]:
            before = self._told.get(event.row)
            what = f"{event.name} ({event.row}) {event.action}_{event.status} after {before}"
            if event.status == "IN_PROGRESS":
                demand(event.action in _BEGINS, what)
                demand(before is not None or event.action in ("CREATE", "DELETE"), what)
                demand(before != ("DELETE", "COMPLETE"), what)
                if event.action == "UPDATE":
                    demand(before is not None, what)
                if event.action == "CREATE":  # again: one that was interrupted is gone on with
                    demand(before in (None, ("CREATE", "IN_PROGRESS"), ("CREATE", "FAILED")), what)
            else:
                demand(before == (event.action, "IN_PROGRESS"), what)
            self._told[event.row] = (event.action, event.status)
        self._read = len(events)

    def _check_world(self) -> None:
        template = self._store.target()
        things = _check_template(self._store, self._stores, self._provider)
        if self._store.owner is None:
            expected = [one for one in _all_things(self._store, self._stores) if not self._provider.things[one].excused]
            alive = [one.id for one in self._provider.things.values() if one.alive and not one.excused]
            demand(sorted(alive) == sorted(expected), "a leak")
            self._check_no_stack_is_left()
        self._originals = {self._store.template_id: (template, things)}

    def _check_no_stack_is_left(self) -> None:
        """No nested stack lives but those that a living row stands for."""
        owned = {row.physical_id for store in self._stores.every() for row in store.rows()} | self._abandoned
        for store in self._stores.every():
            if store.owner is not None and store.stack_id not in owned:
                demand(store.state == ("DELETE", "COMPLETE"), f"the nested stack {store.name} is left: {store.state}")

    def _inner(self, stack_id: str) -> UpdateStore | None:
        """A living nested stack."""
        found = self._stores.find(stack_id)
        return None if found is None or found.state[0] == Action.DELETE else found

    def _excuse_what_was_retained(self) -> None:
        rows = {row.id for stack in self._abandoned for store in family_of(self._stores, stack) for row in store.rows()}
        for thing in self._provider.things.values():
            thing.excused = thing.excused or thing.row in rows

    def _check_leaks(self) -> None:
        rows = [row for store in self._stores.every() for row in store.rows()]
        owned = {row.physical_id for row in rows if (row.action, row.status) != ("DELETE", "COMPLETE")}
        keys = {row.create_key for row in rows if row.create_unsettled or row.status == "IN_PROGRESS"}
        for thing in self._provider.things.values():
            if thing.alive and not thing.excused:
                demand(thing.id in owned or thing.key in keys, f"{thing.id} of {thing.name} is left behind")

    def _check_pruned(self) -> None:
        rows = {row.id: row for row in self._store.rows()}
        for id_, state in self._pruned.items():
            demand(id_ not in rows or _state(rows[id_]) == state, f"the pruned row {id_} was touched")

    def _check_originals(self) -> None:
        if self._provider.met["replace"] != self._met:
            return
        rows = {row.name: row for row in self._store.rows()}
        for name, thing in self._going_back.items():
            demand(rows[name].physical_id == thing, f"{name} is {rows[name].physical_id} after a rollback, not {thing}")


def _was_aborted(row: Any) -> bool:
    """Whether its last create or update was stopped by an interrupt, and not by its provider."""
    outcome = getattr(row, "outcome", None)  # as the store in memory has it, whatever becomes of the mark
    stopped = row.interrupted or (outcome is not None and outcome.kind is StepKind.ABORTED)
    return stopped and row.action in ("CREATE", "UPDATE")


def _state(row: Any) -> tuple[Any, ...]:
    return (row.name, row.action, row.status, row.physical_id, row.input_hash, row.revision, tuple(row.requires))


def _check_template(store: UpdateStore, stores: Stores, provider: Provider) -> dict[str, str]:
    """A complete stack is what its template says, and so is what is in it; its objects by the names of resources."""
    template = store.target()
    rows = {row.name: row for row in store.rows()}
    demand(len(rows) == len(store.rows()), "two rows of one name in a complete stack")
    demand(sorted(rows) == sorted(one.name for one in template), "the rows are not the template's")
    things: dict[str, str] = {}
    for one in template:
        row = rows[one.name]
        properties = resolved(one.definition(), rows)
        demand(dict(row.properties or {}) == properties, f"{one.name} is {row.properties}, not {properties}")
        demand(row.status == "COMPLETE", f"{one.name} is {row.action}_{row.status}")
        if one.kind == "nested":
            inner = stores.find(row.physical_id)
            demand(inner is not None, f"the stack of {one.name} is not there")
            assert inner is not None
            demand(inner.state in COMPLETE, f"the stack of {one.name} is {inner.state}")
            demand(inner.target() == inner_template(one.definition(), given_to(properties)), f"{one.name} is another's")
            _check_template(inner, stores, provider)
            shown = shown_by({other.name: other for other in inner.rows()})
        else:
            shown = attributes(properties)
        demand(dict(row.attributes) == shown, f"{one.name} shows {row.attributes}, not {shown}")
        if one.kind != "instant":
            things[one.name] = row.physical_id
        if one.kind not in ("instant", "nested"):
            thing = provider.things[row.physical_id]
            demand(thing.alive and not thing.broken, f"the object of {one.name} is gone or broken")
            demand(thing.properties == properties, f"the object of {one.name} is {thing.properties}, not {properties}")
    return things


def _all_things(store: UpdateStore, stores: Stores) -> list[str]:
    """Ids of the objects of a complete stack, and of what is in it."""
    found: list[str] = []
    for row in store.rows():
        if row.implementation == "nested":
            inner = stores.find(row.physical_id)
            found += [] if inner is None else _all_things(inner, stores)
        elif row.implementation != "instant":
            found.append(row.physical_id)
    return found
