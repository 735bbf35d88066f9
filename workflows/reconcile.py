"""Reconcile: a pass of the reconciler at each interval, for an hour. A schedule sees to it that one always runs.

A run of an hour, and not one for each pass, so that a list of workflows shows the users' own. It is not pinned: it goes
on with whatever build is the current one.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.answers import read_answer
from workflows.messages import TakesNoOther

PASSES_FOR = 3600.0  # seconds
# A pass asks about one operation after the other; one that hangs is given up, and the next begins afresh.
START_TO_CLOSE = timedelta(minutes=5)
HEARTBEAT_TIMEOUT = timedelta(seconds=5)


@workflow.defn(name=contract.RECONCILE, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class Reconcile(TakesNoOther):
    @workflow.run
    async def run(self, *given: Any) -> None:
        """One argument: seconds between two passes."""
        interval = _interval(given)
        for _ in range(max(1, round(PASSES_FOR / max(interval, 1.0)))):
            try:
                told = await workflow.execute_activity(
                    contract.LOOK_AT_OPERATIONS,
                    result_type=RawValue,
                    start_to_close_timeout=START_TO_CLOSE,
                    schedule_to_start_timeout=timedelta(seconds=interval),
                    heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    retry_policy=RetryPolicy(maximum_attempts=1),
                )
                workflow.set_current_details(_shown(read_answer(told, contract.ReconcilePass)))
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # A database that is away, a worker that died: the next pass is soon.
                workflow.set_current_details(f"The last pass was not completed: {error.cause}")
            await workflow.sleep(interval)


def _interval(given: Sequence[Any]) -> float:
    """InvalidRequest for what is no number of seconds that a schedule could have."""
    value = given[0] if len(given) == 1 else None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= PASSES_FOR:
        return float(value)
    raise ApplicationError(
        f"{contract.RECONCILE} was not started: it takes one number, the seconds between two passes, for example 30",
        type=contract.INVALID_REQUEST,
        non_retryable=True,
    )


def _shown(done: contract.ReconcilePass | None) -> str:
    if done is None:
        return "The last pass was ended by hand; the next one follows."
    counts = {
        "started that nobody had started": done.started,
        "given up whose run was gone": done.lost,
        "moved to a build that has workers": done.moved,
        "with an activity whose options were put back": done.put_back,
        "whose run somebody paused": done.paused,
        "that could not be looked at (the worker's log says why)": done.failed,
        "as they should be": done.fine,
    }
    always = ("started that nobody had started", "given up whose run was gone", "as they should be")
    shown = [f"{count} {what}" for what, count in counts.items() if count or what in always]
    return f"The last pass: {', '.join(shown)}."
