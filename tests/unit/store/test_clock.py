"""The database's clock: what all processes that share a store agree on, whatever their own clocks say."""

import time

import pytest

from firebrick.store import Keyring, Store
from firebrick.store.clock import DatabaseClock
from firebrick.store.database import open_engine
from tests.unit.store.databases import Database


@pytest.fixture
def engine(database: Database):
    made = open_engine(database.url, None, writes=False, connections=1)
    yield made
    made.dispose()


def test_it_is_the_databases_time_and_not_the_process_s(engine, monkeypatch: pytest.MonkeyPatch) -> None:
    right = time.time()
    monkeypatch.setattr(time, "time", lambda: right + 3600)
    clock = DatabaseClock(engine)
    try:
        assert abs(clock() - right) < 60
    finally:
        clock.close()


def test_time_passes_without_asking(engine) -> None:
    passed = [1000.0]
    clock = DatabaseClock(engine, every=3600, counted=lambda: passed[0])
    try:
        before = clock()
        passed[0] += 7
        assert clock() - before == pytest.approx(7)
    finally:
        clock.close()


def test_it_is_measured_again_and_again(engine) -> None:
    """A count that goes wrong, as a machine's may that was asleep, is set right."""
    passed = [1000.0]
    clock = DatabaseClock(engine, every=0.01, counted=lambda: passed[0])
    try:
        before = clock()
        passed[0] += 5000
        until = time.monotonic() + 60
        while abs(clock() - before) > 100:
            assert time.monotonic() < until
            time.sleep(0.001)
    finally:
        clock.close()


async def test_a_store_has_one(database: Database, keyring: Keyring) -> None:
    async with await Store.open(database.url, keyring) as store:
        assert abs(store.clock() - time.time()) < 60
