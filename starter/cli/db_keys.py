"""`firebrick db keys|add-key|use-key|rotate-key|drop-key`: the keys that encrypt columns, and their rotation."""

import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from firebrick.diagnostics import Diagnostic, InvalidInput
from starter.cli.database import database_options, existing_keyring, keyring_option, shown
from starter.cli.render import output_options, show_listing, show_record
from starter.state_folder import StateFolder


@click.command()
@database_options
@keyring_option
@output_options()
def keys(database: str | None, state_dir: str | None, keyring: str | None, form: str, columns: Sequence[str]) -> None:
    """Show which keys there are, and how many values each has sealed.

    One that sealed nothing and is not current can be dropped.
    """
    url, file = _places(database, state_dir, keyring)
    rows = [[one.id, one.state, one.values] for one in _maintenance().keys(url, _read(file))]
    show_listing(["Key", "State", "Values"], rows, form, columns)


@click.command("add-key")
@click.option("--state-dir", metavar="FOLDER", help="The server's folder. Default: $FIREBRICK_STATE, or XDG's.")
@keyring_option
def add_key(state_dir: str | None, keyring: str | None) -> None:
    """Add a fresh key to the keyring, to be made the current one later.

    Needed where servers or workers have copies of the file: all must have the key before one writes with it.
    """
    file = existing_keyring(Path(keyring) if keyring else StateFolder.at(state_dir).keyring)
    made = import_module("firebrick.store.keyring_file").add_key(file)
    click.echo(made)
    then = f"firebrick db rotate-key --key {made} (of a payload keyring: firebrick db use-key {made} --keyring {file})"
    click.echo(f"Copy {file} to every server and worker; then: {then}", err=True)


@click.command("use-key")
@click.argument("key", metavar="KEY")
@click.option("--state-dir", metavar="FOLDER", help="The server's folder. Default: $FIREBRICK_STATE, or XDG's.")
@keyring_option
def use_key(key: str, state_dir: str | None, keyring: str | None) -> None:
    """Make a key the current one, and seal nothing again.

    For a payload keyring: Temporal's histories stay as they are. For the database's use rotate-key.
    """
    file = existing_keyring(Path(keyring) if keyring else StateFolder.at(state_dir).keyring)
    import_module("firebrick.store.keyring_file").use_key(file, key)
    click.echo(f"{file} writes with {key} from now on.", err=True)


@click.command("rotate-key")
@database_options
@keyring_option
@click.option("--key", metavar="ID", help="The key to go over to, made by add-key. Default: a fresh one.")
@output_options()
def rotate_key(
    database: str | None,
    state_dir: str | None,
    keyring: str | None,
    key: str | None,
    form: str,
    columns: Sequence[str],
) -> None:
    """Write with another key from now on, and seal with it what is stored.

    Safe while servers and workers are at work: they notice the changed keyring within a second. Interrupted, or
    killed, it goes on when it is called again: as long as values are left that an older key sealed, no new one is made.
    Drop the old key with drop-key afterwards.
    """
    url, file = _places(database, state_dir, keyring)
    maintenance, files = _maintenance(), import_module("firebrick.store.keyring_file")
    used = {one.id: one for one in maintenance.keys(url, _read(file))}
    if unreadable := [one.id for one in used.values() if not one.ok]:
        raise InvalidInput(
            Diagnostic(
                code="keyring-incomplete",
                summary=f"values are sealed with {', '.join(unreadable)}, which this keyring cannot open",
                detail="Nothing was changed. `firebrick db check` says what to do.",
            )
        )
    before = next(one.id for one in used.values() if one.state == "current")
    unfinished = sum(one.values for one in used.values() if one.id != before)
    if key is None and unfinished:
        click.echo(
            f"An earlier rotation to {before} has not ended ({unfinished} values); going on with that.", err=True
        )
    else:
        key = key or files.add_key(file)
        files.use_key(file, key)
        # Nobody writes with the old key any more when what there is gets counted.
        time.sleep(2 * import_module("firebrick.store.keyring").NOTICED_WITHIN)
    ring = _read(file)
    done = maintenance.reseal(url, ring, lambda progress: click.echo(f"{progress.values} values sealed", err=True))
    left = sum(one.values for one in maintenance.keys(url, ring) if one.id != ring.current)
    record = {"database": shown(url), "keyring": str(file), "key_before": before, "key": ring.current}
    show_record(record | {"values_sealed": done.values, "values_left": left}, form, columns)
    if left:
        raise InvalidInput(
            Diagnostic(
                code="key-still-used",
                summary=f"{left} values are sealed with other keys again: some process still writes with one",
                detail="Give each server and worker the same keyring, then repeat this.",
            )
        )


@click.command("drop-key")
@click.argument("key", metavar="KEY")
@database_options
@keyring_option
def drop_key(key: str, database: str | None, state_dir: str | None, keyring: str | None) -> None:
    """Remove a key from the keyring for good. Refused while anything needs it.

    Backups of the database from before the rotation need the keyring of that time.
    """
    url, file = _places(database, state_dir, keyring)
    _maintenance().drop_key(url, file, key)
    click.echo(f"Key {key} is not in {file} any more.", err=True)


def _places(database: str | None, state_dir: str | None, keyring: str | None) -> tuple[str, Path]:
    folder = StateFolder.at(state_dir)
    return database or folder.database_url, existing_keyring(Path(keyring) if keyring else folder.keyring)


def _read(file: Path) -> Any:
    return import_module("firebrick.store").Keyring.from_file(file)


def _maintenance() -> Any:
    return import_module("firebrick.store.maintenance")
