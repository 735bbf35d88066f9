"""What a resource's create may see of others that it names by their physical id (ResourceType.reads)."""

from collections.abc import Mapping
from typing import Any

from firebrick.resources.base import ResourceType
from firebrick.resources.registry import Registry
from firebrick.store import Repository
from firebrick.store.rows import UpstreamRow


async def others(
    repository: Repository, registry: Registry, kind: ResourceType, properties: Any, upstream: Mapping[str, UpstreamRow]
) -> dict[str, Mapping[str, Any]]:
    """Context.others: physical id -> stored attributes, of resources of readable types in the repository's project.

    properties: the model. upstream: what the resource requires, by name, which is known already (in a batch, not yet
    stored); only what is not among that is asked of the store. An id that names nothing readable is missing.
    """
    wanted = sorted(set(kind.reads(properties)))
    if not wanted:
        return {}
    rows = list(upstream.values())
    known = {row.physical_id for row in rows}
    if far := [one for one in wanted if one not in known]:
        rows += await repository.with_physical_ids(far)
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row.physical_id in wanted and _readable(registry, row):
            found.setdefault(row.physical_id, row.attributes)
    return found


def _readable(registry: Registry, row: UpstreamRow) -> bool:
    """Not, when this worker lacks the plug-in that made it."""
    schema = registry.find(row.implementation)
    return schema is not None and schema.implementation.readable
