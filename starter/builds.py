"""Worker builds: which one new operations run on, and what becomes of runs whose build has no worker left.

Runs are pinned to the build that began them, so that two versions of the code may work side by side. When the last
worker of a build is gone for good (an upgrade in place), its runs would wait for ever: they are moved to the current
build, which replays their histories (tests/replay holds histories of every state of the code).
"""

import re
import time

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionInfo, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client

from firebrick import contract

DEPLOYMENT = contract.TASK_QUEUE
# A worker polls at least once a minute; one that was not seen for so long is gone. Seconds.
GONE_AFTER = 90.0


def deployment_of(task_queue: str) -> str:
    """The deployment that the workers of a task queue are: one for each queue, or a worker elsewhere in the namespace
    with another build would take over queues that it does not serve."""
    if task_queue == contract.TASK_QUEUE:
        return DEPLOYMENT
    return f"{DEPLOYMENT}-{re.sub('[^A-Za-z0-9_-]', '_', task_queue)}"


class Builds:
    """Questions and answers about builds, for one worker. build_id: this worker's own. promotes: whether it may make
    its build the current one; False leaves that to an operator. gone_after: seconds, see GONE_AFTER."""

    def __init__(
        self,
        client: Client,
        task_queue: str,
        build_id: str,
        *,
        promotes: bool = True,
        gone_after: float = GONE_AFTER,
    ) -> None:
        self._promotes = promotes
        self._gone_after = gone_after
        self._client = client
        self._task_queue = task_queue
        self._build_id = build_id

    async def promote(self) -> None:
        """Make this build the one new operations run on; running ones stay where they are."""
        if not self._promotes:
            return
        await self._client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self._client.namespace,
                deployment_name=deployment_of(self._task_queue),
                build_id=self._build_id,
                ignore_missing_task_queues=True,
                allow_no_pollers=True,
            )
        )

    async def abandoned(self, run: WorkflowExecutionInfo) -> bool:
        """Whether the run is pinned to another build of which no worker was seen lately."""
        build = _build_of(run)
        if not build or build == self._build_id:
            return False
        return not await self._has_workers(build)

    async def see_to_current(self) -> None:
        """Promote this build when the current one has no worker left (it was taken back): nothing new would begin."""
        if not self._promotes:
            return
        described = await self._client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(
                namespace=self._client.namespace, deployment_name=deployment_of(self._task_queue)
            )
        )
        routing = described.worker_deployment_info.routing_config
        current = routing.current_deployment_version.build_id
        if current == self._build_id or time.time() - routing.current_version_changed_time.seconds < self._gone_after:
            return
        if not await self._has_workers(current):
            await self.promote()

    async def _has_workers(self, build: str) -> bool:
        """Whether a worker of this build was seen lately."""
        answer = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=self._task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        now = time.time()
        return any(
            poller.deployment_options.build_id == build and now - poller.last_access_time.seconds < self._gone_after
            for poller in answer.pollers
        )

    async def move(self, run: WorkflowExecutionInfo) -> None:
        """Pin the run to this worker's build instead."""
        await self._client.workflow_service.update_workflow_execution_options(
            UpdateWorkflowExecutionOptionsRequest(
                namespace=self._client.namespace,
                workflow_execution=run.execution,
                workflow_execution_options=WorkflowExecutionOptions(
                    versioning_override=VersioningOverride(
                        pinned=VersioningOverride.PinnedOverride(
                            behavior=VersioningOverride.PINNED_OVERRIDE_BEHAVIOR_PINNED,
                            version=WorkerDeploymentVersion(
                                deployment_name=deployment_of(self._task_queue), build_id=self._build_id
                            ),
                        )
                    )
                ),
                update_mask=FieldMask(paths=["versioning_override"]),
            )
        )


def _build_of(run: WorkflowExecutionInfo) -> str:
    """The build a run works on: an earlier move counts before what began it."""
    info = run.versioning_info
    moved = info.versioning_override.pinned.version.build_id
    return str(moved or info.deployment_version.build_id)
