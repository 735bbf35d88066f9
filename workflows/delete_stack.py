"""DeleteStack: unmakes a stack's resources, dependants first."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.stack_workflow import OPTIONS, StackWorkflow


@workflow.defn(name=contract.DELETE_STACK, **OPTIONS)
class DeleteStack(StackWorkflow):
    ACTION = contract.Action.DELETE

    @workflow.run
    async def run(self, *given: Any) -> contract.ActionResult:
        return await self._action.run(given)
