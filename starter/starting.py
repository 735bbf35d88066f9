"""The one way to ask for a stack action: accept it in the store, then start (or wake) its workflow.

Order matters: the cluster is asked whether it answers before a row is written, so a refused request leaves nothing;
once the row is there the operation will be carried out, by the reconciler if the start's answer is lost.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from firebrick import contract, log_context
from firebrick.contract import (
    Action,
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.diagnostics import Diagnostic, Unavailable
from firebrick.intake import accept_create, accept_delete, accept_rollback
from firebrick.intake_update import accept_continue, accept_update
from firebrick.resources.registry import Registry
from firebrick.standing import Seen
from firebrick.store import Store
from firebrick.store.requests import Expected
from firebrick.store.rows import OperationRow
from starter.holds import Hold, holds_of
from starter.looking import look_at_objects
from starter.search_attributes import Present, never
from starter.workers import Workers

log = structlog.get_logger("firebrick.starter")

RPC_TIMEOUT = timedelta(seconds=5)


class Starter:
    """Accepts stack actions for any project and starts their workflows, on task_queue.

    client: called for each request, so that a connection may be replaced. minute: seconds that a minute of
    timeout_mins lasts (60; tests shorten it). search_attributes: whether the namespace has ours now.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry,
        client: Callable[[], Client],
        *,
        minute: float = 60.0,
        search_attributes: Present = never,
        task_queue: str = contract.TASK_QUEUE,
    ) -> None:
        self._store = store
        self._registry = registry
        self._client = client
        self._minute = minute
        self._search_attributes = search_attributes
        self.task_queue = task_queue
        self.workers = Workers(client, task_queue)

    async def no_worker(self) -> str:
        """Why nobody goes on with what was accepted, for people; "" while somebody does."""
        return (await self.workers.attendance()).waiting

    @property
    def cluster(self) -> "Cluster":
        """For activities, which start and wake other stacks' operations."""
        return Cluster(self)

    async def signal(self, workflow_id: str, name: str, *arguments: object) -> None:
        """Tell a run something; one that has ended needs no telling, and one that hears nothing looks into the
        store."""
        handle: WorkflowHandle[object, object] = self._client().get_workflow_handle(workflow_id)
        try:
            await handle.signal(name, args=list(arguments), rpc_timeout=RPC_TIMEOUT)
        except (RPCError, OSError) as error:
            if not isinstance(error, RPCError) or error.status is not RPCStatusCode.NOT_FOUND:
                log.warning("signal not confirmed", signal=name, workflow_id=workflow_id, error=type(error).__name__)

    async def create(self, request: CreateStackRequest) -> OperationRow:
        """Accept a create and start it. Raises InvalidInput, NameInUse, Unavailable; then nothing is stored."""
        await self.check_server()
        operation = await accept_create(self._store, self._registry, request, minute=self._minute)
        await self.start(operation)
        return operation

    async def update(self, request: UpdateStackRequest, *, expected: Expected | None = None) -> OperationRow:
        """Accept an update and start it; whatever runs makes way. expected: of a plan. Raises InvalidInput, NotFound,
        Conflict (the stack has moved since it was planned), Unavailable; then nothing is stored."""
        await self.check_server()
        operation = await accept_update(self._store, self._registry, request, minute=self._minute, expected=expected)
        await self.start(operation)
        return operation

    async def rollback(self, request: RollbackStackRequest) -> OperationRow:
        """Accept a rollback of what FAILED and start it. Raises InvalidInput, NotFound, ActionInProgress,
        Unavailable."""
        await self.check_server()
        operation = await accept_rollback(self._store, request, minute=self._minute)
        await self.start(operation)
        return operation

    async def go_on(self, request: ContinueStackRequest) -> OperationRow:
        """Accept going on with what FAILED and start it. Raises InvalidInput, NotFound, Unavailable."""
        await self.check_server()
        operation = await accept_continue(self._store, request, minute=self._minute)
        await self.start(operation)
        return operation

    async def cancel(
        self, project: str, stack_id: str, cancel: contract.Cancel, *, at_once: bool = False
    ) -> OperationRow:
        """Store that the running operation is to be cancelled, and tell its run. at_once: what is in progress is not
        waited for. A run that hears nothing is told by the reconciler. Raises InvalidInput (it cannot be cancelled this
        way), NotFound, Unavailable."""
        await self.check_server()
        repository = self._store.project(project)
        operation = await repository.accept_cancel(stack_id, cancel, now=self._store.clock(), at_once=at_once)
        if operation.state is contract.OperationState.RUNNING:
            await self.cluster.cancel(operation.workflow_id, operation.seq, at_once)
        return operation

    async def delete(self, request: DeleteStackRequest) -> OperationRow:
        """Accept a delete and start it, or have the running create make way. Raises NotFound, ActionInProgress,
        Unavailable; then nothing is stored."""
        await self.check_server()
        operation = await accept_delete(self._store, request, minute=self._minute)
        await self.start(operation)
        return operation

    async def look_at_objects(self, project: str, stack_ids: Sequence[str]) -> dict[int, Seen]:
        """By row, what a worker sees of the objects of these stacks, where it is other than the store has it.
        Unavailable: none answers in time."""
        await self.check_server()
        return await look_at_objects(self._client(), self._store.keyring, self.task_queue, project, stack_ids)

    async def holds(self, project: str, stack_id: str) -> list[Hold]:
        """What holds the runs that are under way in a stack, or in one that is nested in it; nothing while the cluster
        does not answer."""
        operations = await self._store.project(project).open_family(stack_id)
        return await holds_of(self._client(), operations) if operations else []

    async def check_server(self) -> None:
        """Unavailable when the cluster does not answer."""
        try:
            await self._client().service_client.check_health(timeout=RPC_TIMEOUT)
        except (RPCError, RuntimeError, OSError):
            raise Unavailable(
                Diagnostic(
                    code="no-temporal-server",
                    summary="the Temporal server does not answer",
                    detail="Nothing was stored. Start it again (or look at its log) and repeat the request.",
                )
            ) from None

    async def start(self, operation: OperationRow, workflow_id: str = "") -> bool:
        """Start the operation's workflow, or tell the stack's running one that it is there; whether that is certain.

        Signal-with-start is both in one call: the signal wakes a running action of the stack, and where none runs the
        workflow begins. It needs no worker to answer. A lost answer is no error: the row is PENDING and the
        reconciler starts it. workflow_id: under this id instead of the stack's, which somebody else has.
        """
        with log_context.bound(
            project=operation.project, stack=operation.stack_id, operation=operation.id, action=operation.action.value
        ):
            return await self._start(operation, workflow_id)

    async def _start(self, operation: OperationRow, workflow_id: str = "") -> bool:
        try:
            workflow_id = workflow_id or await self._running_workflow_id(operation)
            attributes = await self._attributes(operation)
            try:
                await self._send(operation, workflow_id, attributes)
            except RPCError as error:
                if not attributes or error.status is not RPCStatusCode.INVALID_ARGUMENT:
                    raise
                # One of them was taken away just now.
                await self._send(operation, workflow_id, TypedSearchAttributes.empty)
        except (RPCError, OSError) as error:
            log.warning("start not confirmed; the reconciler will see to it", error=type(error).__name__)
            return False
        log.info("started", workflow=workflow_id)
        return True

    async def _send(self, operation: OperationRow, workflow_id: str, attributes: TypedSearchAttributes) -> None:
        action = operation.action
        await self._client().start_workflow(
            action.workflow_type,
            contract.Accepted(
                project=operation.project,
                stack_id=operation.stack_id,
                operation_id=operation.id,
                search_attributes=bool(attributes),
            ),
            id=workflow_id,
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=contract.TAKE_OVER if action is not Action.CREATE else None,
            start_signal_args=[operation.seq],
            search_attributes=attributes,
            static_summary=f"{action} {operation.stack_name}",
            static_details=f"Stack `{operation.stack_id}` of project `{operation.project}`, operation `{operation.id}`",
            rpc_timeout=RPC_TIMEOUT,
        )

    async def _running_workflow_id(self, operation: OperationRow) -> str:
        """The workflow that runs the stack now, if any (it may have been started under an id of its own)."""
        for other in await self._store.project(operation.project).operations(operation.stack_id):
            if other.state is contract.OperationState.RUNNING:
                return other.workflow_id
        return operation.workflow_id

    async def _attributes(self, operation: OperationRow) -> TypedSearchAttributes:
        if not await self._search_attributes():
            return TypedSearchAttributes.empty
        values = {
            "project": operation.project,
            "stack": operation.stack_name,
            "stack_id": operation.stack_id,
            "root": operation.stack_id,
            "action": operation.action.value,
            "status": f"{operation.action}_IN_PROGRESS",
        }
        return TypedSearchAttributes(
            [
                SearchAttributePair(SearchAttributeKey.for_keyword(contract.SEARCH_ATTRIBUTES[key]), value)
                for key, value in values.items()
            ]
        )


class Cluster:
    """Other operations' workflows, for activities: see activities.world.Cluster."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter

    async def start(self, operation: OperationRow) -> bool:
        return await self._starter.start(operation)

    async def nudge(self, workflow_id: str, seq: int) -> None:
        await self._starter.signal(workflow_id, contract.TAKE_OVER, seq)

    async def cancel(self, workflow_id: str, seq: int, at_once: bool = False) -> None:
        await self._starter.signal(workflow_id, contract.CANCEL, seq)
        if at_once:  # beside the other: a run of an earlier build knows that only
            await self._starter.signal(workflow_id, contract.CANCEL_AT_ONCE, seq)

    async def wake(self, workflow_id: str, key: str) -> None:
        await self._starter.signal(workflow_id, contract.WAKE, key)
