"""Plans of stacks with nested ones, on the real engine: what is shown of what is inside; and Heat's previews of it."""

from typing import Any

import httpx2
import pytest

from firebrick.contract import OperationState, UpdateStackRequest
from firebrick.diagnostics import Conflict
from firebrick.intake_plan import Planned, plan_delete, plan_update
from firebrick.plan_document import changes_of, summary_of
from firebrick.preview_result import Will
from starter.rest import create_app
from tests.workflow.plan_truth import check, flat, look

HEAD = "heat_template_version: 2018-08-31\n"
LEAF = f"""{HEAD}
parameters: {{word: {{type: string}}}}
resources:
  text: {{type: OS::Heat::TestResource, properties: {{value: {{get_param: word}}}}}}
  zone: {{type: OS::Heat::TestResource, properties: {{update_replace_value: ZONE}}}}
  still: {{type: OS::Heat::Value, properties: {{value: same}}}}
outputs:
  said: {{value: {{get_attr: [text, output]}}}}
  fixed: {{value: {{get_attr: [still, value]}}}}
"""
MIDDLE = f"""{HEAD}
parameters: {{word: {{type: string}}}}
resources:
  leaf: {{type: leaf.yaml, properties: {{word: {{get_param: word}}}}}}
outputs:
  said: {{value: {{get_attr: [leaf, said]}}}}
  fixed: {{value: {{get_attr: [leaf, fixed]}}}}
"""


def outer(word: str) -> str:
    return f"""{HEAD}
parameters: {{key: {{type: string, default: s3cret, hidden: true}}}}
resources:
  nest: {{type: middle.yaml, properties: {{word: {word}}}}}
  moves: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [nest, said]}}}}}}
  stays: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [nest, fixed]}}}}}}
"""


def files(zone: str = "north", leaf: str = LEAF) -> dict[str, str]:
    return {"leaf.yaml": leaf.replace("ZONE", zone), "middle.yaml": MIDDLE}


async def made(lab: Any, word: str = "a") -> Any:
    started = await lab.create(outer(word), files=files(), name="s")
    assert (await started.handle.result()).state is OperationState.DONE
    return started


async def planned(lab: Any, template: str, given: dict[str, str]) -> Planned:
    request = UpdateStackRequest(stack="s", template=template, files=given, project="lab")
    return await plan_update(lab.store, lab.registry, request, lab.starter.look_at_objects)


async def test_a_plan_shows_what_changes_three_levels_down_and_it_happens(lab: Any) -> None:
    await made(lab)
    same = await planned(lab, outer("a"), files())
    assert same.preview.changes_nothing and summary_of(same.preview)["unchanged"] == 7
    plan = (await planned(lab, outer("b"), files("south"))).preview
    said = {address: (one.will, one.certain) for address, one in flat(plan)}
    assert said == {
        "nest": (Will.UPDATE, True),
        "nest.leaf": (Will.UPDATE, True),
        "nest.leaf.text": (Will.UPDATE, True),
        "nest.leaf.zone": (Will.REPLACE, True),
        "nest.leaf.still": (Will.NOTHING, True),
        "moves": (Will.UPDATE, False),
        "stays": (Will.NOTHING, True),
    }
    (nest, *_) = changes_of(plan)
    (leaf,) = nest["nested"]["changes"]
    zone = leaf["nested"]["changes"][1]
    assert zone["address"] == "nest.leaf.zone"
    (property_,) = zone["properties"]
    assert (property_["before"], property_["after"], property_["forces_replacement"]) == ("north", "south", True)
    before = await look(lab, "s")
    updated = await lab.update("s", outer("b"), files=files("south"))
    assert (await updated.handle.result()).state is OperationState.DONE
    check(lab, plan, before, await look(lab, "s", before))

    nothing = (await planned(lab, HEAD, {})).preview
    assert {address: one.will for address, one in flat(nothing)} == dict.fromkeys(said, Will.DELETE)
    gone = (await plan_delete(lab.store, lab.registry, "lab", "s", ["moves"])).preview
    assert {address: (one.will, one.kept) for address, one in flat(gone)} == {
        address: (Will.DELETE, address == "moves") for address in said
    }


async def test_a_plan_knows_what_looks_into_nested_stacks(lab: Any) -> None:
    def peeking(word: str) -> str:
        peeks = {
            "moves": "[nest, resource.leaf, resource.text, output]",
            "stays": "[nest, resource.leaf.resource.still.value]",
            "id": "[nest, resource.leaf, resource.text]",
            "zone": "[nest, resource.leaf.resource.zone]",
        }
        users = [
            f"  {name}: {{type: OS::Heat::Value, properties: {{value: {{get_attr: {path}}}}}}}\n"
            for name, path in peeks.items()
        ]
        return f"{HEAD}\nresources:\n  nest: {{type: middle.yaml, properties: {{word: {word}}}}}\n{''.join(users)}"

    started = await lab.create(peeking("a"), files=files(), name="s")
    assert (await started.handle.result()).state is OperationState.DONE
    same = await planned(lab, peeking("a"), files())
    assert same.preview.changes_nothing
    plan = (await planned(lab, peeking("b"), files("south"))).preview
    said = {address: (one.will, one.certain) for address, one in flat(plan) if "." not in address}
    assert said == {
        "nest": (Will.UPDATE, True),
        "moves": (Will.UPDATE, False),
        "stays": (Will.NOTHING, True),
        "id": (Will.NOTHING, True),
        "zone": (Will.UPDATE, False),
    }
    before = await look(lab, "s")
    updated = await lab.update("s", peeking("b"), files=files("south"))
    assert (await updated.handle.result()).state is OperationState.DONE
    check(lab, plan, before, await look(lab, "s", before))


async def test_what_was_handed_in_as_a_secret_is_not_shown_when_it_goes(lab: Any) -> None:
    await made(lab, "{get_param: key}")
    without = LEAF.replace("  text:", "  other:").replace("[text, output]", "[other, output]")
    for template, given in ((outer("plain"), files(leaf=without)), (HEAD, {})):
        plan = (await planned(lab, template, given)).preview
        assert "s3cret" not in str(changes_of(plan))
        gone = dict(flat(plan))["nest.leaf.text"]
        assert gone.will is Will.DELETE and [each.secret for each in gone.properties] == [True]


async def test_a_plan_is_overtaken_when_a_nested_stack_is_changed_by_itself(lab: Any) -> None:
    await made(lab)
    plan = await planned(lab, outer("b"), files())
    leaf = dict(flat(plan.preview))["nest.leaf"].row
    assert leaf is not None
    changed = await lab.update(leaf.physical_id, files("south")["leaf.yaml"], parameters={"word": "a"})
    assert (await changed.handle.result()).state is OperationState.DONE
    request = UpdateStackRequest(stack="s", template=outer("b"), files=files(), project="lab")
    with pytest.raises(Conflict, match="nested in 's', has moved"):
        await lab.starter.update(request, expected=plan.base.expected)


async def test_heats_previews_show_what_is_nested_where_they_are_asked_to(lab: Any) -> None:
    """Shape: recorded answer 114 of a real Heat."""
    started = await made(lab)
    stack = await started.stack()
    transport = httpx2.ASGITransport(app=create_app(lab.store, lab.starter, lab.registry))
    async with httpx2.AsyncClient(transport=transport, base_url="http://heat.test") as http:
        path = f"/v1/lab/stacks/s/{stack.id}/preview"
        body = {"template": outer("b"), "files": files("south")}
        plain = (await http.put(path, json=body)).json()["resource_changes"]
        assert {word: [one["resource_name"] for one in found] for word, found in plain.items()} == {
            "unchanged": ["stays"],
            "updated": ["nest", "moves"],
            "replaced": [],
            "added": [],
            "deleted": [],
        }
        deep = (await http.put(f"{path}?show_nested=True", json=body)).json()["resource_changes"]
        found = {one["resource_name"]: (word, one) for word, many in deep.items() for one in many}
        assert {name: word for name, (word, _) in found.items()} == {
            "stays": "unchanged",
            "still": "unchanged",
            "nest": "updated",
            "moves": "updated",
            "leaf": "updated",
            "text": "updated",
            "zone": "replaced",
        }
        rows = (await started.resources())["nest"]
        assert found["nest"][1]["nested_stack_id"]["stack_id"] == rows.physical_id
        assert found["nest"][1]["stack_name"] == "s" and "parent_resource" not in found["nest"][1]
        assert found["text"][1]["parent_resource"] == "leaf" and found["text"][1]["attributes"] == {"output": "a"}
        zone = found["zone"][1]
        assert (zone["stack_name"], zone["stack_identity"]["stack_id"]) == ("s-nest-leaf", "None")

        unchanged = (await http.put(path, json={"template": outer("a"), "files": files()})).json()["resource_changes"]
        assert [one["resource_name"] for one in unchanged["updated"]] == ["nest"]  # Heat's rule

        create = {"stack_name": "new", "template": outer("b"), "files": files()}
        made_up = (await http.post("/v1/lab/stacks/preview", json=create)).json()["stack"]["resources"]
        assert [one["resource_name"] for one in made_up[1:]] == ["moves", "stays"]
        ((text, zone, _),) = made_up[0]
        assert (text["resource_name"], text["parent_resource"]) == ("text", "leaf")
        assert text["properties"]["value"] == "b" and text["properties"]["wait_secs"] == 0
        identity = {"tenant": "lab", "stack_name": "new-nest-leaf", "stack_id": "None", "path": "/resources/zone"}
        assert (zone["resource_identity"], zone["resource_action"]) == (identity, "INIT")
