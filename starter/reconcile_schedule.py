"""The schedule that has the workflow `Reconcile` run: in Temporal's UI under Schedules, one for each task queue.

An operator may trigger it, change it or pause it there; a worker puts it back only when it is gone. Workers watch
whether the run goes on, since the schedule may be what is broken: paused, refused by the cluster's rules, or its run on
a build without workers.
"""

from datetime import timedelta
from typing import Any

import structlog
from temporalio import client as temporal
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from firebrick import contract
from starter.builds import deployment_of
from starter.runs import RPC_TIMEOUT, find_run

log = structlog.get_logger("firebrick.reconciler")

INTERVAL = 30.0  # seconds
# A cluster that answers so allows or knows no schedules; workers make the passes then.
_WITHOUT = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)


class Schedule:
    """For one worker. interval: seconds between passes, and between two looks of this worker."""

    def __init__(self, client: Client, task_queue: str, interval: float = INTERVAL) -> None:
        self._client = client
        self._task_queue = task_queue
        self.interval = interval
        self.id = f"{deployment_of(task_queue)}-reconcile"
        self._seen: Any = None  # the run, and how long its history was

    async def makes_passes(self) -> bool:
        """Whether its workflow made one since this was last asked; the schedule is made when it is not there."""
        try:
            seen = await self._progress()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                await self._make()
            elif error.status not in _WITHOUT:
                raise
            seen = None
        goes_on = seen is not None and seen != self._seen
        self._seen = seen
        return goes_on

    async def _progress(self) -> tuple[str, int] | None:
        """The run that is under way and the length of its history, which a pass makes longer; None: none is. What
        somebody made of the schedule, or has under its id, may run anything."""
        described = await self._client.get_schedule_handle(self.id).describe(rpc_timeout=RPC_TIMEOUT)
        for action in described.info.running_actions:
            if isinstance(action, temporal.ScheduleActionExecutionStartWorkflow):
                run = await find_run(self._client, action.workflow_id)
                if run is not None and run.under_way and not run.paused and run.workflow_type == contract.RECONCILE:
                    return run.info.execution.run_id, run.info.history_length
        return None

    async def _make(self) -> None:
        action = ScheduleActionStartWorkflow(
            contract.RECONCILE,
            self.interval,
            id=self.id,
            task_queue=self._task_queue,
            static_summary="looks for operations that nobody carries out",
        )
        try:
            await self._client.create_schedule(
                self.id,
                temporal.Schedule(
                    action=action,
                    spec=temporal.ScheduleSpec(
                        intervals=[ScheduleIntervalSpec(every=timedelta(seconds=self.interval))]
                    ),
                    policy=temporal.SchedulePolicy(
                        overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(seconds=self.interval)
                    ),
                ),
                trigger_immediately=True,
                rpc_timeout=RPC_TIMEOUT,
            )
        except temporal.ScheduleAlreadyRunningError:
            return
        except RPCError as error:
            if error.status not in _WITHOUT:
                raise
            log.info("the cluster takes no schedule; this worker looks by itself", status=error.status.name)
