"""Stack actions on a worker whose payloads are encrypted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from activities.handlers import HandlerRunner
from activities.world import World
from firebrick import contract
from firebrick.contract import ActionResult, OperationState
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from starter.payload_codec import encrypting
from starter.starting import Starter
from tests.workflow.conftest import server_clock
from worker import make_worker

SECRET = "correct-horse-battery-staple"
TEMPLATE = f"""
heat_template_version: 2018-08-31
parameters: {{word: {{type: string, hidden: true}}}}
resources:
  first: {{type: OS::Heat::Value, properties: {{value: {{get_param: word}}}}}}
  readableName:
    type: OS::Heat::TestResource
    properties: {{wait_secs: 30, value: {{get_attr: [first, value]}}, fail: FAIL}}
  third: {{type: OS::Heat::Value, depends_on: readableName, properties: {{value: {SECRET}}}}}
"""


@pytest.fixture
async def client(time_skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Client]:
    """Of a worker with a codec."""
    config: Any = {**time_skipping.client.config(), "data_converter": encrypting(tmp_path / "payload-keyring")}
    client = Client(**config)
    handlers = HandlerRunner()
    async with await Store.open(
        f"sqlite:///{tmp_path / 'stacks.db'}", Keyring.from_file(tmp_path / "keyring")
    ) as store:
        world = World(
            store=store,
            registry=Registry.default({}),
            handlers=handlers,
            cluster=Starter(store, Registry.default({}), lambda: client).cluster,
            clock=server_clock,
            payload_codec=True,
        )
        async with make_worker(client, world, versioned=False):
            yield client
    handlers.close()


async def _raw(client: Client, workflow_id: str) -> bytes:
    handle = client.get_workflow_handle(workflow_id)
    return b"".join([event.SerializeToString() async for event in handle.fetch_history_events()])


@pytest.mark.parametrize("fails", [False, True])
async def test_a_hidden_value_may_come_inline_and_nothing_of_it_is_readable(client: Client, fails: bool) -> None:
    request = contract.CreateStackRequest(
        name="readableStack", template=TEMPLATE.replace("FAIL", str(fails).lower()), parameters={"word": SECRET}
    )
    handle = await client.start_workflow(
        contract.CREATE_STACK,
        request,
        id="w",
        task_queue=contract.TASK_QUEUE,
        result_type=ActionResult,
        static_summary=f"a summary with {SECRET}",
    )
    if fails:
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert "resources.readableName" in str(failed.value.__cause__)
    else:
        assert (await handle.result()).state is OperationState.DONE
    raw = await _raw(client, "w")
    assert raw.count(b"binary/encrypted") > 10
    for word in (SECRET, "Resource CREATE failed", "OS::Heat", "json/plain", "permanent", "heat_template_version"):
        assert word.encode() not in raw, word


async def test_a_request_in_the_clear_is_taken(client: Client, time_skipping: WorkflowEnvironment) -> None:
    """As `temporal workflow start --input` sends it. What follows is encrypted all the same."""
    plain = time_skipping.client
    template = TEMPLATE.replace("FAIL", "false").replace("wait_secs: 30", "wait_secs: 0")
    request = {"name": "by-hand", "template": template, "parameters": {"word": "by-hand-word"}}
    handle = await plain.start_workflow(contract.CREATE_STACK, request, id="w", task_queue=contract.TASK_QUEUE)
    reading = client.get_workflow_handle("w", run_id=handle.first_execution_run_id, result_type=ActionResult)
    answer = await reading.result()
    assert answer.state is OperationState.DONE and handle.id == "w"
    assert (await _raw(client, "w")).count(b"by-hand-word") == 1
