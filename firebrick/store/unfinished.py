"""What an operation leaves undone that was told to be complete.

Whoever operates Temporal may end any activity with a result of his own. A run does not believe what is no answer to its
question (workflows.answers), but the last word about an operation is the store's.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, false, or_, select

from firebrick.contract import Action, Status
from firebrick.plan import Role
from firebrick.store.models import resources
from firebrick.store.rows import OperationRow

MOST = 20
"""So many are named."""

_ENDED = resources.c.status == Status.COMPLETE.value
_MINE = resources.c.claim_seq == bindparam("seq")
_BEGUN = _MINE & resources.c.status.in_((Status.IN_PROGRESS.value, Status.FAILED.value))
_DUE = resources.c.role.in_((Role.FRESH.value, Role.CONVERGE.value, Role.REMOVED.value))
_LEFT = {
    Action.CREATE: ~_ENDED,
    Action.DELETE: ~((resources.c.action == Action.DELETE.value) & _ENDED),
}
_NEVER_TAKEN = _DUE & (resources.c.role_seq == bindparam("seq")) & ~_MINE


def unfinished(connection: Connection, operation: OperationRow) -> Sequence[int]:
    """Rows of what the operation had to do and did not bring to a good end, by id, so many at most."""
    left = or_(_BEGUN, _NEVER_TAKEN if operation.action.converges else _LEFT.get(operation.action, false()))
    query = select(resources.c.id).where(resources.c.stack_id == operation.stack_id).where(left)
    found = connection.execute(query.order_by(resources.c.id).limit(MOST), {"seq": operation.seq})
    return [id_ for (id_,) in found]
