"""A cluster of which nobody takes the tasks: what is accepted waits, and whoever asks hears why."""

import asyncio
from pathlib import Path

import httpx2

from firebrick.testing.dev_server import DevServer
from starter import health
from starter.health import Health
from starter.monitor import health_routes
from starter.rest import create_app
from tests.integration.rig import Rig, until

TEMPLATE = {"heat_template_version": "2021-04-16", "resources": {"a": {"type": "Firebrick::Test::Object"}}}


async def test_whoever_waits_hears_that_no_worker_is_there_and_when_one_is(
    module_server: DevServer, tmp_path: Path
) -> None:
    async with Rig(tmp_path / "rig", module_server) as rig:
        missing = f"no worker polls the task queue {rig.task_queue!r}"
        app = create_app(rig.store, rig.starter, rig.registry)
        able = Health({"temporal": health.temporal(rig.client)}, tells={"workers": health.workers(rig.starter.workers)})
        app.router.routes[:0] = health_routes(able)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://rig.test") as http:

            async def said(operation_id: str) -> str | None:
                answer = await http.get(f"/v1/default/operations/{operation_id}")
                told: str | None = answer.json()["operation"]["no_worker"]
                return told

            async def ready() -> tuple[int, str]:
                answer = await http.get("/ready")
                return answer.status_code, answer.json()["checks"]["workers"]

            operation = await rig.create(TEMPLATE)
            assert (await rig.project.stack("demo")).state == "CREATE_IN_PROGRESS"
            assert await said(operation.id) == missing
            assert await ready() == (200, missing)
            worker = await rig.worker()
            await rig.done(operation)

            async def well() -> bool:
                return await ready() == (200, "ok")

            await until(well, "the worker is seen")

            await asyncio.to_thread(worker.kill)  # the cluster does not notice that for a minute
            updated = await rig.update({"heat_template_version": "2021-04-16"})

            async def missed() -> bool:
                return await said(updated.id) is not None

            await until(missed, "it is seen that a task waits")
            told = f"no worker takes the tasks that wait in the task queue {rig.task_queue!r}"
            assert await said(updated.id) in (told, missing)
            await rig.worker()
            await rig.done(updated)
            assert await said(updated.id) is None
