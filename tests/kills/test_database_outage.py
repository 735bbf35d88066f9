"""The database goes away in the middle of a create and of a delete, and comes back; the operation goes on.

PostgreSQL is killed and started again; SQLite's file is locked by somebody who does not let go. Workers and starter
stay as they are. Meanwhile the store says that it is unavailable; afterwards every effect has happened once, also of
those creates that nobody could look up: what a worker was told it keeps until it can be stored.
"""

import asyncio
import contextlib
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firebrick.diagnostics import Unavailable
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED, DELETED
from firebrick.testing.postgres import PostgresServer
from tests.integration.history import check_created_once, check_deleted_once, check_events, required_by_name
from tests.integration.rig import Rig, until
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(300)  # the first test waits for all cases

LAYERS, WIDTH = 4, 10
SHORT, LONG = 10.0, 30.0  # seconds that the database is away
KINDS = ("Object", "Token", "Blind", "Object")  # of each layer


def template() -> dict[str, Any]:
    """40 resources in layers, each upon one below it."""
    resources: dict[str, Any] = {}
    for layer, kind in enumerate(KINDS):
        for place in range(WIDTH):
            resource: dict[str, Any] = {"type": f"Firebrick::Test::{kind}"}
            if layer:
                resource["depends_on"] = f"r{layer - 1}{(place + 1) % WIDTH}"
            resources[f"r{layer}{place}"] = resource
    return {"heat_template_version": "2021-04-16", "resources": resources}


RESOURCES = sorted(template()["resources"])


class Outage(ABC):
    """A database that can be made to go away."""

    url: str
    refuses_at_once: bool

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def end(self) -> None: ...


class Killed(Outage):
    refuses_at_once = True

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.url = server.url(server.create_database())

    def begin(self) -> None:
        self._server.kill()

    def end(self) -> None:
        self._server.start()


class Locked(Outage):
    refuses_at_once = False  # reads go on, and a write waits for a while

    def __init__(self, file: Path) -> None:
        self._file = file
        self.url = f"sqlite:///{file}"

    def begin(self) -> None:
        self._holder = sqlite3.connect(self._file, isolation_level=None, timeout=60, check_same_thread=False)
        self._holder.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        self._holder.close()


class DatabaseRig(Rig):
    def __init__(self, directory: Path, server: DevServer, url: str, **more: Any) -> None:
        super().__init__(directory, server, **more)
        self._url = url


@contextlib.contextmanager
def killed(_: Path) -> Iterator[Outage]:
    with PostgresServer() as server:
        yield Killed(server)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[Outage]:
    yield Locked(directory / "firebrick.db")


@contextlib.asynccontextmanager
async def away(outage: Outage, seconds: float) -> AsyncIterator[None]:
    """The database is away while the body runs, and for so long at least."""
    over = time.monotonic() + seconds

    async def long_enough() -> bool:
        return time.monotonic() > over

    await asyncio.to_thread(outage.begin)
    try:
        yield
        await until(long_enough, "the end of the outage", limit=seconds + 5)
    finally:
        await asyncio.to_thread(outage.end)


async def refuses(rig: Rig) -> None:
    """What is asked meanwhile is refused, and leaves nothing (the name is free afterwards)."""
    for ask in (rig.project.stacks(), rig.create(template(), "other")):
        with pytest.raises(Unavailable) as refusal:
            await ask
        assert refusal.value.first.code == "store-unavailable"


async def survive(directory: Path, server: DevServer, outage: Outage, seconds: float) -> None:
    async with DatabaseRig(directory, server, outage.url, latency=0.8, jitter=0.2) as rig:
        await rig.worker()
        await rig.worker()
        ledger = rig.provider.ledger
        created = await rig.create(template())
        blind = [name for name in RESOURCES if name.startswith(f"r{KINDS.index('Blind')}")]

        async def all_blind_ones_are_asked_for() -> bool:
            return {one.label for one in ledger.requests(method="POST")} >= set(blind)

        await until(all_blind_ones_are_asked_for, "calls whose answers cannot be looked up are on their way")
        async with away(outage, seconds):
            if outage.refuses_at_once:
                await refuses(rig)
            assert len(ledger.effects(what=CREATED)) < len(RESOURCES), "the create was over already"
        await rig.done(created)
        check_created_once(ledger, "demo", RESOURCES)
        requires = required_by_name(await rig.project.resources(created.stack_id))
        check_events(await rig.project.events(created.stack_id), requires)

        deleted = await rig.delete()

        async def some_are_gone() -> bool:
            return len(ledger.effects(what=DELETED)) > WIDTH

        await until(some_are_gone, "the delete is on its way")
        async with away(outage, 1.0):
            assert len(ledger.effects(what=DELETED)) < len(RESOURCES), "the delete was over already"
        await rig.done(deleted)
        check_deleted_once(ledger, "demo", RESOURCES)
        events = await rig.project.events(created.stack_id)
        check_events(events, requires)
        assert [event.state for event in events if event.resource_id is None] == [
            f"{action}_{status}" for action in ("CREATE", "DELETE") for status in ("IN_PROGRESS", "COMPLETE")
        ]
        assert await rig.project.stacks() == []


OUTAGES = {
    "PostgreSQL killed": (killed, SHORT),
    "SQLite locked": (locked, SHORT),
    "PostgreSQL killed for half a minute": (killed, LONG),
    "SQLite locked for half a minute": (locked, LONG),
}


def cases(length: float) -> list[Any]:
    """Names of the outages of a length, those of PostgreSQL marked."""
    return [
        pytest.param(name, marks=[pytest.mark.postgresql] if "PostgreSQL" in name else [])
        for name, (_, seconds) in OUTAGES.items()
        if seconds == length
    ]


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(name: str) -> Callable[[], Awaitable[None]]:
        kind, seconds = OUTAGES[name]

        async def run() -> None:
            directory = tmp_path_factory.mktemp("outage")
            with kind(directory) as outage:
                await survive(directory / "rig", module_server, outage, seconds)

        return run

    return side_by_side(request, {name: case(name) for name in OUTAGES})


@pytest.mark.parametrize("name", cases(SHORT))
def test_a_create_and_a_delete_outlast_an_outage_of_the_database(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)


@pytest.mark.soak
@pytest.mark.parametrize("name", cases(LONG))
def test_a_create_and_a_delete_outlast_an_outage_of_half_a_minute(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)
