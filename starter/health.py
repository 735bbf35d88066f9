"""Whether a process can do its work: what readiness probes ask, and what `firebrick server` waits for.

Live is who answers at all: its event loop turns. Ready is whose every check passes: the database, the cluster, and
for a worker that it takes tasks. A process that is not ready is left alone, since each part comes back by itself; one
that is not live may be started again. What a process only tells of (an API, that no worker polls) is no reason to keep
requests from it: they are accepted, and carried out later.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from firebrick.diagnostics import FirebrickError
from firebrick.store import Store
from starter.workers import Workers

Check = Callable[[], Awaitable[str]]  # "": it passes; else why not, for people, without values

WITHIN = 5.0  # seconds one check may take


@dataclass(frozen=True, slots=True)
class Health:
    """checks: name -> check. tells: those that are told with them, and decide nothing."""

    checks: Mapping[str, Check]
    tells: Mapping[str, Check] = field(default_factory=dict)

    async def look(self) -> dict[str, str]:
        """Name of each check -> "" or why it does not pass. Checks run side by side."""
        return await _answers(self.checks)

    async def told(self) -> dict[str, str]:
        """The same of those that decide nothing."""
        return await _answers(self.tells)

    async def wait(self, within: float) -> dict[str, str]:
        """Look until all pass, for so many seconds; the last look."""
        until = time.monotonic() + within
        while any((found := await self.look()).values()) and time.monotonic() < until:
            await asyncio.sleep(0.1)
        return found


async def _answers(checks: Mapping[str, Check]) -> dict[str, str]:
    answers = await asyncio.gather(*(_bounded(check) for check in checks.values()))
    return dict(zip(checks, answers, strict=True))


async def _bounded(check: Check) -> str:
    try:
        return await asyncio.wait_for(check(), WITHIN)
    except TimeoutError:
        return f"no answer within {WITHIN:g} s"


def database(store: Store) -> Check:
    async def check() -> str:
        try:
            await store.read(lambda connection: connection.execute(text("SELECT 1")))
        except FirebrickError as error:
            return error.first.summary
        return ""

    return check


def temporal(client: Client) -> Check:
    async def check() -> str:
        try:
            await client.service_client.check_health()
        except (RPCError, RuntimeError, OSError) as error:
            return f"the Temporal server does not answer ({type(error).__name__})"
        return ""

    return check


def polling(worker: Worker, draining: asyncio.Event) -> Check:
    async def check() -> str:
        if draining.is_set():
            return "draining: no new work is taken"
        return "" if worker.is_running else "no tasks are taken"

    return check


def workers(of: Workers) -> Check:
    async def check() -> str:
        return (await of.attendance()).polling

    return check
