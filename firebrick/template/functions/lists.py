"""list_concat, list_concat_unique, filter, contains: lists made of lists, and what is in them.

Equality is Heat's, which is Python's: 1, 1.0 and true are equal.
"""

import json
from collections.abc import Hashable
from typing import Any, ClassVar, cast

from firebrick.template.functions.base import MOST_RESULT, Function, Lookup, Misuse
from firebrick.template.functions.text import too_large
from firebrick.template.problems import kind_of


def identity_of(value: Any) -> Hashable:
    """Something that is equal for equal values and no others, so that looking one up costs no comparisons."""
    if isinstance(value, dict | list):
        return ("", json.dumps(_normal(value), sort_keys=True))
    return cast(Hashable, value)


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return value


class ListConcat(Function):
    """``list_concat: [list, list...]``; null is nothing."""

    __slots__ = ()
    name: ClassVar[str] = "list_concat"
    key: ClassVar[str] = "list_concat"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        if not isinstance(arguments, list):
            raise Misuse(
                f"{cls.name} needs a list of lists, and this is {kind_of(arguments)}",
                heat=f'Incorrect arguments to "{cls.name}" should be: "{cls.name}" : [ ["item1", "item2"], ["item3"] ]',
            )
        made: list[Any] = []
        for index, one in enumerate(arguments):
            if one is None:
                continue
            if not isinstance(one, list):
                raise Misuse(
                    f"only lists can be put together, and this is {kind_of(one)}",
                    heat="Incorrect arguments: Items to concat must be lists. There is an item that is not a list: {}",
                    value=one,
                    inside=(index,),
                )
            made += one
            if len(made) > MOST_RESULT:
                raise too_large()
        return made


class ListConcatUnique(ListConcat):
    """Of equal items only the first."""

    __slots__ = ()
    name: ClassVar[str] = "list_concat_unique"
    key: ClassVar[str] = "list_concat_unique"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        first: dict[Hashable, Any] = {}
        for item in super().compute(arguments, lookup):
            first.setdefault(identity_of(item), item)
        return list(first.values())


def _two(name: str, what: str, arguments: Any) -> None:
    if not isinstance(arguments, list) or len(arguments) != 2:
        text = f'Argument to "{name}" must be a list'
        if isinstance(arguments, list):
            text = f'Function "{name}" must have 2 arguments: [{what}]'
        raise Misuse(f"{name} needs a list of two: [{what}]", heat=text, detail=f"It is {kind_of(arguments)}.")


class Filter(Function):
    """``filter: [values, list]``: the list without items that are among the values."""

    __slots__ = ()
    name: ClassVar[str] = "filter"
    key: ClassVar[str] = "filter"
    written_out: ClassVar[bool] = True

    @classmethod
    def check(cls, arguments: Any) -> None:
        _two(cls.name, "values, list", arguments)

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        values, items = arguments
        if not items:
            return items
        if not isinstance(items, list):
            text = '"filter" only works with lists'
            raise Misuse(f"filter works on a list, and this is {kind_of(items)}", heat=text, inside=(1,))
        if not values:
            return items
        if not isinstance(values, list):
            text = '"filter" filters a list of values'
            raise Misuse(f"the values must be a list, and are {kind_of(values)}", heat=text, inside=(0,))
        unwanted = {identity_of(value) for value in values}
        return [item for item in items if identity_of(item) not in unwanted]


class Contains(Function):
    """``contains: [value, list or text]``: whether the value is an item, or a part of the text."""

    __slots__ = ()
    name: ClassVar[str] = "contains"
    key: ClassVar[str] = "contains"
    written_out: ClassVar[bool] = True

    @classmethod
    def check(cls, arguments: Any) -> None:
        _two(cls.name, "value, list or text", arguments)

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        value, sequence = arguments
        if isinstance(sequence, list):
            return value in sequence
        if not isinstance(sequence, str):
            text = 'Second argument to "contains" should be a sequence.'
            raise Misuse(
                f"contains looks into a list or a text, and this is {kind_of(sequence)}", heat=text, inside=(1,)
            )
        if not isinstance(value, str):
            word = "NoneType" if value is None else type(value).__name__
            text = f"'in <string>' requires string as left operand, not {word}"
            raise Misuse(f"only text can be part of a text, and this is {kind_of(value)}", heat=text, inside=(0,))
        return value in sequence
