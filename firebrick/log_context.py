"""What the log lines of a task are bound to: which stack, operation, resource they speak of.

One variable holds all of it. (structlog's own has one for each key: to set and reset eight of them was a thirtieth of
a resource step.) `starter.logs` merges it into each line.
"""

from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

_NOTHING: Mapping[str, Any] = {}
_bound: ContextVar[Mapping[str, Any]] = ContextVar("log_context", default=_NOTHING)


class bound:  # noqa: N801 - used as a function is
    """A context manager: lines that are told inside have these fields, beside those that are bound already."""

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _bound.set({**_bound.get(), **self._fields})

    def __exit__(self, *_: object) -> None:
        _bound.reset(self._token)


def bind(**fields: Any) -> None:
    """The rest of this task's lines have these fields, too."""
    _bound.set({**_bound.get(), **fields})


def merge(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: what is bound, under what the line itself says."""
    return {**_bound.get(), **event}
