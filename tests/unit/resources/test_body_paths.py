"""What stands at a path of a live object is taken for what is wanted there."""

import copy
from typing import Any

import pytest

from firebrick.resources.body_paths import with_ignored, words_of

WANTED: dict[str, Any] = {"a": 1, "deep": {"b": [{"id": 1, "x": "one"}, {"id": 2}]}}


@pytest.mark.parametrize(
    ("live", "paths", "seen"),
    [
        ({"a": 2}, ["a"], {"a": 1}),
        ({"b": 2}, ["b"], {}),
        ({}, ["a"], {"a": 1}),
        ({"a": 2}, ["a.b", "c.d", "a.0"], {"a": 2}),
        ({"deep": {"b": [], "more": 1}}, ["deep.more"], {"deep": {"b": []}}),
        ({"deep": {"b": [{"id": 7, "x": "two"}]}}, ["deep.b.0.id"], {"deep": {"b": [{"id": 1, "x": "two"}]}}),
        ({"deep": {"b": [{"id": 7}, {"id": 9}]}}, ["deep.b.*.id"], {"deep": {"b": [{"id": 1}, {"id": 2}]}}),
        ({"deep": {"b": [{"x": 1}]}}, ["deep.b.*"], {"deep": {"b": [{"id": 1, "x": "one"}]}}),
        ({"deep": {"c": 1, "d": 2}}, ["deep.*"], {"deep": {"b": WANTED["deep"]["b"]}}),
        ({"a": [1, 2]}, ["a.5", "a.x"], {"a": [1, 2]}),
        ({"deep": "text"}, ["deep.b"], {"deep": "text"}),
    ],
)
def test_what_is_at_the_paths_is_as_wanted(live: Any, paths: list[str], seen: Any) -> None:
    before = copy.deepcopy((live, WANTED))
    assert with_ignored(live, WANTED, paths) == seen
    assert (live, WANTED) == before, "neither is changed"


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b"])
def test_a_path_has_words(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        words_of(path)
