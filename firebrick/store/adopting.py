"""Taking over an object that exists already: ADOPT is told, and its CHECK begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from firebrick.contract import Status
from firebrick.store import reasons
from firebrick.store.claims import claim_holds
from firebrick.store.locked_rows import ById
from firebrick.store.models import resources
from firebrick.store.step_outcomes import Claim
from firebrick.store.transaction import Transaction
from firebrick.store.writer import Write

_ROW = ById(select(resources), resources.c.id)
_BEGIN_CHECK = (
    update(resources)
    .where(resources.c.id == bindparam("_id"))
    .values(
        action="CHECK",
        status=Status.IN_PROGRESS.value,
        status_reason=reasons.STATE_CHANGED,
        physical_id=bindparam("_physical_id"),
        updated_at=bindparam("_now"),
    )
)


@dataclass(frozen=True, slots=True)
class Adopt(Write[bool]):
    """The row has the physical id, and is CHECK_IN_PROGRESS. checks: whether there is anything to check it with: only
    then its beginning is told. False: the row is not the claimant's any more."""

    project: str
    claim: Claim
    physical_id: str
    checks: bool
    now: float

    def stacks(self) -> Sequence[str]:
        return (self.claim.stack_id,)

    def apply(self, transaction: Transaction) -> bool:
        stack = claim_holds(transaction, self.project, self.claim)
        if stack is None:
            return False
        (row,) = _ROW.rows(transaction.connection, [self.claim.row])
        if (row.action, row.status) == ("CHECK", Status.IN_PROGRESS):
            return True  # written before, and nobody heard
        told = [("CHECK", Status.IN_PROGRESS, self.physical_id)] if self.checks else []
        if row.action == "INIT":
            told = [
                ("ADOPT", Status.IN_PROGRESS, row.physical_id),
                ("ADOPT", Status.COMPLETE, self.physical_id),
                *told,
            ]
        for action, status, physical_id in told:
            transaction.emit(
                stack,
                self.now,
                row.id,
                row.name,
                row.type,
                physical_id,
                action,
                status.value,
                reasons.STATE_CHANGED,
            )
        transaction.connection.execute(
            _BEGIN_CHECK, {"_id": row.id, "_physical_id": self.physical_id, "_now": self.now}
        )
        return True
