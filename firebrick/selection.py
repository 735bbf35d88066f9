"""Which rows of a stack serve the resources of a target template, and which of them need not even be looked at.

Pure. Called once when an operation that converges begins, inside the transaction that begins it: what is decided here
is stored as each row's role (``firebrick.plan``) and stays until the operation ends.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from firebrick.contract import Action, Status
from firebrick.graph import Graph
from firebrick.plan import Role

_sorted_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode
_SETTLED_ACTIONS = ("CREATE", "UPDATE", "ROLLBACK", "RESUME", "SNAPSHOT", "ADOPT", "CHECK")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row as the choice sees it. template_id: the target that it was last brought to. input_hash: of what it was made
    from; revision: counts the changes of what dependants see of it. updated_at: seconds since the epoch. drift: why it
    is known to differ from its template, or "". interrupted: its create or update was in progress when an operation
    ended; unmade: and that was a create which has surely made nothing.
    """

    id: int
    name: str
    action: str
    status: str
    template_id: str = ""
    replaced_by: int | None = None
    updated_at: float = 0.0
    input_hash: str = ""
    revision: int = 0
    drift: str = ""
    interrupted: bool = False
    unmade: bool = False

    @property
    def never_begun(self) -> bool:
        return self.action == "INIT"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource of the target. requires: names. base: hash of all that its inputs are but the requirements' values
    (see base_hash). prunable: false for what must be looked at in each operation (hooks, nested stacks, references to
    attributes that change by themselves)."""

    name: str
    requires: tuple[str, ...]
    base: str
    prunable: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """roles: by row id, of the rows that are there. serving: name -> row id of the row that serves it; a name that is
    missing needs a new row. never_made: rows that nothing was ever done for and that the target has no use for."""

    roles: Mapping[int, Role]
    serving: Mapping[str, int]
    never_made: tuple[int, ...]


_MANY = 8  # requirements; to write these is most of the work, and resources of one layer share them
_PLACE = "\0requires\0"
_PLACE_JSON = _sorted_json(_PLACE)


def base_hash(definition: Mapping[str, Any], implementation: str, fingerprint: str) -> str:
    """Of a frozen definition and of the type that serves it; fingerprint: of that type's schema."""
    required = definition.get("requires", ())
    around: list[str] = []
    if len(required) >= _MANY:
        around = _sorted_json([{**definition, "requires": _PLACE}, implementation, fingerprint]).split(_PLACE_JSON)
    if len(around) == 2:  # more where a value has the very text of the place
        text = _names_json(tuple(required)).join(around)
    else:
        text = _sorted_json([definition, implementation, fingerprint])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=64)
def _names_json(names: tuple[str, ...]) -> str:
    return _sorted_json(names)


def input_hash(base: str, requirements: Sequence[tuple[str, int, int]]) -> str:
    """Of everything a resource is made from. requirements: (name, row id, revision) of each resource it requires.

    Equal hashes mean equal resolved properties and metadata: what is static is in the frozen definition, and what is
    not comes from rows whose visible values have not changed since (their revision would have).
    """
    text = f"[{_sorted_json(base)},{_requirements_json(tuple(sorted(requirements)))}]"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=64)
def _requirements_json(requirements: tuple[tuple[str, int, int], ...]) -> str:
    """Shared by the resources of a layer, as above."""
    return _sorted_json(requirements)


def score(row: Candidate, target: str, previous: str) -> tuple[int, float, int]:
    """How well a row serves a resource of its name; the greatest is chosen. Heat's points: so that going back to a
    template takes the originals back, and a failed or half-deleted row is the last resort."""
    points = 0
    if row.status == Status.FAILED and not row.interrupted:
        points -= 30
    if row.action == Action.DELETE:
        points -= 50
    if row.replaced_by is not None:
        points -= 1
    if row.template_id and row.template_id == target:
        points += 10
    elif row.template_id and row.template_id == previous:
        points += 5
    return (points, row.updated_at, row.id)


def select_rows(
    rows: Sequence[Candidate],
    wanted: Sequence[Wanted],
    *,
    target: str,
    previous: str,
    look_at_all: bool = False,
) -> Selection:
    """Choose a row for each resource, and a role for each row.

    target, previous: ids of the template to bring the stack to and of the one before. look_at_all: prune and skip
    nothing (the request's `converge`). Raises CycleFound when the target's requirements have no order.
    """
    living = [row for row in rows if (row.action, row.status) != (Action.DELETE, Status.COMPLETE)]
    by_name: dict[str, list[Candidate]] = {}
    for row in living:
        by_name.setdefault(row.name, []).append(row)
    best = {
        one.name: max(by_name[one.name], key=lambda row: score(row, target, previous))
        for one in wanted
        if one.name in by_name
    }
    roles: dict[int, Role] = {}
    for one in _in_order(wanted):
        if one.name in best:
            roles[best[one.name].id] = _role(one, best[one.name], best, roles, look_at_all)
    serving = {name: row.id for name, row in best.items()}
    chosen = frozenset(serving.values())
    unused = [row for row in living if row.id not in chosen]
    roles |= {row.id: Role.REMOVED for row in unused if not row.never_begun}
    return Selection(roles, serving, tuple(row.id for row in unused if row.never_begun))


def _in_order(wanted: Sequence[Wanted]) -> list[Wanted]:
    places = {one.name: place for place, one in enumerate(wanted)}
    order = Graph({places[one.name]: [places[name] for name in one.requires] for one in wanted}).order()
    return [wanted[place] for place in order]


def _role(
    one: Wanted, row: Candidate, best: Mapping[str, Candidate], roles: Mapping[int, Role], look_at_all: bool
) -> Role:
    if row.never_begun or (row.interrupted and row.unmade):
        return Role.FRESH
    settled = row.status == Status.COMPLETE and row.action in _SETTLED_ACTIONS and not row.drift
    if look_at_all or not one.prunable or not settled or row.replaced_by is not None:
        return Role.CONVERGE
    required = [best.get(name) for name in one.requires]
    if any(other is None for other in required):
        return Role.CONVERGE
    known = [(other.name, other.id, other.revision) for other in required if other is not None]
    if not row.input_hash or row.input_hash != input_hash(one.base, known):
        return Role.CONVERGE
    pruned = all(roles[other.id] is Role.NONE for other in required if other is not None)
    return Role.NONE if pruned else Role.SKIPPABLE
