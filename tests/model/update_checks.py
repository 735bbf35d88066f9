"""What must be true whenever no operation runs, and of each plan and event on the way there."""

from collections.abc import Mapping
from typing import Any

from firebrick.contract import Action
from firebrick.plan import Plan, Role
from firebrick.store.rows import OperationRow
from tests.model.update_history import Template
from tests.model.update_provider import Provider
from tests.model.update_steps import attributes, resolved
from tests.model.update_store import UpdateStore
from tests.model.world import demand

# A row's event: the state before (None: none yet) -> what may follow.
_BEGINS = {"CREATE", "UPDATE", "DELETE"}


class Checks:
    """Of one life."""

    def __init__(self, store: UpdateStore, provider: Provider) -> None:
        self._store = store
        self._provider = provider
        self._told: dict[int, tuple[str, str]] = {}  # row -> its last event
        self._read = 0
        self._pruned: dict[int, tuple[Any, ...]] = {}
        self._originals: dict[str, tuple[Template, dict[str, str]]] = {}  # target -> things by name, when complete
        self._going_back: dict[str, str] = {}
        self._met = 0
        self.replaced = 0

    # --- while an operation runs ----------------------------------------------------------------------------------

    def begun(self, operation: OperationRow) -> None:
        """It is RUNNING; nothing was done yet."""
        self._pruned = {}
        self._going_back = {}
        if not operation.action.converges:
            return
        rows = self._store.rows()
        self._pruned = {row.id: _state(row) for row in rows if row.role == Role.NONE or row.role_seq != operation.seq}
        if operation.action is Action.ROLLBACK and operation.target_id in self._originals:
            self._going_back = self._kept(*self._originals[operation.target_id])

    def planned(self, plan: Plan) -> None:
        for node in plan.nodes:
            demand(node.row not in self._pruned, f"the pruned row {node.row} has a node")

    def _kept(self, template: Template, things: Mapping[str, str]) -> dict[str, str]:
        """The originals that a rollback must take back: well, and nothing that they are made from is lost."""
        kept: dict[str, str] = {}
        by_thing = {row.physical_id: row for row in self._store.rows() if row.physical_id}
        for one in template:
            row = by_thing.get(things.get(one.name, ""))
            well = row is not None and row.status == "COMPLETE" and row.action != "DELETE"
            if one.kind == "instant" or not well or row is None:
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
        action, status = self._store.state
        if (action, status) == ("DELETE", "COMPLETE"):
            demand(not self._store.rows(), "rows are left of a deleted stack")
        elif status == "COMPLETE":
            self._check_world(self._store.target())
        self._check_leaks()
        if operation is not None:
            self._check_pruned()
            if operation.action is Action.ROLLBACK and status == "COMPLETE":
                self._check_originals()
        for (what, thing), times in self._provider.effects.items():
            demand(times == 1, f"{thing} was {what} {times} times")

    def _check_events(self) -> None:
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
                if event.action == "CREATE":
                    demand(before is None or before == ("CREATE", "IN_PROGRESS"), what)
            else:
                demand(before == (event.action, "IN_PROGRESS"), what)
            self._told[event.row] = (event.action, event.status)
        self._read = len(events)

    def _check_world(self, template: Template) -> None:
        rows = {row.name: row for row in self._store.rows()}
        demand(len(rows) == len(self._store.rows()), "two rows of one name in a complete stack")
        demand(sorted(rows) == sorted(one.name for one in template), "the rows are not the template's")
        expected: list[str] = []
        things: dict[str, str] = {}
        for one in template:
            row = rows[one.name]
            properties = resolved(one.definition(), rows)
            demand(dict(row.properties or {}) == properties, f"{one.name} is {row.properties}, not {properties}")
            demand(dict(row.attributes) == attributes(properties), f"{one.name} shows {row.attributes}")
            demand(row.status == "COMPLETE", f"{one.name} is {row.action}_{row.status}")
            if one.kind == "instant":
                continue
            thing = self._provider.things[row.physical_id]
            demand(thing.alive and not thing.broken, f"the object of {one.name} is gone or broken")
            demand(thing.properties == properties, f"the object of {one.name} is {thing.properties}, not {properties}")
            expected.append(thing.id)
            things[one.name] = thing.id
        alive = [one.id for one in self._provider.things.values() if one.alive and not one.excused]
        demand(sorted(alive) == sorted(one for one in expected if not self._provider.things[one].excused), "a leak")
        self._originals = {self._target_id(): (template, things)}

    def _target_id(self) -> str:
        return str(getattr(self._store, "template_id", ""))

    def _check_leaks(self) -> None:
        rows = self._store.rows()
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


def _state(row: Any) -> tuple[Any, ...]:
    return (row.name, row.action, row.status, row.physical_id, row.input_hash, row.revision, tuple(row.requires))
