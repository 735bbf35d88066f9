"""RollbackStack: brings a stack's resources back to the template before the one that failed."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.stack_workflow import OPTIONS, StackWorkflow


@workflow.defn(name=contract.ROLLBACK_STACK, **OPTIONS)
class RollbackStack(StackWorkflow):
    ACTION = contract.Action.ROLLBACK

    @workflow.run
    async def run(self, *given: Any) -> contract.ActionResult:
        return await self._action.run(given)
