"""OS::Heat::Delay: takes time, so that what depends on it comes later."""

import random
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, Next, ResourceProperties, ResourceType, SupportStatus
from firebrick.resources.vocabulary import UPDATABLE, Number, OneOf, Range
from firebrick.resources.waits import wait_until


class Delay(ResourceType):
    """Waits min_wait + random x max_jitter x jitter_multiplier seconds in the actions it is told to.

    The random part follows from the action's key: an attempt that is repeated waits no other time.
    """

    type_name = "OS::Heat::Delay"
    description = "A pause between resources."
    support_status = SupportStatus(version="11.0.0")
    inline = True
    idempotent_create = True

    class Properties(ResourceProperties):
        min_wait: Annotated[Number, Range(0), UPDATABLE, Field(description="Seconds to wait at least.")] = 0
        max_jitter: Annotated[Number, Range(0), UPDATABLE, Field(description="Random seconds on top, at most.")] = 0
        jitter_multiplier: Annotated[
            Number, Range(0), UPDATABLE, Field(description="The random seconds are multiplied by it.")
        ] = 1.0
        actions: Annotated[
            list[Any],
            OneOf("CREATE", "DELETE", "SUSPEND", "RESUME"),
            UPDATABLE,
            Field(description="Actions that wait; the others take no time."),
        ] = ["CREATE"]

    def longest(self, properties: Any) -> float:
        return float(properties.min_wait + properties.max_jitter * properties.jitter_multiplier)

    def create(self, context: Context) -> Next:
        return self._start(context, context.physical_name)

    def poll_create(self, context: Context) -> Next:
        return self._go_on(context)

    def delete(self, context: Context) -> Next:
        return self._start(context, None)

    def poll_delete(self, context: Context) -> Next:
        return self._go_on(context)

    def _start(self, context: Context, physical_id: str | None) -> Next:
        properties = context.properties
        if context.action not in properties.actions:
            return Done(physical_id=physical_id)
        jitter = random.Random(context.key).random() * properties.max_jitter * properties.jitter_multiplier
        due = context.now + properties.min_wait + jitter
        if due <= context.now:
            return Done(physical_id=physical_id)
        return wait_until(due, now=context.now, progress={"due": due}, physical_id=physical_id)

    def _go_on(self, context: Context) -> Next:
        if "due" not in context.progress:
            return self._start(context, None)
        due = float(context.progress["due"])
        if context.now >= due:
            return Done()
        return wait_until(due, now=context.now, progress=context.progress)
