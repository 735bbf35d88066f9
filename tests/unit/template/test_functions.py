"""Functions: against what a real Heat made of them, and one by one where that has no case."""

from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import Reference, references, resolve
from firebrick.template.functions import ALL_NAMES, FROZEN, ROWS, functions_of
from firebrick.template.versions import HOT_VERSIONS

SHARED = {
    "parameters": {
        "l": {"type": "comma_delimited_list", "default": "x,y"},
        "j": {"type": "json", "default": {"k": {"d": [1, "two"]}}},
        "n": {"type": "number", "default": 4},
    },
    "resources": {"a": {"type": "Test::Box"}, "b": {"type": "OS::Heat::None"}},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"get_param": "n"}, 4),
        ({"get_param": ["l", 1]}, "y"),
        ({"get_param": ["l", "1"]}, "y"),
        ({"get_param": ["l", 7]}, ""),
        ({"get_param": ["j", "k", "d", 1]}, "two"),
        ({"get_param": ["j", "nope", "d"]}, ""),
        ({"get_param": "n", "x": 1}, {"get_param": "n", "x": 1}),
        ({"get_resource": "a"}, "id-of-a"),
        ({"get_attr": ["a", "size"]}, [3, {"x": "deep"}]),
        ({"get_attr": ["a", "size", 1, "x"]}, "deep"),
        ({"get_attr": ["a", "size", "1", "x"]}, None),
        ({"get_attr": ["a", "size", 9]}, None),
        ({"get_attr": ["a", "inside", "nope"]}, None),
        ({"get_attr": ["a", "size", {"get_attr": ["b", "where"]}, "x"]}, "deep"),
        ({"get_attr": ["a"]}, {"size": [3, {"x": "deep"}], "inside": "in"}),
        ({"get_attr": ["a", "show"]}, None),
        ({"get_param": ["l", {"get_attr": ["b", "where"]}]}, "y"),
        (
            {"list_join": ["-", ["1", None, {"get_resource": "a"}], None, [{"b": 1, "a": 2}]]},
            '1--id-of-a-{"a": 2, "b": 1}',
        ),
        ({"list_join": [",", {"get_attr": ["b", "names"]}]}, "p,q"),
        ({"str_replace": {"template": "$a $ab $abc", "params": {"$a": 1, "$ab": 2, "$abc": True}}}, "1 2 True"),
        ({"str_replace": {"template": "xy", "params": {"x": "y", "y": "x"}}}, "yx"),
        ({"str_replace": {"template": "abcd", "params": {"bcd": "1", "ab": "2"}}}, "a1"),
        ({"str_replace": {"template": "<a>", "params": {"a": {"get_attr": ["a", "inside"]}}}}, "<in>"),
        ({"str_replace": {"template": "a", "params": {"a": None}}}, ""),
        ({"if": [True, "a", {"get_attr": ["zz", "nope"]}]}, "a"),
        ({"if": [{"not": True}, 1, 2]}, 2),
        ({"if": [False, 1]}, None),
        ([1, {"if": [False, 2]}, 3], [1, 3]),
        ({"x": {"if": [False, 2]}, "y": 3}, {"y": 3}),
        ({"x": {"if": [True, None]}}, {"x": None}),
        ({"get_file": "f.txt"}, "content"),
        ({"equals": ["a", "a"]}, {"equals": ["a", "a"]}),
        ({"$": ["get_param", 1]}, {"$": ["get_param", 1]}),
        ({"unheard_of": [1]}, {"unheard_of": [1]}),
    ],
)
def test_what_an_expression_comes_to(language: Any, world: Any, expression: Any, value: Any) -> None:
    living = world(a={"size": [3, {"x": "deep"}], "inside": "in"}, b={"where": 1, "names": ["p", "q"]})
    assert language.value(expression, world=living, files={"f.txt": "content"}, **SHARED) == value


@pytest.mark.parametrize(
    ("expression", "path", "code", "message"),
    [
        ({"get_param": "nope"}, "get_param", "unknown-parameter", "The Parameter (nope) was not provided."),
        ({"get_param": []}, "get_param", "bad-function-arguments", 'Function "get_param" must have arguments'),
        ({"get_param": "OS::region"}, "get_param", "unknown-parameter", "The Parameter (OS::region) was not provided."),
        (
            {"get_resource": "zz"},
            "get_resource",
            "unknown-reference",
            'The specified reference "zz" (in unknown) is inc',
        ),
        ({"get_resource": ["a"]}, "get_resource", "bad-reference", "the name of a resource is text"),
        (
            {"get_attr": ["zz", "x"]},
            "get_attr",
            "unknown-reference",
            'The specified reference "zz" (in unknown) is inc',
        ),
        ({"get_attr": ["a", "x"]}, "get_attr[1]", "unknown-attribute", "The Referenced Attribute (a x) is incorrect."),
        ({"get_attr": "a"}, "get_attr", "bad-function-arguments", 'Arguments to "get_attr" must be of the form'),
        ({"get_attr": [{"get_resource": "a"}, "x"]}, "get_attr", "late-reference", "must be known before"),
        ({"list_join": [",", ["a", 1]]}, "list_join", "bad-function-arguments", "Items to join must be string, map or"),
        ({"list_join": [1, ["a"]]}, "list_join[0]", "bad-function-arguments", '"list_join" delimiter must be a string'),
        ({"list_join": ["a"]}, "list_join", "bad-function-arguments", 'Incorrect arguments to "list_join" should be'),
        ({"list_join": [",", "a"]}, "list_join[1]", "bad-function-arguments", '"list_join" must operate on a list'),
        ({"str_replace": ["a"]}, "str_replace", "bad-function-arguments", 'Arguments to "str_replace" must be a map'),
        ({"str_replace": {"template": "a"}}, "str_replace", "bad-function-arguments", '"str_replace" syntax should be'),
        (
            {"str_replace": {"template": 1, "params": {}}},
            "str_replace.template",
            "bad-function-arguments",
            '"str_replace" template must be a string',
        ),
        (
            {"str_replace": {"template": "a", "params": []}},
            "str_replace.params",
            "bad-function-arguments",
            '"str_replace" parameters must be a mapping',
        ),
        ({"if": ["missing", 1, 2]}, "if", "unknown-condition", 'Invalid condition "missing"'),
        ({"if": [True]}, "if", "bad-function-arguments", 'Arguments to "if" must be of the form'),
        (
            {"get_file": "nope"},
            "get_file",
            "missing-file",
            'No content found in the "files" section for get_file path: n',
        ),
        ({"get_file": [1]}, "get_file", "bad-function-arguments", 'Argument to "get_file" must be a string'),
        ({"get_atr": ["a", "size"]}, "get_atr", "unknown-function", "The function get_atr is not supported in this"),
        ({"Fn::Jion": ["a"]}, "Fn::Jion", "unknown-function", "The function Fn::Jion is not supported in this version"),
        ({"Fn::Join": [",", []]}, "Fn::Join", "unknown-function", "The function Fn::Join is not supported in this"),
        ({"repeat": {}}, "repeat", "bad-function-arguments", '"repeat" syntax should be'),
    ],
)
def test_a_misused_function_is_named_with_its_path(
    language: Any, world: Any, expression: Any, path: str, code: str, message: str
) -> None:
    template = {"heat_template_version": "2021-04-16", **SHARED, "outputs": {"o": {"value": [expression]}}}
    try:
        definition = language.define(template)
    except InvalidInput as error:
        (problem,) = error.diagnostics
    else:  # an output that cannot be computed is told of, and raises when somebody asks for it
        (problem,) = definition.warnings
        with pytest.raises(InvalidInput) as caught:
            resolve(definition.outputs["o"].value, world())
        (late,) = caught.value.diagnostics
        assert (late.code, late.path) == (code, "[0]." + path)
    assert (problem.code, problem.path) == (code, "outputs.o.value[0]." + path)
    assert message in problem.message


def test_a_removed_function_is_refused_in_heats_words(language: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        language.value({"Fn::Join": [",", ["a"]]})
    assert caught.value.first.message == (
        "outputs.o.value.Fn::Join: The template version is invalid: "
        "The function Fn::Join is not supported in this version of HOT."
    )


@pytest.mark.parametrize("version", HOT_VERSIONS)
def test_no_function_of_a_version_is_silently_data(language: Any, version: str) -> None:
    """Each name either is built, or using it is an error."""
    for name in functions_of(version):
        try:
            assert language.value({name: {"no": ["such", "arguments"]}}, version=version) == ["nova"]
            assert name == "Fn::GetAZs"  # which looks at no argument
        except InvalidInput:
            pass


@pytest.mark.parametrize("version", HOT_VERSIONS)
def test_names_of_other_versions_are_data_with_a_warning_as_in_heat(language: Any, version: str) -> None:
    for name in sorted(ALL_NAMES - set(functions_of(version))):
        definition = language.define({"heat_template_version": version, "outputs": {"o": {"value": {name: ["x"]}}}})
        assert definition.outputs["o"].value == {name: ["x"]}
        (warning,) = definition.warnings
        assert (warning.code, warning.path) == ("function-as-data", f"outputs.o.value.{name}")


def test_a_later_function_that_breaks_a_property_is_explained(language: Any) -> None:
    problem = language.only_problem(
        "heat_template_version: 2013-05-23\n"
        "resources: {a: {type: Test::Box, properties: {label: {str_split: [',', 'a,b']}}}}"
    )
    assert problem.code == "property-type"
    assert problem.detail == "str_split is read as data here: it came with version 2015-10-15."


def test_older_meanings_of_a_name_stay(language: Any) -> None:
    old = {"list_join": [",", [{"a": 1}]]}
    with pytest.raises(InvalidInput, match="only text can be joined"):
        language.value(old, version="2015-04-30")
    assert language.value(old, version="2015-10-15") == '{"a": 1}'
    replaced = {"str_replace": {"template": "x", "params": {"x": ["a"]}}}
    with pytest.raises(InvalidInput) as caught:
        language.value(replaced, version="2015-04-30")
    assert "params must be strings or numbers, param x is not valid" in caught.value.first.message
    assert language.value(replaced, version="2015-10-15") == '["a"]'
    whole = {"get_attr": ["b"]}
    resources = {"b": {"type": "OS::Heat::None"}}
    with pytest.raises(InvalidInput):
        language.value(whole, version="2015-04-30", resources=resources)
    assert language.value(whole, version="2015-10-15", resources=resources) == {}
    with pytest.raises(InvalidInput, match="if needs a condition and a value for each case"):
        language.value({"if": [True, 1]}, version="2018-08-31")


def test_the_table_has_no_two_rows_for_one_name_and_version() -> None:
    for version in HOT_VERSIONS:
        names = [row.name for row in ROWS if row.since <= version <= row.until]
        assert len(names) == len(set(names))
    assert all(key == builder.key for key, builder in FROZEN.items())


def test_run_time_errors_say_where_and_show_no_values(language: Any, world: Any) -> None:
    template = {
        "heat_template_version": "2021-04-16",
        "resources": {"b": {"type": "OS::Heat::None"}},
        "outputs": {"o": {"value": {"x": [0, {"list_join": [",", [{"get_attr": ["b", "secret"]}]]}]}}},
    }
    value = language.define(template).outputs["o"].value
    assert resolve(value, world(b={"secret": "fine"})) == {"x": [0, "fine"]}
    with pytest.raises(InvalidInput) as caught:
        resolve(value, world(b={"secret": 7133742}))
    assert caught.value.first.path == "x[1].list_join"
    assert caught.value.first.message == "x[1].list_join: Items to join must be string, map or list not a number"
    with pytest.raises(InvalidInput) as caught:
        resolve(
            language.define(
                "resources: {b: {type: OS::Heat::None}}\n"
                "outputs: {o: {value: {str_replace: {template: {get_attr: [b, t]}, params: {get_attr: [b, p]}}}}}"
            )
            .outputs["o"]
            .value,
            world(b={"t": "x", "p": 7133742}),
        )
    assert "7133742" not in str(caught.value)


def test_references_are_sorted_and_without_doubles(language: Any) -> None:
    template = {
        "heat_template_version": "2021-04-16",
        "resources": {"a": {"type": "OS::Heat::None"}, "b": {"type": "OS::Heat::None"}},
        "outputs": {
            "o": {
                "value": [
                    {"get_attr": ["b", "y", {"get_attr": ["a", "z"]}]},
                    {"k": {"get_resource": "b"}},
                    {"str_replace": {"template": {"get_attr": ["b", "x"]}, "params": {}}},
                    {"get_attr": ["b", "x", 1]},
                    {"get_attr": ["a"]},
                ]
            }
        },
    }
    assert references(language.define(template).outputs["o"].value) == [
        Reference("a", ""),
        Reference("a", "z"),
        Reference("b", None),
        Reference("b", "x"),
        Reference("b", "y"),
    ]


def test_results_may_not_grow_beyond_bounds(language: Any) -> None:
    nested: Any = "a"
    for _ in range(20):
        nested = {"str_replace": {"template": nested, "params": {"a": "aaaaaaaaaa"}}}
    with pytest.raises(InvalidInput) as caught:
        language.value(nested)
    assert {one.code for one in caught.value.diagnostics} == {"result-too-large"}
    large = {"p": {"type": "json", "default": ["x" * 100] * 2000}}
    with pytest.raises(InvalidInput) as caught:
        language.value([{"get_param": "p"}] * 5000, parameters=large)
    assert [one.code for one in caught.value.diagnostics] == ["result-too-large"]
