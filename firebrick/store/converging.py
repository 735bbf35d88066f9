"""What only happens to a row that converges: its update is begun, or another row takes its place.

Both under the claim that its step holds; anything else is a zombie's, and changes nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select, update

from firebrick.contract import Action, Status
from firebrick.store import reasons
from firebrick.store.acceptance import insert_resources
from firebrick.store.claims import claim_holds
from firebrick.store.locked_rows import ById
from firebrick.store.models import resources
from firebrick.store.step_outcomes import Claim
from firebrick.store.targets import resource_from_json
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_ROW = ById(select(resources), resources.c.id)
_BEGIN_UPDATE = (
    update(resources)
    .where(resources.c.id == bindparam("_id"))
    .values(
        action=Action.UPDATE.value,
        status=Status.IN_PROGRESS.value,
        status_reason=reasons.STATE_CHANGED,
        updated_at=bindparam("_now"),
        requires=bindparam("_requires"),
        lease_until=bindparam("_lease_until"),
        intent_open=True,
    )
)
_STEP_ASIDE = (
    update(resources)
    .where(resources.c.id == bindparam("_id"))
    .values(
        replaced_by=bindparam("_by"),
        lease_until=0.0,
        intent_open=False,
        status=bindparam("_status"),
        status_reason=bindparam("_reason"),
    )
)


@dataclass(frozen=True, slots=True)
class BeginUpdate(Write[bool]):
    """UPDATE_IN_PROGRESS, its event, the intent, and the lease of the call. requires: ids of the rows that the new
    definition requires; those of the old one stay required until the update is done."""

    project: str
    claim: Claim
    requires: Sequence[int]
    lease_until: float
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.claim.stack_id,)

    def apply(self, transaction: Transaction) -> bool:
        stack = claim_holds(transaction, self.project, self.claim)
        if stack is None:
            return False
        (row,) = _ROW.rows(transaction.connection, [self.claim.row])
        if (row.action, row.status) == (Action.UPDATE, Status.IN_PROGRESS):
            return True  # written before, and nobody heard
        transaction.connection.execute(
            _BEGIN_UPDATE,
            {
                "_id": row.id,
                "_now": self.now,
                "_requires": sorted({*row.requires, *self.requires}),
                "_lease_until": self.lease_until,
            },
        )
        _emit(transaction, stack, row, self.now, Status.IN_PROGRESS, reasons.STATE_CHANGED)
        return True


@dataclass(frozen=True, slots=True)
class StandIn(Write[bool]):
    """A new row takes this one's place in the operation: whoever claims this row's node gets that. requires: as above.
    told: the update itself said so, after it had begun: then the old row's update is over."""

    project: str
    claim: Claim
    requires: Sequence[int]
    told: bool
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.claim.stack_id,)

    def apply(self, transaction: Transaction) -> bool:
        stack = claim_holds(transaction, self.project, self.claim)
        if stack is None:
            return False
        connection = transaction.connection
        (row,) = _ROW.rows(connection, [self.claim.row])
        wanted = resource_from_json({**row.wanted, "requires": ()})
        new = [replace(wanted, uuid=str(uuid.uuid4()))]
        made = insert_resources(
            connection, stack.id, new, self.now, template_id=stack.template_id, seq=self.claim.seq, replaces=row.id
        )
        connection.execute(
            update(resources)
            .where(resources.c.id == made[row.name])
            .values(requires=sorted(self.requires), target_requires=row.target_requires)
        )
        status, reason = row.status, row.status_reason
        if self.told:
            status, reason = Status.COMPLETE.value, reasons.needs_replacement(row.name)
            _emit(transaction, stack, row, self.now, Status.COMPLETE, reason)
        connection.execute(_STEP_ASIDE, {"_id": row.id, "_by": made[row.name], "_status": status, "_reason": reason})
        return True


def _emit(transaction: Transaction, stack: LockedStack, row: Any, now: float, status: Status, reason: str) -> None:
    transaction.emit(stack, now, row.id, row.name, row.type, row.physical_id, Action.UPDATE.value, status.value, reason)
