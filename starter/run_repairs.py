"""What keeps a run from going on that nobody meant to hold it: put back by the reconciler.

An operator's pause is left alone. But an activity that was given options under which it can never end, and search
attributes that were taken away while a run was about to write them, hold a run for ever, and nobody would know why.
"""

import time
from collections.abc import Callable

import structlog
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState, TaskQueueType, WorkflowTaskFailedCause
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    GetWorkflowExecutionHistoryReverseRequest,
    UpdateActivityOptionsRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from starter.runs import RPC_TIMEOUT, Run
from starter.search_attributes import SearchAttributes

log = structlog.get_logger("firebrick.reconciler")

# An attempt begins a few seconds after the one before; one that is to begin so much later was given other options.
LATE = 60.0  # seconds
# An activity whose attempts time out so often cannot end in the time it was given.
TIMED_OUT = 5
_WAITS = (PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED,)
_RECENT_EVENTS = 20


class RunRepairs:
    """For one worker's reconciler. clock: seconds since the epoch."""

    def __init__(self, client: Client, attributes: SearchAttributes, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._attributes = attributes
        self._had_attributes = False

    async def attributes_were_removed(self) -> bool:
        """Whether the namespace had our search attributes when this was asked before, and has not all of them now."""
        before, self._had_attributes = self._had_attributes, await self._attributes.present()
        removed = before and not self._had_attributes
        self._had_attributes = self._had_attributes or before
        return removed

    async def repair(self, run: Run) -> bool:
        """Whether something of a run that is under way was put back."""
        done = False
        for one in run.activities:
            if await self._cannot_end(run, one):
                await self._restore(run, one)
                done = True
        if run.fails and await self._lacks_search_attributes(run):
            done = await self._add_search_attributes(run) or done
        return done

    async def is_polled(self, task_queue: str, kind: "TaskQueueType.ValueType") -> bool:
        """Whether a worker was seen at a task queue lately."""
        answer = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace, task_queue=TaskQueue(name=task_queue), task_queue_type=kind
            ),
            timeout=RPC_TIMEOUT,
        )
        return bool(answer.pollers)

    async def _cannot_end(self, run: Run, one: PendingActivityInfo) -> bool:
        if one.state not in _WAITS or one.paused:
            return False
        queue = one.activity_options.task_queue.name
        if queue and queue != run.info.task_queue:
            return not await self.is_polled(queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
        if one.HasField("next_attempt_schedule_time"):
            wait = one.next_attempt_schedule_time.seconds - self._clock()
            if wait > LATE and not one.last_failure.application_failure_info.HasField("next_retry_delay"):
                return True
        return one.attempt >= TIMED_OUT and one.last_failure.HasField("timeout_failure_info")

    async def _restore(self, run: Run, one: PendingActivityInfo) -> None:
        await self._client.workflow_service.update_activity_options(
            UpdateActivityOptionsRequest(
                namespace=self._client.namespace,
                execution=_execution(run),
                id=one.activity_id,
                restore_original=True,
                identity=self._client.identity,
            ),
            timeout=RPC_TIMEOUT,
        )
        log.warning("an activity could not end under the options it was given: they are put back", pending=one.attempt)

    async def _lacks_search_attributes(self, run: Run) -> bool:
        """Whether its workflow task fails since it writes what the namespace does not have."""
        answer = await self._client.workflow_service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=self._client.namespace, execution=_execution(run), maximum_page_size=_RECENT_EVENTS
            ),
            timeout=RPC_TIMEOUT,
        )
        for event in answer.history.events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                cause = event.workflow_task_failed_event_attributes.cause
                return cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES
        return False

    async def _add_search_attributes(self, run: Run) -> bool:
        try:
            added = await self._attributes.put_back()
        except RPCError as error:
            log.error(
                "a run writes search attributes that are not registered: run `firebrick server setup`, and it goes on",
                error=error.status.name,
            )
            return False
        if added:  # else they are there again, and its next attempt may write them
            log.warning("search attributes are put back: a run was about to write them", added=list(added))
        return bool(added)


def _execution(run: Run) -> WorkflowExecution:
    return WorkflowExecution(workflow_id=run.info.execution.workflow_id, run_id=run.info.execution.run_id)
