"""What only happens to a row that converges: its update is begun, or another row takes its place.

Both under the claim that its step holds; anything else is a zombie's, and changes nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select, update

from firebrick.contract import Action, Status
from firebrick.randomness import random_uuid
from firebrick.store import reasons
from firebrick.store.claims import claim_holds
from firebrick.store.models import resources
from firebrick.store.new_rows import insert_resources
from firebrick.store.rows_by_id import ById
from firebrick.store.step_outcomes import Claim
from firebrick.store.targets import resource_from_json
from firebrick.store.transaction import LockedStack, Transaction
from firebrick.store.writer import Write

_ROW = ById(
    select(
        resources.c.id,
        resources.c.uuid,
        resources.c.name,
        resources.c.type,
        resources.c.action,
        resources.c.status,
        resources.c.status_reason,
        resources.c.physical_id,
        resources.c.requires,
        resources.c.target_requires,
        resources.c.interrupted,
    ),
    resources.c.id,
    locked=False,
)
_WANTED = select(resources.c.wanted).where(resources.c.id == bindparam("id"))
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
        key=bindparam("_key"),
        begun=bindparam("_begun"),
        intent_open=True,
        interrupted=False,
        polling=False,
        progress=None,
        retries=0,
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
        interrupted=False,
    )
)
# An attempt before the one that asked for another object may have changed it, and its answer been lost: whoever goes
# back to this row asserts everything again.
_STEP_ASIDE_HALF_UPDATED = _STEP_ASIDE.values(drift=reasons.HALF_UPDATED)


@dataclass(frozen=True, slots=True)
class UnderClaim(Write[bool], ABC):
    """A change of one row, by whoever holds it. False: the row is not the claimant's any more."""

    project: str
    claim: Claim
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.claim.stack_id,)

    def apply(self, transaction: Transaction) -> bool:
        stack = claim_holds(transaction, self.project, self.claim)
        if stack is not None:
            (row,) = _ROW.rows(transaction.connection, [self.claim.row])
            self.change(transaction, stack, row)
        return stack is not None

    @abstractmethod
    def change(self, transaction: Transaction, stack: LockedStack, row: Any) -> None:
        """Make it. Nothing is changed when it was made before and nobody heard. row: columns of _ROW."""


@dataclass(frozen=True, slots=True)
class BeginUpdate(UnderClaim):
    """UPDATE_IN_PROGRESS, its event, the intent, and the lease of the call. requires: ids of the rows that the new
    definition requires; those of the old one stay required until the update is done. key: of the update. begun: see
    ResourceRow."""

    requires: Sequence[int]
    lease_until: float
    key: str
    begun: Mapping[str, Any]

    def change(self, transaction: Transaction, stack: LockedStack, row: Any) -> None:
        told = (row.action, row.status) == (Action.UPDATE, Status.IN_PROGRESS)
        if told and not row.interrupted:
            return
        transaction.connection.execute(
            _BEGIN_UPDATE,
            {
                "_id": row.id,
                "_now": self.now,
                "_requires": sorted({*row.requires, *self.requires}),
                "_lease_until": self.lease_until,
                "_key": self.key,
                "_begun": dict(self.begun),
            },
        )
        if not told:
            _emit(transaction, stack, row, self.now, Action.UPDATE, Status.IN_PROGRESS, reasons.STATE_CHANGED)


@dataclass(frozen=True, slots=True)
class StandIn(UnderClaim):
    """A new row takes this one's place in the operation: whoever claims this row's node gets that. requires: as above.
    What the old row's action was at is over: an update that itself asked for this, or what was interrupted earlier."""

    requires: Sequence[int]

    def change(self, transaction: Transaction, stack: LockedStack, row: Any) -> None:
        connection = transaction.connection
        stored = connection.execute(_WANTED, {"id": row.id}).scalar_one()
        wanted = resource_from_json({**stored, "requires": ()})
        new = [replace(wanted, uuid=random_uuid())]
        made = insert_resources(
            connection, stack.id, new, self.now, template_id=stack.template_id, seq=self.claim.seq, replaces=row.id
        )
        connection.execute(
            update(resources)
            .where(resources.c.id == made[row.name])
            .values(requires=sorted(self.requires), target_requires=row.target_requires)
        )
        status, reason, aside = row.status, row.status_reason, _STEP_ASIDE
        if (row.action, row.status) == (Action.UPDATE, Status.IN_PROGRESS):
            status, reason = Status.COMPLETE.value, reasons.needs_replacement(row.name)
            aside = _STEP_ASIDE_HALF_UPDATED
            _emit(transaction, stack, row, self.now, Action.UPDATE, Status.COMPLETE, reason)
        elif row.status == Status.IN_PROGRESS:
            status, reason = Status.FAILED.value, reasons.aborted(row.action, reasons.REPLACED)
            _emit(transaction, stack, row, self.now, Action(row.action), Status.FAILED, reason)
        connection.execute(aside, {"_id": row.id, "_by": made[row.name], "_status": status, "_reason": reason})


def _emit(
    transaction: Transaction,
    stack: LockedStack,
    row: Any,
    now: float,
    action: Action,
    status: Status,
    reason: str,
) -> None:
    transaction.emit(stack, now, row, action.value, status.value, reason)
