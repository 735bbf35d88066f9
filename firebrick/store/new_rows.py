"""Rows that begin to exist: of a new stack, of resources that are new in a target, of replacements."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from firebrick.contract import Status
from firebrick.plan import Role
from firebrick.store.models import resources
from firebrick.store.requests import NewResource

_INSERT_RESOURCES = insert(resources).returning(resources.c.id, sort_by_parameter_order=True)
_SET_REQUIRES = update(resources).where(resources.c.id == bindparam("_id")).values(requires=bindparam("_requires"))
_SET_TARGET_REQUIRES = _SET_REQUIRES.values(target_requires=bindparam("_requires"))


def insert_resources(
    connection: Connection,
    stack_id: str,
    new: Sequence[NewResource],
    now: float,
    *,
    template_id: str,
    seq: int,
    role: Role = Role.NONE,
    known: Mapping[str, int] | None = None,
    replaces: int | None = None,
) -> dict[str, int]:
    """Insert rows INIT_COMPLETE in the order given, then say by id what each requires; name -> id of the new ones.

    seq: of the operation that makes them. known: rows of other names that they may require.
    """
    if not new:
        return {}
    values: list[dict[str, Any]] = [
        {
            "stack_id": stack_id,
            "uuid": one.uuid,
            "name": one.name,
            "type": one.type,
            "implementation": one.implementation or one.type,
            "instant": one.instant,
            "concurrency": one.concurrency,
            "definition": dict(one.definition),
            "requires": [],
            "action": "INIT",
            "status": Status.COMPLETE.value,
            "status_reason": "",
            "created_at": now,
            "updated_at": now,
            "claim_seq": 0,
            "claim_run": 0,
            "claim_step": 0,
            "claim_attempt": 0,
            "lease_until": 0.0,
            "key": "",
            "intent_open": False,
            "polling": False,
            "retries": 0,
            "create_key": "",
            "create_unsettled": False,
            "template_id": template_id,
            "born_seq": seq,
            "role": role.value,
            "role_seq": seq if role is not Role.NONE else 0,
            "replaces": replaces,
        }
        for one in new
    ]
    ids = list(connection.execute(_INSERT_RESOURCES, values).scalars())
    made = {one.name: row for one, row in zip(new, ids, strict=True)}
    by_name = {**(known or {}), **made}
    requiring = [
        {"_id": row, "_requires": sorted(by_name[name] for name in one.requires if name in by_name)}
        for one, row in zip(new, ids, strict=True)
        if one.requires
    ]
    if requiring:
        statement = _SET_REQUIRES if role is Role.NONE else _SET_TARGET_REQUIRES
        connection.execute(statement, requiring)
    return made
