"""The activity of `Reconcile`: a pass of this worker's reconciler."""

from collections.abc import Callable, Coroutine
from typing import Any

from temporalio import activity

from activities.failures import scrubbed
from activities.heartbeat import Interrupt, alive
from firebrick import contract


class ReconcileActivities:
    """look_at_operations. look: a pass; see starter.reconciler."""

    def __init__(self, look: Callable[[], Coroutine[Any, Any, contract.ReconcilePass]]) -> None:
        self._look = look

    @activity.defn(name=contract.LOOK_AT_OPERATIONS)
    async def look_at_operations(self) -> contract.ReconcilePass:
        """One pass over all operations that are PENDING or RUNNING."""
        return await self._scrubbed(None)

    @scrubbed
    async def _scrubbed(self, _: None) -> contract.ReconcilePass:
        return await alive(self._look(), Interrupt())
