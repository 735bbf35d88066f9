"""One database, several processes: the server's front and workers. And processes that die."""

import asyncio
import json
import signal
import sys
from typing import Any

import pytest

import firebrick.store.database
from firebrick.contract import Action
from firebrick.diagnostics import Unavailable
from firebrick.store import Keyring, Repository, Store
from firebrick.store.step_outcomes import Claimed
from tests.unit.store.databases import Database

# Claims every row of a stack as the attempt it is told, records what it got, and says which rows those were.
CLAIMANT = """
import asyncio, json, sys
from firebrick.contract import Action
from firebrick.store import Keyring, Store
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome

async def main(url, key, stack, operation, rows, attempt):
    async with await Store.open(url, Keyring.from_values({"k1": key}, current="k1")) as store:
        repository = store.project("default")
        async def one(row):
            claim = Claim(stack_id=stack, row=row, seq=1, chain_run=1, step=1, attempt=attempt)
            got = await repository.claim(claim, action=Action.CREATE, operation_id=operation, now=2.0, lease=1e6)
            if not isinstance(got, Claimed):
                return None
            assert await repository.record(claim, RowOutcome.done(physical_id=str(attempt)), now=3.0)
            return row
        print(json.dumps([row for row in await asyncio.gather(*map(one, rows)) if row is not None]))

asyncio.run(main(**json.loads(sys.argv[1])))
"""

# Accepts, begins and claims; dies the moment the claim is answered.
MORTAL = """
import asyncio, json, os, signal, sys, uuid
from firebrick.contract import Action
from firebrick.store import Keyring, NewOperation, NewResource, NewStack, Store
from firebrick.store.step_outcomes import Claim, Claimed

async def main(url, key):
    store = await Store.open(url, Keyring.from_values({"k1": key}, current="k1"))
    repository = store.project("default")
    new = NewStack(id="s", name="web", template="t", resources=[NewResource("a", "T", str(uuid.uuid4()), {})])
    operation = NewOperation(id="o", action=Action.CREATE, workflow_id="w", timeout=60.0, accepted_at=1.0)
    await repository.accept_create(new, operation)
    await repository.begin("s", action=Action.CREATE, workflow_id="w", chain_id="c", now=1.0)
    (row,) = await repository.plan_rows("s", "o")
    claim = Claim(stack_id="s", row=row.id, seq=1, chain_run=1, step=1, attempt=1)
    got = await repository.claim(claim, action=Action.CREATE, operation_id="o", now=2.0, lease=30.0, key="intent")
    assert isinstance(got, Claimed)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(**json.loads(sys.argv[1])))
"""


async def run(script: str, **arguments: Any) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, json.dumps(arguments), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out


async def test_processes_that_compete_for_rows_share_them_without_overlap(
    stacks: Any, url: str, key: str, repository: Repository
) -> None:
    stack = await stacks.running({f"r{number}": () for number in range(60)})
    rows = list(stack.rows.values())
    ask = {"url": url, "key": key, "stack": stack.id, "operation": stack.operation.id}
    ended = await asyncio.gather(
        *(run(CLAIMANT, **ask, rows=order, attempt=attempt) for attempt, order in ((1, rows), (2, rows[::-1])))
    )
    assert [code for code, _ in ended] == [0, 0]
    first, second = (json.loads(out) for _, out in ended)
    assert sorted(first + second) == rows
    assert {row.physical_id for row in await repository.resources(stack.id) if row.id in first} <= {"1"}
    texts = await stack.texts()
    assert len(texts) == 1 + 2 * len(rows)
    for name in stack.rows:
        assert [text for text in texts if text.startswith(f"{name} ")] == [
            f"{name} CREATE_IN_PROGRESS state changed",
            f"{name} CREATE_COMPLETE state changed",
        ]


async def test_what_was_answered_survives_the_death_of_the_process(url: str, key: str, keyring: Keyring) -> None:
    code, _ = await run(MORTAL, url=url, key=key)
    assert code == -signal.SIGKILL
    async with await Store.open(url, keyring) as store:
        repository = store.project("default")
        assert [one.id for one in await store.every_project().open_operations()] == ["o"]
        row = await repository.resource("s", "a")
        assert (row.state, row.key, row.create_unsettled) == ("CREATE_IN_PROGRESS", "intent", True)
        assert [one.seq for one in await repository.events("s")] == [1, 2]


async def test_a_database_that_another_process_holds_is_waited_for_then_told(
    stacks: Any, database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = await stacks.created({"a": ()})
    monkeypatch.setattr(firebrick.store.database, "BUSY_MILLISECONDS", 50)
    async with await Store.open(database.url, keyring) as impatient:
        with database.held():
            operation = stacks.new_operation(Action.DELETE)
            with pytest.raises(Unavailable, match="database is locked|LockNotAvailable"):
                await impatient.project("default").accept_delete(stack.id, operation)
            patient = asyncio.create_task(stack.accept_delete())
            assert (await impatient.project("default").stack("web")).state == "CREATE_COMPLETE"
        assert (await patient).seq == 2
        await stack.begin(Action.DELETE)
        assert isinstance(await stack.try_claim(stack.claim_of("a")), Claimed)
