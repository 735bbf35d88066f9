"""What an update must do to one resource: nothing, change it in place, or replace it; and because of which property.

Asks nobody. Called by the step that converges a resource, with all values known, and by plans, where a value may be
`unknown` until something else was applied: both put the same questions in the same order, Heat's (the life cycle of a
resource's update).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from firebrick.resources.schema import NOTHING, TypeSchema, is_known


class Effect(StrEnum):
    """What a changed property asks for. REFUSED: it is immutable."""

    UPDATE = "update"
    REPLACE = "replace"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """name: as templates have it. before, after: values with the type's defaults, None where there is none; after may
    have the unknown sentinel in it. hidden: the values are not to be shown."""

    name: str
    before: Any
    after: Any
    effect: Effect
    hidden: bool = False


def compare(
    schema: TypeSchema, before: Mapping[str, Any], after: Mapping[str, Any], *, unknown: object = NOTHING
) -> list[PropertyChange]:
    """The properties that differ, in the schema's order. before, after: resolved properties as templates give them;
    both are read by the type's rules first, so that "5" and 5 are equal where a number is meant."""
    if schema.implementation.any_property:
        return []
    old, new = schema.converted(before, unknown), schema.converted(after, unknown)
    changes = []
    for name, one in schema.properties.items():
        first, second = old.get(name), new.get(name)
        if first == second and is_known(second, unknown):
            continue
        effect = Effect.REFUSED if one.immutable else Effect.UPDATE if one.update_allowed else Effect.REPLACE
        changes.append(PropertyChange(name, first, second, effect, one.hidden))
    return changes


def names_of(changes: Sequence[PropertyChange], effect: Effect) -> list[str]:
    return [one.name for one in changes if one.effect is effect]


class Verdict(StrEnum):
    """What is to be done to a row. REFUSE: nobody can do what is asked; the resource fails."""

    LEAVE = "leave"
    UPDATE = "update"
    REPLACE = "replace"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """because: why, in words, where it is not for a property. names: the properties that force a REPLACE, or that are
    refused."""

    verdict: Verdict
    because: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A row as it stands before the update. implementation: the type that serves it. definition: its frozen one.
    going_on: its create or update was interrupted, and is finished before it is changed."""

    action: str
    status: str
    implementation: str
    definition: Mapping[str, Any]
    drift: str = ""
    physical_id: str | None = None
    create_unsettled: bool = False
    going_on: bool = False

    @property
    def incomplete(self) -> bool:
        """Whether it has failed, so that it may have to be replaced."""
        return self.status != "COMPLETE" and not self.going_on

    @property
    def nobody_to_ask(self) -> bool:
        """Whether an incomplete one has failed for good, without its type being asked."""
        return self.physical_id is None or self.create_unsettled or self.action == "CHECK"


def outright(row: Standing, implementation: str) -> Decision | None:
    """The questions for which no property need be known: another row must take this one's place; None: see decide."""
    if implementation != row.implementation:
        return Decision(Verdict.REPLACE, "its type changes")
    if row.action in ("DELETE", "INIT"):
        return Decision(Verdict.REPLACE, "it is being deleted")
    return None


def decide(
    row: Standing,
    definition: Mapping[str, Any],
    changes: Sequence[PropertyChange],
    *,
    failed: bool,
    forces: Callable[[], bool],
    gone: bool = False,
) -> Decision:
    """After `outright`. definition: the wanted one, frozen. failed: an incomplete row cannot be updated in place. gone:
    somebody looked, and its object is not there any more. forces: whether the type asks for another object, although
    all that differs may be changed in place."""
    if gone:
        return Decision(Verdict.REPLACE, "its object is gone")
    if row.incomplete and failed:
        return Decision(Verdict.REPLACE, "it has failed")
    if forced := names_of(changes, Effect.REPLACE):
        return Decision(Verdict.REPLACE, names=tuple(forced))
    if changes and forces():
        return Decision(Verdict.REPLACE, "its type says so")
    if refused := names_of(changes, Effect.REFUSED):
        return Decision(Verdict.REFUSE, names=tuple(refused))
    if changes:
        return Decision(Verdict.UPDATE)
    if row.drift:
        return Decision(Verdict.UPDATE, "it is known to differ from its template")
    if row.action != "CREATE" and (row.status == "FAILED" or row.going_on):
        return Decision(Verdict.UPDATE, "nobody knows how far its last update came")
    if differing := differing_rest(row.definition, definition):
        return Decision(Verdict.UPDATE, f"its {' and '.join(differing)} changed")
    return Decision(Verdict.LEAVE)


def differing_rest(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What definitions differ in, beside their properties, that an update tells of."""
    return [name for name in ("metadata", "deletion_policy", "update_policy") if before.get(name) != after.get(name)]
