"""Resources that wait for a person: hooks and signals go on through the death of the worker."""

from pathlib import Path

from firebrick import contract
from firebrick.signals import accept_signal, wake_key
from firebrick.store.rows import EventRow, OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.history import check_created_once
from tests.integration.rig import Rig

TEMPLATE = """
heat_template_version: 2021-04-16
resources:
  one: {type: Firebrick::Test::Object}
  two: {type: Firebrick::Test::Signalled, depends_on: one}
"""
HOOKS = {"resource_registry": {"resources": {"one": {"hooks": ["pre-create", "post-create"]}}}}


async def told(rig: Rig, operation: OperationRow, text: str) -> None:
    def found(events: list[EventRow]) -> bool:
        return any(text in event.reason for event in events)

    await rig.reached(operation, found, f"an event with {text!r}")


async def send(rig: Rig, operation: OperationRow, name: str, body: object) -> None:
    stack = await rig.project.stack(operation.stack_id)
    row = await rig.project.resource(operation.stack_id, name)
    workflow_id = await accept_signal(rig.project, rig.registry, stack, row, body)
    await rig.starter.signal(workflow_id, contract.WAKE, wake_key(name))


async def test_hooks_and_signals_outlive_the_worker(tmp_path: Path, dev_server: DevServer) -> None:
    async with Rig(tmp_path, dev_server) as rig:
        worker = await rig.worker()
        operation = await rig.create(TEMPLATE, environment=HOOKS)
        await told(rig, operation, "paused until Hook pre-create is cleared")
        worker.kill()
        await send(rig, operation, "one", {"unset_hook": "pre-create"})  # nobody is there to hear it
        await rig.worker()
        await told(rig, operation, "paused until Hook post-create is cleared")
        await send(rig, operation, "one", {"unset_hook": "post-create"})

        def two_waits(events: list[EventRow]) -> bool:
            return any(event.resource_name == "two" and event.state == "CREATE_IN_PROGRESS" for event in events)

        await rig.reached(operation, two_waits, "two is begun")
        await rig.no_workers()
        await send(rig, operation, "two", {"value": "now"})
        await rig.worker()
        await rig.done(operation)
        row = await rig.project.resource(operation.stack_id, "two")
        assert row.attributes == {"values": ["now"]}
        check_created_once(rig.provider.ledger, "demo", ["one"])
        events = await rig.project.events(operation.stack_id)
        reasons = [event.reason for event in events if event.resource_name == "one"]
        assert [one for one in reasons if "Hook" in one] == [
            "CREATE paused until Hook pre-create is cleared",
            "Hook pre-create is cleared",
            "CREATE paused until Hook post-create is cleared",
            "Hook post-create is cleared",
        ]
