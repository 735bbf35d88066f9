"""Which build new operations run on, when builds come and go."""

import time
import uuid
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client

from activities.handlers import HandlerRunner
from activities.world import World
from firebrick import contract
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from firebrick.testing.dev_server import DevServer
from starter.builds import Builds, deployment_of
from starter.starting import Starter
from worker import build_id, make_worker

TEMPLATE = "heat_template_version: 2018-08-31\nresources: {r: {type: OS::Heat::TestResource}}\n"


async def current_build(client: Client, queue: str) -> str:
    answer = await client.workflow_service.describe_worker_deployment(
        DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment_of(queue))
    )
    return str(answer.worker_deployment_info.routing_config.current_deployment_version.build_id)


async def test_a_build_whose_workers_are_gone_gives_way_to_one_that_has_some(
    dev_server: DevServer, temporal_client: Client, tmp_path: Path
) -> None:
    client, queue = temporal_client, f"builds-{uuid.uuid4().hex[:8]}"
    handlers = HandlerRunner()
    async with await Store.open(
        f"sqlite:///{tmp_path / 'stacks.db'}", Keyring.from_file(tmp_path / "keys.json")
    ) as store:
        registry = Registry.default({})
        cluster = Starter(store, registry, lambda: client, task_queue=queue).cluster
        world = World(store=store, registry=registry, handlers=handlers, cluster=cluster, clock=time.time)
        mine = Builds(client, queue, build_id(), gone_after=0.0)
        async with make_worker(client, world, queue):
            await mine.promote()
            assert await current_build(client, queue) == build_id()
            await Builds(client, queue, "taken-back").promote()  # it promoted itself, and is no more
            handle = await client.start_workflow(
                contract.CREATE_STACK,
                {"name": "waits", "template": TEMPLATE},
                id=queue,
                task_queue=queue,
                result_type=contract.ActionResult,
            )
            await Builds(client, queue, build_id(), promotes=False, gone_after=0.0).see_to_current()
            assert await current_build(client, queue) == "taken-back"  # an operator's business
            await Builds(client, queue, build_id()).see_to_current()
            assert await current_build(client, queue) == "taken-back"  # it may still be starting
            await mine.see_to_current()
            assert await current_build(client, queue) == build_id()
            assert (await handle.result()).state is contract.OperationState.DONE
    handlers.close()


async def test_a_build_that_has_workers_stays_the_current_one(
    dev_server: DevServer, temporal_client: Client, tmp_path: Path
) -> None:
    client, queue = temporal_client, f"builds-{uuid.uuid4().hex[:8]}"
    handlers = HandlerRunner()
    async with await Store.open(
        f"sqlite:///{tmp_path / 'stacks.db'}", Keyring.from_file(tmp_path / "keys.json")
    ) as store:
        registry = Registry.default({})
        cluster = Starter(store, registry, lambda: client, task_queue=queue).cluster
        world = World(store=store, registry=registry, handlers=handlers, cluster=cluster, clock=time.time)
        async with make_worker(client, world, queue):
            await Builds(client, queue, build_id()).promote()
            handle = await client.start_workflow(
                contract.CREATE_STACK,
                {"name": "works", "template": TEMPLATE},
                id=queue,
                task_queue=queue,
                result_type=contract.ActionResult,
            )
            assert (await handle.result()).state is contract.OperationState.DONE  # so the server has seen its worker
            await Builds(client, queue, "older", gone_after=60.0).see_to_current()
            assert await current_build(client, queue) == build_id()
            # The answer depends on when the worker was seen: to who takes nobody for alive, it is gone.
            await Builds(client, queue, "older", gone_after=1e-9).see_to_current()
            assert await current_build(client, queue) == "older"
    handlers.close()
