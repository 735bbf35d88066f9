"""Inputs made to hurt: each a refusal within seconds, never a crash."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import parse_environment, parse_template

SECONDS = 20.0


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS


def codes(source: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_template(source)
    return [one.code for one in caught.value.diagnostics]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 3000 + "]" * 3000,
        "a:\n  " + "- " * 3000 + "x",
        "{a: " * 3000 + "}" * 3000,
        "? " * 3000 + "x",
        "[" * 524_000,
        "- " * 262_000,
        "? " * 262_000,
        '{"a":' * 3000 + "1" + "}" * 3000,
        '{"a":' * 80_000 + "1" + "}" * 80_000,
    ],
    ids=["flow", "block", "maps", "keys", "open", "many-dashes", "many-questions", "json", "deep-json"],
)
def test_nesting_beyond_bounds_is_refused(text: str) -> None:
    assert codes(text) == ["nested-too-deep"]


def test_nesting_within_bounds_is_read() -> None:
    deep = parse_template("a: " + "[" * 98 + "]" * 98).tree["a"]
    for _ in range(97):
        (deep,) = deep
    assert deep == []


@pytest.mark.parametrize("inside", ["", "x", "{a: b}"], ids=["empty", "scalar", "map"])
def test_the_first_level_beyond_the_bound_is_named(inside: str) -> None:
    lists = 100 - 1 - inside.count("{")  # in a map
    assert parse_template("a:\n  " + "[" * lists + inside + "]" * lists).tree
    with pytest.raises(InvalidInput) as caught:
        parse_template("a:\n  " + "[" * (lists + 1) + inside + "]" * (lists + 1))
    assert [one.code for one in caught.value.diagnostics] == ["nested-too-deep"]
    assert (caught.value.first.line, caught.value.first.column) == (2, 3 + 99)


def test_nesting_of_parsed_maps_is_bounded_and_circles_end() -> None:
    deep: list[Any] = []
    for _ in range(3000):
        deep = [deep]
    circle: list[Any] = []
    circle += [circle, circle]
    assert codes({"a": deep}) == ["nested-too-deep"]
    assert codes({"a": circle}) == ["nested-too-deep"]


def bomb(item: str) -> str:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{level + 1}: &a{level + 1} {item.format(level)}" for level in range(30)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb("[" + ",".join(["*a{0}"] * 10) + "]"),
        bomb("{{<<: [" + ",".join(["*a{0}"] * 10) + "], k{0}: *a{0}, l{0}: *a{0}}}"),
        "a: &a " + "x" * 400_000 + "\nb: [" + ",".join(["*a"] * 1000) + "]",
    ],
    ids=["lists", "merges", "long-text"],
)
def test_alias_bombs_are_refused(text: str) -> None:
    assert codes(text) == ["too-many-aliases"]


@pytest.mark.parametrize("text", ["a: &a [*a]", "&a a: *a\nb: &b {<<: *b}", "a: &a {b: [*a, *a]}"])
def test_an_alias_inside_itself_is_refused(text: str) -> None:
    assert set(codes(text)) <= {"alias-in-itself", "key-not-text"}


@pytest.mark.parametrize(
    "text",
    [
        "{" + ",".join(f"k{number}: 1" for number in range(40_000)) + "}",
        "\n".join(f"k{number}: {{a: b, c: [d, e]}}" for number in range(18_000)),
        'a: "' + "\\x41" * 130_000 + '"',
        "a:\n" + "".join(f"- &a{number} x\n" for number in range(40_000)),
        "#\n" * 260_000 + "a: 1",
    ],
    ids=["keys", "lines", "escapes", "anchors", "comments"],
)
def test_the_largest_texts_are_read_in_time(text: str) -> None:
    assert parse_template(text).locate(("a",)) is not None


def test_thousands_of_problems_are_told_as_far_as_they_help() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_template("{" + ",".join(f"k{number}: !x {number}" for number in range(30_000)) + "}")
    assert len(caught.value.diagnostics) == 201
    assert caught.value.diagnostics[-1].summary == "there are 29800 more problems"
    warnings = parse_template("{" + ",".join(f"k: {number}" for number in range(30_000)) + "}").warnings
    assert len(warnings) == 201
    assert warnings[-1].summary == "there are 29799 more problems"
    assert {one.severity for one in warnings} == {"warning"}


def test_environments_have_the_same_bounds() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_environment("parameters: " + "[" * 3000 + "]" * 3000)
    assert caught.value.first.code == "nested-too-deep"
    assert caught.value.first.file == "environment"
