"""UpdateStack: brings a stack's resources to a new template."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.stack_workflow import OPTIONS, StackWorkflow


@workflow.defn(name=contract.UPDATE_STACK, **OPTIONS)
class UpdateStack(StackWorkflow):
    ACTION = contract.Action.UPDATE

    @workflow.run
    async def run(self, *given: Any) -> contract.ActionResult:
        return await self._action.run(given)
