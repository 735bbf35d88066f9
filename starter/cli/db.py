"""`firebrick db ...`: what an operator does to the database. The store is imported when a command runs."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from starter.cli.database import database_options, existing_keyring, keyring_option, shown
from starter.cli.db_keys import add_key, drop_key, keys, rotate_key, use_key
from starter.cli.render import output_options, show_record
from starter.state_folder import StateFolder

REFUSED = 1
DAY = 86_400  # seconds

UNSEEN = "not looked at: its tables are not this program's"


@click.group()
def db() -> None:
    """Upgrade, check and purge the database; rotate its keys."""


for _command in (keys, add_key, use_key, rotate_key, drop_key):
    db.add_command(_command)


@db.command()
@database_options
@output_options()
def upgrade(database: str | None, state_dir: str | None, form: str, columns: Sequence[str]) -> None:
    """Bring the database to this program's schema.

    A server or worker does so when it starts; this command is for doing it beforehand. Safe while others are at work.
    """
    folder = StateFolder.at(state_dir)
    if not database:
        folder.prepare()
    url = database or folder.database_url
    done = _maintenance().upgrade(url)
    show_record({"database": shown(url), "schema_before": done.before or None, "schema": done.after}, form, columns)


@db.command()
@database_options
@keyring_option
@output_options()
def check(database: str | None, state_dir: str | None, keyring: str | None, form: str, columns: Sequence[str]) -> int:
    """Compare the database with this program's schema and with the keyring; say what to do.

    Reads all of it, changes nothing. Exit code 1 when something has to be done.
    """
    folder = StateFolder.at(state_dir)
    url = database or folder.database_url
    file = existing_keyring(Path(keyring) if keyring else folder.keyring)
    found = _maintenance().check(url, import_module("firebrick.store").Keyring.from_file(file))
    show_record(
        {
            "database": shown(url),
            "schema": found.schema or None,
            "schema_needed": found.needed,
            "differences": list(found.differences),
            "stacks": UNSEEN if found.stacks is None else found.stacks,
            "keyring": str(file),
            "keys": UNSEEN
            if found.keys is None
            else {key.id: f"{key.state}, sealed {key.values} values" for key in found.keys},
            "result": "sound" if found.sound else "not sound",
        },
        form,
        columns,
    )
    for one in found.advice():
        click.echo(f"{click.style('error:', fg='red', bold=True)} {one}", err=True)
    return 0 if found.sound else REFUSED


@db.command()
@database_options
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="Stacks deleted longer ago.",
)
@click.option("--dry-run", is_flag=True, help="Only count.")
@output_options()
def purge(
    database: str | None, state_dir: str | None, older_than: float, dry_run: bool, form: str, columns: Sequence[str]
) -> None:
    """Remove what is left of stacks that were deleted long ago: their rows, operations and events.

    Safe while others are at work. A stack with an operation that has not ended stays.
    """
    import time

    url = database or StateFolder.at(state_dir).database_url
    gone = _maintenance().purge(url, deleted_before=time.time() - older_than * DAY, dry_run=dry_run)
    counts = {"stacks": gone.stacks, "operations": gone.operations, "events": gone.events, "resources": gone.resources}
    show_record({"database": shown(url), "removed": not dry_run, **counts}, form, columns)


def _maintenance() -> Any:
    return import_module("firebrick.store.maintenance")
