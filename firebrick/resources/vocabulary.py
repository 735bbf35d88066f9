"""The words in which a type's author says what a property may be; they stand in ``Annotated``::

    class Properties(ResourceProperties):
        length: Annotated[int, Range(1, 512), Field(description="Characters.")] = 32
        name: Annotated[str, Pattern("[a-z]+"), UPDATABLE]              # required: it has no default
        size: Annotated[Number | None, Range(0), UPDATABLE] = None      # optional, no default
        rules: list[Rule] | None = None                                 # Rule: another ResourceProperties
        extra: dict[str, Any] | None = None

Without UPDATABLE a change replaces the resource; with IMMUTABLE it is refused; HIDDEN ones are in no list of a type's
properties; SECRET ones are, but nobody is shown their values. WRITE_ONLY ones are not compared with the live object,
whose API does not show them, or shows them in another form than they were given. A property whose name is a word of
Python has an alias: ``class_: Annotated[str, Field(alias="class")]``. Pydantic's own
``Field(ge=, le=, min_length=, max_length=)`` and ``Literal`` mean the same as Range, Length and OneOf; whatever else
pydantic checks is checked last, in its words.

A constraint's ``problem(value)`` is Heat's text, or None; ``shown()`` is its form in the REST API.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from firebrick.resources.kinds import shown

Number = int | float
"""Annotation of a property that is a number and keeps its form: 5 stays 5, 5.0 stays 5.0."""


class Marker(Enum):
    UPDATABLE = "update_allowed"
    IMMUTABLE = "immutable"
    HIDDEN = "hidden"
    SECRET = "secret"
    WRITE_ONLY = "write_only"


UPDATABLE = Marker.UPDATABLE
IMMUTABLE = Marker.IMMUTABLE
HIDDEN = Marker.HIDDEN
SECRET = Marker.SECRET
WRITE_ONLY = Marker.WRITE_ONLY


class Constraint(Protocol):
    def problem(self, value: Any) -> str | None: ...

    def shown(self) -> dict[str, Any]: ...


def _bounds(least: Number | None, most: Number | None) -> dict[str, Any]:
    return {key: bound for key, bound in (("min", least), ("max", most)) if bound is not None}


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two bounds, both inclusive; None is no bound."""

    min: Number | None = None
    max: Number | None = None

    def problem(self, value: Any) -> str | None:
        if (self.min is None or value >= self.min) and (self.max is None or value <= self.max):
            return None
        return f"{shown(value)} is out of range (min: {self.min}, max: {self.max})"

    def shown(self) -> dict[str, Any]:
        return {"range": _bounds(self.min, self.max)}


@dataclass(frozen=True, slots=True)
class Length:
    """How many characters, items or keys; both bounds inclusive."""

    min: int | None = None
    max: int | None = None

    def problem(self, value: Any) -> str | None:
        length = len(value)
        if (self.min is None or length >= self.min) and (self.max is None or length <= self.max):
            return None
        return f"length ({length}) is out of range (min: {self.min}, max: {self.max})"

    def shown(self) -> dict[str, Any]:
        return {"length": _bounds(self.min, self.max)}


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of these values; of a list, every item must be."""

    allowed: tuple[Any, ...]

    def __init__(self, *allowed: Any) -> None:
        object.__setattr__(self, "allowed", allowed)

    def problem(self, value: Any) -> str | None:
        if all(item in self.allowed for item in value) if isinstance(value, list) else value in self.allowed:
            return None
        return f'"{shown(value)}" is not an allowed value {json.dumps(self.allowed, default=str)}'

    def shown(self) -> dict[str, Any]:
        return {"allowed_values": list(self.allowed)}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text that the expression matches as a whole."""

    expression: str

    def problem(self, value: Any) -> str | None:
        if re.fullmatch(self.expression, value):
            return None
        return f'"{shown(value)}" does not match pattern "{self.expression}"'

    def shown(self) -> dict[str, Any]:
        return {"allowed_pattern": self.expression}


@dataclass(frozen=True, slots=True)
class Modulo:
    """A number that leaves `offset` when divided by `step`."""

    step: Number
    offset: Number = 0

    def problem(self, value: Any) -> str | None:
        if value % self.step == self.offset:
            return None
        return f"{shown(value)} is not a multiple of {self.step} with an offset of {self.offset}"

    def shown(self) -> dict[str, Any]:
        return {"modulo": {"step": self.step, "offset": self.offset}}


@dataclass(frozen=True, slots=True)
class Custom:
    """A check with a name, for what no other word says. check raises ValueError; it must not block."""

    name: str
    check: Callable[[Any], None] = field(default=lambda value: None, compare=False)

    def problem(self, value: Any) -> str | None:
        try:
            self.check(value)
        except ValueError as error:
            return f"Error validating value '{shown(value)}': {error}"
        return None

    def shown(self) -> dict[str, Any]:
        return {"custom_constraint": self.name}


@dataclass(frozen=True, slots=True)
class Rule:
    """What several properties together must be.

    needs: names of the properties it reads; it is not asked while one of them is unknown or wrong in itself.
    apply: takes the given values (converted, nulls and properties not given absent), raises ValueError with a text
    for people (``{resource}`` in it becomes the resource's name; values may be secret and do not belong into it), and
    may return values to use instead of those given.
    at: the property a problem is shown at; "" is the resource as a whole.
    """

    needs: Sequence[str]
    apply: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
    at: str = ""
