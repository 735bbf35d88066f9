"""A call is made while nobody else may act on the row, or not at all; a slow provider leaves room for the others."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from activities import handlers
from activities.handlers import HandlerRunner, NotBegun
from activities.lease import Lease
from firebrick.elapsed import elapsed
from firebrick.resources.base import Context, Done, Next, ResourceProperties, ResourceType
from firebrick.resources.errors import surely_without_effect

LONG = 60.0


class Gate:
    """What the calls of a test wait for, and which have begun."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = threading.Semaphore(0)
        self.made: list[str] = []

    def call(self, context: Context) -> Done:
        self.made.append(context.name)
        self.begun.release()
        assert self.open.wait(LONG)
        return Done()

    async def wait_for(self, calls: int) -> None:
        for _ in range(calls):
            assert await asyncio.to_thread(self.begun.acquire, timeout=LONG)


class Slow(ResourceType):
    type_name = "Example::Slow"
    call_timeout = LONG
    gate: ClassVar[Gate]

    class Properties(ResourceProperties):
        seconds: float = LONG

    def call_seconds(self, properties: Any) -> float:
        return float(properties.seconds)

    def create(self, context: Context) -> Next:
        return self.gate.call(context)


class Coroutine(Slow):
    type_name = "Example::Coroutine"

    async def create(self, context: Context) -> Next:  # type: ignore[override]
        self.gate.made.append(context.name)
        self.gate.begun.release()
        await asyncio.sleep(LONG)
        return Done()


CONTEXT = Context(
    name="it",
    type_name="Example::Slow",
    stack_name="s",
    stack_id="s",
    project="p",
    action="CREATE",
    key="k",
    physical_name="n",
    properties=Slow.Properties(),
    physical_id=None,
    data={},
    progress={},
    now=0.0,
)


@pytest.fixture
def gate() -> Iterator[Gate]:
    Slow.gate = Gate()
    yield Slow.gate
    Slow.gate.open.set()


@pytest.fixture
async def two(gate: Gate) -> AsyncIterator[HandlerRunner]:
    """A worker with two places for calls."""
    runner = HandlerRunner(slots=2)
    yield runner
    gate.open.set()
    runner.close()


def held(seconds: float = 2 * LONG) -> Lease:
    lease = Lease()
    lease.hold(elapsed(), seconds)
    return lease


@pytest.mark.parametrize("kind", [Slow(), Coroutine()], ids=["def", "async def"])
async def test_no_call_is_made_for_a_row_that_is_not_held_for_as_long_as_it_may_take(
    two: HandlerRunner, gate: Gate, kind: Slow
) -> None:
    with pytest.raises(NotBegun, match="not held for as long as it may take") as caught:
        await two.call(kind, kind.create, CONTEXT, lease=held(LONG - 1))
    assert gate.made == [] and surely_without_effect(caught.value)


async def test_a_call_that_no_thread_had_time_for_is_taken_back_and_never_made(
    two: HandlerRunner, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "GETS_A_THREAD_WITHIN", 0.05)
    kind = Slow()
    busy = [asyncio.create_task(two.call(kind, kind.create, CONTEXT, lease=held())) for _ in range(2)]
    await gate.wait_for(2)
    with pytest.raises(NotBegun, match="all threads are taken"):
        await two.call(kind, kind.create, replace(CONTEXT, name="late"), lease=held())
    gate.open.set()
    assert await asyncio.gather(*busy) == [Done(), Done()]
    await two.call(kind, kind.create, replace(CONTEXT, name="next"), lease=held())
    assert gate.made == ["it", "it", "next"]


@pytest.mark.parametrize("kind", [Slow(), Coroutine()], ids=["def", "async def"])
async def test_a_calls_time_begins_when_it_is_made(two: HandlerRunner, gate: Gate, kind: Slow) -> None:
    short = replace(CONTEXT, properties=Slow.Properties(seconds=0.1))
    with pytest.raises(TimeoutError, match="no answer within 0.1 s"):
        await two.call(kind, kind.create, short, lease=held())
    assert gate.made == ["it"]


async def test_a_call_that_was_given_up_holds_its_place_until_it_ends(two: HandlerRunner, gate: Gate) -> None:
    kind = Slow()
    place = two.places.take("slow", "p")
    assert place is not None and two.places.take("slow", "other") is None
    assert two.places.take("fast", "p") is None, "one project would have all of the worker"
    with pytest.raises(TimeoutError):
        await two.call(kind, kind.create, replace(CONTEXT, properties=Slow.Properties(seconds=0.1)), place=place)
    place.release()
    assert two.places.take("slow", "other") is None
    fast = two.places.take("fast", "other")
    assert fast is not None
    gate.open.set()
    while (found := two.places.take("slow", "p")) is None:
        await asyncio.sleep(0.001)
    found.release()
    fast.release()


async def test_a_handler_knows_how_much_time_it_has(two: HandlerRunner) -> None:
    left: list[float] = []

    class Asks(Slow):
        def create(self, context: Context) -> Next:
            left.append(context.seconds_left())
            return Done()

    kind = Asks()
    await two.call(kind, kind.create, CONTEXT)
    assert 0 < left[0] <= LONG


async def test_a_fenced_call_begins_with_a_short_lease_and_knows_when_that_is_lost(two: HandlerRunner) -> None:
    lease = held(5)
    left: list[float] = []

    class Fenced(Slow):
        fenced = True

        def create(self, context: Context) -> Next:
            left.append(context.seconds_left())
            lease.lose()
            left.append(context.seconds_left())
            return Done()

    kind = Fenced()
    await two.call(kind, kind.create, CONTEXT, lease=lease)
    assert 0 < left[0] <= 5 and left[1] < 0


STOPPED = """
import os, sys
from activities.lease import Lease
from firebrick.elapsed import elapsed
lease = Lease()
lease.hold(elapsed(), 3600)
held = lease.left() > 3000
lease.hold(elapsed(), 0.2)
print("held", held, flush=True)
sys.stdin.readline()
print("held", lease.left() > 0, flush=True)
"""


def test_a_lease_runs_out_while_its_process_is_stopped() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == "held True\n"
    os.kill(process.pid, signal.SIGSTOP)
    until = elapsed() + 0.3
    while elapsed() < until:
        pass
    os.kill(process.pid, signal.SIGCONT)
    assert process.communicate("\n")[0] == "held False\n"
