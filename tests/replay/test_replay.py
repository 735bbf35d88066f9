"""Histories of every state of the code replay on today's workflows: as workers run them, and under all restrictions.

A history that does not replay means that operations running through an upgrade would break: bring the old behaviour
back (workflow.patched) rather than removing the file. New ones are made by tools/record_histories.py.
"""

import base64
import json
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowRunner

from starter import tracing
from workflows.runner import RESTRICTING_RUNNER, RUNNER, WORKFLOWS

TRACE = base64.b64encode(b'{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}').decode()
HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def test_there_are_histories_to_replay() -> None:
    assert len(HISTORIES) >= 8


@pytest.mark.parametrize("runner", [RUNNER, RESTRICTING_RUNNER], ids=["as-in-a-worker", "restricted"])
@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_history_replays(path: Path, runner: WorkflowRunner) -> None:
    history = WorkflowHistory.from_json(path.stem, json.loads(path.read_text()))
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=runner, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


@pytest.mark.parametrize("name", ["flat", "continued-run2", "cancelled"])
async def test_a_history_that_was_made_without_traces_replays_with_them(name: str) -> None:
    """And the other way round: a trace travels in headers, which are no part of a command."""
    path = next(path for path in HISTORIES if path.stem.endswith(name))
    content = json.loads(path.read_text())
    traces = tracing.of(InMemorySpanExporter(), "replay")
    for interceptors in (traces.interceptors, []):
        replayer = Replayer(
            workflows=WORKFLOWS,
            workflow_runner=RUNNER,
            data_converter=pydantic_data_converter,
            interceptors=interceptors,
        )
        await replayer.replay_workflow(WorkflowHistory.from_json(path.stem, content))
        carried = {"_tracer-data": {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": TRACE}}
        for event in content["events"]:  # as if traces had been on when it was made
            for kind in ("workflowExecutionStartedEventAttributes", "activityTaskScheduledEventAttributes"):
                if kind in event:
                    event[kind]["header"] = {"fields": carried}
    traces.close()


async def test_a_history_of_other_behaviour_is_noticed() -> None:
    """The check can fail: swap two scheduled activities of a history."""
    path = next(path for path in HISTORIES if "flat" in path.stem)
    content = json.loads(path.read_text())
    scheduled = [e for e in content["events"] if "activityTaskScheduledEventAttributes" in e]
    steps = [e for e in scheduled if e["activityTaskScheduledEventAttributes"]["activityType"]["name"] == "run_step"]
    one, other = (e["activityTaskScheduledEventAttributes"] for e in steps[:2])
    one["activityId"], other["activityId"] = other["activityId"], one["activityId"]
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=RUNNER, data_converter=pydantic_data_converter)
    with pytest.raises(Exception, match="[Nn]ondeterminism|activity id|Nondeterministic"):
        await replayer.replay_workflow(WorkflowHistory.from_json(path.stem, content))
