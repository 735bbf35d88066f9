"""Public example templates of Heat, as they are."""

from collections.abc import Callable
from typing import Any

import pytest

from firebrick.template import resolve, resolve_properties

Text = Callable[[str], str]

CASES: dict[str, tuple[dict[str, str], list[str], dict[str, str | None]]] = {
    "test": (
        {},
        ["test_res", "test_res1", "not_shannxi_res"],
        {
            "res_value": None,
            "test_res_value": "env_is_test",
            "prod_resource": "no_prod_res",
            "test_res1_value": "just in test env",
            "beijing_prod_res": "no_beijing",
        },
    ),
    "prod": (
        {"env_type": "prod"},
        ["test_res", "prod_res", "beijing_prod_res", "not_shannxi_res"],
        {
            "res_value": "prod_res",
            "test_res_value": "env_is_prod",
            "prod_resource": "id-of-prod_res",
            "test_res1_value": "no_test_res1",
            "beijing_prod_res": "id-of-beijing_prod_res",
        },
    ),
    "xian": ({"zone": "xian"}, ["test_res", "test_res1", "shannxi_res"], {}),
    "xianyang prod": ({"zone": "xianyang", "env_type": "prod"}, ["test_res", "prod_res", "shannxi_res"], {}),
    "fuzhou prod": (
        {"zone": "fuzhou", "env_type": "prod"},
        ["test_res", "prod_res", "fujian_res", "fujian_prod_res", "not_shannxi_res"],
        {},
    ),
    "xiamen": ({"zone": "xiamen"}, ["test_res", "test_res1", "fujian_res", "not_shannxi_res"], {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("by", ["parameters", "environment"])
def test_condition_yaml(language: Any, world: Any, template_text: Text, case: str, by: str) -> None:
    inputs, resources, outputs = CASES[case]
    text = template_text("condition.yaml")
    if by == "parameters":
        definition = language.define(text, **inputs)
    else:
        definition = language.define(text, {"parameters": inputs})
    assert list(definition.resources) == resources
    living = {name: {"output": resolve_properties(one, world())["value"]} for name, one in definition.resources.items()}
    found = {name: resolve(one.value, world(**living)) for name, one in definition.outputs.items()}
    assert list(found) == ["res_value", "test_res_value", "prod_resource", "test_res1_value", "beijing_prod_res"]
    for name, value in outputs.items():
        if value != "no_beijing":
            assert found[name] == value
    if "beijing_prod_res" not in resources:
        assert found["beijing_prod_res"] == "no_prod_res"


def test_condition_yaml_refuses_another_environment(language: Any, template_text: Text) -> None:
    problem = language.only_problem(template_text("condition.yaml"), env_type="staging")
    assert problem.message == ('Parameter \'env_type\' is invalid: "staging" is not an allowed value ["prod", "test"]')


def test_random_yaml(language: Any, world: Any, template_text: Text) -> None:
    definition = language.define(template_text("random.yaml"), lengths="3,5,8", index="1")
    assert definition.resources["random"].properties == {"length": "5"}
    assert definition.shown_parameters()["lengths"] == "3,5,8"
    assert resolve(definition.outputs["value"].value, world(random={"value": "abcde"})) == "abcde"
    assert resolve(definition.outputs["value"].value, world()) is None, "not created yet"


def test_random_yaml_asks_for_what_it_needs(language: Any, template_text: Text) -> None:
    problems = language.refusal(template_text("random.yaml"))
    assert [one.message for one in problems] == [
        "The Parameter (lengths) was not provided.",
        "The Parameter (index) was not provided.",
    ]


@pytest.mark.parametrize(
    ("template", "given", "heat_type", "message"),
    [
        (
            {"resources": {"a": {"properties": {}}}},
            {},
            "StackValidationFailed",
            "Each resource must contain a type key.",
        ),
        (
            {"resources": {"a": {"type": "OS::No::Such"}}},
            {},
            "StackValidationFailed",
            "The Resource Type (OS::No::Such) could not be found.",
        ),
        ({}, {"nope": "1"}, "UnknownUserParameter", "The Parameter (nope) was not defined in template."),
        (
            {
                "parameters": {
                    "value": {
                        "type": "string",
                        "constraints": [{"length": {"min": 1, "max": 20}, "description": "1 to 20 chars"}],
                    }
                }
            },
            {"value": "x" * 30},
            "StackValidationFailed",
            "Parameter 'value' is invalid: 1 to 20 chars",
        ),
        ({"parameters": {"p": {"type": "string"}}}, {}, "UserParameterMissing", "The Parameter (p) was not provided."),
        (
            {"resources": {"a": {"type": "OS::Heat::RandomString", "properties": {"nope": 1}}}},
            {},
            "StackValidationFailed",
            "Property error: : resources.a.properties: : Unknown Property nope",
        ),
        (
            {"resources": {"a": {"type": "OS::Heat::Value", "properties": {"value": {"get_resource": "zz"}}}}},
            {},
            "InvalidTemplateReference",
            'The specified reference "zz" (in a.Properties.value) is incorrect.',
        ),
    ],
)
def test_refusals_read_as_heats(language: Any, template: Any, given: Any, heat_type: str, message: str) -> None:
    """What a real Heat answered to these (400)."""
    problem = language.only_problem({"heat_template_version": "2021-04-16", **template}, **given)
    assert (problem.heat_type, problem.message) == (heat_type, message)
