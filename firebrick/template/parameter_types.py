"""The types of parameters: how a given value becomes one of the type, and its text form.

Heat's rules (its Parameter classes). A converter takes any JSON value but null and raises ValueError with Heat's
words, which may repeat the value.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from firebrick.template.document import json_tree
from firebrick.template.problems import Problems, kind_of, shorten

_TRUE = ("1", "on", "t", "true", "y", "yes")
_FALSE = ("0", "f", "false", "n", "no", "off")


def to_string(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def to_number(value: Any) -> int | float:
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{kind_of(value)} is no number")
    if len(value) > 300:
        raise ValueError("it is too long for a number")
    try:
        return int(value)
    except ValueError:
        pass
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"could not convert string to float: {shorten(value)!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number that a template can use")
    return number


def to_boolean(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    accepted = ", ".join(repr(one) for one in sorted(_TRUE + _FALSE))
    raise ValueError(f"Unrecognized value {shorten(value)!r}, acceptable values are: {accepted}")


def to_list(value: Any) -> list[Any]:
    """Texts; a map stays one, where Heat makes a text of it that nothing reads: templates generated of types give lists
    of maps as such parameters."""
    if isinstance(value, list):
        return [item if isinstance(item, dict) else to_string(item) for item in value]
    if isinstance(value, str):
        return value.split(",") if value else []
    raise ValueError(f"Value must be a comma-delimited list string: {kind_of(value)} is none")


def to_json(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return value
    try:
        found = json.loads(value)
    except RecursionError:
        raise ValueError("Value must be valid JSON: it is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"Value must be valid JSON: {error}") from None
    problems = Problems()
    made = json_tree(found, problems)
    if len(problems):
        raise ValueError(f"Value must be valid JSON: {problems.diagnostics()[0].summary}")
    return made


def _plain(value: Any) -> str:
    return str(value)


def _joined(value: Any) -> str:
    return ",".join(json.dumps(item) if isinstance(item, dict) else item for item in value)


CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "string": to_string,
    "number": to_number,
    "comma_delimited_list": to_list,
    "json": to_json,
    "boolean": to_boolean,
}
TEXT: Mapping[str, Callable[[Any], str]] = {
    "string": _plain,
    "number": _plain,
    "comma_delimited_list": _joined,
    "json": json.dumps,
    "boolean": _plain,
}
ITEM: Mapping[str, Callable[[Any], Any]] = {**CONVERT, "comma_delimited_list": to_string, "json": lambda value: value}
"""How one of a parameter's allowed_values is converted."""

EMPTY: Mapping[str, Any] = {"string": "", "number": 0, "comma_delimited_list": [], "json": {}, "boolean": False}
"""What stands for a value that is not known."""
