"""A nested stack that is retained lives on, with all that is in it, and is a stack of its own from then on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import UpdateStackRequest
from firebrick.intake_plan import plan_delete, plan_update
from firebrick.plan_document import summary_of
from firebrick.preview_result import Will
from firebrick.store import maintenance
from firebrick.testing.provider_process import ProviderProcess
from tests.workflow.plan_truth import flat

HEAD = "heat_template_version: 2018-08-31\n"
EMPTY = f"{HEAD}resources: {{}}\n"
LEAF = f"""{HEAD}
resources:
  one: {{type: Firebrick::Test::Object, properties: {{value: v}}}}
"""
MIDDLE = f"{HEAD}resources: {{leaf: {{type: leaf.yaml}}}}\n"
FILES = {"middle.yaml": MIDDLE, "leaf.yaml": LEAF}


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderProcess]:
    with ProviderProcess(tmp_path) as process:
        for name, value in process.environment.items():
            monkeypatch.setenv(name, value)
        yield process


def outer(policy: str = "", kind: str = "middle.yaml", more: str = "") -> str:
    return f"{HEAD}resources:\n  nest: {{type: {kind}{policy and ', deletion_policy: ' + policy}}}\n{more}"


async def nested(api: Any) -> dict[str, str]:
    """Name -> state of the nested stacks that live."""
    stacks = (await api.body("/stacks", show_nested="True"))["stacks"]
    return {one["stack_name"].split("-")[-2]: one["stack_status"] for one in stacks if "-" in one["stack_name"]}


LIVING = {"nest": "CREATE_COMPLETE", "leaf": "CREATE_COMPLETE"}


@pytest.mark.parametrize("how", ["delete", "retain", "removed", "replaced", "rolled back"])
async def test_it_lives_on_whichever_way_its_resource_goes(api: Any, provider: ProviderProcess, how: str) -> None:
    failing = "  bad: {type: OS::Heat::TestResource, depends_on: nest, properties: {fail: true}}\n"
    if how == "rolled back":
        path = await api.create("s", outer("Retain", more=failing), files=FILES, disable_rollback=False)
    else:
        path = await api.create("s", outer("" if how == "retain" else "Retain"), files=FILES)
    (made,) = provider.ledger.living()
    if how == "removed":
        await api.update(path, EMPTY)
    elif how == "replaced":
        await api.update(path, outer("Retain", kind="OS::Heat::None"))
    elif how != "rolled back":
        await api.delete(path, **({"retain": "nest"} if how == "retain" else {}))
    assert (made.id in {one.id for one in provider.ledger.living()}, await nested(api)) == (True, LIVING)
    assert provider.ledger.effects("one", what="deleted") == []


async def test_it_is_a_stack_of_its_own_that_can_be_shown_changed_and_deleted(
    api: Any, provider: ProviderProcess
) -> None:
    path = await api.create("s", outer(), files=FILES)
    inner = await api.inner(path, "nest")
    await api.delete(path, retain="nest")
    assert (await api.stack(inner))["stack_status"] == "CREATE_COMPLETE"
    (leaf,) = (await api.body(f"{inner}/resources"))["resources"]
    assert (leaf["resource_name"], leaf["resource_status"]) == ("leaf", "CREATE_COMPLETE")
    await api.update(inner, MIDDLE, files={**FILES, "leaf.yaml": LEAF.replace("value: v", "value: w")})
    assert await api.state(inner) == "UPDATE_COMPLETE"
    (one,) = provider.ledger.living()
    assert one.properties["value"] == "w"
    await api.delete(inner)
    assert (await nested(api), provider.ledger.living()) == ({}, [])


async def test_it_is_shown_when_the_stack_that_it_was_in_is_purged(
    api: Any, provider: ProviderProcess, tmp_path: Path
) -> None:
    path = await api.create("s", outer(), files=FILES)
    inner = await api.inner(path, "nest")
    shown = {inside: await api.body(inner + inside) for inside in ("", "/resources", "/events")}
    await api.delete(path, retain="nest")
    assert maintenance.purge(f"sqlite:///{tmp_path / 'stacks.db'}", deleted_before=time.time() * 2).stacks == 1
    assert (await api.ask("GET", path)).status_code == 404
    shown["/resources"]["resources"][0].pop("parent_resource")
    assert {inside: await api.body(inner + inside) for inside in shown} == shown
    for query in ({}, {"sort_keys": "resource_type"}):
        events = (await api.body(f"{inner}/events", nested_depth=2, **query))["events"]
        roots = {link["href"] for one in events for link in one["links"] if link["rel"] == "root_stack"}
        assert len(events) > len(shown["/events"]["events"]) and [root.endswith(inner) for root in roots] == [True]
    leaf = await api.inner(inner, "leaf")
    assert (await api.body(f"{leaf}/resources/one"))["resource"]["parent_resource"] == "leaf"


async def test_it_may_be_retained_after_a_delete_that_failed_inside(api: Any, provider: ProviderProcess) -> None:
    path = await api.create("s", outer(), files=FILES)
    provider.fault("fail", method="DELETE", match="one", times=100, status=400)
    await api.delete(path)
    assert await api.state(path) == "DELETE_FAILED"
    await api.delete(path, retain="nest")
    assert await api.state(path) == "DELETE_COMPLETE"
    assert await nested(api) == {"nest": "DELETE_FAILED", "leaf": "DELETE_FAILED"}
    assert len(provider.ledger.living()) == 1


@pytest.mark.parametrize("policy", ["", "Retain"])
async def test_a_plan_says_that_it_is_kept_and_lists_nothing_of_it(
    lab: Any, api: Any, provider: ProviderProcess, policy: str
) -> None:
    await api.create("s", outer(policy, more="  other: {type: OS::Heat::None}\n"), files=FILES)
    plans = [await plan_delete(lab.store, lab.registry, "lab", "s", [] if policy else ["nest"])]
    if policy:
        request = UpdateStackRequest(stack="s", template=EMPTY, project="lab")
        plans.append(await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects))
    for plan in plans:
        said = {address: (one.will, one.kept) for address, one in flat(plan.preview)}
        assert said == {"nest": (Will.DELETE, True), "other": (Will.DELETE, False)}
        summary = summary_of(plan.preview)
        assert (summary["keep"], summary["destroy"]) == (1, 1)
