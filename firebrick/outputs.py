"""Values that are computed when somebody looks: outputs, attributes, metadata; from stored rows only."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from firebrick.diagnostics import FirebrickError
from firebrick.resolution import StoredLookup, apart
from firebrick.resources.registry import Registry
from firebrick.store import Repository
from firebrick.store.rows import ResourceRow, StackRow
from firebrick.template import OutputDefinition, ResourceDefinition, references, resolve

log = structlog.get_logger("firebrick.outputs")


async def resolved_outputs(repository: Repository, registry: Registry, stack: StackRow) -> list[dict[str, Any]]:
    """All outputs, in template order. One that cannot be had is null with an output_error; one whose resource is not
    made yet is null."""
    definitions = [OutputDefinition.thaw(frozen) for frozen in stack.outputs]
    lookup = await _lookup(repository, registry, stack, [definition.value for definition in definitions])
    return [await _output(stack, definition, lookup) for definition in definitions]


async def resolved_output(
    repository: Repository, registry: Registry, stack: StackRow, key: str
) -> dict[str, Any] | None:
    """One output; None when the template has none of that name."""
    for definition in map(OutputDefinition.thaw, stack.outputs):
        if definition.key == key:
            lookup = await _lookup(repository, registry, stack, [definition.value])
            return await _output(stack, definition, lookup)
    return None


async def resolved_attributes(
    repository: Repository, registry: Registry, stack: StackRow, rows: Sequence[ResourceRow]
) -> list[dict[str, Any]]:
    """All attributes of each of the resources, in their order; null where it is not made, and none of a type that is
    not installed any more."""
    lookup = StoredLookup(await repository.upstream(stack.id, [row.name for row in rows]), registry)
    bodies: list[dict[str, Any]] = []
    for row in rows:
        schema = registry.find(ResourceDefinition.thaw(row.definition).type)
        if schema is None:
            bodies.append({})
            continue
        attributes, names = await _attributes(lookup, row.name), schema.implementation.attributes
        bodies.append(dict(attributes) if isinstance(attributes, Mapping) else dict.fromkeys(sorted(names)))
    return bodies


async def resolved_metadata(repository: Repository, registry: Registry, stack: StackRow, row: ResourceRow) -> Any:
    metadata = ResourceDefinition.thaw(row.definition).metadata
    lookup = await _lookup(repository, registry, stack, [metadata])
    return await apart(lookup, resolve, metadata, lookup)


def output_in_list(frozen: Mapping[str, Any]) -> dict[str, Any]:
    definition = OutputDefinition.thaw(frozen)
    return {"output_key": definition.key, "description": definition.description}


async def _lookup(repository: Repository, registry: Registry, stack: StackRow, values: Sequence[Any]) -> StoredLookup:
    names = sorted({reference.resource for value in values for reference in references(value)})
    return StoredLookup(await repository.upstream(stack.id, names) if names else {}, registry)


async def _output(stack: StackRow, definition: OutputDefinition, lookup: StoredLookup) -> dict[str, Any]:
    body: dict[str, Any] = {"output_key": definition.key, "description": definition.description}
    value: Any = None
    try:
        if stack.action == "DELETE" and (used := references(definition.value)):
            # While a stack is deleted Heat's template has no resources any more, so every reference is to nothing.
            body["output_error"] = f'The specified reference "{used[0].resource}" (in unknown) is incorrect.'
        else:
            value = await apart(lookup, resolve, definition.value, lookup)
    except FirebrickError as error:
        body["output_error"] = error.first.message
    except Exception as error:  # a plug-in's attribute(): one output of many must not hide the stack
        log.warning("output not resolved", stack=stack.id, output=definition.key, error=type(error).__name__)
        body["output_error"] = f"{type(error).__name__} while it was resolved"
    body["output_value"] = value
    return body


async def _attributes(lookup: StoredLookup, name: str) -> Any:
    try:
        return await apart(lookup, lookup.attribute, name, "")
    except Exception as error:
        log.warning("attributes not read", resource=name, error=type(error).__name__)
        return None
