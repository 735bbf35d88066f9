"""The kinds of property values and how a value becomes one of them: Heat's rules, not pydantic's.

A reader takes any JSON value but null and returns the converted one, or raises ValueError with Heat's text.
Text is read generously (``"5"`` is an integer), containers are not: a list is never text, a map never a list.
"""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

SHOWN = 200  # characters of a value that a message repeats


class Kind(StrEnum):
    """Names as the REST API shows them."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    MAP = "map"
    ANY = "any"


def shown(value: object) -> str:
    """A value's text in a message, cut to a length a person can read."""
    text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def read_string(value: Any) -> str:
    """Text; true, false and integers become text (``True``, ``5``); a float, list or map does not."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(value)
    raise ValueError(f"Value must be a string; got {shown(repr(value))}")


def read_integer(value: Any) -> int:
    """Whatever ``int()`` takes: text of digits, true (1), 3.7 (3)."""
    try:
        return int(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"Value '{shown(value)}' is not an integer") from None


def read_number(value: Any) -> int | float:
    """A number as it is; text as an integer if it is one, else as a float. Not NaN and not infinite: nobody can wait
    or count that far."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                raise ValueError(f"could not convert string to float: {shown(repr(value))}") from None
    if not isinstance(value, int | float):
        raise ValueError(f"Value '{shown(value)}' is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"Value '{value}' is not a finite number")
    return value


def read_boolean(value: Any) -> bool:
    """true and false, also as text in any case; not yes, no, 0, 1."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = value.lower()
        if text in ("true", "false"):
            return text == "true"
        raise ValueError(f'"{shown(text)}" is not a valid boolean')
    raise ValueError(f'"{shown(value)}" is not a valid boolean')


def read_list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError(f'"{shown(repr(value))}" is not a list')


def read_map(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError(f'"{shown(value)}" is not a map')


def read_any(value: Any) -> Any:
    return value


READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.STRING: read_string,
    Kind.INTEGER: read_integer,
    Kind.NUMBER: read_number,
    Kind.BOOLEAN: read_boolean,
    Kind.LIST: read_list,
    Kind.MAP: read_map,
    Kind.ANY: read_any,
}


def zero(kind: Kind) -> Any:
    """What a null is read as where a value must be and there is no default (Heat's rule)."""
    return {
        Kind.STRING: "",
        Kind.INTEGER: 0,
        Kind.NUMBER: 0,
        Kind.BOOLEAN: False,
        Kind.LIST: [],
        Kind.MAP: {},
        Kind.ANY: None,
    }[kind]
