"""Which server and which project a command speaks to."""

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import click

from starter.state_folder import StateFolder

DEFAULT_URL = "http://127.0.0.1:8004"
DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class Connection:
    """base: scheme, host and port, no path. project: the path's second part. source: where base comes from."""

    base: str
    project: str
    source: str

    @classmethod
    def find(cls, url: str | None, project: str | None) -> "Connection":
        """--url, $FIREBRICK_URL, the running server of the state folder, or port 8004 of this machine.

        A URL may end in /v1/PROJECT; --project and $FIREBRICK_PROJECT go before that.
        """
        project = project or os.environ.get("FIREBRICK_PROJECT")
        if url:
            source = "--url"
        elif url := os.environ.get("FIREBRICK_URL"):
            source = "$FIREBRICK_URL"
        elif told := StateFolder.at().running_server():
            url, source = str(told.get("api_url")), f"{StateFolder.at().server_file}"
        else:
            url, source = DEFAULT_URL, "default"
        parts = urlsplit(url if "://" in url else f"http://{url}")
        path = re.fullmatch(r"/?|/v1/?|/v1/([^/]+)/?", parts.path)
        if parts.scheme not in ("http", "https") or not parts.hostname or path is None or parts.query:
            raise click.UsageError(f"{source}: {url!r} is not like http://HOST:PORT or http://HOST:PORT/v1/PROJECT")
        project = project or (unquote(path[1]) if path[1] else DEFAULT_PROJECT)
        return cls(f"{parts.scheme}://{parts.netloc}", project, source)
