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


def test_of_a_key_that_is_given_twice_the_last_value_counts_with_a_warning_that_has_both_places() -> None:
    document = parse_template("a: {x: 1, y: 2, x: 3}\nb: 1\nc: 2\nb: 3\nb: 4", file="t.yaml")
    assert document.tree == {"a": {"x": 3, "y": 2}, "b": 4, "c": 2}
    assert [(one.code, one.severity, one.path, one.line, one.column) for one in document.warnings] == [
        ("duplicate-key", "warning", "a.x", 1, 17),
        ("duplicate-key", "warning", "b", 4, 1),
        ("duplicate-key", "warning", "b", 5, 1),
    ]
    assert [one.summary for one in document.warnings] == [
        "the key x is given twice in line 1, in columns 5 and 17: the last value counts",
        "the key b is given twice, in lines 2 and 4: the last value counts",
        "the key b is given twice, in lines 4 and 5: the last value counts",
    ]
    assert document.locate(("b",)) == (5, 1), "where the value that counts stands"


def test_what_is_wrong_in_a_value_that_does_not_count_is_wrong_all_the_same() -> None:
    assert [one.code for one in problems("a: !nothing x\na: 1")] == ["unknown-tag"]


def test_two_merges_in_one_map_are_both_merged_the_later_over_the_earlier() -> None:
    document = parse_template("a: &a {x: 1, y: 1}\nb: &b\n  x: 2\nc: {<<: *a, <<: *b}")
    assert (document.tree["c"], document.warnings) == ({"x": 2, "y": 1}, ())
    assert document.locate(("c", "x")) == (3, 3)


@pytest.mark.parametrize("more", ["", ', "\\ud83d\\ude00": "\\/"', ',\t"\\u0041": "\\uD83D\\uDE00"'])
def test_keys_given_twice_in_json_are_warned_of_with_their_places(more: str) -> None:
    document = parse_template('{"a": {"x": 1,\n "x": 2, "z": {"y": 1, "y": 1}}%s}' % more)  # noqa: UP031
    assert document.tree["a"] == {"x": 2, "z": {"y": 1}}
    found = [(one.code, one.severity, one.path, one.line) for one in document.warnings]
    assert found == [("duplicate-key", "warning", "a.x", 2), ("duplicate-key", "warning", "a.z.y", 2)]


def test_a_key_given_twice_in_json_that_is_no_yaml_is_warned_of_without_a_place() -> None:
    long = "k" * 1100  # YAML has keys of 1,024 characters
    document = parse_template(f'{{"{long}": 1, "a": 1, "a": 2}}')
    assert document.tree == {long: 1, "a": 2}
    (found,) = document.warnings
    assert found.summary == "the key a is given twice in one map: the last value counts"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("80", "80"),
        ("0x50", "80"),
        ("014", "12"),
        ("-1", "-1"),
        ("12:30", "750"),
        ("1.5", "1.5"),
        ("1.0", "1.0"),
        ("1.0e+3", "1000.0"),
        ("1e3", "1e3"),
        ("true", "true"),
        ("yes", "true"),
        ("Off", "false"),
        ("null", "null"),
        ("~", "null"),
        ("2013-05-23", "2013-05-23"),
        ("'80'", "80"),
    ],
)
def test_a_key_becomes_the_text_that_json_makes_of_it(key: str, text: str) -> None:
    document = parse_template(f"a:\n  b: {{}}\n  {key}: x")
    assert document.tree == {"a": {"b": {}, text: "x"}}
    assert document.warnings == ()
    assert document.locate(("a", text)) == (3, 3)


def test_keys_that_become_the_same_text_are_one_key_given_twice() -> None:
    document = parse_template("80: a\n'80': b\n0x50: c")
    assert document.tree == {"80": "c"}
    assert [one.line for one in document.warnings] == [2, 3]
    assert document.locate(("80",)) == (3, 1)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\n? [b]\n: 2", "key-not-text", 2),
        ("a: 1\n{b: c}: 2", "key-not-text", 2),
        ("a: 1\n.inf: 2", "bad-value", 2),
        ("a: 1\n.nan: 2", "bad-value", 2),
        ("a: 1\n!x b: 2", "unknown-tag", 2),
        ("9" * 400 + ": 2", "bad-value", 1),
    ],
)
def test_keys_that_json_cannot_have_are_refused_at_their_line(text: str, code: str, line: int) -> None:
    (problem,) = problems(text)
    assert (problem.code, problem.severity, problem.line) == (code, "error", line)


def test_keys_of_a_parsed_map_become_text_likewise() -> None:
    tree = parse_template({"a": {80: 1, 1.5: 2, True: 3, None: 4, "x": 5}}).tree
    assert tree == {"a": {"80": 1, "1.5": 2, "true": 3, "null": 4, "x": 5}}


def test_a_parsed_map_may_not_have_other_keys_or_values_than_json() -> None:
    found = problems({"a": {("x",): "x"}, "b": object(), "c": float("nan"), "d": "x\0", "e": "\ud800", "f": b"x"})
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
