"""The group-committing writer: one thread, one connection, one transaction for all writes that have gathered.

While a group is being committed the next one gathers, so the more there is to write the fewer commits it takes. Each
write has an outcome of its own. A write that is refused (a FirebrickError, raised before it changed anything) leaves
its neighbours alone; any other error rolls the group back and each of its writes is tried again by itself.

An outcome is handed out after the commit: what a caller was told survives the death of the process.

When the connection turns out to be dead before the commit is sent, nothing was written, and the group is tried once
more on a new one: a server that was started again is not noticed. When it dies during the commit, nobody knows; the
caller is told so, and repeats: every write of this store finds out that it was made before.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Connection, Engine, RootTransaction

from firebrick import metrics
from firebrick.diagnostics import FirebrickError
from firebrick.store.database import commit_unknown, refusals, unavailable
from firebrick.store.transaction import Transaction

Outcome = TypeVar("Outcome")

GROUP_ROWS = 2_000
"""A group is closed when its writes touch so many rows."""
GATHERING = 0.004
"""Seconds between two looks for more writes, while a group gathers. One that had no company before never waits: then
little goes on. Where many are at work, a transaction for each few is what costs: 1,000 resources took 800 commits
without waiting, 160 with one look, 100 and a quarter less processor time in all with these.
"""
COMPANY = 25
"""A group of so many writes goes at once. Groups as large as what a stack has in flight hold the first write up until
the last has come, and then store and server wait for each other in turn (50: 1.87 times the floor where 50 resources
require the 50 before, 1.53 where none requires another; 25: 1.61 and 1.43; 16: 1.71); smaller ones take processor time.
"""
LOOKS = 8
"""A group goes when a look finds nobody new, and after so many."""


class Write(Generic[Outcome]):
    """Something to do in one transaction, beside others.

    stacks: the ids of the stacks it touches; their rows are locked, in order, before anything else.
    rows: roughly how many rows it touches, to keep groups bounded.
    """

    def stacks(self) -> Sequence[str]:
        return ()

    def rows(self) -> int:
        return 1

    def apply(self, transaction: Transaction) -> Outcome:
        """Do it. A refusal (FirebrickError) is raised before anything is changed."""
        raise NotImplementedError

    @classmethod
    def look_ahead(cls, transaction: Transaction, writes: Sequence[Self]) -> None:
        """Ask for what `apply_all` will read whatever it finds, so that it comes with the stacks' rows."""

    @classmethod
    def apply_all(cls, transaction: Transaction, writes: Sequence[Self]) -> list[Any]:
        """Do many of one kind; outcomes (or refusals) in the order given. Hot kinds do it in few statements."""
        outcomes: list[Any] = []
        for write in writes:
            try:
                outcomes.append(write.apply(transaction))
            except FirebrickError as refusal:
                outcomes.append(refusal)
        return outcomes


class _Entry:
    __slots__ = ("future", "loop", "write")

    def __init__(self, write: Write[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.write = write
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()


class StoreWriter:
    """One per process and database. May be used from several event loops."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._connection: Connection | None = None  # the thread's
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, write: Write[Outcome]) -> Outcome:
        """The write's outcome, once it is committed. Unavailable when the database refuses.

        Cancelling the await does not undo the write.
        """
        entry = _Entry(write, asyncio.get_running_loop())
        with self._lock:
            if self._closed:
                raise unavailable("the store is closed")
            self._queue.put(entry)
        outcome: Outcome = await entry.future
        return outcome

    async def close(self) -> None:
        """Commit what has gathered and stop. Later writes are refused."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # --- the thread ---

    def _run(self) -> None:
        open_, busy = True, False
        while open_:
            group, open_ = self._gather(busy=busy)
            busy = len(group) > 1
            if group:
                with metrics.commit(len(group)):
                    outcomes = self._carry_out([entry.write for entry in group])
                _answer(group, outcomes)
        self._discard()

    def _carry_out(self, writes: list[Write[Any]]) -> list[Any]:
        fresh = False
        while True:
            try:
                with refusals():
                    if self._connection is None or self._connection.invalidated:
                        self._discard()
                        self._connection, fresh = self._engine.connect(), True
                    return _commit(self._connection, writes)
            except _Gone as gone:
                self._discard()
                if fresh:
                    return [gone.refusal] * len(writes)
            except Exception as error:  # the connection itself: nothing was written, nobody is tried again
                self._discard()
                return [error] * len(writes)

    def _discard(self) -> None:
        if self._connection is not None:
            try:
                self._connection.invalidate()
                self._connection.close()
            except Exception:  # it is broken already; a new one is made for the next group
                pass
            self._connection = None

    def _gather(self, *, busy: bool) -> tuple[list[_Entry], bool]:
        """Wait for a write, give others time to come where many are at work, take all. False: the queue is closed
        behind them."""
        group: list[_Entry] = []
        rows = 0
        entry = self._queue.get()
        if busy and entry is not None:
            self._wait_for_company()
        while entry is not None:
            group.append(entry)
            rows += entry.write.rows()
            if rows >= GROUP_ROWS:
                return group, True
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _wait_for_company(self) -> None:
        before = -1
        for _ in range(LOOKS):
            waiting = self._queue.qsize()
            if waiting <= before or waiting >= COMPANY:
                break
            before = waiting
            time.sleep(GATHERING)


class _Gone(Exception):
    """The connection was lost before anything was sent to be committed."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self.refusal = refusal


class _Unknown(Exception):
    """The connection was lost while a commit was on its way."""


def _commit(connection: Connection, writes: list[Write[Any]]) -> list[Any]:
    """One transaction for all; if that fails, one for each. Raises when no transaction can be begun at all."""
    transaction = connection.begin()
    try:
        return _finish(connection, transaction, writes)
    except _Gone:
        raise
    except _Unknown:
        return [commit_unknown()] * len(writes)
    except Exception as error:
        if len(writes) == 1:
            return [_refusal(error)]
    return [_commit_alone(connection, write) for write in writes]


def _commit_alone(connection: Connection, write: Write[Any]) -> Any:
    try:
        return _finish(connection, connection.begin(), [write])[0]
    except _Gone as gone:
        return gone.refusal
    except _Unknown:
        return commit_unknown()
    except Exception as error:
        return _refusal(error)


def _finish(connection: Connection, transaction: RootTransaction, writes: list[Write[Any]]) -> list[Any]:
    """Apply and commit; outcomes. After any error but _Unknown nothing was written."""
    try:
        work = Transaction(connection)
        outcomes = _apply(work, writes)
    except Exception as error:
        _roll_back(transaction)
        if connection.invalidated:
            raise _Gone(_refusal(error)) from None
        raise
    try:
        work.commit()
        transaction.commit()
    except Exception:
        lost = connection.invalidated
        _roll_back(transaction)
        if lost:
            raise _Unknown from None
        raise
    return outcomes


def _roll_back(transaction: RootTransaction) -> None:
    try:
        transaction.rollback()
    except Exception:  # the connection is gone, and the transaction with it; the first error is the one to report
        pass


def _apply(transaction: Transaction, writes: list[Write[Any]]) -> list[Any]:
    stacks = [stack_id for write in writes for stack_id in write.stacks()]
    kinds: dict[type[Write[Any]], list[int]] = {}
    for index, write in enumerate(writes):
        kinds.setdefault(type(write), []).append(index)
    transaction.ask_for_stacks(stacks)
    for kind, indices in kinds.items():
        kind.look_ahead(transaction, [writes[i] for i in indices])
    transaction.lock(stacks)
    outcomes: list[Any] = [None] * len(writes)
    for kind, indices in kinds.items():
        for index, outcome in zip(indices, kind.apply_all(transaction, [writes[i] for i in indices]), strict=True):
            outcomes[index] = outcome
    transaction.flush()
    return outcomes


def _refusal(error: Exception) -> Exception:
    try:
        with refusals():
            raise error
    except Exception as translated:
        return translated


def _answer(group: list[_Entry], outcomes: list[Any]) -> None:
    """One wake-up for each loop, not one for each write."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for entry, outcome in zip(group, outcomes, strict=True):
        loops.setdefault(entry.loop, []).append((entry.future, outcome))
    for loop, answers in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, answers)
        except RuntimeError:  # that loop is closed: nobody waits any more
            pass


def _resolve(answers: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in answers:
        if future.done():  # cancelled
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
