"""SignalResource: tells a resource something, by any SDK; whether an action runs or not.

Started with its request, or signal-with-start: the request names the resource, and each signal `send` carries what is
told. All of them are told in the order of arrival, each once.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from workflows.argument import read_one
from workflows.driver import RETRY
from workflows.queries import KnownQueries
from workflows.stack_workflow import OPTIONS

EXAMPLE = '{"stack": "demo", "resource": "wait", "data": {"status": "SUCCESS"}}'
# A write or two of the store, and a call to the cluster.
START_TO_CLOSE = timedelta(seconds=30)


@workflow.defn(name=contract.SIGNAL_RESOURCE, **OPTIONS)
class SignalResource(KnownQueries):
    def __init__(self) -> None:
        self._sent: list[Any] = []

    @workflow.signal(name=contract.SEND)
    def send(self, data: Any = None) -> None:
        """Tell the resource this, too."""
        self._sent.append(data)

    @workflow.run
    async def run(self, *given: Any) -> contract.SignalResult:
        request = read_one(contract.SIGNAL_RESOURCE, given, contract.SignalResourceRequest.model_validate, EXAMPLE)
        if "data" in request.model_fields_set or not self._sent:
            self._sent.insert(0, request.data)
        stored = contract.SignalStored(stack_id="")
        refused: ActivityError | ApplicationError | None = None
        told = 0
        while told < len(self._sent):
            told += 1
            if isinstance(self._sent[told - 1], RawValue):
                refused = ApplicationError(
                    f"signal {told} was not told: it is not JSON that can be read",
                    type=contract.INVALID_REQUEST,
                    non_retryable=True,
                )
                continue
            try:
                stored = await self._tell(request, told)
            except ActivityError as error:  # the others may be good, and have nobody else who tells them
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
        stored: contract.SignalStored = await workflow.execute_activity(
            contract.STORE_SIGNAL,
            contract.StoreSignal(
                project=request.project,
                stack=request.stack,
                resource=request.resource,
                data=self._sent[number - 1],
                id=f"{workflow.info().first_execution_run_id}/{number}",
            ),
            result_type=contract.SignalStored,
            activity_id=f"signal.{number}",
            start_to_close_timeout=START_TO_CLOSE,
            retry_policy=RETRY,
            summary=f"{request.resource}: signal {number}",
        )
        return stored
