"""Routes of resource types: which there are, and what one takes and gives. And of the build that answers."""

import re

from fastapi import Response
from fastapi.responses import JSONResponse

from firebrick.diagnostics import Diagnostic, NotFound
from firebrick.distribution import installed_version
from firebrick.resources.generated import cfn_template, hot_template
from firebrick.resources.schema import TypeSchema
from starter.rest.errors import bad_request
from starter.rest.front import Call, Route
from starter.rest.query_values import query_boolean

STATUSES = ("UNKNOWN", "SUPPORTED", "DEPRECATED", "UNSUPPORTED", "HIDDEN")
MOST_REPEATS = 4  # of `*`, `+`, `?` and `{` in a name's pattern
LONGEST_PATTERN = 255
GENERATORS = {"cfn": cfn_template, "hot": hot_template}


async def list_types(call: Call) -> Response:
    """Names, sorted; with_description=True: names with descriptions. name: a regular expression matched from the start,
    of which an invalid one matches nothing, as in Heat. version: of Heat, in which the type came."""
    query, registry = call.request.query_params, call.front.registry
    schemas = [registry.schema(name) for name in registry.names()]
    status = query.get("support_status")
    if status is not None and status not in STATUSES:
        raise bad_request(
            f"Data supplied was not valid: Invalid support status and should be one of {STATUSES}",
            "bad-value",
            heat_type="Invalid",
            path="support_status",
        )
    if status is not None:
        schemas = [schema for schema in schemas if schema.implementation.support_status.status == status]
    if version := query.get("version"):
        schemas = [schema for schema in schemas if schema.implementation.support_status.version == version]
    if pattern := query.get("name"):
        schemas = _matching(pattern, schemas)
    if not query_boolean(call.request, "with_description", False):
        return JSONResponse({"resource_types": [schema.name for schema in schemas]})
    described = [{"resource_type": one.name, "description": one.implementation.description} for one in schemas]
    return JSONResponse({"resource_types": described})


def _matching(pattern: str, schemas: list[TypeSchema]) -> list[TypeSchema]:
    """InvalidInput for a pattern that could keep the process busy: repeats of groups, or many repeats."""
    repeats = len(re.findall(r"[*+?{]", pattern))
    if len(pattern) > LONGEST_PATTERN or repeats > MOST_REPEATS or re.search(r"\)[*+{]", pattern):
        raise bad_request(
            "The pattern of `name` is too complex.",
            "pattern-too-complex",
            detail=f"It may have {MOST_REPEATS} repeats, no repeated group and {LONGEST_PATTERN} characters.",
            path="name",
        )
    try:
        wanted = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return []
    return [schema for schema in schemas if wanted.match(schema.name)]


async def show_type(call: Call) -> Response:
    """with_description=True adds the description."""
    schema = _named(call)
    body = schema.shown()
    if query_boolean(call.request, "with_description", False):
        body["description"] = schema.implementation.description
    return JSONResponse(body)


async def generate_template(call: Call) -> Response:
    """A template with one resource of the type. template_type: `cfn`, the default as in Heat, or `hot`."""
    schema = _named(call)
    kind = call.request.query_params.get("template_type", "cfn")
    make = GENERATORS.get(kind)
    if make is None:
        raise bad_request(
            f'Template type is not supported: Invalid template type "{kind}", valid types are: cfn, hot.',
            "bad-value",
            path="template_type",
        )
    return JSONResponse(make(schema))


def _named(call: Call) -> TypeSchema:
    """The type that the path names, or NotFound."""
    name = call.request.path_params["type"]
    schema = call.front.registry.find(name)
    if schema is None:
        raise NotFound(
            Diagnostic(
                code="unknown-type",
                summary=f"The Resource Type ({name}) could not be found.",
                detail="`firebrick resource type list` shows those there are.",
                heat_type="EntityNotFound",
            )
        )
    return schema


async def build_info(call: Call) -> Response:
    revision = {"revision": installed_version()}
    return JSONResponse({"api": revision, "engine": revision})


ROUTES = (
    Route("GET", "/resource_types", list_types),
    Route("GET", "/resource_types/{type}", show_type),
    Route("GET", "/resource_types/{type}/template", generate_template),
    Route("GET", "/build_info", build_info),
)
