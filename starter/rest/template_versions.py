"""Routes of the template language: its versions, and the functions of each."""

from fastapi import Response

from firebrick.template.listing import functions, versions
from starter.rest.front import Call, Route
from starter.rest.json_response import JSONResponse
from starter.rest.query_values import query_boolean


async def list_versions(call: Call) -> Response:
    found = [{"version": name, "type": kind, "aliases": aliases} for name, kind, aliases in versions()]
    return JSONResponse({"template_versions": found})


async def list_functions(call: Call) -> Response:
    """Sorted by name, which Heat's are not. with_condition_func=True: those that only conditions have too."""
    conditions = query_boolean(call.request, "with_condition_func", False)
    found = functions(call.request.path_params["version"], conditions=conditions)
    return JSONResponse({"template_functions": [{"functions": name, "description": text} for name, text in found]})


ROUTES = (
    Route("GET", "/template_versions", list_versions),
    Route("GET", "/template_versions/{version}/functions", list_functions),
)
