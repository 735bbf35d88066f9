"""What holds the runs of a stack: told to whoever looks at the stack and wonders why nothing happens.

Somebody may pause a run or an activity in Temporal. What is asked of the stack meanwhile is accepted, and carried out
when it is let go on: a pause is an operator's word, and nothing that a stack's owner asks for lifts it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from firebrick.store.rows import OperationRow
from starter.runs import Run, find_run

log = structlog.get_logger("firebrick.starter")

WITHIN = timedelta(seconds=2)
"""Whoever looks at a stack gets an answer though the cluster is away."""
MOST_RUNS = 20
"""So many runs of a stack and of those nested in it are looked at."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a run does not go on.

    stack: name of the stack that the run works on.
    workflow_id: of the run.
    activity: id of the activity that is held; "" for the whole run.
    state: "paused" by somebody, or "failing": its workflow task fails again and again.
    since: seconds since the epoch; 0.0 when it is not known.
    reason: the words of whoever paused it; "" for none.
    """

    stack: str
    workflow_id: str
    activity: str
    state: str
    since: float = 0.0
    reason: str = ""

    @property
    def command(self) -> str:
        """What lets it go on; "" where no command does."""
        if self.state != "paused":
            return ""
        if self.activity:
            return f"temporal activity unpause --workflow-id {self.workflow_id} --activity-id {self.activity}"
        return f"temporal workflow unpause --workflow-id {self.workflow_id}"

    @property
    def text(self) -> str:
        """A sentence or two for people."""
        if self.state != "paused":
            return (
                f"The workflow task of {self.workflow_id} (stack {self.stack}) fails again and again: the worker's log "
                "says why, and it is tried again until it succeeds."
            )
        what = f"activity {self.activity} of workflow {self.workflow_id}" if self.activity else self.workflow_id
        since = f" since {datetime.fromtimestamp(self.since, UTC):%Y-%m-%dT%H:%M:%SZ}" if self.since else ""
        said = f" ({self.reason})" if self.reason else ""
        return (
            f"Somebody paused {what} (stack {self.stack}) in Temporal{since}{said}. What is asked of the stack is "
            f"accepted and waits. To let it go on: `{self.command}`."
        )

    def body(self) -> dict[str, Any]:
        """As the API tells it."""
        since = f"{datetime.fromtimestamp(self.since, UTC):%Y-%m-%dT%H:%M:%SZ}" if self.since else None
        return {
            "stack_name": self.stack,
            "workflow_id": self.workflow_id,
            "activity_id": self.activity or None,
            "state": self.state,
            "since": since,
            "reason": self.reason or None,
            "to_go_on": self.command or None,
            "text": self.text,
        }


async def holds_of(client: Client, operations: Sequence[OperationRow]) -> list[Hold]:
    """What holds the runs of these open operations, in their order; nothing while the cluster does not answer."""
    runs = {one.workflow_id: one for one in operations}
    found = await asyncio.gather(*(_look(client, one) for one in list(runs.values())[:MOST_RUNS]))
    return [hold for holds in found for hold in holds]


async def _look(client: Client, operation: OperationRow) -> list[Hold]:
    try:
        run = await find_run(client, operation.workflow_id, timeout=WITHIN)
    except (RPCError, OSError, RuntimeError) as error:
        log.info("a run could not be looked at", workflow=operation.workflow_id, error=type(error).__name__)
        return []
    return [] if run is None or not run.under_way else _holds(operation, run)


def _holds(operation: OperationRow, run: Run) -> list[Hold]:
    found = [
        Hold(operation.stack_name, operation.workflow_id, one.activity, "paused", one.since, one.reason)
        for one in run.pauses()
    ]
    if run.fails and not run.paused:
        found.append(Hold(operation.stack_name, operation.workflow_id, "", "failing"))
    return found
