"""Events of a stack and of the stacks in it, as one list."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, or_, select

from firebrick.store.models import events, stacks
from firebrick.store.reads import EVENTS, check_stack, event_filter, event_not_found
from firebrick.store.rows import EventRow

_INSIDE = (
    select(stacks.c.id, stacks.c.name)
    .where(stacks.c.project == bindparam("project"))
    .where(stacks.c.owner_id.in_(bindparam("owners", expanding=True)))
    .where(stacks.c.deleted_at.is_(None))
)
# Events of a stack are numbered, those of two are ordered by their time: a stack's own order is kept where it is equal.
_PLACE = (events.c.time, events.c.stack_id, events.c.seq)


def list_tree_events(
    connection: Connection,
    project: str,
    stack_id: str,
    *,
    depth: int,
    after: str | None,
    limit: int | None,
    descending: bool,
    filters: Mapping[str, Sequence[str]],
) -> list[tuple[EventRow, str]]:
    """See Repository.tree_events."""
    names = {stack_id: check_stack(connection, project, stack_id)}
    level = [stack_id]
    for _ in range(depth):
        found = connection.execute(_INSIDE, {"project": project, "owners": level}).all() if level else ()
        level = sorted(row.id for row in found)
        names |= {row.id: row.name for row in found}
    of_tree = events.c.stack_id.in_(sorted(names))
    query = EVENTS.where(of_tree)
    if after is not None:  # events are found by their stack's id: their own id has no index
        place = connection.execute(select(*_PLACE).where(of_tree).where(events.c.id == after)).first()
        if place is None:
            raise event_not_found(after)
        beyond = [one < value if descending else one > value for one, value in zip(_PLACE, place, strict=True)]
        same = [one == value for one, value in zip(_PLACE, place, strict=True)]
        query = query.where(or_(beyond[0], and_(same[0], or_(beyond[1], and_(same[1], beyond[2])))))
    for name, values in sorted(filters.items()):
        query = query.where(event_filter(name, values))
    query = query.order_by(*(one.desc() if descending else one.asc() for one in _PLACE))
    rows = connection.execute(query if limit is None else query.limit(limit))
    return [(EventRow(*row), names[row.stack_id]) for row in rows]
