"""Which database and which keyring a command of `firebrick db` works on."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from firebrick.diagnostics import Diagnostic, InvalidInput

F = TypeVar("F", bound=Callable[..., Any])


def database_options(function: F) -> F:
    """Which database: the parameters `database` and `state_dir`."""
    function = click.option(
        "--state-dir", metavar="FOLDER", help="The server's folder. Default: $FIREBRICK_STATE, or XDG's."
    )(function)
    return click.option(
        "--database", metavar="URL", envvar="FIREBRICK_DATABASE", help="The database. Default: SQLite, in the folder."
    )(function)


def keyring_option(function: F) -> F:
    """Which keys: the parameter `keyring`."""
    return click.option(
        "--keyring", metavar="FILE", envvar="FIREBRICK_KEYRING", help="The keys. Default: those in the folder."
    )(function)


def existing_keyring(file: Path) -> Path:
    """The file, which must be there: opened, one that is missing would be made, and a new one opens nothing."""
    if not file.exists():
        raise InvalidInput(
            Diagnostic(
                code="keyring-missing",
                summary=f"there is no keyring {file}",
                detail="Name the one the database was written with: --keyring FILE, or --state-dir FOLDER. "
                "For a database that holds nothing yet, a server makes one when it starts.",
            )
        )
    return file


def shown(url: str) -> str:
    """The database's address without its password."""
    return str(import_module("firebrick.store.database_url").shown_url(url))
