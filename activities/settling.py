"""What is written of a row beside its values when it was made or changed: what it was made from, and its revision."""

from collections.abc import Mapping

from firebrick.resources.registry import Registry
from firebrick.selection import base_hash, input_hash
from firebrick.store.rows import UpstreamRow
from firebrick.store.step_outcomes import Claimed, Settled


def settled_create(registry: Registry, held: Claimed, upstream: Mapping[str, UpstreamRow] | None = None) -> Settled:
    """Of a row that was made. upstream: what it required as that is now, where the claim knows less (in a batch)."""
    row = held.row
    base = base_hash(row.definition, row.implementation, registry.schema(row.implementation).fingerprint)
    required = requirements(held.upstream if upstream is None else upstream)
    return Settled(input_hash(base, required), row.revision + 1)


def requirements(upstream: Mapping[str, UpstreamRow]) -> list[tuple[str, int, int]]:
    return [(name, one.id, one.revision) for name, one in upstream.items()]
