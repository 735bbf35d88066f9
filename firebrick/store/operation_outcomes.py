"""What beginning and finishing an operation come to.

Frozen dataclasses, no database types, no ORM instances. Times are seconds since the epoch, UTC.
"""

from dataclasses import dataclass

from firebrick.contract import Action, OperationState
from firebrick.store.rows import OperationRow


@dataclass(frozen=True, slots=True)
class Mine:
    """The operation is RUNNING and belongs to the asker."""

    operation: OperationRow


@dataclass(frozen=True, slots=True)
class Other:
    """What is to be done next for this stack is of another action than the asker's; nothing was changed."""

    action: Action
    operation: OperationRow


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to begin. operation: the one asked for, else the one that runs, if any.
    running_workflow_id: who runs the stack; "" when nobody does."""

    operation: OperationRow | None
    running_workflow_id: str


BeginOutcome = Mine | Other | Nothing


@dataclass(frozen=True, slots=True)
class FinishOutcome:
    """state: RUNNING: it is not ended, since something that it asked of nested stacks is not. reason: free of values.
    next_*: the newest PENDING operation of the stack, to go on with."""

    state: OperationState
    reason: str
    next_action: Action | None = None
    next_operation_id: str = ""
