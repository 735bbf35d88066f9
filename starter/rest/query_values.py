"""Values of query parameters and body fields, by Heat's rules and in Heat's words."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from starter.rest.errors import bad_request

LARGEST = 2**63 - 1  # of a 64-bit column


def boolean(name: str, value: object) -> bool:
    """``true`` and ``false`` in any case, or a JSON boolean."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise bad_request(
        f'Unrecognized value "{value}" for "{name}", acceptable values are: true, false.', "bad-value", path=name
    )


def integer(name: str, value: object, *, least: int | None = None) -> int:
    """A whole number, as JSON or as text."""
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and len(value) <= 100:
        try:
            number = int(value)
        except ValueError:
            number = None
    if number is None:
        raise bad_request(f"Only integer is acceptable by '{name}'.", "bad-value", path=name)
    if least is not None and number < least:
        raise bad_request(f"Value '{number}' is invalid for '{name}': the least is {least}.", "bad-value", path=name)
    return number


def query_integer(request: Request, name: str, *, least: int | None = None) -> int | None:
    """None when it is not there. No larger than a database's largest integer, which is as good as without bound."""
    value = request.query_params.get(name)
    return None if value is None else min(integer(name, value, least=least), LARGEST)


def query_boolean(request: Request, name: str, default: bool) -> bool:
    value = request.query_params.get(name)
    return default if value is None else boolean(name, value)


def query_words(request: Request, name: str) -> tuple[str, ...]:
    """A comma list; () when it is not there."""
    return tuple(word.strip() for word in request.query_params.get(name, "").split(",") if word.strip())


def query_filters(request: Request, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Filters by field. names: query name -> field. A name given twice means either value."""
    filters: dict[str, tuple[str, ...]] = {}
    for name, field in names.items():
        if values := request.query_params.getlist(name):
            filters[field] = filters.get(field, ()) + tuple(values)
    return filters


def text(name: str, value: Any, *, default: str = "") -> str:
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_request(f"Only text is acceptable by '{name}'.", "bad-value", path=name)
    return value
