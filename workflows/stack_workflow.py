"""What the workflow types of all stack actions have in common: their options and the messages they take.

Temporal asks for a class with a `run` of its own for each type; the rest is here, and what it does in workflows.driver.
"""

from typing import Any, ClassVar

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.driver import StackAction
from workflows.messages import TakesNoOther

OPTIONS: dict[str, Any] = {
    # A wrong argument fails the run with a message instead of retrying a workflow task for ever.
    "failure_exception_types": [ValueError, TypeError],
    "versioning_behavior": VersioningBehavior.PINNED,
}


class StackWorkflow(TakesNoOther):
    """Started with its action's request typed by hand, an Accepted operation, or by its predecessor in a chain."""

    ACTION: ClassVar[contract.Action]
    takes = (
        f"the query `{contract.PROGRESS}` and the signals `{contract.TAKE_OVER}`, `{contract.CANCEL}`, "
        f"`{contract.CANCEL_AT_ONCE}` and `{contract.WAKE}`"
    )

    def __init__(self) -> None:
        self._action = StackAction(self.ACTION)

    @workflow.signal(name=contract.TAKE_OVER)
    def take_over(self, *given: Any) -> None:
        """A newer operation was accepted for this stack: stop, and go on as that. One argument: its number in the
        stack; without it the store is asked."""
        self._action.inbox.take_over(given)

    @workflow.signal(name=contract.CANCEL)
    def cancel(self, *given: Any) -> None:
        """A cancel was stored for the running operation: stop, where the action can be cancelled, and let what is in
        progress come to its end; the store knows what follows. Elsewhere it is refused, visibly. One argument: the
        operation's number; without it the store is asked."""
        self._action.inbox.cancel(given)

    @workflow.signal(name=contract.CANCEL_AT_ONCE)
    def cancel_at_once(self, *given: Any) -> None:
        """As `cancel`, without waiting for what is in progress."""
        self._action.inbox.cancel(given, at_once=True)

    @workflow.signal(name=contract.WAKE)
    def wake(self, *given: Any) -> None:
        """Something that a parked resource waits for is in the store. One argument: the key that it waits under."""
        self._action.wake(given)

    @workflow.query(name=contract.PROGRESS)
    def progress(self, *given: Any) -> contract.Progress:
        """Counts of resources by what they are doing. It takes no argument."""
        return self._action.progress()

    def unknown(self, text: str) -> None:
        self._action.inbox.notes.add(text)
