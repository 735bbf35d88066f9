"""The fake cloud of a life: objects that live or not, the faults its calls meet, and an account of each effect.

It checks what must be true whatever the engine does: a key makes one object at most, an object is deleted once at most,
nothing is asked of an object that is gone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.model.update_history import Fault, Kind, Verb
from tests.model.world import demand

STALLED = 2  # polls that say "not yet"


@dataclass
class Thing:
    """wrong: the next poll says ERROR though it is well. excused: nobody can know of it (a blind create's answer was
    lost), or it was retained."""

    id: str
    key: str
    row: int
    name: str
    kind: Kind
    properties: Mapping[str, Any]
    broken: bool = False
    wrong: bool = False
    busy: int = 0
    alive: bool = True
    excused: bool = False


class CallFailed(Exception):
    """error_class as in firebrick.resources.errors. lost: it may have taken effect."""

    def __init__(self, error_class: str, *, lost: bool = False) -> None:
        super().__init__(error_class)
        self.error_class = error_class
        self.lost = lost


class MustReplace(Exception):
    """The provider cannot change it in place."""


@dataclass
class Provider:
    faults: Sequence[Fault]
    things: dict[str, Thing] = field(default_factory=dict)
    calls: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    met: "Counter[str]" = field(default_factory=Counter)
    effects: "Counter[tuple[str, str]]" = field(default_factory=Counter)  # (what, thing)

    def fault(self, name: str, verb: Verb) -> str:
        """What this call meets; "" nothing. Counts the call."""
        number = self.calls[name, verb]
        self.calls[name, verb] += 1
        for one in self.faults:
            if (one.name, one.verb, one.nth) == (name, verb, number):
                self.met[one.what] += 1
                return one.what
        return ""

    def create(self, key: str, row: int, name: str, kind: Kind, properties: Mapping[str, Any], fault: str) -> Thing:
        same = [one for one in self.things.values() if one.key == key]
        if same and kind == "token":
            return same[0]
        demand(not same, f"{name}: {key} makes a second object")
        mine = [one for one in self.things.values() if one.row == row]
        demand(not mine, f"row {row} of {name} gets a second object")
        thing = Thing(f"thing{len(self.things) + 1}", key, row, name, kind, properties)
        thing.broken, thing.wrong = fault == "error", fault == "wrong"
        thing.busy = STALLED if fault == "stalled" else 0
        self.things[thing.id] = thing
        self.effects["created", thing.id] += 1
        return thing

    def find(self, key: str) -> Thing | None:
        return next((one for one in self.things.values() if one.key == key and one.alive), None)

    def update(self, id_: str, properties: Mapping[str, Any], fault: str) -> Thing:
        thing = self.things[id_]
        demand(thing.alive, f"{thing.name}: {id_} is updated after its end")
        thing.properties = properties
        thing.wrong, thing.busy = fault == "wrong", STALLED if fault == "stalled" else 0
        return thing

    def delete(self, id_: str, fault: str) -> Thing:
        thing = self.things[id_]
        if thing.alive:
            self.effects["deleted", id_] += 1
        thing.alive = False
        thing.busy = STALLED if fault == "stalled" else 0
        return thing

    def poll(self, id_: str) -> str:
        """ "busy", "error" or "well"."""
        thing = self.things[id_]
        if thing.busy:
            thing.busy -= 1
            return "busy"
        if thing.wrong:
            thing.wrong = False
            return "error"
        return "error" if thing.broken else "well"

    def failed_for_good(self, id_: str | None) -> bool:
        """What a type says when it is asked whether a FAILED resource must be replaced."""
        return id_ is None or not self.things[id_].alive or self.things[id_].broken
