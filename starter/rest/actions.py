"""Routes that act on a stack beside create, update and delete: Heat's `actions`, and ours: continue, rollback."""

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from firebrick.contract import Cancel, ContinueStackRequest, RollbackStackRequest
from starter.rest.errors import bad_request
from starter.rest.front import OPERATION_HEADER, Call, Route
from starter.rest.query_values import check_fields
from starter.rest.request_body import read_body
from starter.rest.stacks import accepted, names_of

CANCELS = {"cancel_update": Cancel.ROLL_BACK, "cancel_without_rollback": Cancel.KEEP}
NOT_YET = ("suspend", "resume", "check")


async def act(call: Call) -> Response:
    """200 and null, as in Heat. The body has exactly one key: the action."""
    row = await call.stack()
    body = await read_body(call.request)
    if not body:
        raise bad_request("No action specified", "no-action", detail=_known())
    if len(body) > 1:
        raise bad_request("Multiple actions specified", "many-actions", detail=_known())
    (action,) = body
    if action in NOT_YET:
        raise bad_request(f"{action} is not supported yet", "not-supported-yet", path=action)
    if action not in CANCELS:
        raise bad_request(f"Invalid action {action} specified", "unknown-action", detail=_known())
    at_once = _at_once(action, body[action])
    operation = await call.front.starter.cancel(call.project, row.id, CANCELS[action], at_once=at_once)
    return JSONResponse(None, headers={OPERATION_HEADER: operation.id})


def _at_once(action: str, how: Any) -> bool:
    """Ours: {"now": true} does not wait for resources that are in progress. Heat's clients send null or an object."""
    if how is None or how == {}:
        return False
    if not isinstance(how, dict) or how.keys() != {"now"} or not isinstance(how["now"], bool):
        raise bad_request(f'{action} takes null or {{"now": true}}', "bad-value", path=action)
    return how["now"]


async def go_on(call: Call) -> Response:
    """202: the stack's FAILED operation is gone on with. There is nothing to say in the body."""
    row = await call.stack()
    check_fields(await read_body(call.request))
    operation = await call.front.starter.go_on(
        ContinueStackRequest(
            stack=row.id,
            project=call.project,
            operation_id=call.request.headers.get(OPERATION_HEADER),
            requested_by=call.requester,
        )
    )
    return accepted(call, operation)


async def roll_back(call: Call) -> Response:
    """202: what FAILED is rolled back. Body: skip (names of resources), to (previous or complete)."""
    row = await call.stack()
    body = await read_body(call.request)
    check_fields(body, "skip", "to")
    to = body.get("to", "previous")
    if to not in ("previous", "complete"):
        raise bad_request("'to' is previous or complete", "bad-value", path="to")
    operation = await call.front.starter.rollback(
        RollbackStackRequest(
            stack=row.id,
            skip=names_of(body, "skip"),
            to=to,
            project=call.project,
            operation_id=call.request.headers.get(OPERATION_HEADER),
            requested_by=call.requester,
        )
    )
    return accepted(call, operation)


def _known() -> str:
    return f"There are: {', '.join((*CANCELS, *NOT_YET))}."


ROUTES = (
    Route("POST", "/stacks/{name}/{id}/actions", act),
    Route("POST", "/stacks/{name}/{id}/continue", go_on),
    Route("POST", "/stacks/{name}/{id}/rollback", roll_back),
)
