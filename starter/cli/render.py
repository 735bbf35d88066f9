"""Data on standard output: as a table for people, as json, yaml or bare values for programs. And which columns of it.

A record is an object shown field by field; a listing is a sequence of rows under headings.
"""

import json
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

FORMATS = ("table", "json", "yaml", "value")
F = TypeVar("F", bound=Callable[..., Any])


def output_options(formats: Sequence[str] = FORMATS, default: str = "table") -> Callable[[F], F]:
    """The options -f and -c of a command; its parameters `form` and `columns`."""

    def add(function: F) -> F:
        function = click.option(
            "-c", "--column", "columns", metavar="NAME", multiple=True, help="Only this column; may be repeated."
        )(function)
        return click.option(
            "-f", "--format", "form", type=click.Choice(list(formats)), default=default, show_default=True, help="How."
        )(function)

    return add


def show_record(record: Mapping[str, Any], form: str, columns: Sequence[str] = ()) -> None:
    """One object. In a table nested values are written as JSON."""
    names = _choose(list(record), columns)
    chosen = {name: record[name] for name in names}
    if form == "json":
        click.echo(_json(chosen))
    elif form == "yaml":
        click.echo(_yaml(chosen), nl=False)
    elif form == "value":
        for value in chosen.values():
            click.echo(_text(value))
    else:
        _table(("Field", "Value"), [(name, _text(value, pretty=True)) for name, value in chosen.items()])


def show_listing(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], form: str, columns: Sequence[str] = ()
) -> None:
    """Many objects, in the order given."""
    names = _choose(headings, columns)
    places = [headings.index(name) for name in names]
    picked = [[row[place] for place in places] for row in rows]
    if form == "json":
        click.echo(_json([dict(zip(names, row, strict=True)) for row in picked]))
    elif form == "yaml":
        click.echo(_yaml([dict(zip(names, row, strict=True)) for row in picked]), nl=False)
    elif form == "value":
        for row in picked:
            click.echo(" ".join(_text(value) for value in row))
    else:
        _table(names, [[_text(value, pretty=True) for value in row] for row in picked])


def printable(text: str) -> str:
    """Without control characters: text from elsewhere must not steer the terminal."""
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else f"\\x{ord(c):02x}" for c in text)


def width(text: str) -> int:
    """Places a text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _choose(names: Sequence[str], wanted: Sequence[str]) -> Sequence[str]:
    """The wanted columns, spelled with any case and with _ or blank; UsageError naming those there are."""
    if not wanted:
        return names
    known = {_plain(name): name for name in names}
    if unknown := [name for name in wanted if _plain(name) not in known]:
        raise click.UsageError(f"no column {', '.join(unknown)}; there are: {', '.join(names)}")
    return list(dict.fromkeys(known[_plain(name)] for name in wanted))


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_")


def _text(value: Any, *, pretty: bool = False) -> str:
    if value is None:
        return "None" if pretty else ""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2 if pretty and value else None, ensure_ascii=False)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The frame the openstack client draws. The last column is wrapped when a terminal is too narrow for it."""
    cells = [[printable(cell).splitlines() or [""] for cell in row] for row in rows]
    widths = [
        max([width(heading), *(width(line) for row in cells for line in row[place])])
        for place, heading in enumerate(headings)
    ]
    room = _room() - sum(widths[:-1]) - 3 * len(widths) - 1
    if 20 <= room < widths[-1]:
        widths[-1] = room
        for row in cells:
            row[-1] = [part for line in row[-1] for part in _wrap(line, room)]
    rule = "+" + "+".join("-" * (wide + 2) for wide in widths) + "+"
    click.echo(rule)
    click.echo(_line(headings, widths))
    click.echo(rule)
    for row in cells:
        for number in range(max(len(lines) for lines in row)):
            click.echo(_line([lines[number] if number < len(lines) else "" for lines in row], widths))
    click.echo(rule)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _wrap(line: str, room: int) -> list[str]:
    if width(line) != len(line):  # textwrap counts characters, not places
        return [line]
    return textwrap.wrap(line, room, drop_whitespace=False) or [""]


def _room() -> int:
    """Columns of the terminal; without bound when the output is no terminal."""
    if not sys.stdout.isatty():
        return 1_000_000
    return shutil.get_terminal_size().columns
