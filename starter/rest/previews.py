"""Heat's previews of an update and of a create, in Heat's form. They answer from the plan; nothing is stored."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from firebrick.arns import stack_arn
from firebrick.contract import UpdateStackRequest
from firebrick.diagnostics import InvalidInput
from firebrick.intake_plan import Planned, plan_create, plan_update
from firebrick.outputs import resolved_attributes, resolved_metadata
from firebrick.preview_result import Preview, ResourcePreview, Will
from firebrick.store.rows import ResourceRow, StackRow
from firebrick.template import UNKNOWN, Function, OutputDefinition, ResourceDefinition, StackDefinition
from starter.rest.front import Call, Route
from starter.rest.query_values import query_boolean
from starter.rest.request_body import read_body
from starter.rest.stacks import create_request, update_request
from starter.rest.views import link, time_text

HIDDEN = "******"
NO_ID = "None"  # Heat's, of a stack that is not there
_LISTS = {  # our word -> Heat's
    Will.NOTHING: "unchanged",
    Will.UPDATE: "updated",
    Will.REPLACE: "replaced",
    Will.CREATE: "added",
    Will.DELETE: "deleted",
}


async def preview_update(call: Call) -> Response:
    """200 and the resources by what happens to them, in Heat's form."""
    row = await call.stack()
    nested = query_boolean(call.request, "show_nested", False)
    body = await read_body(call.request)
    request = await update_request(call, row, body)
    planned = await planned_update(call, request)
    stack = planned.base.stack
    changes: dict[str, list[dict[str, Any]]] = {word: [] for word in _LISTS.values()}
    await _Shown(call, stack, stack.name, planned.preview).add(changes, nested=nested)
    return JSONResponse({"resource_changes": changes})


class _Shown:
    """Resources as Heat's preview shows them: what goes or is changed as it is now, everything else as it is to be."""

    def __init__(
        self, call: Call, stack: StackRow | None, planned_name: str, preview: Preview, parent: str = ""
    ) -> None:
        """stack: as it is; None: it is to be made. planned_name: Heat's, of the stack that the new template makes.
        parent: the resource that the stack stands for."""
        self._call, self._stack, self._preview, self._parent = call, stack, preview, parent
        self._planned_name = planned_name
        self._required_by: dict[str, list[str]] = {}
        for one in preview.resources:
            for name in () if one.wanted is None else one.wanted.requires:
                self._required_by.setdefault(name, []).append(one.name)

    async def add(self, changes: Mapping[str, list[dict[str, Any]]], *, nested: bool) -> None:
        """Each resource to Heat's list for what happens to it; nested: then those of nested stacks, level by level.
        A nested stack always counts as updated when it is not replaced (Heat's rule)."""
        for one in self._preview.resources:
            will = Will.UPDATE if one.will is Will.NOTHING and one.inside is not None else one.will
            changes[_LISTS[will]].append(await self._resource(one, will))
        for one in self._preview.resources:
            if nested and one.inside is not None:
                name = f"{self._planned_name}-{one.name}"
                inner = _Shown(self._call, one.inside.stack, name, one.inside.preview, one.name)
                await inner.add(changes, nested=True)

    async def _resource(self, one: ResourcePreview, will: Will) -> dict[str, Any]:
        if will in (Will.UPDATE, Will.DELETE) and one.row is not None:
            return await self._as_it_is(one.row, None if one.inside is None else one.inside.stack)
        return self.to_be(one)

    def to_be(self, one: ResourcePreview) -> dict[str, Any]:
        """A resource that is to be made."""
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
            **self._identities(one.name, None if self._parent else self._stack),
            "required_by": self._required_by.get(one.name, []),
            **({"parent_resource": self._parent} if self._parent else {}),
            "description": definition.description,
            "metadata": metadata,
            "attributes": dict.fromkeys(sorted(attributes)),
        }

    async def _as_it_is(self, row: ResourceRow, inner: StackRow | None) -> dict[str, Any]:
        assert self._stack is not None
        repository, registry = self._call.repository, self._call.front.registry
        (attributes,) = await resolved_attributes(registry, self._stack, [row])
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
            **self._identities(row.name, self._stack),
            "required_by": list(row.required_by),
            **({"nested_stack_id": self._identity(inner)} if inner is not None else {}),
            **({"parent_resource": self._parent} if self._parent else {}),
            "description": ResourceDefinition.thaw(row.definition).description,
            "metadata": metadata,
            "attributes": attributes,
        }

    def _identities(self, resource: str, stack: StackRow | None) -> dict[str, Any]:
        identity = self._identity(stack)
        return {
            "resource_identity": identity | {"path": f"/resources/{resource}"},
            "stack_identity": identity,
            "stack_name": identity["stack_name"],
        }

    def _identity(self, stack: StackRow | None) -> dict[str, Any]:
        """Heat gives a nested stack that a new template makes no id, although there is one already."""
        name, id_ = (self._planned_name, NO_ID) if stack is None else (stack.name, stack.id)
        return {"tenant": self._call.project, "stack_name": name, "stack_id": id_, "path": ""}


async def preview_create(call: Call) -> Response:
    """200 and the stack as it would be, with its resources and their properties; null where nobody knows yet."""
    body = await read_body(call.request)
    request = await create_request(call, body)
    planned = await plan_create(call.front.store, call.front.registry, request)
    definition = planned.definition
    stack = {
        "stack_name": request.name,
        "id": NO_ID,
        "links": [link(call.links.stack(request.name, NO_ID), "self")],
        "creation_time": time_text(time.time()),
        "updated_time": None,
        "deletion_time": None,
        "notification_topics": [],
        "parameters": _own_parameters(definition, call.project, request.name) | definition.shown_parameters(),
        "description": definition.description,
        "template_description": definition.description,
        "capabilities": [],
        "disable_rollback": request.disable_rollback,
        "timeout_mins": request.timeout_mins,
        "stack_owner": request.requested_by.user,
        "parent": None,
        "stack_user_project_id": None,
        "tags": list(request.tags),
        "outputs": [_output(planned.preview, one) for one in definition.outputs.values()],
        "resources": _previewed(call, planned.preview, request.name),
    }
    return JSONResponse({"stack": stack})


def _own_parameters(definition: StackDefinition, project: str, name: str) -> dict[str, str]:
    """What a stack is by itself and does not know before it is made, in Heat's words."""
    if "AWS::StackName" in definition.parameters:
        return {"AWS::StackId": stack_arn(project, name, NO_ID)}
    return {"OS::stack_id": NO_ID}


def _output(preview: Preview, output: OutputDefinition) -> dict[str, Any]:
    body: dict[str, Any] = {"output_key": output.key, "description": output.description}
    try:
        return body | {"output_value": _known(preview.value_of(output.value))}
    except InvalidInput as error:
        return body | {"output_error": error.first.message, "output_value": None}


def _previewed(call: Call, preview: Preview, stack: str, parent: str = "") -> list[Any]:
    """A nested stack is the list of its resources, as in Heat."""
    shown = _Shown(call, None, stack, preview, parent)
    return [
        _previewed(call, one.inside.preview, f"{stack}-{one.name}", one.name)
        if one.inside is not None
        else shown.to_be(one) | {"properties": _properties(call, one)}
        for one in preview.resources
    ]


def _properties(call: Call, one: ResourcePreview) -> dict[str, Any]:
    """All that the type has, with its defaults."""
    given = {each.name: each.after for each in one.properties}
    secret = {each.name for each in one.properties if each.secret}
    values = call.front.registry.schema(_implementation(one)).converted(given, UNKNOWN)
    return {name: HIDDEN if name in secret else _known(value) for name, value in values.items()}


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
    return None if isinstance(value, Function) or value is UNKNOWN else value


async def planned_update(call: Call, request: UpdateStackRequest) -> Planned:
    front = call.front
    return await plan_update(front.store, front.registry, request, front.starter.look_at_objects)


ROUTES = (
    Route("POST", "/stacks/preview", preview_create),
    Route("PUT", "/stacks/{name}/{id}/preview", preview_update),
    Route("PATCH", "/stacks/{name}/{id}/preview", preview_update),
)
