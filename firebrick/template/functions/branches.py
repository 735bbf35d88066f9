"""if: decided while the template is read, so that the branch not taken is as if it were not there."""

from typing import Any, ClassVar

from firebrick.template.functions.base import UNKNOWN, VANISHED, Misuse, Scope
from firebrick.template.problems import kind_of


class If:
    """``if: [condition, value when it holds, value when not]``. Never left for run time."""

    name: ClassVar[str] = "if"
    forms: ClassVar[tuple[int, ...]] = (3,)
    form: ClassVar[str] = "[condition_name, value_if_true, value_if_false]"

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        if not isinstance(raw, list) or len(raw) not in cls.forms:
            raise Misuse(
                f"{cls.name} needs a condition and a value for each case",
                heat=f'Arguments to "{cls.name}" must be of the form: {cls.form}',
                detail=f"It is {kind_of(raw)}" + (f" of {len(raw)}." if isinstance(raw, list) else "."),
            )
        holds = scope.condition(raw[0])
        if holds is None:
            return UNKNOWN
        if holds:
            return scope.at(1, raw[1])
        return scope.at(2, raw[2]) if len(raw) == 3 else VANISHED


class IfOrNothing(If):
    """From 2021-04-16: without a value for the other case, the item, key or property around it vanishes."""

    forms: ClassVar[tuple[int, ...]] = (2, 3)
    form: ClassVar[str] = "[condition_name, value_if_true, value_if_false] or [condition_name, value_if_true]"
