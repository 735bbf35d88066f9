"""What concerns PostgreSQL alone: connections that break, answers that are lost, values it cannot keep, its locale."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from firebrick.contract import Action, OperationState, StepKind
from firebrick.diagnostics import InvalidInput, Unavailable
from firebrick.store import Keyring, NewResource, OperationRow, Store
from firebrick.store.operation_outcomes import Mine
from firebrick.store.step_outcomes import AlreadyEnded, Busy, Claimed, RowOutcome
from firebrick.store.transaction import Transaction
from firebrick.store.writer import Write
from firebrick.testing.postgres import PostgresServer
from tests.unit.store.proxy import Proxy

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    """Instead of one of each kind."""
    return postgres_server.url(postgres_server.create_database())


def send_away(server: PostgresServer, url: str) -> int:
    """End all connections to a database from the server's side; how many there were."""
    name = url.rpartition("/")[2]
    with server.connect() as connection:
        ended = connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ).all()
    return len(ended)


# --- a server that was away ---


async def test_connections_that_died_in_their_sleep_are_not_noticed(
    stacks: Any, postgres_server: PostgresServer, url: str
) -> None:
    stack = await stacks.running({"a": (), "b": ()})
    assert send_away(postgres_server, url) >= 2  # the writer's and a reader's
    assert (await stack.state())[0] == "CREATE_IN_PROGRESS"
    await stack.step("a", RowOutcome.done(physical_id="p"))
    assert send_away(postgres_server, url) >= 2
    await asyncio.gather(stack.step("b", RowOutcome.done()), stack.state(), stack.state(), stack.texts())
    assert len(await stack.texts()) == 5


async def test_while_the_server_is_away_all_is_refused_and_afterwards_all_goes_on(
    stacks_of: Any, keyring: Keyring
) -> None:
    with PostgresServer() as server:
        async with await Store.open(server.url(server.create_database()), keyring) as store:
            stack = await stacks_of(store).running({"a": (), "b": ()})
            held = await stack.claim("a")
            server.kill()
            for ask in (
                lambda: stack.state(),
                lambda: stack.repository.record(held.claim, RowOutcome.done(), now=3.0),
                lambda: stack.try_claim(stack.claim_of("b")),
                lambda: stack.accept_delete(),
                lambda: store.every_project().open_operations(),
            ):
                with pytest.raises(Unavailable) as refusal:
                    await ask()
                assert refusal.value.first.code == "store-unavailable"
                assert "127.0.0.1" not in str(refusal.value)
            server.start()
            assert await stack.repository.record(held.claim, RowOutcome.done(), now=3.0)
            await stack.step("b", RowOutcome.done())
            assert len(await stack.texts()) == 5
            assert (await stack.finish(complete=True)).state is OperationState.DONE


async def test_a_server_that_is_not_there_or_refuses_is_told_to_whoever_opens_it(
    postgres_server: PostgresServer, keyring: Keyring
) -> None:
    good = postgres_server.url("postgres")
    with pytest.raises(Unavailable, match="nowhere"):
        await Store.open(postgres_server.url("nowhere"), keyring)
    password = good.partition("@")[0].rpartition(":")[2]
    with pytest.raises(Unavailable, match="password") as refusal:
        await Store.open(good.replace(password, "wrong-password"), keyring)
    assert "wrong-password" not in str(refusal.value)
    with pytest.raises(Unavailable, match="refused"):
        await Store.open("postgresql://somebody@127.0.0.1:1/x", keyring)


# --- answers to a commit that are lost ---


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    with Proxy(url) as one:
        yield one


@pytest.fixture(params=["before", "after"])
def cut(request: pytest.FixtureRequest) -> str:
    how: str = request.param
    return how


class Lost:
    """Asks once, the answer to whose commit is lost; then again."""

    def __init__(self, proxy: Proxy, how: str) -> None:
        self._proxy = proxy
        self._how = how

    async def twice(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        self._proxy.cut, before = self._how, self._proxy.cuts
        with pytest.raises(Unavailable, match="before it said whether it had stored the change"):
            await ask()
        assert self._proxy.cuts == before + 1
        return await ask()


async def test_every_write_is_safe_to_repeat_when_nobody_knows_whether_it_was_made(
    proxy: Proxy, cut: str, keyring: Keyring, stacks_of: Any
) -> None:
    lost = Lost(proxy, cut)
    async with await Store.open(proxy.url, keyring) as store:
        stacks = stacks_of(store)
        repository = store.project("default")
        new, asked = stacks.new_stack("web", {"a": (), "b": ()}), stacks.new_operation(Action.CREATE)
        accepted = await lost.twice(lambda: repository.accept_create(new, asked))
        assert accepted.id == asked.id

        def begin(action: Action) -> Awaitable[Any]:
            return repository.begin(new.id, action=action, workflow_id="w", chain_id="c", now=1.5)

        begun = await lost.twice(lambda: begin(Action.CREATE))
        assert isinstance(begun, Mine) and begun.operation.state is OperationState.RUNNING
        (a, b) = await repository.plan_rows(new.id, asked.id)

        def claim(row: int, attempt: int, now: float, seq: int = 1, action: Action = Action.CREATE) -> Awaitable[Any]:
            one = stacks.claim(new.id, row, 1, attempt=attempt, seq=seq)
            return repository.claim(one, action=action, operation_id="o", now=now, lease=5.0)

        # A claim is asked for again by the activity's next attempt, and had at the latest when its lease has run out.
        got = await lost.twice(lambda: claim(a.id, 1, 2.0))
        if isinstance(got, Busy):
            assert cut == "after"
            got = await claim(a.id, 2, got.until)
            assert isinstance(got, Claimed) and got.intent_open
        assert isinstance(got, Claimed)
        assert await lost.twice(lambda: repository.renew(got.claim, 9.0))
        assert await lost.twice(lambda: repository.renew(got.claim, 9.0, physical_id="p", progress={"at": 1}))
        recorded = await lost.twice(lambda: repository.record(got.claim, RowOutcome.done(physical_id="p"), now=3.0))
        assert recorded is (cut == "before")
        again = await repository.claim(got.claim, action=Action.CREATE, operation_id="o", now=3.0, lease=5.0)
        assert isinstance(again, AlreadyEnded) and again.result.kind is StepKind.DONE
        held = await claim(b.id, 1, 3.0)
        assert await repository.record(held.claim, RowOutcome.done(), now=3.0)
        finished = await lost.twice(lambda: repository.finish(asked.id, seq=1, complete=True, now=4.0))
        assert finished.state is OperationState.DONE

        deleting = stacks.new_operation(Action.DELETE)
        assert (await lost.twice(lambda: repository.accept_delete(new.id, deleting))).id == deleting.id
        await lost.twice(lambda: begin(Action.DELETE))
        for row in (a.id, b.id):
            held = await claim(row, 1, 5.0, seq=2, action=Action.DELETE)
            await repository.record(held.claim, RowOutcome.done(), now=5.0)
        finished = await lost.twice(lambda: repository.finish(deleting.id, seq=2, complete=True, now=6.0))
        assert finished.state is OperationState.DONE

        events = await repository.events(new.id)
        assert [one.seq for one in events] == list(range(1, 13))
        assert [f"{one.resource_name} {one.state}" for one in events] == [
            f"{name} {action}_{status}"
            for action in ("CREATE", "DELETE")
            for name, status in (
                ("web", "IN_PROGRESS"),
                ("a", "IN_PROGRESS"),
                ("a", "COMPLETE"),
                ("b", "IN_PROGRESS"),
                ("b", "COMPLETE"),
                ("web", "COMPLETE"),
            )
        ]


async def test_all_writes_of_a_group_whose_answer_is_lost_are_told(
    proxy: Proxy, cut: str, keyring: Keyring, stacks_of: Any
) -> None:
    async with await Store.open(proxy.url, keyring) as store:
        stacks = stacks_of(store)
        stack = await stacks.running(dict.fromkeys("abcd", ()))
        proxy.cut = cut
        asks = [stack.try_claim(stack.claim_of(name)) for name in "abcd"]
        told = await asyncio.gather(*asks, return_exceptions=True)
        refused = [one for one in told if isinstance(one, Unavailable)]
        assert refused and len(refused) + sum(isinstance(one, Claimed) for one in told) == 4
        texts = await stack.texts()
        in_progress = {text.split()[0] for text in texts if " CREATE_IN_PROGRESS state" in text}
        answered = {name for name, one in zip("abcd", told, strict=True) if isinstance(one, Claimed)}
        assert in_progress == (answered if cut == "before" else set("abcd"))


# --- plans ---


@dataclass(frozen=True)
class Explained(Write[dict[str, str]]):
    """How the writer's connection carries out what it has prepared: statement -> plan, whatever its parameters are."""

    def apply(self, transaction: Transaction) -> dict[str, str]:
        run = transaction.connection.exec_driver_sql
        run("SET LOCAL plan_cache_mode = force_generic_plan")
        prepared = run("SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements").all()
        plans = {}
        for name, statement, count in prepared:
            nothing = f"({', '.join(['NULL'] * count)})" if count else ""
            plans[statement] = "\n".join(row[0] for row in run(f"EXPLAIN EXECUTE {name}{nothing}"))
        return plans


async def test_a_young_database_gets_no_plan_that_an_old_one_suffers_from(store: Store, stacks: Any) -> None:
    """Plans are kept: one that reads the whole of a small table would still do so when it has grown."""
    stack = await stacks.running({"a": (), "b": ("a",), "c": ("a",)}, computes=True)
    await stack.step("a", RowOutcome.done(physical_id="p"))
    held = await asyncio.gather(stack.claim("b"), stack.claim("c"))
    assert await asyncio.gather(*(stack.repository.renew(one.claim, 9.0) for one in held)) == [True, True]
    plans = await store.writer.write(Explained())
    assert len(plans) > 6
    for statement, plan in plans.items():
        assert "Seq Scan" not in plan, f"{statement}\n{plan}"


@dataclass(frozen=True)
class Run(Write[None]):
    """A statement on the writer's connection."""

    statement: str

    def apply(self, transaction: Transaction) -> None:
        transaction.connection.exec_driver_sql(self.statement)


async def test_a_column_that_is_altered_under_a_store_at_work_is_not_noticed(store: Store, stacks: Any) -> None:
    """What was prepared before cannot be carried out any more."""
    stack = await stacks.running(dict.fromkeys("abc", ()))
    await stack.claim("a")
    await store.writer.write(Run("ALTER TABLE resources ALTER COLUMN name TYPE varchar(300)"))
    await stack.claim("b")
    await store.writer.write(Run("ALTER TABLE stacks ALTER COLUMN name TYPE varchar(300)"))
    await stack.claim("c")


async def test_statements_that_the_server_has_forgotten_are_prepared_again(store: Store, stacks: Any) -> None:
    stack = await stacks.running(dict.fromkeys("ab", ()))
    await stack.claim("a")
    await store.writer.write(Run("DEALLOCATE ALL"))
    await stack.claim("b")


# --- values ---


@pytest.mark.parametrize("value", ["x" * 256, "with\0zero"], ids=["too long", "character 0"])
async def test_a_value_that_cannot_be_kept_is_refused_and_harms_no_neighbour(stacks: Any, value: str) -> None:
    bad = stacks.new_stack("bad", {})
    object.__setattr__(bad, "resources", [NewResource(name=value, type="T", uuid=str(uuid4()), definition={})])
    good = stacks.new_stack("good", {"a": ()})
    refused, accepted = await asyncio.gather(
        *(stacks.repository.accept_create(one, stacks.new_operation(Action.CREATE)) for one in (bad, good)),
        return_exceptions=True,
    )
    assert isinstance(refused, InvalidInput) and refused.first.code == "store-value"
    assert value not in str(refused)
    assert isinstance(accepted, OperationRow) and accepted.stack_name == "good"
    assert [one.name for one in await stacks.repository.stacks()] == ["good"]


async def test_an_outcome_that_cannot_be_kept_is_refused_and_harms_no_neighbour(stacks: Any) -> None:
    stack = await stacks.running(dict.fromkeys("abcd", ()))
    held = {name: await stack.claim(name) for name in "abcd"}

    async def record(name: str, physical_id: str) -> Any:
        outcome = RowOutcome.done(physical_id=physical_id)
        return await stack.repository.record(held[name].claim, outcome, now=3.0)

    for bad, good in ("ab", "cd"):  # twice: what a connection has prepared outlives the first one's rollback
        told = await asyncio.gather(record(bad, "with\0zero"), record(good, "fine"), return_exceptions=True)
        assert isinstance(told[0], InvalidInput) and told[0].first.code == "store-value"
        assert told[1] is True
    states = {row.name: row.state for row in await stack.repository.resources(stack.id)}
    assert [states[name] for name in "bd"] == ["CREATE_COMPLETE"] * 2
    assert [states[name] for name in "ac"] == ["CREATE_IN_PROGRESS"] * 2


# --- its locale ---


async def test_stacks_are_sorted_by_characters_whatever_the_database_s_locale(
    postgres_server: PostgresServer, keyring: Keyring, stacks_of: Any
) -> None:
    locale = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'"
    name = postgres_server.create_database(template="template0", options=locale)
    with postgres_server.connect(name) as connection:
        assert connection.exec_driver_sql("SELECT 'a' < 'B'").scalar_one(), "this database does not sort as people do"
    async with await Store.open(postgres_server.url(name), keyring) as store:
        stacks = stacks_of(store)
        for one in ("b", "C", "a", "A"):
            await stacks.running({}, one)
        found = await stacks.repository.stacks(sort=["name"], descending=False)
        assert [one.name for one in found] == ["A", "C", "a", "b"]


async def test_a_read_sees_one_moment(store: Store, stacks: Any) -> None:
    """The second query of a read does not see what was committed after the first."""
    from sqlalchemy import text

    stack = await stacks.running({"a": ()})
    first_done, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def twice(connection: Any) -> tuple[int, int]:
        count = text("SELECT count(*) FROM events")
        first = connection.execute(count).scalar_one()
        loop.call_soon_threadsafe(first_done.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return first, connection.execute(count).scalar_one()

    reading = asyncio.create_task(store.read(twice))
    await first_done.wait()
    await stack.claim("a")
    go_on.set()
    first, second = await reading
    assert first == second == 1
    assert len(await stack.texts()) == 2
