"""What the workflow types of all stack actions have in common: their options and the messages they take.

Temporal asks for a class with a `run` of its own for each type; the rest is here, and what it does in workflows.driver.
"""

from typing import Any, ClassVar

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.driver import StackAction
from workflows.queries import KnownQueries

OPTIONS: dict[str, Any] = {
    # A wrong argument fails the run with a message instead of retrying a workflow task for ever.
    "failure_exception_types": [ValueError, TypeError],
    "versioning_behavior": VersioningBehavior.PINNED,
}


class StackWorkflow(KnownQueries):
    """Started with its action's request typed by hand, an Accepted operation, or by its predecessor in a chain."""

    ACTION: ClassVar[contract.Action]

    def __init__(self) -> None:
        self._action = StackAction(self.ACTION)

    @workflow.signal(name=contract.TAKE_OVER)
    def take_over(self, seq: int = 0) -> None:
        """A newer operation was accepted for this stack: stop, and go on as that. seq: which; 0 is not said."""
        self._action.take_over(seq)

    @workflow.signal(name=contract.CANCEL)
    def cancel(self, seq: int = 0) -> None:
        """A cancel was stored for the running operation: stop, where the action can be cancelled, and let what is in
        progress come to its end; the store knows what follows. Elsewhere it is refused, visibly. seq: the operation's;
        0 is not said."""
        self._action.cancel(seq)

    @workflow.signal(name=contract.CANCEL_AT_ONCE)
    def cancel_at_once(self, seq: int = 0) -> None:
        """As `cancel`, without waiting for what is in progress."""
        self._action.cancel(seq, at_once=True)

    @workflow.signal(name=contract.WAKE)
    def wake(self, key: str) -> None:
        """Something that a parked resource waits for under this key is in the store."""
        self._action.wake(key)

    @workflow.query(name=contract.PROGRESS)
    def progress(self) -> contract.Progress:
        """Counts of resources by what they are doing."""
        return self._action.progress()
