"""CreateStack: makes a stack's resources in dependency order."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.stack_workflow import OPTIONS, StackWorkflow


@workflow.defn(name=contract.CREATE_STACK, **OPTIONS)
class CreateStack(StackWorkflow):
    ACTION = contract.Action.CREATE

    @workflow.run
    async def run(self, *given: Any) -> contract.ActionResult:
        return await self._action.run(given)
