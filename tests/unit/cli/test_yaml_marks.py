"""What stands where in a YAML text, to the character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.cli.yaml_marks import read_marks

TEXT = """\
ä😀: 1
a: &x {get_file: 'ö😀.sh'}
b: !!str 5
c: {get_file: &f plain.txt}
l: [*x]
d:
 - get_file: 2013-05-23
 - {e: *f, g: ~}
"""


def test_each_value_is_found_with_its_path_place_and_kind() -> None:
    root = read_marks(TEXT)
    assert root is not None
    found = {
        path: (TEXT[node.start : node.end], node.is_text, alone, (key.line, key.column))
        for path, key, node, alone in root.entries()
        if not (node.pairs or node.items)
    }
    assert found == {
        ("ä😀",): ("1", False, False, (1, 1)),
        ("b",): ("!!str 5", True, False, (3, 1)),
        ("a", "get_file"): ("'ö😀.sh'", True, True, (2, 8)),
        ("c", "get_file"): ("&f plain.txt", True, True, (4, 5)),
        ("d", 0, "get_file"): ("2013-05-23", True, True, (7, 4)),
        ("d", 1, "e"): ("&f plain.txt", True, False, (8, 5)),
        ("d", 1, "g"): ("~", False, False, (8, 12)),
    }


def test_what_is_merged_stands_in_the_map_around_it() -> None:
    root = read_marks("base: &b {x: {y: 1}}\na:\n  <<: [*b, {z: {w: 2}}]\n")
    assert root is not None
    assert {path for path, *_ in root.entries()} == {("base",), ("a",), ("base", "x"), ("base", "x", "y")} | {
        ("a", "z"),
        ("a", "z", "w"),
    }


def test_of_a_key_that_is_given_twice_the_last_value_counts() -> None:
    root = read_marks("a: {get_file: x, get_file: y}\nb: {z: 1}\nb: 2\nc: {<<: {d: 1}, <<: {e: 1}}\n")
    assert root is not None
    found = [(path, node.text, alone) for path, _, node, alone in root.entries() if not node.pairs]
    assert found == [
        (("b",), "2", False),
        (("a", "get_file"), "y", True),
        (("c", "d"), "1", True),
        (("c", "e"), "1", True),
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "a: [", "a: *x", "\x00", "a: b: c"])
def test_what_is_no_yaml_has_no_marks(text: str) -> None:
    assert read_marks(text) is None


def test_a_text_that_is_deeper_than_the_server_takes_is_left_to_it_at_once() -> None:
    assert read_marks("[" * 100 + "]" * 100) is not None
    assert read_marks("[" * 100_000) is None


def test_an_alias_in_itself_ends() -> None:
    root = read_marks("a: &a {b: *a, c: 1}")
    assert root is not None
    assert [path for path, *_ in root.entries()] == [("a",), ("a", "b"), ("a", "c")]


@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"\n #?,", max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    root = read_marks(text)
    for _, _, node, _ in root.entries() if root is not None else ():
        assert 0 <= node.start <= node.end <= len(text)
