"""From a request to an accepted operation: parse, define, check, store. Refused input leaves nothing behind.

Called by everything that takes requests: the REST API, the Python client, and the activity that begins an operation
whose request came inline with a workflow.
"""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Sequence
from typing import Any

from firebrick.contract import (
    PROJECT_PATTERN,
    PROJECT_RULE,
    Action,
    CreateStackRequest,
    DeleteStackRequest,
    workflow_id,
)
from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from firebrick.resources.base import ResourceType
from firebrick.resources.registry import Registry
from firebrick.store import Store
from firebrick.store.rows import NewOperation, NewResource, NewStack, OperationRow
from firebrick.template import (
    UNKNOWN,
    StackDefinition,
    StackIdentity,
    check_stack_name,
    define,
    parse_environment,
    parse_template,
    references,
)

DEFAULT_TIMEOUT_MINS = 60  # Heat's stack_action_timeout
TAG_LIMIT = 80  # characters, as Heat


def new_id() -> str:
    return str(uuid.uuid4())


async def accept_create(
    store: Store,
    registry: Registry,
    request: CreateStackRequest,
    *,
    minute: float = 60.0,
    inline_without_codec: bool = False,
    started_as: str = "",
) -> OperationRow:
    """Store a new stack and its PENDING create.

    minute: seconds that one minute of timeout_mins lasts. inline_without_codec: the request travelled in the clear
    through a workflow's history, so values of hidden parameters are refused. started_as: the workflow id that carries
    it out, when there is one already. Raises InvalidInput (all problems found), NameInUse, Unavailable.
    """
    _check_project(request.project)
    operation_id = _operation_id(request.operation_id)
    if request.operation_id is not None and (known := await _known(store, request.project, operation_id)):
        return known
    stack_id = str(uuid.uuid5(uuid.UUID(operation_id), "stack"))
    definition, document_description = await asyncio.to_thread(_define, registry, request, stack_id)
    if inline_without_codec and definition.has_hidden_values():
        raise InvalidInput(
            Diagnostic(
                code="hidden-value-inline",
                summary="the request gives a hidden parameter a value, and a workflow's history is readable",
                detail="Create the stack through the API or the CLI, or set a payload codec. The value is in the "
                "history of this workflow now: change it where it is used.",
                path="parameters",
            )
        )
    stack = NewStack(
        id=stack_id,
        name=request.name,
        description=document_description,
        template=_text(request.template),
        environment=_text(request.environment),
        parameters=dict(request.parameters),
        files=dict(request.files),
        shown_parameters=definition.shown_parameters(),
        outputs=[output.freeze() for output in definition.outputs.values()],
        timeout_mins=request.timeout_mins,
        disable_rollback=request.disable_rollback,
        tags=list(request.tags),
        owner=request.requested_by.user,
        resources=_resources(registry, definition),
    )
    operation = NewOperation(
        id=operation_id,
        action=Action.CREATE,
        request={"timeout_mins": request.timeout_mins, "disable_rollback": request.disable_rollback},
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(request.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=time.time(),
        workflow_id=started_as or workflow_id(request.project, request.name, stack_id),
    )
    return await store.project(request.project).accept_create(stack, operation)


async def accept_delete(
    store: Store, request: DeleteStackRequest, *, minute: float = 60.0, started_as: str = ""
) -> OperationRow:
    """Store a PENDING delete of a stack, by name or id. Raises NotFound, ActionInProgress, Unavailable."""
    _check_project(request.project)
    operation_id = _operation_id(request.operation_id)
    project = store.project(request.project)
    if request.operation_id is not None and (known := await _known(store, request.project, operation_id)):
        return known
    stack = await project.stack(request.stack)
    operation = NewOperation(
        id=operation_id,
        action=Action.DELETE,
        request={},
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(stack.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=time.time(),
        workflow_id=started_as or workflow_id(request.project, stack.name, stack.id),
    )
    return await project.accept_delete(stack.id, operation)


async def _known(store: Store, project: str, operation_id: str) -> OperationRow | None:
    """The operation of an earlier request with this id: a repeated request must not be refused for its own effect."""
    try:
        return await store.project(project).operation(operation_id)
    except NotFound:
        return None


def _define(registry: Registry, request: CreateStackRequest, stack_id: str) -> tuple[StackDefinition, str]:
    check_stack_name(request.name)
    problems: list[Diagnostic] = []
    if not request.disable_rollback:
        problems.append(
            Diagnostic(
                code="rollback-not-supported",
                summary="rolling a failed create back is not supported yet",
                detail="Send disable_rollback: true (the default) and delete the stack if its create fails.",
                path="disable_rollback",
                heat_type="NotSupported",
            )
        )
    problems += _tag_problems(request.tags)
    document = environment = None
    try:
        document = parse_template(request.template)
    except InvalidInput as error:
        problems += error.diagnostics
    try:
        environment = parse_environment(request.environment)
    except InvalidInput as error:
        problems += error.diagnostics
    if problems or document is None or environment is None:
        raise InvalidInput(problems)
    definition = define(
        document,
        environment,
        parameters=request.parameters,
        identity=StackIdentity(name=request.name, id=stack_id, project=request.project),
        types=registry,
        files=request.files,
    )
    too_long = _waits_beyond(registry, definition, (request.timeout_mins or DEFAULT_TIMEOUT_MINS) * 60)
    if too_long:
        raise InvalidInput(too_long)
    return definition, definition.description


def _waits_beyond(registry: Registry, definition: StackDefinition, timeout: float) -> list[Diagnostic]:
    """Resources that may by their own will wait longer than the stack's time limit (Heat checks OS::Heat::Delay)."""
    problems = []
    for resource in definition.resources.values():
        schema = registry.schema(resource.type)
        if type(schema.implementation).longest is ResourceType.longest or references(resource.properties):
            continue
        for problem in schema.check_timeout(resource.properties, timeout=timeout, unknown=UNKNOWN):
            problems.append(
                Diagnostic(
                    code="longer-than-the-timeout",
                    summary=problem.message,
                    detail="Let it wait less, or give the stack more time with timeout_mins.",
                    path=f"resources.{resource.name}.properties",
                )
            )
    return problems


def _tag_problems(tags: Sequence[str]) -> list[Diagnostic]:
    return [
        Diagnostic(
            code="bad-tag",
            summary=f"tag number {number} is longer than {TAG_LIMIT} characters or has a comma",
            detail="Shorten it, or make several of it.",
            path="tags",
        )
        for number, tag in enumerate(tags, 1)
        if len(tag) > TAG_LIMIT or "," in tag
    ]


def _resources(registry: Registry, definition: StackDefinition) -> list[NewResource]:
    rows = []
    for resource in definition.resources.values():
        kind = registry.type(resource.type)
        rows.append(
            NewResource(
                uuid=new_id(),
                name=resource.name,
                type=resource.declared_type,
                implementation=kind.type_name,
                instant=kind.instant and resource.external_id is None,
                concurrency=kind.concurrency,
                definition=resource.freeze(),
                requires=resource.requires,
            )
        )
    return rows


def _check_project(name: str) -> None:
    if not re.fullmatch(PROJECT_PATTERN, name):
        raise InvalidInput(
            Diagnostic(
                code="bad-project",
                summary="the project's name cannot be one",
                detail=PROJECT_RULE,
                path="project",
                heat_type="InvalidTenant",
            )
        )


def _operation_id(given: str | None) -> str:
    if given is None:
        return new_id()
    try:
        return str(uuid.UUID(given))
    except ValueError:
        raise InvalidInput(
            Diagnostic(
                code="bad-operation-id",
                summary="operation_id is not a UUID",
                detail="Leave it out, or mint one with uuid4 and use it again when you repeat the request.",
                path="operation_id",
                heat_type="ValueError",
            )
        ) from None


def _text(source: Any) -> str:
    return source if isinstance(source, str) else json.dumps(source)
