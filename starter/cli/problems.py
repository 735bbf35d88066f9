"""Refusals and warnings on standard error: one block each, with the user's own file, the place, its line, and what to
do."""

import os
from collections.abc import Iterable
from dataclasses import replace

import click

from firebrick.diagnostics import Diagnostic, FirebrickError
from starter.cli.render import printable

_SOURCES: dict[str, tuple[str, str]] = {}  # the server's name of a document -> (the user's file, its text)


def remember_source(document: str, file: str, text: str) -> None:
    """What the server calls `document` ("template", "environment") is this file of the user's."""
    _SOURCES[document] = (file, text)


def print_problems(refused: FirebrickError) -> None:
    blocks = [_block(one) for one in refused.diagnostics]
    for block in blocks:
        click.echo(block, err=True)
    if len(blocks) > 1:
        click.echo(f"{len(blocks)} problems; nothing was changed", err=True)


def print_warnings(found: Iterable[Diagnostic]) -> None:
    """What is allowed and probably not meant; the command goes on."""
    for one in found:
        click.echo(_block(one), err=True)


def _block(one: Diagnostic) -> str:
    file, text = _SOURCES.get(one.file, (one.file, ""))
    lines = text.splitlines()
    shown = replace(one, file=file, detail="")
    colour = "red" if one.severity == "error" else "yellow"
    parts = [
        click.style(f"{one.severity}: ", fg=None if os.environ.get("NO_COLOR") else colour, bold=True)
        + printable(str(shown)).replace("\n", "\\n")
    ]
    if one.line is not None and 0 < one.line <= len(lines):
        number = str(one.line)
        source = lines[one.line - 1]
        start = max(0, (one.column or 1) - 60) if len(source) > 100 else 0
        parts.append(f"  {number} | {printable(source[start : start + 100].expandtabs(1))}")
        if one.column:
            parts.append(f"  {' ' * len(number)} | {' ' * (one.column - 1 - start)}^")
    parts += [f"  {printable(line)}" for line in one.detail.splitlines()]
    return "\n".join(parts)
