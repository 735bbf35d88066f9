"""How an operation ended, told to a person: the state, the failure's root cause first, what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from starter.cli.render import printable
from starter.http_api import StackAddress

MOST_NAMES = 10


def succeeded(operation: Mapping[str, Any]) -> bool:
    return bool(operation["state"] == "DONE")


def print_outcome(stack: StackAddress, operation: Mapping[str, Any]) -> None:
    """On standard error."""
    for line in outcome_lines(stack, operation):
        click.echo(printable(line), err=True)


def outcome_lines(stack: StackAddress, operation: Mapping[str, Any]) -> list[str]:
    action, state = operation["action"], operation["state"]
    if state == "DONE":
        return [f"Stack {stack.name} {action}_COMPLETE"]
    if state == "SUPERSEDED":
        by = operation.get("superseded_by")
        return [
            f"Stack {stack.name}: this {action} was superseded by a later operation{f' ({by})' if by else ''}",
            f"  to follow that one: firebrick stack wait {stack.id}",
        ]
    lines = [f"Stack {stack.name} {action}_FAILED: {operation.get('reason') or 'no reason was recorded'}"]
    failure = operation.get("failure") or {}
    causes = failure.get("causes") or []
    for number, cause in enumerate(causes):
        attempts = cause.get("attempts") or 0
        tried = f", {attempts} attempts" if attempts > 1 else ""
        lines.append(
            f"  {'root cause' if number == 0 else 'also failed'}: {cause['resource']} ({cause['type']}{tried})"
        )
        lines += [f"    {line}" for line in f"{cause['error']}: {cause['message']}".splitlines()]
    for what, key in (("aborted", "aborted"), ("not started", "not_started")):
        if names := failure.get(key):
            lines.append(f"  {what}: {_some(names)}")
    lines.append(f"  events: firebrick stack event list {stack.name}")
    again = "try again" if action == "DELETE" else "clean up"
    lines.append(f"  {again}: firebrick stack delete {stack.name}")
    return lines


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
