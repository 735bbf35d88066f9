"""A request that is accepted after an operation was finished, before its run has ended."""

from typing import Any

import pytest

from firebrick import contract
from firebrick.contract import OperationState, UpdateStackRequest
from firebrick.intake_update import accept_update
from firebrick.store.operation_outcomes import FinishOutcome
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
