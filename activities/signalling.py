"""The activity of `SignalResource`: a signal is stored, and the resource's run told. Safe to repeat."""

import uuid

from temporalio import activity

from activities.failures import scrubbed
from activities.world import World
from firebrick import contract
from firebrick.signals import accept_signal, wake_key


class SignalActivities:
    """store_signal."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name=contract.STORE_SIGNAL)
    @scrubbed
    async def store_signal(self, ask: contract.StoreSignal) -> contract.SignalStored:
        """Refused requests end it: no such stack or resource, a type that takes no signals, no such hook."""
        repository = self._world.store.project(ask.project)
        stack = await repository.stack(ask.stack)
        row = await repository.resource(stack.id, ask.resource)
        # The column holds a uuid; the same one for each attempt.
        known_as = str(uuid.uuid5(uuid.NAMESPACE_OID, ask.id))
        woken = await accept_signal(
            repository,
            self._world.registry,
            stack,
            row,
            ask.data,
            signal_id=known_as,
            again=activity.info().attempt > 1,
        )
        if woken:
            await self._world.cluster.wake(woken, wake_key(row.name))
        return contract.SignalStored(stack_id=stack.id, woken=woken, answers=ask.id)
