"""The one sandbox configuration: workers and replay tests run workflows under the same rules.

Only pydantic and the contract pass through (they are pure and large); graph, plan and traversal load inside the
sandbox, where their purity is enforced.
"""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.create_stack import CreateStack
from workflows.delete_stack import DeleteStack

RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("pydantic", "pydantic_core", "firebrick.contract")
)
WORKFLOWS: list[type] = [CreateStack, DeleteStack]
