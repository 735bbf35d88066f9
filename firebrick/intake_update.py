"""From an update request to an accepted operation: what is left out is put in, then it is as with a create.

With `existing` (PATCH) everything that the request leaves out stays; without (PUT) it is not there any more, except the
time-out and the rollback setting, which are the stack's (Heat's rules).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from firebrick.contract import Action, ContinueStackRequest, UpdateStackRequest, workflow_id
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.fingerprint import NOT_COMPARED, Fingerprint
from firebrick.intake import (
    DEFAULT_TIMEOUT_MINS,
    Owner,
    as_text,
    check_nothing_hidden,
    check_project,
    check_size,
    define_stack,
    known_operation,
    new_resources,
    operation_id_of,
)
from firebrick.resources.registry import Registry
from firebrick.store import Store
from firebrick.store.acceptance import nothing_to_continue
from firebrick.store.requests import Expected, NewOperation, NewTarget
from firebrick.store.rows import OperationRow, StackRow
from firebrick.template import (
    Document,
    Environment,
    StackDefinition,
    StackIdentity,
    merge_environments,
    parse_environment,
)
from firebrick.update_checks import immutable_problems


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a stack's next target is made from. read: the template, where it was read already. drop_unknown: parameters
    that the template does not have are left out. warnings: of an environment that is merged already."""

    template: Any
    environment: Any
    parameters: Mapping[str, Any]
    files: Mapping[str, str]
    tags: tuple[str, ...]
    timeout_mins: int | None
    disable_rollback: bool
    drop_unknown: bool
    read: Any = None
    warnings: tuple[Diagnostic, ...] = ()


async def accept_update(
    store: Store,
    registry: Registry,
    request: UpdateStackRequest,
    *,
    minute: float = 60.0,
    inline_without_codec: bool = False,
    started_as: str = "",
    owner: Owner | None = None,
    expected: Expected | None = None,
) -> OperationRow:
    """Store a target and a PENDING update. Raises InvalidInput (all problems found), NotFound, Unavailable.

    The arguments are those of firebrick.intake.accept_create. expected: of a plan; Conflict when the stack has moved.
    """
    check_project(request.project)
    operation_id = operation_id_of(request.operation_id)
    asked = NOT_COMPARED if owner is not None else await asyncio.to_thread(Fingerprint.of, request, expected)
    if request.operation_id is not None and (
        known := await known_operation(store, request.project, operation_id, Action.UPDATE, request.stack, asked)
    ):
        return known
    project = store.project(request.project)
    stack = await project.stack(request.stack)
    base = await project.base_target(stack.id)
    inputs = replace(await asyncio.to_thread(merged, request, stack, base), read=asked.template)
    facade = None if owner is None else owner.facade
    definition = await asyncio.to_thread(define_update, registry, stack, inputs, facade)
    check_size(definition, owner)
    await asyncio.to_thread(check_immutable, registry, stack, base, request, definition)
    if inline_without_codec:
        check_nothing_hidden(definition)
    operation = NewOperation(
        id=operation_id,
        action=Action.UPDATE,
        request={
            "timeout_mins": inputs.timeout_mins,
            "disable_rollback": inputs.disable_rollback,
            "on_failure": request.on_failure,
            "tags": list(inputs.tags),
            "existing": request.existing,
            "converge": request.converge,
            "roll_back_to": request.roll_back_to,
            "continue_independent": request.continue_independent,
        },
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(inputs.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=store.clock(),
        workflow_id=started_as or workflow_id(request.project, stack.name, stack.id),
        owner_operation="" if owner is None else owner.operation_id,
        owner_stack="" if owner is None else owner.stack_id,
        expected=expected,
        fingerprint=asked.text,
    )
    target = new_target(registry, operation_id, inputs, definition)
    accepted = await project.accept_update(stack.id, target, operation)
    return replace(accepted, warnings=definition.warnings)


async def accept_continue(store: Store, request: ContinueStackRequest, *, minute: float = 60.0) -> OperationRow:
    """Store a PENDING update to the target that the stack is being brought to already. Raises InvalidInput (it did not
    fail), NotFound, Unavailable."""
    check_project(request.project)
    operation_id = operation_id_of(request.operation_id)
    asked = Fingerprint.of(request)
    if request.operation_id is not None and (
        known := await known_operation(store, request.project, operation_id, Action.UPDATE, request.stack, asked)
    ):
        return known
    project = store.project(request.project)
    stack = await project.stack(request.stack)
    if stack.status != "FAILED":
        raise nothing_to_continue(stack.name, stack.state)
    operation = NewOperation(
        id=operation_id,
        action=Action.UPDATE,
        request={"continue": True, "disable_rollback": stack.disable_rollback},
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(stack.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=store.clock(),
        workflow_id=workflow_id(request.project, stack.name, stack.id),
        fingerprint=asked.text,
    )
    return await project.accept_update(stack.id, None, operation)


def merged(request: UpdateStackRequest, stack: StackRow, kept: NewTarget) -> Inputs:
    """The request with what it leaves out. kept: what it changes."""
    timeout = request.timeout_mins or stack.timeout_mins
    rollback = stack.disable_rollback if request.disable_rollback is None else request.disable_rollback
    if not request.existing:
        if request.template is None:
            raise InvalidInput(
                Diagnostic(
                    code="no-template",
                    summary="No template specified",
                    detail="Send the whole template, or ask for an update of what exists.",
                    path="template",
                    heat_type="HTTPBadRequest",
                )
            )
        return Inputs(
            template=request.template,
            environment=request.environment or {},
            parameters=request.parameters,
            files=request.files or {},
            tags=request.tags or (),
            timeout_mins=timeout,
            disable_rollback=rollback,
            drop_unknown=False,
        )
    new = parse_environment(request.environment or {})
    environment, parameters = _kept_and_new(request, kept, new)
    return Inputs(
        template=kept.template if request.template is None else request.template,
        environment=environment,
        parameters=parameters,
        files={**kept.files, **(request.files or {})},
        tags=stack.tags if request.tags is None else request.tags,
        timeout_mins=timeout,
        disable_rollback=rollback,
        drop_unknown=True,
        warnings=new.document.warnings,
    )


def _kept_and_new(
    request: UpdateStackRequest, kept: NewTarget, new: Environment
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The old environment with the new one on top, and all parameters, which are then not in it: those that the
    template does not have any more are dropped, and an environment's own would be refused."""
    old = parse_environment(kept.environment or {})
    tree = merge_environments(
        ["kept", "new"],
        {"kept": kept.environment or "{}", "new": as_text(request.environment or {})},
        template=kept.template if request.template is None else request.template,
    )
    merged_here = tree.pop("parameters", None) or {}
    stored = {**old.parameters, **kept.parameters}
    parameters = {name: value for name, value in stored.items() if name not in request.clear_parameters}
    parameters |= {name: merged_here.get(name, value) for name, value in new.parameters.items()}
    return tree, parameters | request.parameters


def define_update(
    registry: Registry, stack: StackRow, inputs: Inputs, facade: Mapping[str, Any] | None = None
) -> StackDefinition:
    """InvalidInput has all problems found."""
    environment = inputs.environment
    definition = define_stack(
        registry,
        template=inputs.template if inputs.read is None else inputs.read,
        environment=environment,
        parameters=inputs.parameters,
        files=inputs.files,
        tags=inputs.tags,
        timeout_mins=inputs.timeout_mins,
        identity=StackIdentity(name=stack.name, id=stack.id, project=stack.project),
        keep=_known if inputs.drop_unknown else None,
        facade=facade,
    )
    return replace(definition, warnings=(*definition.warnings, *inputs.warnings)) if inputs.warnings else definition


def check_immutable(
    registry: Registry,
    stack: StackRow,
    kept: NewTarget,
    request: UpdateStackRequest,
    definition: StackDefinition,
) -> None:
    """InvalidInput: the request changes what the template calls immutable. kept: what it changes."""
    given = {**parse_environment(request.environment or {}).parameters, **request.parameters}
    before = Inputs(
        template=kept.template,
        environment=kept.environment,
        parameters=kept.parameters,
        files=kept.files,
        tags=(),
        timeout_mins=None,
        disable_rollback=True,
        drop_unknown=True,
    )
    stored = {**parse_environment(kept.environment or {}).parameters, **kept.parameters}
    problems = immutable_problems(stored, given, definition, lambda: define_update(registry, stack, before))
    if problems:
        raise InvalidInput(problems)


def _known(document: Document, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without those that the template does not have (any more): an update of what exists drops them without a word."""
    names = document.tree.get("parameters") or document.tree.get("Parameters") or {}
    return {name: value for name, value in parameters.items() if name in names}


def new_target(registry: Registry, target_id: str, inputs: Inputs, definition: StackDefinition) -> NewTarget:
    shown = definition.shown_parameters()
    known = {name: value for name, value in inputs.parameters.items() if name in shown}
    return NewTarget(
        id=target_id,
        template=as_text(inputs.template),
        environment=as_text(inputs.environment),
        parameters=known if inputs.drop_unknown else dict(inputs.parameters),
        files=dict(inputs.files),
        shown_parameters=shown,
        outputs=[output.freeze() for output in definition.outputs.values()],
        resources=new_resources(registry, definition),
        description=definition.description,
    )
