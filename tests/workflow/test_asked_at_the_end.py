"""A request that is accepted after an operation was finished, before its run has ended; and one whose nudge is late."""

import asyncio
from typing import Any

import pytest

from firebrick import contract
from firebrick.contract import OperationState, UpdateStackRequest
from firebrick.intake_update import accept_update
from firebrick.store.operation_outcomes import BeginOutcome, FinishOutcome, Nothing
from firebrick.store.repository import Repository
from firebrick.store.rows import OperationRow
from tests.workflow.conftest import PROJECT, Lab

TEMPLATE = """heat_template_version: 2018-08-31
resources:
  one: {{type: OS::Heat::TestResource, properties: {{value: {0}}}}}
"""


async def test_an_update_that_is_asked_for_at_the_end_of_another_is_carried_out(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was begun and then forgotten, since it is of the same action: found by histories on a real server."""
    created = await lab.create(TEMPLATE.format("a"), name="s")
    assert (await created.handle.result()).state is OperationState.DONE
    finish, asked = Repository.finish, list[OperationRow]()

    async def finish_and_ask(self: Repository, operation_id: str, **how: Any) -> FinishOutcome:
        """The store's finish, and in the moment after it another request, with its nudge."""
        outcome = await finish(self, operation_id, **how)
        if not asked:
            request = UpdateStackRequest(stack="s", template=TEMPLATE.format("c"), project=PROJECT)
            asked.append(await accept_update(lab.store, lab.registry, request))
            running = lab.client.get_workflow_handle((await self.operation(operation_id)).workflow_id)
            await running.signal(contract.TAKE_OVER, asked[0].seq)
        return outcome

    monkeypatch.setattr(Repository, "finish", finish_and_ask)
    started = await lab.update("s", TEMPLATE.format("b"))
    await started.handle.result()
    assert (await started.operation()).state is OperationState.DONE
    assert (await lab.operation(asked[0].id)).state is OperationState.DONE
    assert (await started.resources())["one"].attributes == {"output": "c"}


async def test_a_nudge_that_is_told_late_does_not_interrupt_the_operation_that_it_was_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a delete that a client of Temporal starts beside another: when it told the other run to make way, that was at
    work on this delete already, and gave it up. Found by three deletes at once on a busy machine."""
    slow = "heat_template_version: 2018-08-31\nresources:\n  one:\n    type: OS::Heat::TestResource\n"
    slow += "    properties: {action_wait_secs: {delete: 30}}\n"
    created = await lab.create(slow, name="s")
    assert (await created.handle.result()).state is OperationState.DONE
    first = await lab.delete("s")
    begin, late = Repository.begin, list[str]()

    async def begin_and_be_late(self: Repository, stack_id: str, **how: Any) -> BeginOutcome:
        """The store's begin; then, before this run tells the other, that finds out and makes way."""
        outcome = await begin(self, stack_id, **how)
        if how["workflow_id"] == "its-own" and not late:
            assert isinstance(outcome, Nothing)
            newest = (await self.operations(stack_id))[0]
            late.append(newest.id)
            await lab.client.get_workflow_handle(outcome.running_workflow_id).signal(contract.TAKE_OVER, newest.seq)
            for _ in range(500):
                if (await self.operation(newest.id)).state is not OperationState.PENDING:
                    break
                await asyncio.sleep(0.01)
        return outcome

    # Parked: a run that makes way in the moment in which its step ends confuses this server, as no real one, for good.
    while not (await first.handle.query(contract.PROGRESS, result_type=contract.Progress)).parked:
        await asyncio.sleep(0.01)
    monkeypatch.setattr(Repository, "begin", begin_and_be_late)
    request = contract.DeleteStackRequest(stack="s", project=PROJECT)
    second = await lab.client.start_workflow(
        "DeleteStack", request, id="its-own", task_queue=contract.TASK_QUEUE, result_type=contract.ActionResult
    )
    assert (await second.result()).state is OperationState.DONE
    assert (await first.operation()).state is OperationState.SUPERSEDED
