"""Constraints of parameters: reading them from a template, and checking values.

A constraint's ``problem(value)`` is a :class:`Breach` or None. A breach has two texts, Heat's with the value in it and
one without, for hidden parameters.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from firebrick.template.custom_constraints import CHECKS, needs_cloud
from firebrick.template.patterns import Patience, TooSlow, check_pattern, matches_whole
from firebrick.template.problems import Path, Problems, kind_of, shorten

Number = int | float


@dataclass(frozen=True, slots=True)
class Breach:
    """shown: Heat's text. hidden: the same without the value."""

    shown: str
    hidden: str


class Constraint(Protocol):
    """One constraint. fits: the parameter types it is for."""

    name: ClassVar[str]
    fits: ClassVar[frozenset[str]]

    def problem(self, value: Any) -> Breach | None: ...


_LENGTHY = frozenset({"string", "comma_delimited_list", "json"})
_NUMBER = frozenset({"number"})


def _bounds(least: Number | None, most: Number | None) -> str:
    return f"is out of range (min: {least}, max: {most})"


@dataclass(frozen=True, slots=True)
class Length:
    """Characters, items or keys; bounds inclusive, None is no bound."""

    name: ClassVar[str] = "Length"
    fits: ClassVar[frozenset[str]] = _LENGTHY
    least: Number | None
    most: Number | None

    def problem(self, value: Any) -> Breach | None:
        size = len(value) if isinstance(value, str | list | dict) else 0
        if (self.least is None or size >= self.least) and (self.most is None or size <= self.most):
            return None
        bounds = _bounds(self.least, self.most)
        return Breach(f"length ({size}) {bounds}", f"its length {bounds}")


@dataclass(frozen=True, slots=True)
class Range:
    """A number between bounds, both inclusive."""

    name: ClassVar[str] = "Range"
    fits: ClassVar[frozenset[str]] = _NUMBER
    least: Number | None
    most: Number | None

    def problem(self, value: Any) -> Breach | None:
        if (self.least is None or value >= self.least) and (self.most is None or value <= self.most):
            return None
        bounds = _bounds(self.least, self.most)
        return Breach(f"{shorten(value)} {bounds}", f"it {bounds}")


@dataclass(frozen=True, slots=True)
class Modulo:
    """A number that leaves `offset` when divided by `step`."""

    name: ClassVar[str] = "Modulo"
    fits: ClassVar[frozenset[str]] = _NUMBER
    step: int
    offset: int

    def problem(self, value: Any) -> Breach | None:
        if value % self.step == self.offset:
            return None
        text = f"is not a multiple of {self.step} with an offset of {self.offset}"
        return Breach(f"{shorten(value)} {text}", f"it {text}")


@dataclass(frozen=True, slots=True)
class AllowedValues:
    """One of these; of a list every item must be."""

    name: ClassVar[str] = "AllowedValues"
    fits: ClassVar[frozenset[str]] = frozenset({"string", "number", "boolean", "comma_delimited_list"})
    allowed: tuple[Any, ...]

    def problem(self, value: Any) -> Breach | None:
        if all(item in self.allowed for item in value) if isinstance(value, list) else value in self.allowed:
            return None
        listed = shorten(json.dumps(list(self.allowed)), 400)
        given = json.dumps(value) if isinstance(value, list) else value
        return Breach(f'"{shorten(given)}" is not an allowed value {listed}', f"it is not an allowed value {listed}")


@dataclass(frozen=True, slots=True)
class AllowedPattern:
    """Text that the pattern matches as a whole."""

    name: ClassVar[str] = "AllowedPattern"
    fits: ClassVar[frozenset[str]] = frozenset({"string"})
    pattern: str
    patience: Patience

    def problem(self, value: Any) -> Breach | None:
        pattern = shorten(self.pattern, 400)
        try:
            if matches_whole(self.pattern, str(value), self.patience):
                return None
        except TooSlow:
            text = f'takes too long to compare with pattern "{pattern}"'
            return Breach(f'"{shorten(value)}" {text}', f"it {text}")
        return Breach(
            f'"{shorten(value)}" does not match pattern "{pattern}"', f'it does not match pattern "{pattern}"'
        )


@dataclass(frozen=True, slots=True)
class Custom:
    """A check with a name. Those that need a cloud are taken on trust (see CloudCheck); a name that nobody knows is
    refused."""

    name: ClassVar[str] = "CustomConstraint"
    fits: ClassVar[frozenset[str]] = frozenset({"string", "number", "boolean", "comma_delimited_list"})
    constraint: str

    def problem(self, value: Any) -> Breach | None:
        check = CHECKS.get(self.constraint)
        if check is None:
            if needs_cloud(self.constraint):
                return None
            text = f"does not validate {shorten(self.constraint)} (constraint not found)"
            return Breach(f'"{shorten(value)}" {text}', f"it {text}")
        for item in value if isinstance(value, list) else [value]:
            wrong = check(str(item))
            if wrong is not None:
                return self.breach(item, wrong)
        return None

    def breach(self, value: Any, reason: str) -> Breach:
        """reason: "" for none."""
        shown = f"Error validating value '{shorten(value)}'"
        return Breach(f"{shown}: {shorten(reason, 400)}" if reason else shown, f"it is no {shorten(self.constraint)}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint and the words its author wants instead of its message ("" for none)."""

    constraint: Constraint
    description: str = ""

    def problem(self, value: Any) -> Breach | None:
        breach = self.constraint.problem(value)
        if breach is None or not self.description:
            return breach
        return Breach(self.description, self.description)


class _Wrong(Exception):
    def __init__(self, summary: str, path: Path = ()) -> None:
        self.summary = summary
        self.path = path
        super().__init__(summary)


def _number(body: Mapping[str, Any], key: str) -> Number | None:
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        try:
            return int(value) if len(value) < 300 else float(value)
        except ValueError:
            pass
        try:
            return float(value)
        except ValueError:
            pass
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _Wrong(f"{key} must be a number", (key,))


def _map_of(body: Any, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise _Wrong(f"this must be a map with {' and '.join(keys)}, and is {kind_of(body)}")
    for key in body:
        if key not in keys:
            raise _Wrong(f"{shorten(key)} is no part of this constraint; there are {' and '.join(keys)}", (key,))
    if all(body.get(key) is None for key in keys):
        raise _Wrong(f"this needs at least one of {', '.join(keys)}")
    return body


def _length(body: Any, convert: Callable[[Any], Any], patience: Patience) -> Constraint:
    bounds = _map_of(body, ["min", "max"])
    return Length(_number(bounds, "min"), _number(bounds, "max"))


def _range(body: Any, convert: Callable[[Any], Any], patience: Patience) -> Constraint:
    bounds = _map_of(body, ["min", "max"])
    return Range(_number(bounds, "min"), _number(bounds, "max"))


def _modulo(body: Any, convert: Callable[[Any], Any], patience: Patience) -> Constraint:
    parts = _map_of(body, ["step", "offset"])
    step, offset = _number(parts, "step"), _number(parts, "offset")
    if step is None or offset is None:
        raise _Wrong("modulo needs both step and offset")
    if isinstance(step, float) or isinstance(offset, float):
        raise _Wrong("step and offset must be whole numbers")
    if step == 0:
        raise _Wrong("step cannot be 0.", ("step",))
    if abs(offset) >= abs(step):
        raise _Wrong("offset must be smaller (by absolute value) than step.", ("offset",))
    if offset and (offset < 0) != (step < 0):
        raise _Wrong("step and offset must be both positive or both negative.", ("offset",))
    return Modulo(step, offset)


def _allowed_values(body: Any, convert: Callable[[Any], Any], patience: Patience) -> Constraint:
    if not isinstance(body, list):
        raise _Wrong(f"allowed_values must be a list, and is {kind_of(body)}")
    allowed = []
    for index, item in enumerate(body):
        try:
            allowed.append(convert(item))
        except ValueError as error:
            raise _Wrong(f"{shorten(item)} is not of the parameter's type: {error}", (index,)) from None
    return AllowedValues(tuple(allowed))


def _allowed_pattern(body: Any, convert: Callable[[Any], Any], patience: Patience) -> Constraint:
    if not isinstance(body, str):
        raise _Wrong(f"allowed_pattern must be text, and is {kind_of(body)}")
    wrong = check_pattern(body)
    if wrong:
        raise _Wrong(f"this is no regular expression: {wrong}")
    return AllowedPattern(body, patience)


def _custom(body: Any, convert: Callable[[Any], Any], patience: Patience) -> Constraint:
    if not isinstance(body, str):
        raise _Wrong(f"custom_constraint must be a name, and is {kind_of(body)}")
    return Custom(body)


_READERS: Mapping[str, Callable[[Any, Callable[[Any], Any], Patience], Constraint]] = {
    "length": _length,
    "range": _range,
    "modulo": _modulo,
    "allowed_values": _allowed_values,
    "allowed_pattern": _allowed_pattern,
    "custom_constraint": _custom,
}


def read_constraints(
    raw: Any,
    *,
    kind: str,
    convert: Callable[[Any], Any],
    modulo: bool,
    problems: Problems,
    path: Path,
    patience: Patience,
) -> tuple[Rule, ...]:
    """The rules of one parameter of type `kind`; convert makes a value (of allowed_values) one of that type."""

    def wrong(summary: str, where: Path, heat: str = "", detail: str = "") -> None:
        problems.add("bad-constraint", summary, where, detail=detail, heat=heat, heat_type="InvalidSchemaError")

    if raw is None:
        return ()
    if not isinstance(raw, list):
        wrong(
            f"constraints must be a list, and is {kind_of(raw)}",
            path,
            f"Invalid parameter constraints for parameter {shorten(path[1])}, expected a list",
        )
        return ()
    known = [name for name in _READERS if name != "modulo" or modulo]
    rules = []
    for index, body in enumerate(raw):
        here = (*path, index)
        if not isinstance(body, dict):
            wrong(
                f"a constraint must be a map, and is {kind_of(body)}",
                here,
                "Invalid parameter constraints, expected a mapping",
            )
            continue
        names = [key for key in body if key != "description"]
        if not names:
            wrong("no constraint is given here", here, "No constraint expressed", f"There are: {', '.join(known)}.")
            continue
        description = body.get("description")
        if len(names) > 1:
            wrong("there are several constraints in one item", here, detail="Give each an item (a dash) of its own.")
            continue
        name = names[0]
        if name not in known:
            detail = problems.suggest(name, known, f"There are: {', '.join(known)}.")
            wrong(
                f"there is no constraint {shorten(name)}",
                (*here, name),
                f"Invalid key '{shorten(name)}' for parameter constraints",
                detail,
            )
            continue
        try:
            constraint = _READERS[name](body[name], convert, patience)
        except _Wrong as error:
            wrong(error.summary, (*here, name, *error.path))
            continue
        if kind not in constraint.fits:
            text = f"{constraint.name} constraint invalid for {kind}"
            wrong(f"{name} is not for parameters of type {kind}", (*here, name), text)
            continue
        rules.append(Rule(constraint, str(description) if description is not None else ""))
    return tuple(rules)


CFN_CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "MinLength": ("length", "min"),
    "MaxLength": ("length", "max"),
    "MinValue": ("range", "min"),
    "MaxValue": ("range", "max"),
    "AllowedValues": ("allowed_values", ""),
    "AllowedPattern": ("allowed_pattern", ""),
}
"""Keys of a CloudFormation parameter -> our constraint, and which bound of it."""


def read_cfn_constraints(
    body: Mapping[str, Any],
    *,
    kind: str,
    convert: Callable[[Any], Any],
    problems: Problems,
    path: Path,
    patience: Patience,
) -> tuple[Rule, ...]:
    """The rules of one parameter of a CloudFormation template, which stand beside its type."""
    found: dict[str, tuple[str, Any]] = {}
    for key, (name, bound) in CFN_CONSTRAINTS.items():
        if body.get(key) is None:
            continue
        if bound:
            found.setdefault(name, (key, {}))[1][bound] = body[key]
        else:
            found[name] = (key, body[key])
    description = body.get("ConstraintDescription")
    rules = []
    for name, (key, raw) in found.items():
        try:
            constraint = _READERS[name](raw, convert, patience)
        except _Wrong as error:
            problems.add("bad-constraint", error.summary, (*path, key), heat_type="InvalidSchemaError")
            continue
        if kind not in constraint.fits:
            text = f"{constraint.name} constraint invalid for {kind}"
            summary = f"{key} is not for parameters of type {kind}"
            problems.add("bad-constraint", summary, (*path, key), heat=text, heat_type="InvalidSchemaError")
            continue
        rules.append(Rule(constraint, str(description) if description is not None else ""))
    return tuple(rules)
