"""Paths into JSON, in words joined by dots (``spec.rules.*.id``): what of a live object is not compared.

A word is a member of a map, or an item of a list by its number; ``*`` is each of them.
"""

import copy
from collections.abc import Sequence
from typing import Any

EVERY = "*"


def words_of(path: str) -> list[str]:
    """ValueError: it has no words, or an empty one."""
    words = path.split(".")
    if not all(words):
        raise ValueError(f"{path!r} is not a path: write words with dots between them, such as spec.rules.*.id")
    return words


def with_ignored(live: Any, wanted: Any, paths: Sequence[str]) -> Any:
    """A copy of the live value in which everything at the paths is as it is wanted: what is not wanted there is gone,
    what is not there and wanted is put there. Lists keep their lengths."""
    made = copy.deepcopy(live)
    for path in paths:
        _overlay(made, wanted, words_of(path))
    return made


def _overlay(live: Any, wanted: Any, words: Sequence[str]) -> None:
    first, *rest = words
    for key in _keys(live, wanted, first):
        there, asked = _has(live, key), _has(wanted, key)
        if rest:
            if there:
                _overlay(live[key], wanted[key] if asked else None, rest)
        elif asked and (there or isinstance(live, dict)):
            live[key] = copy.deepcopy(wanted[key])
        elif there and not asked and isinstance(live, dict):
            del live[key]


def _keys(live: Any, wanted: Any, word: str) -> list[Any]:
    """What a word names in the live value, or in the wanted one."""
    if isinstance(live, dict):
        return list({**live, **(wanted if isinstance(wanted, dict) else {})}) if word == EVERY else [word]
    if isinstance(live, list):
        if word == EVERY:
            return list(range(len(live)))
        return [int(word)] if word.isascii() and word.isdigit() else []
    return []


def _has(value: Any, key: Any) -> bool:
    if isinstance(value, list):
        return isinstance(key, int) and key < len(value)
    return isinstance(value, dict) and key in value
