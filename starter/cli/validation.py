"""What `firebrick template validate` finds, and how it shows it: as text, JSON, or SARIF 2.1.0 for other tools."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import click

from firebrick.diagnostics import Diagnostic
from firebrick.resources.registry import Registry
from firebrick.template import Document, Environment, StackIdentity, TypeSchema
from firebrick.template.codes import CODES
from firebrick.template.define import read
from firebrick.template.explain import AnySchema

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAMES_NOTHING = ("unknown-parameter", "unknown-reference")
_KEYS = ("severity", "code", "summary", "detail", "path", "file", "line", "column")


def findings_of(
    document: Document,
    environment: Environment,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    files: Mapping[str, str],
    file: str,
) -> list[Diagnostic]:
    """Errors first. InvalidInput when the template cannot be read at all.

    An output that names what is not there is an error here, although the stack would be created.
    """
    reading = read(
        document,
        environment,
        parameters=parameters,
        identity=identity,
        types=_Types(),
        files=files,
        complete=False,
    )
    never = {one for late in reading.late_problems.values() for one in late if one.code in _NAMES_NOTHING}
    warnings = reading.definition.warnings
    found = [
        *reading.problems.diagnostics(),
        *(replace(one, severity="error") for one in warnings if one in never),
        *(one for one in warnings if one not in never),
    ]
    return [one.located(file) for one in found]


class _Types:
    """The types installed here, and templates used as types: of those nothing is known before they are read."""

    def __init__(self) -> None:
        self._installed = Registry.default()

    def find(self, name: str, *, declared: str = "", resource: str = "") -> TypeSchema | None:
        return AnySchema(name) if name.endswith((".yaml", ".template")) else self._installed.find(name)

    def names(self) -> Sequence[str]:
        return self._installed.names()


def show_findings(found: Sequence[Diagnostic], form: str) -> None:
    """json and sarif are data, on standard output; the table is text, and says when nothing is wrong."""
    if form == "json":
        rows = [{key: getattr(one, key) for key in _KEYS} for one in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif form == "sarif":
        click.echo(json.dumps(_sarif(found), indent=2, ensure_ascii=False))
    elif not found:
        click.echo("nothing is wrong")
    else:
        for one in found:
            click.echo(f"{one.severity}: {one}")
        errors = sum(one.severity == "error" for one in found)
        click.echo(f"{_counted(errors, 'error')}, {_counted(len(found) - errors, 'warning')}")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _sarif(found: Sequence[Diagnostic]) -> dict[str, Any]:
    rules = {one.code: _rule(one.code) for one in found}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "firebrick", "rules": list(rules.values())}},
                "results": [_result(one) for one in found],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": CODES[code]}} if code in CODES else {"id": code}


def _result(problem: Diagnostic) -> dict[str, Any]:
    text = f"{problem.summary}. {problem.detail}" if problem.detail else problem.summary
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(problem.file)}}
    if problem.line is not None:
        place["region"] = {"startLine": problem.line, "startColumn": problem.column or 1}
    location: dict[str, Any] = {"physicalLocation": place}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    return {
        "ruleId": problem.code,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [location],
    }
