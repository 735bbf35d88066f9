"""Every expression that was put to a real Heat comes to what Heat made of it, or to an error where Heat gives one."""

import json
from typing import Any

from firebrick.diagnostics import InvalidInput
from firebrick.template import resolve

FILES = {"f.txt": "file text\n"}


def template_of(case: dict[str, Any], heat_results: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The template a case was put to Heat in, and the name of its output."""
    key, _, version = case["version"].partition(".")
    if version:
        return {**heat_results["cfn_base"], key: version, "Outputs": {"O": {"Value": case["expression"]}}}, "O"
    template = {"heat_template_version": key, **heat_results["hot_base"]}
    if key < "2016-10-14":
        del template["conditions"]
    return {**template, "outputs": {"o": {"value": case["expression"]}}}, "o"


def test_expressions_come_to_what_heat_made_of_them(language: Any, heat_results: dict[str, Any], world: Any) -> None:
    wrong = []
    for case in heat_results["cases"]:
        template, output = template_of(case, heat_results)
        try:
            definition = language.define_raw(template, "", FILES, {})
            got = resolve(definition.outputs[output].value, world())
        except InvalidInput:
            if "error" not in case:
                wrong.append(case)
        else:
            if "error" in case or json.dumps(got, sort_keys=True) != json.dumps(case["result"], sort_keys=True):
                wrong.append((case, got))
    assert wrong == []
    assert len(heat_results["cases"]) == 1500


def test_what_heat_refuses_is_refused_and_what_it_computes_late_is_an_error_of_the_output(
    language: Any, heat_results: dict[str, Any]
) -> None:
    """Heat refuses a template by StackValidationFailed; every other error is met when the output is asked for."""
    for case in heat_results["cases"]:
        if "error" not in case:
            continue
        template, _ = template_of(case, heat_results)
        try:
            definition = language.define_raw(template, "", FILES, {})
        except InvalidInput:
            assert case["error"][0] == "StackValidationFailed", case
        else:
            assert case["error"][0] != "StackValidationFailed", case
            assert [one for one in definition.warnings if one.code != "function-as-data"], case
