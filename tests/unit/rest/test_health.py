"""Liveness, readiness and what is counted of requests."""

from collections.abc import Awaitable, Callable

import httpx2
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from starter import health
from starter.health import Health
from starter.monitor import health_routes
from tests.unit.rest.world import World


def fixed(answer: str) -> Callable[[], Awaitable[str]]:
    async def check() -> str:
        return answer

    return check


async def asked(able: Health, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=Starlette(routes=health_routes(able)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://probe.test") as http:
        return await http.get(path)


async def test_ready_is_whose_every_check_passes_and_says_which_does_not(world: World) -> None:
    able = Health({"database": health.database(world.store), "temporal": fixed("")})
    answer = await asked(able, "/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": {"database": "ok", "temporal": "ok"}})
    await world.store.close()
    answer = await asked(able, "/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["checks"] == {
        "database": "The database does not answer: the store is closed.",
        "temporal": "ok",
    }
    assert (await asked(able, "/live")).status_code == 200


async def test_what_is_only_told_keeps_no_request_away() -> None:
    """Without a worker an API accepts requests, which are carried out later."""
    able = Health({"temporal": fixed("")}, tells={"workers": fixed("no worker polls the task queue 'firebrick'")})
    answer = await asked(able, "/ready")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["checks"] == {"temporal": "ok", "workers": "no worker polls the task queue 'firebrick'"}
    assert await able.wait(0.0) == {"temporal": ""}


async def test_an_operation_says_why_nobody_goes_on_with_it(world: World) -> None:
    made = await world.create("main", {"heat_template_version": "2021-04-16"})
    path = f"/operations/{made.operation}"
    assert (await world.body(path))["operation"]["no_worker"] is None
    world.starter.no_worker_because = "no worker polls the task queue 'q'"
    assert (await world.body(path))["operation"]["no_worker"] == "no worker polls the task queue 'q'"
    await made.carry_out({})
    assert (await world.body(path))["operation"]["no_worker"] is None


async def test_a_check_that_hangs_is_one_that_does_not_pass() -> None:
    async def hangs() -> str:
        raise TimeoutError

    assert (await Health({"slow": hangs}).look())["slow"].startswith("no answer within")


async def test_waiting_ends_when_all_pass_or_with_what_does_not() -> None:
    answers = iter(["not yet", "not yet", ""])

    async def later() -> str:
        return next(answers)

    assert await Health({"one": later}).wait(30.0) == {"one": ""}
    assert await Health({"one": fixed("never")}).wait(0.0) == {"one": "never"}


async def test_requests_are_counted_by_route_not_by_name(world: World) -> None:
    def count(**labels: str) -> float:
        return REGISTRY.get_sample_value("firebrick_http_request_duration_seconds_count", labels) or 0.0

    shown = {"method": "GET", "route": "/v1/{project}/stacks/{name}", "status": "404"}
    strange = {"method": "other", "route": "-", "status": "300"}
    before = count(**shown), count(**strange)
    for name in ("one", "two"):
        assert (await world.get(f"/stacks/{name}")).status_code == 404
    await world.http.request("BREW", "/pot")
    assert (count(**shown), count(**strange)) == (before[0] + 2, before[1] + 1)
