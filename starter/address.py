"""Which server and which project a client speaks to. Standard library only."""

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from firebrick.diagnostics import Diagnostic, InvalidInput
from starter.state_folder import StateFolder

DEFAULT_URL = "http://127.0.0.1:8004"
DEFAULT_PROJECT = "default"
PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,254}")  # contract.PROJECT_PATTERN, without pydantic


@dataclass(frozen=True, slots=True)
class Address:
    """base: scheme, host and port, no path. project: the path's second part. source: where base comes from."""

    base: str
    project: str
    source: str


def find_address(url: str | None, project: str | None, *, source: str) -> Address:
    """The url given (by `source`), $FIREBRICK_URL, the running server of the state folder, or port 8004 of this host.

    A URL may end in /v1/PROJECT; the project given and $FIREBRICK_PROJECT go before that. InvalidInput for what is no
    address of an API, or no name of a project.
    """
    project = project or os.environ.get("FIREBRICK_PROJECT")
    if url:
        pass
    elif url := os.environ.get("FIREBRICK_URL"):
        source = "$FIREBRICK_URL"
    elif told := StateFolder.at().running_server():
        url, source = str(told.get("api_url")), f"{StateFolder.at().server_file}"
    else:
        url, source = DEFAULT_URL, "default"
    base, inside = _read(url, source)
    project = project or inside or DEFAULT_PROJECT
    if not PROJECT.fullmatch(project):
        raise _wrong(
            "bad-project",
            f"{project!r} cannot be the name of a project: it has letters, digits and _ . @ : - only, at most 255",
        )
    return Address(base, project, source)


def _read(url: str, source: str) -> tuple[str, str]:
    """(scheme, host and port; the project the URL names or "")."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, _ = parts.hostname or "", parts.port  # asking for a port that is no number raises
    except ValueError:
        parts, host = urlsplit(""), ""
    path = re.fullmatch(r"/?|/v1/?|/v1/([^/]+)/?", parts.path)
    good = parts.scheme in ("http", "https") and host.isprintable() and " " not in host and not parts.query
    if not (good and host and path):
        raise _wrong("bad-url", f"{source}: {url!r} is not like http://HOST:PORT or http://HOST:PORT/v1/PROJECT")
    return f"{parts.scheme}://{parts.netloc}", unquote(path[1] or "")


def _wrong(code: str, summary: str) -> InvalidInput:
    return InvalidInput(Diagnostic(code=code, summary=summary))
