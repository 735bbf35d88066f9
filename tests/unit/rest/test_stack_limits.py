"""How many stacks and resources there may be: Heat's limits, as settings, and its words where they are reached."""

from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.stack_limits import RESOURCES_SETTING, STACKS_SETTING
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.rest.test_stacks import TEMPLATE, complete
from tests.unit.rest.world import World

TOO_MANY_RESOURCES = "Request limit exceeded: Maximum resources per stack exceeded."
TOO_MANY_STACKS = (
    "Request limit exceeded: You have reached the maximum stacks per tenant, 2. Please delete some stacks."
)


def of(count: int, **conditions: Any) -> dict[str, Any]:
    """A template of so many resources."""
    resources = {f"r{number}": {"type": "OS::Heat::None", **conditions} for number in range(count)}
    return {"heat_template_version": "2021-04-16", "conditions": {"never": False}, "resources": resources}


async def test_a_stack_has_1000_resources_at_most(world: World) -> None:
    body = await world.refused(400, stack_name="large", template=of(1001))
    assert body["error"] == {"type": "RequestLimitExceeded", "traceback": None, "message": TOO_MANY_RESOURCES}
    assert body["diagnostics"][0]["code"] == "limit-exceeded"
    for path in ("preview", "plan"):
        answer = await world.http.post(f"/v1/p1/stacks/{path}", json={"stack_name": "large", "template": of(1001)})
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, TOO_MANY_RESOURCES)
    await world.create("large", of(1000))


async def test_the_setting_counts_and_what_a_condition_leaves_out_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RESOURCES_SETTING, "3")
    await world.refused(400, stack_name="x", template=of(4))
    await world.create("none", of(4, condition="never"))
    made = await (await world.create("x", of(3))).carry_out({f"r{number}": RowOutcome.done() for number in range(3)})
    for method, inside in (("PUT", ""), ("PATCH", ""), ("PUT", "/preview"), ("POST", "/plan")):
        body = await made.refused(400, method, inside, {"template": of(4)})
        assert body["error"]["message"] == TOO_MANY_RESOURCES
    monkeypatch.setenv(RESOURCES_SETTING, "-1")
    await made.asked("PUT", body={"template": of(2000)})


async def test_a_project_has_so_many_stacks_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STACKS_SETTING, "2")
    first = await complete(world, "one")
    await complete(world, "two", tags="data-processing-cluster")
    body = await world.refused(400, stack_name="three", template=TEMPLATE)
    assert body["error"] == {"type": "RequestLimitExceeded", "traceback": None, "message": TOO_MANY_STACKS}
    for path in ("preview", "plan"):
        answer = await world.http.post(f"/v1/p1/stacks/{path}", json={"stack_name": "three", "template": TEMPLATE})
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, TOO_MANY_STACKS)
    await World(world.store, world.starter, world.http, "p2").create("three", TEMPLATE)
    await first.asked("PUT", body={"template": TEMPLATE})
    await (await first.delete()).carry_out({"val": RowOutcome.done(), "rnd": RowOutcome.done()}, action=Action.DELETE)
    await world.create("three", TEMPLATE)


async def test_minus_one_is_without_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STACKS_SETTING, "0")
    await world.refused(400, stack_name="one", template=TEMPLATE)
    monkeypatch.setenv(STACKS_SETTING, "-1")
    await world.create("one", TEMPLATE)


@pytest.mark.parametrize("setting", [RESOURCES_SETTING, STACKS_SETTING])
@pytest.mark.parametrize("value", ["many", "-2", "1.5", "²", "9" * 40])
async def test_a_setting_that_is_no_number_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(setting, value)
    body = await world.refused(400, stack_name="one", template=TEMPLATE)
    assert body["diagnostics"][0]["code"] == "bad-setting" and setting in body["diagnostics"][0]["summary"]
