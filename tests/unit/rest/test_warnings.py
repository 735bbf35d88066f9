"""What is allowed and probably not meant: answers as ever, with warnings for those who ask."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.rest.world import World

TWICE = """\
heat_template_version: 2018-08-31
parameters:
  cidr: {type: string}
  cidr: {type: string, default: 10.0.0.0/24}
resources:
  v: {type: OS::Heat::Value, properties: {value: {80: {get_param: cidr}}}}
outputs:
  o: {value: {get_attr: [v, value]}}
"""
ENVIRONMENT = "parameter_defaults:\n  cidr: a\n  cidr: b\n"


def places(body: Mapping[str, Any]) -> list[tuple[str, str, str, int]]:
    return [(one["severity"], one["code"], one["file"], one["line"]) for one in body["warnings"]]


async def test_a_template_with_a_key_twice_is_created_with_the_last_value(world: World) -> None:
    made = await world.create("main", TWICE)
    assert (await world.body(made.path))["stack"]["parameters"]["cidr"] == "10.0.0.0/24"


async def test_create_update_and_plan_answer_as_ever_unless_warnings_are_asked_for(world: World) -> None:
    inputs = {"template": TWICE, "environment": ENVIRONMENT}
    expected = [("warning", "duplicate-key", "template", 4), ("warning", "duplicate-key", "environment", 3)]
    http, root = world.http, f"/v1/{world.project}/stacks"
    plain = (await http.post(root, json={"stack_name": "plain", **inputs})).json()
    assert set(plain) == {"stack"}
    told = await http.post(f"{root}?with_warnings=True", json={"stack_name": "told", **inputs})
    assert (told.status_code, places(told.json()), set(told.json())) == (201, expected, {"stack", "warnings"})
    path = f"{root}/told/{told.json()['stack']['id']}"
    for method in ("PUT", "PATCH"):
        assert set((await http.request(method, path, json=inputs)).json()) == {"message", "code", "title"}
        answer = await http.request(method, f"{path}?with_warnings=True", json=inputs)
        assert (answer.status_code, places(answer.json())) == (202, expected)
    assert "warnings" not in (await http.post(f"{path}/plan", json=inputs)).json()
    assert places((await http.post(f"{path}/plan?with_warnings=True", json=inputs)).json()) == expected
    new = {"stack_name": "new", **inputs}
    assert places((await http.post(f"{root}/plan?with_warnings=True", json=new)).json()) == expected


async def test_warnings_of_environment_files_and_of_nested_templates_name_their_files(world: World) -> None:
    files = {
        "one.yaml": ENVIRONMENT,
        "two.yaml": "parameters: {}\n",
        "inner.yaml": "heat_template_version: 2018-08-31\nresources:\n  deep: {type: deep.yaml}\n",
        "deep.yaml": "heat_template_version: 2018-08-31\n"
        "parameters: {a: {type: json},\n a: {type: json, default: {}}}\n"
        "resources:\n  v: {type: OS::Heat::Value, properties: {value: 1, value: 2}}\n",
    }
    template = "heat_template_version: 2018-08-31\nresources:\n  inner: {type: inner.yaml}\n  more: {type: deep.yaml}\n"
    answer = await world.http.post(
        f"/v1/{world.project}/stacks?with_warnings=True",
        json={"stack_name": "x", "template": template, "files": files, "environment_files": ["one.yaml", "two.yaml"]},
    )
    assert answer.status_code == 201, answer.text
    assert places(answer.json()) == [
        ("warning", "duplicate-key", "one.yaml", 3),
        ("warning", "duplicate-key", "deep.yaml", 3),
        ("warning", "duplicate-key", "deep.yaml", 5),
    ]


async def test_a_plan_with_warnings_is_applied_without_them(world: World) -> None:
    body = {"stack_name": "new", "template": TWICE}
    root = f"/v1/{world.project}/stacks"
    plan = (await world.http.post(f"{root}/plan?with_warnings=True", json=body)).json()
    assert plan.pop("warnings")
    assert (await world.http.post(f"{root}/apply", json=plan)).status_code == 201


@pytest.mark.parametrize(
    "template", [json.dumps({"heat_template_version": "2018-08-31"}), "heat_template_version: 2018-08-31\n"]
)
async def test_without_anything_to_warn_of_the_list_is_empty(world: World, template: str) -> None:
    answer = await world.http.post(
        f"/v1/{world.project}/stacks?with_warnings=True", json={"stack_name": "x", "template": template}
    )
    assert answer.json()["warnings"] == []
