"""What is read: plain functions from a connection and a project to rows. Every query filters by the project."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, or_, select

from firebrick.contract import Action, OperationState, Status
from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from firebrick.store.acceptance import stack_not_found
from firebrick.store.models import events, operations, resources, stacks
from firebrick.store.operation_rows import OPEN_INSIDE, OPEN_STATES, OPERATIONS, operation_row
from firebrick.store.operations import operation_not_found
from firebrick.store.ordering import in_order
from firebrick.store.requests import NewTarget
from firebrick.store.resource_rows import RESOURCE_COLUMNS, UPSTREAM, resource_row, upstream_row
from firebrick.store.rows import EventRow, OperationRow, ResourceRow, StackRow, StackSummary, UpstreamRow
from firebrick.store.targets import read_target

_SUMMARY_COLUMNS = (
    stacks.c.id,
    stacks.c.project,
    stacks.c.name,
    stacks.c.description,
    stacks.c.owner,
    stacks.c.action,
    stacks.c.status,
    stacks.c.status_reason,
    stacks.c.created_at,
    stacks.c.updated_at,
    stacks.c.deleted_at,
)
_SUMMARIES = select(*_SUMMARY_COLUMNS, stacks.c.tags, stacks.c.owner_id)
_STACKS = select(
    *_SUMMARY_COLUMNS,
    stacks.c.timeout_mins,
    stacks.c.disable_rollback,
    stacks.c.tags,
    stacks.c.template,
    stacks.c.environment,
    stacks.c.parameters,
    stacks.c.files,
    stacks.c.shown_parameters,
    stacks.c.outputs,
    stacks.c.template_id,
    stacks.c.previous_template_id,
    stacks.c.complete_template_id,
    stacks.c.owner_id,
    stacks.c.owner_row,
    stacks.c.root_id,
    stacks.c.depth,
    stacks.c.revision,
)
EVENTS = select(
    events.c.stack_id,
    events.c.seq,
    events.c.id,
    events.c.time,
    events.c.resource_id,
    events.c.resource_name,
    events.c.resource_type,
    events.c.physical_id,
    events.c.action,
    events.c.status,
    events.c.reason,
).join_from(events, stacks, events.c.stack_id == stacks.c.id)
_RESOURCES = select(*RESOURCE_COLUMNS, stacks.c.template_id.label("target")).join_from(
    resources, stacks, resources.c.stack_id == stacks.c.id
)
_UPSTREAM = (
    UPSTREAM.add_columns(resources.c.replaced_by, resources.c.template_id, stacks.c.template_id.label("target"))
    .where(stacks.c.project == bindparam("project"))
    .where(resources.c.stack_id == bindparam("stack_id"))
    .where(resources.c.name.in_(bindparam("names", expanding=True)))
    .order_by(resources.c.id)
)
_LIVING = (
    UPSTREAM.where(stacks.c.project == bindparam("project"))
    .where(stacks.c.deleted_at.is_(None))
    .where(resources.c.physical_id.in_(bindparam("ids", expanding=True)))
    .where(or_(resources.c.action != Action.DELETE.value, resources.c.status != Status.COMPLETE.value))
    .order_by(resources.c.id)
)
_OPEN_OPERATIONS = OPERATIONS.where(operations.c.state.in_(OPEN_STATES)).order_by(
    operations.c.accepted_at, operations.c.stack_id, operations.c.seq
)

SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "created_at": stacks.c.created_at,
    "updated_at": stacks.c.updated_at,
    "name": stacks.c.name,
    "status": stacks.c.status,
}
FILTERS: Mapping[str, ColumnElement[Any]] = {
    "id": stacks.c.id,
    "name": stacks.c.name,
    "action": stacks.c.action,
    "owner": stacks.c.owner,
}
EVENT_FILTERS: Mapping[str, ColumnElement[Any]] = {
    "resource_name": events.c.resource_name,
    "resource_type": events.c.resource_type,
    "action": events.c.action,
    "status": events.c.status,
}


def find_stack(connection: Connection, project: str, name_or_id: str, *, include_deleted: bool) -> StackRow:
    """A living stack by name or id; with include_deleted also a deleted one, by id only. NotFound."""
    mine = _STACKS.where(stacks.c.project == project)
    named = mine.where(stacks.c.name == name_or_id).where(stacks.c.deleted_at.is_(None))
    by_id = mine.where(stacks.c.id == name_or_id)
    if not include_deleted:
        by_id = by_id.where(stacks.c.deleted_at.is_(None))
    row = connection.execute(by_id).first() or connection.execute(named).first()
    if row is None:
        raise stack_not_found(name_or_id)
    return _stack_row(row)


def nested_stacks(connection: Connection, project: str, owners: Sequence[str]) -> list[StackRow]:
    """The living stacks that stand for resources of these stacks."""
    mine = _STACKS.where(stacks.c.project == project).where(stacks.c.deleted_at.is_(None))
    return [_stack_row(row) for row in connection.execute(mine.where(stacks.c.owner_id.in_(owners)))]


def _stack_row(row: Any) -> StackRow:
    values = list(row)
    values[13] = tuple(values[13])  # tags
    values[19] = tuple(values[19])  # outputs
    return StackRow(*values)


def list_stacks(
    connection: Connection,
    project: str,
    *,
    filters: Mapping[str, Sequence[str]],
    sort: Sequence[str],
    descending: bool,
    limit: int | None,
    marker: str | None,
    include_deleted: bool,
    include_nested: bool = False,
) -> list[StackSummary]:
    """See Repository.stacks."""
    query = _SUMMARIES.where(stacks.c.project == project)
    if not include_deleted:
        query = query.where(stacks.c.deleted_at.is_(None))
    if not include_nested:
        query = query.where(stacks.c.owner_id.is_(None))
    for name, values in sorted(filters.items()):
        query = query.where(_stack_filter(name, values))
    unknown = [key for key in sort if key not in SORT_KEYS]
    if unknown:
        raise _bad_key("sort key", unknown[0], SORT_KEYS)
    columns = [SORT_KEYS[key] for key in sort] + [stacks.c.id]
    query = query.order_by(*(in_order(column, descending=descending) for column in columns))
    if marker is None:
        return [_summary(row) for row in connection.execute(query if limit is None else query.limit(limit))]
    rows = connection.execute(query).all()
    places = [index for index, row in enumerate(rows) if row.id == marker]
    if not places:
        raise stack_not_found(marker)
    after = rows[places[0] + 1 :]
    return [_summary(row) for row in (after if limit is None else after[:limit])]


def count_stacks(
    connection: Connection,
    project: str,
    *,
    filters: Mapping[str, Sequence[str]],
    include_deleted: bool,
    include_nested: bool = False,
) -> int:
    query = select(stacks.c.id).where(stacks.c.project == project)
    if not include_nested:
        query = query.where(stacks.c.owner_id.is_(None))
    if not include_deleted:
        query = query.where(stacks.c.deleted_at.is_(None))
    for name, values in sorted(filters.items()):
        query = query.where(_stack_filter(name, values))
    return len(connection.execute(query).all())


def list_resources(connection: Connection, project: str, stack_id: str) -> list[ResourceRow]:
    """The rows of a stack as they came to be (a template's in its order), one for each name. NotFound when there is
    no such stack; a deleted one has no rows."""
    check_stack(connection, project, stack_id)
    query = _RESOURCES.where(stacks.c.project == project).where(resources.c.stack_id == stack_id)
    rows = connection.execute(query.order_by(resources.c.id)).all()
    required_by = _required_by([(row.id, row.name, row.requires) for row in rows])
    return [resource_row(row, required_by.get(row.id, ())) for row in _in_service(rows)]


def find_resource(connection: Connection, project: str, stack_id: str, name: str) -> ResourceRow:
    """A resource by name. NotFound."""
    stack_name = check_stack(connection, project, stack_id)
    query = _RESOURCES.where(stacks.c.project == project).where(resources.c.stack_id == stack_id)
    of_name = connection.execute(query.where(resources.c.name == name).order_by(resources.c.id)).all()
    if not of_name:
        raise _resource_not_found(name, stack_name)
    (row,) = _in_service(of_name)
    edges = select(resources.c.id, resources.c.name, resources.c.requires).where(resources.c.stack_id == stack_id)
    found = connection.execute(edges.order_by(resources.c.id))
    required_by = _required_by([(one.id, one.name, one.requires) for one in found])
    return resource_row(row, required_by.get(row.id, ()))


def list_upstream(connection: Connection, project: str, stack_id: str, names: Sequence[str]) -> dict[str, UpstreamRow]:
    values = {"project": project, "stack_id": stack_id, "names": list(names)}
    return {row.name: upstream_row(row) for row in _in_service(connection.execute(_UPSTREAM, values).all())}


def list_with_physical_ids(connection: Connection, project: str, ids: Sequence[str]) -> list[UpstreamRow]:
    """See Repository.with_physical_ids."""
    return [upstream_row(row) for row in connection.execute(_LIVING, {"project": project, "ids": list(ids)})]


def list_events(
    connection: Connection,
    project: str,
    stack_id: str,
    *,
    after_seq: int,
    before_seq: int | None,
    limit: int | None,
    descending: bool,
    filters: Mapping[str, Sequence[str]],
) -> list[EventRow]:
    """See Repository.events."""
    check_stack(connection, project, stack_id)
    query = _of_stack(project, stack_id)
    if after_seq:
        query = query.where(events.c.seq > after_seq)
    if before_seq is not None:
        query = query.where(events.c.seq < before_seq)
    for name, values in sorted(filters.items()):
        query = query.where(event_filter(name, values))
    query = query.order_by(events.c.seq.desc() if descending else events.c.seq.asc())
    rows = connection.execute(query if limit is None else query.limit(limit))
    return [EventRow(*row) for row in rows]


def find_event(connection: Connection, project: str, stack_id: str, event_id: str) -> EventRow:
    """One event, with the properties its resource had (those stored now, where the event has none). NotFound."""
    check_stack(connection, project, stack_id)
    query = _of_stack(project, stack_id).add_columns(events.c.properties).where(events.c.id == event_id)
    row = connection.execute(query).first()
    if row is None:
        raise event_not_found(event_id)
    if row.properties is not None or row.resource_id is None:
        return EventRow(*row)
    stored = select(resources.c.properties).where(resources.c.id == row.resource_id)
    of_row = connection.execute(stored.where(resources.c.stack_id == stack_id)).scalar_one_or_none()
    return EventRow(*[*row[:11], of_row])


def find_operation(connection: Connection, project: str, operation_id: str) -> OperationRow:
    query = OPERATIONS.where(stacks.c.project == project).where(operations.c.id == operation_id)
    row = connection.execute(query).first()
    if row is None:
        raise operation_not_found(operation_id)
    return operation_row(row)


def open_inside(connection: Connection, operation: OperationRow) -> list[OperationRow]:
    found = connection.execute(OPEN_INSIDE, {"stack_id": operation.stack_id, "id": operation.id})
    return [operation_row(row) for row in found]


def list_operations(connection: Connection, project: str, stack_id: str) -> list[OperationRow]:
    """Newest first. NotFound when there is no such stack."""
    check_stack(connection, project, stack_id)
    query = OPERATIONS.where(stacks.c.project == project).where(operations.c.stack_id == stack_id)
    return [operation_row(row) for row in connection.execute(query.order_by(operations.c.seq.desc()))]


def base_target(connection: Connection, project: str, stack_id: str) -> NewTarget | None:
    """See Repository.base_target. NotFound."""
    check_stack(connection, project, stack_id)
    found = list_operations(connection, project, stack_id)
    pending = next((one for one in found if one.state is OperationState.PENDING and one.target_id), None)
    current = connection.execute(select(stacks.c.template_id).where(stacks.c.id == stack_id)).scalar_one()
    return read_target(connection, stack_id, pending.target_id if pending is not None else current)


def open_operations(connection: Connection) -> list[OperationRow]:
    return [operation_row(row) for row in connection.execute(_OPEN_OPERATIONS)]


def ended_since(connection: Connection, time: float, limit: int) -> list[OperationRow]:
    query = OPERATIONS.where(operations.c.ended_at > time).order_by(operations.c.ended_at.desc()).limit(limit)
    return [operation_row(row) for row in connection.execute(query)]


def check_stack(connection: Connection, project: str, stack_id: str) -> str:
    """The stack's name, deleted or not. NotFound."""
    query = select(stacks.c.name).where(stacks.c.project == project).where(stacks.c.id == stack_id)
    name = connection.execute(query).scalar_one_or_none()
    if name is None:
        raise stack_not_found(stack_id)
    return str(name)


def _of_stack(project: str, stack_id: str) -> Select[Any]:
    return EVENTS.where(stacks.c.project == project).where(events.c.stack_id == stack_id)


def _summary(row: Sequence[Any]) -> StackSummary:
    values = list(row)
    values[11] = tuple(values[11])  # tags
    return StackSummary(*values)


def _stack_filter(name: str, values: Sequence[str]) -> ColumnElement[bool]:
    if name == "status":
        return or_(*(_state(value, stacks.c.action, stacks.c.status) for value in values))
    if name not in FILTERS:
        raise _bad_key("filter", name, [*FILTERS, "status"])
    return FILTERS[name].in_(list(values))


def event_filter(name: str, values: Sequence[str]) -> ColumnElement[bool]:
    """Of EVENT_FILTERS, or ``state``: any of these values. InvalidInput: there is no such filter."""
    if name == "state":
        return or_(*(_state(value, events.c.action, events.c.status) for value in values))
    if name not in EVENT_FILTERS:
        raise _bad_key("filter", name, [*EVENT_FILTERS, "state"])
    return EVENT_FILTERS[name].in_(list(values))


def _state(value: str, action: ColumnElement[Any], status: ColumnElement[Any]) -> ColumnElement[bool]:
    """``COMPLETE`` or ``CREATE_COMPLETE``; IN_PROGRESS is a status with an underscore of its own."""
    head, _, tail = value.partition("_")
    if not tail or value == "IN_PROGRESS":
        return status == value
    return and_(action == head, status == tail)


def _in_service(rows: Sequence[Any]) -> list[Any]:
    """One row for each name, in the order given: while a resource is replaced it has two, and an old one may be left
    over when its deletion failed."""
    best: dict[str, Any] = {}
    for row in rows:
        if row.name not in best or _fitness(row) > _fitness(best[row.name]):
            best[row.name] = row
    return sorted(best.values(), key=lambda row: int(row.id))


def _fitness(row: Any) -> tuple[bool, bool, bool, int]:
    return (row.action != Action.DELETE, row.replaced_by is None, row.template_id == row.target, row.id)


def _required_by(edges: Sequence[tuple[int, str, Sequence[int]]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for _, name, requires in edges:
        for required in requires:
            found.setdefault(required, []).append(name)
    return {row: tuple(sorted(names)) for row, names in found.items()}


def _bad_key(what: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> InvalidInput:
    return InvalidInput(
        Diagnostic(
            code=f"unknown-{what.replace(' ', '-')}",
            summary=f"There is no {what} {name!r}.",
            detail=f"Known: {', '.join(sorted(known))}.",
            heat_type="Invalid",
        )
    )


def _resource_not_found(name: str, stack_name: str) -> NotFound:
    return NotFound(
        Diagnostic(
            code="resource-not-found",
            summary=f"There is no resource {name!r} in stack {stack_name!r}.",
            detail="Look at the list of the stack's resources.",
            heat_type="ResourceNotFound",
            heat_message=f"The Resource ({name}) could not be found in Stack {stack_name}.",
        )
    )


def event_not_found(event_id: str) -> NotFound:
    return NotFound(
        Diagnostic(
            code="event-not-found",
            summary=f"There is no event {event_id!r} in this stack.",
            detail="Look at the list of the stack's events.",
            heat_type="EntityNotFound",
            heat_message=f"No event {event_id} found",
        )
    )
