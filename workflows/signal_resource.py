"""SignalResource: tells a resource something, by any SDK; whether an action runs or not.

Started with its request, or signal-with-start: the request names the resource, and each signal `send` carries what is
told. All of them are told in the order of arrival, each once. One that cannot be told does not keep the others from it;
the run fails at its end and says which it was.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    RetryState,
    TimeoutError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    import pydantic_core

    from firebrick import contract

from workflows.answers import read_answer
from workflows.argument import read_one
from workflows.driver import ASK_AGAIN, RETRY
from workflows.messages import TakesNoOther
from workflows.stack_workflow import OPTIONS

EXAMPLE = '{"stack": "demo", "resource": "wait", "data": {"status": "SUCCESS"}}'
# A write or two of the store, and a call to the cluster.
START_TO_CLOSE = timedelta(seconds=30)
# Nobody has taken it by then, or it has not ended: under options that somebody gave it, it never would. It is asked
# anew.
TAKEN_WITHIN = timedelta(seconds=30)
ENDED_WITHIN = timedelta(minutes=5)
ASKED_AGAIN = "a signal whose storing was answered by hand is stored again"  # workflow.patched
# Characters of JSON. Of the server an activity's argument may have 2 MiB; with more the run could never go on.
LARGEST = 1024 * 1024


@workflow.defn(name=contract.SIGNAL_RESOURCE, **OPTIONS)
class SignalResource(TakesNoOther):
    takes = f"the signal `{contract.SEND}`"

    def __init__(self) -> None:
        self._sent: list[Sequence[Any]] = []  # the arguments of each

    @workflow.signal(name=contract.SEND)
    def send(self, *given: Any) -> None:
        """Tell the resource this, too. One argument: any JSON value; without it, null."""
        self._sent.append(given or (None,))

    @workflow.run
    async def run(self, *given: Any) -> contract.SignalResult:
        request = read_one(contract.SIGNAL_RESOURCE, given, contract.SignalResourceRequest.model_validate, EXAMPLE)
        if "data" in request.model_fields_set or not self._sent:
            self._sent.insert(0, (request.data,))
        stored = contract.SignalStored(stack_id="")
        refused: FailureError | None = None
        told = 0
        while told < len(self._sent):
            told += 1
            try:
                stored = await self._tell(request, told)
            except FailureError as error:  # the others may be good, and have nobody else who tells them
                if is_cancelled_exception(error):
                    raise
                refused = error
        if refused is not None:
            raise refused
        return contract.SignalResult(
            project=request.project,
            stack_id=stored.stack_id,
            resource=request.resource,
            signals=told,
            woken=stored.woken,
        )

    async def _tell(self, request: contract.SignalResourceRequest, number: int) -> contract.SignalStored:
        """FailureError: it cannot be told. An activity that somebody ended by hand is asked again: a signal that is
        there already is not stored again."""
        store = contract.StoreSignal(
            project=request.project,
            stack=request.stack,
            resource=request.resource,
            data=_data(self._sent[number - 1], number),
            id=f"{workflow.info().first_execution_run_id}/{number}",
        )
        by_hand = 0
        while by_hand < ASK_AGAIN:
            try:
                told = await workflow.execute_activity(
                    contract.STORE_SIGNAL,
                    store,
                    result_type=RawValue,
                    activity_id=f"signal.{number}",
                    schedule_to_start_timeout=TAKEN_WITHIN,
                    schedule_to_close_timeout=ENDED_WITHIN,
                    start_to_close_timeout=START_TO_CLOSE,
                    retry_policy=RETRY,
                    summary=f"{request.resource}: signal {number}",
                )
            except ActivityError as error:
                if isinstance(error.cause, TimeoutError) or error.retry_state is RetryState.TIMEOUT:
                    continue
                raise
            stored = read_answer(told, contract.SignalStored)
            # Before answers said what they answer none did; a patch is asked for only where one does not.
            if stored is not None and (stored.answers == store.id or not workflow.patched(ASKED_AGAIN)):
                return stored
            by_hand += 1
        raise ApplicationError(f"signal {number}: its activity was ended by hand, again and again", non_retryable=True)


def _data(given: Sequence[Any], number: int) -> Any:
    """What a signal tells; ApplicationError of type InvalidRequest where nobody can read it, or it is too large."""
    value = given[0]
    if len(given) != 1:
        why = f"it takes one JSON value, and not {len(given)}"
    elif isinstance(value, RawValue):
        why = "it takes a JSON value, and this cannot be read"
    elif len(pydantic_core.to_json(value)) > LARGEST:
        why = f"it is larger than {LARGEST} bytes of JSON"
    else:
        return value
    raise ApplicationError(
        f"signal {number} of {contract.SEND} was not told: {why}", type=contract.INVALID_REQUEST, non_retryable=True
    )
