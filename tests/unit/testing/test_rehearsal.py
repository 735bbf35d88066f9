"""A rehearsal runs a type's handlers as a worker would, without its time."""

import pytest

from firebrick.resources.base import Context, Done, Next, Poll, ResourceType, WaitSignal
from firebrick.testing.rehearsal import Rehearsal, StillWaiting


class Patient(ResourceType):
    """Polls, then waits for a signal, then is done; its handlers are coroutines."""

    type_name = "Example::Patient"

    async def create(self, context: Context) -> Next:
        return Poll(after=5, physical_id="p", progress={"step": 1})

    async def poll_create(self, context: Context) -> Next:
        if context.progress["step"] == 1:
            return WaitSignal(key="k", timeout=60, progress={"step": 2})
        return Done(attributes={"seen": [context.physical_id, context.progress["step"]]})


def test_it_follows_what_the_handlers_ask_for_on_a_virtual_clock() -> None:
    resource = Rehearsal(Patient())
    resource.create()
    assert resource.pauses == [5, 60]
    assert resource.now - resource.started == 65
    assert resource.attribute("seen") == ["p", 2]
    assert resource.reference_id == "p"


def test_it_stops_at_the_limit() -> None:
    with pytest.raises(StillWaiting):
        Rehearsal(Patient()).create(within=64)
