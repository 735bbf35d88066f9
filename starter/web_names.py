"""Host and Origin of a request, which anybody may have written."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from firebrick.diagnostics import Diagnostic, InvalidInput

_HOST = re.compile(r"(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?")


def asked_name(headers: Mapping[str, str]) -> str:
    """The name by which this server was asked, in lower case and without a port; "" where none was said. InvalidInput
    for what is no name."""
    host = headers.get("host", "")
    found = _HOST.fullmatch(host)
    if host and (found is None or int(found.group(3) or 0) > 65_535):
        raise _bad("Host", "is not a name or an address, with or without a port")
    return "" if found is None else (found.group(1) or found.group(2)).lower()


def place_of_origin(origin: str) -> str:
    """``host:port`` of the page that a browser sent a request for; "" where it says none. InvalidInput for what is no
    origin."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        raise _bad("Origin", "is not a scheme, a host and a port") from None


def _bad(header: str, what: str) -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            code=f"bad-{header.lower()}",
            summary=f"the header {header} {what}",
            detail="Nobody was asked for anything. A client or a proxy has made it wrong.",
            heat_type="HTTPBadRequest",
        )
    )
