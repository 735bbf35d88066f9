"""Generated templates of resource types, over the API."""

import pytest

from tests.unit.rest.world import World


async def test_a_type_gives_a_template_in_hot(world: World) -> None:
    made = await world.body("/resource_types/OS::Heat::RandomString/template", template_type="hot")
    described = [made["parameters"][name].pop("description") for name in made["parameters"]]
    described += [made["outputs"][name].pop("description") for name in ("value", "show")]
    assert all(described)
    names = ["length", "character_classes", "character_sequences", "salt"]
    assert made == {
        "heat_template_version": "2016-10-14",
        "description": "Initial template of RandomString",
        "parameters": {
            "length": {"type": "number", "default": 32, "constraints": [{"range": {"min": 1, "max": 512}}]},
            "character_classes": {"type": "comma_delimited_list", "default": [{"class": "lettersdigits", "min": 1}]},
            "character_sequences": {"type": "comma_delimited_list"},
            "salt": {"type": "string"},
        },
        "outputs": {
            "value": {"value": {"get_attr": ["RandomString", "value"]}},
            "show": {"value": {"get_attr": ["RandomString", "show"]}},
            "OS::stack_id": {"value": {"get_resource": "RandomString"}},
        },
        "resources": {
            "RandomString": {
                "type": "OS::Heat::RandomString",
                "properties": {name: {"get_param": name} for name in names},
            }
        },
    }


@pytest.mark.parametrize("query", [{}, {"template_type": "cfn"}])
async def test_it_is_cloudformation_unless_hot_is_asked_for(world: World, query: dict[str, str]) -> None:
    made = await world.body("/resource_types/OS::Heat::RandomString/template", **query)
    assert made["HeatTemplateFormatVersion"] == "2012-12-12"
    assert made["Resources"]["RandomString"]["Properties"]["salt"] == {"Ref": "salt"}


async def test_another_language_is_refused(world: World) -> None:
    answer = await world.get("/resource_types/OS::Heat::Value/template", template_type="tosca")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        'Template type is not supported: Invalid template type "tosca", valid types are: cfn, hot.'
    )


async def test_a_type_that_is_not_there_has_no_template(world: World) -> None:
    answer = await world.get("/resource_types/OS::No::Such/template")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "The Resource Type (OS::No::Such) could not be found."
