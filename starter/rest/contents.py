"""Routes of what is inside a stack: resources, events, outputs; and of operations, which are ours."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from fastapi import Response

from firebrick.diagnostics import Diagnostic, NotFound
from firebrick.near_names import instead_of
from firebrick.outputs import (
    output_in_list,
    resolved_attributes,
    resolved_metadata,
    resolved_output,
)
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.resources.schema import CONCEALED
from firebrick.store.rows import ResourceRow, StackRow
from firebrick.template import OutputDefinition, ResourceDefinition
from starter.holds import Hold
from starter.rest.errors import bad_request
from starter.rest.front import Call, Route
from starter.rest.json_response import JSONResponse
from starter.rest.query_values import query_boolean, query_filters, query_integer, sort_order
from starter.rest.views import event_in_list, operation_body, resource_in_list

RESOURCE_QUERIES = frozenset(
    {
        "nested_depth",
        "with_detail",
        "with_row",
        "type",
        "status",
        "name",
        "action",
        "id",
        "physical_resource_id",
        "uuid",
    }
)
EVENT_FILTERS = {
    "resource_status": "state",
    "resource_action": "action",
    "resource_name": "resource_name",
    "resource_type": "resource_type",
}
EVENT_SORT_KEYS = {"event_time": "time", "created_at": "time", "resource_type": "resource_type"}
DEEPEST = 5  # nested stacks in nested stacks, as many as there may be
MOST_EVENTS = 1000  # of a page for followers
MOST_OPERATIONS = 5  # named to someone who asked for another


# --- resources ---


async def list_resources(call: Call) -> Response:
    stack, query = await call.stack(), call.request.query_params
    if unknown := sorted(set(query) - RESOURCE_QUERIES):
        raise bad_request(
            f"Invalid filter parameters {unknown}",
            "unknown-filter",
            detail=f"There are: {', '.join(sorted(RESOURCE_QUERIES))}.",
        )
    depth = min(query_integer(call.request, "nested_depth", least=0, blank=False) or 0, DEEPEST)
    bodies = [body async for body in _resources(call, stack, await parent_resource(call, stack), depth)]
    return JSONResponse({"resources": bodies})


async def _resources(call: Call, stack: StackRow, parent: str | None, depth: int) -> AsyncIterator[dict[str, Any]]:
    """Of a stack, then of its nested ones down to that depth. parent: the resource that this stack is."""
    detail = query_boolean(call.request, "with_detail", False, blank=False)
    with_row = query_boolean(call.request, "with_row", False)
    rows = await call.repository.resources(stack.id, left_over=True)
    inner = {row.id: found for row in rows if (found := await nested_stack(call, row)) is not None}
    wanted = [row for row in rows if _wanted(row, call)]
    bodies = [
        resource_in_list(row, stack, call.links, with_row=with_row, nested=inner.get(row.id), parent=parent)
        for row in wanted
    ]
    if detail:
        attributes = await resolved_attributes(call.front.registry, stack, wanted)
        for row, body, values in zip(wanted, bodies, attributes, strict=True):
            body |= {"description": ResourceDefinition.thaw(row.definition).description, "attributes": values}
    for body in bodies:
        yield body
    for row in rows if depth else ():
        if row.id in inner:
            async for body in _resources(call, inner[row.id], row.name, depth - 1):
                yield body


async def nested_stack(call: Call, row: ResourceRow) -> StackRow | None:
    """The stack that a resource is, when it is one and that lives."""
    if row.implementation != TemplateResource.type_name or not row.physical_id:
        return None
    try:
        return await call.repository.stack(row.physical_id)
    except NotFound:
        return None


async def parent_resource(call: Call, stack: StackRow) -> str | None:
    """The name of the resource that a nested stack is. None: it is not nested, or was retained when that went."""
    if stack.owner_id is None:
        return None
    try:
        rows = await call.repository.resources(stack.owner_id)
    except NotFound:
        return None
    return next((row.name for row in rows if row.id == stack.owner_row), None)


def _wanted(row: ResourceRow, call: Call) -> bool:
    """A filter given twice means either value; different filters mean all of them. A type is named by a part of it."""
    query = call.request.query_params
    have = {
        "status": (row.status, row.state),
        "name": (row.name,),
        "action": (row.action,),
        "id": (row.uuid, str(row.id)),
        "uuid": (row.uuid,),
        "physical_resource_id": (row.physical_id or "",),
    }
    types = [part for part in query.getlist("type") if part]
    if types and not any(part in row.type for part in types):
        return False
    return all(any(value in have[name] for value in query.getlist(name)) for name in have if query.get(name))


async def show_resource(call: Call) -> Response:
    """with_attr, also several times: further attributes to show, such as ``show``; null where there is no such one."""
    stack = await call.stack()
    row = await _resource(call, stack)
    inner, parent = await nested_stack(call, row), await parent_resource(call, stack)
    body = resource_in_list(row, stack, call.links, nested=inner, parent=parent)
    also = call.request.query_params.getlist("with_attr")
    (attributes,) = await resolved_attributes(call.front.registry, stack, [row], also)
    body |= {"description": ResourceDefinition.thaw(row.definition).description, "attributes": attributes}
    return JSONResponse({"resource": body})


async def show_metadata(call: Call) -> Response:
    stack = await call.stack()
    row = await _resource(call, stack)
    return JSONResponse({"metadata": await resolved_metadata(call.repository, call.front.registry, stack, row)})


async def _resource(call: Call, stack: StackRow) -> ResourceRow:
    return await call.repository.resource(stack.id, call.request.path_params["resource"])


# --- events ---


async def list_events(call: Call) -> Response:
    """The newest first. Ours: with_seq=True adds each event's place in the stack; after_seq gives those after that
    place, oldest first, with their places."""
    stack = await call.stack()
    after = query_integer(call.request, "after_seq", least=0)
    filters = query_filters(call.request, EVENT_FILTERS)
    if after is None:
        return JSONResponse({"events": await _events(call, stack, filters)})
    limit = min(query_integer(call.request, "limit", least=1) or MOST_EVENTS, MOST_EVENTS)
    rows = await call.repository.events(stack.id, after_seq=after, limit=limit, filters=filters)
    return JSONResponse({"events": [event_in_list(row, stack.name, call.links, with_seq=True) for row in rows]})


async def list_resource_events(call: Call) -> Response:
    stack, name = await call.stack(), call.request.path_params["resource"]
    filters = query_filters(call.request, EVENT_FILTERS) | {"resource_name": (name,)}
    events = await _events(call, stack, filters)
    if not events:
        message = f"No events found for resource {name}"
        raise NotFound(Diagnostic(code="no-events", summary=message, heat_type="HTTPNotFound"))
    return JSONResponse({"events": events})


async def _events(call: Call, stack: StackRow, filters: dict[str, tuple[str, ...]]) -> list[dict[str, object]]:
    keys, descending = sort_order(call.request, EVENT_SORT_KEYS)
    after, before = 0, None
    limit = query_integer(call.request, "limit", least=0)
    with_seq = query_boolean(call.request, "with_seq", False)
    marker = call.request.query_params.get("marker")
    if "resource_type" in keys:
        return await _events_by_type(call, stack, filters, keys, descending)
    if depth := min(query_integer(call.request, "nested_depth", least=0) or 0, DEEPEST):
        root = await _root(call, stack)
        found = await call.repository.tree_events(
            stack.id, depth=depth, after=marker or None, limit=limit, descending=descending, filters=filters
        )
        return [event_in_list(row, name, call.links, with_seq=with_seq, root=root) for row, name in found]
    if marker:
        seq = (await call.repository.event(stack.id, marker)).seq
        after, before = (0, seq) if descending else (seq, None)
    rows = await call.repository.events(
        stack.id,
        after_seq=after,
        before_seq=before,
        filters=filters,
        limit=limit,
        descending=descending,
    )
    return [event_in_list(row, stack.name, call.links, with_seq=with_seq) for row in rows]


async def _root(call: Call, stack: StackRow) -> StackRow:
    """The outermost stack; of one that was retained, itself once that has been purged."""
    if not stack.root_id:
        return stack
    try:
        return await call.repository.stack(stack.root_id, include_deleted=True)
    except NotFound:
        return stack


async def _events_by_type(
    call: Call, stack: StackRow, filters: dict[str, tuple[str, ...]], keys: list[str], descending: bool
) -> list[dict[str, object]]:
    """All that are wanted are read, put in order and cut."""
    request, by_time = call.request, "time" in keys and keys.index("time") < keys.index("resource_type")
    depth = min(query_integer(request, "nested_depth", least=0) or 0, DEEPEST)
    root = await _root(call, stack)
    rows = await call.repository.tree_events(stack.id, depth=depth, filters=filters)
    if not by_time:  # times seldom are equal: what comes behind them says nothing
        rows.sort(key=lambda one: one[0].resource_type)
    rows = rows[::-1] if descending else rows
    if marker := request.query_params.get("marker"):
        places = [place for place, (row, _) in enumerate(rows) if row.id == marker]
        rows = rows[places[0] + 1 :] if places else rows
    with_seq = query_boolean(request, "with_seq", False)
    return [
        event_in_list(row, name, call.links, with_seq=with_seq, root=root if depth else None)
        for row, name in rows[: query_integer(request, "limit", least=0)]
    ]


async def show_event(call: Call) -> Response:
    stack, params = await call.stack(), call.request.path_params
    row = await call.repository.event(stack.id, params["event"])
    if row.resource_name != params["resource"]:
        message = f"No event {params['event']} found"
        raise NotFound(Diagnostic(code="event-not-found", summary=message, heat_type="HTTPNotFound"))
    body = event_in_list(row, stack.name, call.links)
    schema, properties = call.front.registry.find(row.resource_type), dict(row.properties or {})
    # Of a type that is not loaded, nobody knows which properties are secret.
    shown = schema.concealed(properties) if schema is not None else dict.fromkeys(properties, CONCEALED)
    body |= {"resource_type": row.resource_type, "resource_properties": shown}
    return JSONResponse({"event": body})


# --- outputs ---


async def list_outputs(call: Call) -> Response:
    stack = await call.stack()
    return JSONResponse({"outputs": [output_in_list(frozen) for frozen in stack.outputs]})


async def show_output(call: Call) -> Response:
    stack, key = await call.stack(), call.request.path_params["key"]
    output = await resolved_output(call.repository, call.front.registry, stack, key)
    if output is None:
        message = f"Specified output key {key} not found."
        keys = [OutputDefinition.thaw(frozen).key for frozen in stack.outputs]
        detail = instead_of(key, keys, none="The stack has no outputs.")
        raise NotFound(Diagnostic(code="output-not-found", summary=message, detail=detail, heat_type="NotFound"))
    return JSONResponse({"output": output})


# --- operations ---


async def list_operations(call: Call) -> Response:
    """All that was ever asked of a stack, the newest first."""
    stack = await call.stack()
    rows = await call.repository.operations(stack.id)
    return JSONResponse({"operations": [operation_body(row) for row in rows]})


async def show_operation(call: Call) -> Response:
    """With why no worker goes on with it, if that is so. with_holds=True adds what holds its run, if it is open: that
    is asked of Temporal."""
    asked = call.request.path_params["operation"]
    try:
        row = await call.repository.operation(asked)
    except NotFound as error:
        raise NotFound(replace(error.first, detail=await _instead_of_operation(call, asked))) from None
    no_worker = "" if row.state.ended else await call.front.starter.no_worker()
    holds: Sequence[Hold] = ()
    if not row.state.ended and query_boolean(call.request, "with_holds", False):
        holds = await call.front.starter.holds(call.project, row.stack_id)
    return JSONResponse({"operation": operation_body(row, holds) | {"no_worker": no_worker or None}})


async def _instead_of_operation(call: Call, asked: str) -> str:
    """For somebody who asked for an operation that is not there."""
    if (stack := await call.find(asked)) is not None:
        return f"That is a stack: `firebrick operation list {stack.name}` shows its operations."
    found = await call.repository.near_operations(asked, MOST_OPERATIONS)
    shown = ", ".join(f"{one.id} ({one.action.value} of {one.stack_name})" for one in found)
    if not found:
        return "Nothing was asked for in this project yet. An operation is known to the project it was asked in."
    if len(asked) >= 6 and all(one.id.startswith(asked[:6]) for one in found):
        return f"Did you mean {shown}?"
    return f"The newest are: {shown}. `firebrick operation list STACK` shows those of a stack."


_STACK = "/stacks/{name}/{id}"
ROUTES = (
    Route("GET", f"{_STACK}/resources", list_resources),
    Route("GET", f"{_STACK}/resources/{{resource}}", show_resource),
    Route("GET", f"{_STACK}/resources/{{resource}}/metadata", show_metadata),
    Route("GET", f"{_STACK}/resources/{{resource}}/events", list_resource_events),
    Route("GET", f"{_STACK}/resources/{{resource}}/events/{{event}}", show_event),
    Route("GET", f"{_STACK}/events", list_events),
    Route("GET", f"{_STACK}/outputs", list_outputs),
    Route("GET", f"{_STACK}/outputs/{{key}}", show_output),
    Route("GET", f"{_STACK}/operations", list_operations),
    Route("GET", "/operations/{operation}", show_operation),
)
