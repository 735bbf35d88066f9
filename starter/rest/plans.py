"""Routes that tell what an action would do. Heat's previews, and ours: a plan with values, and its application.

Nothing is stored but by the last two, which take what `plan` answered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from firebrick.contract import UpdateStackRequest
from firebrick.diagnostics import NameInUse
from firebrick.intake_plan import Planned, PlannedCreate, plan_create, plan_update
from firebrick.outputs import resolved_attributes, resolved_metadata
from firebrick.plan_file import open_plan, open_plan_of_create, plan_file, plan_file_of_create
from firebrick.preview_result import Preview, ResourcePreview, Will
from firebrick.store.rows import ResourceRow, StackRow
from firebrick.template import UNKNOWN, Function, ResourceDefinition
from starter.rest.errors import bad_request
from starter.rest.front import OPERATION_HEADER, Call, Route
from starter.rest.query_values import boolean, query_boolean
from starter.rest.request_body import read_body
from starter.rest.stacks import accepted, create_request, created, lookup, update_request
from starter.rest.views import link, time_text

HIDDEN = "******"
_LISTS = {  # Heat's word -> ours
    "unchanged": Will.NOTHING,
    "updated": Will.UPDATE,
    "replaced": Will.REPLACE,
    "added": Will.CREATE,
    "deleted": Will.DELETE,
}


# --- Heat's -------------------------------------------------------------------------------------------------------


async def preview_update(call: Call) -> Response:
    """200 and the resources by what happens to them, in Heat's form."""
    row = await call.stack()
    query_boolean(call.request, "show_nested", False)
    body = await read_body(call.request)
    request = await update_request(call, row.id, body, existing=call.request.method == "PATCH")
    planned = await _planned(call, request)
    shown = _Shown(call, planned.base.stack, planned.preview)
    changes = {word: [await shown.resource(one) for one in planned.preview.that(will)] for word, will in _LISTS.items()}
    return JSONResponse({"resource_changes": changes})


class _Shown:
    """Resources as Heat's preview shows them: what goes or is changed as it is now, everything else as it is to be."""

    def __init__(self, call: Call, stack: StackRow, preview: Preview) -> None:
        self._call, self._stack, self._preview = call, stack, preview
        self._required_by: dict[str, list[str]] = {}
        for one in preview.resources:
            for name in () if one.wanted is None else one.wanted.requires:
                self._required_by.setdefault(name, []).append(one.name)

    async def resource(self, one: ResourcePreview) -> dict[str, Any]:
        if one.will in (Will.UPDATE, Will.DELETE) and one.row is not None:
            return await self._as_it_is(one.row)
        assert one.wanted is not None
        definition = ResourceDefinition.thaw(one.wanted.definition)
        attributes = self._call.front.registry.type(_implementation(one)).attributes
        metadata = HIDDEN if self._preview.secrets.of_metadata(one.name) else _without_functions(definition.metadata)
        return {
            "updated_time": None,
            "creation_time": None,
            "resource_name": one.name,
            "physical_resource_id": "",
            "resource_action": "INIT",
            "resource_status": "COMPLETE",
            "resource_status_reason": "",
            "resource_type": one.type,
            **self._identities(one.name),
            "required_by": self._required_by.get(one.name, []),
            "description": definition.description,
            "metadata": metadata,
            "attributes": dict.fromkeys(sorted(attributes)),
        }

    async def _as_it_is(self, row: ResourceRow) -> dict[str, Any]:
        repository, registry = self._call.repository, self._call.front.registry
        (attributes,) = await resolved_attributes(repository, registry, self._stack, [row])
        if self._preview.secrets.of_attributes(row.name):
            attributes = dict.fromkeys(attributes, HIDDEN)
        metadata = HIDDEN
        if not self._preview.secrets.of_metadata(row.name):
            metadata = await resolved_metadata(repository, registry, self._stack, row)
        return {
            "updated_time": time_text(row.updated_at),
            "creation_time": time_text(row.created_at),
            "resource_name": row.name,
            "physical_resource_id": row.physical_id or "",
            "resource_action": row.action,
            "resource_status": row.status,
            "resource_status_reason": row.status_reason,
            "resource_type": row.type,
            **self._identities(row.name),
            "required_by": list(row.required_by),
            "description": ResourceDefinition.thaw(row.definition).description,
            "metadata": metadata,
            "attributes": attributes,
        }

    def _identities(self, resource: str) -> dict[str, Any]:
        stack = {"tenant": self._stack.project, "stack_name": self._stack.name, "stack_id": self._stack.id, "path": ""}
        return {
            "resource_identity": stack | {"path": f"/resources/{resource}"},
            "stack_identity": stack,
            "stack_name": self._stack.name,
        }


async def preview_create(call: Call) -> Response:
    """200 and the stack as it would be, with its resources and their properties; null where nobody knows yet."""
    body = await read_body(call.request)
    if body.get("converge") is not None:
        raise bad_request("'converge' is for updates.", "bad-value", path="converge")
    request = await create_request(call, body)
    planned = await plan_create(call.front.store, call.front.registry, request)
    href = call.links.stack(request.name, "None")
    stack = {
        "stack_name": request.name,
        "id": "None",
        "links": [link(href, "self")],
        "creation_time": None,
        "updated_time": None,
        "deletion_time": None,
        "notification_topics": [],
        "parameters": planned.definition.shown_parameters(),
        "description": planned.definition.description,
        "template_description": planned.definition.description,
        "capabilities": [],
        "disable_rollback": request.disable_rollback,
        "timeout_mins": request.timeout_mins,
        "stack_owner": request.requested_by.user,
        "parent": None,
        "stack_user_project_id": None,
        "tags": list(request.tags),
        "resources": _previewed(call, planned, href),
    }
    return JSONResponse({"stack": stack})


def _previewed(call: Call, planned: PlannedCreate, href: str) -> list[dict[str, Any]]:
    resources = planned.preview.resources
    required_by: dict[str, list[str]] = {}
    for one in planned.definition.resources.values():
        for name in one.requires:
            required_by.setdefault(name, []).append(one.name)
    return [
        {
            "updated_time": None,
            "creation_time": None,
            "logical_resource_id": one.name,
            "resource_name": one.name,
            "physical_resource_id": "",
            "resource_status": "INIT_COMPLETE",
            "resource_status_reason": "",
            "resource_type": one.type,
            "links": [link(f"{href}/resources/{one.name}", "self"), link(href, "stack")],
            "required_by": required_by.get(one.name, []),
            "description": planned.definition.resources[one.name].description,
            "properties": {each.name: HIDDEN if each.secret else _known(each.after) for each in one.properties},
            "attributes": dict.fromkeys(sorted(call.front.registry.type(_implementation(one)).attributes)),
        }
        for one in resources
    ]


def _implementation(one: ResourcePreview) -> str:
    assert one.wanted is not None
    return one.wanted.implementation or one.type


def _known(value: Any) -> Any:
    """Null where nobody knows yet."""
    if isinstance(value, Mapping):
        return {key: _known(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_known(one) for one in value]
    return None if value is UNKNOWN else value


def _without_functions(value: Any) -> Any:
    """Null in place of what waits for resources."""
    if isinstance(value, Mapping):
        return {key: _without_functions(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_functions(one) for one in value]
    return None if isinstance(value, Function) else value


async def _planned(call: Call, request: UpdateStackRequest) -> Planned:
    front = call.front
    return await plan_update(front.store, front.registry, request, front.starter.look_at_objects)


# --- ours ---------------------------------------------------------------------------------------------------------


async def plan(call: Call) -> Response:
    """200 and the plan of an update. `existing` in the body: as with PATCH."""
    row = await call.stack()
    body = await read_body(call.request)
    request = await update_request(call, row.id, body, existing=boolean("existing", body.get("existing", False)))
    planned = await _planned(call, request)
    return JSONResponse(plan_file(call.front.store.keyring, planned, request))


async def plan_new(call: Call) -> Response:
    """200 and the plan of a create."""
    request = await create_request(call, await read_body(call.request))
    planned = await plan_create(call.front.store, call.front.registry, request)
    return JSONResponse(plan_file_of_create(call.front.store.keyring, planned, request))


async def apply(call: Call) -> Response:
    """202: the update is accepted, exactly as planned. 409 when the stack has moved since."""
    row = await call.stack()
    body = await read_body(call.request)
    opened = open_plan(call.front.store.keyring, body, project=call.project, stack_id=row.id)
    planned = await _planned(call, opened.request)
    if planned.base.expected == opened.expected:  # else it is refused where the operation is accepted
        opened.check(planned.preview)
    request = opened.request.model_copy(update=_asked(call))
    return accepted(await call.front.starter.update(request, expected=opened.expected))


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
    Route("POST", "/stacks/preview", preview_create),
    Route("POST", "/stacks/plan", plan_new),
    Route("POST", "/stacks/apply", apply_new),
    *(
        Route(method, f"/stacks/{name}", named_like_a_route)
        for name in ("preview", "plan", "apply")
        for method in ("GET", "PUT", "PATCH", "DELETE")
    ),
    Route("PUT", "/stacks/{name}/{id}/preview", preview_update),
    Route("PATCH", "/stacks/{name}/{id}/preview", preview_update),
    Route("POST", "/stacks/{name}/{id}/plan", plan),
    Route("POST", "/stacks/{name}/{id}/apply", apply),
)
