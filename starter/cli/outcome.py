"""How an operation ended, told to a person: the state, the failure's root cause first, what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from starter.cli.follow import Followed
from starter.cli.render import printable
from starter.failure_tree import left, root_causes
from starter.http_api import StackAddress

MOST_NAMES = 10

Operation = Mapping[str, Any]


def succeeded(operation: Operation) -> bool:
    return bool(operation["state"] == "DONE")


def print_outcome(stack: StackAddress, chain: Sequence[Followed]) -> None:
    """On standard error. chain: the operation, and what followed it."""
    for line in outcome_lines(stack, *chain):
        click.echo(printable(line), err=True)


def outcome_lines(stack: StackAddress, asked: Followed, *followed: Followed) -> list[str]:
    """followed: what the failure of the one asked for led to."""
    action, state = asked.operation["action"], asked.operation["state"]
    if state == "DONE":
        return [f"Stack {stack.name} {action}_COMPLETE"]
    if state == "SUPERSEDED":
        return _superseded(stack, asked.operation)
    lines = [f"Stack {stack.name} {action}_FAILED: {_reason(asked.operation)}", *failure_lines(asked.operation)]
    for one in followed:
        lines += _led_to(stack, one)
    last = followed[-1].operation if followed else asked.operation
    if last["state"] == "SUPERSEDED":
        return lines
    if (last["action"], last["state"]) == ("DELETE", "DONE"):
        return [*lines, f"  events: firebrick stack event list {stack.id}"]
    lines.append(f"  events: firebrick stack event list {stack.name}")
    return lines + [f"  {what}: {command}" for what, command in next_steps(stack.name, last)]


def failure_lines(operation: Operation) -> list[str]:
    """The failure tree, the root cause first."""
    failure = operation.get("failure")
    lines = []
    for number, cause in enumerate(root_causes(failure, "")):
        attempts = cause.get("attempts") or 0
        tried = f", {attempts} attempts" if attempts > 1 else ""
        lines.append(f"  {'root cause' if number == 0 else 'also failed'}: {cause['path']} ({cause['type']}{tried})")
        lines += [f"    {line}" for line in f"{cause['error']}: {cause['message']}".splitlines()]
    for what, key in (("aborted", "aborted"), ("not started", "not_started")):
        if names := list(left(failure, key)):
            lines.append(f"  {what}: {_some(names)}")
    return lines


def next_steps(name: str, operation: Operation) -> list[tuple[str, str]]:
    """(what for, the command) of what can be done about a stack, by how its last operation ended."""
    action, state = operation["action"], operation["state"]
    delete = ("clean up", f"firebrick stack delete {name}")
    update = f"firebrick stack update {name} -t FILE"
    if state != "FAILED":
        return [("change it", update), delete]
    broken = [cause["resource"] for cause in (operation.get("failure") or {}).get("causes") or ()]
    if action == "DELETE":
        retain = ",".join(dict.fromkeys(broken)) or "NAME,NAME"
        return [
            ("try again", f"firebrick stack delete {name}"),
            ("without what cannot be deleted", f"firebrick stack delete {name} --retain {retain}"),
        ]
    steps = [("go on", f"firebrick stack continue {name}"), ("change it", update)]
    if action == "ROLLBACK":
        skip = ",".join(dict.fromkeys(broken)) or "NAME,NAME"
        steps.append(("leave what cannot be brought back", f"firebrick stack rollback {name} --skip {skip}"))
    elif action == "UPDATE":
        steps.append(("go back", f"firebrick stack rollback {name}"))
    return [*steps, delete]


def _led_to(stack: StackAddress, followed: Followed) -> list[str]:
    """What a failure led to: how that ended, and what it did to which resource."""
    operation = followed.operation
    action, state = operation["action"], operation["state"]
    done = "rolled back" if action == "ROLLBACK" else "deleted"
    if state == "SUPERSEDED":
        return _superseded(stack, operation)
    if state == "DONE":
        touched = [f"{name} {what}" for name, what in followed.touched.items()]
        return [f"  {done}: {_some(touched) if touched else 'nothing had to be done'}"]
    return [f"Stack {stack.name} {action}_FAILED: {_reason(operation)}", *failure_lines(operation)]


def _superseded(stack: StackAddress, operation: Operation) -> list[str]:
    by = operation.get("superseded_by")
    return [
        f"Stack {stack.name}: this {operation['action']} was superseded by a later operation{f' ({by})' if by else ''}",
        f"  to follow that one: firebrick stack wait {stack.id}",
    ]


def _reason(operation: Operation) -> str:
    return operation.get("reason") or "no reason was recorded"


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
