"""A provider that answers nobody takes no more than its share of a worker."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.handlers import HandlerRunner
from firebrick import contract
from tests.unit.resources.http_world import Api
from tests.workflow.conftest import Lab, lab_on


@pytest.fixture
def apis(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Api, Api]]:
    with Api() as one, Api() as other:
        monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", "127.0.0.1")
        yield one, other


@pytest.fixture
async def small_lab(time_skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Lab]:
    """A worker with four places for calls."""
    async with AsyncExitStack() as cleanup:
        yield await lab_on(cleanup, time_skipping.client, tmp_path, HandlerRunner(slots=4))


def things(api: Api, number: int) -> str:
    properties: dict[str, Any] = {
        "url": api.url,
        "body": {"name": "{name}", "colour": "red"},
        "id": "data.id",
        "timeout": 50,
    }
    resources = {f"r{one}": {"type": "Firebrick::HTTP::Resource", "properties": properties} for one in range(number)}
    return json.dumps({"heat_template_version": "2018-08-31", "resources": resources})


async def test_a_provider_that_answers_nobody_leaves_room_for_the_others(small_lab: Lab, apis: tuple[Api, Api]) -> None:
    hangs, answers = apis
    hangs.answering.clear()
    stuck = await small_lab.create(things(hangs, 8), name="stuck")
    while len(hangs.seen) < 2:
        await asyncio.sleep(0.01)
    other = await small_lab.create(things(answers, 3), name="other")
    await other.handle.result()
    assert len(answers.things) == 3 and len(hangs.seen) == 2
    rows = await stuck.resources()
    assert {row.state for row in rows.values()} == {"CREATE_IN_PROGRESS"}
    # Those that have no place are parked, hold nothing, and nothing is told of them.
    assert (await stuck.handle.query(contract.PROGRESS, result_type=contract.Progress)).running <= 8
    told = await stuck.told()
    assert told.count("r0 CREATE_IN_PROGRESS") == 1 and len(told) == 9
    hangs.answering.set()
    await stuck.handle.result()
    assert len(hangs.things) == 8
