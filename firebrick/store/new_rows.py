"""Rows that begin to exist: of a new stack, of resources that are new in a target, of replacements."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from firebrick.contract import Status
from firebrick.plan import Role
from firebrick.store.bulk import BulkInsert, NewIds
from firebrick.store.models import resources
from firebrick.store.requests import NewResource

_EACH = ("id", "uuid", "name", "type", "implementation", "instant", "concurrency", "definition", "requires")
_SAME = (
    *("stack_id", "action", "status", "status_reason", "created_at", "updated_at", "template_id", "born_seq"),
    *("claim_seq", "claim_run", "claim_step", "claim_attempt", "lease_until", "key", "intent_open", "polling"),
    *("retries", "create_key", "create_unsettled", "role", "role_seq", "replaces"),
)
_IDS = NewIds(resources)
_INSERT = BulkInsert(resources, _EACH, _SAME)
_INSERT_WANTED = BulkInsert(resources, (*_EACH, "target_requires"), _SAME)


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
    """Insert rows INIT_COMPLETE, their ids ascending in the order given; name -> id of the new ones.

    seq: of the operation that makes them. known: rows of other names that they may require.
    """
    if not new:
        return {}
    made = {one.name: row for one, row in zip(new, _IDS.take(connection, len(new)), strict=True)}
    by_name = {**(known or {}), **made}
    same = {
        "stack_id": stack_id,
        "action": "INIT",
        "status": Status.COMPLETE.value,
        "status_reason": "",
        "created_at": now,
        "updated_at": now,
        "template_id": template_id,
        "born_seq": seq,
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
        "role": role.value,
        "role_seq": seq if role is not Role.NONE else 0,
        "replaces": replaces,
    }
    required: dict[tuple[str, ...], list[int]] = {}  # resources of one layer often share what they require
    for one in new:
        names = tuple(one.requires)
        if names not in required:
            required[names] = sorted(by_name[name] for name in names if name in by_name)
    rows: list[dict[str, Any]] = [
        {
            "id": made[one.name],
            "uuid": one.uuid,
            "name": one.name,
            "type": one.type,
            "implementation": one.implementation or one.type,
            "instant": one.instant,
            "concurrency": one.concurrency,
            "definition": dict(one.definition),
            "requires": required[tuple(one.requires)],
        }
        for one in new
    ]
    if role is Role.NONE:
        _INSERT.execute(connection, rows, same)
    else:
        _INSERT_WANTED.execute(connection, [{**row, "target_requires": row["requires"]} for row in rows], same)
    return made
