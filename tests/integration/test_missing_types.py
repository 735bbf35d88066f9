"""Two workers, of which one lacks a resource type: as while a provider's package is rolled out."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import pytest
from temporalio.client import Client

from activities import unequipped
from activities.handlers import HandlerRunner
from activities.world import World
from firebrick.contract import OperationState
from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType
from firebrick.resources.registry import Registry, package_types
from firebrick.resources.vocabulary import UPDATABLE
from firebrick.store import Keyring, Store
from starter.builds import Builds
from starter.starting import Starter
from tests.workflow.conftest import Lab
from worker import build_id, make_worker


class Note(ResourceType):
    type_name = "Acme::Note"
    description = "A type of a package that some workers have."
    attributes = {"text": "What it says."}
    made: list[str] = []  # of every call, the resource and the action

    class Properties(ResourceProperties):
        text: Annotated[str, UPDATABLE]

    def create(self, context: Context) -> Done:
        self.made.append(f"{context.name} {context.action}")
        return Done(physical_id=context.name, attributes={"text": context.properties.text})

    def update(self, context: Context) -> Done:
        return self.create(context)

    def delete(self, context: Context) -> Done:
        self.made.append(f"{context.name} {context.action}")
        return Done()


class Stamp(Note):
    type_name = "Acme::Stamp"
    description = "The same, and it only computes."
    instant = True


TEMPLATE = """heat_template_version: 2018-08-31
resources:
  a: {{type: Acme::Note, properties: {{text: {0}}}}}
  b: {{type: Acme::Note, properties: {{text: {0}}}}}
  c: {{type: Acme::Note, depends_on: a, properties: {{text: {0}}}}}
  d: {{type: Acme::Stamp, properties: {{text: {{get_attr: [c, text]}}}}}}
  after: {{type: OS::Heat::Value, depends_on: d, properties: {{value: {0}}}}}
  last: {{type: OS::Heat::TestResource, depends_on: after, properties: {{value: {0}}}}}
  seen: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [d, text]}}}}}}
  test: {{type: OS::Heat::TestResource, properties: {{value: {{get_attr: [c, text]}}}}}}
"""
WITH, WITHOUT = Registry([*package_types(), Note, Stamp]), Registry(package_types())


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    monkeypatch.setattr(unequipped, "PAUSE", timedelta(seconds=0.02))
    monkeypatch.setattr(unequipped, "ATTEMPTS", 4)
    Note.made.clear()
    keyring = Keyring.from_file(tmp_path / "keyring")
    async with await Store.open(f"sqlite:///{tmp_path / 'stacks.db'}", keyring) as store:
        yield store


@pytest.fixture
def queue() -> str:
    return f"types-{uuid.uuid4().hex[:8]}"


async def lab_of(cleanup: AsyncExitStack, client: Client, queue: str, store: Store, registry: Registry) -> Lab:
    """Requests are accepted by who has all types; the worker has these. A client has one worker on a queue."""
    own = await Client.connect(
        client.service_client.config.target_host, namespace=client.namespace, data_converter=client.data_converter
    )
    starter = Starter(store, WITH, lambda: client, task_queue=queue)
    handlers = HandlerRunner()
    cleanup.callback(handlers.close)
    world = World(store=store, registry=registry, handlers=handlers, cluster=starter.cluster, clock=time.time)
    await cleanup.enter_async_context(make_worker(own, world, queue))
    await Builds(client, queue, build_id()).promote()
    return Lab(client, store, WITH, starter, queue)


async def test_what_a_worker_has_no_type_for_is_done_by_one_that_has_it(
    temporal_client: Client, queue: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unequipped, "ATTEMPTS", 1_000_000)  # who gets an attempt is chance
    monkeypatch.setattr(unequipped, "ALL_ATTEMPTS", 1_000_000)
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, temporal_client, queue, store, WITHOUT)
        created = await lab.create(TEMPLATE.format("one"), name="s")
        while not any(one.attempt > 1 for one in (await created.handle.describe()).raw_description.pending_activities):
            await asyncio.sleep(0.01)
        await lab_of(cleanup, temporal_client, queue, store, WITH)
        assert (await created.handle.result()).state is OperationState.DONE
        updated = await lab.update("s", TEMPLATE.format("two"))
        assert (await updated.handle.result()).state is OperationState.DONE
        assert (await updated.resources())["seen"].attributes == {"value": "two"}
        assert (await updated.resources())["test"].attributes == {"output": "two"}
        deleted = await lab.delete("s")
        assert (await deleted.handle.result()).state is OperationState.DONE
    each = {f"{name} {action}" for name in "abcd" for action in ("CREATE", "UPDATE", "DELETE")}
    assert sorted(Note.made) == sorted(each - {"d DELETE"})  # of what is instant, nobody is told


async def test_where_no_worker_has_the_type_the_resource_says_what_is_missing(
    temporal_client: Client, queue: str, store: Store
) -> None:
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, temporal_client, queue, store, WITHOUT)
        created = await lab.create(TEMPLATE.format("one"), name="s")
        with pytest.raises(Exception, match="Workflow execution failed"):
            await created.handle.result()
        rows = await created.resources()
        assert {rows[name].state for name in ("d", "after", "last", "seen")} == {"INIT_COMPLETE"}
        assert {rows[name].state for name in "ab"} == {"CREATE_FAILED"} and rows["c"].state == "INIT_COMPLETE"
        assert "The Resource Type (Acme::Note) could not be found" in rows["a"].status_reason
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, temporal_client, queue, store, WITH)
        again = await lab.go_on("s")
        assert (await again.handle.result()).state is OperationState.DONE
    assert sorted(Note.made) == [f"{name} CREATE" for name in "abcd"]


async def test_what_only_follows_an_instant_resource_waits_until_that_is_made(
    temporal_client: Client, queue: str, store: Store
) -> None:
    """They share a batch, and what needs no value of it was made on a worker that could not make the first."""
    template = """heat_template_version: 2018-08-31
resources:
  d: {type: Acme::Stamp, properties: {text: one}}
  e: {type: OS::Heat::Value, depends_on: d, properties: {value: x}}
  f: {type: OS::Heat::Value, depends_on: e, properties: {value: x}}
  g: {type: OS::Heat::TestResource, depends_on: f}
"""
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, temporal_client, queue, store, WITHOUT)
        created = await lab.create(template, name="s")
        with pytest.raises(Exception, match="Workflow execution failed"):
            await created.handle.result()
        told = await created.told()
        assert "d CREATE_FAILED" in told and not [one for one in told if one.endswith("_COMPLETE")]
        deleted = await lab.delete("s")  # what was never made needs no type
        assert (await deleted.handle.result()).state is OperationState.DONE
