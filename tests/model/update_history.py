"""What a random life of a stack is made of: templates, what is asked for one after the other, what disturbs it, and
what its provider does wrong.

A life is drawn from a buffer of bytes (hypothesis gives it, and shrinks it; a soak takes it from a seeded generator):
where the buffer has ended every choice is its first and simplest. Drawing each choice by itself would cost more than
living the life.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from firebrick.contract import Action

T = TypeVar("T")

# How a resource uses another one: only after it; its text or its id in what can be changed in place; its id in what
# cannot.
How = Literal["after", "out", "ref", "fixed"]
# found: an object can be found by its key; token: a repeated create gives the same; blind: neither; instant: no object.
# nested: a stack of its own.
Kind = Literal["found", "token", "blind", "instant", "nested"]
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
# What happens to a nested stack by itself.
DISTURBANCES_INSIDE: tuple[Disturbance, ...] = ("kill", "deadline", "cancel without")
HANGS = 3  # the kill that leaves a worker alive
PHASES_INSIDE = ("create", "update", "clean-up", "delete")
PHASES = ("create", "update", "clean-up", "rollback", "delete")

NAMES = "abcdefghijkl"
FAULTS: dict[Verb, tuple[str, ...]] = {
    "create": ("refused", "error", "wrong", "lost", "dropped", "throttled", "stalled", "late"),
    "update": ("refused", "replace", "wrong", "lost", "dropped", "throttled", "stalled", "late"),
    "delete": ("refused", "lost", "dropped", "throttled", "stalled", "late"),
}


@dataclass(frozen=True)
class Resource:
    """value: may be changed in place; fixed: not. shows: dependants see its value.

    inner: of a nested stack, its template; what value and fixed come to is its parameter, which those of its resources
    use that say so (takes). given: the parameter's value, in a template that was accepted with one.
    """

    name: str
    kind: Kind = "found"
    value: int = 0
    fixed: int = 0
    shows: bool = True
    requires: tuple[tuple[str, How], ...] = ()
    inner: "tuple[Resource, ...]" = ()
    takes: bool = False
    given: str = ""

    def definition(self) -> dict[str, Any]:
        """As it is frozen: JSON."""
        frozen: dict[str, Any] = {
            "value": self.value,
            "fixed": self.fixed,
            "shows": self.shows,
            "requires": [list(one) for one in self.requires],
        }
        if self.kind == "nested":
            frozen["inner"] = [{"name": one.name, "kind": one.kind, **one.definition()} for one in self.inner]
        if any(how != "after" for _, how in self.requires):
            frozen["dynamic"] = True
        if self.takes:
            frozen |= {"takes": True, "given": self.given}
        return frozen


Template = tuple[Resource, ...]


def thawed(name: str, kind: Kind, frozen: Mapping[str, Any]) -> Resource:
    """The resource that was frozen so."""
    return Resource(
        name,
        kind,
        frozen["value"],
        frozen["fixed"],
        frozen["shows"],
        tuple((other, how) for other, how in frozen["requires"]),
        tuple(thawed(one["name"], one["kind"], one) for one in frozen.get("inner", ())),
        frozen.get("takes", False),
        frozen.get("given", ""),
    )


def inner_template(frozen: Mapping[str, Any], given: str) -> Template:
    """What a frozen nested stack is to be made from."""
    inner = (thawed(one["name"], one["kind"], one) for one in frozen["inner"])
    return tuple(replace(one, given=given) if one.takes else one for one in inner)


@dataclass(frozen=True)
class Disturbed:
    """what happens when so many things have happened in the operation. variant: which sort of kill, or what comes.
    within: which of the nested stacks that are at work it happens to; 0: the stack itself. during: not before one of
    those is in this phase."""

    what: Disturbance
    after: int
    variant: int = 0
    within: int = 0
    during: str = ""


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
    """templates[0] is the create's. pace: seconds that each call to a name's objects takes, by the name's place.
    losses: each so many-th message between workflows is lost; 0: none."""

    templates: tuple[Template, ...]
    asks: tuple[Ask, ...]
    faults: tuple[Fault, ...] = ()
    window: int = 50
    max_parked: int = 1500
    batch_limit: int = 50
    page: int = 500_000
    pace: tuple[int, ...] = (1,)
    losses: int = 0

    @property
    def nests(self) -> bool:
        return any(one.kind == "nested" for template in self.templates for one in template)


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


BYTES = 480  # of a long life
_OUTER = 320  # of them, without what is nested


def life(data: bytes) -> Life:
    dice = Dice(data[:_OUTER])
    size = 3 + dice.below(10)
    templates = [_first(dice, size)]
    for _ in range(1 + dice.below(3)):
        templates.append(_changed(dice, templates[dice.below(len(templates))]))
    faults = tuple(_fault(dice, size) for _ in range(dice.pick((2, 0, 3, 5, 8))))
    asks = [_ask(dice, Action.CREATE, len(templates), size)]
    for _ in range(1 + dice.below(4)):
        action = dice.pick((Action.UPDATE, Action.UPDATE, Action.UPDATE, Action.UPDATE, Action.ROLLBACK, Action.DELETE))
        asks.append(_ask(dice, action, len(templates), size))
    flat = Life(
        templates=tuple(templates),
        asks=tuple(asks),
        faults=faults,
        window=dice.pick((50, 50, 3, 1)),
        max_parked=dice.pick((1500, 1500, 1)),
        batch_limit=dice.pick((50, 2)),
        page=dice.pick((500_000, 300)),
        pace=tuple(1 + dice.below(4) for _ in range(3)),
    )
    return _nesting(Dice(data[_OUTER:]), flat)


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


# --- stacks in stacks -------------------------------------------------------------------------------------------------


def _nesting(dice: Dice, flat: Life) -> Life:
    """One life in five: up to three of its resources are nested stacks, now and then not in all of its templates."""
    if not dice.one_in(5):
        return flat
    names = sorted({one.name for template in flat.templates for one in template})
    templates = [list(template) for template in flat.templates]
    for name in dict.fromkeys(dice.pick(names) for _ in range(1 + dice.below(3))):
        variants = [_inner(dice, name, deeper=dice.one_in(3))]
        variants.append(_inner_changed(dice, variants[0]))
        for template in templates:
            for place, one in enumerate(template):
                if one.name == name and not dice.one_in(8):
                    template[place] = replace(one, kind="nested", inner=dice.pick(variants), takes=False)
    inner_names = sorted({one for template in templates for one in _names_within(template)})
    faults = [*flat.faults[: dice.pick((1, 3))]]
    for _ in range(dice.pick((0, 1, 2)) if inner_names else 0):
        verb: Verb = dice.pick(("update", "create", "delete", "create"))
        faults.append(Fault(dice.pick(inner_names), verb, dice.pick(FAULTS[verb]), dice.pick((0, 0, 1))))
    asks = [replace(ask, disturbed=_disturbed_within(dice, ask)) for ask in flat.asks]
    return replace(
        flat,
        templates=tuple(tuple(template) for template in templates),
        asks=tuple(asks),
        faults=tuple(faults),
        losses=dice.pick((0, 3, 0, 2)),
    )


def _inner(dice: Dice, prefix: str, *, deeper: bool) -> Template:
    made: list[Resource] = []
    for letter in NAMES[: dice.pick((2, 1, 3))]:
        one = _resource(dice, prefix + letter, [one.name for one in made])
        one = replace(one, takes=not dice.one_in(3))
        if deeper and not dice.one_in(3):
            one = replace(one, kind="nested", inner=_inner(dice, one.name, deeper=False), takes=True)
            deeper = False
        made.append(one)
    return tuple(made)


def _inner_changed(dice: Dice, before: Template) -> Template:
    after = [
        replace(one, value=one.value + dice.below(2), fixed=one.fixed + dice.pick((0, 0, 1)))
        for one in before
        if len(before) == 1 or not dice.one_in(5)
    ]
    names = {one.name for one in after}
    return tuple(replace(one, requires=tuple(need for need in one.requires if need[0] in names)) for one in after)


def _names_within(template: Sequence[Resource]) -> list[str]:
    """Of all resources of nested stacks."""
    return [name for one in template for name in (*(sub.name for sub in one.inner), *_names_within(one.inner))]


def _disturbed_within(dice: Dice, ask: Ask) -> tuple[Disturbed, ...]:
    """What disturbs the stack comes later, since there is more to do; and something happens to what is in it."""
    during = ("", *PHASES_INSIDE, "clean-up")
    outer = [replace(one, after=one.after * dice.pick((1, 2)), during=dice.pick(during)) for one in ask.disturbed]
    what = ("kill", "kill", *DISTURBANCES_INSIDE)
    inner = [
        Disturbed(dice.pick(what), dice.pick((0, 10, 20, 40)), dice.below(12), 1 + dice.below(3), dice.pick(during))
        for _ in range(dice.pick((0, 1, 1, 2)))
    ]
    if dice.one_in(3):  # a worker hangs, and what it was at is stopped before another has taken it up
        after = dice.pick((4, 7, 10, 14, 18, 24))
        outer = [
            Disturbed("kill", after, HANGS),
            Disturbed(dice.pick(DISTURBANCES), after + 1 + dice.below(2), dice.below(12)),
        ]
    return (*outer, *inner)


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
