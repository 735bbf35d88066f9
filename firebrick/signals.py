"""Signals to resources: whether one is accepted, and what its event says. Called by the ways in.

A signal is stored before anybody is woken, so that it counts even when nothing runs. One with ``unset_hook`` is no
signal for the resource's type: it lets the resource go on past a hook. The rules and texts are Heat's.
"""

from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.registry import Registry
from firebrick.store import Repository, ResourceRow, StackRow
from firebrick.template.environment import HOOKS

ALARM = ("previous", "current", "reason")


def wake_key(resource: str) -> str:
    """The key under which a step of a resource waits for signals."""
    return f"signal.{resource}"


async def accept_signal(
    repository: Repository,
    registry: Registry,
    stack: StackRow,
    resource: ResourceRow,
    body: Any,
    *,
    signal_id: str = "",
    again: bool = False,
) -> str:
    """Store it; the id of the workflow to wake, "" when nothing runs. InvalidInput: it is none for this resource.

    signal_id: a uuid; a signal that is there already under it is not stored again. again: an earlier attempt may have
    cleared the hook.
    """
    now = repository.now()
    if isinstance(body, dict) and "unset_hook" in body:
        hook, shown = body["unset_hook"], _shown(stack, resource)
        if hook not in HOOKS:
            raise _refused(
                "unknown-hook",
                f"there is no hook {str(hook)[:100]}",
                f'Invalid hook type "{str(hook)[:100]}" for {shown}',
                "InvalidBreakPointHook",
                f"There are: {', '.join(HOOKS)}.",
            )
        return await repository.clear_hook(stack.id, resource.name, hook, shown=shown, now=now, again=again)
    schema = registry.find(resource.implementation)
    if schema is None or not schema.implementation.takes_signals:
        text = "signal is not supported for resource."
        raise _refused(
            "signal-not-supported", text, text, "ResourceActionNotSupported", f"{resource.type} takes no signals."
        )
    if resource.action in ("DELETE", "SUSPEND"):
        text = f"Cannot signal resource during {resource.action}"
        raise _refused("signal-refused", text, text, "ResourceActionNotSupported")
    reason = signal_reason(body, schema.implementation.signal_text(body))
    return await repository.add_signal(stack.id, resource, body, reason, now=now, signal_id=signal_id)


def signal_reason(body: Any, said: str) -> str:
    """What the event says. said: what the type makes of the signal, "" for nothing."""
    if said:
        return f"Signal: {said}"
    if body is None:
        return "No signal details provided"
    if isinstance(body, str):
        return body
    if isinstance(body, dict) and all(name in body for name in ALARM):
        return f"alarm state changed from {body['previous']} to {body['current']} ({body['reason']})"
    return "Unknown"


def _shown(stack: StackRow, resource: ResourceRow) -> str:
    """The resource as Heat's refusals name it."""
    physical = f" [{resource.physical_id}]" if resource.physical_id else ""
    return f'{resource.type.rpartition("::")[2]} "{resource.name}"{physical} Stack "{stack.name}" [{stack.id}]'


def _refused(code: str, summary: str, heat: str, heat_type: str, detail: str = "") -> InvalidInput:
    return InvalidInput(Diagnostic(code=code, summary=summary, detail=detail, heat_type=heat_type, heat_message=heat))
