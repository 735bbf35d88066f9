"""What the cluster says of one run, read from its raw answer.

The SDK's own description raises where a run's status is one that it does not know: of a paused run, for example, since
server and SDK are released each for itself. Here every status that is not an end counts as under way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

RPC_TIMEOUT = timedelta(seconds=5)
FAILING = 3
"""A workflow task that is tried so often is not on its way to success."""

PAUSED = 8  # WORKFLOW_EXECUTION_STATUS_PAUSED, which earlier packages of the API lack
CONTINUED = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW
ENDED = {
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED: "has completed without ending the operation",
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED: "has failed",
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED: "was cancelled",
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED: "was terminated",
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: "has timed out",
}


@dataclass(frozen=True, slots=True)
class Pause:
    """Of a run, or of one of its activities. activity: its id, "" for the run itself. since: seconds since the epoch,
    0.0 when it is not said. reason: the words of whoever paused it."""

    activity: str
    since: float
    reason: str


class Run:
    """The newest run under a workflow id."""

    def __init__(self, described: DescribeWorkflowExecutionResponse) -> None:
        self._described = described

    @property
    def info(self) -> WorkflowExecutionInfo:
        return self._described.workflow_execution_info

    @property
    def workflow_type(self) -> str:
        return self.info.type.name

    @property
    def under_way(self) -> bool:
        """Whether it has not ended, nor gone on as another run; paused or not."""
        return self.info.status not in (*ENDED, CONTINUED)

    @property
    def end(self) -> str:
        """How it ended, for people; "" while it is under way, and where another run goes on."""
        return ENDED.get(self.info.status, "")

    @property
    def paused(self) -> bool:
        return self.under_way and self.info.status == PAUSED

    @property
    def attempts(self) -> int:
        """How often its present workflow task was tried; 0 when there is none."""
        described = self._described
        return described.pending_workflow_task.attempt if described.HasField("pending_workflow_task") else 0

    @property
    def fails(self) -> bool:
        """Whether its workflow task fails again and again."""
        return self.under_way and self.attempts >= FAILING

    @property
    def activities(self) -> Sequence[PendingActivityInfo]:
        return self._described.pending_activities

    def pauses(self) -> list[Pause]:
        """What of it somebody has paused: the run first. Of an activity the attempt that is under way goes on, if its
        worker lives; the server does not say."""
        found: list[Pause] = []
        if self.paused:
            info = self._described.workflow_extended_info.pause_info
            found.append(Pause("", float(info.paused_time.seconds), info.reason))
        for one in self.activities:
            if one.paused:
                info_of = one.pause_info
                found.append(Pause(one.activity_id, float(info_of.pause_time.seconds), info_of.manual.reason))
        return found


async def find_run(client: Client, workflow_id: str, *, timeout: timedelta = RPC_TIMEOUT) -> Run | None:
    """The newest run under the id; None when there is none. RPCError."""
    ask = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    try:
        return Run(await client.workflow_service.describe_workflow_execution(ask, timeout=timeout))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
