"""What is left of a create that was rolled back: an empty stack, as a recorded Heat shows it (answers 171 and 172)."""

import json
from typing import Any

import pytest

FAILS: dict[str, Any] = {
    "parameters": {"p": {"type": "string", "default": "d"}},
    "resources": {"f": {"type": "OS::Heat::TestResource", "properties": {"fail": True}}},
    "outputs": {"o": {"value": {"get_param": "p"}}},
}
HOT = {"description": "d", "heat_template_version": "2016-10-14", **FAILS}
CFN = {
    "HeatTemplateFormatVersion": "2012-12-12",
    "Resources": {"f": {"Type": "OS::Heat::TestResource", "Properties": {"fail": True}}},
}


@pytest.mark.parametrize("form", [lambda one: one, json.dumps, lambda one: json.dumps(one, indent=1)])
async def test_it_shows_what_it_is_by_itself_and_nothing_of_its_template(api: Any, form: Any) -> None:
    path = await api.create("s", form(HOT), disable_rollback=False, tags="kept", timeout_mins=7)
    stack = await api.stack(path)
    assert stack["stack_status"] == "ROLLBACK_COMPLETE"
    assert stack["parameters"] == {"OS::stack_id": stack["id"], "OS::project_id": "lab", "OS::stack_name": "s"}
    assert (stack["description"], stack["template_description"]) == ("No description", "No description")
    assert (stack["outputs"], stack["tags"], stack["timeout_mins"]) == ([], ["kept"], 7)
    assert await api.body(f"{path}/template") == {"heat_template_version": "2016-10-14"}
    assert (await api.body(f"{path}/resources"))["resources"] == []


async def test_a_stack_of_cloudformation_stays_one(api: Any) -> None:
    path = await api.create("s", CFN, disable_rollback=False)
    stack = await api.stack(path)
    arn = f"arn:openstack:heat::lab:stacks/s/{stack['id']}"
    assert stack["parameters"] == {"AWS::StackId": arn, "AWS::StackName": "s", "AWS::Region": "ap-southeast-1"}
    assert await api.body(f"{path}/template") == {"HeatTemplateFormatVersion": "2012-12-12"}


async def test_it_can_be_updated_to_anything(api: Any) -> None:
    path = await api.create("s", HOT, disable_rollback=False)
    await api.update(path, {"heat_template_version": "2018-08-31", "resources": {"n": {"type": "OS::Heat::None"}}})
    assert await api.state(path) == "UPDATE_COMPLETE"
