"""repeat: a template once for each item of a list, or each combination of items of several.

Heat's rules: placeholders are replaced in text, in keys and values of maps and in items of lists, one variable after
the other (a value that contains a later variable is replaced again); items must be text.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from firebrick.template.functions.base import MOST_RESULT, Function, Lookup, Misuse, Scope, meant_for, must_be_written
from firebrick.template.functions.text import too_large
from firebrick.template.problems import kind_of

_FORM = "repeat: {template: what to repeat, for_each: {placeholder: list of texts}}"


class Repeat(Function):
    """``repeat: {template, for_each: {var: list}}``, until 2016-04-08."""

    __slots__ = ()
    name: ClassVar[str] = "repeat"
    key: ClassVar[str] = "repeat"
    takes: ClassVar[str] = "lists"
    written_out: ClassVar[bool] = True

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        cls.check(raw)
        if not isinstance(raw["for_each"], dict):  # a call is a map too
            raise cls._no_map(raw["for_each"])

    @staticmethod
    def _no_map(for_each: Any) -> Misuse:
        return Misuse(
            f"for_each must be a map, and is {kind_of(for_each)}",
            heat='The "for_each" argument to "repeat" must contain a map',
            inside=("for_each",),
        )

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, dict):
            raise Misuse(
                f"repeat needs a map, and this is {kind_of(arguments)}",
                heat='Arguments to "repeat" must be a map',
                detail=f"Write {_FORM}.",
            )
        missing = [key for key in ("template", "for_each") if key not in arguments]
        if missing:
            raise Misuse(
                f"repeat needs {' and '.join(missing)}",
                heat=f'"repeat" syntax should be {_FORM}',
                detail=f"Write {_FORM}.",
                inside=meant_for(missing, arguments),
            )

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        for_each = arguments["for_each"]
        if not isinstance(for_each, dict):
            raise cls._no_map(for_each)
        if not for_each:
            raise Misuse("for_each names no variable", detail=f"Write {_FORM}.", inside=("for_each",))
        nested = cls.nested(arguments)
        lists = [cls.items(name, value, nested) for name, value in for_each.items()]
        if (
            not nested
            and len({len(lists[place]) for place, one in enumerate(for_each.values()) if one is not None}) > 1
        ):
            text = "For repeat, the length of for_each values should be equal if no nested loop."
            raise Misuse("without permutations all lists must have the same length", heat=text, inside=("for_each",))
        template = arguments["template"]
        count = math.prod(map(len, lists)) if nested else min(map(len, lists))
        if count * (_size(template) + 1) > MOST_RESULT:
            raise too_large()
        variables = list(for_each)
        combinations: Iterable[tuple[Any, ...]] = itertools.product(*lists) if nested else zip(*lists, strict=False)
        spent = 0
        made = []
        for values in combinations:
            one, size = _replaced(template, variables, values)
            spent += size
            if spent > MOST_RESULT:
                raise too_large()
            made.append(one)
        return made

    @classmethod
    def nested(cls, arguments: Any) -> bool:
        """Whether every combination is made, and not only one item of each list at a time."""
        return True

    @classmethod
    def items(cls, name: str, value: Any, nested: bool) -> Sequence[Any]:
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise cls.not_items(name, value)

    @classmethod
    def not_items(cls, name: str, value: Any) -> Misuse:
        return Misuse(
            f"for_each goes through {cls.takes}, and this is {kind_of(value)}",
            heat=f'The values of the "for_each" argument to "repeat" must be {cls.takes}',
            inside=("for_each", name),
        )


class RepeatWithMaps(Repeat):
    """From 2016-10-14: a map stands for the list of its keys."""

    __slots__ = ()
    key: ClassVar[str] = "repeat.maps"
    takes: ClassVar[str] = "lists or maps"

    @classmethod
    def items(cls, name: str, value: Any, nested: bool) -> Sequence[Any]:
        return list(value) if isinstance(value, dict) else super().items(name, value, nested)


class RepeatWithPermutations(RepeatWithMaps):
    """From 2017-09-01: with ``permutations: false`` the lists are gone through side by side; no maps then."""

    __slots__ = ()
    key: ClassVar[str] = "repeat.permutations"

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        if scope.is_call(raw.get("permutations")):
            raise must_be_written(cls.name, "the permutations", ("permutations",))
        cls.nested(raw)

    @classmethod
    def nested(cls, arguments: Any) -> bool:
        permutations = arguments.get("permutations", True)
        if not isinstance(permutations, bool):
            text = '"permutations" should be boolean type for repeat function.'
            raise Misuse(
                f"permutations must be true or false, and is {kind_of(permutations)}",
                heat=text,
                inside=("permutations",),
            )
        return permutations

    @classmethod
    def items(cls, name: str, value: Any, nested: bool) -> Sequence[Any]:
        if isinstance(value, dict) and not nested:
            raise cls.not_items(name, value)
        return super().items(name, value, nested)


def _size(template: Any) -> int:
    """A lower bound of what one repetition makes: values, without the texts' lengths."""
    if isinstance(template, dict):
        return 1 + sum(_size(item) for item in template.values())
    if isinstance(template, list):
        return 1 + sum(map(_size, template))
    return 1


def _replaced(template: Any, variables: Sequence[str], values: Sequence[Any]) -> tuple[Any, int]:
    """The template with the variables replaced, and how large it has become."""
    if isinstance(template, str):
        for variable, value in zip(variables, values, strict=True):
            if not isinstance(value, str):
                heat = f"replace() argument 2 must be str, not {type(value).__name__ if value is not None else 'None'}"
                raise Misuse(
                    f"the items of repeat must be text, and one is {kind_of(value)}",
                    heat=heat,
                    detail="Put numbers and booleans in quotes.",
                    inside=("for_each", variable),
                )
            if template.count(variable) * len(value) > MOST_RESULT:
                raise too_large()
            template = template.replace(variable, value)
        return template, len(template) + 1
    if isinstance(template, list):
        items = [_replaced(item, variables, values) for item in template]
        return [item for item, _ in items], 1 + sum(size for _, size in items)
    if isinstance(template, dict):
        made: dict[str, Any] = {}
        total = 1
        for key, item in template.items():
            new_key, key_size = _replaced(key, variables, values)
            made[new_key], size = _replaced(item, variables, values)
            total += key_size + size
        return made, total
    return template, 1
