"""Plans: what an action would do, with values, and their application. Heat's previews are in starter.rest.previews.

`plan` and `plan_new` store nothing; `apply` and `apply_new` take what they answered.
"""

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from firebrick import intake_plan
from firebrick.diagnostics import NameInUse
from firebrick.intake_plan import plan_create
from firebrick.plan_file import open_plan, open_plan_of_create, plan_file, plan_file_of_create, plan_to_look_at
from starter.rest.errors import bad_request
from starter.rest.front import OPERATION_HEADER, Call, Route
from starter.rest.previews import planned_update
from starter.rest.query_values import check_fields
from starter.rest.request_body import read_body
from starter.rest.stacks import accepted, create_request, created, lookup, update_request


async def plan(call: Call) -> Response:
    """200 and the plan of an update. `existing` in the body: as with PATCH."""
    row = await call.stack()
    request = await update_request(call, row, await read_body(call.request))
    planned = await planned_update(call, request)
    call.warnings.extend(() if planned.definition is None else planned.definition.warnings)
    return JSONResponse(call.warned(plan_file(call.front.store.keyring, planned, request)))


async def plan_new(call: Call) -> Response:
    """200 and the plan of a create."""
    request = await create_request(call, await read_body(call.request))
    planned = await plan_create(call.front.store, call.front.registry, request)
    call.warnings.extend(planned.definition.warnings)
    return JSONResponse(call.warned(plan_file_of_create(call.front.store.keyring, planned, request)))


async def plan_delete(call: Call) -> Response:
    """200 and the plan of a delete, which is for looking at. `retain` in the body: names of resources."""
    row = await call.stack()
    body = await read_body(call.request)
    check_fields(body, "retain")
    retain = body.get("retain") or []
    if not (isinstance(retain, list) and all(isinstance(name, str) for name in retain)):
        raise bad_request("'retain' is a list of names of resources.", "bad-value", path="retain")
    front = call.front
    planned = await intake_plan.plan_delete(front.store, front.registry, call.project, row.id, retain)
    return JSONResponse(plan_to_look_at(planned))


async def apply(call: Call) -> Response:
    """202: the update is accepted, exactly as planned. 409 when the stack has moved since."""
    row = await call.stack()
    body = await read_body(call.request)
    opened = open_plan(call.front.store.keyring, body, project=call.project, stack_id=row.id)
    planned = await planned_update(call, opened.request)
    if planned.base.expected == opened.expected:  # else it is refused where the operation is accepted
        opened.check(planned.preview)
    request = opened.request.model_copy(update=_asked(call))
    return accepted(call, await call.front.starter.update(request, expected=opened.expected))


async def apply_new(call: Call) -> Response:
    """201: the create is accepted, exactly as planned. 409 when there is a stack of that name now."""
    opened = open_plan_of_create(call.front.store.keyring, await read_body(call.request), project=call.project)
    try:
        planned = await plan_create(call.front.store, call.front.registry, opened.request)
        opened.check(planned.preview)
    except NameInUse:  # refused where the create is accepted, unless it is this very one
        pass
    return await created(call, opened.request.model_copy(update=_asked(call)))


def _asked(call: Call) -> dict[str, Any]:
    return {"operation_id": call.request.headers.get(OPERATION_HEADER), "requested_by": call.requester}


async def named_like_a_route(call: Call) -> Response:
    """A stack may be called "preview", "plan" or "apply", and is looked up by that name."""
    call.request.path_params["name"] = call.request.url.path.rpartition("/")[2]
    return await lookup(call)


ROUTES = (
    Route("POST", "/stacks/plan", plan_new),
    Route("POST", "/stacks/apply", apply_new),
    *(
        Route(method, f"/stacks/{name}", named_like_a_route)
        for name in ("preview", "plan", "apply")
        for method in ("GET", "PUT", "PATCH", "DELETE")
    ),
    Route("POST", "/stacks/{name}/{id}/plan", plan),
    Route("POST", "/stacks/{name}/{id}/plan/delete", plan_delete),
    Route("POST", "/stacks/{name}/{id}/apply", apply),
)
