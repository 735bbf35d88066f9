"""Plans: from a request to what it would do. Planning stores nothing.

Called by the REST API, which makes files of plans (firebrick.plan_file).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from firebrick.contract import CreateStackRequest, UpdateStackRequest
from firebrick.diagnostics import Diagnostic, NameInUse
from firebrick.intake import (
    as_text,
    check_names,
    check_project,
    check_room,
    check_size,
    define_stack,
    new_resources,
)
from firebrick.intake_update import Inputs, check_immutable, define_update, merged
from firebrick.nested_preview import NestedPreviews, changes_of_stack
from firebrick.preview import preview
from firebrick.preview_result import Preview
from firebrick.preview_values import Marks, secrets_of_templates
from firebrick.resources.registry import Registry
from firebrick.standing import Seen
from firebrick.store import Store
from firebrick.store.plan_base import PlanBase
from firebrick.template import Foresight, StackDefinition, StackIdentity, check_stack_name, parse_environment

Look = Callable[[str, Sequence[str]], Awaitable[Mapping[int, Seen]]]
"""(project, ids of stacks) -> by row, what a worker sees of its object, where it is other than the store has it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an update or a delete would do. definition: None of a delete. stack_changes: what of the stack itself
    changes, beside its resources."""

    base: PlanBase
    definition: StackDefinition | None
    preview: Preview
    stack_changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedCreate:
    definition: StackDefinition
    preview: Preview


async def plan_update(store: Store, registry: Registry, request: UpdateStackRequest, look: Look) -> Planned:
    """What an update would do. look: asked where the request says `converge`. Raises InvalidInput (all problems found,
    what would be refused too), NotFound, Unavailable (nobody can look)."""
    check_project(request.project)
    base = await store.project(request.project).plan_base(request.stack)
    live = await look(request.project, [base.stack.id, *base.nested]) if request.converge else {}
    return await asyncio.to_thread(_planned, registry, request, base, live)


def _planned(registry: Registry, request: UpdateStackRequest, base: PlanBase, live: Mapping[int, Seen]) -> Planned:
    stack = base.stack
    inputs = merged(request, stack, base.target)
    definition = define_update(registry, stack, inputs)
    check_size(definition)
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
        live,
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
        live=live,
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
    await check_room(store.project(request.project))
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
    check_size(definition)
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


async def plan_delete(
    store: Store, registry: Registry, project: str, name_or_id: str, retain: Sequence[str]
) -> Planned:
    """What a delete would do. retain: names of resources whose objects are to stay. NotFound, InvalidInput: there is no
    such resource."""
    check_project(project)
    repository = store.project(project)
    base = await repository.plan_base(name_or_id)
    await check_names(repository, base.stack.id, retain, "retain")
    return await asyncio.to_thread(_planned_delete, registry, base, frozenset(retain))


def _planned_delete(registry: Registry, base: PlanBase, retain: frozenset[str]) -> Planned:
    stack = base.stack
    nested = NestedPreviews(
        registry, stack.project, stack.name, as_text(stack.environment), stack.files, bases=base.nested
    )
    rows = [
        replace(row, definition={**row.definition, "deletion_policy": "Retain"}) if row.name in retain else row
        for row in base.rows
    ]
    found = preview(rows, (), registry, nested=nested, stack_name=stack.name, marks=nested.marks())
    return Planned(base, None, found, ())
