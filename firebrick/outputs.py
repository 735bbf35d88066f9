"""Values that are computed when somebody looks: outputs, attributes, metadata; from stored rows only."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from firebrick.diagnostics import FirebrickError, InvalidInput
from firebrick.preview_rows import upstream_of
from firebrick.resolution import StoredLookup, apart, stored_lookup
from firebrick.resources.registry import Registry
from firebrick.store import Repository
from firebrick.store.rows import ResourceRow, StackRow
from firebrick.template import (
    OutputDefinition,
    ResourceDefinition,
    is_template_name,
    parse_template,
    references,
    resolve,
)

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
    registry: Registry, stack: StackRow, rows: Sequence[ResourceRow], also: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """All attributes of each of the resources, in their order; null where one is not made or an attribute cannot be
    had, and none of a type that is not installed any more. Those of a nested stack are its outputs. also: names of
    further attributes; null where there is no such attribute."""
    outputs: dict[str, list[str]] = {}
    bodies: list[dict[str, Any]] = []
    for row in rows:
        type_name = ResourceDefinition.thaw(row.definition).type
        schema = registry.find(type_name)
        if schema is not None:
            names = sorted(schema.implementation.attributes)
        elif is_template_name(type_name):
            if type_name not in outputs:
                outputs[type_name] = await asyncio.to_thread(_output_names, stack.files.get(type_name, ""))
            names = outputs[type_name]
        else:
            bodies.append({})
            continue
        lookup = StoredLookup({row.name: upstream_of(row)}, registry)  # of one name there may be more rows
        bodies.append(await apart(lookup, _attributes, lookup, row.name, [*names, *also]))
    return bodies


def _output_names(template: str) -> list[str]:
    """Of a template that is named as a type."""
    try:
        tree = parse_template(template).tree
    except InvalidInput:  # of a version whose rules were other
        return []
    section = tree.get("outputs", tree.get("Outputs"))
    return sorted(section) if isinstance(section, Mapping) else []


async def resolved_metadata(repository: Repository, registry: Registry, stack: StackRow, row: ResourceRow) -> Any:
    metadata = ResourceDefinition.thaw(row.definition).metadata
    lookup = await _lookup(repository, registry, stack, [metadata])
    return await apart(lookup, resolve, metadata, lookup)


def output_in_list(frozen: Mapping[str, Any]) -> dict[str, Any]:
    definition = OutputDefinition.thaw(frozen)
    return {"output_key": definition.key, "description": definition.description}


async def _lookup(repository: Repository, registry: Registry, stack: StackRow, values: Sequence[Any]) -> StoredLookup:
    names = sorted({reference.resource for value in values for reference in references(value)})
    rows = await repository.upstream(stack.id, names) if names else {}
    return await stored_lookup(rows, registry, repository, values)


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


def _attributes(lookup: StoredLookup, resource: str, names: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        try:
            found[name] = lookup.attribute(resource, name)
        except FirebrickError:
            found[name] = None
        except Exception as error:  # a plug-in's attribute()
            log.warning("attribute not read", resource=resource, error=type(error).__name__)
            found[name] = None
    return found
