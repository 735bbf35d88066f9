"""Values as JSON, databases and terminals can have them: what is refused at a border, and what is made of the rest.

Everything that comes from outside (requests, signals, answers of handlers) passes one of these functions once, where it
comes in. Behind that, texts have neither half of a surrogate pair nor NUL (UTF-8 has no form for the one, PostgreSQL
none for the other), numbers are finite, keys are text, and nothing is nested deeper than code that recurses can follow.

Pure. Imports nothing of the project.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\ufffd"
"""Stands where a character was that no text can have, as decoders write it."""
MOST_DEPTH = 100
"""Lists and maps inside each other, as in templates."""
MOST_BITS = 4096
"""Of a whole number, as in results of yaql. Python reads and writes numbers of 14,000."""

NO_NUMBER = "a number that is infinite, or not a number"
LONG_NUMBER = "a whole number of too many digits"
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_NOTE = re.compile(r" \[cut: the last ([0-9]+) characters are left out\]\Z")

Path = tuple[str | int, ...]


class NotJson(ValueError):
    """A value that cannot be taken as it is. path: where in the value; why: what it has there, without the value."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path
        self.why = why

    def at(self, name: str) -> str:
        """``attributes.disks[0] has a set, for which JSON has no form``. name: of the value as a whole."""
        return f"{name}{self.below} has {self.why}"

    def inside(self, part: str | int) -> "NotJson":
        """The same, of a value that has this one under a key or at an index."""
        self.path = (part, *self.path)
        return self

    @property
    def below(self) -> str:
        """The path as text: ``.disks[0]``."""
        shown_path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path[:10])
        return whole(shown_path if len(shown_path) <= 200 else f"{shown_path[:200]}...")


class TooDeep(NotJson):
    """Lists and maps are nested deeper than code that recurses can follow."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path[:3], f"lists and maps nested deeper than {most} levels")


def is_whole(text: str) -> bool:
    """Whether a text has neither half of a surrogate pair nor NUL."""
    return ("\0" not in text) if text.isascii() else _NO_CHARACTER.search(text) is None


def whole(text: str) -> str:
    """The text, with U+FFFD where it has half of a surrogate pair or NUL."""
    return text if is_whole(text) else _NO_CHARACTER.sub(REPLACEMENT, text)


def cut(text: str, most: int) -> str:
    """The text, or its beginning and how many characters are left out: `most` characters and the note. A text that was
    cut before and has grown since has one note, which counts both."""
    if len(text) <= most:
        return text
    left_out = 0
    if note := _NOTE.search(text[-100:]):
        text = text[: -len(note.group())]
        left_out = int(note.group(1))
    kept = text[:most]
    left_out += len(text) - len(kept)
    return f"{kept} [cut: the last {left_out} characters are left out]"


def taken(value: Any, *, most: int, mend: bool = False) -> Any:
    """A copy of a value made of JSON's types alone: None, bool, int, float, str, list, dict.

    most: characters of it in all. mend: texts are made `whole`; else one that is not is refused. NotJson: what has no
    form in JSON (sets, bytes, dates, objects), NaN, infinity and numbers too long, keys that are no text, nesting
    without bounds, too much of it.
    """
    return _Copier(most, mend).copy(value, 0)


def check(value: Any, *, most_depth: int = MOST_DEPTH) -> None:
    """NotJson for a value of JSON's types that cannot be taken: see `taken`."""
    pending: list[tuple[Any, Path]] = [(value, ())]
    while pending:
        one, path = pending.pop()
        if isinstance(one, str):
            if not is_whole(one):
                raise NotJson(path, _bad_text(one))
        elif isinstance(one, dict | list | tuple):
            if len(path) >= most_depth:
                raise TooDeep(path, most_depth)
            if isinstance(one, dict):
                for key in one:
                    if isinstance(key, str) and not is_whole(key):
                        raise NotJson(path, f"{_bad_text(key)} that is a key")
                pending += [(item, (*path, key)) for key, item in one.items()]
            else:
                pending += [(item, (*path, index)) for index, item in enumerate(one)]
        elif isinstance(one, float):
            if not math.isfinite(one):
                raise NotJson(path, NO_NUMBER)
        elif isinstance(one, int) and not _is_short(one):
            raise NotJson(path, LONG_NUMBER)


def shown(value: Any) -> Any:
    """A copy that can be written as JSON, whatever the value has: for answers about rows of a version that checked
    less. What has no form becomes null; texts are made whole."""
    return _shown(value, 0)


def _shown(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return whole(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if _is_short(value) else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth > 2 * MOST_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {whole(str(key)): _shown(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item, depth + 1) for item in value]
    return None


class _Copier:
    def __init__(self, most: int, mend: bool) -> None:
        self._most = most
        self._left = most
        self._mend = mend

    def copy(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if value is None or kind is bool:
            self._count(4)
            return value
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, bool | int | float):
            return self._number(value)
        if isinstance(value, Mapping):
            return self._map(value, depth)
        if isinstance(value, list | tuple):
            return self._list(value, depth)
        raise NotJson((), f"a value of class {_class(value)}, for which JSON has no form")

    def _text(self, text: str) -> str:
        self._count(len(text) + 2)
        if is_whole(text):
            return text
        if not self._mend:
            raise NotJson((), _bad_text(text))
        return whole(text)

    def _number(self, number: Any) -> int | float:
        self._count(8)
        if isinstance(number, float):
            plain = float.__float__(number)
            if not math.isfinite(plain):
                raise NotJson((), NO_NUMBER)
            return plain
        whole_number = int.__int__(number)
        if not _is_short(whole_number):
            raise NotJson((), LONG_NUMBER)
        return whole_number

    def _map(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        self._deeper(depth)
        made: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotJson((), f"a key of class {_class(key)}, not text")
            name = self._text(str.__str__(key))
            try:
                made[name] = self.copy(item, depth + 1)
            except NotJson as error:
                raise error.inside(name) from None
        return made

    def _list(self, value: Any, depth: int) -> list[Any]:
        self._deeper(depth)
        made = []
        for index, item in enumerate(value):
            try:
                made.append(self.copy(item, depth + 1))
            except NotJson as error:
                raise error.inside(index) from None
        return made

    def _deeper(self, depth: int) -> None:
        self._count(2)
        if depth >= MOST_DEPTH:
            raise TooDeep((), MOST_DEPTH)

    def _count(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise NotJson((), f"more than {self._most} characters, with what is before it")


def _is_short(number: int) -> bool:
    return number.bit_length() <= MOST_BITS


def _bad_text(text: str) -> str:
    if "\0" in text:
        return "the character NUL in a text"
    return "half of a surrogate pair in a text"


def _class(value: Any) -> str:
    return whole(type(value).__name__)[:100]
