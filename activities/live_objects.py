"""What a resource's object is like now, for an update that compares with what lives (the request's `converge`)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from firebrick.resources.base import Live, ResourceType
from firebrick.resources.schema import restore
from firebrick.store.step_outcomes import Claimed

if TYPE_CHECKING:
    from activities.steps import Step

log = structlog.get_logger("firebrick.activities")


async def live_properties(step: "Step", kind: ResourceType, held: Claimed) -> Mapping[str, Any] | None:
    """The properties that it has now: those stored, with what the object shows in their place; None: there is no
    object any more. A look that fails says nothing: what is stored counts (Heat's rule)."""
    row = held.row
    stored = row.properties or {}
    if kind.read is None:
        return stored
    if row.physical_id is None:
        return None
    try:
        live: Live | None = await step.query(kind, kind.read, step.context(held, restore(kind, stored), {}))
    except Exception as error:
        log.warning("a live object cannot be looked at", resource=row.name, type=row.type, error=type(error).__name__)
        return stored
    return None if live is None else {**stored, **live.properties}
