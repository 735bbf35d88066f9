"""What a random life of a stack is made of: templates, what is asked for one after the other, what disturbs it, and
what its provider does wrong.

A life is drawn from a buffer of bytes (hypothesis gives it, and shrinks it; a soak takes it from a seeded generator):
where the buffer has ended every choice is its first and simplest. Drawing each choice by itself would cost more than
living the life.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from firebrick.contract import Action

T = TypeVar("T")

# How a resource uses another one: only after it; its text or its id in what can be changed in place; its id in what
# cannot.
How = Literal["after", "out", "ref", "fixed"]
# found: an object can be found by its key; token: a repeated create gives the same; blind: neither; instant: no object.
Kind = Literal["found", "token", "blind", "instant"]
Verb = Literal["create", "update", "delete"]
Disturbance = Literal[
    "cancel with rollback", "cancel without", "deadline", "takeover by update", "takeover by delete", "kill"
]
DISTURBANCES: tuple[Disturbance, ...] = (
    "cancel with rollback",
    "cancel without",
    "deadline",
    "takeover by update",
    "takeover by delete",
    "kill",
)
PHASES = ("create", "update", "clean-up", "rollback", "delete")

NAMES = "abcdefghijkl"
FAULTS: dict[Verb, tuple[str, ...]] = {
    "create": ("refused", "error", "wrong", "lost", "dropped", "throttled", "stalled", "late"),
    "update": ("refused", "replace", "wrong", "lost", "dropped", "throttled", "stalled", "late"),
    "delete": ("refused", "lost", "dropped", "throttled", "stalled", "late"),
}


@dataclass(frozen=True)
class Resource:
    """value: may be changed in place; fixed: not. shows: dependants see its value. nested: reserved for stacks in
    stacks, which do not exist yet."""

    name: str
    kind: Kind = "found"
    value: int = 0
    fixed: int = 0
    shows: bool = True
    requires: tuple[tuple[str, How], ...] = ()

    def definition(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "fixed": self.fixed,
            "shows": self.shows,
            "requires": [list(one) for one in self.requires],
        }


Template = tuple[Resource, ...]


@dataclass(frozen=True)
class Disturbed:
    """what happens when so many things have happened in the operation. variant: which sort of kill, or what comes."""

    what: Disturbance
    after: int
    variant: int = 0


@dataclass(frozen=True)
class Ask:
    """One request, made when nothing runs. template: of an UPDATE; None goes on with the present one. A request that
    the store refuses in the stack's state is refused, and nothing happens."""

    action: Action
    template: int | None = 0
    on_failure: Literal["keep", "rollback", "delete"] = "keep"
    roll_back_to: Literal["previous", "complete"] = "previous"
    independent: bool = False
    converge: bool = False
    retain: tuple[str, ...] = ()
    disturbed: tuple[Disturbed, ...] = ()


@dataclass(frozen=True)
class Fault:
    """The nth call (from 0) that does this to a resource of this name meets it."""

    name: str
    verb: Verb
    what: str
    nth: int = 0


@dataclass(frozen=True)
class Life:
    """templates[0] is the create's. pace: seconds that each call to a name's objects takes, by the name's place."""

    templates: tuple[Template, ...]
    asks: tuple[Ask, ...]
    faults: tuple[Fault, ...] = ()
    window: int = 50
    max_parked: int = 1500
    batch_limit: int = 50
    page: int = 500_000
    pace: tuple[int, ...] = (1,)


class Dice:
    """Choices from a buffer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, bound: int) -> int:
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1] % bound

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def one_in(self, count: int) -> bool:
        return self.below(count) == count - 1


BYTES = 320  # of a long life


def life(data: bytes) -> Life:
    dice = Dice(data)
    size = 3 + dice.below(10)
    templates = [_first(dice, size)]
    for _ in range(1 + dice.below(3)):
        templates.append(_changed(dice, templates[dice.below(len(templates))]))
    faults = tuple(_fault(dice, size) for _ in range(dice.pick((2, 0, 3, 5, 8))))
    asks = [_ask(dice, Action.CREATE, len(templates), size)]
    for _ in range(1 + dice.below(4)):
        action = dice.pick((Action.UPDATE, Action.UPDATE, Action.UPDATE, Action.UPDATE, Action.ROLLBACK, Action.DELETE))
        asks.append(_ask(dice, action, len(templates), size))
    return Life(
        templates=tuple(templates),
        asks=tuple(asks),
        faults=faults,
        window=dice.pick((50, 50, 3, 1)),
        max_parked=dice.pick((1500, 1500, 1)),
        batch_limit=dice.pick((50, 2)),
        page=dice.pick((500_000, 300)),
        pace=tuple(1 + dice.below(4) for _ in range(3)),
    )


KINDS: tuple[Kind, ...] = ("found", "found", "token", "instant", "found", "blind")


def _first(dice: Dice, size: int) -> Template:
    made: list[Resource] = []
    for name in NAMES[:size]:
        made.append(_resource(dice, name, [one.name for one in made]))
    return tuple(made)


def _resource(dice: Dice, name: str, earlier: Sequence[str]) -> Resource:
    kind = dice.pick(KINDS)
    return Resource(name, kind, dice.below(3), dice.below(2), not dice.one_in(4), _requires(dice, earlier))


def _requires(dice: Dice, earlier: Sequence[str]) -> tuple[tuple[str, How], ...]:
    chosen: dict[str, How] = {}
    for _ in range(dice.pick((1, 0, 2, 3)) if earlier else 0):
        chosen[dice.pick(earlier)] = dice.pick(("out", "after", "ref", "fixed", "out"))
    return tuple(chosen.items())


def _changed(dice: Dice, before: Template) -> Template:
    """Some resources changed, some gone, some new; sometimes the requirements of all turned round."""
    if dice.one_in(6):
        order = [one.name for one in reversed(before)]
        turned = {one.name: one for one in before}
        return tuple(
            _replaced(turned[name], requires=_requires(dice, order[:place])) for place, name in enumerate(order)
        )
    after: list[Resource] = []
    for one in before:
        names = [other.name for other in after]
        kept = tuple(need for need in one.requires if need[0] in names)
        change = dice.below(10)
        if change == 9 and len(before) > 1:
            continue
        if change == 8:
            one = _resource(dice, one.name, names)
        elif change == 7:
            one = _replaced(one, fixed=one.fixed + 1, requires=kept)
        elif change in (5, 6):
            one = _replaced(one, value=one.value + 1, requires=kept)
        elif change == 4:
            one = _replaced(one, requires=_requires(dice, names))
        else:
            one = _replaced(one, requires=kept)
        after.append(one)
    free = [name for name in NAMES if name not in {one.name for one in before}]
    if free and (dice.one_in(3) or not after):
        after.append(_resource(dice, free[0], [one.name for one in after]))
    return tuple(after)


def _replaced(one: Resource, **changes: Any) -> Resource:
    return Resource(**{**vars(one), **changes})


def _fault(dice: Dice, size: int) -> Fault:
    verb: Verb = dice.pick(("update", "create", "delete", "create"))
    return Fault(NAMES[dice.below(size)], verb, dice.pick(FAULTS[verb]), dice.pick((0, 0, 1, 2)))


def _ask(dice: Dice, action: Action, templates: int, size: int) -> Ask:
    return Ask(
        action,
        template=None if action is not Action.CREATE and dice.one_in(8) else dice.below(templates),
        on_failure=dice.pick(("keep", "rollback", "rollback", "delete" if action is Action.CREATE else "rollback")),
        roll_back_to=dice.pick(("previous", "previous", "complete")),
        independent=dice.one_in(6),
        converge=dice.one_in(10),
        retain=(NAMES[dice.below(size)],) if action is Action.DELETE and dice.one_in(4) else (),
        disturbed=tuple(
            Disturbed(dice.pick(DISTURBANCES), dice.pick((0, 1, 2, 3, 5, 8, 12, 16, 20, 26)), dice.below(12))
            for _ in range(dice.pick((0, 1, 1, 2)))
        ),
    )
