"""What references mean: a Lookup over stored rows, for the properties of a resource at its turn and for outputs."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.base import Context
from firebrick.resources.registry import Registry
from firebrick.store.rows import UpstreamRow
from firebrick.template import ResourceDefinition, references, resolve_properties
from firebrick.template.catalogue import INNER, split_inner

T = TypeVar("T")


class StoredLookup:
    """get_resource and get_attr answered from rows that were read before (see Repository.upstream).

    A resource that is not created yet has its own name as reference id and null attributes, as in Heat. inside: by
    resource, what is asked of the nested stacks among them (see stored_lookup).
    """

    def __init__(
        self, rows: Mapping[str, UpstreamRow], registry: Registry, inside: "Mapping[str, StoredLookup] | None" = None
    ) -> None:
        self._rows = rows
        self._registry = registry
        self._inside = inside or {}

    @property
    def inner_rows(self) -> Iterator[UpstreamRow]:
        """Rows of nested stacks that values are taken from, at any depth."""
        for one in self._inside.values():
            yield from one._rows.values()
            yield from one.inner_rows

    def reference_id(self, resource: str) -> str | None:
        row = self._rows.get(resource)
        if row is None:
            return None
        return row.reference_id or row.physical_id or resource

    def attribute(self, resource: str, attribute: str) -> Any:
        row = self._rows.get(resource)
        if row is None or row.physical_id is None or row.action == "DELETE":
            return None
        kind = self._registry.type(row.implementation)
        if kind.nested and attribute.startswith(INNER):
            return self.of_inner(resource, attribute)
        context = Context(
            name=resource,
            type_name=row.type,
            stack_name="",
            stack_id="",
            project="",
            action="",
            key="",
            physical_name="",
            properties=None,
            physical_id=row.physical_id,
            data=row.data,
            progress={},
            now=0.0,
        )
        if not attribute:
            names = row.attributes if kind.nested else kind.attributes
            return {name: kind.attribute(name, context, row.attributes) for name in sorted(names)}
        return kind.attribute(attribute, context, row.attributes)

    def of_inner(self, resource: str, attribute: str) -> Any:
        """The reference id of a resource inside a nested stack, or an attribute of it; in Heat's words, where there is
        no such resource or attribute."""
        inside = self._inside.get(resource)
        name, rest = split_inner(attribute)
        row = None if inside is None else inside._rows.get(name)
        if inside is None or row is None:
            raise _not_there(
                f"the nested stack {resource} has no resource {name}",
                f"Member '{name}' not found in group resource '{resource}'.",
            )
        if not rest:
            return inside.reference_id(name)
        kind = self._registry.type(row.implementation)
        known = row.attributes if kind.nested else {**kind.attributes, "show": ""}
        if rest not in known and not kind.any_attribute and not (kind.nested and rest.startswith(INNER)):
            raise _not_there(
                f"the resource {name} of the nested stack {resource} has no attribute {rest}",
                f"The Referenced Attribute ({resource} {INNER}{name}.{rest}) is incorrect.",
            )
        return inside.attribute(name, rest)

    @property
    def blocking(self) -> bool:
        """Whether reading an attribute of one of these rows may take a while (TestResource's attr_wait_secs)."""
        own = (self._registry.type(row.implementation).slow_attributes for row in self._rows.values())
        return any(own) or any(one.blocking for one in self._inside.values())


def _not_there(summary: str, heat: str) -> InvalidInput:
    detail = "`firebrick stack resource list -n 5` shows what is inside."
    return InvalidInput(Diagnostic(code="unknown-reference", summary=summary, detail=detail, heat_message=heat))


class Rows(Protocol):
    """Where rows of nested stacks are read: a Repository."""

    async def upstream(self, stack_id: str, names: Sequence[str]) -> Mapping[str, UpstreamRow]: ...


async def stored_lookup(
    rows: Mapping[str, UpstreamRow], registry: Registry, repository: Rows, values: Sequence[Any]
) -> StoredLookup:
    """A lookup for these values, over these rows and what the values ask of nested stacks among them."""
    asked = {(one.resource, one.attribute) for value in values for one in references(value)}
    return await _looking_inside(rows, registry, repository, [(name, of) for name, of in sorted(asked, key=str) if of])


async def _looking_inside(
    rows: Mapping[str, UpstreamRow], registry: Registry, repository: Rows, asked: Sequence[tuple[str, str]]
) -> StoredLookup:
    deeper: dict[str, list[tuple[str, str]]] = {}
    for resource, attribute in asked:
        row = rows.get(resource) if attribute.startswith(INNER) else None
        if row is not None and row.physical_id and registry.type(row.implementation).nested:
            deeper.setdefault(resource, []).append(split_inner(attribute))
    inside = {}
    for resource, below in deeper.items():
        found = await repository.upstream(str(rows[resource].physical_id), sorted({name for name, _ in below}))
        inside[resource] = await _looking_inside(found, registry, repository, below)
    return StoredLookup(rows, registry, inside)


async def apart(lookup: StoredLookup, function: Callable[..., T], *arguments: Any) -> T:
    """Call function, in a thread when reading an attribute may block."""
    if lookup.blocking:
        return await asyncio.to_thread(function, *arguments)
    return function(*arguments)


async def properties_of(definition: ResourceDefinition, lookup: StoredLookup) -> dict[str, Any]:
    """Its properties with everything computed (see resolve_properties). What is computed already asks nobody, and
    needs no thread, whatever the resource requires."""
    if not definition.dynamic:
        return resolve_properties(definition, lookup)
    return await apart(lookup, resolve_properties, definition, lookup)
