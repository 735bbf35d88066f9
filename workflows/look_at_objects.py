"""LookAtObjects: has a worker look at what really is there, for a plan. It changes nothing.

A way in cannot look by itself: which types there are, and what they need to reach their objects, is the worker's.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.queries import KnownQueries
from workflows.stack_workflow import OPTIONS

WITHIN = timedelta(seconds=50)


@workflow.defn(name=contract.LOOK_AT_OBJECTS, **OPTIONS)
class LookAtObjects(KnownQueries):
    @workflow.run
    async def run(self, ask: contract.LookAtObjects) -> contract.ObjectsSeen:
        seen: contract.ObjectsSeen = await workflow.execute_activity(
            contract.LOOK,
            ask,
            result_type=contract.ObjectsSeen,
            start_to_close_timeout=WITHIN,
            retry_policy=RetryPolicy(maximum_attempts=2),
            summary="what is really there",
        )
        return seen
