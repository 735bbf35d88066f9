"""What is shown of stored rows: Heat's fields, names and forms of time (recorded answers are the reference)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from firebrick.store.rows import EventRow, FailureTree, OperationRow, ResourceRow, StackRow, StackSummary
from starter.holds import Hold


def time_text(seconds: float | None) -> str | None:
    """``YYYY-MM-DDTHH:MM:SSZ``, UTC; None stays None."""
    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Links:
    """URLs of one project as the client reaches it. base: scheme and host of the request."""

    def __init__(self, base: str, project: str) -> None:
        self._root = f"{base.rstrip('/')}/v1/{quote(project, safe='')}"

    def stacks(self) -> str:
        return f"{self._root}/stacks"

    def stack(self, name: str, stack_id: str, *inside: str) -> str:
        parts = (quote(part, safe="") for part in (name, stack_id, *inside))
        return "/".join((self._root, "stacks", *parts))


def link(href: str, rel: str) -> dict[str, str]:
    return {"href": href, "rel": rel}


def stack_in_list(stack: StackSummary, links: Links) -> dict[str, Any]:
    """As lists show it: Heat leaves the description empty here, and tags null when there are none."""
    return {
        "id": stack.id,
        "links": [link(links.stack(stack.name, stack.id), "self")],
        "stack_name": stack.name,
        "description": "",
        "stack_status": stack.state,
        "stack_status_reason": stack.status_reason,
        "creation_time": time_text(stack.created_at),
        "updated_time": time_text(stack.updated_at),
        "deletion_time": time_text(stack.deleted_at),
        "stack_owner": stack.owner,
        "parent": stack.owner_id,
        "stack_user_project_id": None,
        "tags": list(stack.tags) or None,
    }


def stack_alone(stack: StackRow, links: Links, outputs: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """As show has it. outputs: None leaves them out (deleted stacks, resolve_outputs=False)."""
    body: dict[str, Any] = {
        "stack_name": stack.name,
        "id": stack.id,
        "links": [link(links.stack(stack.name, stack.id), "self")],
        "creation_time": time_text(stack.created_at),
        "updated_time": time_text(stack.updated_at),
        "deletion_time": time_text(stack.deleted_at),
        "notification_topics": [],
        "parameters": dict(stack.shown_parameters),
        "description": stack.description,
        "template_description": stack.description,
        "capabilities": [],
        "disable_rollback": stack.disable_rollback,
        "timeout_mins": stack.timeout_mins,
        "stack_owner": stack.owner,
        "parent": stack.owner_id,
        "stack_user_project_id": None,
        "tags": list(stack.tags),
        "stack_status": stack.state,
        "stack_status_reason": stack.status_reason,
    }
    if outputs is not None:
        body["outputs"] = list(outputs)
    return body


def resource_in_list(
    row: ResourceRow,
    stack: StackRow,
    links: Links,
    *,
    with_row: bool = False,
    nested: StackRow | None = None,
    parent: str | None = None,
) -> dict[str, Any]:
    """with_row adds, for followers, which row it is: while a resource is replaced it has two, and their events differ
    in nothing else. nested: the stack that the resource is. parent: the resource that its stack is."""
    body: dict[str, Any] = {
        "updated_time": time_text(row.updated_at),
        "creation_time": time_text(row.created_at),
        "logical_resource_id": row.name,
        "resource_name": row.name,
        "physical_resource_id": row.physical_id or "",
        "resource_status": row.state,
        "resource_status_reason": row.status_reason,
        "resource_type": row.type,
        "links": [
            link(links.stack(stack.name, stack.id, "resources", row.name), "self"),
            link(links.stack(stack.name, stack.id), "stack"),
            *([link(links.stack(nested.name, nested.id), "nested")] if nested is not None else []),
        ],
        "required_by": list(row.required_by),
    }
    if parent is not None:
        body["parent_resource"] = parent
    return body | ({"row": row.id} if with_row else {})


def event_in_list(
    row: EventRow, stack_name: str, links: Links, *, with_seq: bool = False, root: StackRow | None = None
) -> dict[str, Any]:
    """with_seq adds what Heat does not tell in a list, for followers: the event's place in its stack, the resource's
    type, and which row of it (see resource_in_list); null when it is the stack's own. root: the outermost stack, where
    events of nested ones are listed, too."""
    resource = links.stack(stack_name, row.stack_id, "resources", row.resource_name)
    body: dict[str, Any] = {
        "id": row.id,
        "links": [
            link(links.stack(stack_name, row.stack_id, "resources", row.resource_name, "events", row.id), "self"),
            link(resource, "resource"),
            link(links.stack(stack_name, row.stack_id), "stack"),
        ],
        "event_time": time_text(row.time),
        "logical_resource_id": row.resource_name,
        "resource_name": row.resource_name,
        "physical_resource_id": row.physical_id or "",
        "resource_status": row.state,
        "resource_status_reason": row.reason,
    }
    if root is not None:
        body["links"].append(link(links.stack(root.name, root.id), "root_stack"))
    if with_seq:
        body |= {"seq": row.seq, "row": row.resource_id, "resource_type": row.resource_type}
    return body


def with_holds(reason: str, holds: Sequence[Hold]) -> str:
    """A stack's reason, and what holds its runs: so that Heat's own clients show that, too."""
    return " ".join([reason.rstrip(".") + "."] + [one.text for one in holds]) if holds else reason


def operation_body(row: OperationRow, holds: Sequence[Hold] = ()) -> dict[str, Any]:
    """Ours: Heat has none. since: when it began, or was accepted while it waits. failure: root causes first. target:
    what the stack is brought to, by the operation that asked for it first. cancel: how a cancel asked for it to end,
    rollback or keep. follows: the operation whose failure led to this one. held: what keeps its run, or that of a
    nested stack, from going on; of an open operation, where it was asked for."""
    return {
        "id": row.id,
        "stack_id": row.stack_id,
        "stack_name": row.stack_name,
        "seq": row.seq,
        "action": row.action.value,
        "state": row.state.value,
        "reason": row.reason,
        "accepted_time": time_text(row.accepted_at),
        "since": time_text(row.began_at if row.began_at is not None else row.accepted_at),
        "ended_time": time_text(row.ended_at),
        "deadline": time_text(row.deadline),
        "superseded_by": row.superseded_by or None,
        "target": row.target_id or None,
        "cancel": row.cancel or None,
        "follows": row.follows or None,
        "workflow_id": row.workflow_id,
        "requested_by": dict(row.requested_by),
        "failure": row.failure and failure_body(row.failure),
        "held": [one.body() for one in holds],
    }


def failure_body(tree: FailureTree) -> dict[str, Any]:
    """inner of a cause: of a nested stack, its name and why its own operation failed; null."""
    inner = {name: {"stack": one.stack, **failure_body(one.failure)} for name, one in tree.inner.items()}
    return {
        "causes": [
            {
                "resource": cause.resource,
                "type": cause.type,
                "action": cause.action,
                "error_class": cause.error_class,
                "error": cause.error,
                "message": cause.message,
                "attempts": cause.attempts,
                "inner": inner.get(cause.resource),
            }
            for cause in tree.causes
        ],
        "aborted": list(tree.aborted),
        "not_started": list(tree.not_started),
    }
