"""Write what this program's database looks like, for later versions to open: tests/unit/store/schemas.

    python -m tools.record_schema

Who adds a migration runs it on the commit before, so that what it writes is of the revision that is left behind: a
stack that was made, one that was deleted, and one whose CREATE runs, sealed with the key of the store's tests. It needs
PostgreSQL's programs.
"""

import asyncio
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from firebrick.contract import Action
from firebrick.store import Keyring, NewOperation, NewResource, NewStack, Store, migrate
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome
from firebrick.testing.postgres import PostgresServer, binaries
from tests.unit.store.conftest import KEY

SCHEMAS = Path(__file__).parent.parent / "tests" / "unit" / "store" / "schemas"
DATABASE = "recorded"


async def fill(url: str) -> None:
    async with await Store.open(url, Keyring.from_values({"k1": KEY}, current="k1")) as store:
        await _made(store, "made", {"below": (), "above": ("below",)}, ends=True)
        gone = await _made(store, "gone", {"a": ()}, ends=True)
        await _deleted(store, gone)
        await _made(store, "running", {"a": (), "b": ("a",)}, ends=False)


async def _made(store: Store, name: str, resources: dict[str, Sequence[str]], *, ends: bool) -> str:
    """ends: all that it has is made; else the first resource."""
    repository = store.project("default")
    new = NewStack(
        id=str(uuid4()),
        name=name,
        template="template: text",
        resources=tuple(
            NewResource(
                name=one,
                type="Example::Thing",
                definition={"name": one, "properties": {"size": 1}, "requires": list(requires)},
                requires=tuple(requires),
                uuid=str(uuid4()),
            )
            for one, requires in resources.items()
        ),
    )
    operation = NewOperation(str(uuid4()), Action.CREATE, "stack/default/web", 60.0, 1.0)
    await repository.accept_create(new, operation)
    await repository.begin(new.id, action=Action.CREATE, workflow_id="stack/default/web", chain_id="chain-1", now=1.5)
    rows = await repository.resources(new.id)
    for row in rows if ends else rows[:1]:
        claim = Claim(stack_id=new.id, row=row.id, seq=1, chain_run=1, step=1, attempt=1)
        held = await repository.claim(claim, action=Action.CREATE, operation_id=operation.id, now=2.0, lease=9.0)
        assert isinstance(held, Claimed)
        done = RowOutcome.done(physical_id=f"id-{row.name}", reference_id=f"ref-{row.name}", attributes={"size": 1})
        assert await repository.record(claim, done, now=2.0)
    if ends:
        await repository.finish(operation.id, seq=1, complete=True, now=3.0)
    return new.id


async def _deleted(store: Store, stack_id: str) -> None:
    repository = store.project("default")
    operation = NewOperation(str(uuid4()), Action.DELETE, "stack/default/web", 60.0, 10.0)
    await repository.accept_delete(stack_id, operation)
    await repository.begin(
        stack_id, action=Action.DELETE, workflow_id="stack/default/web", chain_id="chain-1", now=10.0
    )
    for row in await repository.resources(stack_id):
        claim = Claim(stack_id=stack_id, row=row.id, seq=2, chain_run=1, step=1, attempt=1)
        held = await repository.claim(claim, action=Action.DELETE, operation_id=operation.id, now=11.0, lease=9.0)
        assert isinstance(held, Claimed)
        assert await repository.record(claim, RowOutcome.done(), now=11.0)
    await repository.finish(operation.id, seq=2, complete=True, now=12.0)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recorded.db"
        asyncio.run(fill(f"sqlite:///{file}"))
        with sqlite3.connect(file) as connection:
            _write("sqlite", "\n".join(connection.iterdump()) + "\n")
        with PostgresServer() as server:
            name = server.create_database()
            url = server.url(name)
            asyncio.run(fill(url))
            dump = [
                str(binaries() / "pg_dump"),
                "--no-owner",
                "--inserts",
                url.replace("postgresql+psycopg", "postgresql"),
            ]
            said = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
        kept = (line for line in said.splitlines() if line and not line.startswith(("--", "SET ", "\\")))
        text = "\n".join(line for line in kept if not line.startswith("SELECT pg_catalog.set_config")) + "\n"
        # As it is dumped, the server would read the condition otherwise than it was written.
        _write(
            "postgresql", re.sub(r"WHERE \(\(state\)::text = ANY .*;", "WHERE state IN ('PENDING', 'RUNNING');", text)
        )


def _write(kind: str, text: str) -> None:
    (SCHEMAS / f"{migrate.HEAD}-{kind}.sql").write_text(text)


if __name__ == "__main__":
    main()
