"""list_join, str_replace: functions that make text.

Items and values of other kinds than text are Heat's business of the version: see each class.
"""

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from firebrick.template.functions.base import MOST_RESULT, Function, Lookup, Misuse, Scope, meant_for
from firebrick.template.problems import kind_of, shorten

_MOST_WORK = 2_000_000_000  # placeholders x characters


def too_large() -> Misuse:
    return Misuse(
        f"the result has more than {MOST_RESULT} characters",
        detail="Make the parts or the number of repetitions smaller.",
        code="result-too-large",
    )


def longest_first(placeholders: Iterable[str]) -> list[str]:
    """The order in which placeholders are replaced: the longest first, then alphabetical."""
    return sorted(sorted(placeholders), key=len, reverse=True)


class ListJoin(Function):
    """``list_join: [delimiter, list]``, until 2015-04-30: items are text, null is empty."""

    __slots__ = ()
    name: ClassVar[str] = "list_join"
    key: ClassVar[str] = "list_join"
    written_out: ClassVar[bool] = True

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, list) or len(arguments) != 2:
            cls._wrong_form(arguments)

    @classmethod
    def _wrong_form(cls, arguments: Any) -> None:
        raise Misuse(
            f"{cls.name} needs a delimiter and a list",
            heat=f'Incorrect arguments to "{cls.name}" should be: "{cls.name}" : [ " ", [ "str1", "str2"]]',
            detail=f"It is {kind_of(arguments)}; write [delimiter, [text, text, ...]].",
        )

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        delimiter, *lists = arguments
        items: list[Any] = []
        for index, one in enumerate(lists, 1):
            if cls.is_nothing(one):
                continue
            if not isinstance(one, list):
                raise Misuse(
                    f"{cls.name} joins lists, and this is {kind_of(one)}",
                    heat=f'"{cls.name}" must operate on a list',
                    inside=(index,),
                )
            items += one
        if not isinstance(delimiter, str):
            raise Misuse(
                f"the delimiter must be text, and is {kind_of(delimiter)}",
                heat=f'"{cls.name}" delimiter must be a string',
                inside=(0,),
            )
        texts = [cls.text(item) for item in items]
        if sum(map(len, texts)) + len(delimiter) * len(texts) > MOST_RESULT:
            raise too_large()
        return delimiter.join(texts)

    @staticmethod
    def is_nothing(one: Any) -> bool:
        """What stands for an empty list."""
        return one is None

    @classmethod
    def text(cls, item: Any) -> str:
        if item is None:
            return ""
        if isinstance(item, str):
            return item
        raise Misuse(
            "only text can be joined, not {}",
            heat="Items to join must be strings not {}",
            value=item,
            detail="Put numbers and booleans in quotes, or make text of them with str_replace.",
        )


class ListJoinMany(ListJoin):
    """From 2015-10-15: ``[delimiter, list, list...]``; maps and lists as items become JSON with sorted keys. What is
    empty, 0 or false stands for an empty list."""

    __slots__ = ()
    key: ClassVar[str] = "list_join.many"

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, list) or len(arguments) < 2:
            cls._wrong_form(arguments)

    @staticmethod
    def is_nothing(one: Any) -> bool:
        return not one

    @classmethod
    def text(cls, item: Any) -> str:
        if item is None:
            return ""
        if isinstance(item, str):
            return item
        if isinstance(item, dict | list):
            return json.dumps(item, sort_keys=True)
        raise Misuse(
            "only text, maps and lists can be joined, not {}",
            heat="Items to join must be string, map or list not {}",
            value=item,
            detail="Put numbers and booleans in quotes, or make text of them with str_replace.",
        )


class StrReplace(Function):
    """``str_replace: {template, params}``, until 2015-04-30: values are text, numbers or booleans, null is empty.

    Longest placeholder first, then alphabetical; what was put in is not looked at again.
    """

    __slots__ = ()
    name: ClassVar[str] = "str_replace"
    key: ClassVar[str] = "str_replace"
    written_out: ClassVar[bool] = True

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        cls.check(raw)
        _, params = cls.parts(raw)
        if not isinstance(params, dict):  # a call is a map too
            raise cls._no_map(params)

    @classmethod
    def _no_map(cls, params: Any) -> Misuse:
        return Misuse(
            f"params must be a map, and is {kind_of(params)}",
            heat=f'"{cls.name}" parameters must be a mapping',
            inside=("params",),
        )

    @classmethod
    def check(cls, arguments: Any) -> None:
        form = f"{cls.name}: {{template: text with placeholders, params: {{placeholder: value}}}}"
        if not isinstance(arguments, dict):
            raise Misuse(
                f"{cls.name} needs a map, and this is {kind_of(arguments)}",
                heat=f'Arguments to "{cls.name}" must be a map',
                detail=f"Write {form}.",
            )
        missing = [key for key in ("template", "params") if key not in arguments]
        if missing:
            raise Misuse(
                f"{cls.name} needs {' and '.join(missing)}",
                heat=f'"{cls.name}" syntax should be {form}',
                detail=f"Write {form}.",
                inside=meant_for(missing, arguments),
            )

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        template, params = cls.parts(arguments)
        if not isinstance(template, str):
            raise Misuse(
                f"the template must be text, and is {kind_of(template)}",
                heat=f'"{cls.name}" template must be a string',
                inside=("template",),
            )
        if not isinstance(params, dict):
            raise cls._no_map(params)
        if "" in params:
            raise Misuse("a placeholder is empty", heat="empty separator", inside=("params",))
        if len(params) * len(template) > _MOST_WORK:
            raise too_large()
        pieces = [template]  # template text at even places, texts put in at odd ones
        for placeholder in longest_first(params):
            value = cls.text(placeholder, params[placeholder])
            if placeholder in template:
                if template.count(placeholder) * len(value) > MOST_RESULT:
                    raise too_large()
                pieces = cls._replaced(pieces, placeholder, value)
        if sum(map(len, pieces)) > MOST_RESULT:
            raise too_large()
        return "".join(pieces)

    @classmethod
    def parts(cls, arguments: Any) -> tuple[Any, Any]:
        """The template and the values."""
        return arguments["template"], arguments["params"]

    @staticmethod
    def _replaced(pieces: list[str], placeholder: str, value: str) -> list[str]:
        made: list[str] = []
        for place, piece in enumerate(pieces):
            if place % 2 or placeholder not in piece:
                made.append(piece)
                continue
            first, *rest = piece.split(placeholder)
            made.append(first)
            for part in rest:
                made += (value, part)
        return made

    @classmethod
    def text(cls, placeholder: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str | int | float):
            return str(value)
        raise Misuse(
            f"the value of {shorten(placeholder)} must be text or a number, and is {kind_of(value)}",
            heat=f'"{cls.name}" params must be strings or numbers, param {shorten(placeholder)} is not valid',
            inside=("params", placeholder),
        )


class StrReplaceJson(StrReplace):
    """From 2015-10-15: maps and lists become JSON with sorted keys."""

    __slots__ = ()
    key: ClassVar[str] = "str_replace.json"

    @classmethod
    def text(cls, placeholder: str, value: Any) -> str:
        if isinstance(value, dict | list):
            return json.dumps(value, sort_keys=True)
        return super().text(placeholder, value)
