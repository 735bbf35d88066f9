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
        rule = f"which only accepts {'non-negative integer' if least == 0 else f'integers from {least} on'}"
        raise bad_request(f"Value '{number}' is invalid for '{name}' {rule}.", "bad-value", path=name)
    return number


def query_integer(request: Request, name: str, *, least: int | None = None, blank: bool = True) -> int | None:
    """None when it is not there. No larger than a database's largest integer, which is as good as without bound.
    blank: whether an empty value counts as none (as in Heat, in most places)."""
    value = request.query_params.get(name)
    if value is None or (blank and not value):
        return None
    return min(integer(name, value, least=least), LARGEST)


def query_boolean(request: Request, name: str, default: bool, *, blank: bool = True) -> bool:
    """blank: see query_integer."""
    value = request.query_params.get(name)
    return default if value is None or (blank and not value) else boolean(name, value)


def query_words(request: Request, name: str) -> tuple[str, ...]:
    """A comma list; () when it is not there."""
    return tuple(word.strip() for word in request.query_params.get(name, "").split(",") if word.strip())


def query_filters(request: Request, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Filters by field. names: query name -> field. A name given twice means either value; an empty value none."""
    filters: dict[str, tuple[str, ...]] = {}
    for name, field in names.items():
        if values := [value for value in request.query_params.getlist(name) if value]:
            filters[field] = filters.get(field, ()) + tuple(values)
    return filters


def sort_order(request: Request, known: Mapping[str, str]) -> tuple[list[str], bool]:
    """(fields, whether descending). known: sort_keys -> field; a key that is none of them is refused, where Heat takes
    no notice of it. Without keys the newest comes first."""
    keys = [key for given in request.query_params.getlist("sort_keys") for key in given.split(",") if key]
    direction = request.query_params.get("sort_dir") or ("asc" if keys else "desc")
    if direction not in ("asc", "desc") or any(key not in known for key in keys):
        text = f"sort_dir is asc or desc; sort_keys are {', '.join(sorted(known))}"
        raise bad_request(text, "bad-sort", heat_type="ValueError")
    return [known[key] for key in keys], direction == "desc"


def check_fields(body: Mapping[str, Any], *known: str) -> None:
    """Of a route of ours: a field that is not known is refused. (In Heat's bodies it is ignored, as there.)"""
    if unknown := sorted(body.keys() - set(known)):
        fields = f"There are: {', '.join(known)}." if known else "There are none."
        raise bad_request(f"Unknown fields {unknown}", "unknown-key", detail=fields, path=unknown[0])


def text(name: str, value: Any, *, default: str = "") -> str:
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_request(f"Only text is acceptable by '{name}'.", "bad-value", path=name)
    return value
