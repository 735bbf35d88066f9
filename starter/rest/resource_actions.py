"""Routes that act on one resource: a signal, and the mark that it is unhealthy."""

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from firebrick.contract import WAKE
from firebrick.diagnostics import NotFound
from firebrick.signals import accept_signal, wake_key
from firebrick.store import ResourceRow, StackRow
from starter.rest.errors import bad_request
from starter.rest.front import Call, Route
from starter.rest.query_values import boolean
from starter.rest.request_body import read_body, read_value

MARK, REASON = "mark_unhealthy", "resource_status_reason"
DEFAULT_REASON = "state changed by resource_mark_unhealthy api"


async def signal(call: Call) -> Response:
    """200 and null, as in Heat. The body is the signal: any JSON, or nothing; or {"unset_hook": NAME}."""
    stack = await call.stack()
    row = await call.repository.resource(stack.id, call.request.path_params["resource"])
    body = await read_value(call.request)
    workflow_id = await accept_signal(call.repository, call.front.registry, stack, row, body)
    if workflow_id:
        await call.front.starter.signal(workflow_id, WAKE, wake_key(row.name))
    return JSONResponse(None)


async def mark(call: Call) -> Response:
    """200 and null, as in Heat. The resource by its logical name, physical id or reference id."""
    stack = await call.stack()
    body = await read_body(call.request)
    if unknown := set(body) - {MARK, REASON}:
        raise bad_request(f"Invalid keys in resource mark unhealthy {_as_set(unknown)}", "unknown-key")
    if MARK not in body:
        raise bad_request(f"Missing mandatory ({MARK}) key from mark unhealthy request", "missing-key", path=MARK)
    unhealthy = boolean(MARK, body[MARK])
    reason = body.get(REASON)
    if reason is not None and not isinstance(reason, str):
        raise bad_request(f"{REASON} must be text", "bad-value", path=REASON)
    row = await _resource(call, stack, call.request.path_params["resource"])
    now = call.repository.now()
    await call.repository.mark(stack.id, row, unhealthy=unhealthy, reason=reason or DEFAULT_REASON, now=now)
    return JSONResponse(None)


async def _resource(call: Call, stack: StackRow, name: str) -> ResourceRow:
    try:
        return await call.repository.resource(stack.id, name)
    except NotFound:
        for row in await call.repository.resources(stack.id):
            if name in (row.physical_id, row.reference_id):
                return row
        raise


def _as_set(names: set[Any]) -> str:
    return "{" + ", ".join(repr(name) for name in sorted(names)) + "}"


_RESOURCE = "/stacks/{name}/{id}/resources/{resource}"
ROUTES = (
    Route("POST", f"{_RESOURCE}/signal", signal),
    Route("PATCH", _RESOURCE, mark),
)
