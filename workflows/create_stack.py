"""CreateStack: makes a stack's resources in dependency order."""

from typing import Any

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.driver import StackAction


@workflow.defn(
    name=contract.CREATE_STACK,
    # A wrong argument fails the run with a message instead of retrying a workflow task for ever.
    failure_exception_types=[ValueError, TypeError],
    versioning_behavior=VersioningBehavior.PINNED,
)
class CreateStack:
    """Started with a CreateStackRequest typed by hand, an Accepted operation, or by its predecessor in a chain."""

    def __init__(self) -> None:
        self._action = StackAction(contract.Action.CREATE)

    @workflow.run
    async def run(self, *given: Any) -> contract.ActionResult:
        return await self._action.run(given)

    @workflow.signal(name=contract.TAKE_OVER)
    def take_over(self, seq: int = 0) -> None:
        """A newer operation was accepted for this stack: stop, and go on as that. seq: which; 0 is not said."""
        self._action.take_over(seq)

    @workflow.signal(name=contract.CANCEL)
    def cancel(self) -> None:
        """A cancel was stored for the running operation: stop; the store knows what follows."""
        self._action.cancel()

    @workflow.signal(name=contract.WAKE)
    def wake(self, key: str) -> None:
        """Something that a parked resource waits for under this key is in the store."""
        self._action.wake(key)

    @workflow.query(name=contract.PROGRESS)
    def progress(self) -> contract.Progress:
        """Counts of resources by what they are doing."""
        return self._action.progress()
