"""Reconcile: a pass of the reconciler at each interval, for an hour. A schedule sees to it that one always runs.

A run of an hour, and not one for each pass, so that a list of workflows shows the users' own. It is not pinned: it goes
on with whatever build is the current one.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.queries import KnownQueries

PASSES_FOR = 3600.0  # seconds
# A pass asks about one operation after the other; one that hangs is given up, and the next begins afresh.
START_TO_CLOSE = timedelta(minutes=5)
HEARTBEAT_TIMEOUT = timedelta(seconds=5)


@workflow.defn(name=contract.RECONCILE, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class Reconcile(KnownQueries):
    @workflow.run
    async def run(self, interval: float) -> None:
        """interval: seconds between two passes."""
        for _ in range(max(1, round(PASSES_FOR / max(interval, 1.0)))):
            try:
                done = await workflow.execute_activity(
                    contract.LOOK_AT_OPERATIONS,
                    result_type=contract.ReconcilePass,
                    start_to_close_timeout=START_TO_CLOSE,
                    schedule_to_start_timeout=timedelta(seconds=interval),
                    heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    retry_policy=RetryPolicy(maximum_attempts=1),
                )
                workflow.set_current_details(_shown(done))
            except ActivityError as error:  # a database that is away, a worker that died: the next pass is soon
                workflow.set_current_details(f"The last pass was not completed: {error.cause}")
            await workflow.sleep(interval)


def _shown(done: contract.ReconcilePass) -> str:
    return (
        f"The last pass: {done.started} started that nobody had started, {done.lost} given up whose run was gone, "
        f"{done.moved} moved to a build that has workers, {done.fine} as they should be."
    )
