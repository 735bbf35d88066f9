"""Compares what the store says is under way with what the cluster runs, and repairs the difference.

A pass is made when a worker starts, then by the workflow `Reconcile` for all workers (starter.reconcile_schedule), and
by each worker itself while no such pass is made. It asks with DescribeWorkflow, operation by operation, since lists of
workflows lag behind. It can do no harm: starting twice is starting once (the store's compare-and-swap), and only a run
that has certainly ended is given up. What goes wrong with one operation is told, and the pass goes on with the next.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import asdict, dataclass

import structlog
from prometheus_client import Gauge
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from firebrick import log_context, metrics
from firebrick.contract import Action, Cancel, OperationState, ReconcilePass
from firebrick.crash_report import new_report_id, places
from firebrick.diagnostics import FirebrickError, Unavailable
from firebrick.nested import orphans
from firebrick.store import Store
from firebrick.store.rows import OperationRow
from starter.builds import Builds
from starter.reconcile_schedule import Schedule
from starter.run_repairs import RunRepairs
from starter.runs import Run, find_run
from starter.search_attributes import SearchAttributes
from starter.starting import Starter

log = structlog.get_logger("firebrick.reconciler")

# An operation this young may be between its row and its start; its starter is still at work. Seconds.
GRACE = 3.0
# After so many operations in turn of which the cluster did not answer it is taken to be away.
SILENCES = 5
# Of operations that have ended so lately their runs may be about to end. Seconds, and so many are looked at.
ENDED_LATELY = 600.0
MOST_ENDS = 500
_OURS = frozenset(action.workflow_type for action in Action)


@dataclass(slots=True)
class _Findings:
    """Counts, as in contract.ReconcilePass."""

    started: int = 0
    lost: int = 0
    moved: int = 0
    fine: int = 0
    paused: int = 0
    put_back: int = 0
    failed: int = 0


class Reconciler:
    """One per worker process; several at once agree through the store."""

    def __init__(
        self,
        store: Store,
        client: Client,
        starter: Starter,
        builds: Builds,
        schedule: Schedule,
        attributes: SearchAttributes,
    ) -> None:
        self._builds = builds
        self._store = store
        self._client = client
        self._starter = starter
        self._schedule = schedule
        self._repairs = RunRepairs(client, attributes)

    async def run(self) -> None:
        """Until cancelled: a pass at once, then whenever the schedule makes none. A store or cluster that is away is
        waited for, and whatever else goes wrong is told: without this, nobody looks."""
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
            except Exception as error:
                metrics.PASSES.labels("broken").inc()
                _report("pass not completed", error)
                due = True
            await asyncio.sleep(self._schedule.interval)

    async def once(self) -> ReconcilePass:
        """One pass over all operations that are PENDING or RUNNING. Unavailable, RPCError: database or cluster are
        away."""
        findings = _Findings()
        await self._alone(self._builds.see_to_current(), findings)
        operations = await self._store.every_project().open_operations()
        running = {one.stack_id: one for one in operations if one.state is OperationState.RUNNING}
        silences = 0
        for operation in operations:
            with log_context.bound(project=operation.project, stack=operation.stack_id, operation=operation.id):
                silent = await self._alone(self._look_at(operation, running, findings), findings)
            silences = silences + 1 if silent is not None else 0
            if silent is not None and silences >= SILENCES:
                raise silent
        await self._cancel_orphans(findings)
        await self._alone(self._look_at_ends(findings), findings)
        for name in ("started", "lost", "moved", "put_back", "failed"):
            metrics.FINDINGS.labels(name).inc(getattr(findings, name))
        metrics.PASSES.labels("completed").inc()
        metrics.LAST_PASS.set_to_current_time()
        return ReconcilePass(**asdict(findings))

    async def _alone(self, work: Awaitable[None], findings: _Findings) -> RPCError | None:
        """Do it; whatever comes of it is told, and is not the next operation's trouble. RPCError: the cluster did not
        answer. Raises Unavailable: the database is away."""
        try:
            await work
        except Unavailable:
            raise
        except RPCError as error:
            findings.failed += 1
            log.warning("not looked at to the end", error=error.status.name)
            silent = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
            return error if error.status in silent else None
        except Exception as error:
            findings.failed += 1
            _report("not looked at to the end", error)
        return None

    async def _look_at(self, operation: OperationRow, running: Mapping[str, OperationRow], findings: _Findings) -> None:
        if operation.state is OperationState.RUNNING:
            await self._running(operation, findings)
        else:
            await self._pending(operation, running, findings)

    async def _look_at_ends(self, findings: _Findings) -> None:
        """Runs whose operation has ended, and that cannot end, since what they were about to write was removed."""
        if not await self._repairs.attributes_were_removed():
            return
        for one in await self._store.every_project().ended_since(self._store.clock() - ENDED_LATELY, MOST_ENDS):
            run = await find_run(self._client, one.workflow_id)
            if run is not None and run.under_way and await self._repairs.repair(run):
                findings.put_back += 1
                return  # that was for all of them

    async def _cancel_orphans(self, findings: _Findings) -> None:
        """What operations that were given up have asked of nested stacks does not go on."""
        for orphan in orphans(await self._store.every_project().open_operations()):
            with log_context.bound(project=orphan.project, stack=orphan.stack_id, operation=orphan.id):
                await self._alone(self._cancel(orphan), findings)

    async def _cancel(self, orphan: OperationRow) -> None:
        try:
            await self._store.project(orphan.project).accept_cancel(
                orphan.stack_id, Cancel.KEEP, now=self._store.clock(), at_once=True, asked_by=orphan.owner_operation
            )
        except Unavailable:
            raise
        except FirebrickError:
            return  # it has ended, or another has come, meanwhile
        await self._starter.cluster.cancel(orphan.workflow_id, orphan.seq, at_once=True)

    async def _tell(self) -> None:
        """What is under way now, as metrics. Each worker shows it, whoever made the pass."""
        everything = self._store.every_project()
        operations = await everything.open_operations()
        _show(metrics.OPERATIONS_OPEN, Counter((one.action.value, one.state.value) for one in operations))
        _show(metrics.PARKED, await everything.parked() if operations else {})

    async def _pending(self, operation: OperationRow, running: Mapping[str, OperationRow], findings: _Findings) -> None:
        if self._store.clock() - operation.accepted_at < GRACE:
            findings.fine += 1
            return
        before = running.get(operation.stack_id)
        run = await find_run(self._client, (before or operation).workflow_id)
        if run is not None and run.under_way:
            if before is None and await self._is_somebody_elses(run, operation, running.values()):
                await self._start_beside(operation, findings)
                return
            if run.pauses():  # it has heard, or hears at the first pass after somebody let it go on
                findings.paused += 1
                return
            if before is None:  # a workflow is on its way to it
                await self._see_to(run, findings)
                return
        await self._start(operation, findings)

    async def _start(self, operation: OperationRow, findings: _Findings, workflow_id: str = "") -> None:
        await self._starter.start(operation, workflow_id)
        findings.started += 1
        log.info("started an operation that nobody had started")

    async def _is_somebody_elses(self, run: Run, operation: OperationRow, running: Iterable[OperationRow]) -> bool:
        """Whether the workflow that has this operation's id will never carry it out: it is no action of ours, carries
        out another stack's, or waits where no worker is."""
        if run.workflow_type not in _OURS:
            return True
        if any(one.workflow_id == operation.workflow_id and one.stack_id != operation.stack_id for one in running):
            return True
        queue = run.info.task_queue
        if queue == self._starter.task_queue:
            return False
        return not await self._repairs.is_polled(queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)

    async def _start_beside(self, operation: OperationRow, findings: _Findings) -> None:
        """Under an id of its own: the store knows who carries it out, so that any id will do."""
        own = f"{operation.workflow_id}/{operation.id}"
        run = await find_run(self._client, own)
        if run is not None and run.under_way:
            await self._see_to(run, findings)
            return
        log.warning("another workflow has the operation's id; it is started under one of its own", workflow=own)
        await self._start(operation, findings, own)

    async def _running(self, operation: OperationRow, findings: _Findings) -> None:
        run = await find_run(self._client, operation.workflow_id)
        if run is not None and run.under_way:
            first = run.info.first_run_id
            if first and operation.chain_id not in ("", first):
                run = None  # somebody else's workflow under the same id; ours has ended
            else:
                await self._see_to(run, findings)
                if operation.cancel and operation.action.cancellable and not run.paused:
                    # The run may not have heard of it.
                    await self._starter.cluster.cancel(operation.workflow_id, operation.seq, operation.cancel_now)
                return
        reason = "is not known to the server any more" if run is None else run.end
        if not reason:  # continued as new: the newest run is what counts, and it was not there yet
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

    async def _see_to(self, run: Run, findings: _Findings) -> None:
        """A run whose build has no worker left goes on with this one; what keeps it from its end is put back; what
        somebody holds is left alone."""
        if await self._builds.abandoned(run.info):
            await self._builds.move(run.info)
            findings.moved += 1
            log.info("moved a run whose build has no worker left")
        elif await self._repairs.repair(run):
            findings.put_back += 1
        elif run.pauses():
            findings.paused += 1
        else:
            findings.fine += 1


def _report(what: str, error: Exception) -> None:
    """Of what nobody expected: where it was, and no text, which may have a value in it."""
    metrics.INTERNAL_ERRORS.labels("reconciler").inc()
    log.error(what, report=new_report_id(), error=type(error).__name__, places=places(error))


def _show(gauge: Gauge, counts: Mapping[tuple[str, str], int]) -> None:
    """The counts, and nothing of earlier ones."""
    gauge.clear()
    for labels, count in counts.items():
        gauge.labels(*labels).set(count)
