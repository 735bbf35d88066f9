"""Compact JSON: what the standard library's writer means by it, whatever the value."""

import json
import random
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from firebrick.compact_json import compact


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


TEXTS = ("", "a", "None", '"None":', "ä", "☃", "\U0001f600", "\ud800", "\0", "\x7f", '"\\\n', "x" * 5_000)
ATOMS = (*TEXTS, None, True, False, 0, -1, 2**70, 0.0, -0.0, 1e22, 1e-7, 0.1 + 0.2, Colour.RED, Level.HIGH)
KEYS = (*TEXTS, None, True, 7, 1.5, Colour.RED)


def random_value(draw: random.Random, depth: int) -> Any:
    kind = draw.randrange(4) if depth else 3
    if kind == 0:
        return [random_value(draw, depth - 1) for _ in range(draw.randrange(4))]
    if kind == 1:
        return tuple(random_value(draw, depth - 1) for _ in range(draw.randrange(4)))
    if kind == 2:
        return {draw.choice(KEYS): random_value(draw, depth - 1) for _ in range(draw.randrange(4))}
    return draw.choice(ATOMS)


def test_any_value_is_read_as_the_standard_library_s_is() -> None:
    for seed in range(5_000):
        value = random_value(random.Random(seed), 4)
        written = compact(value)
        assert written.isascii(), seed
        assert json.loads(written) == json.loads(json.dumps(value)), seed


def test_it_has_no_spaces_and_keeps_the_order() -> None:
    assert compact({"b": [1, {"x": None}], "a": 1.5}) == b'{"b":[1,{"x":null}],"a":1.5}'


@pytest.mark.parametrize("value", [object(), {"a": object()}, [lambda: 1]])
def test_what_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        compact(value)
