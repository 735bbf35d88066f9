"""Refusals as Heat's error body: ``{code, title, explanation, error: {type, message, traceback}}`` and our diagnostics.

title and explanation are texts of the HTTP status; error.type and error.message are Heat's rendering of the first
problem; ``diagnostics`` has all of them with codes and places, for clients that know us.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from firebrick import metrics
from firebrick.crash_report import new_report_id, places
from firebrick.diagnostics import ActionInProgress, Diagnostic, FirebrickError, InvalidInput, NameInUse, NotFound
from starter.rest.json_response import JSONResponse

log = structlog.get_logger("firebrick.rest")

_MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect."
TEXTS: Mapping[int, tuple[str, str]] = {  # HTTP status -> title, explanation
    400: ("Bad Request", _MALFORMED),
    403: ("Forbidden", "Access was denied to this resource."),
    404: ("Not Found", "The resource could not be found."),
    405: ("Method Not Allowed", _MALFORMED),
    408: ("Request Timeout", "The server has waited too long for the request."),
    409: ("Conflict", "There was a conflict when trying to complete your request."),
    500: (
        "Internal Server Error",
        "The server has either erred or is incapable of performing the requested operation.",
    ),
    503: (
        "Service Unavailable",
        "The server is currently unavailable. Please try again at a later time.",
    ),
}
_WITHOUT_MESSAGE = frozenset({"bad-sort"})  # Heat withholds the text of these; it is in the diagnostics


class Forbidden(FirebrickError):
    """The request is understood and refused whoever sends it."""

    status = 403


def bad_request(
    message: str, code: str, *, detail: str = "", path: str = "", file: str = "", heat_type: str = "HTTPBadRequest"
) -> InvalidInput:
    """A request that is wrong as a request: message in Heat's words; detail: what to do, unless that says it."""
    return InvalidInput(
        Diagnostic(code=code, summary=message, detail=detail, path=path, file=file, heat_type=heat_type)
    )


def stack_not_found(name: str) -> NotFound:
    message = f"The Stack ({name}) could not be found."
    return NotFound(
        Diagnostic(
            code="stack-not-found",
            summary=message,
            detail="`firebrick stack list` shows the project's stacks; a deleted one is found by its id only.",
            heat_type="EntityNotFound",
        )
    )


def error_response(error: FirebrickError) -> JSONResponse:
    return JSONResponse(error_body(error), status_code=error.status)


def error_body(error: FirebrickError) -> dict[str, Any]:
    first = error.first
    body = plain_body(error.status, _heat_type(error), first.message)
    if first.code in _WITHOUT_MESSAGE:
        del body["error"]["message"]
    body["diagnostics"] = [one.as_dict() for one in error.diagnostics]
    return body


def plain_body(status: int, heat_type: str, message: str) -> dict[str, Any]:
    title, explanation = TEXTS.get(status, TEXTS[500])
    error = {"type": heat_type, "traceback": None, "message": message}
    return {"code": status, "title": title, "explanation": explanation, "error": error}


def unexpected_response(error: Exception) -> JSONResponse:
    """500 with a report id. The log has types and places under that id; no value leaves the process."""
    report_id = new_report_id()
    metrics.INTERNAL_ERRORS.labels("api").inc()
    log.error("unexpected error", report=report_id, error=type(error).__name__, places=places(error))
    message = f"An unexpected error in the server; its log has it as report {report_id}."
    diagnostic = Diagnostic(
        code="internal-error",
        summary=message,
        detail="This is a fault of Firebrick's. Nothing more is known about the state of the request.",
        heat_type="InternalError",
    )
    return error_response(FirebrickError(diagnostic))


def _heat_type(error: FirebrickError) -> str:
    """The diagnostic's own; where it left the default, what Heat calls errors of this kind."""
    given = error.first.heat_type
    if given and given != "StackValidationFailed":
        return given
    if isinstance(error, NameInUse):
        return "StackExists"
    if isinstance(error, ActionInProgress):
        return "ActionInProgress"
    if isinstance(error, NotFound):
        return "EntityNotFound"
    if error.status == 503:
        return "HTTPServiceUnavailable"
    return given or "HTTPInternalServerError"
