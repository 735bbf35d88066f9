"""Activities beat while they work, and a cancel is told to the work instead of cutting it off."""

import asyncio

import pytest
from temporalio.testing import ActivityEnvironment

from activities import heartbeat
from activities.heartbeat import Interrupt, alive


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.02)


def beating() -> tuple[ActivityEnvironment, asyncio.Event]:
    environment, beaten = ActivityEnvironment(), asyncio.Event()
    environment.on_heartbeat = lambda *_: beaten.set()
    return environment, beaten


async def test_each_of_several_activities_beats_again_and_again() -> None:
    async def work(beaten: asyncio.Event) -> str:
        for _ in range(3):
            await beaten.wait()
            beaten.clear()
        return "done"

    async def run() -> str:
        environment, beaten = beating()
        return await environment.run(alive, work(beaten), Interrupt())

    assert await asyncio.gather(*(run() for _ in range(5))) == ["done"] * 5


async def test_what_has_ended_does_not_beat() -> None:
    short, of_short = beating()
    assert await short.run(alive, asyncio.sleep(0, "ended"), Interrupt()) == "ended"
    long, of_long = beating()
    await long.run(alive, of_long.wait(), Interrupt())
    assert not of_short.is_set()


async def test_a_cancel_is_a_flag_and_the_work_goes_on() -> None:
    environment, begun, interrupt = ActivityEnvironment(), asyncio.Event(), Interrupt()

    async def work() -> str:
        begun.set()
        return "interrupted" if await interrupt.wait(60) else "not told"

    running = asyncio.create_task(environment.run(alive, work(), interrupt))
    await begun.wait()
    running.cancel()
    assert await running == "interrupted"


async def test_an_error_is_the_works_own() -> None:
    async def work() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await ActivityEnvironment().run(alive, work(), Interrupt())
