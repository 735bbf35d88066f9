"""Objects that are left when their deletion failed are shown, whatever has taken their place."""

from pathlib import Path
from typing import Any

import httpx2

from firebrick.resources.registry import Registry
from firebrick.testing.dev_server import DevServer
from starter.rest import create_app
from starter.testing import Engine

TYPE = "Firebrick::Test::Scenario"


def template(b: str, *, more: bool = False) -> dict[str, Any]:
    resources: dict[str, Any] = {"keep": {"type": TYPE, "properties": {"!b": b}}}
    if more:
        resources |= {"extra": {"type": TYPE, "depends_on": "keep"}, "bad": {"type": TYPE, "depends_on": "extra"}}
    return {"heat_template_version": "2018-08-31", "resources": resources}


async def test_what_a_failed_rollback_leaves_is_listed_until_it_is_gone(tmp_path: Path, dev_server: DevServer) -> None:
    async with Engine(tmp_path, address=dev_server.address) as engine:
        await engine.wait(await engine.create(template("1"), name="s"))
        engine.world.fail("bad", "create")
        engine.world.fail("extra", "delete")  # and what it requires, the second `keep`, stays with it
        await engine.wait(await engine.update("s", template("2", more=True), disable_rollback=False))
        assert await engine.settled("s") == "ROLLBACK_FAILED"
        living = {one["id"] for one in engine.world.objects()}
        assert len(living) == 3
        assert await listed(engine) == living
        await engine.wait(await engine.update("s", template("1")))
        assert await engine.settled("s") == "UPDATE_COMPLETE"
        assert len(engine.world.objects()) == 1
        assert await listed(engine) == {one["id"] for one in engine.world.objects()}


async def listed(engine: Engine) -> set[str]:
    """Physical ids of what the API lists; each shows the attributes of its own object."""
    stack = await engine.stack("s")
    app = create_app(engine.store, None, Registry.default({}))  # type: ignore[arg-type]  # nothing is asked of it
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://heat.test") as http:
        path = f"/v1/default/stacks/s/{stack.id}/resources"
        rows = (await http.get(path, params={"with_detail": "true"})).json()["resources"]
    return {row["physical_resource_id"] for row in rows}
