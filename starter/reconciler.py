"""Compares what the store says is under way with what the cluster runs, and repairs the difference.

A pass is made when a worker starts, then by the workflow `Reconcile` for all workers (starter.reconcile_schedule), and
by each worker itself while no such pass is made. It asks with DescribeWorkflow, operation by operation, since lists of
workflows lag behind. It can do no harm: starting twice is starting once (the store's compare-and-swap), and only a run
that has certainly ended is given up.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import structlog
from prometheus_client import Gauge
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from firebrick import log_context, metrics
from firebrick.contract import Cancel, OperationState, ReconcilePass
from firebrick.diagnostics import FirebrickError
from firebrick.nested import orphans
from firebrick.store import Store
from firebrick.store.rows import OperationRow
from starter.builds import Builds
from starter.reconcile_schedule import Schedule
from starter.starting import Starter

log = structlog.get_logger("firebrick.reconciler")

# An operation this young may be between its row and its start; its starter is still at work. Seconds.
GRACE = 3.0

_ENDED = {
    WorkflowExecutionStatus.COMPLETED: "has completed without ending the operation",
    WorkflowExecutionStatus.FAILED: "has failed",
    WorkflowExecutionStatus.CANCELED: "was cancelled",
    WorkflowExecutionStatus.TERMINATED: "was terminated",
    WorkflowExecutionStatus.TIMED_OUT: "has timed out",
}


@dataclass(slots=True)
class _Findings:
    """Counts, as in contract.ReconcilePass."""

    started: int = 0
    lost: int = 0
    moved: int = 0
    fine: int = 0


class Reconciler:
    """One per worker process; several at once agree through the store."""

    def __init__(self, store: Store, client: Client, starter: Starter, builds: Builds, schedule: Schedule) -> None:
        self._builds = builds
        self._store = store
        self._client = client
        self._starter = starter
        self._schedule = schedule

    async def run(self) -> None:
        """Until cancelled: a pass at once, then whenever the schedule makes none. A store or cluster that is away is
        waited for."""
        due = True
        while True:
            try:
                if due:
                    await self.once()
                await self._tell()
                due = not await self._schedule.makes_passes()
            except (FirebrickError, RPCError, OSError) as error:
                metrics.PASSES.labels("broken").inc()
                log.warning("pass not completed", error=type(error).__name__)
                due = True
            await asyncio.sleep(self._schedule.interval)

    async def once(self) -> ReconcilePass:
        """One pass over all operations that are PENDING or RUNNING."""
        findings = _Findings()
        await self._builds.see_to_current()
        operations = await self._store.every_project().open_operations()
        running = {one.stack_id: one for one in operations if one.state is OperationState.RUNNING}
        for operation in operations:
            with log_context.bound(project=operation.project, stack=operation.stack_id, operation=operation.id):
                if operation.state is OperationState.RUNNING:
                    await self._running(operation, findings)
                else:
                    await self._pending(operation, running.get(operation.stack_id), findings)
        await self._cancel_orphans()
        for name in ("started", "lost", "moved"):
            metrics.FINDINGS.labels(name).inc(getattr(findings, name))
        metrics.PASSES.labels("completed").inc()
        metrics.LAST_PASS.set_to_current_time()
        return ReconcilePass(**asdict(findings))

    async def _cancel_orphans(self) -> None:
        """What operations that were given up have asked of nested stacks does not go on."""
        for orphan in orphans(await self._store.every_project().open_operations()):
            with contextlib.suppress(FirebrickError):  # it has ended, or another has come, meanwhile
                await self._store.project(orphan.project).accept_cancel(
                    orphan.stack_id,
                    Cancel.KEEP,
                    now=self._store.clock(),
                    at_once=True,
                    asked_by=orphan.owner_operation,
                )
                await self._starter.cluster.cancel(orphan.workflow_id, orphan.seq, at_once=True)

    async def _tell(self) -> None:
        """What is under way now, as metrics. Each worker shows it, whoever made the pass."""
        everything = self._store.every_project()
        operations = await everything.open_operations()
        _show(metrics.OPERATIONS_OPEN, Counter((one.action.value, one.state.value) for one in operations))
        _show(metrics.PARKED, await everything.parked() if operations else {})

    async def _pending(self, operation: OperationRow, running: OperationRow | None, findings: _Findings) -> None:
        if self._store.clock() - operation.accepted_at < GRACE:
            findings.fine += 1
            return
        description = await self._describe(operation) if running is None else None
        if description is not None and description.status is WorkflowExecutionStatus.RUNNING:
            await self._see_to_build(description, findings)  # a workflow is on its way to it
            return
        await self._starter.start(operation)
        findings.started += 1
        log.info("started an operation that nobody had started")

    async def _running(self, operation: OperationRow, findings: _Findings) -> None:
        description = await self._describe(operation)
        status = None if description is None else description.status
        if status is WorkflowExecutionStatus.RUNNING:
            assert description is not None
            info = description.raw_description.workflow_execution_info
            if info.first_run_id and operation.chain_id not in ("", info.first_run_id):
                status = None  # somebody else's workflow under the same id; ours has ended
            else:
                await self._see_to_build(description, findings)
                if operation.cancel and operation.action.cancellable:
                    # The run may not have heard of it.
                    await self._starter.cluster.cancel(operation.workflow_id, operation.seq, operation.cancel_now)
                return
        if status is None:
            reason = "is not known to the server any more"
        elif (text := _ENDED.get(status)) is not None:
            reason = text
        else:  # continued as new: the newest run is what counts, and it was not there yet
            findings.fine += 1
            return
        # The run may have ended between the store's answer and ours, having finished the operation: fail_lost looks.
        if await self._store.every_project().fail_lost(
            operation, f"workflow {operation.workflow_id} {reason}", now=self._store.clock()
        ):
            findings.lost += 1
            log.warning("gave up an operation whose run is gone", reason=reason)
            await self._start_what_follows(operation)

    async def _start_what_follows(self, lost: OperationRow) -> None:
        """The rollback that a cancel had asked for. What was accepted before is among the pass's own operations."""
        for one in await self._store.project(lost.project).operations(lost.stack_id):
            if one.follows == lost.id and one.state is OperationState.PENDING:
                await self._starter.start(one)

    async def _see_to_build(self, description: WorkflowExecutionDescription, findings: _Findings) -> None:
        """A run whose build has no worker left goes on with this one."""
        info = description.raw_description.workflow_execution_info
        if await self._builds.abandoned(info):
            await self._builds.move(info)
            findings.moved += 1
            log.info("moved a run whose build has no worker left")
        else:
            findings.fine += 1

    async def _describe(self, operation: OperationRow) -> WorkflowExecutionDescription | None:
        """The newest run under the operation's workflow id; None when there is none."""
        try:
            return await self._client.get_workflow_handle(operation.workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise


def _show(gauge: Gauge, counts: Mapping[tuple[str, str], int]) -> None:
    """The counts, and nothing of earlier ones."""
    gauge.clear()
    for labels, count in counts.items():
        gauge.labels(*labels).set(count)
