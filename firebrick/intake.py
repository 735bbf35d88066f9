"""From a request to an accepted operation: parse, define, check, store. Refused input leaves nothing behind.

Called by everything that takes requests: the REST API, the Python client, and the activity that begins an operation
whose request came inline with a workflow.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from firebrick.contract import (
    PROJECT_PATTERN,
    PROJECT_RULE,
    Action,
    CreateStackRequest,
    DeleteStackRequest,
    RollbackStackRequest,
    workflow_id,
)
from firebrick.deletion_policies import policy_problems
from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from firebrick.fingerprint import NOT_COMPARED, Fingerprint
from firebrick.nested import WithTemplates
from firebrick.randomness import random_uuid
from firebrick.resources.base import ResourceType
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.resources.registry import Registry
from firebrick.resources.schema import TypeSchema, is_known
from firebrick.selection import base_hash
from firebrick.stack_limits import most_resources, most_stacks, too_many_resources, too_many_stacks
from firebrick.store import Repository, Store
from firebrick.store.acceptance import id_in_use
from firebrick.store.requests import NewOperation, NewResource, NewStack
from firebrick.store.rows import OperationRow
from firebrick.template import (
    EVERYTHING_KNOWN,
    UNKNOWN,
    Document,
    Foresight,
    ResourceDefinition,
    StackDefinition,
    StackIdentity,
    check_stack_name,
    define,
    is_template_name,
    parse_environment,
    parse_template,
    references,
)
from firebrick.template.catalogue import INNER

DEFAULT_TIMEOUT_MINS = 60  # Heat's stack_action_timeout
TAG_LIMIT = 80  # characters, as Heat


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a nested stack is: the stack, the row and the operation there that ask for it; the outermost stack; how
    deep the nested one is. facade: what resource_facade gives in it. room: how many resources it may have; None: any
    number."""

    stack_id: str
    row: int
    operation_id: str
    root_id: str
    depth: int
    facade: Mapping[str, Any]
    room: int | None = None

    @property
    def of_stack(self) -> dict[str, Any]:
        return {"owner_id": self.stack_id, "owner_row": self.row, "root_id": self.root_id, "depth": self.depth}


def new_id() -> str:
    return random_uuid()


async def accept_create(
    store: Store,
    registry: Registry,
    request: CreateStackRequest,
    *,
    minute: float = 60.0,
    inline_without_codec: bool = False,
    started_as: str = "",
    owner: Owner | None = None,
) -> OperationRow:
    """Store a new stack and its PENDING create.

    owner: of a nested stack. minute: seconds that one minute of timeout_mins lasts. inline_without_codec: the request
    travelled in the clear through a workflow's history, so values of hidden parameters are refused. started_as: the
    workflow id that carries it out, when there is one already. The row that is returned has the template's warnings.
    Raises InvalidInput (all problems found), NameInUse, Unavailable.
    """
    check_project(request.project)
    operation_id = operation_id_of(request.operation_id)
    asked = NOT_COMPARED if owner is not None else await asyncio.to_thread(Fingerprint.of, request)
    if request.operation_id is not None and (
        known := await known_operation(store, request.project, operation_id, Action.CREATE, request.name, asked)
    ):
        return known
    if owner is None:
        await check_room(store.project(request.project))
    stack_id = str(uuid.uuid5(uuid.UUID(operation_id), "stack"))
    definition, document_description = await asyncio.to_thread(
        _define, registry, request, asked, stack_id, None if owner is None else owner.facade
    )
    check_size(definition, owner)
    if inline_without_codec:
        check_nothing_hidden(definition)
    stack = NewStack(
        id=stack_id,
        name=request.name,
        description=document_description,
        template=as_text(request.template),
        environment=as_text(request.environment),
        parameters=dict(request.parameters),
        files=dict(request.files),
        shown_parameters=definition.shown_parameters(),
        outputs=[output.freeze() for output in definition.outputs.values()],
        timeout_mins=request.timeout_mins,
        disable_rollback=request.disable_rollback,
        tags=list(request.tags),
        owner=request.requested_by.user,
        resources=new_resources(registry, definition),
        **({} if owner is None else owner.of_stack),
    )
    operation = NewOperation(
        id=operation_id,
        action=Action.CREATE,
        owner_operation="" if owner is None else owner.operation_id,
        owner_stack="" if owner is None else owner.stack_id,
        request={
            "timeout_mins": request.timeout_mins,
            "disable_rollback": request.disable_rollback,
            "on_failure": request.on_failure,
            "continue_independent": request.continue_independent,
        },
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(request.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=store.clock(),
        workflow_id=started_as or workflow_id(request.project, request.name, stack_id),
        fingerprint=asked.text,
    )
    accepted = await store.project(request.project).accept_create(stack, operation)
    return replace(accepted, warnings=definition.warnings)


async def accept_delete(
    store: Store,
    request: DeleteStackRequest,
    *,
    minute: float = 60.0,
    started_as: str = "",
    owner: tuple[str, str] = ("", ""),
) -> OperationRow:
    """Store a PENDING delete of a stack, by name or id. owner: of a nested stack: the operation that asks, and its
    stack. Raises NotFound, ActionInProgress, Unavailable."""
    check_project(request.project)
    operation_id = operation_id_of(request.operation_id)
    project = store.project(request.project)
    asked = NOT_COMPARED if any(owner) else Fingerprint.of(request)
    if request.operation_id is not None and (
        known := await known_operation(store, request.project, operation_id, Action.DELETE, request.stack, asked)
    ):
        return known
    stack = await project.stack(request.stack)
    await check_names(project, stack.id, request.retain, "retain")
    operation = NewOperation(
        id=operation_id,
        action=Action.DELETE,
        owner_operation=owner[0],
        owner_stack=owner[1],
        request={"retain": list(request.retain)} if request.retain else {},
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(stack.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=store.clock(),
        workflow_id=started_as or workflow_id(request.project, stack.name, stack.id),
        fingerprint=asked.text,
    )
    return await project.accept_delete(stack.id, operation)


async def accept_rollback(
    store: Store, request: RollbackStackRequest, *, minute: float = 60.0, started_as: str = ""
) -> OperationRow:
    """Store a PENDING rollback of a stack whose last operation FAILED. Raises NotFound, InvalidInput (nothing to roll
    back, or a name in `skip` that is no resource), ActionInProgress, Unavailable."""
    check_project(request.project)
    operation_id = operation_id_of(request.operation_id)
    project = store.project(request.project)
    asked = Fingerprint.of(request)
    if request.operation_id is not None and (
        known := await known_operation(store, request.project, operation_id, Action.ROLLBACK, request.stack, asked)
    ):
        return known
    stack = await project.stack(request.stack)
    await check_names(project, stack.id, request.skip, "skip")
    operation = NewOperation(
        id=operation_id,
        action=Action.ROLLBACK,
        request={"skip": list(request.skip), "roll_back_to": request.to},
        requested_by=request.requested_by.model_dump(mode="json"),
        timeout=(stack.timeout_mins or DEFAULT_TIMEOUT_MINS) * minute,
        accepted_at=store.clock(),
        workflow_id=started_as or workflow_id(request.project, stack.name, stack.id),
        fingerprint=asked.text,
    )
    return await project.accept_rollback(stack.id, operation, to=request.to)


async def check_room(project: Repository) -> None:
    """InvalidInput: the project has as many stacks as it may have."""
    most = most_stacks()
    if most is not None and await project.count_stacks() >= most:
        raise too_many_stacks(most)


def check_size(definition: StackDefinition, owner: Owner | None = None) -> None:
    """InvalidInput: it has more resources than a stack may have, or than a nested one has room for."""
    most = most_resources() if owner is None else owner.room
    if most is not None and len(definition.resources) > most:
        raise too_many_resources()


async def check_names(project: Repository, stack_id: str, names: Sequence[str], path: str) -> None:
    """InvalidInput: a name that is no resource of the stack."""
    known = {row.name for row in await project.resources(stack_id)} if names else set()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidInput(
            Diagnostic(
                code="unknown-resource",
                summary=f"The stack has no resource {unknown[0]!r}.",
                detail=f"It has: {', '.join(sorted(known)) or 'none'}.",
                path=path,
                heat_type="ResourceNotFound",
            )
        )


def check_nothing_hidden(definition: StackDefinition) -> None:
    """InvalidInput when a hidden parameter has a value from outside: for requests that travelled in the clear."""
    if definition.has_hidden_values():
        raise InvalidInput(
            Diagnostic(
                code="hidden-value-inline",
                summary="the request gives a hidden parameter a value, and a workflow's history is readable",
                detail="Ask through the API or the CLI, or set a payload codec. The value is in the history of this "
                "workflow now: change it where it is used.",
                path="parameters",
            )
        )


async def known_operation(
    store: Store, project: str, operation_id: str, action: Action, stack: str, asked: Fingerprint
) -> OperationRow | None:
    """The operation of an earlier request with this id: a repeated request must not be refused for its own effect.
    stack: its name or id. Conflict: the id was given to another request, or to one that says something else."""
    try:
        known, same = await store.project(project).accepted_before(operation_id, asked.text)
    except NotFound:
        return None
    if not same or known.action is not action or stack not in (known.stack_name, known.stack_id):
        raise id_in_use(operation_id, known)
    return known


def _define(
    registry: Registry,
    request: CreateStackRequest,
    asked: Fingerprint,
    stack_id: str,
    facade: Mapping[str, Any] | None,
) -> tuple[StackDefinition, str]:
    check_stack_name(request.name)
    definition = define_stack(
        registry,
        template=request.template if asked.template is None else asked.template,
        environment=request.environment,
        parameters=request.parameters,
        files=request.files,
        tags=request.tags,
        timeout_mins=request.timeout_mins,
        identity=StackIdentity(name=request.name, id=stack_id, project=request.project),
        facade=facade,
    )
    return definition, definition.description


def define_stack(
    registry: Registry,
    *,
    template: Any,
    environment: Any,
    parameters: Mapping[str, Any],
    files: Mapping[str, str],
    tags: Sequence[str],
    timeout_mins: int | None,
    identity: StackIdentity,
    keep: Callable[[Document, Mapping[str, Any]], Mapping[str, Any]] | None = None,
    facade: Mapping[str, Any] | None = None,
    foresight: Foresight = EVERYTHING_KNOWN,
) -> StackDefinition:
    """What a template comes to for a stack. template: as it came, or read already. keep: chooses among the parameters
    when the template is known. facade: of a nested stack, what resource_facade gives. foresight: of a plan.
    InvalidInput has all problems found."""
    problems = tag_problems(tags)
    document = parsed = None
    try:
        document = template if isinstance(template, Document) else parse_template(template)
    except InvalidInput as error:
        problems += error.diagnostics
    try:
        parsed = parse_environment(environment)
    except InvalidInput as error:
        problems += error.diagnostics
    if problems or document is None or parsed is None:
        raise InvalidInput(problems)
    types = WithTemplates(registry, files, parsed, identity)
    definition = define(
        document,
        parsed,
        parameters=parameters if keep is None else keep(document, parameters),
        identity=identity,
        types=types,
        files=files,
        facade=facade,
        foresight=foresight,
    )
    problems = policy_problems(definition, lambda name: implementation_of(registry, name))
    problems += _waits_beyond(registry, definition, (timeout_mins or DEFAULT_TIMEOUT_MINS) * 60)
    if problems:
        raise InvalidInput(problems)
    return replace(definition, warnings=tuple(dict.fromkeys((*definition.warnings, *types.warned))))


def _waits_beyond(registry: Registry, definition: StackDefinition, timeout: float) -> list[Diagnostic]:
    """Resources that may by their own will wait longer than the stack's time limit (Heat checks OS::Heat::Delay)."""
    problems = []
    for resource in definition.resources.values():
        schema = implementation_of(registry, resource.type)
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


def tag_problems(tags: Sequence[str]) -> list[Diagnostic]:
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


def new_resources(registry: Registry, definition: StackDefinition, *, partly: bool = False) -> list[NewResource]:
    """partly: for a plan; there may be UNKNOWN in the definition, and what has it is like no row that there is."""
    rows = []
    for resource in definition.resources.values():
        schema = implementation_of(registry, resource.type)
        kind, fingerprint = schema.implementation, schema.fingerprint
        frozen = resource.freeze()
        rows.append(
            NewResource(
                uuid=new_id(),
                name=resource.name,
                type=resource.declared_type,
                implementation=kind.type_name,
                instant=kind.instant and resource.external_id is None and not resource.hooks,
                concurrency=kind.concurrency,
                definition=frozen,
                requires=resource.requires,
                base="" if partly and not is_known(frozen, UNKNOWN) else base_hash(frozen, kind.type_name, fingerprint),
                prunable=not is_template_name(resource.type)
                and not any(hook.endswith("-update") for hook in resource.hooks)
                and not _refers_to_volatile(registry, definition, resource),
            )
        )
    return rows


def implementation_of(registry: Registry, type_name: str) -> TypeSchema:
    """The schema of the type that serves resources of this concrete type."""
    return registry.schema(TemplateResource.type_name if is_template_name(type_name) else type_name)


def _refers_to_volatile(registry: Registry, definition: StackDefinition, resource: ResourceDefinition) -> bool:
    """Whether it uses an attribute that changes by itself: then nobody can say that its inputs are what they were."""
    if not resource.dynamic:
        return False
    for reference in [*references(resource.properties), *references(resource.metadata)]:
        other = definition.resources.get(reference.resource)
        if other is None or reference.attribute is None:
            continue
        kind = implementation_of(registry, other.type).implementation
        if kind.nested and reference.attribute.startswith(INNER):
            return True
        volatile = kind.volatile
        if volatile and (reference.attribute in volatile or not reference.attribute):
            return True
    return False


def check_project(name: str) -> None:
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


def operation_id_of(given: str | None) -> str:
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


def as_text(source: Any) -> str:
    return source if isinstance(source, str) else json.dumps(source)
