"""Random histories of many small stacks at once on a real server: updates, takeovers, cancels and rollbacks, while the
worker and the server are killed and the provider loses answers, fails and stalls. One in six has stacks in it, two
levels deep. Nothing is lost, doubled or stuck.

All stacks of a run share one server, one worker at a time and one provider, and so its faults and the kills. When all
have lived their random part the provider does nothing wrong any more: then an update must bring each stack to a
template, the ledger must have exactly what the rows say, and a delete must leave nothing.

``make soak`` lives a thousand: FIREBRICK_HISTORIES of them, from the seed FIREBRICK_HISTORIES_SEED on.
"""

import asyncio
import contextlib
import json
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Cancel, OperationState
from firebrick.diagnostics import FirebrickError
from firebrick.store.rows import OperationRow, StackSummary
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED, DELETED
from tests.integration.rig import LIMIT, Rig, until

pytestmark = pytest.mark.timeout(600)

HISTORIES = 60
AT_ONCE = 20
NESTING = 6  # one history in so many
NAMES = "abcde"
INNER_NAMES = "pqrz"
SOAK = int(os.environ.get("FIREBRICK_HISTORIES", "1000"))
SOAK_SEED = int(os.environ.get("FIREBRICK_HISTORIES_SEED", "100"))
FAULTS: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("drop-after-effect", "POST", {}),
    ("drop-after-effect", "PUT", {}),
    ("drop-after-effect", "DELETE", {}),
    ("drop-before-effect", "POST", {}),
    ("fail", "POST", {"status": 400}),
    ("fail", "PUT", {"status": 400}),
    ("fail", "PUT", {"status": 503}),
    ("fail", "DELETE", {"status": 400}),
    ("fail", "GET", {"status": 400}),
    ("stall-after-effect", "POST", {"seconds": 1.0}),
)


HEAD = {"heat_template_version": "2021-04-16"}
OBJECT, TOKEN = "Firebrick::Test::Object", "Firebrick::Test::Token"


@dataclass(frozen=True)
class Wanted:
    """A template, and the templates that it and they name as types."""

    template: dict[str, Any]
    files: dict[str, Any]

    @property
    def request(self) -> dict[str, Any]:
        return {"files": {name: json.dumps(text) for name, text in self.files.items()}}


def wanted(chance: random.Random, *, nests: bool) -> Wanted:
    """3 to 5 resources, each upon some before it in a random order; the last but one, perhaps, a nested stack."""
    names = chance.sample(NAMES, chance.randint(3, 5))
    made: dict[str, Any] = {}
    for place, name in enumerate(names):
        properties: dict[str, Any] = {"size": chance.randint(1, 3)}
        kind = TOKEN if name in "be" else OBJECT
        if nests and place == len(names) - 2 and chance.random() < 0.8:
            kind = "inner.yaml"
        elif chance.random() < 0.3:
            properties["ready_after"] = 0.2  # a change of it replaces
        if place and chance.random() < 0.7:
            other = chance.choice(names[:place])
            attributes = ("size",) if made[other]["type"] == "inner.yaml" else ("value", "name", "size")
            properties["value"] = {"get_attr": [other, chance.choice(attributes)]}
        made[name] = {"type": kind, "properties": properties}
    return Wanted({**HEAD, "resources": made}, inner_templates(chance) if nests else {})


def inner_templates(chance: random.Random) -> dict[str, Any]:
    size, value = {"get_param": "size"}, {"get_attr": ["p", "size"]}
    parameters = {"size": {"type": "number"}, "value": {"type": "string", "default": ""}}
    deeper = chance.random() < 0.4
    resources: dict[str, Any] = {
        "p": {"type": "deeper.yaml" if deeper else OBJECT, "properties": {"size": size}},
        "q": {"type": TOKEN, "properties": {"size": chance.randint(1, 2), "value": value}},
        "r": {"type": OBJECT, "properties": {"size": 1, "ready_after": chance.choice((0.1, 0.2)), "value": value}},
    }
    for name in chance.sample("qr", chance.randint(0, 1)):
        del resources[name]
    inner = {**HEAD, "parameters": parameters, "resources": resources, "outputs": {"size": {"value": value}}}
    below = {"z": {"type": OBJECT, "properties": {"size": size}}}
    outputs = {"size": {"value": {"get_attr": ["z", "size"]}}}
    deepest = {**HEAD, "parameters": {"size": {"type": "number"}}, "resources": below, "outputs": outputs}
    return {"inner.yaml": inner, "deeper.yaml": deepest}


def family(stack: str) -> str:
    """The name of the outermost stack: what is in it has that before its own."""
    return stack.partition("-")[0]


class Watch:
    """What all histories wait for, looked up once for all of them: whose operations are open, how much was done."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._news = asyncio.Condition()
        self._looks = 0
        self.open: frozenset[str] = frozenset()  # ids of stacks
        self.effects: Counter[str] = Counter()  # of stacks with what is in them, by name

    async def run(self) -> None:
        while True:
            self.open = frozenset(one.stack_id for one in await self._rig.store.every_project().open_operations())
            self.effects = Counter(family(one.stack) for one in self._rig.provider.ledger.effects())
            async with self._news:
                self._looks += 1
                self._news.notify_all()
            await asyncio.sleep(0.1)

    async def until(self, condition: Callable[[], bool]) -> None:
        """TimeoutError after a limit that only a broken program reaches. What is asked is younger than the call."""
        first = self._looks + 2
        async with asyncio.timeout(LIMIT), self._news:
            await self._news.wait_for(lambda: self._looks >= first and condition())


class History:
    """The life of one stack."""

    def __init__(self, rig: Rig, watch: Watch, name: str, seed: int, *, nests: bool) -> None:
        self._rig = rig
        self._watch = watch
        self._name = name
        self._chance = random.Random(seed)
        self._nests = nests
        self._asked: list[OperationRow] = []

    async def random_part(self) -> None:
        chance, rig = self._chance, self._rig
        first = self._wanted()
        rollback = chance.random() < 0.5
        self._asked.append(
            await rig.once_server_answers(
                lambda: rig.create(first.template, self._name, disable_rollback=not rollback, **first.request)
            )
        )
        for _ in range(2):
            await self._before_the_next()
            await self._update(self._wanted(), disable_rollback=chance.random() < 0.5)
        await self._before_the_next()
        await self._idle()

    def _wanted(self) -> Wanted:
        return wanted(self._chance, nests=self._nests)

    async def _before_the_next(self) -> None:
        """Wait for the end; or for some of it, and cancel, or have the next take over."""
        chance, last = self._chance, self._asked[-1]
        how = chance.choice(("wait", "take over", "cancel", "wait"))
        if how == "wait":
            await self._idle()
            return
        count = self._watch.effects[self._name] + chance.randint(0, 3)
        await self._watch.until(
            lambda: last.stack_id not in self._watch.open or self._watch.effects[self._name] >= count
        )
        if how == "cancel":
            cancel = chance.choice((Cancel.ROLL_BACK, Cancel.KEEP))
            with contextlib.suppress(FirebrickError):  # too late, or not of this action
                await self._rig.starter.cancel("default", last.stack_id, cancel)

    async def _update(self, to: Wanted, **options: Any) -> OperationRow:
        request = {**to.request, **options}
        operation = await self._rig.once_server_answers(lambda: self._rig.update(to.template, self._name, **request))
        self._asked.append(operation)
        return operation

    async def _idle(self) -> None:
        """Until no operation of the stack is open, those that followed from others neither."""
        stack_id = self._asked[0].stack_id
        try:
            await self._watch.until(lambda: stack_id not in self._watch.open)
        except TimeoutError:
            report = await self._rig.report(self._asked[-1])
            raise AssertionError(f"{self._name} does not come to rest\n{report}") from None

    async def _done(self, operation: OperationRow) -> None:
        await self._idle()
        ended = await self._rig.state(operation)
        assert ended.state is OperationState.DONE, f"{ended.reason}\n{await self._rig.report(operation)}"

    async def ordered_part(self) -> None:
        """With a provider that does nothing wrong: to a template, and away."""
        rig = self._rig
        last = self._wanted()
        await self._done(await self._update(last))
        living = [one for one in rig.provider.ledger.living() if family(one.stack) == self._name]
        stacks = await self._check_world(self._asked[0].stack_id, last.template, last.files, {})
        assert {one.stack for one in living} <= stacks, f"{self._name}: objects of stacks that are not there"
        assert {one.name for one in await self._stacks()} == stacks
        await self._done(await rig.once_server_answers(lambda: rig.delete(self._name)))
        assert [one.label for one in rig.provider.ledger.living() if family(one.stack) == self._name] == []
        assert await self._stacks() == []
        for operation in self._asked:
            assert (await rig.state(operation)).state.ended

    async def _stacks(self) -> list[StackSummary]:
        """The living ones, of all levels."""
        found = await self._rig.project.stacks(include_nested=True)
        return [one for one in found if family(one.name) == self._name]

    async def _check_world(
        self, stack_id: str, template: dict[str, Any], files: dict[str, Any], given: dict[str, Any]
    ) -> set[str]:
        """A stack is what its template says, with these parameters, and so is what is in it; the names of them all."""
        project = self._rig.project
        stack, rows = await project.stack(stack_id), await project.resources(stack_id)
        living = [one for one in self._rig.provider.ledger.living() if one.stack == stack.name]
        stacks = {stack.name}
        assert sorted(row.name for row in rows) == sorted(template["resources"])
        seen = {one.label: {**one.properties, "name": one.name} for one in living}
        expected: dict[str, str | None] = {}
        for row in rows:
            wants = template["resources"][row.name]
            sizes = {
                name: given.get(value["get_param"]) if isinstance(value, dict) and "get_param" in value else value
                for name, value in wants["properties"].items()
            }
            if wants["type"] in files:
                stacks |= await self._check_world(str(row.physical_id), files[wants["type"]], files, sizes)
                seen[row.name] = dict(row.attributes)
            else:
                expected[row.name] = row.physical_id
            assert seen[row.name]["size"] == sizes["size"], f"{stack.name}: {row.name}"
        assert expected == {one.label: one.id for one in living}, stack.name
        assert len(living) == len(expected), f"{stack.name}: more objects than rows"
        for name, wants in template["resources"].items():
            if "value" in wants["properties"] and wants["type"] not in files:
                other, attribute = wants["properties"]["value"]["get_attr"]
                assert seen[name]["value"] == str(seen[other][attribute]), f"{stack.name}: {name} is not up to date"
        return stacks


async def disturb(rig: Rig, chance: random.Random, kills: Sequence[str]) -> None:
    """Kill at moments that the provider's ledger gives, whatever the machine's pace."""
    for number, victim in enumerate(kills):
        moment = 40 + 50 * number

        async def grown(moment: int = moment) -> bool:
            return len(rig.provider.ledger.effects()) >= moment

        await until(grown, f"{moment} effects")
        for _ in range(3):
            do, method, more = chance.choice(FAULTS)
            rig.provider.fault(
                do, method=method, match=chance.choice(NAMES + INNER_NAMES), nth=chance.randint(1, 8), **more
            )
        if victim == "worker":
            await rig.replace_workers()
        else:
            await asyncio.to_thread(rig.server.restart)


async def run(directory: Path, seed: int, count: int, kills: Sequence[str]) -> None:
    server = DevServer(directory / "temporal.db")
    await asyncio.to_thread(server.start)
    try:
        async with Rig(directory, server) as rig:
            await rig.worker()
            watch = Watch(rig)
            watching = asyncio.create_task(watch.run())
            places = asyncio.Semaphore(AT_ONCE)

            async def one(part: Callable[[], Awaitable[None]]) -> None:
                async with places:
                    await part()

            histories = [
                History(rig, watch, f"stack{number}", seed * 1000 + number, nests=number % NESTING == 0)
                for number in range(count)
            ]
            async with asyncio.TaskGroup() as together:
                together.create_task(disturb(rig, random.Random(seed), kills))
                for history in histories:
                    together.create_task(one(history.random_part))
            rig.provider.clear_faults()
            async with asyncio.TaskGroup() as together:
                for history in histories:
                    together.create_task(one(history.ordered_part))
            check_effects(rig)
            watching.cancel()
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        await asyncio.to_thread(server.stop)


def check_effects(rig: Rig) -> None:
    """Each key made one object at most (an object's name is its key), each object was unmade once at most."""
    ledger = rig.provider.ledger
    made = Counter(one.name if not one.token else one.token for one in ledger.effects(what=CREATED))
    unmade = Counter(one.id for one in ledger.effects(what=DELETED))
    assert [key for key, times in made.items() if times > 1] == []
    assert [id_ for id_, times in unmade.items() if times > 1] == []
    assert ledger.living() == []


async def test_sixty_histories_under_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    await run(tmp_path, 7, HISTORIES, ("worker", "server", "worker"))


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_a_thousand_histories_lose_and_double_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sixty at a time, each time from a seed of its own."""
    for number in range(-(-SOAK // HISTORIES)):
        seed = SOAK_SEED + number
        count = min(HISTORIES, SOAK - number * HISTORIES)
        with capsys.disabled():
            print(
                f"\n  {number * HISTORIES} of {SOAK} histories; FIREBRICK_HISTORIES_SEED={seed} next",
                end="",
                flush=True,
            )
        chance, directory = random.Random(seed), tmp_path / str(seed)
        directory.mkdir()
        kills = [chance.choice(("worker", "worker", "server")) for _ in range(count // 10)]
        await run(directory, seed, count, kills)
