"""Workers and servers die by kill -9 at random moments under stacks of 60 resources; nobody notices in the result.

Each installation has a server of its own, creates a stack and deletes it, and meanwhile loses worker and server in
turn. A kill comes when the provider's ledger has grown to a seeded length, and a seeded moment later: in the middle of
the work, whatever the machine's pace. What was killed is started again at once.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED, DELETED
from tests.integration.history import (
    check_created_once,
    check_deleted_once,
    check_idle_after_end,
    check_stack,
    required_by_name,
)
from tests.integration.rig import Rig, until
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(600)  # the first test waits for all cases

WORKER, SERVER = "worker", "server"
KILLS = (WORKER, SERVER, WORKER, SERVER, WORKER)  # the first three under the create, the others under the delete
SEEDS = (11, 12, 13, 14)
SOAK_SEEDS = range(100, 140)
LAYERS, WIDTH = 4, 10


def resources(chance: random.Random) -> dict[str, Any]:
    """40 resources outside in four layers, each upon two of the layer below; 10 words and 10 that wait, among them."""
    made: dict[str, Any] = {}
    for layer in range(LAYERS):
        for number in range(WIDTH):
            kind = "Firebrick::Test::Object" if (layer + number) % 2 else "Firebrick::Test::Token"
            properties: dict[str, Any] = {"ready_after": round(chance.random() * 0.5, 2) if number % 3 == 0 else 0}
            one: dict[str, Any] = {"type": kind, "properties": properties}
            if layer:
                below = sorted(chance.sample(range(WIDTH), 2))
                one["depends_on"] = [f"out{layer - 1}-{other}" for other in below]
                properties["value"] = {"get_attr": [f"out{layer - 1}-{below[0]}", "name"]}
            elif number < 5:
                properties["value"] = {"get_attr": [f"word{number}", "value"]}
            made[f"out{layer}-{number}"] = one
    for number in range(WIDTH):
        made[f"word{number}"] = {"type": "OS::Heat::RandomString"}
        if number >= 5:
            made[f"word{number}"]["depends_on"] = f"out{chance.randrange(LAYERS)}-{number}"
        made[f"wait{number}"] = {
            "type": "OS::Heat::TestResource",
            "properties": {"wait_secs": round(chance.random(), 2), "value": {"get_attr": [f"word{number}", "value"]}},
        }
    return made


OUTSIDE = sorted(f"out{layer}-{number}" for layer in range(LAYERS) for number in range(WIDTH))


class Killer:
    """Kills and starts again, at moments that the seed gives."""

    def __init__(self, rig: Rig, chance: random.Random) -> None:
        self._rig = rig
        self._chance = chance
        self.killed: list[str] = []

    async def under(self, operation: OperationRow, kills: Sequence[str]) -> None:
        """Do these kills while the operation makes or unmakes what is outside."""
        effect = {Action.CREATE: CREATED, Action.DELETE: DELETED}[operation.action]
        moments = sorted(self._chance.sample(range(1, len(OUTSIDE)), len(kills)))
        for moment, victim in zip(moments, kills, strict=True):

            async def grown(moment: int = moment) -> bool:
                return len(self._rig.provider.ledger.effects(what=effect)) >= moment

            try:
                await until(grown, f"{moment} {effect}")
            except AssertionError as error:
                raise AssertionError(f"{error}\n{await self._rig.report(operation)}") from None
            await asyncio.sleep(self._chance.random() * 0.4)
            if victim == WORKER:
                await self._rig.replace_workers()
            else:
                await asyncio.to_thread(self._rig.server.restart)
            self.killed.append(f"{victim} at {moment} {effect}")


async def _create_and_delete(rig: Rig, seed: int, kills: Sequence[str], under_create: int) -> None:
    chance = random.Random(seed)
    killer = Killer(rig, chance)
    template = {"heat_template_version": "2021-04-16", "resources": resources(chance)}
    assert len(template["resources"]) == 60
    await rig.worker()

    created = await rig.create(template, timeout_mins=10)
    await killer.under(created, kills[:under_create])
    await rig.done(created)
    requires = required_by_name(await rig.project.resources(created.stack_id))
    check_created_once(rig.provider.ledger, "demo", OUTSIDE)
    rows = await rig.project.resources(created.stack_id)
    assert {row.state for row in rows} == {"CREATE_COMPLETE"} and len(rows) == 60
    living = {effect.label: effect.id for effect in rig.provider.ledger.living()}
    assert {row.name: row.physical_id for row in rows if row.name in living} == living

    deleted = await rig.once_server_answers(rig.delete)
    await killer.under(deleted, kills[under_create:])
    await rig.done(deleted)
    check_deleted_once(rig.provider.ledger, "demo", OUTSIDE)
    events = await check_stack(rig, created.stack_id, requires)
    for action in (Action.CREATE, Action.DELETE):
        complete = [one.resource_name for one in events if one.resource_id and one.state == f"{action}_COMPLETE"]
        assert sorted(complete) == sorted(requires)
    check_idle_after_end(events, rig.provider.ledger)
    assert len(killer.killed) == len(kills)


def case(directory: Path, seed: int, kills: Sequence[str], under_create: int) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        server = DevServer(directory / "temporal.db")
        await asyncio.to_thread(server.start)
        try:
            async with Rig(directory, server, latency=0.1, jitter=0.3) as rig:
                await _create_and_delete(rig, seed, kills, under_create)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        finally:
            await asyncio.to_thread(server.stop)

    return run


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    cases = {
        f"seed {seed}": case(tmp_path_factory.mktemp("kills"), seed, _kills(number), under_create=3)
        for number, seed in enumerate(SEEDS)
    }
    return side_by_side(request, cases)


def _kills(number: int) -> Sequence[str]:
    """Installations take turns in what dies first."""
    return KILLS if number % 2 == 0 else tuple({WORKER: SERVER, SERVER: WORKER}[one] for one in KILLS)


@pytest.mark.parametrize("seed", [f"seed {seed}" for seed in SEEDS])
def test_random_kills_of_worker_and_server_change_nothing(outcomes: Outcomes, seed: str) -> None:
    outcomes.check(seed)


def test_there_are_twenty_kills_of_both_sorts() -> None:
    kills = [kill for number in range(len(SEEDS)) for kill in _kills(number)]
    assert len(kills) == 20 and kills.count(WORKER) == kills.count(SERVER) == 10


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK_SEEDS)
async def test_many_more_kills_change_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kills = [chance.choice((WORKER, SERVER)) for _ in range(12)]
    await case(tmp_path, seed, kills, under_create=7)()
