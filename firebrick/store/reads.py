"""What is read: plain functions from a connection and a project to rows. Every query filters by the project."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, bindparam, cast, func, or_, select, true

from firebrick.arns import StackArn, read_arn
from firebrick.contract import Action, OperationState, Status
from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from firebrick.near_names import instead_of
from firebrick.store.acceptance import is_other_content, stack_not_found
from firebrick.store.models import events, operations, resources, stacks, targets
from firebrick.store.operation_rows import OPEN_INSIDE, OPEN_STATES, OPERATIONS, operation_row
from firebrick.store.operations import operation_not_found
from firebrick.store.ordering import in_order
from firebrick.store.requests import NewTarget
from firebrick.store.resource_rows import RESOURCE_COLUMNS, UPSTREAM, resource_row, upstream_row
from firebrick.store.rows import EventRow, OperationRow, ResourceRow, StackRow, StackSummary, UpstreamRow
from firebrick.store.shown import TARGET_OF_STACK, as_begun
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
_STACK_COLUMNS = (
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
_STACKS = select(*_STACK_COLUMNS)
_STACKS_AS_BEGUN = select(*(as_begun(one) for one in _STACK_COLUMNS)).outerjoin_from(stacks, targets, TARGET_OF_STACK)
# Accepted by a program that did not tell it then, and not begun.
_UNTOLD = (
    select(operations.c.target_id)
    .join_from(operations, stacks, operations.c.stack_id == stacks.c.id)
    .where(operations.c.stack_id == bindparam("stack_id"))
    .where(operations.c.state == OperationState.PENDING.value)
    .where(operations.c.target_id != "")
    .where(operations.c.seq > stacks.c.state_seq)
    .order_by(operations.c.seq.desc())
    .limit(1)
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
_RESOURCES = select(
    *RESOURCE_COLUMNS, stacks.c.template_id.label("target"), stacks.c.status.label("stack_status")
).join_from(resources, stacks, resources.c.stack_id == stacks.c.id)
_UPSTREAM = (
    UPSTREAM.add_columns(resources.c.replaced_by, resources.c.template_id, stacks.c.template_id.label("target"))
    .where(stacks.c.project == bindparam("project"))
    .where(resources.c.stack_id == bindparam("stack_id"))
    .where(resources.c.name.in_(bindparam("names", expanding=True)))
    .order_by(resources.c.id)
)
_REQUIRED = (
    UPSTREAM.where(stacks.c.project == bindparam("project"))
    .where(resources.c.stack_id == bindparam("stack_id"))
    .where(resources.c.id.in_(bindparam("ids", expanding=True)))
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
    "owner_id": stacks.c.owner_id,
    "project": stacks.c.project,
    "disable_rollback": stacks.c.disable_rollback,  # bool
    "timeout_mins": stacks.c.timeout_mins,  # int
}
EVENT_FILTERS: Mapping[str, ColumnElement[Any]] = {
    "resource_name": events.c.resource_name,
    "resource_type": events.c.resource_type,
    "action": events.c.action,
    "status": events.c.status,
}


def find_stack(connection: Connection, project: str, name_or_id: str, *, include_deleted: bool) -> StackRow:
    """A living stack by name, id or ARN; with include_deleted also a deleted one, but not by its name. NotFound."""
    return _find_stack(connection, _STACKS, project, name_or_id, include_deleted)


def find_stack_as_begun(connection: Connection, project: str, name_or_id: str, *, include_deleted: bool) -> StackRow:
    """See Repository.stack_as_begun."""
    return _find_stack(connection, _STACKS_AS_BEGUN, project, name_or_id, include_deleted)


def _find_stack(
    connection: Connection, query: Select[Any], project: str, name_or_id: str, include_deleted: bool
) -> StackRow:
    mine = query.where(stacks.c.project == project)
    if (arn := read_arn(name_or_id)) is not None:
        return _stack_of_arn(connection, mine, project, name_or_id, arn, include_deleted=include_deleted)
    named = mine.where(stacks.c.name == name_or_id).where(stacks.c.deleted_at.is_(None))
    by_id = mine.where(stacks.c.id == name_or_id)
    if not include_deleted:
        by_id = by_id.where(stacks.c.deleted_at.is_(None))
    row = connection.execute(by_id).first() or connection.execute(named).first()
    if row is None:
        raise stack_not_found(name_or_id)
    return _stack_row(row)


def _stack_of_arn(
    connection: Connection, mine: Select[Any], project: str, text: str, arn: StackArn, *, include_deleted: bool
) -> StackRow:
    """mine: the stacks of the project; the name belongs to the id."""
    query = mine.where(stacks.c.id == arn.id).where(stacks.c.name == arn.name)
    if not include_deleted:
        query = query.where(stacks.c.deleted_at.is_(None))
    row = None if arn.path or arn.project != project else connection.execute(query).first()
    if row is None:
        raise stack_not_found(text)
    return _stack_row(row)


def nested_stacks(connection: Connection, project: str, owners: Sequence[str]) -> list[StackRow]:
    """The living stacks that stand for resources of these stacks, as their operations have begun."""
    mine = _STACKS_AS_BEGUN.where(stacks.c.project == project).where(stacks.c.deleted_at.is_(None))
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
    filters: Mapping[str, Sequence[Any]],
    sort: Sequence[str],
    descending: bool,
    limit: int | None,
    marker: str | None,
    include_deleted: bool,
    include_nested: bool = False,
    hidden_tags: Sequence[str] = (),
) -> list[StackSummary]:
    """See Repository.stacks."""
    wanted = _wanted_stacks(filters, include_deleted, include_nested, hidden_tags)
    # The marker's place counts, whether it is still one of them or not: it may have gone while somebody reads on.
    query = _SUMMARIES.where(stacks.c.project == project).where(
        and_(*wanted) if marker is None else or_(and_(*wanted), stacks.c.id == marker)
    )
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
    filters: Mapping[str, Sequence[Any]],
    include_deleted: bool,
    include_nested: bool = False,
    hidden_tags: Sequence[str] = (),
) -> int:
    query = select(func.count()).select_from(stacks).where(stacks.c.project == project)
    wanted = _wanted_stacks(filters, include_deleted, include_nested, hidden_tags)
    return int(connection.execute(query.where(and_(*wanted))).scalar_one())


def _wanted_stacks(
    filters: Mapping[str, Sequence[Any]], include_deleted: bool, include_nested: bool, hidden_tags: Sequence[str]
) -> list[ColumnElement[bool]]:
    wanted = [_stack_filter(name, values) for name, values in sorted(filters.items())]
    if not include_deleted:
        wanted.append(stacks.c.deleted_at.is_(None))
    if not include_nested:
        wanted.append(stacks.c.owner_id.is_(None))
    tags = cast(stacks.c.tags, String)  # JSON: each tag in quotes, which no tag has in it unescaped
    wanted += [~tags.contains(json.dumps(tag), autoescape=True) for tag in hidden_tags]
    return [true(), *wanted]


def count_resources(connection: Connection, project: str, root_id: str, *, without: str = "") -> int:
    """See Repository.count_resources."""
    query = (
        select(resources.c.stack_id, resources.c.name)
        .distinct()
        .select_from(resources)
        .join(stacks, resources.c.stack_id == stacks.c.id)
        .where(stacks.c.project == project)
        .where(stacks.c.deleted_at.is_(None))
        .where(or_(stacks.c.id == root_id, stacks.c.root_id == root_id))
        .where(stacks.c.id != without)
        .where(or_(resources.c.action != Action.DELETE.value, resources.c.status != Status.COMPLETE.value))
    )
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def list_resources(
    connection: Connection, project: str, stack_id: str, *, left_over: bool = False
) -> list[ResourceRow]:
    """See Repository.resources."""
    check_stack(connection, project, stack_id)
    query = _RESOURCES.where(stacks.c.project == project)
    rows = connection.execute(query.where(resources.c.stack_id == stack_id).order_by(resources.c.id)).all()
    required_by = _required_by([(row.id, row.name, row.requires) for row in rows])
    serving = _in_service(rows)
    if left_over:
        ids = {row.id for row in serving}
        serving = [row for row in rows if row.id in ids or _is_left_over(row)]
    return [resource_row(row, required_by.get(row.id, ())) for row in serving]


def _is_left_over(row: Any) -> bool:
    """Whether a row that another one has taken the place of still stands for something, since what was to remove it
    FAILED."""
    gone = (row.action, row.status) == (Action.DELETE, Status.COMPLETE)
    made = row.physical_id is not None or row.create_unsettled
    return made and not gone and row.stack_status == Status.FAILED


def find_resource(connection: Connection, project: str, stack_id: str, name: str) -> ResourceRow:
    """A resource by name. NotFound."""
    stack_name = check_stack(connection, project, stack_id)
    query = _RESOURCES.where(stacks.c.project == project).where(resources.c.stack_id == stack_id)
    of_name = connection.execute(query.where(resources.c.name == name).order_by(resources.c.id)).all()
    if not of_name:
        names = select(resources.c.name).where(resources.c.stack_id == stack_id).distinct()
        raise _resource_not_found(name, stack_name, sorted(connection.execute(names).scalars()))
    (row,) = _in_service(of_name)
    edges = select(resources.c.id, resources.c.name, resources.c.requires).where(resources.c.stack_id == stack_id)
    found = connection.execute(edges.order_by(resources.c.id))
    required_by = _required_by([(one.id, one.name, one.requires) for one in found])
    return resource_row(row, required_by.get(row.id, ()))


def list_upstream(connection: Connection, project: str, stack_id: str, names: Sequence[str]) -> dict[str, UpstreamRow]:
    values = {"project": project, "stack_id": stack_id, "names": list(names)}
    return {row.name: upstream_row(row) for row in _in_service(connection.execute(_UPSTREAM, values).all())}


def list_required(connection: Connection, project: str, stack_id: str, rows: Sequence[int]) -> dict[str, UpstreamRow]:
    """See Repository.required."""
    values = {"project": project, "stack_id": stack_id, "ids": list(rows)}
    return {row.name: upstream_row(row) for row in connection.execute(_REQUIRED, values)}


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
    filters: Mapping[str, Sequence[Any]],
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


def find_accepted(
    connection: Connection, project: str, operation_id: str, fingerprint: str
) -> tuple[OperationRow, bool]:
    """See Repository.accepted_before."""
    known = find_operation(connection, project, operation_id)
    return known, not is_other_content(connection, known, fingerprint)


def near_operations(connection: Connection, project: str, operation_id: str, most: int) -> list[OperationRow]:
    """Operations whose ids begin as this one, the newest first; where there are none, the project's newest."""
    query = OPERATIONS.where(stacks.c.project == project).order_by(operations.c.accepted_at.desc()).limit(most)
    begins = operations.c.id.startswith(operation_id[:6], autoescape=True)
    found = connection.execute(query.where(begins)).all() if len(operation_id) >= 6 else []
    return [operation_row(row) for row in found or connection.execute(query)]


def open_inside(connection: Connection, operation: OperationRow) -> list[OperationRow]:
    found = connection.execute(OPEN_INSIDE, {"stack_id": operation.stack_id, "id": operation.id})
    return [operation_row(row) for row in found]


def list_operations(connection: Connection, project: str, stack_id: str) -> list[OperationRow]:
    """Newest first. NotFound when there is no such stack."""
    check_stack(connection, project, stack_id)
    query = OPERATIONS.where(stacks.c.project == project).where(operations.c.stack_id == stack_id)
    return [operation_row(row) for row in connection.execute(query.order_by(operations.c.seq.desc()))]


def base_target(connection: Connection, project: str, stack_id: str) -> NewTarget:
    """See Repository.base_target. NotFound."""
    untold = connection.execute(_UNTOLD, {"stack_id": stack_id}).scalar()
    found = None if untold is None else read_target(connection, stack_id, untold)
    if found is not None:
        return found
    stack = find_stack(connection, project, stack_id, include_deleted=True)
    return NewTarget(
        id=stack.template_id,
        template=stack.template,
        environment=stack.environment,
        parameters=stack.parameters,
        files=stack.files,
        shown_parameters=stack.shown_parameters,
        outputs=stack.outputs,
        description=stack.description,
    )


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


def _stack_filter(name: str, values: Sequence[Any]) -> ColumnElement[bool]:
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


def _resource_not_found(name: str, stack_name: str, known: Sequence[str]) -> NotFound:
    return NotFound(
        Diagnostic(
            code="resource-not-found",
            summary=f"There is no resource {name!r} in stack {stack_name!r}.",
            detail=instead_of(name, known, none="The stack has no resources."),
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
            heat_type="HTTPNotFound",
            heat_message=f"No event {event_id} found",
        )
    )
