"""Templates and environments as documents: one value tree, and the place of every path in the text it came from."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from firebrick import collector
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.size_limits import most_template
from firebrick.template.problems import Path, Problems, kind_of, shorten
from firebrick.template.yaml_text import (
    MOST_DEPTH,
    MOST_DIGITS,
    MOST_NODES,
    Places,
    key_text,
    place_of,
    read_yaml,
    too_deep,
)


class Document:
    """A parsed text. tree: JSON values with text keys. file: its name as the user gave it. warnings: what is allowed
    and probably not meant, such as a key that is given twice.

    locate(path): line and column, from 1; None when the document did not come as text.
    """

    def __init__(
        self,
        tree: dict[str, Any],
        *,
        file: str,
        places: Places | None = None,
        json_text: str = "",
        warnings: Sequence[Diagnostic] = (),
    ) -> None:
        self.tree = tree
        self.file = file
        self.warnings = tuple(warnings)
        self._places = places
        self._json_text = json_text

    def locate(self, path: Path) -> tuple[int, int] | None:
        if self._places is None and self._json_text:
            self._places = _read_json_as_yaml(self._json_text, Problems())
        return self._places.locate(path) if self._places is not None else None


def parse_template(source: str | bytes | Mapping[str, Any], *, file: str = "template") -> Document:
    """Read a template's text (YAML, or JSON) or take one that is parsed already. An empty text is an empty map.

    InvalidInput: broken text, lists or maps as keys, not a map, more characters than the setting allows (524288),
    nested more than 100 levels deep, aliases without bounds. A key that is given twice is a warning of the document.
    """
    return parse_document(source, file=file, not_a_map="The template is not a JSON object or YAML mapping.")


def parse_document(source: Any, *, file: str, not_a_map: str) -> Document:
    """parse_template for any of the two kinds of document; not_a_map: Heat's words for one that is no map."""
    problems = Problems(_Nowhere(file))
    document: Document | None = None
    tree: Any = None
    if isinstance(source, bytes | bytearray):
        source = _decoded(bytes(source), problems)
    if isinstance(source, str):
        with collector.paused():
            document = _from_text(source, file, problems)
        tree = None if document is None else document.tree
    elif isinstance(source, Mapping):
        tree = json_tree(source, problems)
        if not len(problems):
            _check_size(len(str(tree)), problems)
        document = Document(tree, file=file)
    problems.raise_if_any()
    if document is None or not isinstance(tree, dict):
        raise InvalidInput(
            Diagnostic(
                code="not-a-map",
                summary=f"the {file} is not a map" if isinstance(source, str | Mapping) else f"the {file} is no text",
                detail=f"It is {kind_of(tree if isinstance(source, str) else source)}; write names and their values.",
                file=file,
                line=1 if isinstance(source, str) else None,
                column=1 if isinstance(source, str) else None,
                heat_message=not_a_map,
                heat_type="HTTPBadRequest",
            )
        )
    return document


class _Nowhere:
    def __init__(self, file: str) -> None:
        self.file = file

    def locate(self, path: Path) -> None:
        return None


def _decoded(data: bytes, problems: Problems) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        problems.add(
            "bad-character",
            "the file is not text in UTF-8",
            at=(before.count(b"\n") + 1, error.start - before.rfind(b"\n")),
            detail="Save it as UTF-8.",
            heat_type="HTTPBadRequest",
        )
        return ""


def _check_size(size: int, problems: Problems) -> bool:
    most = most_template()
    if size <= most:
        return True
    problems.add(
        "too-long",
        f"the text has {size} characters, {most} are the most",
        detail="Split it, or move large texts into files of their own.",
        heat=f"Request limit exceeded: Template size ({size} bytes) exceeds maximum allowed size ({most} bytes).",
        heat_type="RequestLimitExceeded",
    )
    return False


def _from_text(text: str, file: str, problems: Problems) -> Document | None:
    if not _check_size(len(text), problems):
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        problems.add(
            "bad-character",
            "there is half of a character (a lone surrogate)",
            at=place_of(text, error.start),
            detail="Save the text as UTF-8.",
            heat_type="HTTPBadRequest",
        )
        return None
    if text.lstrip()[:1] == "{":
        document = _from_json(text, file, problems)
        if document is not None or len(problems):
            return document
    warnings = problems.warnings()
    tree, places = read_yaml(text, problems, warnings)
    if len(problems):
        return None
    return Document({} if tree is None else tree, file=file, places=places, warnings=warnings.diagnostics())


def _from_json(text: str, file: str, problems: Problems) -> Document | None:
    """JSON, or None when it is none (then it may be YAML, which says better what is wrong)."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            twice.extend(key for key, count in Counter(key for key, _ in found).items() if count > 1)
        return made

    try:
        raw = json.loads(text, object_pairs_hook=pairs, parse_int=_json_int)
    except ValueError:
        return None
    except RecursionError:
        too_deep(problems)
        return None
    warnings, places = problems.warnings(), None
    if twice:
        places = _read_json_as_yaml(text, warnings)
    for key in () if len(warnings) else twice:  # JSON that is no YAML: nobody can say where
        warnings.add("duplicate-key", f"the key {shorten(key)} is given twice in one map: the last value counts")
    document = Document({}, file=file, places=places, json_text=text, warnings=warnings.diagnostics())
    problems.look_in(document)
    document.tree = json_tree(raw, problems)
    return document


_PAIRS = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _read_json_as_yaml(text: str, warnings: Problems) -> Places:
    """Where things stand in a JSON text. Nearly all JSON is YAML, but for surrogate pairs, which are stood in for by
    other characters of the same length."""
    return read_yaml(_PAIRS.sub(r"\\u003f\\u003f", text), Problems(), warnings)[1]


def _json_int(text: str) -> int | float:
    return int(text) if len(text) <= MOST_DIGITS else math.inf


def json_tree(value: Any, problems: Problems, path: Path = ()) -> Any:
    """A copy made of JSON values only: text keys, finite numbers, bounded depth. What is not noted as a problem."""
    return _Copier(problems, list(path)).copy(value)


class _Copier:
    def __init__(self, problems: Problems, path: list[str | int]) -> None:
        self._problems = problems
        self._path = path
        self._base = len(path)
        self._nodes = 0
        self._stopped = False

    def copy(self, value: Any) -> Any:
        self._nodes += 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float):
            return self._number(value)
        if not isinstance(value, Mapping | list | tuple):
            self._bad("bad-value", f"{kind_of(value)} is nothing that JSON has", "Use text, numbers, lists and maps.")
            return None
        if self._stopped:
            return None
        if self._nodes > MOST_NODES:
            self._stopped = True
            self._bad("too-long", f"there are more than {MOST_NODES} values", "Give less.")
            return None
        if len(self._path) - self._base >= MOST_DEPTH:
            self._stopped = True
            too_deep(self._problems, tuple(self._path))
            return None
        return self._map(value) if isinstance(value, Mapping) else self._list(value)

    def _list(self, value: Any) -> list[Any]:
        items = []
        for index, item in enumerate(value):
            self._path.append(index)
            items.append(self.copy(item))
            self._path.pop()
        return items

    def _map(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in value.items():
            name = key_text(key)
            if name is None:
                self._bad("key-not-text", f"the key {shorten(key)} is not text", "Put it in quotes.")
                continue
            self._path.append(self._text(name))
            made[name] = self.copy(item)
            self._path.pop()
        return made

    def _text(self, text: str) -> str:
        if not text.isascii():
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                self._bad("bad-character", "a text has half of a character (a lone surrogate)", "Write it whole.")
                return ""
        if "\0" in text:
            self._bad("bad-character", "a text has the character NUL", "Remove it.")
        return str(text)

    def _number(self, number: int | float) -> int | float | None:
        if isinstance(number, int):
            if abs(number) < 10**MOST_DIGITS:
                return int(number)
        elif math.isfinite(number):
            return float(number)
        self._bad("bad-value", "a number is too long, infinite or none at all", "Write it as text.")
        return None

    def _bad(self, code: str, summary: str, detail: str) -> None:
        self._problems.add(code, summary, tuple(self._path), detail=detail, heat_type="HTTPBadRequest")
