"""What references mean: a Lookup over stored rows, for the properties of a resource at its turn and for outputs."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from firebrick.resources.answers import attribute_value
from firebrick.resources.base import Context, ResourceType
from firebrick.resources.registry import Registry
from firebrick.store.rows import UpstreamRow
from firebrick.template import ResourceDefinition, resolve_properties

T = TypeVar("T")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


class StoredLookup:
    """get_resource and get_attr answered from rows that were read before (see Repository.upstream).

    A resource that is not created yet has its own name as reference id and null attributes, as in Heat.
    """

    def __init__(self, rows: Mapping[str, UpstreamRow], registry: Registry) -> None:
        self._rows = rows
        self._registry = registry

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
            return {name: _attribute(kind, name, context, row) for name in sorted(kind.attributes)}
        return _attribute(kind, attribute, context, row)

    @property
    def blocking(self) -> bool:
        """Whether reading an attribute of one of these rows may take a while (TestResource's attr_wait_secs)."""
        return any(self._registry.type(row.implementation).slow_attributes for row in self._rows.values())


def _attribute(kind: ResourceType, name: str, context: Context, row: UpstreamRow) -> Any:
    """What was stored was checked then; what a type's own code makes of it is checked here."""
    value = kind.attribute(name, context, row.attributes)
    return value if type(kind).attribute is ResourceType.attribute else attribute_value(kind, name, value)


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


def physical_name(stack: str, resource: str, row_uuid: str) -> str:
    """Heat's form ``STACK-RESOURCE-<12 characters>``, at most 255 characters; the end is the row's own, so that a
    replacement's name does not clash with its original's."""
    number = int(row_uuid.replace("-", "")[:15], 16)  # 60 bits: the 12 first characters of its base32
    short = "".join([_BASE32[number >> shift & 31] for shift in range(55, -1, -5)])
    name = f"{stack}-{resource}-{short}"
    return name if len(name) <= 255 else f"{name[:2]}-{name[-252:]}"
