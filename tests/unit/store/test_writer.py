"""The writer: one refusal or failure is one caller's; what was answered is committed; a sick database says so."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from firebrick.diagnostics import Conflict, Diagnostic, Unavailable
from firebrick.store import Store
from firebrick.store.transaction import Transaction
from firebrick.store.writer import Write
from tests.unit.store.databases import Database


@dataclass(frozen=True)
class Note(Write[int]):
    """Writes a number down; misbehaves as told."""

    number: int
    fault: str = ""

    def apply(self, transaction: Transaction) -> int:
        if self.fault == "refuse":
            raise Conflict(Diagnostic(code="no", summary="no"))
        transaction.connection.execute(text("INSERT INTO notes VALUES (:n)"), {"n": self.number})
        if self.fault == "break":
            raise KeyError(self.number)
        if self.fault == "clash":
            transaction.connection.execute(text("INSERT INTO notes VALUES (:n)"), {"n": self.number})
        return self.number


@dataclass(frozen=True)
class Wait(Write[None]):
    """Keeps the writer at work until a thread outside says so, so that others gather meanwhile."""

    started: Any
    go_on: Any

    def apply(self, transaction: Transaction) -> None:
        self.started.set()
        assert self.go_on.wait(10)


def numbers(database: Database) -> list[int]:
    return [row[0] for row in database.run("SELECT n FROM notes ORDER BY n")]


@pytest.fixture
def notes(store: Store, database: Database) -> None:
    database.run("CREATE TABLE notes (n INTEGER PRIMARY KEY)")


async def gathered(store: Store, writes: Sequence[Write[Any]]) -> list[Any]:
    """Outcomes of writes that are committed as one group."""
    import threading

    started, go_on = threading.Event(), threading.Event()
    waiting = asyncio.create_task(store.writer.write(Wait(started, go_on)))
    await asyncio.to_thread(started.wait, 10)
    tasks = [asyncio.create_task(store.writer.write(one)) for one in writes]
    await asyncio.sleep(0)
    go_on.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await waiting
    return outcomes


@pytest.mark.usefixtures("notes")
async def test_a_refusal_is_its_own_writes_only(store: Store, database: Database) -> None:
    outcomes = await gathered(store, [Note(1), Note(2, "refuse"), Note(3)])
    assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [1, Conflict, 3]
    assert numbers(database) == [1, 3]


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize("fault", ["break", "clash"])
async def test_a_write_that_breaks_is_undone_and_its_neighbours_are_written(
    store: Store, database: Database, fault: str
) -> None:
    outcomes = await gathered(store, [Note(1), Note(2, fault), Note(3), Note(4, "refuse")])
    assert [isinstance(one, Exception) for one in outcomes] == [False, True, False, True]
    assert numbers(database) == [1, 3]
    assert await store.writer.write(Note(5)) == 5


@pytest.mark.usefixtures("notes")
async def test_an_answer_is_given_after_the_commit(store: Store, database: Database) -> None:
    async def write(number: int) -> None:
        await store.writer.write(Note(number))
        assert number in numbers(database)

    await asyncio.gather(*(write(number) for number in range(30)))


@pytest.mark.usefixtures("notes")
async def test_a_caller_who_went_away_does_no_harm(store: Store, database: Database) -> None:
    task = asyncio.create_task(store.writer.write(Note(1)))
    await asyncio.sleep(0)
    task.cancel()
    assert await store.writer.write(Note(2)) == 2
    assert numbers(database) == [1, 2]


@pytest.mark.usefixtures("notes")
async def test_what_was_asked_before_closing_is_written_and_later_asks_are_refused(
    store: Store, database: Database
) -> None:
    tasks = [asyncio.create_task(store.writer.write(Note(number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*tasks) == list(range(20)) == numbers(database)
    with pytest.raises(Unavailable, match="closed"):
        await store.writer.write(Note(99))
    with pytest.raises(Unavailable, match="closed"):
        await store.project("default").stacks()
    await store.close()


@pytest.mark.usefixtures("notes")
async def test_several_event_loops_may_write(store: Store, database: Database) -> None:
    async def other_loop() -> int:
        return await store.writer.write(Note(1))

    assert await asyncio.to_thread(lambda: asyncio.run(other_loop())) == 1
    assert await store.writer.write(Note(2)) == 2
    assert numbers(database) == [1, 2]


async def test_a_database_that_may_only_be_read_refuses_writes_and_serves_reads(
    stacks: Any, store: Store, database: Database
) -> None:
    stack = await stacks.created({})
    # As root no file mode stops a write; the database's own switch does.
    await store.writer.write(ReadOnly(database.read_only))
    with pytest.raises(Unavailable) as refusal:
        await stack.accept_delete()
    assert refusal.value.first.code == "store-unavailable"
    assert "readonly" in refusal.value.first.summary.lower()
    assert (await stack.state())[0] == "CREATE_COMPLETE"


@dataclass(frozen=True)
class ReadOnly(Write[None]):
    statement: str

    def apply(self, transaction: Transaction) -> None:
        transaction.connection.execute(text(self.statement))


async def test_a_database_whose_tables_are_gone_refuses_and_is_not_changed(
    stacks: Any, store: Store, database: Database
) -> None:
    database.run("DROP TABLE events")
    with pytest.raises(Unavailable, match="no such table|UndefinedTable"):
        await stacks.running({"a": ()})
    assert await store.project("default").stacks() == []


@dataclass(frozen=True)
class Swallow(Write[str]):
    """Hides that one of its statements failed."""

    def apply(self, transaction: Transaction) -> str:
        transaction.connection.execute(text("INSERT INTO notes VALUES (1)"))
        try:
            transaction.connection.execute(text("INSERT INTO notes VALUES (1)"))
        except IntegrityError:
            return "fine"
        raise AssertionError("two notes of one number")


@pytest.mark.usefixtures("notes")
async def test_what_is_answered_is_committed_whatever_a_write_hides(store: Store, database: Database) -> None:
    """PostgreSQL answers the COMMIT of a transaction in which something failed by rolling back."""
    try:
        answered = await store.writer.write(Swallow())
    except Exception:
        answered = ""
    assert (answered, numbers(database)) in [("fine", [1]), ("", [])]
    assert await store.writer.write(Note(2)) == 2
