"""repeat, digest, str_split, maps, lists, URLs, strict replacing: what Heat's results have no case for."""

import hashlib
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"repeat": {"for_each": {"a": ["1", "2"], "b": ["x", "y"]}, "template": "ab"}}, ["1x", "1y", "2x", "2y"]),
        ({"repeat": {"for_each": {"a": ["b"], "b": ["c"]}, "template": "a"}}, ["c"]),
        ({"repeat": {"for_each": {"a": ["1"]}, "template": {"ka": ["a", {"a": 5}]}}}, [{"k1": ["1", {"1": 5}]}]),
        ({"repeat": {"for_each": {"a": {"x": 1, "y": 2}}, "template": "a"}}, ["x", "y"]),
        ({"repeat": {"for_each": {"a": None}, "template": "a"}}, []),
        ({"repeat": {"for_each": {"a": [1, 2]}, "template": 7}}, [7, 7]),
        (
            {"repeat": {"for_each": {"a": ["1", "2"], "b": ["x", "y"]}, "template": "ab", "permutations": False}},
            ["1x", "2y"],
        ),
        (
            {
                "repeat": {
                    "for_each": {"o": ["1", "2"]},
                    "template": {"repeat": {"for_each": {"i": ["x"]}, "template": "oi"}},
                }
            },
            [["1x"], ["2x"]],
        ),
        ({"digest": ["SHA256", "é"]}, hashlib.sha256("é".encode("latin-1")).hexdigest()),
        ({"str_split": [",", "a,b,c", -1]}, "c"),
        ({"str_split": [",", "a,b,c", "1"]}, "b"),
        ({"str_split": [",", None]}, None),
        ({"str_split": [None, " a  b "]}, ["a", "b"]),
        ({"map_merge": [{"a": {"x": 1}}, None, {"a": {"y": 2}, "b": 1}]}, {"a": {"y": 2}, "b": 1}),
        ({"map_replace": [{"a": "x", "b": ["x"]}, {"keys": {"a": "c"}, "values": {"x": "y"}}]}, {"c": "y", "b": ["x"]}),
        ({"map_replace": [{"a": 1}, {"keys": {"a": True}}]}, {"true": 1}),
        ({"map_replace": [{"a": 1}, {}]}, {"a": 1}),
        ({"filter": [[1], [True, 1.0, "1", [1], {"a": 1}]]}, ["1", [1], {"a": 1}]),
        ({"filter": [[{"a": [1]}], [{"a": [1.0]}, {"a": [2]}]]}, [{"a": [2]}]),
        ({"filter": [None, ["a"]]}, ["a"]),
        ({"list_concat": [[1], None, [2, 1]]}, [1, 2, 1]),
        ({"list_concat_unique": [[1, True, "1"], [1.0, {"a": 1}, {"a": True}]]}, [1, "1", {"a": 1}]),
        ({"contains": ["bc", "abcd"]}, True),
        ({"contains": [1.0, [1]]}, True),
        (
            {
                "make_url": {
                    "scheme": "https",
                    "host": "::1",
                    "port": 80,
                    "path": "/a b",
                    "query": {"k": "v/w x"},
                    "fragment": "f#",
                }
            },
            "https://[::1]:80/a%20b?k=v/w+x#f%23",
        ),
        ({"make_url": {"host": "[::1]", "port": "8080", "password": "p:@"}}, "//:p%3A%40@[::1]:8080"),
        ({"make_url": {}}, ""),
        ({"str_replace_strict": {"template": "$a $ab", "params": {"$ab": 1, "$a": 2}}}, "2 1"),
        ({"str_replace_vstrict": {"template": "$a", "params": {"$a": False}}}, "False"),
    ],
)
def test_what_an_expression_comes_to(language: Any, expression: Any, expected: Any) -> None:
    assert language.value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"repeat": {"for_each": {}, "template": "a"}}, "for_each names no variable"),
        ({"repeat": {"for_each": ["a"], "template": "a"}}, 'The "for_each" argument to "repeat" must contain a map'),
        ({"repeat": {"for_each": {"a": ["1"]}, "template": "a", "permutations": "no"}}, "should be boolean type"),
        ({"repeat": {"for_each": {"a": {"x": 1}}, "template": "a", "permutations": False}}, "must be lists or maps"),
        ({"repeat": {"for_each": {"a": [1]}, "template": "a"}}, "replace() argument 2 must be str, not int"),
        ({"digest": ["sha256"]}, 'usage: ["<algorithm>", "<value>"]'),
        ({"digest": ["nope", "x"]}, "Algorithm must be one of"),
        ({"digest": ["shake_128", "x"]}, "the algorithm"),
        ({"digest": ["md5", "☃"]}, "'latin-1' codec can't encode"),
        ({"str_split": "a,b"}, 'Incorrect arguments to "str_split" should be'),
        ({"str_split": [",", "a,b", 2]}, "should be between 0 and 1"),
        ({"str_split": [",", "a,b", "x"]}, 'Incorrect index to "str_split"'),
        ({"str_split": [1, "a,b"]}, "must be str or None, not int"),
        (
            {"map_replace": [{"a": 1, "b": 2}, {"keys": {"a": "b"}}]},
            "key replacement b collides with a key in the input",
        ),
        ({"map_replace": [{"a": 1, "b": 2}, {"keys": {"a": "c", "b": "c"}}]}, "collides with a key in the output map"),
        ({"map_replace": [{"a": 1}, {"kyes": {}}]}, 'Incorrect arguments to "map_replace" should be'),
        ({"map_merge": [[1]]}, "Items to merge must be maps. [1] is type"),
        ({"filter": [1, [1]]}, '"filter" filters a list of values'),
        ({"filter": [[1]]}, "must have 2 arguments"),
        ({"contains": [1, 2]}, 'Second argument to "contains" should be a sequence.'),
        ({"list_concat": [[1], 2]}, "Items to concat must be lists."),
        ({"make_url": {"bogus": 1}}, 'Invalid arguments to "make_url": bogus'),
        ({"make_url": {"scheme": "a:b"}}, "should not contain ':'"),
        ({"make_url": {"port": 70000}}, "Invalid URL port 70000, must be in range 1-65535"),
        ({"make_url": {"port": {"list_join": ["", ["x"]]}}}, 'Invalid URL port "x"'),
        ({"str_replace_strict": {"template": "a", "params": {"a": 1, "QQ": 2}}}, "not found in the template: QQ"),
        ({"str_replace_strict": {"template": "ab", "params": {"ab": 1, "a": 2}}}, "not found in the template: a"),
        ({"str_replace_vstrict": {"template": "a", "params": {"a": []}}}, "undefined or empty value for param a"),
        ({"resource_facade": "metadata"}, "this stack stands for no resource of another"),
        ({"resource_facade": "nope"}, 'Incorrect arguments to "resource_facade" should be one of'),
    ],
)
def test_misuse_is_told_in_heats_words(language: Any, expression: Any, message: str) -> None:
    template = {
        "heat_template_version": "2018-08-31",
        "resources": {"a": {"type": "OS::Heat::None", "metadata": {"x": expression}}},
    }
    problem = language.only_problem(template)
    assert message in problem.message
    assert problem.path.startswith("resources.a.metadata.x.")


PARTS: list[tuple[str, Any]] = [
    ("scheme", 5),
    ("username", None),
    ("password", True),
    ("host", ["h"]),
    ("port", "abc"),
    ("port", 0),
    ("port", {"a": 1}),
    ("path", {"a": 1}),
    ("query", "k=v"),
    ("fragment", 1.5),
]


@pytest.mark.parametrize(("part", "value"), PARTS)
def test_a_part_of_a_url_that_a_function_makes_is_checked_when_the_value_is_computed(
    language: Any, part: str, value: Any
) -> None:
    """Of an output a warning, as in Heat, and an output_error; written out, and in a resource, it is refused."""
    given = {"parameters": {"p": {"type": "json", "default": {"v": value}}}}
    made = {"make_url": {part: {"get_param": ["p", "v"]}, "host" if part != "host" else "path": "h"}}
    template = {"heat_template_version": "2018-08-31", **given, "outputs": {"o": {"value": made}}}
    (warning,) = language.define(template).warnings
    assert (warning.severity, warning.code) == ("warning", "bad-function-arguments")
    assert warning.path == f"outputs.o.value.make_url.{part}"
    with pytest.raises(InvalidInput) as caught:
        language.value(made, **given)
    assert caught.value.first.path == f"make_url.{part}"
    used = {"resources": {"a": {"type": "OS::Heat::None", "metadata": {"u": made}}}}
    assert language.only_problem({**template, **used, "outputs": {}}).path == f"resources.a.metadata.u.make_url.{part}"
    written = {**template, "outputs": {"o": {"value": {"make_url": {part: value}}}}}
    assert language.only_problem(written).path == f"outputs.o.value.make_url.{part}"


def test_a_scheme_with_a_colon_is_a_warning_in_an_output(language: Any) -> None:
    template = {"heat_template_version": "2018-08-31", "outputs": {"o": {"value": {"make_url": {"scheme": "a:"}}}}}
    assert [one.path for one in language.define(template).warnings] == ["outputs.o.value.make_url.scheme"]


def test_a_misspelled_key_of_arguments_is_pointed_at(language: Any) -> None:
    problem = language.only_problem(
        """\
        resources:
          a:
            type: OS::Heat::None
            metadata:
              x:
                repeat:
                  template: a
                  for_eech: {a: [b]}
        """
    )
    assert (problem.path, problem.line) == ("resources.a.metadata.x.repeat.for_eech", 9)


def test_resource_facade_gives_what_the_parent_says(language: Any) -> None:
    from firebrick.template import define, parse_environment, parse_template

    template = {
        "heat_template_version": "2018-08-31",
        "resources": {
            "a": {
                "type": "OS::Heat::None",
                "metadata": {"resource_facade": "metadata"},
                "deletion_policy": {"resource_facade": "deletion_policy"},
            }
        },
    }
    made = define(
        parse_template(template),
        parse_environment(""),
        parameters={},
        identity=language.identity,
        types=language.types,
        facade={"metadata": {"k": 1}, "deletion_policy": "Retain", "update_policy": {}},
    )
    assert (made.resources["a"].metadata, made.resources["a"].deletion_policy) == ({"k": 1}, "Retain")


@pytest.mark.parametrize(
    "expression",
    [
        {"repeat": {"for_each": {"a": ["x"] * 3000, "b": ["y"] * 3000}, "template": "ab"}},
        {"repeat": {"for_each": {"a": ["x" * 2000] * 50}, "template": "a" * 100}},
        {
            "repeat": {
                "for_each": {"a": ["aa"], **{"a" * n: ["a" * 2 * n] for n in range(2, 12)}},
                "template": "a" * 9000,
            }
        },
    ],
)
def test_nothing_grows_beyond_bounds(language: Any, expression: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        language.value({"list_concat": [[expression], [expression], [expression]]})
    assert caught.value.first.code == "result-too-large"
