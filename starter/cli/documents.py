"""Reading what the user names: templates, environments, parameter files. Refusals name the file and the place."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.size_limits import BODY_SETTING, TEMPLATE_SETTING, most_body, most_template
from starter.cli.problems import remember_source


def read_document(file: str, what: str, most: int | None = None) -> str:
    """The text of a file, or of standard input for "-"; InvalidInput when it cannot be read or is too large. most:
    bytes; None: as many as a whole request may have."""
    setting = BODY_SETTING if most is None else TEMPLATE_SETTING
    most = most_body() if most is None else most
    if "://" in file:
        raise _problem(file, f"{what}s are read from files, not from addresses", "Download it and name the file.")
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(most + 1)
        else:
            with Path(file).open("rb") as source:
                raw = source.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _problem(file, f"the {what} cannot be read: {reason}", "Check the path.") from None
    if len(raw) > most:
        raise _problem(
            file, f"the {what} is larger than {most} bytes", f"Split it, or raise {setting} here and at the server."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        raise _problem(
            file,
            f"the {what} is not UTF-8 text: byte 0x{raw[error.start]:02x}",
            "Save it as UTF-8.",
            line=line,
            column=column,
        ) from None


def read_template(file: str) -> str:
    text = read_document(file, "template", most_template())
    remember_source("template", file, text)
    return text


def read_environments(files: Sequence[str]) -> dict[str, Any]:
    """The part of a request that carries them.

    One goes as its text, so that the server can name lines. Several go as `environment_files`, which the server merges,
    later ones over earlier ones, by Heat's rule.
    """
    texts = {file: read_document(file, "environment") for file in files}
    if len(texts) == 1:
        file, text = next(iter(texts.items()))
        remember_source("environment", file, text)
        return {"environment": text}
    for file, text in texts.items():
        remember_source(file, file, text)
    return {"environment_files": list(texts), "files": texts} if texts else {}


def read_parameters(given: Sequence[str], files: Sequence[str]) -> dict[str, str]:
    """name=value and name=file options as a mapping; UsageError for one without "="."""
    parameters: dict[str, str] = {}
    for option, assignments in (("--parameter", given), ("--parameter-file", files)):
        for assignment in assignments:
            name, equals, value = assignment.partition("=")
            if not equals or not name:
                raise click.UsageError(f"{option} is NAME=VALUE; there is no '=' after the name of one of them")
            parameters[name] = value if option == "--parameter" else read_document(value, "parameter file")
    return parameters


def _problem(
    file: str, summary: str, detail: str, *, line: int | None = None, column: int | None = None
) -> InvalidInput:
    return InvalidInput(
        Diagnostic(code="unreadable-file", summary=summary, detail=detail, file=file, line=line, column=column)
    )
