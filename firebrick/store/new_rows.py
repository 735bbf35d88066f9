"""Rows that begin to exist: of a new stack, of resources that are new in a target, of replacements."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from firebrick.contract import Status
from firebrick.plan import Role
from firebrick.store.bulk import BulkInsert, BulkUpdate
from firebrick.store.models import resources
from firebrick.store.requests import NewResource

_GIVEN = (
    *("stack_id", "uuid", "name", "type", "implementation", "instant", "concurrency", "definition", "requires"),
    *("action", "status", "status_reason", "created_at", "updated_at"),
    *("claim_seq", "claim_run", "claim_step", "claim_attempt", "lease_until", "key", "intent_open", "polling"),
    *("retries", "create_key", "create_unsettled", "template_id", "born_seq", "role", "role_seq", "replaces"),
)
_INSERT_RESOURCES = BulkInsert(resources, _GIVEN, known_by="uuid")
_SET_REQUIRES = BulkUpdate(resources, ("requires",))
_SET_BOTH_REQUIRES = BulkUpdate(resources, ("requires", "target_requires"))


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
    ids = _INSERT_RESOURCES.ids(connection, values)
    made = {one.name: row for one, row in zip(new, ids, strict=True)}
    by_name = {**(known or {}), **made}
    needs = {
        row: sorted(by_name[name] for name in one.requires if name in by_name)
        for one, row in zip(new, ids, strict=True)
        if one.requires
    }
    if role is Role.NONE:
        _SET_REQUIRES.execute(connection, [{"_id": row, "_requires": ids} for row, ids in needs.items()])
    else:
        both = [{"_id": row, "_requires": ids, "_target_requires": ids} for row, ids in needs.items()]
        _SET_BOTH_REQUIRES.execute(connection, both)
    return made
