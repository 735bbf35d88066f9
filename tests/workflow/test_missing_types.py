"""Two workers, of which one lacks a resource type: as while a provider's package is rolled out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.handlers import HandlerRunner
from activities.world import World
from firebrick.contract import OperationState
from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType
from firebrick.resources.registry import Registry, package_types
from firebrick.resources.vocabulary import UPDATABLE
from firebrick.store import Keyring, Store
from starter.starting import Starter
from tests.workflow.conftest import Lab, server_clock
from worker import make_worker


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
  seen: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [d, text]}}}}}}
  test: {{type: OS::Heat::TestResource, properties: {{value: {{get_attr: [c, text]}}}}}}
"""
WITH, WITHOUT = Registry([*package_types(), Note, Stamp]), Registry(package_types())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(
        f"sqlite:///{tmp_path / 'stacks.db'}", Keyring.from_file(tmp_path / "keyring")
    ) as store:
        Note.made.clear()
        yield store


async def lab_of(cleanup: AsyncExitStack, client: Client, store: Store, *workers: Registry) -> Lab:
    """Requests are accepted by who has all types; a worker for each of these."""
    starter = Starter(store, WITH, lambda: client)
    for registry in workers:
        handlers = HandlerRunner(threads=2)
        cleanup.callback(handlers.close)
        world = World(store=store, registry=registry, handlers=handlers, cluster=starter.cluster, clock=server_clock)
        # Of one client, one worker on a queue.
        own = await Client.connect(client.service_client.config.target_host, data_converter=client.data_converter)
        await cleanup.enter_async_context(make_worker(own, world, versioned=False))
    return Lab(client, store, WITH, starter)


async def test_what_a_worker_has_no_type_for_is_done_by_one_that_has_it(
    time_skipping: WorkflowEnvironment, store: Store
) -> None:
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, time_skipping.client, store, WITHOUT)
        created = await lab.create(TEMPLATE.format("one"), name="s")
        while not any(one.attempt > 1 for one in (await created.handle.describe()).raw_description.pending_activities):
            await asyncio.sleep(0.01)
        await lab_of(cleanup, time_skipping.client, store, WITH)
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
    time_skipping: WorkflowEnvironment, store: Store
) -> None:
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, time_skipping.client, store, WITHOUT)
        created = await lab.create(TEMPLATE.format("one"), name="s")
        with pytest.raises(Exception, match="Workflow execution failed"):
            await created.handle.result()
        rows = await created.resources()
        assert {rows[name].state for name in "ab"} == {"CREATE_FAILED"} and rows["c"].state == "INIT_COMPLETE"
        assert "The Resource Type (Acme::Note) could not be found" in rows["a"].status_reason
    async with AsyncExitStack() as cleanup:
        lab = await lab_of(cleanup, time_skipping.client, store, WITH)
        again = await lab.go_on("s")
        assert (await again.handle.result()).state is OperationState.DONE
    assert sorted(Note.made) == [f"{name} CREATE" for name in "abcd"]
