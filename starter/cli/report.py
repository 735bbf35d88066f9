"""An exception nobody expected: a report id for the person, a file for whoever mends it, no values in either."""

import os
import platform
import sys
import time
import traceback
import uuid
from collections.abc import Sequence
from pathlib import Path

import click

from starter.state_folder import StateFolder

_WITH_SECRETS = ("--parameter", "--url", "--database", "-P")


def write_report(error: BaseException, arguments: Sequence[str]) -> str:
    """Say what happened, with the id of the report. $FIREBRICK_DEBUG=1 shows the whole traceback as well."""
    report_id = uuid.uuid4().hex[:12]
    if os.environ.get("FIREBRICK_DEBUG") == "1":
        traceback.print_exception(error)
    click.echo(f"error: an unexpected {type(error).__name__} [report {report_id}]", err=True)
    try:
        folder = StateFolder.at().reports
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{report_id}.txt"
        file.write_text(report_text(error, arguments, report_id), encoding="utf-8")
        click.echo(f"  This is a fault of Firebrick's. The report, without your values, is {file}.", err=True)
    except OSError as why:
        click.echo(f"  This is a fault of Firebrick's. The report could not be written: {why.strerror}.", err=True)
    click.echo("  FIREBRICK_DEBUG=1 in front of the command shows the whole error.", err=True)
    return report_id


def report_text(error: BaseException, arguments: Sequence[str], report_id: str) -> str:
    """Where it happened and on what; the exception's own text may hold a value, so only its type is here."""
    lines = [
        f"report {report_id}, {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
        f"python {platform.python_version()}, {platform.platform()}",
        f"command: firebrick {' '.join(_masked(arguments))}",
    ]
    link: BaseException | None = error
    while link is not None:
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}")
        for frame in traceback.extract_tb(link.__traceback__):
            lines.append(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}")
        link = link.__cause__ or link.__context__
    return "\n".join(lines) + "\n"


def _masked(arguments: Sequence[str]) -> list[str]:
    shown, hide = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide:
            argument = f"{name}=******" if equals else "******"
        elif equals and name in _WITH_SECRETS:
            argument = f"{name}=******"
        shown.append(argument)
        hide = argument in _WITH_SECRETS
    return shown


def _short(file: str) -> str:
    """Relative to the folder it was imported from."""
    for base in sorted((base for base in sys.path if base), key=len, reverse=True):
        if file.startswith(base + os.sep):
            return str(Path(file).relative_to(base))
    return file
