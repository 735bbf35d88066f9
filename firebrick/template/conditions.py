"""Conditions: the conditions section, and conditions written where they are used.

A condition is a boolean, the name of another, or a function (equals, not, and, or; get_param of a boolean). The named
ones are evaluated once, in the order of their needs, so that a long chain of them costs no depth.

What has a wrong form is refused wherever it stands. What has the right form and cannot be computed, or comes to no
boolean, is refused where a condition is used, by a resource, an output or an `if`, itself or through others; of one
that nothing uses it is a warning (Heat does not compute those).
"""

from collections.abc import Mapping
from typing import Any

from firebrick.template.cycles import find_cycles
from firebrick.template.dialect import Dialect
from firebrick.template.evaluation import Evaluation
from firebrick.template.functions import CFN_CONDITION_NAMES, CONDITION_NAMES, LATE_CONDITION_NAMES
from firebrick.template.functions.absent import Absent
from firebrick.template.functions.base import UNKNOWN, VANISHED, Misuse
from firebrick.template.problems import Path, Problems, kind_of, named, shorten


def _invalid(summary: str, heat: str, detail: str = "", code: str = "bad-function-arguments") -> Misuse:
    return Misuse(summary, heat=heat, detail=detail, code=code)


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
        self._open: list[str] = []
        self._late: dict[str, Problems] = {}  # of each that has some: why it cannot be decided
        self._asked: dict[str, list[str]] = {}  # the others on which each depends
        self._used: set[str] = set()
        self._sink: Problems | None = None  # where late trouble goes that is nothing against the template, so far

    def evaluate_all(self, evaluation: Evaluation) -> None:
        """Decide every named condition, used or not, and report what is wrong with their forms."""
        for name in self._order(evaluation):
            if name not in self._known:
                evaluation.begin(self._place, name)
                self._define(name, evaluation)

    def warn_of_unused(self, evaluation: Evaluation) -> None:
        """When everything is read: what cannot be decided and is not used is a warning."""
        for name, problems in self._late.items():
            if name not in self._used:
                evaluation.warnings.take(problems.diagnostics())

    def _define(self, name: str, evaluation: Evaluation) -> None:
        """Decide one of the section."""
        raw = self._section[name]
        if isinstance(raw, bool):
            self._known[name] = raw
            return
        sink, self._sink = self._sink, evaluation.problems.warnings()
        self._open.append(name)
        evaluation.path = [self._place, name]
        held: bool | None = None
        if not isinstance(raw, dict):
            self._not_a_condition(name, raw, evaluation)
        else:
            held = self._guarded(raw, evaluation, (self._place, name))
        self._known.setdefault(name, held)
        self._open.pop()
        if len(self._sink):
            self._late[name] = self._sink
        self._sink = sink

    def _use(self, name: str, evaluation: Evaluation) -> None:
        """It decides something: what is wrong with it, and with all that it depends on, counts."""
        left = [name]
        while left:
            one = left.pop()
            if one in self._used:
                continue
            self._used.add(one)
            left += reversed(self._asked.get(one, []))
            if one in self._late:
                evaluation.problems.take(self._late[one].diagnostics())

    def _report(self, error: Misuse, evaluation: Evaluation) -> None:
        evaluation.note(error, self._sink if error.late and self._sink is not None else evaluation.problems)

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
            raise Misuse(
                "there is no condition {}",
                heat='Invalid condition "{}"',
                detail=evaluation.problems.suggest(name, self._section, f"Declare it in the section {self._place}."),
                code="unknown-condition",
                value=name,
                late=True,
            )
        if name in self._open:
            self._circle([name], evaluation)
        elif name not in self._known:  # its name was computed: the order did not know of it
            path = evaluation.path
            self._define(name, evaluation)
            evaluation.path = path
        if self._sink is not evaluation.warnings:  # else it decides nothing here
            if self._open:
                self._asked.setdefault(self._open[-1], []).append(name)
            else:
                self._use(name, evaluation)
        return self._known[name]

    def _no_condition(self, raw: Any) -> Misuse:
        return Misuse(
            f"this is no condition: {self._said(raw)}",
            heat=f'Invalid condition "{shorten(raw)}"',
            detail="A condition is true, false, the name of one, or one of the functions "
            f"{', '.join(self._own)}, {self._values_names[0]} (of a boolean parameter).",
            code="bad-condition",
            late=True,
        )

    def _guarded(self, raw: Any, evaluation: Evaluation, path: Path) -> bool | None:
        """Of a definition in the section, which must come to a boolean: no name of another, no null."""
        name = next(iter(raw), "")
        with evaluation.within_condition():
            result = self._function(name, raw[name], evaluation) if len(raw) == 1 else raw
        if result is UNKNOWN or isinstance(result, bool):
            return None if result is UNKNOWN else result
        evaluation.path = list(path)
        error = self._no_condition(raw)
        error.heat = (
            f'Condition validation error: The definition of condition "{shorten(path[-1])}" is invalid: '
            f"{self._said(raw)}"
        )
        error.with_path = False
        error.late = len(raw) == 1 and (name in self._own or name in evaluation.functions)
        self._report(error, evaluation)
        return None

    def use(self, raw: Any, evaluation: Evaluation) -> bool | None:
        """holds() for the `condition` of a resource or output at the evaluation's path; what is wrong is reported."""
        try:
            return self.holds(raw, evaluation)
        except Misuse as error:
            self._report(error, evaluation)
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
                return self._value_of(name, raw, evaluation)
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
            self._report(error, evaluation)
            return UNKNOWN
        finally:
            del evaluation.path[depth - 1 :]

    def _value_of(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        """What a function makes that is not of conditions alone."""
        values = self._values(raw, evaluation)
        if _contains_unknown(values):
            return UNKNOWN
        try:
            return evaluation.functions[name].build(values, evaluation)
        except Misuse as error:
            # Arguments that were computed show their form only when the value is asked for.
            error.late = error.late or (values != raw and error.code != "result-too-large")
            raise

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
            raise _invalid(f"{name} needs a list of two values", text, f"It is {kind_of(raw)}.")
        first, second = (self._below(index, item, evaluation) for index, item in enumerate(raw))
        if _contains_unknown([first, second]):
            return UNKNOWN
        return bool(first == second)

    def _not(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        if self._cfn:
            if not isinstance(raw, list) or len(raw) != 1:
                text = f'Arguments to "{name}" must be of the form: [condition]'
                raise _invalid(f"{name} needs a list of one condition", text)
            raw = raw[0]
        elif raw is None:
            text = f'Argument to "{name}" must be a condition'
            raise _invalid(f"{name} needs a condition", text, "It is null.")
        held = self.holds(raw, evaluation)
        return UNKNOWN if held is None else not held

    def _and(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        return self._several(name, raw, evaluation, until=False)

    def _or(self, name: str, raw: Any, evaluation: Evaluation) -> Any:
        return self._several(name, raw, evaluation, until=True)

    def _several(self, name: str, raw: Any, evaluation: Evaluation, *, until: bool) -> Any:
        """Conditions are looked at until one decides; what those after it cannot compute is a warning."""
        if not isinstance(raw, list) or len(raw) < 2:
            text = f'The minimum number of condition arguments to "{name}" is 2.'
            raise _invalid(f"{name} needs a list of at least two conditions", text)
        unknown = False
        sink = self._sink
        decided = False
        for index, one in enumerate(raw):
            evaluation.path.append(index)
            held = self.use(one, evaluation)
            evaluation.path.pop()
            unknown = unknown or (held is None and not decided)
            if held is until and not unknown:
                decided = True
                self._sink = evaluation.warnings
        self._sink = sink
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
        """Note it for each member: whoever uses one of them is told."""
        for name in names:
            self._known[name] = None
            found = (
                self._late.setdefault(name, evaluation.problems.warnings()) if name not in self._open else self._sink
            )
            assert found is not None
            found.add(
                "condition-cycle",
                f"conditions need each other in a circle: {named([shorten(one) for one in names])}",
                (self._place, names[0]),
                detail="Take one of them out of the circle.",
                heat=f'Circular definition for condition "{shorten(names[0])}"',
            )
