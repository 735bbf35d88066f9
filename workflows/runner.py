"""The one sandbox configuration: workers and replay tests run workflows under the same rules.

Only pydantic and the contract pass through (they are pure and large); graph, plan and traversal load inside the
sandbox, where their purity is enforced.
"""

from collections.abc import Sequence
from typing import Any

from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workflows.create_stack import CreateStack
from workflows.delete_stack import DeleteStack
from workflows.look_at_objects import LookAtObjects
from workflows.reconcile import Reconcile
from workflows.rollback_stack import RollbackStack
from workflows.signal_resource import SignalResource
from workflows.update_stack import UpdateStack


class WithoutPayloadContexts(WorkflowRunner):
    """Another runner's workflows, none of whose payloads has a context.

    The SDK asks the workflow for one up to four times for each payload, and each question enters the sandbox: a
    quarter of the worker's processor time with 1,000 activities (2.2 ms each instead of 3.1). Nothing of ours looks
    at contexts. A codec that does, or external storage, would need the questions asked again.
    """

    def __init__(self, runner: WorkflowRunner) -> None:
        self._runner = runner

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Instance(self._runner.create_instance(det))

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


class _Instance(WorkflowInstance):
    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance

    def activate(self, act: Any) -> Any:
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext()

    def get_info(self) -> Any:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


RUNNER = WithoutPayloadContexts(
    SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "pydantic", "pydantic_core", "firebrick.contract"
        )
    )
)
WORKFLOWS: list[type] = [CreateStack, UpdateStack, RollbackStack, DeleteStack, SignalResource, Reconcile, LookAtObjects]
