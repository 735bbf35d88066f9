"""A store on a database of its own, and a stack to try things on.

Every test that takes `database`, `empty_database`, `url`, `store`, `repository` or `stacks` runs once on SQLite and
once on PostgreSQL. What concerns one of them alone is in test_sqlite.py and test_postgresql.py.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from firebrick.contract import Action
from firebrick.store import Keyring, NewOperation, NewResource, NewStack, OperationRow, Repository, Store
from firebrick.store.operation_outcomes import FinishOutcome, Mine
from firebrick.store.requests import NewTarget
from firebrick.store.step_outcomes import Claim, Claimed, ClaimOutcome, RowOutcome
from firebrick.testing.postgres import PostgresServer
from tests.unit.store.databases import KINDS, Database, PostgresDatabase, SqliteDatabase, copied

NewDatabase = Callable[..., Database]

KEY = "A" * 43 + "="
PROJECT = "default"
WORKFLOW, CHAIN = "stack/default/web", "chain-1"


def new_stack(name: str, edges: Mapping[str, Sequence[str]], *, computes: bool = False, **more: Any) -> NewStack:
    """A stack of resources: name -> names it requires. computes: with values of those."""
    dynamic = {"dynamic": True} if computes else {}
    resources = [
        NewResource(
            name=one,
            type="Example::Thing",
            uuid=str(uuid4()),
            definition={"name": one, "properties": {"size": 1}, **dynamic},
            requires=requires,
        )
        for one, requires in edges.items()
    ]
    return NewStack(id=str(uuid4()), name=name, template="template: text", resources=resources, **more)


def new_operation(action: Action, *, operation_id: str = "", at: float = 1.0) -> NewOperation:
    return NewOperation(
        id=operation_id or str(uuid4()), action=action, workflow_id=WORKFLOW, timeout=60.0, accepted_at=at
    )


@dataclass
class Stack:
    """A stack and the operation that runs on it."""

    repository: Repository
    id: str
    operation: OperationRow
    rows: dict[str, int] = field(default_factory=dict)

    def claim_of(self, name: str, *, step: int = 1, attempt: int = 1, chain_run: int = 1) -> Claim:
        return Claim(
            stack_id=self.id,
            row=self.rows[name],
            seq=self.operation.seq,
            chain_run=chain_run,
            step=step,
            attempt=attempt,
        )

    async def try_claim(self, claim: Claim, *, now: float = 2.0, lease: float = 30.0) -> ClaimOutcome:
        return await self.repository.claim(
            claim, action=self.operation.action, operation_id=self.operation.id, now=now, lease=lease
        )

    async def claim(self, name: str, *, now: float = 2.0, lease: float = 30.0, **order: int) -> Claimed:
        got = await self.try_claim(self.claim_of(name, **order), now=now, lease=lease)
        assert isinstance(got, Claimed), got
        return got

    async def step(self, name: str, outcome: RowOutcome, *, now: float = 2.0, **order: int) -> None:
        held = await self.claim(name, now=now, **order)
        assert await self.repository.record(held.claim, outcome, now=now)

    async def texts(self, after_seq: int = 0) -> list[str]:
        """Events as ``name STATE reason``."""
        events = await self.repository.events(self.id, after_seq=after_seq)
        assert [one.seq for one in events] == list(range(after_seq + 1, after_seq + 1 + len(events)))
        return [f"{one.resource_name} {one.state} {one.reason}" for one in events]

    async def state(self) -> tuple[str, str]:
        row = await self.repository.stack(self.id, include_deleted=True)
        return row.state, row.status_reason

    async def accept_delete(self, *, at: float = 10.0, operation_id: str = "") -> OperationRow:
        return await self.repository.accept_delete(
            self.id, new_operation(Action.DELETE, operation_id=operation_id, at=at)
        )

    async def accept_update(self, *, at: float = 10.0) -> OperationRow:
        """To a template without resources."""
        operation = new_operation(Action.UPDATE, at=at)
        return await self.repository.accept_update(self.id, NewTarget(operation.id, "template: text"), operation)

    async def finish(self, *, complete: bool = False, interrupted: str = "", now: float = 5.0) -> FinishOutcome:
        return await self.repository.finish(
            self.operation.id, seq=self.operation.seq, complete=complete, interrupted=interrupted, now=now
        )

    async def begin(self, action: Action, *, now: float = 10.0) -> OperationRow:
        outcome = await self.repository.begin(self.id, action=action, workflow_id=WORKFLOW, chain_id=CHAIN, now=now)
        assert isinstance(outcome, Mine), outcome
        self.operation = outcome.operation
        return outcome.operation


class Stacks:
    """Makes stacks whose CREATE runs, and what is needed to make them by hand."""

    new_stack = staticmethod(new_stack)
    new_operation = staticmethod(new_operation)
    workflow, chain = WORKFLOW, CHAIN

    @staticmethod
    def fresh_name() -> str:
        return f"web-{uuid4()}"

    def __init__(self, store: Store) -> None:
        self.store = store
        self.repository = store.project(PROJECT)

    @staticmethod
    def claim(stack_id: str, row: int, step: int, *, attempt: int = 1, seq: int = 1) -> Claim:
        return Claim(stack_id=stack_id, row=row, seq=seq, chain_run=1, step=step, attempt=attempt)

    async def running(self, edges: Mapping[str, Sequence[str]], name: str = "web", **more: Any) -> Stack:
        new = new_stack(name, edges, **more)
        operation = await self.repository.accept_create(new, new_operation(Action.CREATE))
        stack = Stack(self.repository, new.id, operation)
        await stack.begin(Action.CREATE, now=1.5)
        stack.rows = {row.name: row.id for row in await self.repository.plan_rows(new.id, operation.id)}
        return stack

    async def created(self, edges: Mapping[str, Sequence[str]], name: str = "web") -> Stack:
        stack = await self.running(edges, name)
        for one in edges:
            await stack.step(one, RowOutcome.done(physical_id=f"id-{one}"))
        await self.repository.finish(stack.operation.id, seq=1, complete=True, now=3.0)
        return stack


@pytest.fixture(scope="session")
def key() -> str:
    return KEY


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.from_values({"k1": KEY}, current="k1")


@pytest.fixture(scope="session", params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def new_database(
    database_kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> NewDatabase:
    """Makes databases: new_database() has this program's tables, new_database(empty=True) has none."""
    keyring = Keyring.from_values({"k1": KEY}, current="k1")
    if database_kind == "sqlite":
        template = SqliteDatabase(tmp_path_factory.mktemp("template") / "store.db")
        _migrate(template.url, keyring)

        def new_file(*, empty: bool = False) -> Database:
            file = tmp_path_factory.mktemp("database") / "store.db"
            return SqliteDatabase(file) if empty else copied(template, file)

        return new_file
    server: PostgresServer = request.getfixturevalue("postgres_server")
    migrated = server.create_database()
    _migrate(server.url(migrated), keyring)

    def new(*, empty: bool = False) -> Database:
        # Not dropped one by one, which takes as long as making them: they go with the server.
        return PostgresDatabase(server, server.create_database(template="template1" if empty else migrated))

    return new


@pytest.fixture(scope="session")
def used_databases() -> list[PostgresDatabase]:
    """Emptied ones with their tables as they were: making one takes ten times as long as emptying it."""
    return []


def _migrate(url: str, keyring: Keyring) -> None:
    async def open_and_close() -> None:
        await (await Store.open(url, keyring)).close()

    asyncio.run(open_and_close())


@pytest.fixture
def database(
    database_kind: str, new_database: NewDatabase, used_databases: list[PostgresDatabase]
) -> Iterator[Database]:
    one = used_databases.pop() if database_kind == "postgresql" and used_databases else new_database()
    yield one
    if isinstance(one, PostgresDatabase) and not one.touched:
        one.empty()
        used_databases.append(one)


@pytest.fixture
def empty_database(new_database: NewDatabase) -> Database:
    return new_database(empty=True)


@pytest.fixture
def url(database: Database) -> str:
    return database.url


@pytest.fixture
async def store(url: str, keyring: Keyring) -> AsyncIterator[Store]:
    async with await Store.open(url, keyring) as opened:
        yield opened


@pytest.fixture
def repository(store: Store) -> Repository:
    return store.project(PROJECT)


@pytest.fixture
def stacks(store: Store) -> Stacks:
    return Stacks(store)


@pytest.fixture(scope="session")
def stacks_of() -> type[Stacks]:
    return Stacks
