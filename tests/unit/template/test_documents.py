"""Texts: YAML and JSON as Heat reads them, places kept, and what is refused before anybody looks inside."""

from typing import Any

import pytest

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template import parse_template


def problems(source: Any) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        parse_template(source, file="t.yaml")
    return list(caught.value.diagnostics)


def test_yaml_is_read_as_version_1_1() -> None:
    tree = parse_template(
        "a: yes\nb: 014\nc: 1_000\nd: 0x1f\ne: 1:30\nf: 1.5\ng: ~\nh: 08\ni: off\nj: 1e5\nk: '5'"
    ).tree
    assert tree == {
        "a": True,
        "b": 12,
        "c": 1000,
        "d": 31,
        "e": 90,
        "f": 1.5,
        "g": None,
        "h": "08",
        "i": False,
        "j": "1e5",
        "k": "5",
    }


def test_dates_stay_text_as_values_and_as_keys() -> None:
    assert parse_template("version: 2013-05-23\n2014-10-16: x").tree == {"version": "2013-05-23", "2014-10-16": "x"}


def test_json_is_read_as_json_and_not_as_yaml() -> None:
    text = '{\t"a": 1e5, "b": "\\ud83d\\ude00", "c": "\\/", "d": true}'
    assert parse_template(text).tree == {"a": 100000.0, "b": "😀", "c": "/", "d": True}


def test_a_flow_map_that_is_no_json_is_yaml() -> None:
    assert parse_template("{a: yes}").tree == {"a": True}


@pytest.mark.parametrize("text", ["", "  \n", "# nothing\n", "---\n"])
def test_an_empty_text_is_an_empty_map(text: str) -> None:
    assert parse_template(text).tree == {}


def test_merge_keys_give_way_to_own_keys_and_the_first_of_several_wins() -> None:
    tree = parse_template("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: own}").tree
    assert tree["c"] == {"x": "own", "y": 1, "z": 2}


def test_places_are_those_of_keys_and_items() -> None:
    document = parse_template("a:\n  b: [1,\n      {c: 2}]\nd: &x {e: 1}\nf: {<<: *x}")
    assert document.locate(()) == (1, 1)
    assert document.locate(("a", "b")) == (2, 3)
    assert document.locate(("a", "b", 1, "c")) == (3, 8)
    assert document.locate(("f", "e")) == (4, 8)
    assert document.locate(("a", "b", 1, "nothing", 3)) == (3, 7), "the nearest place above what does not exist"


def test_places_of_json_are_kept_too() -> None:
    assert parse_template('{"a": {\n  "b": 1}}').locate(("a", "b")) == (2, 3)


def test_a_parsed_map_has_no_places_and_is_copied() -> None:
    given = {"a": [1]}
    document = parse_template(given)
    given["a"].append(2)
    assert document.tree == {"a": [1]}
    assert document.locate(("a",)) is None


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a: [1,", (2, 1), "flow node"),
        ("a:\n\t- b", (2, 1), "token"),
        ("a: b: c", (1, 5), "mapping values"),
        ("a: 'x", (1, 6), "quoted scalar"),
        ("a: *nowhere", (1, 4), "alias"),
        ("a: 1\n---\nb: 2", (2, 1), "single document"),
        ('{"a": }x', (1, 8), "block end|document start|flow"),
    ],
)
def test_broken_yaml_says_what_and_where(text: str, place: tuple[int, int], word: str) -> None:
    (problem,) = problems(text)
    assert problem.code == "broken-yaml"
    assert problem.file == "t.yaml"
    assert (problem.line, problem.column) == place
    assert any(one in problem.summary for one in word.split("|")), problem.summary
    assert problem.detail


def test_what_an_alias_or_a_tag_says_is_not_repeated() -> None:
    """A password that begins with * or ! and was not quoted."""
    for text in ("password: *hunter2", "password: !hunter2 x", "password: !hunter2!x"):
        assert all("hunter2" not in str(one) + one.message for one in problems(text))


def test_duplicate_keys_are_refused_each_with_its_place() -> None:
    found = problems("a: {x: 1, y: 2, x: 3}\nb: 1\nb: 2")
    assert [(one.code, one.path, one.line, one.column) for one in found] == [
        ("duplicate-key", "a.x", 1, 17),
        ("duplicate-key", "b", 3, 1),
    ]


def test_an_entry_of_json_repeated_word_by_word_is_one_entry() -> None:
    assert parse_template('{"a": {"x": 1, "y": 2, "x": 1}}').tree == {"a": {"x": 1, "y": 2}}


def test_duplicate_keys_of_json_are_refused_with_their_place() -> None:
    (found,) = problems('{"a": {"x": 1,\n "x": 2}}')
    assert (found.code, found.path, found.line) == ("duplicate-key", "a.x", 2)


@pytest.mark.parametrize("key", ["1", "1.5", "true", "yes", "null", "? [a]\n"])
def test_keys_that_are_not_text_are_refused(key: str) -> None:
    (problem,) = problems(f"{key}: x")
    assert problem.code == "key-not-text"
    assert (problem.line, problem.column) in ((1, 1), (1, 3))


def test_a_parsed_map_may_not_have_other_keys_or_values_than_json() -> None:
    found = problems({"a": {1: "x"}, "b": object(), "c": float("nan"), "d": "x\0", "e": "\ud800", "f": b"x"})
    assert [(one.code, one.path) for one in found] == [
        ("key-not-text", "a"),
        ("bad-value", "b"),
        ("bad-value", "c"),
        ("bad-character", "d"),
        ("bad-character", "e"),
        ("bad-value", "f"),
    ]


@pytest.mark.parametrize("text", ["a: !Ref b", "a: !!binary aGk=", "a: !!set {b}", "a: !!python/object:os.x y"])
def test_unknown_tags_are_refused(text: str) -> None:
    assert [one.code for one in problems(text)] == ["unknown-tag"]


@pytest.mark.parametrize("value", [".inf", "-.INF", ".nan", "9" * 400, "!!int x", "!!bool maybe", "0b_", "!!float x"])
def test_numbers_that_are_none_are_refused(value: str) -> None:
    assert [(one.code, one.path) for one in problems(f"a: {value}")] == [("bad-value", "a")]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a: x\0", (1, 5)),
        ("a: 1\nb: \x07", (2, 4)),
        ("a: \ud800", (1, 4)),
        (b"a: b\n\xff", (2, 1)),
        ('a: "\\0"', (1, 4)),
    ],
)
def test_characters_that_no_text_may_have_are_refused(source: Any, place: tuple[int, int]) -> None:
    (problem,) = problems(source)
    assert problem.code == "bad-character"
    assert (problem.line, problem.column) == place


@pytest.mark.parametrize("source", ["[1]", "text", "5", None, 5, [1]])
def test_what_is_no_map_is_refused_in_heats_words(source: Any) -> None:
    (problem,) = problems(source)
    assert problem.code == "not-a-map"
    assert problem.message == "The template is not a JSON object or YAML mapping."


def test_the_longest_text_is_read_and_one_more_character_refused() -> None:
    text = "a: " + "x" * (524288 - 3)
    assert len(parse_template(text).tree["a"]) == 524285
    (problem,) = problems(text + "x")
    assert problem.code == "too-long"
    assert "524288" in problem.summary
    assert problem.heat_type == "RequestLimitExceeded"
    assert [one.code for one in problems({"a": "x" * 524288})] == ["too-long"]


def test_what_is_missing_in_an_empty_text_is_missing_in_its_first_line(language: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        language.define_raw("", "", {}, {})
    assert (caught.value.first.code, caught.value.first.line, caught.value.first.column) == ("no-version", 1, 1)
