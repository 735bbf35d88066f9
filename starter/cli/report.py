"""An exception nobody expected: a report id for the person, a file for whoever mends it, no values in either."""

import os
import platform
import time
import traceback
from collections.abc import Sequence

import click

from firebrick.crash_report import new_report_id, places
from starter.state_folder import StateFolder, owners_only

_WITH_VALUES = ("--parameter", "--url", "--database")


def write_report(error: BaseException, arguments: Sequence[str]) -> str:
    """Say what happened, with the id of the report. $FIREBRICK_DEBUG=1 shows the whole traceback as well."""
    report_id = new_report_id()
    if os.environ.get("FIREBRICK_DEBUG") == "1":
        traceback.print_exception(error)
    click.echo(f"error: an unexpected {type(error).__name__} [report {report_id}]", err=True)
    try:
        folder = StateFolder.at(_state_folder(arguments)).reports
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{report_id}.txt"
        with open(file, "w", encoding="utf-8", opener=owners_only) as stream:
            stream.write(report_text(error, arguments, report_id))
        click.echo(f"  This is a fault of Firebrick's. The report, without your values, is {file}.", err=True)
    except OSError as why:
        click.echo(f"  This is a fault of Firebrick's. The report could not be written: {why.strerror}.", err=True)
    click.echo("  FIREBRICK_DEBUG=1 in front of the command shows the whole error.", err=True)
    return report_id


def _state_folder(arguments: Sequence[str]) -> str | None:
    """What --state-dir of the failed command says, if it does."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, value = argument.partition("=")
        if name == "--state-dir":
            return value if equals else following
    return None


def report_text(error: BaseException, arguments: Sequence[str], report_id: str) -> str:
    lines = [
        f"report {report_id}, {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
        f"python {platform.python_version()}, {platform.platform()}",
        f"command: firebrick {' '.join(_masked(arguments))}",
        *places(error),
    ]
    return "\n".join(lines) + "\n"


def _masked(arguments: Sequence[str]) -> list[str]:
    """The command line with the values of parameters, and of addresses that may hold a password, hidden."""
    shown, hide = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide or (equals and name in _WITH_VALUES):
            shown.append(f"{name}=******" if equals else "******")
        else:
            shown.append(argument)
        hide = argument in _WITH_VALUES
    return shown
