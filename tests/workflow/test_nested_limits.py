"""How many resources a stack may have with all that is nested in it."""

from typing import Any

import pytest

from firebrick.stack_limits import RESOURCES_SETTING

HEAD = "heat_template_version: 2018-08-31"
REFUSED = "RequestLimitExceeded: resources.{}: Request limit exceeded: Maximum resources per stack exceeded."


def inner(count: int) -> str:
    return f"{HEAD}\nresources:\n" + "".join(f"  r{number}: {{type: OS::Heat::None}}\n" for number in range(count))


def outer(*types: str) -> str:
    return f"{HEAD}\nresources:\n" + "".join(
        f"  {name}: {{type: {kind}}}\n" for name, kind in zip("abcd", types, strict=False)
    )


@pytest.fixture
def six(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESOURCES_SETTING, "6")


@pytest.mark.usefixtures("six")
async def test_what_is_nested_counts_with_the_stack_that_it_is_in(api: Any) -> None:
    files = {"inner.yaml": inner(4)}
    full = await api.create("full", outer("inner.yaml", "OS::Heat::None"), files=files)
    assert await api.state(full) == "CREATE_COMPLETE"
    path = await api.create("s", outer("inner.yaml", "OS::Heat::None", "OS::Heat::None"), files=files)
    stack = await api.stack(path)
    assert stack["stack_status"] == "CREATE_FAILED"
    assert stack["stack_status_reason"] == "Resource CREATE failed: " + REFUSED.format("a")


@pytest.mark.usefixtures("six")
async def test_what_is_nested_deeper_counts_for_the_outermost(api: Any) -> None:
    files = {"deep.yaml": inner(4), "middle.yaml": outer("deep.yaml")}
    assert await api.state(await api.create("full", outer("middle.yaml"), files=files)) == "CREATE_COMPLETE"
    stack = await api.stack(await api.create("s", outer("middle.yaml", "OS::Heat::None"), files=files))
    assert stack["stack_status_reason"] == (
        "Resource CREATE failed: RequestLimitExceeded: resources.a.resources.a: "
        "Request limit exceeded: Maximum resources per stack exceeded."
    )


@pytest.mark.usefixtures("six")
async def test_an_update_that_makes_a_nested_stack_larger_counts_it_once(api: Any) -> None:
    path = await api.create("s", outer("inner.yaml"), files={"inner.yaml": inner(4)})
    await api.update(path, outer("inner.yaml"), files={"inner.yaml": inner(5)})
    assert await api.state(path) == "UPDATE_COMPLETE"
    await api.update(path, outer("inner.yaml"), files={"inner.yaml": inner(6)})
    stack = await api.stack(path)
    assert stack["stack_status_reason"] == "Resource UPDATE failed: " + REFUSED.format("a")
    nested = await api.inner(path, "a")
    assert len((await api.body(f"{nested}/resources"))["resources"]) == 5


@pytest.mark.parametrize("kind", ["inner.yaml", "middle.yaml"])
async def test_a_rollback_is_not_refused_by_the_limit(api: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def template(fail: bool) -> str:
        last = f"{{type: OS::Heat::TestResource, depends_on: a, properties: {{fail: {str(fail).lower()}}}}}"
        return outer(kind) + f"  last: {last}\n"

    files = {"middle.yaml": outer("inner.yaml")}
    path = await api.create("s", template(False), files={**files, "inner.yaml": inner(4)})
    monkeypatch.setenv(RESOURCES_SETTING, "3")
    await api.update(path, template(True), files={**files, "inner.yaml": inner(1)}, disable_rollback=False)
    assert await api.state(path) == "ROLLBACK_COMPLETE"
    nested = await api.inner(path, "a")
    if kind == "middle.yaml":
        nested = await api.inner(nested, "a")
    assert len((await api.body(f"{nested}/resources"))["resources"]) == 4


async def test_a_lowered_limit_leaves_what_there_is_updatable(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await api.create("s", outer("inner.yaml"), files={"inner.yaml": inner(4)})
    monkeypatch.setenv(RESOURCES_SETTING, "1")
    await api.update(path, outer("inner.yaml"), files={"inner.yaml": inner(4)})
    assert await api.state(path) == "UPDATE_COMPLETE"
    await api.update(path, outer("inner.yaml"), files={"inner.yaml": inner(3)})
    assert await api.state(path) == "UPDATE_COMPLETE"
