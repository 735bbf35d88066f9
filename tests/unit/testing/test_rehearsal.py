"""A rehearsal runs a type's handlers as a worker would, without its time."""

from typing import Annotated

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import (
    Context,
    Done,
    Found,
    Live,
    Next,
    Poll,
    ResourceProperties,
    ResourceType,
    WaitSignal,
)
from firebrick.resources.errors import Replace
from firebrick.resources.vocabulary import UPDATABLE
from firebrick.testing.rehearsal import NeedsAnother, Rehearsal, StillWaiting


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


class Lamp(ResourceType):
    """One lamp, whose state is the class's; an update polls once."""

    type_name = "Example::Lamp"
    burning: dict[str, int] = {}

    class Properties(ResourceProperties):
        watts: Annotated[int, UPDATABLE] = 40
        socket: str = "E27"

    def create(self, context: Context) -> Next:
        self.burning[context.key] = context.properties.watts
        return Done(physical_id=context.key, attributes={"watts": context.properties.watts})

    def update(self, context: Context) -> Next:
        if context.properties.watts > 100:
            raise Replace("too bright for this one")
        return Poll(after=7, progress={"from": context.previous.watts, "changed": list(context.changed)})

    def poll_update(self, context: Context) -> Next:
        self.burning[str(context.physical_id)] = context.properties.watts
        seen = [context.progress, context.previous.watts, context.properties.watts, context.key]
        return Done(attributes={"watts": context.properties.watts}, data={"seen": seen})

    def forces_replacement(self, context: Context) -> bool:
        return bool(context.properties.watts < 1)

    def find_by_key(self, context: Context) -> Found | None:
        return Found(physical_id=context.key) if context.key in self.burning else None

    def read(self, context: Context) -> Live | None:
        watts = self.burning.get(str(context.physical_id))
        return None if watts is None else Live(properties={"watts": watts})

    def delete(self, context: Context) -> Next:
        self.burning.pop(str(context.physical_id), None)
        return Done()


@pytest.fixture
def lamp() -> Rehearsal:
    Lamp.burning.clear()
    return Rehearsal(Lamp(), {"watts": 60})


def test_an_update_sees_what_it_changes_from_and_to_and_ends_with_all_attributes_anew(lamp: Rehearsal) -> None:
    lamp.create()
    lamp.update({"watts": "75"})
    assert lamp.pauses == [7]
    assert lamp.physical_id == "key" and lamp.attribute("watts") == 75
    assert lamp.data == {"seen": [{"from": 60, "changed": ["watts"]}, 60, 75, "key-update-0"]}
    lamp.update({})
    assert lamp.data["seen"][1:] == [75, 40, "key-update-1"]


def test_what_cannot_be_done_in_place_is_said_and_changes_nothing(lamp: Rehearsal) -> None:
    lamp.create()
    with pytest.raises(NeedsAnother, match="a change of socket replaces the resource: not UPDATABLE"):
        lamp.update({"watts": 75, "socket": "E14"})
    with pytest.raises(NeedsAnother, match="forces_replacement says that a change of watts"):
        lamp.update({"watts": 0})
    with pytest.raises(Replace, match="too bright"):
        lamp.update({"watts": 200})
    with pytest.raises(InvalidInput):
        lamp.update({"watts": "much"})
    assert lamp.properties.watts == 60 and Lamp.burning == {"key": 60}


def test_it_reads_and_finds(lamp: Rehearsal) -> None:
    assert lamp.find() is None
    lamp.create()
    assert lamp.find() == Found(physical_id="key")
    assert lamp.read() == Live(properties={"watts": 60})
    lamp.delete()
    assert lamp.read() is None


def test_a_type_without_read_or_find_by_key_is_named() -> None:
    with pytest.raises(TypeError, match="Example::Patient has no read"):
        Rehearsal(Patient()).read()
    with pytest.raises(TypeError, match="Example::Patient has no find_by_key"):
        Rehearsal(Patient()).find()
