"""Public Heat templates, by the command line, against one running server: what they show is what Heat shows."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.acceptance.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "tests" / "templates"
ENVIRONMENTS = TEMPLATES / "environments"


@pytest.mark.parametrize(
    ("name", "given", "values", "outputs"),
    [
        pytest.param(
            "prod",
            ("-e", ENVIRONMENTS / "condition-prod.yaml"),
            {
                "test_res": "env_is_prod",
                "prod_res": "prod_res",
                "beijing_prod_res": "beijing_prod_res",
                "not_shannxi_res": "not_shannxi_res",
            },
            {
                "res_value": "prod_res",
                "test_res_value": "env_is_prod",
                "prod_resource": "<prod_res>",
                "test_res1_value": "no_test_res1",
                "beijing_prod_res": "<beijing_prod_res>",
            },
            id="production, in Beijing by default",
        ),
        pytest.param(
            "test",
            ("-e", ENVIRONMENTS / "condition-test.yaml"),
            {
                "test_res": "env_is_test",
                "test_res1": "just in test env",
                "not_shannxi_res": "not_shannxi_res",
            },
            {
                "res_value": None,
                "test_res_value": "env_is_test",
                "prod_resource": "no_prod_res",
                "test_res1_value": "just in test env",
                "beijing_prod_res": "no_prod_res",
            },
            id="test",
        ),
        pytest.param(
            "fuzhou",
            ("--parameter", "env_type=prod", "--parameter", "zone=fuzhou"),
            {
                "test_res": "env_is_prod",
                "prod_res": "prod_res",
                "fujian_res": "fujian_res",
                "fujian_prod_res": "fujian_prod_res",
                "not_shannxi_res": "not_shannxi_res",
            },
            {
                "res_value": "prod_res",
                "test_res_value": "env_is_prod",
                "prod_resource": "<prod_res>",
                "test_res1_value": "no_test_res1",
                "beijing_prod_res": "no_prod_res",
            },
            id="production, in Fujian: a condition made of conditions",
        ),
        pytest.param(
            "xian",
            ("--parameter", "zone=xian"),
            {"test_res": "env_is_test", "test_res1": "just in test env", "shannxi_res": "shannxi_res"},
            {
                "res_value": None,
                "test_res_value": "env_is_test",
                "prod_resource": "no_prod_res",
                "test_res1_value": "just in test env",
                "beijing_prod_res": "no_prod_res",
            },
            id="test, in Shannxi: a negated condition",
        ),
    ],
)
def test_condition_template_makes_what_its_conditions_say(
    firebrick: CommandLine,
    name: str,
    given: Sequence[str | Path],
    values: dict[str, str],
    outputs: dict[str, str | None],
) -> None:
    """values: of each resource that is made; outputs: `<x>` stands for the physical id of resource x."""
    made = firebrick.record("stack", "create", name, "-t", TEMPLATES / "condition.yaml", *given, "--wait")
    assert made["stack_status"] == "CREATE_COMPLETE"
    resources = firebrick.resources(name)
    assert sorted(resources) == sorted(values)
    assert {one["resource_status"] for one in resources.values()} == {"CREATE_COMPLETE"}
    for resource, value in values.items():
        shown = firebrick.record("stack", "resource", "show", name, resource)
        assert shown["attributes"]["output"] == value
    expected = {
        key: resources[value[1:-1]]["physical_resource_id"] if value and value.startswith("<") else value
        for key, value in outputs.items()
    }
    assert firebrick.outputs(name) == expected
    firebrick("stack", "delete", name, "--yes", "--wait")
    firebrick("stack", "show", name, code=1)
    assert firebrick.record("stack", "show", made["id"])["stack_status"] == "DELETE_COMPLETE"


def test_random_template_makes_a_string_of_the_length_its_list_says(firebrick: CommandLine) -> None:
    template, environment = TEMPLATES / "random.yaml", ENVIRONMENTS / "random.yaml"
    made = firebrick.record("stack", "create", "random", "-t", template, "-e", environment, "--wait")
    assert made["stack_status"] == "CREATE_COMPLETE"
    assert made["parameters"]["lengths"] == "4,17,6" and made["parameters"]["index"] == "1"
    value = firebrick.outputs("random")["value"]
    assert re.fullmatch(r"[A-Za-z0-9]{17}", value)
    assert firebrick.record("stack", "resource", "show", "random", "random")["attributes"]["value"] == value
    firebrick("stack", "delete", "random", "--yes", "--wait")
    firebrick("stack", "show", "random", code=1)


def test_random_template_without_its_parameters_is_refused_and_leaves_nothing(firebrick: CommandLine) -> None:
    firebrick("stack", "create", "nothing", "-t", TEMPLATES / "random.yaml", "--wait", code=1)
    firebrick("stack", "show", "nothing", code=1)


def test_the_example_makes_a_third_application_in_production_only(firebrick: CommandLine) -> None:
    template = ROOT / "examples" / "demo.yaml"
    fast = ("--parameter", "start_seconds=0")
    firebrick("stack", "create", "shop", "-t", template, *fast, "--wait")
    firebrick("stack", "create", "store", "-t", template, "-e", ROOT / "examples/production.yaml", *fast, "--wait")
    assert "app_3" not in firebrick.resources("shop")
    shop, store = firebrick.outputs("shop"), firebrick.outputs("store")
    assert (shop["size"], shop["address"], shop["third_application"]) == ("small", "http://shop.shop-network/", None)
    third = firebrick.resources("store")["app_3"]["physical_resource_id"]
    assert (store["size"], store["address"]) == ("large", "http://store.store-network/")
    assert store["third_application"] == third and store["behind_the_balancer"].endswith(f",{third}")
    firebrick("stack", "delete", "shop", "store", "--yes", "--wait")
