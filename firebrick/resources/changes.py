"""What an update must do to one resource: nothing, change it in place, or replace it; and because of which property.

Asks nobody. Called by the step that converges a resource, with all values known, and by plans, where a value may be
`unknown` until something else was applied.
"""

from collections.abc import Mapping, Sequence
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
