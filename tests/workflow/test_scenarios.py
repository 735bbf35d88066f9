"""Scenarios of updates: create; update; interrupt after so many resource actions; see what exists and how often."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from temporalio.client import WorkflowQueryFailedError

from firebrick.contract import OperationState
from firebrick.resources.base import Context, Done, Live, Next, Poll, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError
from firebrick.resources.vocabulary import UPDATABLE
from firebrick.testing.dev_server import DevServer
from starter.testing import Engine


class SlowToShow(ResourceType):
    """Its object is said to be in error once, right after it was made, and is well."""

    type_name = "Firebrick::Test::SlowToShow"
    attributes = {"shown": "The value."}
    idempotent_create = True
    said: ClassVar[list[str]] = []

    class Properties(ResourceProperties):
        value: Annotated[str, UPDATABLE] = ""

    def create(self, context: Context) -> Next:
        return Poll(after=0, physical_id="it")

    def poll_create(self, context: Context) -> Next:
        if context.name not in self.said:
            self.said.append(context.name)
            raise PermanentError("it went into ERROR")
        return Done(attributes={"shown": context.properties.value})

    def replace_failed(self, context: Context) -> bool:
        return False


class Grows(ResourceType):
    """Its first version, whose resources know no `two`."""

    type_name = "Firebrick::Test::Grows"
    attributes = {"one": "The value."}
    idempotent_create = True

    class Properties(ResourceProperties):
        value: str = ""

    def create(self, context: Context) -> Next:
        return Done(physical_id="it", attributes={"one": context.properties.value})


class Grown(Grows):
    attributes = {"one": "The value.", "two": "The value twice."}

    def read(self, context: Context) -> Live:
        value = context.properties.value
        return Live(attributes={"one": value, "two": value * 2})


@pytest.fixture
async def engine(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Engine]:
    async with Engine(tmp_path, address=dev_server.address, types=[SlowToShow]) as engine:
        yield engine


def template(**resources: dict[str, Any]) -> dict[str, Any]:
    """name={"a": ..., "!b": ..., "after": [...]}."""
    made: dict[str, Any] = {}
    for name, properties in resources.items():
        after = properties.pop("after", [])
        made[name] = {"type": "Firebrick::Test::Scenario", "properties": properties, "depends_on": after}
    return {"heat_template_version": "2018-08-31", "resources": made}


def attribute(resource: str, name: str) -> dict[str, Any]:
    return {"get_attr": [resource, name]}


def ids(engine: Engine) -> dict[str, str]:
    return {one["name"]: one["id"] for one in engine.world.objects()}


def chain(a: str, b: str) -> dict[str, Any]:
    return template(
        one={"a": a, "!b": b}, two={"a": attribute("one", "a")}, three={"a": attribute("two", "a"), "after": ["one"]}
    )


async def test_a_change_goes_down_the_chain_and_nothing_is_made_anew(engine: Engine) -> None:
    await engine.create(chain("x", "1"), name="s")
    assert await engine.settled("s") == "CREATE_COMPLETE"
    before = ids(engine)
    await engine.update("s", chain("y", "1"))
    assert await engine.settled("s") == "UPDATE_COMPLETE"
    assert engine.world.living() == {
        "one": {"a": "y", "!b": "1"},
        "two": {"a": "y", "!b": None},
        "three": {"a": "y", "!b": None},
    }
    assert ids(engine) == before
    assert set(engine.world.counts.values()) == {1} and len(engine.world.counts) == 6


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_an_update_that_is_cancelled_after_some_actions_is_taken_back(engine: Engine, count: int) -> None:
    await engine.create(chain("x", "1"), name="s")
    assert await engine.settled("s") == "CREATE_COMPLETE"
    before, living = ids(engine), engine.world.living()
    engine.world.close()
    update = await engine.update("s", chain("y", "1"))
    await engine.let(count)
    await engine.at_the_gate(("one", "two", "three")[count], "update")
    await engine.cancel("s", at_once=True)
    assert (await engine.wait(update)).state is OperationState.FAILED
    engine.world.open()
    assert await engine.settled("s") == "ROLLBACK_COMPLETE"
    assert engine.world.living() == living and ids(engine) == before
    assert engine.world.counts["one", "update"] == 2  # what was interrupted is finished, then changed back


async def test_a_replacement_that_is_rolled_back_gives_the_original_back(engine: Engine) -> None:
    await engine.create(chain("x", "1"), name="s")
    assert await engine.settled("s") == "CREATE_COMPLETE"
    before = ids(engine)
    engine.world.fail("two", "update")
    await engine.update("s", chain("y", "2"), disable_rollback=False)
    assert await engine.settled("s") == "ROLLBACK_COMPLETE"
    after = ids(engine)
    assert after["one"] == before["one"] and engine.world.living()["one"] == {"a": "x", "!b": "1"}
    assert engine.world.counts["one", "create"] == 2 and engine.world.counts["one", "delete"] == 1


async def test_an_update_takes_over_from_one_that_waits(engine: Engine) -> None:
    await engine.create(chain("x", "1"), name="s")
    assert await engine.settled("s") == "CREATE_COMPLETE"
    engine.world.close()
    first = await engine.update("s", chain("y", "2"))
    await engine.let(1)  # the replacement is there
    await engine.at_the_gate("two", "update")
    await engine.update("s", chain("z", "2"))
    assert (await engine.wait(first)).state is OperationState.SUPERSEDED
    engine.world.open()
    assert await engine.settled("s") == "UPDATE_COMPLETE"
    assert {name: one["a"] for name, one in engine.world.living().items()} == dict.fromkeys(
        ("one", "two", "three"), "z"
    )
    assert engine.world.counts["one", "create"] == 2 and engine.world.counts["one", "delete"] == 1


async def test_a_create_that_is_deleted_half_way_leaves_nothing(engine: Engine) -> None:
    engine.world.close()
    created = await engine.create(chain("x", "1"), name="s")
    await engine.let(2)
    await engine.at_the_gate("three", "create")
    deleted = await engine.delete("s")
    assert (await engine.wait(created)).state is OperationState.SUPERSEDED
    engine.world.open()
    assert (await engine.wait(deleted)).state is OperationState.DONE
    assert engine.world.living() == {}
    assert engine.world.finished[2:] == [("two", "delete"), ("one", "delete")]


async def test_a_create_that_is_stopped_goes_on_where_it_was(engine: Engine) -> None:
    engine.world.close()
    await engine.create(chain("x", "1"), name="s")
    await engine.let(1)
    await engine.at_the_gate("two", "create")
    await engine.cancel("s", rollback=False, at_once=True)
    assert await engine.settled("s") == "CREATE_FAILED"
    assert list(engine.world.living()) == ["one"]
    engine.world.open()
    await engine.go_on("s")
    assert await engine.settled("s") == "UPDATE_COMPLETE"
    assert sorted(engine.world.finished) == [("one", "create"), ("three", "create"), ("two", "create")]


@pytest.mark.parametrize("rollback", [True, False], ids=["rolled back", "left"])
async def test_a_cancel_lets_what_is_in_progress_finish_and_begins_nothing(engine: Engine, rollback: bool) -> None:
    await engine.create(chain("x", "1"), name="s")
    assert await engine.settled("s") == "CREATE_COMPLETE"
    before = ids(engine)
    engine.world.close()
    update = await engine.update("s", chain("y", "1"))
    await engine.let(1)
    await engine.at_the_gate("two", "update")
    await engine.cancel("s", rollback=rollback)
    while (await engine.progress(update)).stopping != "cancel":
        await asyncio.sleep(0.01)
    engine.world.open()
    assert (await engine.wait(update)).state is OperationState.FAILED
    assert await engine.settled("s") == ("ROLLBACK_COMPLETE" if rollback else "UPDATE_FAILED")
    assert {name: one["a"] for name, one in engine.world.living().items()} == (
        dict.fromkeys(("one", "two", "three"), "x") if rollback else {"one": "y", "two": "y", "three": "x"}
    )
    assert ids(engine) == before and ("three", "update") not in engine.world.counts
    assert {name: row.state for name, row in (await engine.resources("s")).items()} == {
        "one": "UPDATE_COMPLETE",
        "two": "UPDATE_COMPLETE",
        "three": "CREATE_COMPLETE",
    }


async def test_dependencies_turned_round_are_followed_in_the_clean_up(engine: Engine) -> None:
    await engine.create(template(one={"!b": "1"}, two={"!b": attribute("one", "!b")}), name="s")
    assert await engine.settled("s") == "CREATE_COMPLETE"
    await engine.update("s", template(two={"!b": "2"}, one={"!b": attribute("two", "!b")}))
    assert await engine.settled("s") == "UPDATE_COMPLETE"
    order = engine.world.finished[2:]
    assert sorted(order) == [("one", "create"), ("one", "delete"), ("two", "create"), ("two", "delete")]
    assert order.index(("two", "create")) < order.index(("one", "create"))
    assert order.index(("two", "delete")) < order.index(("one", "delete")) == 3
    assert {name: one["!b"] for name, one in engine.world.living().items()} == {"two": "2", "one": "2"}


async def test_what_is_judged_fine_after_all_shows_what_it_is(engine: Engine) -> None:
    """Its attributes were never recorded: what depended on it was made from nothing. Found by the model."""
    stack = template(below={"a": attribute("slow", "shown")})
    stack["resources"]["slow"] = {"type": SlowToShow.type_name, "properties": {"value": "x"}}
    await engine.create(stack, name="s")
    assert await engine.settled("s") == "CREATE_FAILED"
    await engine.go_on("s")
    assert await engine.settled("s") == "UPDATE_COMPLETE"
    assert engine.world.living() == {"below": {"a": "x", "!b": None}}
    assert (await engine.resources("s"))["slow"].attributes == {"shown": "x"}


def test_another_process_gets_the_type_as_a_plug_in(tmp_path: Path) -> None:
    script = (
        "from firebrick.resources.registry import Registry\n"
        "kind = Registry.default().type('Firebrick::Test::Scenario')\n"
        "print(sorted(kind.attributes)); kind.world.fail('web', 'update'); kind.world.close()\n"
    )
    environment = {
        **os.environ,
        "FIREBRICK_PLUGINS": "firebrick.testing.scenario",
        "FIREBRICK_TEST_WORLD": str(tmp_path),
        "FIREBRICK_TEST_PROPERTIES": "a,!ca,b",
    }
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == "['!ca', 'a', 'b']\n"
    assert '"gate": 0' in (tmp_path / "world.json").read_text()


async def test_an_attribute_that_a_later_version_of_a_type_adds_is_there_for_resources_made_before(
    dev_server: DevServer, tmp_path: Path
) -> None:
    """They are left as they are, asked once for what was never stored, and whoever refers to it gets it."""
    grows = {"type": "Firebrick::Test::Grows", "properties": {"value": "x"}}
    before = template(user={"a": attribute("it", "one")})
    before["resources"]["it"] = grows
    async with Engine(tmp_path, address=dev_server.address, types=[Grows]) as engine:
        await engine.wait(await engine.create(before, name="s"))
    after = template(user={"a": attribute("it", "two")})
    after["resources"]["it"] = grows
    async with Engine(tmp_path, address=dev_server.address, types=[Grown]) as engine:
        assert (await engine.wait(await engine.update("s", after))).state is OperationState.DONE
        assert engine.world.living() == {"user": {"a": "xx", "!b": None}}
        rows = await engine.resources("s")
        assert rows["it"].state == "CREATE_COMPLETE" and rows["it"].attributes == {"one": "x", "two": "xx"}
        told = len(await engine.events("s"))
        assert (await engine.wait(await engine.update("s", after))).state is OperationState.DONE
        assert len(await engine.events("s")) == told + 2


async def test_a_query_that_is_not_there_is_answered_with_those_that_are(lab: Any) -> None:
    created = await lab.create("heat_template_version: 2018-08-31\n")
    await created.handle.result()
    with pytest.raises(WorkflowQueryFailedError, match=r"the query `progres`\. It takes the query `progress`"):
        await created.handle.query("progres")
    assert (await created.handle.query("progress"))["action"] == "CREATE"
    assert await created.handle.query("__stack_trace") is not None
