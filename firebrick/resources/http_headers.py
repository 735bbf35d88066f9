"""Header fields that a template may have sent with a request.

Those that say where a message ends, or what becomes of its connection, are the client's own: with another Host or
length a request would be another one than the one that was allowed (RFC 9110, sections 5.1, 5.5, 7.2 and 7.6.1; RFC
9112, section 6).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

OURS = frozenset(
    "connection content-length expect host http2-settings keep-alive proxy-authenticate proxy-authorization "
    "proxy-connection te trailer transfer-encoding upgrade".split()
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_BAD_VALUE = re.compile("[^\t\x20-\x7e\x80-\xff]")


@dataclass(frozen=True, slots=True)
class HeaderFields:
    """A word of properties: names and values of headers, or the name of one. It quotes no value: one may be secret."""

    partial: ClassVar[bool] = True
    """Names are looked at although values are not known yet."""
    discreet: ClassVar[bool] = True
    """What is said of a value does not quote it."""

    def problem(self, value: Any) -> str | None:
        if isinstance(value, str):
            return _problem_of_name(value) if value else None  # "" is none
        found = (_problem_of_name(name) or _problem_of_value(name, one) for name, one in _items(value))
        return next((one for one in found if one is not None), None)

    def shown(self) -> dict[str, Any]:
        return {"custom_constraint": "http_headers"}


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _problem_of_name(name: Any) -> str | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"{str(name)[:50]!r} is not the name of a header: letters, digits and - as a rule"
    if name.lower() in OURS:
        return f"the header {name} is not a template's to set: it belongs to the connection"
    return None


def _problem_of_value(name: str, value: Any) -> str | None:
    if isinstance(value, Mapping | list):
        return f"the header {name} must be a text or a number"
    if isinstance(value, str) and _BAD_VALUE.search(value):
        return f"the header {name} has a line break, or a character that no header may have"
    return None
