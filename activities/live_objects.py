"""What a resource's object is like now: for an update that compares with what lives (the request's `converge`), and for
attributes that were never stored."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from firebrick.resources.base import Live, ResourceType
from firebrick.resources.schema import restore, schema_of
from firebrick.standing import Seen
from firebrick.store.rows import ResourceRow
from firebrick.store.step_outcomes import Claimed

if TYPE_CHECKING:
    from activities.steps import Step

log = structlog.get_logger("firebrick.activities")


async def look(step: "Step", kind: ResourceType, held: Claimed) -> Seen:
    """See seen_of."""

    def read() -> Awaitable[Live | None]:
        return step.query(kind, kind.read, step.context(held, restore(kind, held.row.properties or {}), {}))  # type: ignore[arg-type]

    return await seen_of(kind, held.row, read)


async def seen_of(kind: ResourceType, row: ResourceRow, read: Callable[[], Awaitable[Live | None]]) -> Seen:
    """A look that fails says nothing: what is stored counts (Heat's rule), and a plan tells of it."""
    stored = row.properties or {}
    if kind.read is None:
        return Seen(stored, {})
    if row.physical_id is None:
        return Seen(None, {})
    try:
        live = await read()
    except Exception as error:
        log.warning("a live object cannot be looked at", resource=row.name, type=row.type, error=type(error).__name__)
        return Seen(stored, failed=True)
    if live is None:
        return Seen(None, {})
    return Seen({**stored, **schema_of(kind).compared(live.properties)}, dict(live.attributes))
