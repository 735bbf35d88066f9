"""Constraints of parameters: what they let pass, Heat's words when they do not, and what is no constraint."""

from typing import Any

import pytest

from tests.processor import processor_time


def template(kind: str, constraint: Any, version: str = "2021-04-16") -> dict[str, Any]:
    return {"heat_template_version": version, "parameters": {"p": {"type": kind, "constraints": [constraint]}}}


@pytest.mark.parametrize(
    ("kind", "constraint", "good", "bad", "message"),
    [
        ("string", {"length": {"max": 1}}, ["", "x"], "xy", "length (2) is out of range (min: None, max: 1)"),
        (
            "comma_delimited_list",
            {"length": {"min": 2}},
            ["a,b"],
            "a",
            "length (1) is out of range (min: 2, max: None)",
        ),
        ("json", {"length": {"min": 1, "max": 1}}, [{"a": 1}, [1]], {}, "length (0) is out of range (min: 1, max: 1)"),
        ("number", {"range": {"min": 1, "max": 10}}, [1, 10, "5"], 11, "11 is out of range (min: 1, max: 10)"),
        ("number", {"modulo": {"step": 2, "offset": 0}}, [4, 0], 5, "5 is not a multiple of 2 with an offset of 0"),
        ("string", {"allowed_values": ["a", "b"]}, ["a"], "z", '"z" is not an allowed value ["a", "b"]'),
        ("string", {"allowed_values": [1]}, ["1", 1], "2", '"2" is not an allowed value ["1"]'),
        ("number", {"allowed_values": [1, 2.5]}, [1, "2.5"], 3, '"3" is not an allowed value [1, 2.5]'),
        ("boolean", {"allowed_values": ["yes"]}, [True], False, '"False" is not an allowed value [true]'),
        (
            "comma_delimited_list",
            {"allowed_values": ["a", "b"]},
            ["a,b", ""],
            "a,z",
            '"["a", "z"]" is not an allowed value ["a", "b"]',
        ),
        ("string", {"allowed_pattern": "[a-z]+"}, ["abc"], "abc!", '"abc!" does not match pattern "[a-z]+"'),
        ("string", {"allowed_pattern": "a|ab"}, ["a"], "ab", '"ab" does not match pattern "a|ab"'),
        (
            "string",
            {"custom_constraint": "net_cidr"},
            ["10.0.0.0/24"],
            "10.0.0.1",
            "Error validating value '10.0.0.1': ",
        ),
        ("string", {"custom_constraint": "ip_addr"}, ["::1"], "x", "Error validating value 'x': "),
        ("string", {"custom_constraint": "mac_addr"}, ["aa:bb:cc:dd:ee:0f"], "aa", "Error validating value 'aa': "),
        ("string", {"custom_constraint": "nope"}, [], "x", '"x" does not validate nope (constraint not found)'),
        ("string", {"custom_constraint": "nova.flavor"}, ["anything"], None, ""),
    ],
)
def test_a_constraint_lets_the_good_pass_and_names_the_bad(
    language: Any, kind: str, constraint: Any, good: list[Any], bad: Any, message: str
) -> None:
    for value in good:
        language.define(template(kind, constraint), p=value)
    if bad is None:
        return
    problem = language.only_problem(template(kind, constraint), p=bad)
    assert problem.message.startswith(f"Parameter 'p' is invalid: {message}")
    described = {**constraint, "description": "Only good ones."}
    assert (
        language.only_problem(template(kind, described), p=bad).message == "Parameter 'p' is invalid: Only good ones."
    )


@pytest.mark.parametrize(
    ("kind", "constraint", "path", "message"),
    [
        ("number", {"length": {"max": 1}}, "[0].length", "Length constraint invalid for number"),
        ("string", {"range": {"max": 1}}, "[0].range", "Range constraint invalid for string"),
        ("json", {"allowed_values": ["a"]}, "[0].allowed_values", "AllowedValues constraint invalid for json"),
        ("string", {}, "[0]", "No constraint expressed"),
        ("string", {"description": "x"}, "[0]", "No constraint expressed"),
        ("string", "length", "[0]", "Invalid parameter constraints, expected a mapping"),
        ("string", {"lenght": {"max": 1}}, "[0].lenght", "Invalid key 'lenght' for parameter constraints"),
        ("string", {"length": {"max": "x"}}, "[0].length.max", "max must be a number"),
        ("string", {"length": {"most": 1}}, "[0].length.most", "most is no part of this constraint"),
        ("string", {"length": 5}, "[0].length", "this must be a map with min and max"),
        ("string", {"length": {}}, "[0].length", "this needs at least one of min, max"),
        ("string", {"allowed_values": "a"}, "[0].allowed_values", "allowed_values must be a list"),
        ("number", {"allowed_values": [1, "x"]}, "[0].allowed_values[1]", "x is not of the parameter's type"),
        ("string", {"allowed_pattern": "[a"}, "[0].allowed_pattern", "this is no regular expression"),
        ("string", {"allowed_pattern": "(" * 3000}, "[0].allowed_pattern", "this is no regular expression"),
        ("string", {"custom_constraint": 5}, "[0].custom_constraint", "custom_constraint must be a name"),
        ("number", {"modulo": {"step": 0, "offset": 0}}, "[0].modulo.step", "step cannot be 0."),
        ("number", {"modulo": {"step": 2, "offset": 3}}, "[0].modulo.offset", "offset must be smaller"),
        ("number", {"modulo": {"step": 3, "offset": -1}}, "[0].modulo.offset", "step and offset must be both"),
        ("string", {"length": {"max": 1}, "allowed_values": []}, "[0]", "there are several constraints"),
    ],
)
def test_what_is_no_constraint_is_refused(language: Any, kind: str, constraint: Any, path: str, message: str) -> None:
    problem = language.only_problem(template(kind, constraint), p=1)
    assert problem.code == "bad-constraint"
    assert problem.path == "parameters.p.constraints" + path
    assert problem.message.startswith(message)


def test_a_misspelt_constraint_gets_the_likely_name(language: Any) -> None:
    assert language.only_problem(template("string", {"lenght": {"max": 1}}), p="x").detail == "Did you mean length?"


def test_modulo_is_unknown_before_its_version(language: Any) -> None:
    old = template("number", {"modulo": {"step": 2, "offset": 0}}, "2016-10-14")
    assert language.only_problem(old, p=2).message == "Invalid key 'modulo' for parameter constraints"


def test_the_default_is_not_asked_of_custom_constraints(language: Any) -> None:
    language.define("parameters: {p: {type: string, default: x, constraints: [{length: {max: 3}}]}}")
    found = template("string", {"custom_constraint": "ip_addr"})
    found["parameters"]["p"]["default"] = "x"
    assert language.only_problem(found).code == "bad-parameter-value", "but as the value in use it is"


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*a*a*a*a*b"])
def test_a_pattern_that_takes_for_ever_is_given_up(language: Any, pattern: str) -> None:
    started = processor_time()
    value = "a" * (60 if "(" in pattern else 60_000)
    problem = language.only_problem(template("string", {"allowed_pattern": pattern}), p=value)
    assert "takes too long to compare with pattern" in problem.message
    assert processor_time() - started < 20


def test_many_slow_patterns_share_one_patience(language: Any) -> None:
    started = processor_time()
    one = {"type": "string", "default": "a" * 60, "constraints": [{"allowed_pattern": "(a+)+b"}]}
    many = {"heat_template_version": "2021-04-16", "parameters": {f"p{number}": one for number in range(30)}}
    assert len(language.refusal(many)) == 30
    assert processor_time() - started < 20


def test_a_pattern_of_repeated_groups_still_matches_in_a_process_of_its_own(language: Any) -> None:
    names = template("string", {"allowed_pattern": r"([a-z]+\.)*[a-z]+"})
    language.define(names, p="one.two.three.example")
    assert language.only_problem(names, p="one..two.three.example").code == "bad-parameter-value"
