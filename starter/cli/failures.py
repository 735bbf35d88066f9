"""`firebrick stack failures list`: why an operation failed, the root cause first, and what to do next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from starter.cli.connection import Connection
from starter.cli.outcome import next_steps
from starter.cli.render import FORMATS, output_options, printable, show_listing
from starter.failure_tree import left, root_causes
from starter.http_api import Api, StackAddress

Operation = Mapping[str, Any]

HEADINGS = ("resource_name", "resource_type", "kind", "attempts", "error_class", "error", "message", "next")
NEXT = {  # by error class: what helps
    "permanent": "No attempt would help. Change what the message names, in the template or at the provider.",
    "transient": "The provider could not be reached, or failed, every time. See that it is well and try again.",
    "throttled": "The provider takes no more requests for now. Try again later.",
    "conflict": "The object, or one it hangs on, stayed busy. See at the provider what holds it and try again.",
    "quota": "There is no room for it. Free some or have the quota raised, and try again.",
}
UNKNOWN_OUTCOME = "Nobody knows whether the call took effect. Look at the provider before anything else."
# Of a nested stack that is a root cause itself: what failed in one is shown in its place.
STOPPED_INSIDE = "Nothing in it failed by itself: it was stopped, or its time was over. It may need more time."
TIMED_OUT = "Timed out"  # how the reason of an operation begins whose time was over
UNCLASSIFIED = "The resource's own events may say more."


@click.group()
def failures() -> None:
    """Why a stack failed."""


@failures.command("list")
@click.argument("name", metavar="STACK")
@output_options(("tree", *FORMATS), default="tree")
@click.pass_obj
def failures_list(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """Why a stack's last operation failed: the root cause first, what else did, what was stopped or never begun."""
    api = Api(connection)
    address = api.find(name)
    found = api.operations(address)
    operation = failed_operation(api, address, found)
    if operation is None:
        click.echo(_nothing(address, found[0]), err=True)
    if form == "tree" and not columns:
        for line in tree_lines(address, operation, found[0], _owner(api, address)) if operation else ():
            click.echo(printable(line))
        return
    rows = list(_rows(operation)) if operation else []
    show_listing(HEADINGS, rows, "table" if form == "tree" else form, columns)


def failed_operation(api: Api, address: StackAddress, operations: Sequence[Operation]) -> Operation | None:
    """The newest that failed, unless a later one has made it good, which its rollback has not; of one that runs, what
    has failed so far. operations: the newest first."""
    for operation in operations:
        if operation["state"] == "DONE" and not operation["follows"]:
            return None
        if operation["state"] == "RUNNING":
            broken = [one for one in api.resources(address, {"status": "FAILED"}) if _since(operation, one)]
            if broken:
                so_far = {"causes": [_so_far(one) for one in broken], "aborted": [], "not_started": []}
                return {**operation, "failure": so_far, "reason": "it still runs; this has failed so far"}
        elif operation["state"] == "FAILED" or operation["failure"]:
            return operation
    return None


def _since(operation: Operation, resource: Mapping[str, Any]) -> bool:
    """Whether a resource is what it is since that operation began: in an update others may have failed before."""
    return bool(resource["updated_time"] >= operation["since"])


def _so_far(resource: Mapping[str, Any]) -> dict[str, Any]:
    reason = str(resource["resource_status_reason"] or "")
    error, _, message = ("", "", reason) if reason.startswith("resources") else reason.partition(": ")
    return {
        "resource": resource["resource_name"],
        "type": resource["resource_type"],
        "action": str(resource["resource_status"]).partition("_")[0],
        "error_class": "",
        "error": error,
        "message": message,
        "attempts": None,
    }


def advice(cause: Mapping[str, Any]) -> str:
    if cause["error"] == "UnknownOutcome":
        return UNKNOWN_OUTCOME
    if cause.get("inner") is not None or not cause["error"]:
        return STOPPED_INSIDE
    return NEXT.get(cause["error_class"], UNCLASSIFIED)


def _nothing(address: StackAddress, newest: Operation) -> str:
    if newest["state"] not in ("PENDING", "RUNNING"):
        return f"Nothing of stack {address.name} has failed."
    goes_on = f"its {newest['action']} goes on; to follow: firebrick stack wait {address.name}"
    return f"Nothing of stack {address.name} has failed so far; {goes_on}"


def _owner(api: Api, address: StackAddress) -> str:
    """The name of the stack that a nested one is in; "" of others."""
    parent = api.stack(address, resolve_outputs=False).get("parent")
    return api.find(parent).name if parent else ""


def tree_lines(
    address: StackAddress, operation: Operation, newest: Operation | None = None, owner: str = ""
) -> list[str]:
    """For people: the operation, a branch for each cause, then what to do. newest: of the stack, where it is another,
    like the rollback of this one. owner: of a nested stack, the stack it is in: there one acts."""
    newest = operation if newest is None or newest["id"] == operation["id"] else newest
    action, state, failure = operation["action"], operation["state"], operation["failure"] or {}
    shown = f"{action}_FAILED" if state == "FAILED" else f"{action} {state}"
    lines = [f"{address.name}  {shown}: {operation['reason'] or 'no reason was recorded'}"]
    causes = list(root_causes(failure, address.name))
    branches = [_cause(number, cause) for number, cause in enumerate(causes)]
    for what, key in (("aborted", "aborted"), ("not started", "not_started")):
        if names := list(left(failure, key)):
            branches.append([f"{what}: {', '.join(names)}"])
    for number, branch in enumerate(branches):
        last = number == len(branches) - 1
        lines.append(f"{'└─' if last else '├─'} {branch[0]}")
        lines += [f"{'  ' if last else '│ '}   {line}" for line in branch[1:]]
    if causes:
        lines.append(f"look:      firebrick stack resource show {causes[0]['stack']} {causes[0]['resource']}")
    lines.append(f"events:    firebrick stack event list {address.name}")
    if str(operation["reason"] or "").startswith(TIMED_OUT) and action in ("CREATE", "UPDATE"):
        lines.append(f"more time: firebrick stack {action.lower()} ... --timeout MINUTES")
    if newest is not operation:
        lines.append(f"since:     {newest['action']} {newest['state']}")
    if newest["state"] in ("PENDING", "RUNNING"):
        return [*lines, f"to follow: firebrick stack wait {address.name}"]
    if owner:
        return [*lines, f"part of:   stack {owner}; what to do is said by: firebrick stack failures list {owner}"]
    return lines + [f"{what + ':':<10} {command}" for what, command in next_steps(address.name, newest)]


def _cause(number: int, cause: Mapping[str, Any]) -> list[str]:
    attempts = cause["attempts"] or 0
    tried = f", {attempts} attempt{'s' if attempts > 1 else ''}" if attempts else ""
    return [
        f"{_kind(number)}: {cause['path']} ({cause['type']}{tried})",
        *(f"{cause['error']}: {cause['message']}" if cause["error"] else str(cause["message"])).splitlines(),
        f"next: {advice(cause)}",
    ]


def _kind(number: int) -> str:
    return "also failed" if number else "root cause"


def _rows(operation: Operation) -> Iterator[list[Any]]:
    failure = operation["failure"] or {}
    for number, one in enumerate(root_causes(failure, "")):
        said = [one[key] for key in ("attempts", "error_class", "error", "message")]
        yield [one["path"], one["type"], _kind(number), *said, advice(one)]
    for kind, key in (("aborted", "aborted"), ("not started", "not_started")):
        for name in left(failure, key):
            yield [name, None, kind, None, None, None, None, None]
