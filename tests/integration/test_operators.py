"""What is beside the tables of docs/operating.md: ids that somebody took, results that look true, trouble with one."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from firebrick.contract import CreateStackRequest, OperationState
from firebrick.intake import accept_create
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.history import check_no_orphans
from tests.integration.operator_acts import RAW, Target
from tests.integration.phases import template
from tests.integration.rig import Rig, until


async def accepted(rig: Rig, name: str) -> OperationRow:
    """In the store, and nobody has started it."""
    request = CreateStackRequest(name=name, template=template(kept={}))
    return await accept_create(rig.store, rig.registry, request)


@pytest.mark.parametrize("kind", ["SomebodyElses", "CreateStack"])
async def test_an_operation_whose_id_somebody_took_is_started_under_one_of_its_own(
    module_server: DevServer, tmp_path: Path, kind: str
) -> None:
    """By a workflow that is nobody's here, or where no worker is."""
    async with Rig(tmp_path, module_server, reconcile_every=1.0) as rig:
        operation = await accepted(rig, "demo")
        squatter = await rig.client.start_workflow(
            kind, {"mine": True}, id=operation.workflow_id, task_queue=f"nobody-polls-{rig.task_queue}"
        )
        await rig.worker()
        done = await rig.done(operation)
        assert done.workflow_id == f"{operation.workflow_id}/{operation.id}"
        # And what is asked of the stack later.
        await rig.done(await rig.update(template(kept={"value": "other"})))
        await rig.done(await rig.delete())
        await squatter.terminate()
        check_no_orphans(rig.provider.ledger)


async def test_an_id_that_another_stacks_action_has_keeps_nobody_waiting(
    module_server: DevServer, tmp_path: Path
) -> None:
    """Started by hand, with a request of its own, under the id of a stack that is there already."""
    async with Rig(tmp_path, module_server, reconcile_every=1.0) as rig:
        operation = await accepted(rig, "demo")
        other = {"name": "other", "template": template(held={"hold": "ready"})}
        await rig.client.start_workflow(
            "CreateStack", other, id=operation.workflow_id, task_queue=rig.task_queue, result_type=dict
        )
        await rig.worker()
        await rig.done(operation)
        rig.provider.release()
        await rig.done((await rig.project.operations((await rig.project.stack("other")).id))[0])
        for name in ("demo", "other"):
            await rig.done(await rig.delete(name))


async def test_an_operation_that_cannot_be_looked_at_is_nobody_elses_trouble(
    module_server: DevServer, tmp_path: Path
) -> None:
    async with Rig(tmp_path, module_server, reconcile_every=1.0) as rig:
        broken = await accepted(rig, "broken")
        whole = await accepted(rig, "whole")
        engine = create_engine(f"sqlite:///{rig.directory / 'firebrick.db'}")
        with engine.begin() as connection:  # a workflow id that no server takes
            connection.execute(
                text("UPDATE operations SET workflow_id = :id WHERE id = :of"), {"id": "", "of": broken.id}
            )
        engine.dispose()
        worker = await rig.worker()
        await rig.done(whole)
        assert "not looked at to the end" in worker.log.read_text()
        assert "pass not completed" not in worker.log.read_text()
        assert (await rig.state(broken)).state is OperationState.PENDING


async def test_a_result_that_looks_true_is_not_the_stores_word(module_server: DevServer, tmp_path: Path) -> None:
    """Whoever reads a history may give a step's result in full. Then the run believes it; the store does not, and says
    of which resource it was said falsely that it is done."""
    async with Rig(tmp_path, module_server, call_timeout=10.0) as rig:
        await rig.worker()
        operation = await rig.create(template(held={"hold": "called"}))
        row = await rig.project.resource(operation.stack_id, "held")
        result = {"kind": "done", "changed": True, "answers": f"{operation.seq}.{row.id}.1"}
        target = Target(rig, operation.workflow_id, ("run_step", "held."))

        async def is_made() -> bool:
            return bool(rig.provider.ledger.living())

        await until(is_made, "the provider is asked")
        await target.on_activity("complete", "--result", json.dumps(result))
        ended = await rig.ended(operation)
        assert ended.state is OperationState.FAILED and ended.failure is not None
        (cause,) = ended.failure.causes
        assert (cause.resource, cause.error) == ("held", "StepEndedOutside")
        assert "completed in Temporal by hand" in cause.message
        rig.provider.release()
        await rig.done(await rig.delete())
        assert rig.provider.ledger.doubles() == []
        check_no_orphans(rig.provider.ledger)


async def test_a_step_that_polls_is_not_aborted_by_a_pause_a_reset_or_a_worker_that_drains(
    module_server: DevServer, tmp_path: Path
) -> None:
    """The attempt polls in place for seconds: what interrupts it is not its run."""
    async with Rig(tmp_path, module_server) as rig:
        worker = await rig.worker()
        polls = template(paused={"ready_after": 4}, again={"ready_after": 4}, drained={"ready_after": 4})
        operation = await rig.create(polls)
        for name, verb in (("paused", "pause"), ("again", "reset")):
            await Target(rig, operation.workflow_id, ("run_step", f"{name}.")).on_activity(verb)
        stopping = asyncio.create_task(worker.stop())
        await rig.worker()
        assert await stopping == 0
        done = await rig.ended(operation)
        states = {event.resource_name: event.state for event in await rig.project.events(operation.stack_id)}
        assert done.state is OperationState.DONE, states
        assert rig.provider.ledger.doubles() == []


async def test_a_run_that_was_reset_goes_on_where_an_earlier_attempt_had_died(
    module_server: DevServer, tmp_path: Path
) -> None:
    """Its numbers begin anew: they are lower than those under which the row was taken."""
    async with Rig(tmp_path, module_server, call_timeout=4.0) as rig:
        operation: Any = None
        worker = await rig.worker(failpoint="held:step.before-call")
        operation = await rig.create(template(held={}))
        await worker.death()
        second = await rig.worker(failpoint="held:step.before-call")  # the next attempt dies, too
        await second.death()
        await Target(rig, operation.workflow_id).on_run("reset", "--type", "FirstWorkflowTask", "--reason", "a test")
        await rig.worker()
        await rig.done(operation)
        await rig.done(await rig.delete())
        assert rig.provider.ledger.doubles() == []


async def test_a_signal_that_nobody_can_read_does_not_keep_the_others_from_being_told(
    module_server: DevServer, tmp_path: Path
) -> None:
    async with Rig(tmp_path, module_server) as rig:
        await rig.worker()
        told = {"type": "Firebrick::Test::Signalled", "properties": {"count": 2}}
        operation = await rig.create({"heat_template_version": "2021-04-16", "resources": {"told": told}})
        handle = await rig.client.start_workflow(
            "SignalResource",
            {"stack": operation.stack_id, "resource": "told", "data": {"value": 1}},
            id=f"signal-{rig.task_queue}",
            task_queue=rig.task_queue,
        )
        target = Target(rig, handle.id)
        for payload in RAW:
            with contextlib.suppress(RPCError):  # it may have ended by then
                await target.send_raw("send", payload)
        with pytest.raises(WorkflowFailureError) as refused:
            await handle.result()
        assert "of send was not told: it takes a JSON value, and this cannot be read" in str(refused.value.cause)
        again = {"stack": operation.stack_id, "resource": "told", "data": {"value": 2}}
        await rig.client.execute_workflow("SignalResource", again, id=handle.id, task_queue=rig.task_queue)
        await rig.done(operation)
