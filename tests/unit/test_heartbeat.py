"""Activities beat while they work, and a cancel is told to the work instead of cutting it off."""

import asyncio

import pytest
from temporalio.activity import ActivityCancellationDetails
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


async def told_of(details: ActivityCancellationDetails) -> Interrupt:
    """The interrupt of an activity whose cancellation says this, once its work goes on after it."""
    environment, begun, interrupt = ActivityEnvironment(), asyncio.Event(), Interrupt()
    goes_on = asyncio.Event()

    async def work() -> None:
        begun.set()
        await goes_on.wait()

    running = asyncio.create_task(environment.run(alive, work(), interrupt))
    await begun.wait()
    environment.cancel(details)
    await asyncio.sleep(0)  # the cancellation is thrown into the activity, and caught
    await asyncio.sleep(0)
    goes_on.set()
    await running
    return interrupt


async def test_a_run_that_wants_the_work_to_stop_is_heard() -> None:
    interrupt = await told_of(ActivityCancellationDetails(cancel_requested=True))
    assert interrupt and not interrupt.lost


@pytest.mark.parametrize("what", ["paused", "reset"])
async def test_an_operators_pause_or_reset_stops_nothing_that_is_under_way(what: str) -> None:
    assert not await told_of(ActivityCancellationDetails(**{what: True}))


@pytest.mark.parametrize("what", ["not_found", "timed_out", "worker_shutdown"])
async def test_an_attempt_that_is_not_wanted_any_more_stops_but_is_not_interrupted(what: str) -> None:
    interrupt = await told_of(ActivityCancellationDetails(**{what: True}))
    assert interrupt and interrupt.lost


async def test_an_error_is_the_works_own() -> None:
    async def work() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await ActivityEnvironment().run(alive, work(), Interrupt())
