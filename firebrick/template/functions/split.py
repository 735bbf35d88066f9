"""str_split: a text cut at a delimiter."""

from typing import Any, ClassVar

from firebrick.template.functions.base import Function, Lookup, Misuse
from firebrick.template.problems import kind_of

_EXAMPLE = '"str_split" : [ ",", "apple,pear", <optional index>]'


class StrSplit(Function):
    """``str_split: [delimiter, text]`` or ``[delimiter, text, index]``; null as text gives null.

    A delimiter of null cuts at blanks; an index may be negative, or text that is a number (Heat's rules).
    """

    __slots__ = ()
    name: ClassVar[str] = "str_split"
    key: ClassVar[str] = "str_split"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        if not isinstance(arguments, list) or len(arguments) < 2:
            raise Misuse(
                "str_split needs a delimiter and a text",
                heat=f'Incorrect arguments to "str_split" should be: {_EXAMPLE}',
                detail=f"It is {kind_of(arguments)}; write [delimiter, text] or [delimiter, text, index].",
            )
        delimiter, text, *rest = arguments  # what comes after an index is left alone, as in Heat
        if text is None:
            return None
        if not isinstance(text, str):
            raise Misuse(
                f"only text can be split, and this is {kind_of(text)}",
                heat=f"'{type(text).__name__}' object has no attribute 'split'",
                inside=(1,),
            )
        if delimiter == "":
            raise Misuse("the delimiter is empty", heat="empty separator", inside=(0,))
        if delimiter is not None and not isinstance(delimiter, str):
            raise Misuse(
                f"the delimiter must be text, and is {kind_of(delimiter)}",
                heat=f"must be str or None, not {type(delimiter).__name__}",
                inside=(0,),
            )
        parts = text.split(delimiter)
        if not rest:
            return parts
        try:
            index = int(rest[0])
        except (ValueError, TypeError, OverflowError):
            raise Misuse(
                f"the index must be a whole number, and is {kind_of(rest[0])}",
                heat=f'Incorrect index to "str_split" should be: {_EXAMPLE}',
                inside=(2,),
            ) from None
        if not -len(parts) <= index < len(parts):
            raise Misuse(
                f"there are {len(parts)} parts, and no part at that index",
                heat=f'Incorrect index to "str_split" should be between 0 and {len(parts) - 1}',
                detail=f"Use an index from 0 to {len(parts) - 1}.",
                inside=(2,),
            )
        return parts[index]
