"""Two hundred takeovers at any moment, while somebody hammers: nothing runs twice, nothing is forgotten.

Requests come faster than they can be carried out, so most of them meet one that runs. Whatever they meet, each ends
DONE, FAILED or SUPERSEDED, and what exists in the end is what the last of them asked for.
"""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action, Cancel, OperationState, UpdateStackRequest
from firebrick.diagnostics import FirebrickError
from firebrick.intake_update import accept_update
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.rig import Rig, until

pytestmark = pytest.mark.timeout(400)

SEED = 4_2026
TAKEOVERS = 200
STACKS = 5


def template(choice: random.Random) -> dict[str, Any]:
    """Some of five resources, some of which take a while; a change of `ready_after` replaces."""
    resources: dict[str, Any] = {}
    for name in ("a", "b", "c", "d", "e"):
        if choice.random() < 0.7:
            kind = choice.choice(("Firebrick::Test::Object", "Firebrick::Test::Token", "OS::Heat::TestResource"))
            value: dict[str, Any] = {"value": choice.choice(("x", "y"))}
            if kind.startswith("Firebrick") and choice.random() < 0.3:
                value |= {"ready_after": choice.choice((0.2, 30))}
            needs = [other for other in resources if choice.random() < 0.4]
            resources[name] = {"type": kind, "properties": value} | ({"depends_on": needs} if needs else {})
    return {"heat_template_version": "2021-04-16", "resources": resources}


class Hammer:
    """One stack that is asked for something again and again."""

    def __init__(self, rig: Rig, name: str, choice: random.Random) -> None:
        self.rig, self.name, self.choice = rig, name, choice
        self.accepted: list[OperationRow] = []
        self.takeovers = 0

    async def run(self, enough: int) -> None:
        while self.takeovers < enough:
            await self._ask()
            await asyncio.sleep(self.choice.random() * 0.25)

    async def _ask(self) -> None:
        running = bool(self.accepted) and not (await self.rig.state(self.accepted[-1])).state.ended
        try:
            operation = await self._request()
        except FirebrickError:  # refused: by the table, while a delete runs, or since there is no such stack
            return
        if operation.id not in {one.id for one in self.accepted}:
            self.accepted.append(operation)
            self.takeovers += running

    async def _request(self) -> OperationRow:
        wish = self.choice.random()
        if wish < 0.12:
            return await self.rig.delete(self.name)
        if wish < 0.2:
            stack = await self.rig.project.stack(self.name)
            return await self.rig.starter.cancel(
                "default", stack.id, self.choice.choice((Cancel.ROLL_BACK, Cancel.KEEP))
            )
        options = {"disable_rollback": self.choice.random() < 0.5}
        try:
            return await self.rig.update(template(self.choice), self.name, **options)
        except FirebrickError:
            return await self.rig.create(template(self.choice), self.name, **options)


async def never_two_at_once(rig: Rig, stop: asyncio.Event) -> int:
    """How often it looked; AssertionError when it sees two operations RUNNING for one stack."""
    looks = 0
    while not stop.is_set():
        running = [
            one for one in await rig.store.every_project().open_operations() if one.state is OperationState.RUNNING
        ]
        stacks = [one.stack_id for one in running]
        assert len(stacks) == len(set(stacks)), f"two run at once: {sorted(stacks)}"
        looks += 1
        await asyncio.sleep(0.02)
    return looks


async def test_two_hundred_takeovers_lose_and_double_nothing(
    module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory: Path = tmp_path_factory.mktemp("rig")
    async with Rig(directory, module_server) as rig:
        await rig.worker()
        stop = asyncio.Event()
        watching = asyncio.create_task(never_two_at_once(rig, stop))
        choice = random.Random(SEED)
        hammers = [Hammer(rig, f"hammered{number}", random.Random(choice.random())) for number in range(STACKS)]
        await asyncio.gather(*(one.run(TAKEOVERS // STACKS) for one in hammers))
        for one in hammers:
            await _check_end(rig, one)
        stop.set()
        assert await watching > 10
        _check_world(rig)


async def test_what_runs_works_with_its_own_files_while_an_update_waits(
    module_server: DevServer, tmp_path: Path
) -> None:
    """The stack shows what was accepted; the create that runs, and was not told, makes what it was asked for."""
    inner = {"heat_template_version": "2021-04-16", "resources": {"in": {"type": "Firebrick::Test::Object"}}}
    outer: dict[str, Any] = {
        "heat_template_version": "2021-04-16",
        "resources": {
            "held": {"type": "Firebrick::Test::Object", "properties": {"hold": "ready"}},
            "nest": {"type": "inner.yaml", "depends_on": "held"},
        },
    }
    other = {"heat_template_version": "2021-04-16", "resources": {"held": {"type": "Firebrick::Test::Object"}}}
    async with Rig(tmp_path / "rig", module_server, reconcile_every=3600) as rig:
        await rig.worker()
        created = await rig.create(outer, files={"inner.yaml": json.dumps(inner)})
        await rig.reached(created, lambda _: bool(list(rig.provider.ledger.living())), "it is held")
        updated = await accept_update(rig.store, rig.registry, UpdateStackRequest(stack="demo", template=other))
        stack = await rig.project.stack("demo")
        assert (stack.state, dict(stack.files)) == ("UPDATE_IN_PROGRESS", {})
        rig.provider.release("held")
        await rig.done(updated)
        told = [f"{one.resource_name} {one.state}" for one in await rig.project.events(created.stack_id)]
        assert "nest CREATE_COMPLETE" in told and "nest DELETE_COMPLETE" in told
        assert [one for one in told if one.startswith("demo ")] == [
            "demo CREATE_IN_PROGRESS",
            "demo UPDATE_IN_PROGRESS",
            "demo UPDATE_COMPLETE",
        ]
        assert (await rig.state(created)).state is OperationState.DONE
        await rig.done(await rig.delete())
        _check_world(rig)


async def _check_end(rig: Rig, hammer: Hammer) -> None:
    """The last wish is carried out by a last update, and all that was accepted has ended in one of three ways."""

    async def ended() -> bool:
        return all([(await rig.state(one)).state.ended for one in hammer.accepted])

    stack_id = hammer.accepted[-1].stack_id
    await until(ended, f"all of {hammer.name} has ended")
    for one in hammer.accepted:
        row = await rig.state(one)
        assert row.state in (OperationState.DONE, OperationState.FAILED, OperationState.SUPERSEDED)
        if row.state is OperationState.SUPERSEDED:
            assert (await rig.project.operation(row.superseded_by)).seq > row.seq
    stack = await rig.project.stack(stack_id, include_deleted=True)
    if stack.deleted_at is None:
        await until(_nothing_open(rig, stack_id), f"{hammer.name} is at rest")
        last = await rig.delete(hammer.name)
        await rig.done(last)
        assert (await rig.state(last)).action is Action.DELETE


def _nothing_open(rig: Rig, stack_id: str) -> Any:
    async def look() -> bool:
        return all(one.state.ended for one in await rig.project.operations(stack_id))

    return look


def _check_world(rig: Rig) -> None:
    """After all deletes nothing is left outside, and each object was made once and deleted once."""
    ledger = rig.provider.ledger
    assert [one.owner for one in ledger.living()] == []
    made = [one.id for one in ledger.effects(what="created")]
    gone = [one.id for one in ledger.effects(what="deleted")]
    assert len(made) == len(set(made)) and sorted(made) == sorted(gone)
    tokens = [one.token for one in ledger.effects(what="created") if one.token]
    assert len(tokens) == len(set(tokens)), "one create had two effects"
