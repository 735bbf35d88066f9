"""Conditions: the conditions section, and conditions written where they are used.

A condition is a boolean, the name of another, or a function (equals, not, and, or; get_param of a boolean). The named
ones are evaluated once, in the order of their needs, so that a long chain of them costs no depth.
"""

from collections.abc import Mapping
from typing import Any

from firebrick.template.cycles import find_cycles
from firebrick.template.dialect import Dialect
from firebrick.template.evaluation import Evaluation
from firebrick.template.functions import CFN_CONDITION_NAMES, CONDITION_NAMES, LATE_CONDITION_NAMES
from firebrick.template.functions.absent import Absent
from firebrick.template.functions.base import UNKNOWN, VANISHED, Misuse
from firebrick.template.problems import Path, kind_of, named, shorten


def _invalid(summary: str, heat: str, detail: str = "", code: str = "bad-condition", value: Any = None) -> Misuse:
    return Misuse(summary, heat=heat, detail=detail, code=code, value=value)


def _contains_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_contains_unknown, value.values()))
    if isinstance(value, list):
        return any(map(_contains_unknown, value))
    return value is UNKNOWN or value is VANISHED


class Conditions:
    """The named conditions of a template. holds(): whether one, named or written out, holds."""

    def __init__(self, section: Mapping[str, Any], dialect: Dialect) -> None:
        self._section = section
        self._place = dialect.sections.get("conditions", "conditions")
        self._cfn = dialect.cfn
        self._own = CFN_CONDITION_NAMES if dialect.cfn else CONDITION_NAMES
        self._values_names: tuple[str, ...] = ("Ref", "Fn::FindInMap") if dialect.cfn else ("get_param",)
        self._late_names = LATE_CONDITION_NAMES if dialect.late_conditions else ()
        self._known: dict[str, bool | None] = {}
        self._open: set[str] = set()

    def evaluate_all(self, evaluation: Evaluation) -> None:
        """Decide every named condition, used or not, and report what is wrong with them."""
        for name in self._order(evaluation):
            if name not in self._known:
                evaluation.begin(self._place, name)
                self._define(name, evaluation)

    def _define(self, name: str, evaluation: Evaluation) -> None:
        """Decide one of the section."""
        raw = self._section[name]
        if isinstance(raw, bool):
            self._known[name] = raw
            return
        self._open.add(name)
        evaluation.path = [self._place, name]
        held: bool | None = None
        if not isinstance(raw, dict):
            self._not_a_condition(name, raw, evaluation)
        else:
            held = self._guarded(raw, evaluation, (self._place, name))
        self._known.setdefault(name, held)
        self._open.discard(name)

    def known(self) -> dict[str, bool | None]:
        """Every named condition, in the template's order; None: it is reported as wrong."""
        return {name: self._known.get(name) for name in self._section}

    def holds(self, raw: Any, evaluation: Evaluation) -> bool | None:
        """None: it is reported as wrong. Misuse: the name of no condition, or nothing that is one."""
        with evaluation.within_condition():
            return self._holds(raw, evaluation)

    def _holds(self, raw: Any, evaluation: Evaluation) -> bool | None:
        if raw is None or isinstance(raw, bool):
            return raw is not False
        if isinstance(raw, str):
            return self._named(raw, evaluation)
        if isinstance(raw, dict) and len(raw) == 1:
            (name,) = raw
            result = self._function(name, raw[name], evaluation)
            if result is UNKNOWN:
                return None
            if result is None or isinstance(result, bool):
                return result is not False
            if isinstance(result, str):
                return self._named(result, evaluation)
        raise self._no_condition(raw)

    def _named(self, name: str, evaluation: Evaluation) -> bool | None:
        if name not in self._section:
            raise _invalid(
                "there is no condition {}",
                'Invalid condition "{}"',
                evaluation.problems.suggest(name, self._section, f"Declare it in the section {self._place}."),
                "unknown-condition",
                name,
            )
        if name in self._open:
            self._circle([name], evaluation)
            return None
        if name not in self._known:  # its name was computed: the order did not know of it
            path = evaluation.path
            self._define(name, evaluation)
            evaluation.path = path
        return self._known[name]

    def _no_condition(self, raw: Any) -> Misuse:
        return _invalid(
            f"this is no condition: {self._said(raw)}",
            f'Invalid condition "{shorten(raw)}"',
            "A condition is true, false, the name of one, or one of the functions "
            f"{', '.join(self._own)}, {self._values_names[0]} (of a boolean parameter).",
        )

    def _guarded(self, raw: Any, evaluation: Evaluation, path: Path) -> bool | None:
        """Of a definition in the section, which must come to a boolean: no name of another, no null."""
        try:
            with evaluation.within_condition():
                name = next(iter(raw), "")
                result = self._function(name, raw[name], evaluation) if len(raw) == 1 else raw
            if result is UNKNOWN or isinstance(result, bool):
                return None if result is UNKNOWN else result
            raise self._no_condition(raw)
        except Misuse as error:
            evaluation.path = list(path)
            if error.code == "bad-condition" and isinstance(raw, dict) and "this is no condition" in error.summary:
                name = shorten(path[-1])
                error.heat = (
                    f'Condition validation error: The definition of condition "{name}" is invalid: {self._said(raw)}'
                )
                error.with_path = False
            evaluation.misused(error)
            return None

    def use(self, raw: Any, evaluation: Evaluation) -> bool | None:
        """holds() for the `condition` of a resource or output at the evaluation's path; what is wrong is reported."""
        try:
            return self.holds(raw, evaluation)
        except Misuse as error:
            evaluation.misused(error)
            return None

    def _not_a_condition(self, name: str, raw: Any, evaluation: Evaluation) -> None:
        shown = shorten(raw)
        evaluation.problems.add(
            "bad-condition",
            f"the condition {shorten(name)} is {kind_of(raw)}",
            (self._place, name),
            detail="Write true, false (without quotes), or one of the functions " + ", ".join(self._own) + ".",
            heat=f'Condition validation error: The definition of condition "{shorten(name)}" is invalid: {shown}',
        )

    @staticmethod
    def _said(raw: Any) -> str:
        """The shape of a condition as written, without values."""
        if isinstance(raw, dict):
            return "a map with " + ", ".join(shorten(key) for key in list(raw)[:3]) if raw else "an empty map"
        return shorten(raw) if isinstance(raw, str) else kind_of(raw)

    # --- functions of conditions ------------------------------------------------------------------------------------

    def _function(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        """The value of a function inside a condition; UNKNOWN when it is reported as wrong; data when it is none."""
        own = self._own.get(name)
        builder = evaluation.functions.get(name)
        removed = builder is not None and issubclass(builder, Absent)
        if not own and (builder is None or (removed and evaluation.within_if and not self._open)):
            return {name: raw}  # the condition of an `if` may have names of removed functions as data, as in Heat
        evaluation.path.append(name)
        depth = len(evaluation.path)
        try:
            if own:
                return getattr(self, f"_{own}")(name, raw, evaluation)
            if name in self._values_names or name in self._late_names:
                values = self._values(raw, evaluation)
                return UNKNOWN if _contains_unknown(values) else evaluation.functions[name].build(values, evaluation)
            if removed:
                return evaluation.functions[name].build(raw, evaluation)
            raise Misuse(
                f"the function {name} cannot be used in a condition",
                heat=f'The function "{name}" is invalid in this context',
                detail=f"Conditions have {', '.join([*self._own, *self._values_names, *self._late_names])}.",
                code="function-not-here",
            )
        except Misuse as error:
            del evaluation.path[depth:]
            evaluation.misused(error)
            return UNKNOWN
        finally:
            del evaluation.path[depth - 1 :]

    def _values(self, value: Any, evaluation: Evaluation) -> Any:
        """A value inside a condition, its functions computed."""
        if isinstance(value, dict):
            if len(value) == 1:
                (name,) = value
                made = self._function(name, value[name], evaluation)
                if not isinstance(made, dict) or name not in made:
                    return made
            return {key: self._below(key, item, evaluation) for key, item in value.items()}
        if isinstance(value, list):
            return [self._below(index, item, evaluation) for index, item in enumerate(value)]
        return value

    def _below(self, step: str | int, value: Any, evaluation: Evaluation) -> Any:
        if not isinstance(value, dict | list):
            return value
        evaluation.path.append(step)
        made = self._values(value, evaluation)
        evaluation.path.pop()
        return made

    def _equals(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        if not isinstance(raw, list) or len(raw) != 2:
            text = f'Arguments to "{name}" must be of the form: [value_1, value_2]'
            raise _invalid(
                f"{name} needs a list of two values", text, f"It is {kind_of(raw)}.", "bad-function-arguments"
            )
        first, second = (self._below(index, item, evaluation) for index, item in enumerate(raw))
        if _contains_unknown([first, second]):
            return UNKNOWN
        return bool(first == second)

    def _not(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        if self._cfn:
            if not isinstance(raw, list) or len(raw) != 1:
                text = f'Arguments to "{name}" must be of the form: [condition]'
                raise _invalid(f"{name} needs a list of one condition", text, code="bad-function-arguments")
            raw = raw[0]
        elif raw is None:
            text = f'Argument to "{name}" must be a condition'
            raise _invalid(f"{name} needs a condition", text, "It is null.", "bad-function-arguments")
        held = self.holds(raw, evaluation)
        return UNKNOWN if held is None else not held

    def _and(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        return self._several(name, raw, evaluation, until=False)

    def _or(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        return self._several(name, raw, evaluation, until=True)

    def _several(self, name: str, raw: Any, evaluation: Evaluation, *, until: bool) -> Any:
        """Conditions are looked at until one decides; what is wrong with those after it is a warning."""
        if not isinstance(raw, list) or len(raw) < 2:
            text = f'The minimum number of condition arguments to "{name}" is 2.'
            raise _invalid(f"{name} needs a list of at least two conditions", text, code="bad-function-arguments")
        unknown = False
        problems = evaluation.problems
        decided = False
        for index, one in enumerate(raw):
            evaluation.path.append(index)
            held = self.use(one, evaluation)
            evaluation.path.pop()
            unknown = unknown or (held is None and not decided)
            if held is until and not unknown:
                decided = True
                evaluation.problems = evaluation.warnings
        evaluation.problems = problems
        return UNKNOWN if unknown else until if decided else not until

    # --- order ------------------------------------------------------------------------------------------------------

    def _needs(self, raw: Any) -> list[str]:
        """Names of other conditions that a condition mentions, in writing order."""
        found: list[str] = []
        left = [raw]
        while left:
            one = left.pop()
            if isinstance(one, str):
                if one in self._section:
                    found.append(one)
            elif isinstance(one, dict) and len(one) == 1:
                (name,) = one
                kind = self._own.get(name)
                if kind == "not":
                    below = one[name]
                    left += below if self._cfn and isinstance(below, list) else [below]
                elif kind in ("and", "or") and isinstance(one[name], list):
                    left.extend(reversed(one[name]))
        return found

    def _order(self, evaluation: Evaluation) -> list[str]:
        """Every name after those it needs. Members of a circle are reported and count as wrong."""
        needs = {name: self._needs(raw) for name, raw in self._section.items()}
        for circle in find_cycles(needs):
            self._circle(circle, evaluation)
        done: dict[str, None] = {}
        for start in needs:
            stack = [start]
            while stack:
                name = stack[-1]
                later = [] if name in self._known else [one for one in needs[name] if one not in done]
                if later and name not in done:
                    stack.append(later[0])
                else:
                    done[stack.pop()] = None
        return list(done)

    def _circle(self, names: list[str], evaluation: Evaluation) -> None:
        for name in names:
            self._known[name] = None
        evaluation.problems.add(
            "condition-cycle",
            f"conditions need each other in a circle: {named([shorten(name) for name in names])}",
            (self._place, names[0]),
            detail="Take one of them out of the circle.",
            heat=f'Circular definition for condition "{shorten(names[0])}"',
        )
