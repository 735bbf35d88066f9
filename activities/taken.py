"""What a create wants and another resource has (``TakenError``): it is waited for where this very operation takes that
one away, whose delete runs beside this create."""

from typing import TYPE_CHECKING

from firebrick.contract import Action, Status
from firebrick.plan import Role
from firebrick.resources.errors import ConflictError, TakenError
from firebrick.store.rows import ResourceRow

if TYPE_CHECKING:
    from activities.steps import Step


async def awaited(step: "Step", error: Exception) -> Exception:
    """The error, or a ConflictError in its place: another attempt may help, since who has it goes."""
    if not isinstance(error, TakenError):
        return error
    for row in await step.rows.all_rows(step.ask.stack_id):
        if row.create_key and _goes(row, step.claim.seq) and error.by(row.create_key):
            text = f"{error}; its resource {row.name} is being taken away, and is waited for"
            return ConflictError(text, not_sent=True)
    return error


def _goes(row: ResourceRow, seq: int) -> bool:
    """Whether its object goes in this operation, or has gone."""
    removed = row.role == Role.REMOVED and row.role_seq == seq
    stays = row.definition.get("deletion_policy", "Delete") == "Retain"
    return removed and not stays and (row.action, row.status) != (Action.DELETE, Status.FAILED)
