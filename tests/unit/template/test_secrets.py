"""The value of a hidden parameter is in no diagnostic, whatever is wrong with it or with what is made of it."""

from typing import Any

import pytest

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template import resolve
from firebrick.template.functions.base import NO_LOOKUP

SECRET = "s3cr3t-7133742"

USES = [
    "resources: {a: {type: Test::Box, properties: {size: {get_param: p}}}}",
    "resources: {a: {type: Test::Box, properties: {label: [{get_param: p}]}}}",
    "resources: {a: {type: Test::Box, properties: {size: {list_join: [x, [{get_param: p}]]}}}}",
    "resources: {a: {type: Test::Box, properties: {size: {get_param: [j, k]}}}}",
    "resources: {a: {type: Test::Box, properties: {get_param: j}}}",
    "resources: {a: {type: Test::Box, properties: {label: [{if: [false, 1]}, {get_param: p}]}}}",
    "resources: {a: {type: Test::Box, properties: {size: {str_replace: {template: p, params: {p: {get_param: p}}}}}}}",
    "resources: {a: {type: Test::Box, properties: {if: [true, {get_param: j}]}}}",
    "resources: {a: {type: Test::Box, properties: {size: {get_resource: {get_param: p}}}}}",
    "resources: {a: {type: Test::Box, properties: {size: {get_attr: [a, {get_param: p}]}}}}",
    "resources: {a: {type: Test::Box, deletion_policy: {get_param: p}}}",
    "resources: {a: {type: Test::Box, external_id: [{get_param: p}]}}",
    "resources: {a: {type: Test::Box, metadata: {get_param: p}}}",
    "outputs: {o: {value: {get_param: {get_param: p}}}}",
    "outputs: {o: {value: {get_resource: {get_param: p}}}}",
    "outputs: {o: {value: {get_file: {get_param: p}}}}",
    "outputs: {o: {value: {get_file: {str_replace: {template: p, params: {p: {get_param: p}}}}}}}",
    "outputs: {o: {value: {list_join: [',', [{get_param: n}]]}}}",
    "outputs: {o: {value: {list_join: [',', {if: [true, [{get_param: n}], x]}]}}}",
    "outputs: {o: {value: {list_join: [',', {get_param: p}]}}}",
    "conditions: {c: {get_param: p}}",
    "conditions: {c: {not: {get_param: p}}}",
    "resources: {a: {type: Test::Box, condition: {get_param: p}}}",
    "outputs: {o: {value: {if: [{get_param: p}, 1, 2]}}}",
]


@pytest.mark.parametrize("use", USES)
def test_no_use_of_a_hidden_value_shows_it(language: Any, use: str) -> None:
    template = (
        "parameters:\n  p: {type: string, hidden: true}\n  n: {type: number, hidden: true}\n"
        "  j: {type: json, hidden: true}\n" + use
    )
    given = {"p": SECRET, "n": 7133742, "j": {SECRET: SECRET, "k": SECRET}}
    problems = complaints(language, template, given)
    assert problems
    for problem in problems:
        assert "7133742" not in repr(problem), problem
    template = template.replace("hidden: true", "hidden: false")
    assert {one.code for one in complaints(language, template, given)} == {one.code for one in problems}


def complaints(language: Any, template: str, given: dict[str, Any]) -> list[Diagnostic]:
    """All that is said of an input: at once, and when its outputs are asked for."""
    try:
        definition = language.define(template, **given)
    except InvalidInput as refused:
        return list(refused.diagnostics)
    found = list(definition.warnings)
    for output in definition.outputs.values():
        try:
            resolve(output.value, NO_LOOKUP)
        except InvalidInput as error:
            found += error.diagnostics
    return found


@pytest.mark.parametrize(
    ("kind", "constraint", "value"),
    [
        ("number", None, SECRET),
        ("boolean", None, SECRET),
        ("json", None, SECRET),
        ("comma_delimited_list", None, {SECRET: 1}),
        ("string", {"length": {"max": 3}}, SECRET),
        ("string", {"allowed_values": ["a"]}, SECRET),
        ("comma_delimited_list", {"allowed_values": ["a"]}, f"a,{SECRET}"),
        ("string", {"allowed_pattern": "[a-z]+"}, SECRET),
        ("string", {"allowed_pattern": "(a+)+b"}, SECRET),
        ("string", {"custom_constraint": "ip_addr"}, SECRET),
        ("string", {"custom_constraint": "nope"}, SECRET),
        ("number", {"range": {"max": 3}}, 7133742),
        ("number", {"modulo": {"step": 10, "offset": 0}}, 7133742),
    ],
)
@pytest.mark.parametrize("where", ["request", "environment", "defaults", "default"])
def test_no_wrong_hidden_value_is_shown(language: Any, kind: str, constraint: Any, value: Any, where: str) -> None:
    schema = {"type": kind, "hidden": True, "constraints": [constraint] if constraint else []}
    if where == "default":
        schema["default"] = value
    template = {"heat_template_version": "2021-04-16", "parameters": {"p": schema}}
    environment = {
        "environment": {"parameters": {"p": value}},
        "defaults": {"parameter_defaults": {"p": value}},
    }.get(where, {})
    given = {"p": value} if where == "request" else {}
    problems = language.refusal(template, environment, **given)
    assert problems[0].code in ("bad-parameter-value", "bad-default")
    for problem in problems:
        assert "7133742" not in repr(problem)
        assert problem.message


def test_a_value_of_a_property_that_is_not_hidden_is_shown(language: Any) -> None:
    problem = language.only_problem(
        "parameters: {p: {type: string, default: plain}, q: {type: string, hidden: true, default: x}}\n"
        "resources: {a: {type: Test::Box, properties: {size: {get_param: p}, label: {get_param: q}}}}"
    )
    assert "plain" in problem.message
