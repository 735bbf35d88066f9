"""SignalResource: what any SDK can tell a resource, on the time-skipping server."""

import uuid
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from firebrick import contract
from firebrick.contract import OperationState
from tests.workflow.test_hooks import hooks, until, waits_at

HEAD = "heat_template_version: 2018-08-31\nresources:\n"
TWICE = HEAD + "  one: {type: Firebrick::Test::Signalled, properties: {count: 2}}\n"


async def start(lab: Any, request: Any, *sent: Any) -> WorkflowHandle[Any, contract.SignalResult]:
    """As any SDK does it. sent: with the signal `send`; the first of them together with the start."""
    more = {"start_signal": contract.SEND, "start_signal_args": [sent[0]]} if sent else {}
    handle: WorkflowHandle[Any, contract.SignalResult] = await lab.client.start_workflow(
        "SignalResource",
        request,
        id=f"signal/{uuid.uuid4()}",
        task_queue=contract.TASK_QUEUE,
        result_type=contract.SignalResult,
        **more,
    )
    return handle


async def waiting(lab: Any, template: str = TWICE) -> Any:
    """A create whose resource waits for signals."""
    created = await lab.create(template)

    async def parked() -> bool:
        answer = await created.handle.query(contract.PROGRESS, result_type=contract.Progress)
        return bool(answer.parked)

    await until(parked)
    return created


def of(created: Any, **more: Any) -> dict[str, Any]:
    return {"stack": created.accepted.stack_id, "resource": "one", "project": "lab", **more}


async def refusal(handle: WorkflowHandle[Any, Any]) -> str:
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    cause: Any = caught.value.cause
    while not isinstance(cause, ApplicationError):
        cause = cause.cause
    assert cause.type == contract.INVALID_REQUEST
    return cause.message


async def test_what_the_request_and_the_signals_carry_reaches_the_waiting_resource_once_and_in_order(lab: Any) -> None:
    created = await waiting(lab)
    handle = await start(lab, of(created, data={"value": "first"}), {"value": "second"})
    result = await handle.result()
    assert (result.signals, result.stack_id) == (2, created.accepted.stack_id)
    assert result.woken == (await created.operation()).workflow_id
    assert (await created.handle.result()).state is OperationState.DONE
    (row,) = (await created.resources()).values()
    assert row.attributes["values"] == ["first", "second"]
    assert [e.reason for e in await created.events() if e.action == "SIGNAL"] == [
        "Signal: value first",
        "Signal: value second",
    ]


async def test_a_request_without_data_is_a_signal_without_details(lab: Any) -> None:
    created = await waiting(lab)
    assert (await (await start(lab, of(created))).result()).signals == 1
    assert [e.reason for e in await created.events() if e.action == "SIGNAL"] == ["No signal details provided"]


async def test_a_hook_is_cleared_by_one(lab: Any) -> None:
    created = await lab.create(
        HEAD + "  one: {type: OS::Heat::TestResource, properties: {value: a}}\n", environment=hooks("pre-create")
    )
    await waits_at(created, "pre-create")
    await (await start(lab, of(created, data={"unset_hook": "pre-create"}))).result()
    assert (await created.handle.result()).state is OperationState.DONE


async def test_it_is_stored_when_no_action_runs(lab: Any) -> None:
    created = await waiting(lab)
    await (await start(lab, of(created), None)).result()
    await (await start(lab, of(created), None)).result()
    await created.handle.result()
    result = await (await start(lab, of(created, data={"value": "late"}))).result()
    assert (result.signals, result.woken) == (1, "")
    assert (await created.events())[-1].reason == "Signal: value late"


async def test_one_that_is_refused_does_not_keep_the_others_from_being_told(lab: Any) -> None:
    created = await waiting(lab)
    handle = await start(lab, of(created, data={"unset_hook": "pre-flight"}), {"value": "good"})
    assert "there is no hook pre-flight" in await refusal(handle)
    assert [e.reason for e in await created.events() if e.action == "SIGNAL"] == ["Signal: value good"]


@pytest.mark.parametrize("what", ["two values", "too large"])
async def test_one_that_nobody_can_read_does_not_keep_the_others_from_being_told(lab: Any, what: str) -> None:
    created = await waiting(lab)
    handle = await start(lab, of(created), None)
    payloads = {
        "two values": [Payload(metadata={"encoding": b"json/plain"}, data=b"1")] * 2,
        "too large": [Payload(metadata={"encoding": b"json/plain"}, data=b'"' + b"x" * (1024 * 1024) + b'"')],
    }
    await lab.client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=lab.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            signal_name=contract.SEND,
            input=Payloads(payloads=payloads[what]),
        )
    )
    await handle.signal(contract.SEND, {"value": "good"})
    assert "of send was not told" in await refusal(handle)
    assert [e.reason for e in await created.events() if e.action == "SIGNAL"] == [
        "No signal details provided",
        "Signal: value good",
    ]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (["no", "object"], "one JSON object"),
        ({"stack": "demo"}, "resource: Field required"),
        ({"stack": "demo", "resource": "one", "colour": "red"}, "colour"),
        ({"stack": "nowhere", "resource": "one", "project": "lab"}, "nowhere"),
    ],
)
async def test_what_cannot_be_told_ends_the_run_with_the_reason(lab: Any, request_: Any, said: str) -> None:
    assert said in await refusal(await start(lab, request_))


async def test_a_resource_that_takes_no_signals_refuses_them(lab: Any) -> None:
    created = await lab.create(HEAD + "  one: {type: OS::Heat::TestResource, properties: {value: a}}\n")
    await created.handle.result()
    assert "takes no signals" in await refusal(await start(lab, of(created, data="x")))


BAD = [
    b'{"value": NaN}',
    b'{"value": 1e999}',
    b'{"value": "a\\u0000"}',
    b'{"value": "\\ud800"}',
    b"[" * 150 + b"]" * 150,
    b"[" * 300 + b"]" * 300,
]


def raw(data: bytes) -> RawValue:
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:20].decode())
async def test_a_signal_that_cannot_be_stored_is_refused_and_a_good_one_beside_it_is_told(
    lab: Any, body: bytes
) -> None:
    created = await waiting(lab)
    told = await refusal(await start(lab, of(created, data={"value": "good"}), raw(body)))
    assert "signal" in told
    assert [e.reason for e in await created.events() if e.action == "SIGNAL"] == ["Signal: value good"]


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:20].decode())
async def test_a_request_whose_data_cannot_be_stored_is_refused(lab: Any, body: bytes) -> None:
    created = await waiting(lab)
    head = f'{{"stack": "{created.accepted.stack_id}", "resource": "one", "project": "lab", "data": '.encode()
    await refusal(await start(lab, raw(head + body + b"}")))
    assert [e.reason for e in await created.events() if e.action == "SIGNAL"] == []
