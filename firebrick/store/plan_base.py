"""What a plan of an update is made from, read in one consistent view: a stack and everything that is nested in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from firebrick.store.models import operations, resources, stacks
from firebrick.store.operation_rows import OPEN_OF_STACK, operation_row
from firebrick.store.reads import base_target, check_stack, find_stack_as_begun, nested_stacks
from firebrick.store.requests import Expected, NewTarget
from firebrick.store.resource_rows import RESOURCE_COLUMNS, resource_row
from firebrick.store.rows import OperationRow, ResourceRow, StackRow


@dataclass(frozen=True, slots=True)
class PlanBase:
    """stack: as its operation has begun, like the rows. target: see Repository.base_target. rows: all of them, several
    of one name while one replaces another. running: the newest operation of the stack, or of one that is nested in it,
    that has not ended, if any: then rows are on their way. expected: what an operation that carries out the plan must
    find. nested: of all living stacks that are nested in it, at any depth, by their ids; these have no nested ones
    themselves."""

    stack: StackRow
    target: NewTarget
    rows: tuple[ResourceRow, ...]
    running: OperationRow | None
    expected: Expected
    nested: Mapping[str, "PlanBase"] = field(default_factory=dict)


def read_plan_base(connection: Connection, project: str, name_or_id: str) -> PlanBase:
    """NotFound: no such living stack."""
    stack = find_stack_as_begun(connection, project, name_or_id, include_deleted=False)
    found = _base_of(connection, project, stack)
    nested: dict[str, PlanBase] = {}
    above = [found]
    while above:
        # One that was retained when its resource went is nobody's, though it tells whose it was.
        used = {row.physical_id for one in above for row in one.rows}
        below = nested_stacks(connection, project, [one.stack.id for one in above])
        above = [_base_of(connection, project, one) for one in below if one.id in used]
        nested |= {one.stack.id: one for one in above}
    running = [one.running for one in (found, *nested.values()) if one.running is not None]
    revisions = {name: one.expected.revision for name, one in nested.items()}
    return PlanBase(
        stack=stack,
        target=found.target,
        rows=found.rows,
        running=running[0] if running else None,
        expected=Expected(found.expected.revision, found.expected.seq, revisions),
        nested=nested,
    )


def read_rows(connection: Connection, project: str, stack_id: str) -> list[ResourceRow]:
    """All rows of a stack, by id. NotFound."""
    check_stack(connection, project, stack_id)
    query = select(*RESOURCE_COLUMNS).where(resources.c.stack_id == stack_id).order_by(resources.c.id)
    rows = connection.execute(query).all()
    names = {row.id: row.name for row in rows}
    required_by: dict[int, set[str]] = {}
    for row in rows:
        for one in row.requires:
            required_by.setdefault(one, set()).add(names[row.id])
    return [resource_row(row, tuple(sorted(required_by.get(row.id, ())))) for row in rows]


def _base_of(connection: Connection, project: str, stack: StackRow) -> PlanBase:
    running = connection.execute(OPEN_OF_STACK, {"stack_id": stack.id}).first()
    newest = select(operations.c.seq).where(operations.c.stack_id == stack.id).order_by(operations.c.seq.desc())
    return PlanBase(
        stack=stack,
        target=base_target(connection, project, stack.id),
        rows=tuple(read_rows(connection, project, stack.id)),
        running=None if running is None else operation_row(running),
        expected=Expected(stack.revision, connection.execute(newest.limit(1)).scalar_one_or_none() or 0),
    )


def name_is_taken(connection: Connection, project: str, name: str) -> bool:
    query = select(stacks.c.id).where(stacks.c.project == project).where(stacks.c.name == name)
    return connection.execute(query.where(stacks.c.deleted_at.is_(None))).first() is not None
