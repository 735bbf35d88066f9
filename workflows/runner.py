"""How workers run workflows, and how tests do that check what workers take for granted.

A worker's sandbox lets our own modules through: they would be loaded anew for each run, which is 30 ms of a processor
before its first step, and their code runs slower inside. That none of it asks for a clock, a random number or the like
is import-linter's to see, and the replay tests': those run every history under the second runner as well, in which
only pydantic and the contract (pure and large) pass through and all else is restricted.
"""

from collections.abc import Callable, Sequence
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


class _Passing(WorkflowInstance):
    """Another instance."""

    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance

    def activate(self, act: Any) -> Any:
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


class _WithoutContexts(_Passing):
    """One none of whose payloads has a context.

    The SDK asks the workflow for one up to four times for each payload, and each question enters the sandbox: a
    quarter of the worker's processor time with 1,000 activities (2.2 ms each instead of 3.1). Nothing of ours looks
    at contexts. A codec that does, or external storage, would need the questions asked again.
    """

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return StorageDriverStoreContext()


class _Patient(_Passing):
    """One that waits before it answers an end of activities with nothing to do: see `patient`."""

    def __init__(self, instance: WorkflowInstance, wait: Callable[[str], None]) -> None:
        super().__init__(instance)
        self._wait = wait

    def activate(self, act: Any) -> Any:
        done = self._instance.activate(act)
        idle = done.HasField("successful") and not done.successful.commands
        if idle and not act.is_replaying and any(job.HasField("resolve_activity") for job in act.jobs):
            self._wait(act.run_id)
        return done


class _Changing(WorkflowRunner):
    """Another runner's workflows, each instance within one of ours."""

    def __init__(self, runner: WorkflowRunner, within: Callable[[WorkflowInstance], WorkflowInstance]) -> None:
        self._runner = runner
        self._within = within

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return self._within(self._runner.create_instance(det))

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


def patient(runner: WorkflowRunner, wait: Callable[[str], None]) -> WorkflowRunner:
    """That runner's workflows; a run that was told of activities' ends, and asks for nothing, is silent until `wait`
    (of its run id) returns. What happens meanwhile comes with its next task. A history says nothing of it."""
    return _Changing(runner, lambda instance: _Patient(instance, wait))


def _runner(*passed_through: str) -> WorkflowRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules("pydantic", "pydantic_core", *passed_through)
    return _Changing(SandboxedWorkflowRunner(restrictions=restrictions), _WithoutContexts)


RUNNER = _runner("firebrick", "workflows")
RESTRICTING_RUNNER = _runner("firebrick.contract")
WORKFLOWS: list[type] = [CreateStack, UpdateStack, RollbackStack, DeleteStack, SignalResource, Reconcile, LookAtObjects]
