"""Collecting problems: where in which document, what Heat would say, and what is too long or too secret to repeat.

Everything in this package that finds something wrong says so here and goes on, so that one refusal lists all of it.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from firebrick.diagnostics import Diagnostic, InvalidInput, Severity

Path = tuple[str | int, ...]

MOST_PROBLEMS = 200  # more help nobody, and placing each costs time
MOST_SUGGESTIONS = 25  # looking for near names is the dear part
MOST_NAMED = 500  # members of a circle
SHOWN = 120  # characters of a value that a message repeats


class Source(Protocol):
    """A document that can say where a path stands in its text: line and column from 1, None when it cannot."""

    @property
    def file(self) -> str: ...

    def locate(self, path: Path) -> tuple[int, int] | None: ...


def dotted(path: Iterable[str | int]) -> str:
    """``outputs.o.value.list_join[1][0]``"""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{shorten(part)}" if text else shorten(part)
    return text


def shorten(value: Any, most: int = SHOWN) -> str:
    """A value's text (``str()``, as in Heat's messages), cut to a length a person can read."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**most:
        return "a very long number"
    text = str(value)
    return text if len(text) <= most else text[: most - 3] + "..."


def named(names: Sequence[str]) -> str:
    """``a, b, c``; of very many the first and how many more."""
    text = ", ".join(names[:MOST_NAMED])
    return text if len(names) <= MOST_NAMED else f"{text} and {len(names) - MOST_NAMED} more"


def kind_of(value: Any) -> str:
    """What a value is, in words, when the value itself cannot be shown."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    return f"a {type(value).__name__}"


def near(word: Any, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The one of `names` that a person who wrote `word` probably meant, or ""."""
    if not isinstance(word, str) or not word or len(word) > 80:
        return ""
    candidates = [name for name in names if abs(len(name) - len(word)) <= max(len(word), len(name)) * 0.5][:2000]
    folded = {name.lower(): name for name in reversed(candidates)}
    found = difflib.get_close_matches(word.lower(), list(folded), n=1, cutoff=cutoff)
    return folded[found[0]] if found else ""


ADVICE: Mapping[str, str] = {
    "bad-constraint": "Correct the constraint; the parameter is checked by it.",
    "bad-condition": "Write true, false (without quotes), a condition's name, or a function of conditions.",
    "bad-deletion-policy": "There are: Delete, Retain, Snapshot.",
    "bad-function-arguments": "Look at the form of the function's arguments.",
    "bad-output": "Give it at least a value.",
    "bad-parameter": "Correct it; a parameter is a map with at least a type.",
    "bad-registry-entry": "Name a resource type, or map types to types.",
    "bad-resource": "Correct it; a resource is a map with at least a type.",
    "bad-resource-name": "Choose a name without a slash.",
    "bad-section": "Correct what stands there, or take the section out.",
    "bad-value": "Write another value, or put it in quotes.",
    "late-value": "Use what is known before: parameters, conditions, constants.",
    "missing-type": "Add a line type: ...",
    "property-constraint": "Give a value that the type allows.",
    "property-invalid": "Give a value that the type allows.",
    "property-required": "Add it to the properties.",
    "property-rule": "Change one of the properties that it is about.",
    "property-type": "Give a value of the kind that the type wants.",
    "unknown-condition": "Declare it in the section conditions.",
}
"""What to do about a problem of this code, where the place that found it knows nothing better."""


class Problems:
    """The problems found so far, in the order in which they matter. source: the document paths are looked up in.
    severity: of all that is added."""

    def __init__(self, source: Source | None = None, severity: Severity = "error") -> None:
        self._source = source
        self._severity = severity
        self._found: list[Diagnostic] = []
        self._seen: set[Diagnostic] = set()
        self._left_out = 0
        self._suggestions = 0

    def __len__(self) -> int:
        return len(self._found)

    def warnings(self) -> "Problems":
        """An empty collection of warnings about the same document."""
        return Problems(self._source, "warning")

    def look_in(self, source: Source) -> None:
        """From now on paths are looked up in this document."""
        self._source = source

    def add(
        self,
        code: str,
        summary: str,
        path: Path = (),
        *,
        detail: str = "",
        heat: str = "",
        heat_type: str = "StackValidationFailed",
        source: Source | None = None,
        at: tuple[int, int] | None = None,
        file: str = "",
    ) -> None:
        """Note one problem. at: line and column when they are known; else `source` (or the usual one) is asked."""
        if len(self._found) >= MOST_PROBLEMS:
            self._left_out += 1
            return
        where = source or self._source
        if at is None and where is not None:
            at = where.locate(path)
        line, column = at if at is not None else (None, None)
        one = Diagnostic(
            code=code,
            summary=summary,
            detail=detail or ADVICE.get(code, ""),
            path=dotted(path),
            file=file or (where.file if where is not None else ""),
            line=line,
            column=column,
            heat_type=heat_type,
            heat_message=heat,
            severity=self._severity,
        )
        self._note(one)

    def take(self, found: Iterable[Diagnostic]) -> None:
        """Add problems that were found before, such as warnings that turn out to matter."""
        for one in found:
            if len(self._found) >= MOST_PROBLEMS:
                self._left_out += 1
            else:
                self._note(replace(one, severity=self._severity))

    def _note(self, one: Diagnostic) -> None:
        if one not in self._seen:
            self._seen.add(one)
            self._found.append(one)

    def suggest(self, word: Any, names: Iterable[str], otherwise: str = "") -> str:
        """``Did you mean X?``, or `otherwise` when no name is near."""
        if self._suggestions >= MOST_SUGGESTIONS:
            return otherwise
        self._suggestions += 1
        found = near(word, names)
        return f"Did you mean {found}?" if found else otherwise

    def diagnostics(self) -> list[Diagnostic]:
        if not self._left_out:
            return list(self._found)
        rest = Diagnostic(
            code="more-problems",
            summary=f"there are {self._left_out} more problems",
            detail="Mend these first.",
            file=self._found[0].file,
            severity=self._severity,
        )
        return [*self._found, rest]

    def raise_if_any(self) -> None:
        if self._found:
            raise InvalidInput(self.diagnostics())
