"""Plans as files: what is seen of one, and from a file to the request that does exactly what it says.

Called by the REST API. A plan file can be read and not be changed: its request, which may hold secrets, is sealed with
the server's keyring, and the whole is signed.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from firebrick.contract import CreateStackRequest, Requester, UpdateStackRequest
from firebrick.diagnostics import Conflict, Diagnostic, InvalidInput, Unavailable
from firebrick.intake_plan import Planned, PlannedCreate
from firebrick.plan_document import changes_of, summary_of
from firebrick.preview_result import Preview
from firebrick.size_limits import most_body
from firebrick.store import Keyring
from firebrick.store.requests import Expected

FORMAT = "firebrick-plan-1"
_PURPOSE = "plan"
_MOST_REQUEST = 16 * 1024 * 1024  # bytes of an opened request, unless bodies may be larger

Request = TypeVar("Request", CreateStackRequest, UpdateStackRequest)


def plan_file(keyring: Keyring, planned: Planned, request: UpdateStackRequest) -> dict[str, Any]:
    """The plan of an update (docs/plans.md describes it), its request sealed, signed. While an operation runs a plan is
    for looking at only: the rows are on their way."""
    if planned.base.running is not None:
        return plan_to_look_at(planned)
    return _sealed(keyring, _body(planned), request.model_copy(update={"stack": planned.base.stack.id}))


def plan_to_look_at(planned: Planned) -> dict[str, Any]:
    """A plan that has neither request nor signature: it cannot be applied."""
    return _body(planned) | {"request": None, "signature": None}


def _body(planned: Planned) -> dict[str, Any]:
    running, stack, expected = planned.base.running, planned.base.stack, planned.base.expected
    return {
        "format": FORMAT,
        "stack": {"name": stack.name, "id": stack.id, "project": stack.project},
        "base": {"revision": expected.revision, "seq": expected.seq, "nested": dict(expected.nested)},
        "in_progress": None if running is None else {"id": running.id, "action": running.action.value},
        **_seen(planned.preview, planned.stack_changes),
    }


def plan_file_of_create(keyring: Keyring, planned: PlannedCreate, request: CreateStackRequest) -> dict[str, Any]:
    """The same of a create: there is no stack yet, so nothing that it must still be."""
    body = {
        "format": FORMAT,
        "stack": {"name": request.name, "id": None, "project": request.project},
        "base": None,
        "in_progress": None,
        **_seen(planned.preview, ()),
    }
    return _sealed(keyring, body, request)


def _seen(preview: Preview, stack_changes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "summary": summary_of(preview),
        "stack_changes": list(stack_changes),
        "changes": changes_of(preview),
    }


def _sealed(
    keyring: Keyring, body: Mapping[str, Any], request: CreateStackRequest | UpdateStackRequest
) -> dict[str, Any]:
    asked = request.model_copy(update={"operation_id": None, "requested_by": Requester()})
    sealed = keyring.seal(zlib.compress(asked.model_dump_json().encode()))
    whole = {**body, "request": base64.b64encode(sealed).decode()}
    return whole | {"signature": keyring.sign(_PURPOSE, _signed(whole))}


def _signed(plan: Mapping[str, Any]) -> bytes:
    told = {name: value for name, value in plan.items() if name != "signature"}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class OpenedPlan(Generic[Request]):
    """expected: of an update, what the stack must still be."""

    request: Request
    expected: Expected | None
    plan: Mapping[str, Any]

    def check(self, preview: Preview) -> None:
        """Conflict: the server would do something else now, as this preview says, although the stack is the same."""
        if json.loads(json.dumps(changes_of(preview))) == self.plan["changes"]:
            return
        raise Conflict(
            Diagnostic(
                code="plan-differs",
                summary="The server would do something else now than the plan says.",
                detail="Its resource types, or their rules, have changed since; or objects, where the plan looked at "
                "them. Nothing was changed. Make a new plan and look at it.",
                heat_type="Conflict",
            )
        )


def open_plan(
    keyring: Keyring, plan: Mapping[str, Any], *, project: str, stack_id: str
) -> OpenedPlan[UpdateStackRequest]:
    """The request of a plan file and what it expects of the stack. InvalidInput: it is none, was changed, comes from
    another server, or is for another stack."""
    request = _opened(keyring, plan, UpdateStackRequest, project, stack_id)
    base = plan["base"]
    return OpenedPlan(request, Expected(base["revision"], base["seq"], base["nested"]), plan)


def open_plan_of_create(keyring: Keyring, plan: Mapping[str, Any], *, project: str) -> OpenedPlan[CreateStackRequest]:
    """The request of the plan of a create. InvalidInput as open_plan."""
    return OpenedPlan(_opened(keyring, plan, CreateStackRequest, project, None), None, plan)


def _opened(
    keyring: Keyring, plan: Mapping[str, Any], kind: type[Request], project: str, stack_id: str | None
) -> Request:
    signature, sealed = plan.get("signature"), plan.get("request")
    if plan.get("format") != FORMAT:
        raise _bad("not-a-plan", "This is no plan that this server can read.", "`firebrick stack plan` makes them.")
    if signature is None and sealed is None:
        raise _bad(
            "plan-not-applicable",
            "The plan can only be looked at: it was made while an operation was running, or is of a delete.",
            "Wait for that to end, and plan again; a delete needs no plan.",
        )
    if not isinstance(signature, str) or not keyring.is_signed(_PURPOSE, _signed(plan), signature):
        raise _bad(
            "plan-signature",
            "The plan was changed, or another server made it.",
            "Nothing was changed. Make a new plan with this server.",
        )
    stack = plan["stack"]
    if (stack["project"], stack["id"]) != (project, stack_id):
        whose = f"for stack {stack['name']!r} ({stack['id']})" if stack["id"] else f"to create stack {stack['name']!r}"
        raise _bad(
            "plan-of-another-stack",
            f"The plan is {whose} in project {stack['project']!r}.",
            "Apply it there, or make a plan of this one.",
        )
    try:
        raw = keyring.open(base64.b64decode(str(sealed), validate=True))
        return kind.model_validate_json(zlib.decompressobj().decompress(raw, max(_MOST_REQUEST, 2 * most_body())))
    except (binascii.Error, zlib.error, ValidationError, Unavailable):
        raise _bad("not-a-plan", "The plan's request cannot be read.", "Make a new plan with this server.") from None


def _bad(code: str, summary: str, detail: str) -> InvalidInput:
    return InvalidInput(Diagnostic(code=code, summary=summary, detail=detail, heat_type="HTTPBadRequest"))
