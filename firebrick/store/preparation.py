"""The beginning of an operation that converges: every row gets its role, new resources their rows.

All in the transaction that makes the operation RUNNING, so that whoever plans it, however often, sees the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from firebrick.contract import Action, Status
from firebrick.plan import Role
from firebrick.randomness import random_uuid
from firebrick.selection import Candidate, Selection, Wanted, select_rows
from firebrick.store import reasons
from firebrick.store.models import resources, stacks
from firebrick.store.new_rows import insert_resources
from firebrick.store.requests import NewResource, NewTarget
from firebrick.store.rows import OperationRow
from firebrick.store.targets import read_target, resource_as_json
from firebrick.store.transaction import LockedStack, Transaction

_CANDIDATES = (
    select(
        resources.c.id,
        resources.c.name,
        resources.c.action,
        resources.c.status,
        resources.c.template_id,
        resources.c.replaced_by,
        resources.c.updated_at,
        resources.c.input_hash,
        resources.c.revision,
        resources.c.drift,
        resources.c.interrupted,
        or_(
            resources.c.instant,
            and_(
                resources.c.action == Action.CREATE.value,
                resources.c.physical_id.is_(None),
                resources.c.create_unsettled.is_(False),
                resources.c.polling.is_(False),
            ),
        ).label("unmade"),
    )
    .where(resources.c.stack_id == bindparam("stack_id"))
    .order_by(resources.c.id)
    .with_for_update()
)
_GIVE_ROLE = (
    update(resources)
    .where(resources.c.id == bindparam("_id"))
    .values(role=bindparam("_role"), role_seq=bindparam("_seq"))
)
_WANT = _GIVE_ROLE.values(wanted=bindparam("_wanted"), target_requires=bindparam("_requires"), replaced_by=None)
_REDEFINE = _GIVE_ROLE.values(
    type=bindparam("_type"),
    implementation=bindparam("_implementation"),
    instant=bindparam("_instant"),
    concurrency=bindparam("_concurrency"),
    definition=bindparam("_definition"),
    requires=bindparam("_requires"),
    target_requires=bindparam("_requires"),
    template_id=bindparam("_template_id"),
    action="INIT",
    status=Status.COMPLETE.value,
    interrupted=False,
    properties=None,
    progress=None,
    polling=False,
    intent_open=False,
    create_key="",
    create_unsettled=False,
)
_DELETE_ROWS = delete(resources).where(resources.c.id.in_(bindparam("ids", expanding=True)))
_LEAVE = _GIVE_ROLE.values(
    status=Status.COMPLETE.value,
    action=bindparam("_action"),
    status_reason=reasons.SKIPPED,
    drift=reasons.SKIPPED,
    updated_at=bindparam("_now"),
    replaced_by=None,
    interrupted=False,
)
_AIM = (
    update(stacks)
    .where(stacks.c.id == bindparam("_id"))
    .values(template_id=bindparam("_template_id"), previous_template_id=bindparam("_previous"))
)


def prepare(transaction: Transaction, stack: LockedStack, operation: OperationRow, now: float) -> None:
    """Bring the stack's rows into the state in which the operation can be planned. Its target is there (acceptance)."""
    connection = transaction.connection
    target = read_target(connection, stack.id, operation.target_id)
    if target is None:
        raise RuntimeError(f"operation {operation.id} has no target")
    found = connection.execute(_CANDIDATES, {"stack_id": stack.id})
    rows = [Candidate(**values) for values in found.mappings()]
    skip = frozenset(operation.request.get("skip", ()))
    _leave(transaction, stack, operation.seq, [row for row in rows if row.name in skip], now)
    selection = select_rows(
        [row for row in rows if row.name not in skip],
        [
            Wanted(one.name, tuple(name for name in one.requires if name not in skip), one.base, one.prunable)
            for one in target.resources
            if one.name not in skip
        ],
        target=target.id,
        previous=stack.template_id,
        look_at_all=bool(operation.request.get("converge")),
    )
    if selection.never_made:
        connection.execute(_DELETE_ROWS, {"ids": list(selection.never_made)})
    kept = {row.name: row.id for row in rows if row.name in skip and row.id not in selection.never_made}
    _give_roles(connection, stack, operation, target, selection, kept, now)
    _aim(connection, stack, target)


def _leave(transaction: Transaction, stack: LockedStack, seq: int, rows: Sequence[Candidate], now: float) -> None:
    """What a rollback was told to skip stays as it is, and is shown as drifted from its template."""
    kept = [row for row in rows if not row.never_begun and (row.action, row.status) != ("DELETE", "COMPLETE")]
    if not kept:
        return
    found = transaction.connection.execute(
        select(resources.c.id, resources.c.uuid, resources.c.name, resources.c.type, resources.c.physical_id).where(
            resources.c.id.in_([row.id for row in kept])
        )
    )
    for one in found.all():
        transaction.emit(stack, now, one, "UPDATE", "COMPLETE", reasons.SKIPPED)
    transaction.connection.execute(
        _LEAVE, [{"_id": row.id, "_role": "", "_seq": seq, "_action": "UPDATE", "_now": now} for row in kept]
    )


def _give_roles(
    connection: Connection,
    stack: LockedStack,
    operation: OperationRow,
    target: NewTarget,
    selection: Selection,
    kept: Mapping[str, int],
    now: float,
) -> None:
    """kept: rows of names that are skipped; what requires one requires that row, whatever it is like."""
    ids = {**kept, **selection.serving}
    skipped = frozenset(operation.request.get("skip", ()))
    new = [
        replace(one, uuid=random_uuid()) for one in target.resources if one.name not in ids and one.name not in skipped
    ]
    ids |= insert_resources(
        connection, stack.id, new, now, template_id=target.id, seq=operation.seq, role=Role.FRESH, known=ids
    )
    wanted: list[dict[str, Any]] = []
    redefined: list[dict[str, Any]] = []
    for one in target.resources:
        row = selection.serving.get(one.name)
        role = Role.NONE if row is None else selection.roles.get(row, Role.NONE)
        if role is Role.NONE:
            continue
        given = {"_id": row, "_role": role.value, "_seq": operation.seq}
        requires = sorted(ids[name] for name in one.requires if name in ids)
        if role is Role.FRESH:
            redefined.append(given | _definition(one, target.id) | {"_requires": requires})
        else:
            looks = replace(one, observe=bool(operation.request.get("converge")))
            wanted.append(given | {"_wanted": resource_as_json(looks), "_requires": requires})
    removed = [
        {"_id": row, "_role": role.value, "_seq": operation.seq}
        for row, role in sorted(selection.roles.items())
        if role is Role.REMOVED
    ]
    for statement, values in ((_REDEFINE, redefined), (_WANT, wanted), (_GIVE_ROLE, removed)):
        if values:
            connection.execute(statement, values)


def _definition(one: NewResource, template_id: str) -> dict[str, Any]:
    return {
        "_type": one.type,
        "_implementation": one.implementation or one.type,
        "_instant": one.instant,
        "_concurrency": one.concurrency,
        "_definition": dict(one.definition),
        "_template_id": template_id,
    }


def _aim(connection: Connection, stack: LockedStack, target: NewTarget) -> None:
    """The stack is being brought to the target; it has shown it since the operation was accepted."""
    if stack.template_id == target.id:  # gone on with: what came before stays what it was
        return
    connection.execute(_AIM, {"_id": stack.id, "_template_id": target.id, "_previous": stack.template_id})
    stack.template_id = target.id
