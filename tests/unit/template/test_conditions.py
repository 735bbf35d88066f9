"""Conditions: what holds, what is none, and the order in which they need each other."""

from typing import Any

import pytest


def held(language: Any, condition: Any, conditions: dict[str, Any] | None = None, **parameters: Any) -> bool:
    template = {
        "heat_template_version": "2021-04-16",
        "parameters": {
            "b": {"type": "boolean", "default": True},
            "s": {"type": "string", "default": "prod"},
            "n": {"type": "number", "default": 1},
            "j": {"type": "json", "default": {"k": ["x"]}},
        },
        "conditions": {"yes_": True, "no_": False, **(conditions or {})},
        "outputs": {"o": {"value": "there", "condition": condition}},
    }
    return language.define(template, **parameters).outputs["o"].value == "there"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (True, True),
        (False, False),
        ("yes_", True),
        ("no_", False),
        ({"equals": ["a", "a"]}, True),
        ({"equals": ["1", 1]}, False),
        ({"equals": [1, 1.0]}, True),
        ({"equals": [{"get_param": "s"}, "prod"]}, True),
        ({"equals": [{"get_param": ["j", "k", 0]}, "x"]}, True),
        ({"equals": [{"k": [{"get_param": "n"}]}, {"k": [1]}]}, True),
        ({"equals": [{"not": "no_"}, True]}, True),
        ({"not": "no_"}, True),
        ({"not": {"not": {"get_param": "b"}}}, True),
        ({"get_param": "b"}, True),
        ({"and": ["yes_", True, {"get_param": "b"}]}, True),
        ({"and": ["yes_", "no_"]}, False),
        ({"or": ["no_", {"equals": [1, 1]}]}, True),
        ({"or": ["no_", False]}, False),
    ],
)
def test_what_holds(language: Any, condition: Any, holds: bool) -> None:
    assert held(language, condition) is holds
    if not isinstance(condition, str):
        assert held(language, "named", {"named": condition}) is holds


def test_conditions_need_each_other_in_any_order(language: Any) -> None:
    assert held(language, "a", {"a": {"not": "b"}, "b": {"and": ["c", "no_"]}, "c": {"or": ["yes_", "no_"]}})


def test_a_chain_of_thousands_of_conditions_is_fine(language: Any) -> None:
    chain: dict[str, Any] = {f"c{number}": {"not": f"c{number + 1}"} for number in range(3000)}
    assert held(language, "c0", {**chain, "c3000": True})


@pytest.mark.parametrize(
    ("definition", "path", "message"),
    [
        ("true", "conditions.c", 'Condition validation error: The definition of condition "c" is invalid: true'),
        (5, "conditions.c", 'Condition validation error: The definition of condition "c" is invalid: 5'),
        (None, "conditions.c", 'Condition validation error: The definition of condition "c" is invalid: None'),
        (["yes_"], "conditions.c", 'Condition validation error: The definition of condition "c" is invalid'),
        ({"foo": 1}, "conditions.c", 'Condition validation error: The definition of condition "c" is invalid'),
        ({"get_param": "s"}, "conditions.c", 'Condition validation error: The definition of condition "c" is invalid'),
        ({"get_param": "zz"}, "conditions.c.get_param", "The Parameter (zz) was not provided."),
        ({"not": "zz"}, "conditions.c.not", 'conditions.c.not: Invalid condition "zz"'),
        ({"not": ["yes_"]}, "conditions.c.not", "conditions.c.not: Invalid condition \"['yes_']\""),
        (
            {"and": ["yes_"]},
            "conditions.c.and",
            'conditions.c.and: The minimum number of condition arguments to "and" is 2.',
        ),
        (
            {"or": "yes_"},
            "conditions.c.or",
            'conditions.c.or: The minimum number of condition arguments to "or" is 2.',
        ),
        (
            {"equals": ["a"]},
            "conditions.c.equals",
            'conditions.c.equals: Arguments to "equals" must be of the form: [value_1, value_2]',
        ),
        (
            {"equals": [{"get_attr": ["a", "b"]}, 1]},
            "conditions.c.equals[0].get_attr",
            'The function "get_attr" is invalid in this context',
        ),
    ],
)
def test_what_is_no_condition_is_refused_in_heats_words(
    language: Any, definition: Any, path: str, message: str
) -> None:
    template = {
        "heat_template_version": "2021-04-16",
        "parameters": {"s": {"type": "string", "default": "true"}},
        "conditions": {"yes_": True, "c": definition},
        "outputs": {"o": {"value": {"if": ["c", 1, 2]}}},
    }
    problem = language.only_problem(template)
    assert problem.path == path
    assert message in problem.message


COMPUTED: list[tuple[Any, str, str]] = [
    ({"get_param": "s"}, "bad-condition", "conditions.c"),
    ({"get_param": "zz"}, "unknown-parameter", "conditions.c.get_param"),
    ({"get_param": []}, "bad-function-arguments", "conditions.c.get_param"),
    ({"not": "zz"}, "unknown-condition", "conditions.c.not"),
    ({"not": ["yes_"]}, "bad-condition", "conditions.c.not"),
    ({"not": 5}, "bad-condition", "conditions.c.not"),
    ({"not": "c"}, "condition-cycle", "conditions.c"),
    ({"and": ["zz", True]}, "unknown-condition", "conditions.c.and[0]"),
    ({"equals": [{"get_param": "zz"}, 1]}, "unknown-parameter", "conditions.c.equals[0].get_param"),
    ({"contains": ["a", 5]}, "bad-function-arguments", "conditions.c.contains"),
    ({"yaql": {"expression": "$.data.x.y", "data": 1}}, "yaql-failed", "conditions.c.yaql"),
    ({"yaql": {"expression": {"get_param": "s"}, "data": 1}}, "bad-function-arguments", "conditions.c.yaql"),
]
FORMS: list[Any] = [
    "true",
    5,
    None,
    {},
    {"foo": 1},
    {"equals": [1, 1], "not": True},
    {"equals": [1]},
    {"not": None},
    {"or": [True, {"equals": [1]}]},
    {"and": ["yes_"]},
    {"equals": [{"get_resource": "zz"}, 1]},
    {"equals": [{"Fn::Join": ["", []]}, 1]},
    {"contains": [1]},
    {"yaql": {"expression": "$$$", "data": {}}},
]


def with_condition(definition: Any, **more: Any) -> dict[str, Any]:
    return {
        "heat_template_version": "2018-08-31",
        "parameters": {"s": {"type": "string", "default": "(("}},
        "conditions": {"yes_": True, "no_": False, "c": definition, **more.pop("conditions", {})},
        **more,
    }


@pytest.mark.parametrize(("definition", "code", "path"), COMPUTED)
def test_a_condition_that_cannot_be_computed_is_a_warning_while_nothing_uses_it(
    language: Any, definition: Any, code: str, path: str
) -> None:
    (warning,) = language.define(with_condition(definition)).warnings
    assert (warning.severity, warning.code) == ("warning", code)
    assert warning.path.startswith(path)


@pytest.mark.parametrize(("definition", "code", "path"), COMPUTED)
@pytest.mark.parametrize(
    "use",
    [
        {"resources": {"a": {"type": "OS::Heat::None", "condition": "c"}}},
        {"outputs": {"o": {"value": 1, "condition": {"or": ["no_", "c"]}}}},
        {"outputs": {"o": {"value": {"if": ["c", 1, 2]}}}},
        {
            "conditions": {"d": {"not": "e"}, "e": {"or": ["no_", "c"]}},
            "outputs": {"o": {"value": 1, "condition": "d"}},
        },
    ],
    ids=["resource", "output", "if", "through others"],
)
def test_a_condition_that_cannot_be_computed_is_refused_where_it_is_used(
    language: Any, definition: Any, code: str, path: str, use: dict[str, Any]
) -> None:
    problem = language.only_problem(with_condition(definition, **use))
    assert (problem.severity, problem.code) == ("error", code)
    assert problem.path.startswith(path)


@pytest.mark.parametrize("definition", FORMS)
def test_a_condition_of_a_wrong_form_is_refused_although_nothing_uses_it(language: Any, definition: Any) -> None:
    assert language.only_problem(with_condition(definition)).severity == "error"


@pytest.mark.parametrize(
    ("deciding", "held"), [({"or": ["yes_", "c"]}, "A"), ({"and": [False, "c"]}, "B"), ({"or": ["yes_", "zz"]}, "A")]
)
def test_what_comes_after_the_condition_that_decides_is_not_used(language: Any, deciding: Any, held: str) -> None:
    template = with_condition({"get_param": "zz"}, outputs={"o": {"value": {"if": [deciding, "A", "B"]}}})
    definition = language.define(template)
    assert definition.outputs["o"].value == held
    assert {one.severity for one in definition.warnings} == {"warning"}


def test_conditions_in_a_circle_are_named_once_with_all_members(language: Any) -> None:
    problem = language.only_problem(
        "conditions:\n  a: {not: b}\n  b: {and: [c, true]}\n  c: {or: [a, false]}\n  d: {not: a}\n"
        "outputs: {o: {value: 1, condition: d}}"
    )
    assert (problem.code, problem.line) == ("condition-cycle", 3)
    assert problem.summary.endswith("a, b, c")
    assert problem.message == 'Circular definition for condition "a"'
    assert (
        language.only_problem("conditions: {a: {not: a}}\noutputs: {o: {value: 1, condition: a}}").path
        == "conditions.a"
    )


def test_an_unknown_condition_of_a_resource_gets_the_likely_name(language: Any) -> None:
    problem = language.only_problem(
        "conditions: {production: true}\nresources: {a: {type: OS::Heat::None, condition: prodction}}"
    )
    assert (problem.code, problem.path) == ("unknown-condition", "resources.a.condition")
    assert problem.detail == "Did you mean production?"
    assert problem.message == 'resources.a.condition: Invalid condition "prodction"'


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"contains": ["a", {"get_param": "l"}]}, True),
        ({"contains": ["c", {"get_param": "l"}]}, False),
        ({"yaql": {"expression": "$.data.len() = 2", "data": {"get_param": "l"}}}, True),
        ({"not": {"yaql": {"expression": "a in $.data", "data": {"get_param": "l"}}}}, False),
        ({"equals": [{"yaql": {"expression": "$.data.first()", "data": {"get_param": "l"}}}, "a"]}, True),
    ],
)
def test_yaql_and_contains_decide_from_2017_09_01(language: Any, condition: Any, holds: bool) -> None:
    template = {
        "heat_template_version": "2017-09-01",
        "parameters": {"l": {"type": "comma_delimited_list", "default": "a,b"}},
        "conditions": {"c": condition},
        "outputs": {"o": {"value": {"if": ["c", True, False]}}},
    }
    assert language.define(template).outputs["o"].value is holds
    problem = language.only_problem({**template, "heat_template_version": "2016-10-14"})
    assert problem.code in ("function-not-here", "bad-condition")


def test_a_condition_is_no_key_before_its_time(language: Any) -> None:
    problem = language.only_problem(
        "heat_template_version: 2016-04-08\nresources: {a: {type: OS::Heat::None, condition: true}}"
    )
    assert problem.message == '"condition" is not a valid keyword inside a resource definition'
