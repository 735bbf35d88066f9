"""`firebrick stack plan` and `stack apply`, and what `--dry-run` shows: what an update or a create would do.

Exit codes of a plan: 0 nothing changes, 2 something does, 1 it cannot be made.
"""

import json
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from firebrick.diagnostics import ActionInProgress, Diagnostic, InvalidInput, NotFound
from starter.cli.connection import Connection
from starter.cli.follow import newest_seq
from starter.cli.problems import print_warnings
from starter.cli.render import output_options
from starter.cli.stack_inputs import OPERATION_ID
from starter.cli.update_inputs import read_update, update_options
from starter.cli.watching import show_stack, watch
from starter.http_api import Api, NoServer, StackAddress, warnings_of

CHANGES = 2
WARNINGS = "warnings"  # of an answer; no part of the plan
NOT_SHOWN = ("request", "signature", WARNINGS)
FORM = click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How.")


@click.command()
@click.argument("name", metavar="STACK")
@update_options
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE", help="Save it, to be applied.")
@FORM
@click.pass_obj
def plan(connection: Connection, /, name: str, output: str | None, form: str, **given: Any) -> int:
    """Show what an update of a stack would do, or the create of one that is not there; nothing is changed.

    Exit code 0: nothing would change; 2: something would; 1: the update would be refused.
    """
    body, existing = read_update(given), given["existing"]
    api = Api(connection)
    try:
        address = api.find(name)
    except NotFound:
        if existing:
            raise
        told = {key: value for key, value in body.items() if key not in ("converge", "roll_back_to")}
        found = api.plan_of_create({**told, "stack_name": name})
    else:
        found = api.plan(address, body, existing=existing)
    if output is not None:
        _save({name: value for name, value in found.items() if name != WARNINGS}, Path(output))
    code = show_plan(found, form)
    if output is not None:
        click.echo(f"Saved. To do exactly this: firebrick stack apply {output}", err=True)
    return code


def show_plan(plan: Mapping[str, Any], form: str) -> int:
    """On standard output; the exit code."""
    if form == "json":
        shown = {name: value for name, value in plan.items() if name not in NOT_SHOWN}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        from starter.cli.plan_drawing import draw

        click.echo(draw(plan, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")))
    print_warnings(warnings_of(plan))
    running = plan.get("in_progress")
    if running:
        text = f"note: {running['action']} {running['id']} is in progress; what it has not done yet is not foreseen"
        click.echo(text, err=True)
    changed = any(one["action"] != "nothing" for one in plan["changes"]) or plan.get("stack_changes")
    return CHANGES if changed else 0


def _save(plan: Mapping[str, Any], file: Path) -> None:
    """The whole file or nothing; only its owner may read it."""
    if plan["signature"] is None:
        raise ActionInProgress(
            Diagnostic(
                code="action-in-progress",
                summary=f"{plan['in_progress']['action']} of the stack is in progress: its plan could not be applied.",
                detail=f"To wait for it: firebrick stack wait {plan['stack']['name']}",
            )
        )
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(plan, stream, indent=2)
        os.replace(draft, file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput(
            Diagnostic(code="unwritable-file", summary=f"the plan cannot be written: {error.strerror}", file=str(file))
        ) from None


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")
@OPERATION_ID
@output_options()
@click.pass_obj
def apply(
    connection: Connection,
    file: str,
    wait: bool,
    operation_id: uuid.UUID | None,
    form: str,
    columns: Sequence[str],
) -> None:
    """Do exactly what a plan says; refused when the stack has moved since it was made, or has come to be."""
    plan = _read(file)
    api = Api(connection)
    token = str(operation_id or uuid.uuid4())
    stack_id, start, action = plan["stack"]["id"], 0, "CREATE"
    try:
        if stack_id is None:
            asked = api.apply_create(plan, token)
        else:
            address, action = StackAddress(plan["stack"]["name"], stack_id), "UPDATE"
            start = newest_seq(api, address)
            asked = api.apply(address, plan, token)
    except NoServer as lost:
        if lost.sent:
            click.echo(f"To ask again without asking twice: add --operation-id {token}", err=True)
        raise
    print_warnings(asked.warnings)
    if wait:
        watch(api, asked.stack, asked.operation, action, start, form, columns)
    else:
        show_stack(api, asked.stack, form, columns)


def _read(file: str) -> dict[str, Any]:
    from starter.cli.documents import read_document

    try:
        plan = json.loads(read_document(file, "plan"))
        if isinstance(plan["stack"]["name"], str) and isinstance(plan["stack"]["id"], str | None):
            return dict(plan)
    except (ValueError, KeyError, TypeError):
        pass
    raise InvalidInput(
        Diagnostic(code="not-a-plan", summary="this is no plan", detail="`stack plan -o FILE` makes them.", file=file)
    )
