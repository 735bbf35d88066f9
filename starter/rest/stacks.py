"""Routes of stacks: create, list, lookup, show, delete, template, environment and files."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import Request, Response
from pydantic import ValidationError

from firebrick.arns import read_arn
from firebrick.contract import MAX_TIMEOUT_MINS, CreateStackRequest, DeleteStackRequest, Frozen, UpdateStackRequest
from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from firebrick.outputs import resolved_outputs
from firebrick.stack_limits import hidden_tags
from firebrick.store.rows import StackRow
from firebrick.template import parse_template
from starter.rest.environments import requested_environment, shown_environment
from starter.rest.errors import Forbidden, bad_request, stack_not_found
from starter.rest.front import OPERATION_HEADER, Call, Route
from starter.rest.json_response import JSONResponse
from starter.rest.protocols import AcceptedOperation
from starter.rest.query_values import (
    boolean,
    integer,
    query_boolean,
    query_filters,
    query_integer,
    query_words,
    sort_order,
    text,
)
from starter.rest.request_body import read_body
from starter.rest.views import Links, link, operation_body, stack_alone, stack_in_list, with_holds

NAMES = "A name begins with a letter and has at most 255 letters, digits, and the characters _ . -"
SORT_KEYS = {
    "stack_name": "name",
    "name": "name",
    "stack_status": "status",
    "status": "status",
    "creation_time": "created_at",
    "created_at": "created_at",
    "updated_time": "updated_at",
    "updated_at": "updated_at",
}
FILTERS = {
    "id": "id",
    "stack_name": "name",
    "name": "name",
    "stack_status": "status",
    "status": "status",
    "action": "action",
    "stack_action": "action",
    "tenant": "project",
    "username": "owner",
    "stack_owner": "owner",
    "owner_id": "owner_id",
    "parent": "owner_id",
}
UNSUPPORTED_FILTERS = ("stack_status_reason", "stack_user_project_id")
"""Heat's, of what is stored encrypted here, or not at all."""
INSIDE = (
    "resources",
    "events",
    "template",
    "environment",
    "files",
    "outputs",
    "operations",
    "actions",
    "continue",
    "rollback",
)  # sub-paths that are looked up by name, too


@dataclass(frozen=True, slots=True)
class TagFilter:
    """The four tag queries: all of, any of, not all of, not any of. () asks nothing."""

    every: tuple[str, ...]
    some: tuple[str, ...]
    not_every: tuple[str, ...]
    none: tuple[str, ...]

    @classmethod
    def of(cls, request: Request) -> "TagFilter | None":
        names = ("tags", "tags_any", "not_tags", "not_tags_any")
        words = [query_words(request, name) for name in names]
        return cls(*words) if any(words) else None

    def takes(self, tags: tuple[str, ...]) -> bool:
        return not (
            (self.every and not all(tag in tags for tag in self.every))
            or (self.some and not any(tag in tags for tag in self.some))
            or (self.not_every and all(tag in tags for tag in self.not_every))
            or (self.none and any(tag in tags for tag in self.none))
        )


async def create(call: Call) -> Response:
    """201 and the stack's address; the operation's id in a header of ours, which may also come with the request."""
    return await created(call, await create_request(call, await read_body(call.request)))


async def created(call: Call, request: CreateStackRequest) -> Response:
    """The answer to an accepted create."""
    operation = await call.front.starter.create(request)
    call.warnings.extend(operation.warnings)
    href = call.links.stack(request.name, operation.stack_id)
    return JSONResponse(
        call.warned({"stack": {"id": operation.stack_id, "links": [link(href, "self")]}}),
        status_code=201,
        headers={"Location": href, OPERATION_HEADER: operation.id},
    )


async def create_request(call: Call, body: Mapping[str, Any]) -> CreateStackRequest:
    """What a create's body asks for."""
    name = body.get("stack_name")
    if name is None or name == "":
        raise bad_request("No stack name specified", "no-stack-name", detail=NAMES, path="stack_name")
    if body.get("converge") is not None:
        message = "converge flag only supported in stack update (or update preview) request."
        raise bad_request(message, "not-supported", path="converge")
    names_of(body, "clear_parameters")  # there is nothing yet that it could clear
    fields = await _common_fields(call, body) | {"name": name}
    if fields["template"] is None:
        raise _no_template()
    if fields["disable_rollback"] is None:
        fields["disable_rollback"] = True
    fields["tags"] = fields["tags"] or ()
    return _request(CreateStackRequest, fields)


async def _common_fields(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """What creates and updates have in common, checked as far as Heat checks it before it looks at the template. None:
    not said."""
    if body.get("adopt_stack_data") is not None:
        raise _not_yet("adopt_stack_data", "adopting existing resources", "Leave it out.")
    if body.get("files_container"):
        raise _not_yet("files_container", "reading files from a container", "Send them in `files`.")
    template = body.get("template")
    if template is None and body.get("template_url") is not None:
        raise _not_yet("template_url", "fetching templates", "Send the template itself in `template`.")
    if template in ("", {}):
        template = None
    if template is not None and not isinstance(template, str | dict):
        raise bad_request("The template must be text or an object.", "bad-template", path="template")
    timeout = body.get("timeout_mins")
    minutes = integer("timeout_mins", timeout, least=0) if timeout not in (None, "") else None
    if minutes is not None and minutes > MAX_TIMEOUT_MINS:
        raise bad_request(
            f"Invalid timeout value {minutes}",
            "bad-value",
            detail=f"Minutes from 1 to {MAX_TIMEOUT_MINS}; 0 is the server's default.",
            path="timeout_mins",
        )
    rollback = body.get("disable_rollback")
    tags = None if body.get("tags") is None else text("tags", body["tags"])
    return {
        "template": template,
        "environment": await asyncio.to_thread(requested_environment, body, call.warnings.extend),
        # Environment files overwrite them, so they are merged into the environment then (as in Heat).
        "parameters": {} if body.get("environment_files") else _object(body, "parameters"),
        "files": _object(body, "files"),
        "timeout_mins": minutes or None,  # 0 is the server's default, as in Heat
        "disable_rollback": None if rollback is None else boolean("disable_rollback", rollback),
        "on_failure": body.get("on_failure"),
        "continue_independent": boolean("continue_independent", body.get("continue_independent", False)),
        "tags": None if tags is None else tuple(tag.strip() for tag in tags.split(",")) if tags else (),
        "project": call.project,
        "operation_id": call.request.headers.get(OPERATION_HEADER) or body.get("operation_id"),
        "requested_by": call.requester,
    }


def _no_template() -> InvalidInput:
    return bad_request(
        "No template specified",
        "no-template",
        detail="There is nothing in it. The least there can be is a line with heat_template_version.",
        path="template",
        file="template",
    )


R = TypeVar("R", bound=Frozen)


def _request(model: type[R], fields: Mapping[str, Any]) -> R:
    try:
        return model(**fields)
    except ValidationError as error:
        raise InvalidInput(
            [
                Diagnostic(
                    code="bad-request-field",
                    summary=f"{'.'.join(map(str, one['loc']))}: {one['msg']}",
                    path=".".join(map(str, one["loc"])),
                    heat_type="HTTPBadRequest",
                )
                for one in error.errors(include_input=False, include_url=False, include_context=False)
            ]
        ) from None


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"'{name}' must be an object.", "bad-value", path=name)
    return value


def _not_yet(path: str, what: str, detail: str) -> InvalidInput:
    return bad_request(f"{what} is not supported yet", "not-supported-yet", detail=detail, path=path)


async def update(call: Call) -> Response:
    """202 and Heat's text. PUT replaces the template and all that belongs to it; PATCH changes what it names."""
    row = await call.stack()
    body = await read_body(call.request)
    return accepted(call, await call.front.starter.update(await update_request(call, row, body)))


async def update_request(call: Call, stack: StackRow, body: Mapping[str, Any]) -> UpdateStackRequest:
    """What an update's body asks for, checked as far as Heat checks it before it looks at the template. With PATCH, or
    `existing` in the body, what is left out stays."""
    name = body.get("stack_name")
    if name is not None and name not in (stack.name, stack.id):
        raise bad_request("A stack keeps its name.", "not-supported", detail="Leave it out.", path="stack_name")
    existing = boolean("existing", body.get("existing") or False) or call.request.method == "PATCH"
    fields = await _common_fields(call, body) | {"stack": stack.id, "existing": existing}
    if fields["template"] is None and not existing:
        raise _no_template()
    fields["converge"] = boolean("converge", body.get("converge", False))
    fields["roll_back_to"] = body.get("roll_back_to") or "previous"
    cleared = names_of(body, "clear_parameters")
    if existing:
        fields["clear_parameters"] = cleared
        fields["files"] = fields["files"] or None
        fields["environment"] = fields["environment"] or None
    return _request(UpdateStackRequest, fields)


def accepted(call: Call, operation: AcceptedOperation) -> Response:
    text = "The request is accepted for processing.<br /><br />\n\n\n"
    call.warnings.extend(operation.warnings)
    return JSONResponse(
        call.warned({"message": text, "code": "202 Accepted", "title": "Accepted"}),
        status_code=202,
        headers={OPERATION_HEADER: operation.id},
    )


def names_of(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad_request(f"'{name}' must be a list of names.", "bad-value", path=name)
    return tuple(value)


async def list_stacks(call: Call) -> Response:
    """Names of queries that Heat does not know are ignored, as there: clients send some for other versions."""
    request = call.request
    if query_boolean(request, "global_tenant", False):
        message = "You are not authorized to use stacks:global_index."
        raise Forbidden(Diagnostic(code="not-authorised", summary=message, heat_type="Forbidden"))
    limit = query_integer(request, "limit", least=0)
    keys, descending = sort_order(request, SORT_KEYS)
    tagged, which = TagFilter.of(request), _which(call)
    rows = await call.repository.stacks(
        **which,
        sort=keys or ["created_at"],
        descending=descending,
        limit=None if tagged else limit,
        marker=request.query_params.get("marker") or None,
    )
    if tagged:
        rows = [row for row in rows if tagged.takes(row.tags)][:limit]
    body: dict[str, Any] = {"stacks": [stack_in_list(row, call.links) for row in rows]}
    if limit and len(rows) == limit:
        following = request.url.include_query_params(marker=rows[-1].id).query
        body["links"] = [link(f"{call.links.stacks()}?{following}", "next")]
    if query_boolean(request, "with_count", False):
        body["count"] = await _count(call, tagged, which)
    return JSONResponse(body)


def _which(call: Call) -> dict[str, Any]:
    """Which stacks are asked for, in the words of Repository.stacks."""
    request = call.request
    filters: dict[str, Sequence[Any]] = dict(query_filters(request, FILTERS))
    for name in UNSUPPORTED_FILTERS:
        if request.query_params.get(name):
            raise bad_request(f"Stacks cannot be filtered by {name}", "not-supported", path=name)
    typed: dict[str, Callable[[str, object], Any]] = {"disable_rollback": boolean, "timeout_mins": integer}
    for name, read in typed.items():
        if values := [read(name, value) for value in request.query_params.getlist(name) if value]:
            filters[name] = values
    return {
        "filters": filters,
        "include_deleted": query_boolean(request, "show_deleted", False),
        "include_nested": query_boolean(request, "show_nested", False),
        "hidden_tags": () if query_boolean(request, "show_hidden", False) else hidden_tags(),
    }


async def _count(call: Call, tagged: TagFilter | None, which: Mapping[str, Any]) -> int:
    """How many the whole list has, whatever the page."""
    if not tagged:
        return await call.repository.count_stacks(**which)
    return sum(tagged.takes(row.tags) for row in await call.repository.stacks(**which))


async def lookup(call: Call) -> Response:
    """302 to the canonical address: by name, by id, and for what is inside."""
    params = call.request.path_params
    row = await call.find(params["name"])
    if row is None:
        raise stack_not_found(params["name"])
    last = call.request.url.path.rpartition("/")[2]
    inside = (last,) if call.request.scope["path"].count("/") > 4 else ()
    return _moved(call, call.links.stack(row.name, row.id, *inside))


async def lookup_arn(call: Call) -> Response:
    """302 to the address that an ARN comes to, of whatever project; whether that stack is there is seen there, as in
    Heat."""
    text = f"arn:{call.request.path_params['arn']}"
    arn = read_arn(text)
    if arn is None:
        raise stack_not_found(text)
    links = Links(str(call.request.base_url), arn.project)
    return _moved(call, links.stack(arn.name, arn.id) + quote(arn.path))


def _moved(call: Call, href: str) -> Response:
    if call.request.url.query:
        href += f"?{call.request.url.query}"
    return JSONResponse(
        {
            "message": f'The resource was found at <a href="{href}">{href}</a>;\n'
            "you should be redirected automatically.\n\n",
            "code": "302 Found",
            "title": "Found",
        },
        status_code=302,
        headers={"Location": href},
    )


async def show(call: Call) -> Response:
    """with_operation=True (ours) adds the newest operation. The reason of a stack whose run somebody holds says so."""
    row = await call.stack()
    outputs = None
    if row.deleted_at is None and query_boolean(call.request, "resolve_outputs", True):
        outputs = await resolved_outputs(call.repository, call.front.registry, row)
    body = stack_alone(row, call.links, outputs)
    holds = () if row.deleted_at is not None else await call.front.starter.holds(call.project, row.id)
    body["stack_status_reason"] = with_holds(row.status_reason, holds)
    if query_boolean(call.request, "with_operation", False):
        operations = await call.repository.operations(row.id)
        body["operation"] = operation_body(operations[0], holds)
    return JSONResponse({"stack": body})


async def delete(call: Call) -> Response:
    row = await call.stack()
    operation_id = call.request.headers.get(OPERATION_HEADER)
    retain = call.request.query_params.getlist("retain")
    if row.deleted_at is not None and not operation_id:
        raise stack_not_found(row.name)
    try:
        operation = await call.front.starter.delete(
            DeleteStackRequest(
                stack=row.id,
                retain=tuple(name for given in retain for name in given.split(",") if name),
                project=call.project,
                operation_id=operation_id,
                requested_by=call.requester,
            )
        )
    except NotFound:
        raise stack_not_found(row.name) from None
    return Response(status_code=204, headers={OPERATION_HEADER: operation.id})


async def template(call: Call) -> Response:
    row = await call.stack()
    return JSONResponse(await asyncio.to_thread(lambda: parse_template(row.template).tree))


async def environment(call: Call) -> Response:
    row = await call.stack()
    return JSONResponse(await asyncio.to_thread(shown_environment, row))


async def files(call: Call) -> Response:
    return JSONResponse(dict((await call.stack()).files))


ARN_ROUTES = tuple(
    Route(method, "/stacks/arn:{arn:path}", lookup_arn) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
)
"""An ARN has slashes: these come before all others."""
ROUTES = (
    Route("GET", "/stacks", list_stacks),
    Route("POST", "/stacks", create),
    Route("GET", "/stacks/detail", list_stacks),
    Route("GET", "/stacks/{name}", lookup),
    Route("PUT", "/stacks/{name}", lookup),
    Route("PATCH", "/stacks/{name}", lookup),
    Route("DELETE", "/stacks/{name}", lookup),
    *(Route("GET", f"/stacks/{{name}}/{inside}", lookup) for inside in INSIDE[:-3]),
    *(Route("POST", f"/stacks/{{name}}/{inside}", lookup) for inside in INSIDE),
    Route("GET", "/stacks/{name}/{id}", show),
    Route("PUT", "/stacks/{name}/{id}", update),
    Route("PATCH", "/stacks/{name}/{id}", update),
    Route("DELETE", "/stacks/{name}/{id}", delete),
    Route("GET", "/stacks/{name}/{id}/template", template),
    Route("GET", "/stacks/{name}/{id}/environment", environment),
    Route("GET", "/stacks/{name}/{id}/files", files),
)
