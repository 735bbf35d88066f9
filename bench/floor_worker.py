"""The floor's worker, in a process of its own as Firebrick's is: ``python -m bench.floor_worker ADDRESS READY_FILE``.

Its settings are the best that were measured, and the same as Firebrick's worker has: eager activities, no compression
on loopback, pydantic payloads, the sandbox on. SIGTERM ends it.
"""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

from temporalio.worker import Worker

from bench.floor import FLOOR_QUEUE, FloorFanOut, noop
from starter.cluster import Target, connect
from workflows.runner import RUNNER


async def work(address: str, ready_file: Path) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = Worker(
        await connect(Target(address)),
        task_queue=FLOOR_QUEUE,
        workflows=[FloorFanOut],
        activities=[noop],
        workflow_runner=RUNNER,
        max_concurrent_activities=200,
        max_workflow_task_external_storage_concurrency=1,
        max_eager_activity_reservations_per_workflow_task=100,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=5),
    )
    async with worker:
        ready_file.touch()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2])))
