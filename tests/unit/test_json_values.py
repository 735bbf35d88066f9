"""What values may have that come from outside, and what is made of the rest."""

import json
import math
from datetime import datetime
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.json_values import NotJson, TooDeep, check, cut, is_whole, shown, taken, whole

HALF = "\ud800"


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


class Kind(str, Enum):  # noqa: UP042
    VM = "vm"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_what_json_has_is_copied_as_plain_builtins() -> None:
    given_value = {"a": (1, 2.5, None, True), "b": MappingProxyType({"c": Colour.RED}), "d": [Size.BIG, Kind.VM]}
    made = taken(given_value, most=1000)
    assert made == {"a": [1, 2.5, None, True], "b": {"c": "red"}, "d": [3, "vm"]}
    assert type(made["b"]) is dict and type(made["b"]["c"]) is str and type(made["d"][0]) is int
    assert type(made["d"][1]) is str and made["a"][3] is True


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"x": [1, {"y": {1}}]}, "v.x[1].y has a value of class set, for which JSON has no form"),
        (b"x", "v has a value of class bytes, for which JSON has no form"),
        ({"t": datetime(2020, 1, 1)}, "v.t has a value of class datetime, for which JSON has no form"),
        (object(), "v has a value of class object, for which JSON has no form"),
        ({1: "a"}, "v has a key of class int, not text"),
        ({"n": math.nan}, "v.n has a number that is infinite, or not a number"),
        ([math.inf], "v[0] has a number that is infinite, or not a number"),
        (10**2000, "v has a whole number of too many digits"),
        (nested(101), "v[0][0][0][0][0][0][0][0][0][0] has lists and maps nested deeper than 100 levels"),
        ({"a": "x" * 2000}, "v.a has more than 1000 characters, with what is before it"),
        ("a\0", "v has the character NUL in a text"),
        ([f"a{HALF}"], "v[0] has half of a surrogate pair in a text"),
    ],
)
def test_what_json_has_no_form_for_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(NotJson) as refused:
        taken(value, most=1000)
    assert refused.value.at("v") == why


def test_what_contains_itself_is_too_deep() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(TooDeep):
        taken(value, most=1000)


def test_texts_are_mended_where_that_is_asked_for_and_keys_too() -> None:
    assert taken({f"k{HALF}": f"a\0{HALF}b"}, most=100, mend=True) == {"k\ufffd": "a\ufffd\ufffdb"}


@given(st.text(st.characters(codec=None)))
def test_a_whole_text_can_be_written_as_utf_8_without_nul_and_a_good_one_stays(text: str) -> None:
    mended = whole(text)
    assert b"\0" not in mended.encode() and is_whole(mended) and len(mended) == len(text)
    if is_whole(text):
        assert mended == text


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
)


@given(json_like)
def test_what_passes_the_check_is_taken_and_what_does_not_can_be_shown(value: Any) -> None:
    try:
        check(value)
    except NotJson:
        with pytest.raises(NotJson):
            taken(value, most=10_000_000)
        json.dumps(shown(value), allow_nan=False, ensure_ascii=False).encode()
    else:
        assert taken(value, most=10_000_000) == shown(value) == value


def test_a_long_text_is_cut_and_says_how_much_is_left_out() -> None:
    assert cut("x" * 10, 10) == "x" * 10
    assert cut("x" * 25, 10) == "x" * 10 + " [cut: the last 15 characters are left out]"


def test_a_text_that_was_cut_and_has_grown_says_both_in_one_note() -> None:
    once = cut("x" * 25, 10)
    assert cut(once, 10) == once
    assert cut(f"why: {once}", 10) == "why: xxxxx [cut: the last 20 characters are left out]"
