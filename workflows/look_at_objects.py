"""LookAtObjects: has a worker look at what really is there, for a plan. It changes nothing.

A way in cannot look by itself: which types there are, and what they need to reach their objects, is the worker's.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.answers import read_answer
from workflows.argument import read_one
from workflows.messages import TakesNoOther
from workflows.stack_workflow import OPTIONS

WITHIN = timedelta(seconds=50)
EXAMPLE = '{"project": "default", "stack_id": "..."}'


@workflow.defn(name=contract.LOOK_AT_OBJECTS, **OPTIONS)
class LookAtObjects(TakesNoOther):
    @workflow.run
    async def run(self, *given: Any) -> contract.ObjectsSeen:
        ask = read_one(contract.LOOK_AT_OBJECTS, given, contract.LookAtObjects.model_validate, EXAMPLE)
        told = await workflow.execute_activity(
            contract.LOOK,
            ask,
            result_type=RawValue,
            start_to_close_timeout=WITHIN,
            retry_policy=RetryPolicy(maximum_attempts=2),
            summary="what is really there",
        )
        seen = read_answer(told, contract.ObjectsSeen)
        if seen is None:
            raise ApplicationError("What the activity answered cannot be read: ask again.", non_retryable=True)
        return seen
