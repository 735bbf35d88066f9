"""Parameters: schemas, values, conversion, precedence, what is shown."""

from typing import Any

import pytest


def one(language: Any, kind: str, value: Any, **schema: Any) -> Any:
    template = {"heat_template_version": "2021-04-16", "parameters": {"p": {"type": kind, **schema}}}
    return language.define(template, p=value).parameters["p"]


@pytest.mark.parametrize(
    ("kind", "given", "value", "text"),
    [
        ("string", "x", "x", "x"),
        ("string", 5, "5", "5"),
        ("string", ["a"], "['a']", "['a']"),
        ("string", True, "True", "True"),
        ("string", "", "", ""),
        ("number", 5, 5, "5"),
        ("number", "5", 5, "5"),
        ("number", "1.5", 1.5, "1.5"),
        ("number", -2.25, -2.25, "-2.25"),
        ("boolean", "Yes", True, "True"),
        ("boolean", "t", True, "True"),
        ("boolean", "ON", True, "True"),
        ("boolean", 1, True, "True"),
        ("boolean", "0", False, "False"),
        ("boolean", "n", False, "False"),
        ("boolean", False, False, "False"),
        ("comma_delimited_list", "a,b ,c", ["a", "b ", "c"], "a,b ,c"),
        ("comma_delimited_list", "", [], ""),
        ("comma_delimited_list", ["a", 1], ["a", "1"], "a,1"),
        ("json", '{"k": [1]}', {"k": [1]}, '{"k": [1]}'),
        ("json", {"k": "v"}, {"k": "v"}, '{"k": "v"}'),
        ("json", [1, "x"], [1, "x"], '[1, "x"]'),
    ],
)
def test_values_become_what_the_type_says(language: Any, kind: str, given: Any, value: Any, text: str) -> None:
    found = one(language, kind, given)
    assert (found.value, found.text, found.type) == (value, text, kind)
    assert type(found.value) is type(value)
    assert one(language, kind, None, default=given).value == value, "a default is converted in the same way"


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("number", "abc", "could not convert string to float: 'abc'"),
        ("number", "nan", "no number"),
        ("number", [1], "a list is no number"),
        ("number", "9" * 400, "too long"),
        ("boolean", "maybe", "Unrecognized value 'maybe', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', "),
        ("comma_delimited_list", {"a": 1}, "comma-delimited list"),
        ("json", "{not", "Value must be valid JSON: "),
        ("json", "[" * 90_000, "Value must be valid JSON: it is nested too deep"),
        ("json", '{"a": NaN}', "Value must be valid JSON: "),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(language: Any, kind: str, given: Any, words: str) -> None:
    problem = language.only_problem(
        {"heat_template_version": "2021-04-16", "parameters": {"p": {"type": kind}}}, p=given
    )
    assert problem.code == "bad-parameter-value"
    assert problem.path == "parameters.p"
    assert problem.message.startswith("Parameter 'p' is invalid: ")
    assert words in problem.message


def test_a_missing_parameter_is_told_where_the_template_asks_for_it(language: Any) -> None:
    problem = language.only_problem("parameters:\n  p:\n    type: string\n  q: {type: string, default: ''}", p=None)
    assert (problem.code, problem.path, problem.line) == ("missing-parameter", "parameters.p", 3)
    assert (problem.heat_type, problem.message) == ("UserParameterMissing", "The Parameter (p) was not provided.")


def test_an_unknown_parameter_is_told_with_the_likely_one(language: Any) -> None:
    problem = language.only_problem("parameters: {flavor: {type: string, default: x}}", flavour="x")
    assert (problem.heat_type, problem.message) == (
        "UnknownUserParameter",
        "The Parameter (flavour) was not defined in template.",
    )
    assert problem.detail == "Did you mean flavor?"


def test_an_unknown_parameter_of_an_environment_has_a_place_in_it(language: Any) -> None:
    problem = language.only_problem("parameters: {}", "parameters:\n  nope: 1")
    assert (problem.file, problem.line, problem.column) == ("environment", 2, 3)


def test_the_request_wins_over_the_environment_over_its_defaults_over_the_template(language: Any) -> None:
    template = "parameters: {p: {type: string, default: template}}"
    defaults = "parameter_defaults: {p: defaults, unknown: ignored}"
    both = defaults + "\nparameters: {p: environment}"
    assert language.define(template).parameters["p"].text == "template"
    assert language.define(template, defaults).parameters["p"].text == "defaults"
    assert language.define(template, both).parameters["p"].text == "environment"
    assert language.define(template, both, p="request").parameters["p"].text == "request"
    assert language.define(template, both, p=None).parameters["p"].text == "environment"
    assert language.define(template, defaults + "\nparameters: {p: null}").parameters["p"].text == "defaults"


def test_pseudo_parameters_say_who_the_stack_is(language: Any) -> None:
    assert language.define("resources:").shown_parameters() == {
        "OS::stack_id": language.identity.id,
        "OS::project_id": "p1",
        "OS::stack_name": "mystack",
    }
    assert language.value({"get_param": "OS::stack_name"}) == "mystack"
    assert language.only_problem("parameters: {'OS::stack_name': {type: string, default: x}}").code == "reserved-name"


def test_hidden_parameters_are_shown_as_stars(language: Any) -> None:
    template = "parameters: {p: {type: string, hidden: true, default: secret}, q: {type: number, default: 2}}"
    definition = language.define(template)
    assert definition.shown_parameters()["p"] == "******"
    assert definition.shown_parameters()["q"] == "2"
    assert not definition.has_hidden_values(), "a default in the template is no secret"
    assert language.define(template, p="other").has_hidden_values()
    assert language.define(template, "parameter_defaults: {p: other}").has_hidden_values()


@pytest.mark.parametrize(
    ("schema", "path", "message"),
    [
        ("{bogus: 1, type: string}", "parameters.a.bogus", "Invalid key 'bogus' for parameter (a)"),
        ("{default: 1}", "parameters.a", "Missing parameter type for parameter: a"),
        ("{type: strin}", "parameters.a.type", "Invalid type (strin)"),
        ("{type: [1]}", "parameters.a.type", "Invalid type ([1])"),
        ("{type: string, tags: x}", "parameters.a.tags", "Tags property should be a list for parameter: a"),
        ("x", "parameters.a", "Invalid schema for parameter a, expected a mapping"),
        ("{type: number, default: zz}", "parameters.a.default", "Invalid default zz (could not convert"),
        (
            "{type: string, default: zz, constraints: [{length: {max: 1}}]}",
            "parameters.a.default",
            "Invalid default zz (length (2) is out of range (min: None, max: 1))",
        ),
    ],
)
def test_a_wrong_schema_is_refused_in_heats_words(language: Any, schema: str, path: str, message: str) -> None:
    problem = language.only_problem("parameters:\n  a: " + schema)
    assert (problem.path, problem.heat_type, problem.line) == (path, "InvalidSchemaError", 3)
    assert problem.message.startswith(message)


def test_tags_are_unknown_before_their_version(language: Any) -> None:
    problem = language.only_problem("heat_template_version: 2017-09-01\nparameters: {a: {type: string, tags: []}}")
    assert problem.message == "Invalid key 'tags' for parameter (a)"


def test_a_wrong_parameter_is_not_complained_about_again_where_it_is_used(language: Any) -> None:
    problem = language.only_problem(
        """
        parameters: {p: {type: number}}
        conditions: {c: {equals: [{get_param: p}, 1]}}
        resources:
          a: {type: Test::Box, condition: c, properties: {size: {get_param: p}, label: {get_param: p}}}
        outputs: {o: {value: {list_join: [',', [{get_param: p}]]}}}
        """,
        p="x",
    )
    assert problem.path == "parameters.p"


@pytest.mark.parametrize(
    ("flag", "hidden"), [("yes", True), ("5", True), ("'no'", True), ("'false'", False), ("0", False)]
)
def test_hidden_is_whatever_is_not_nothing_as_in_heat(language: Any, flag: str, hidden: bool) -> None:
    definition = language.define(f"parameters: {{a: {{type: string, hidden: {flag}, default: x}}}}")
    assert definition.parameters["a"].hidden is hidden
