"""Taking over an object that exists already: ADOPT is told, and its CHECK begins."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, update

from firebrick.contract import Status
from firebrick.store import reasons
from firebrick.store.converging import UnderClaim
from firebrick.store.models import resources
from firebrick.store.transaction import LockedStack, Transaction

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
class Adopt(UnderClaim):
    """The row has the physical id, and is CHECK_IN_PROGRESS. checks: whether there is anything to check it with: only
    then its beginning is told. False: the row is not the claimant's any more."""

    physical_id: str
    checks: bool

    def change(self, transaction: Transaction, stack: LockedStack, row: Any) -> None:
        if (row.action, row.status) == ("CHECK", Status.IN_PROGRESS):
            return
        told = [("CHECK", Status.IN_PROGRESS, self.physical_id)] if self.checks else []
        if row.action == "INIT":
            told = [
                ("ADOPT", Status.IN_PROGRESS, row.physical_id),
                ("ADOPT", Status.COMPLETE, self.physical_id),
                *told,
            ]
        for action, status, physical_id in told:
            transaction.emit(stack, self.now, row, action, status.value, reasons.STATE_CHANGED, physical_id=physical_id)
        transaction.connection.execute(
            _BEGIN_CHECK, {"_id": row.id, "_physical_id": self.physical_id, "_now": self.now}
        )
