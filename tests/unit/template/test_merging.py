"""Several environment files: which value wins, and what merge strategies do, by Heat's rules."""

import json
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import merge_environments, parse_environment

TEMPLATE = {
    "heat_template_version": "2018-08-31",
    "parameters": {
        "text": {"type": "string"},
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
        "list": {"type": "comma_delimited_list"},
        "map": {"type": "json"},
    },
}


def merged(
    *files: dict[str, Any], parameters: dict[str, Any] | None = None, more: dict[str, str] | None = None
) -> dict[str, Any]:
    texts = {f"{number}.yaml": json.dumps(file) for number, file in enumerate(files)}
    return merge_environments(list(texts), texts | (more or {}), template=TEMPLATE, parameters=parameters)


def refused(*files: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidInput) as caught:
        merged(*files)
    return [(one.file, one.path, one.message) for one in caught.value.diagnostics]


def test_later_files_win_name_by_name() -> None:
    assert merged(
        {"parameters": {"text": "a", "number": 1}, "resource_registry": {"A": "B", "resources": {"x": {"T": "U"}}}},
        {"parameters": {"text": "b"}, "resource_registry": {"C": "D", "resources": {"y": {"T": "U"}}}},
    ) == {
        "parameters": {"text": "b", "number": 1},
        "resource_registry": {"A": "B", "C": "D", "resources": {"y": {"T": "U"}}},
    }


def test_null_and_unknown_names_count_only_in_the_first_map() -> None:
    first = {"parameters": {"nobody": 1, "text": None}, "resource_registry": {"A": None}}
    later = {"parameters": {"somebody": 1, "text": None}, "resource_registry": {"B": None}}
    assert merged(first) == first
    assert merged(first, later) == first
    assert merged({"parameters": {"text": "a"}}, later)["parameters"] == {"text": "a"}


def test_parameters_of_templates_among_the_files_are_known() -> None:
    nested = "heat_template_version: 2018-08-31\nparameters: {below: {type: number}}"
    files: list[dict[str, Any]] = [{"parameters": {"text": "a"}}, {"parameters": {"below": 1, "nobody": 2}}]
    assert merged(*files, more={"nested.yaml": nested})["parameters"] == {"text": "a", "below": 1}


def test_files_overwrite_the_requests_parameters() -> None:
    assert merged({"parameters": {"text": "file"}}, parameters={"text": "request", "number": 1}) == {
        "parameters": {"text": "file", "number": 1}
    }


@pytest.mark.parametrize(
    ("name", "strategy", "first", "second", "expected"),
    [
        ("text", "merge", "a", "b", "ab"),
        ("number", "merge", 1, "2", 3),
        ("list", "merge", "a,b", ["c"], ["a", "b", "c"]),
        ("map", "merge", {"a": {"x": 1}, "b": 1}, {"a": {"y": 2}, "b": None}, {"a": {"y": 2}, "b": 1}),
        (
            "map",
            "deep_merge",
            {"a": {"x": 1, "l": [1], "s": "p"}},
            {"a": {"y": 2, "l": [2], "s": "q"}},
            {"a": {"x": 1, "y": 2, "l": [1, 2], "s": "pq"}},
        ),
        ("map", "overwrite", {"a": 1}, {"b": 2}, {"b": 2}),
        ("map", "merge", '{"a": 1}', '{"b": 2}', {"a": 1, "b": 2}),
    ],
)
@pytest.mark.parametrize("section", ["parameters", "parameter_defaults"])
@pytest.mark.parametrize("how", ["name", "default"])
def test_strategies(section: str, how: str, name: str, strategy: str, first: Any, second: Any, expected: Any) -> None:
    strategies = {name if how == "name" else "default": strategy}
    files = [{section: {name: first}, "parameter_merge_strategies": strategies}, {section: {name: second}}]
    assert merged(*files) == {section: {name: expected}}


def test_the_first_file_that_has_a_parameter_says_how_it_is_merged() -> None:
    first = {"parameters": {"list": "a"}}
    later = {"parameters": {"list": "b", "text": "x"}, "parameter_merge_strategies": {"default": "merge"}}
    last = {"parameters": {"list": "c", "text": "y"}}
    assert merged(first, later, last)["parameters"] == {"list": "c", "text": "xy"}


def test_contradictions_and_types_that_do_not_merge_are_refused_at_their_place() -> None:
    assert refused(
        {"parameters": {"text": "a"}, "parameter_merge_strategies": {"text": "merge"}},
        {"parameters": {"text": "b"}, "parameter_merge_strategies": {"text": "overwrite"}},
    ) == [
        (
            "1.yaml",
            "parameter_merge_strategies.text",
            "Conflicting merge strategy 'overwrite' for parameter 'text' in file '1.yaml'.",
        )
    ]
    merge = {"parameter_merge_strategies": {"default": "merge"}}
    assert refused({"parameters": {"flag": True}, **merge}, {"parameters": {"flag": True}}) == [
        ("1.yaml", "parameters.flag", "Invalid merge strategy 'merge' for parameter 'flag'.")
    ]
    ((_, path, _),) = refused({"parameters": {"number": 1}, **merge}, {"parameters": {"number": "x"}})
    assert path == "parameters.number"
    ((_, path, _),) = refused({"parameters": {"text": "a"}, "parameter_merge_strategies": {"text": "join"}})
    assert path == "parameter_merge_strategies.text"


def test_a_second_list_of_sinks_is_refused() -> None:
    sinks = {"event_sinks": [{"type": "zaqar-queue", "target": "q"}]}
    assert merged(sinks, {"parameters": {"text": "a"}})["event_sinks"] == sinks["event_sinks"]
    ((file, path, _),) = refused(sinks, sinks)
    assert (file, path) == ("1.yaml", "event_sinks")


def test_every_wrong_file_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        merge_environments(["a", "b", "c"], {"a": "parameters: [", "b": "nope: 1"}, template=TEMPLATE)
    assert [(one.file, one.code) for one in caught.value.diagnostics] == [
        ("a", "broken-yaml"),
        ("b", "unknown-section"),
        ("", "missing-file"),
    ]


def test_what_is_merged_is_an_environment() -> None:
    assert parse_environment(merged({"parameters": {"text": "a"}}, {"parameters": {"text": "b"}})).parameters == {
        "text": "b"
    }


def test_null_and_names_that_no_template_has_decide_no_strategy() -> None:
    files = {
        "one": "parameters: {a: null, b: x}",
        "two": "parameters: {a: y, b: z}\nparameter_merge_strategies: {a: merge}",
        "three": "parameters: {a: w}",
    }
    template = "heat_template_version: rocky\nparameters: {a: {type: string}, b: {type: string}}"
    merged = merge_environments(list(files), files, template=template)
    assert merged["parameters"] == {"a": "yw", "b": "z"}


def test_a_boolean_is_never_merged_once_there_is_something() -> None:
    files = {"one": "parameters: {c: x}", "two": "parameters: {a: true}\nparameter_merge_strategies: {default: merge}"}
    template = "heat_template_version: rocky\nparameters: {a: {type: boolean}}"
    with pytest.raises(InvalidInput) as caught:
        merge_environments(list(files), files, template=template)
    assert caught.value.first.message == "Invalid merge strategy 'merge' for parameter 'a'."
