"""What the core of Temporal's SDK says comes by Python's logging, so in the form that everything else has."""

import asyncio
import logging

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from starter import sdk_runtime


@activity.defn
async def nothing() -> None: ...


async def test_its_warnings_are_log_records(
    time_skipping: WorkflowEnvironment, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    sdk_runtime.start()
    client = await Client.connect(time_skipping.client.service_client.config.target_host)
    async with Worker(client, task_queue="nobody's", activities=[nothing]):  # it warns of this server's age
        while not (told := [one for one in caplog.records if one.name == "temporalio.core"]):
            await asyncio.sleep(0.01)
    assert told[0].levelno == logging.WARNING and "Temporal Server" in told[0].getMessage()
    assert "Temporal Server" not in "".join(capfd.readouterr())
