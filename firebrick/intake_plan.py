"""Plans: from a request to what it would do, and from a plan file to the operation that does exactly that.

Called by the REST API. Planning stores nothing. A plan file can be read and not be changed: its request, which may hold
secrets, is sealed with the server's keyring, and the whole is signed.
"""

import asyncio
import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from firebrick.contract import CreateStackRequest, Requester, UpdateStackRequest
from firebrick.diagnostics import Conflict, Diagnostic, InvalidInput, NameInUse, Unavailable
from firebrick.intake import as_text, check_project, define_stack, new_resources
from firebrick.intake_update import Inputs, check_immutable, define_update, merged
from firebrick.nested_preview import NestedPreviews, changes_of_stack
from firebrick.plan_document import changes_of, summary_of
from firebrick.preview import preview
from firebrick.preview_result import Preview
from firebrick.preview_values import Marks, secrets_of_templates
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from firebrick.store.plan_base import PlanBase
from firebrick.store.requests import Expected
from firebrick.template import Foresight, StackDefinition, StackIdentity, check_stack_name, parse_environment

FORMAT = "firebrick-plan-1"
_PURPOSE = "plan"
_MOST_REQUEST = 16 * 1024 * 1024  # bytes of an opened request


@dataclass(frozen=True, slots=True)
class Planned:
    """What an update would do. stack_changes: what of the stack itself changes, beside its resources."""

    base: PlanBase
    definition: StackDefinition
    preview: Preview
    stack_changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedCreate:
    definition: StackDefinition
    preview: Preview


async def plan_update(store: Store, registry: Registry, request: UpdateStackRequest) -> Planned:
    """What an update would do. Raises InvalidInput (all problems found, what would be refused too), NotFound."""
    check_project(request.project)
    base = await store.project(request.project).plan_base(request.stack)
    return await asyncio.to_thread(_planned, registry, request, base)


def _planned(registry: Registry, request: UpdateStackRequest, base: PlanBase) -> Planned:
    stack = base.stack
    inputs = merged(request, stack, base.target)
    definition = define_update(registry, stack, inputs)
    check_immutable(registry, stack, base.target, request, definition)
    nested = NestedPreviews(
        registry,
        stack.project,
        stack.name,
        as_text(inputs.environment),
        inputs.files,
        inputs.timeout_mins,
        base.nested,
        request.converge,
    )
    before = secrets_of_templates(stack.files, registry, parse_environment(stack.environment or {}))
    found = preview(
        base.rows,
        new_resources(registry, definition),
        registry,
        nested=nested,
        stack_name=stack.name,
        previous=stack.template_id,
        look_at_all=request.converge,
        marks=Marks({**before, **nested.marks().templates}),
    )
    return Planned(base, definition, found, _stack_changes(base, inputs, definition))


def _stack_changes(base: PlanBase, inputs: Inputs, definition: StackDefinition) -> tuple[str, ...]:
    stack = base.stack
    pairs = {
        "tags": (stack.tags, tuple(inputs.tags)),
        "timeout_mins": (stack.timeout_mins, inputs.timeout_mins),
        "disable_rollback": (stack.disable_rollback, inputs.disable_rollback),
    }
    own = (name for name, (before, after) in pairs.items() if before != after)
    return (*changes_of_stack(base, definition), *own)


async def plan_create(store: Store, registry: Registry, request: CreateStackRequest) -> PlannedCreate:
    """What a create would do. Raises InvalidInput (all problems found), NameInUse."""
    check_project(request.project)
    check_stack_name(request.name)
    if await store.project(request.project).name_is_taken(request.name):
        raise NameInUse(
            Diagnostic(
                code="name-in-use",
                summary=f"A stack named {request.name!r} exists already.",
                detail="Choose another name, or plan an update of that stack.",
                heat_type="StackExists",
                heat_message=f"The Stack ({request.name}) already exists.",
            )
        )
    return await asyncio.to_thread(_planned_create, registry, request)


def _planned_create(registry: Registry, request: CreateStackRequest) -> PlannedCreate:
    definition = define_stack(
        registry,
        template=request.template,
        environment=request.environment,
        parameters=request.parameters,
        files=request.files,
        tags=request.tags,
        timeout_mins=request.timeout_mins,
        identity=StackIdentity(name=request.name, id="", project=request.project),
        foresight=Foresight(unknown=frozenset({"OS::stack_id", "AWS::StackId"})),
    )
    nested = NestedPreviews(
        registry, request.project, request.name, as_text(request.environment), request.files, request.timeout_mins
    )
    found = preview(
        (),
        new_resources(registry, definition, partly=True),
        registry,
        nested=nested,
        stack_name=request.name,
        undecided=definition.undecided,
        marks=nested.marks(),
    )
    return PlannedCreate(definition, found)


# --- the file -----------------------------------------------------------------------------------------------------


def plan_body(planned: Planned) -> dict[str, Any]:
    """What is shown of a plan; docs/plans.md describes it. in_progress: the operation that has not ended, if any."""
    running, stack, expected = planned.base.running, planned.base.stack, planned.base.expected
    return {
        "format": FORMAT,
        "stack": {"name": stack.name, "id": stack.id, "project": stack.project},
        "base": {"revision": expected.revision, "seq": expected.seq, "nested": dict(expected.nested)},
        "in_progress": None if running is None else {"id": running.id, "action": running.action.value},
        "summary": summary_of(planned.preview),
        "stack_changes": list(planned.stack_changes),
        "changes": changes_of(planned.preview),
    }


def plan_file(keyring: Keyring, planned: Planned, request: UpdateStackRequest) -> dict[str, Any]:
    """The plan, its request sealed, signed. While an operation runs a plan is for looking at only: the rows are on
    their way, so it has neither request nor signature."""
    body = plan_body(planned)
    if planned.base.running is not None:
        return body | {"request": None, "signature": None}
    asked = request.model_copy(
        update={"stack": planned.base.stack.id, "operation_id": None, "requested_by": Requester()}
    )
    sealed = keyring.seal(zlib.compress(asked.model_dump_json().encode()))
    body["request"] = base64.b64encode(sealed).decode()
    return body | {"signature": keyring.sign(_PURPOSE, _signed(body))}


def _signed(plan: Mapping[str, Any]) -> bytes:
    told = {name: value for name, value in plan.items() if name != "signature"}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    request: UpdateStackRequest
    expected: Expected
    plan: Mapping[str, Any]


def open_plan(keyring: Keyring, plan: Mapping[str, Any], *, project: str, stack_id: str) -> OpenedPlan:
    """The request of a plan file and what it expects of the stack. InvalidInput: it is none, was changed, comes from
    another server, or is for another stack."""
    signature, sealed = plan.get("signature"), plan.get("request")
    if plan.get("format") != FORMAT:
        raise _bad("not-a-plan", "This is no plan that this server can read.", "`firebrick stack plan` makes them.")
    if signature is None and sealed is None:
        raise _bad(
            "plan-not-applicable",
            "The plan was made while an operation was running, and can only be looked at.",
            "Wait for that to end, and plan again.",
        )
    if not isinstance(signature, str) or not keyring.is_signed(_PURPOSE, _signed(plan), signature):
        raise _bad(
            "plan-signature",
            "The plan was changed, or another server made it.",
            "Nothing was changed. Make a new plan with this server.",
        )
    stack = plan["stack"]
    if (stack["project"], stack["id"]) != (project, stack_id):
        raise _bad(
            "plan-of-another-stack",
            f"The plan is for stack {stack['name']!r} ({stack['id']}) of project {stack['project']!r}.",
            "Apply it to that one, or make a plan of this one.",
        )
    try:
        raw = keyring.open(base64.b64decode(str(sealed), validate=True))
        request = UpdateStackRequest.model_validate_json(zlib.decompressobj().decompress(raw, _MOST_REQUEST))
    except (binascii.Error, zlib.error, ValidationError, Unavailable):
        raise _bad("not-a-plan", "The plan's request cannot be read.", "Make a new plan with this server.") from None
    base = plan["base"]
    return OpenedPlan(request, Expected(base["revision"], base["seq"], base.get("nested", {})), plan)


async def check_plan(store: Store, registry: Registry, opened: OpenedPlan) -> None:
    """Conflict when the server would do something else than the plan says although the stack has not moved (its types
    or their rules changed). A stack that has moved is refused where the operation is accepted."""
    planned = await plan_update(store, registry, opened.request)
    if planned.base.expected != opened.expected:
        return
    if json.loads(json.dumps(changes_of(planned.preview))) != opened.plan["changes"]:
        raise Conflict(
            Diagnostic(
                code="plan-differs",
                summary="The server would do something else now than the plan says.",
                detail="Its resource types, or their rules, have changed since. Nothing was changed. Make a new plan "
                "and look at it.",
                heat_type="Conflict",
            )
        )


def _bad(code: str, summary: str, detail: str) -> InvalidInput:
    return InvalidInput(Diagnostic(code=code, summary=summary, detail=detail, heat_type="HTTPBadRequest"))
