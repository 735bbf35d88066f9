"""YAML as Heat reads it, with places kept and nothing that can hurt.

YAML 1.1 through libyaml: ``yes`` is a boolean, ``014`` is twelve. Other than PyYAML's safe loader: dates stay text,
keys become text as JSON has them (``80`` is "80", ``yes`` is "true"), of a key given twice the last value counts with a
warning, and nesting, aliases and numbers have bounds. The nodes are composed once and kept; where a path stands is
looked up in them only when somebody asks.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, cast

import yaml

from firebrick.template.problems import Path, Problems, shorten

MOST_DEPTH = 100  # maps and lists inside each other
MOST_NODES = 700_000  # after aliases are followed
MOST_CHARACTERS = 8 * 1024 * 1024  # likewise
MOST_DIGITS = 300

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NOT_PRINTABLE = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]")


class _TooDeep(Exception):
    """Maps and lists are nested too deep. mark: of the first that is."""

    def __init__(self, mark: Any) -> None:
        super().__init__()
        self.mark = mark


class _Loader(_BASE):  # type: ignore[misc]
    """libyaml's parser; plain scalars are resolved as YAML 1.1 says, but for dates.

    Composing recurses in C, and would end the process where it recurses too far. It tells of each node before it goes
    into it, and that is where the depth is bounded. (To read the events beforehand took as long as parsing takes.)
    """

    _depth = 0  # nodes that are open

    def descend_resolver(self, current_node: yaml.Node | None, current_index: Any) -> None:
        if self._depth > MOST_DEPTH and current_node is not None:
            raise _TooDeep(current_node.start_mark)
        self._depth += 1

    def ascend_resolver(self) -> None:
        self._depth -= 1


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] not in (_TAG + "timestamp", _TAG + "value")]
    for first, pairs in _BASE.yaml_implicit_resolvers.items()
}


class Places:
    """Where paths stand in a text. Looks them up in the composed nodes; knows nothing of values.

    keys: what became of the keys that are not text, by their nodes' ids.
    """

    def __init__(self, root: yaml.Node | None, keys: Mapping[int, str] | None = None) -> None:
        self._root = root
        self._converted = keys or {}
        self._keys: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}

    def locate(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of the key or item at the end of the path, or of what of it exists."""
        node = self._root
        if node is None:
            return 1, 1  # an empty text
        mark: Any = node.start_mark
        for part in path:
            if isinstance(node, yaml.MappingNode):
                pair = self._index(node).get(str(part))
                if pair is None:
                    break
                mark, node = pair[0].start_mark, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
                node = cast(yaml.Node, node.value[part])
                mark = node.start_mark
            else:
                break
        return (mark.line + 1, mark.column + 1)

    def _index(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        known = self._keys.get(id(node))
        if known is None:
            known = self._own(node)
            for key, value in reversed(node.value):
                if key.tag != _TAG + "merge":
                    continue
                for other in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if isinstance(other, yaml.MappingNode) and other is not node:
                        known = self._own(other) | known
            self._keys[id(node)] = known
        return known

    def _own(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        return {
            self._converted.get(id(key), key.value): (key, value)
            for key, value in node.value
            if isinstance(key, yaml.ScalarNode) and key.tag != _TAG + "merge"
        }


def place_of(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def key_text(key: Any) -> str | None:
    """The text that JSON makes of a map's key, as Heat's does: 80 -> "80", true -> "true", null -> "null"; None of what
    cannot be a key of JSON."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool | int) or (isinstance(key, float) and math.isfinite(key)):
        return json.dumps(key)
    return None


def read_yaml(text: str, problems: Problems, warnings: Problems | None = None) -> tuple[Any, Places]:
    """The value of a YAML text and its places. On trouble the value means nothing and the problems say why. warnings:
    where keys that are given twice are noted."""
    nowhere = Places(None)
    bad = _NOT_PRINTABLE.search(text)
    if bad is not None:
        problems.add(
            "bad-character",
            f"there is a character that no YAML text may have (U+{ord(bad.group()):04X})",
            at=place_of(text, bad.start()),
            detail="Is it a text file in UTF-8? Remove the character, or write it as an escape in double quotes.",
            heat_type="HTTPBadRequest",
        )
        return None, nowhere
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            before = len(problems)
            builder = _Builder(loader, problems, problems.warnings() if warnings is None else warnings)
            value = builder.value(root) if root is not None else None
            return (value if len(problems) == before else None), Places(root, builder.converted)
        finally:
            loader.dispose()
    except _TooDeep as found:
        too_deep(problems, at=(found.mark.line + 1, found.mark.column + 1))
    except yaml.YAMLError as error:
        _broken(error, problems)
    return None, nowhere


def too_deep(problems: Problems, path: Path = (), at: tuple[int, int] | None = None) -> None:
    problems.add(
        "nested-too-deep",
        f"lists and maps are nested more than {MOST_DEPTH} levels deep",
        path[:10],
        at=at,
        detail="Flatten what stands here.",
        heat_type="HTTPBadRequest",
    )


_PARTS_WITH_NAMES = re.compile(r"(undefined alias|duplicate anchor|tag handle|unknown directive name).*")


def _broken(error: yaml.YAMLError, problems: Problems) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = [part for part in (getattr(error, name, None) for name in ("context", "problem", "reason")) if part]
    what = ", ".join(_PARTS_WITH_NAMES.sub(r"\1", part) for part in said) or "it is not YAML"
    hint = "Look at the indentation, quotes and brackets here and just above."
    if "cannot start any token" in what:
        hint = "Indent with spaces, not tabs, and put text that begins with @, ` or % in quotes."
    elif "alias" in what:
        hint = "Text that begins with * or & needs quotes."
    elif "expected a single document" in what:
        hint = "One file is one document: remove what stands after ---."
    context = getattr(error, "context_mark", None)
    if mark is not None and context is not None and context.line < mark.line:
        hint += f" It belongs to what begins in line {context.line + 1}, column {context.column + 1}."
    problems.add(
        "broken-yaml",
        f"the text is not YAML: {what}",
        at=None if mark is None else (mark.line + 1, mark.column + 1),
        detail=hint,
        heat=f"Error parsing template: {what}",
        heat_type="HTTPBadRequest",
    )


class _TooMuch(Exception):
    """Stops building; the problem is noted already."""


class _Builder:
    """Makes values of composed nodes; the depth is known to be bounded but for aliases. converted: see Places."""

    def __init__(self, loader: Any, problems: Problems, warnings: Problems) -> None:
        self.converted: dict[int, str] = {}
        self._loader = loader
        self._problems = problems
        self._warnings = warnings
        self._path: list[str | int] = []
        self._nodes = 0
        self._characters = 0
        self._made: dict[int, tuple[Any, int, int]] = {}
        self._open: set[int] = set()

    def value(self, root: yaml.Node) -> Any:
        try:
            return self._value(root, 0)
        except _TooMuch:
            return None

    def _value(self, node: yaml.Node, depth: int) -> Any:
        self._nodes += 1
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        made = self._made.get(id(node))
        if made is not None:
            self._nodes += made[1]
            self._characters += made[2]
            self._bounded(node)
            return made[0]
        if id(node) in self._open:
            self._stop("alias-in-itself", "an alias stands inside what it names", node, "Write the value out.")
        if depth >= MOST_DEPTH:
            too_deep(self._problems, tuple(self._path), self._mark(node))
            raise _TooMuch
        nodes, characters = self._nodes, self._characters
        self._open.add(id(node))
        built = self._map(node, depth) if isinstance(node, yaml.MappingNode) else self._list(node, depth)
        self._open.discard(id(node))
        self._made[id(node)] = (built, self._nodes - nodes, self._characters - characters)
        self._bounded(node)
        return built

    def _bounded(self, node: yaml.Node) -> None:
        if self._nodes > MOST_NODES or self._characters > MOST_CHARACTERS:
            self._stop(
                "too-many-aliases", "the text grows beyond bounds through its aliases", node, "Use fewer aliases."
            )

    def _stop(self, code: str, summary: str, node: yaml.Node, detail: str) -> None:
        self._add(code, summary, node, detail)
        raise _TooMuch

    def _add(self, code: str, summary: str, node: yaml.Node, detail: str) -> None:
        self._problems.add(
            code, summary, tuple(self._path), at=self._mark(node), detail=detail, heat_type="HTTPBadRequest"
        )

    @staticmethod
    def _mark(node: Any) -> tuple[int, int]:
        return node.start_mark.line + 1, node.start_mark.column + 1

    def _list(self, node: yaml.Node, depth: int) -> list[Any]:
        if node.tag != _TAG + "seq":
            self._unknown_tag(node)
        items = []
        for index, item in enumerate(node.value):
            self._path.append(index)
            items.append(self._value(item, depth + 1))
            self._path.pop()
        return items

    def _map(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        if node.tag != _TAG + "map":
            self._unknown_tag(node)
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        given: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged = merged | self._merge(value_node, depth)
                continue
            key = self._key(key_node)
            if key is None:
                continue
            self._path.append(key)
            if key in given:
                self._given_twice(key, given[key], key_node)
            given[key] = key_node
            own[key] = self._value(value_node, depth + 1)
            self._path.pop()
        return merged | own if merged else own

    def _given_twice(self, key: str, first: Any, second: Any) -> None:
        (line, column), (other, other_column) = self._mark(first), self._mark(second)
        if line == other:
            places = f"twice in line {line}, in columns {column} and {other_column}"
        else:
            places = f"twice, in lines {line} and {other}"
        self._warnings.add(
            "duplicate-key",
            f"the key {shorten(key)} is given {places}: the last value counts",
            tuple(self._path),
            at=(other, other_column),
            detail="Remove one of them, or give one another name.",
            heat_type="HTTPBadRequest",
        )

    def _key(self, node: yaml.Node) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._add("key-not-text", "a list or a map stands where a key should", node, "Keys are text.")
            return None
        before = len(self._problems)
        read = self._scalar(node)
        if len(self._problems) != before:
            return None
        key = key_text(read)
        if key is not None and key != node.value:
            self.converted[id(node)] = key
        return key

    def _merge(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        """What ``<<`` brings: of a list of maps, the first that has a key wins."""
        result: dict[str, Any] = {}
        for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(one, yaml.MappingNode):
                result = self._value(one, depth + 1) | result
            else:
                self._add("bad-merge", "<< merges maps, and this is none", one, "Name a map, or a list of maps.")
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        tag = node.tag.removeprefix(_TAG)
        text: str = node.value
        if tag in ("str", "timestamp"):
            self._characters += len(text)
            if "\0" in text:
                self._add("bad-character", "a text has the character NUL", node, "Remove it.")
            return text
        if tag == "null":
            return None
        try:
            if tag == "bool":
                return self._loader.construct_yaml_bool(node)
            if tag in ("int", "float"):
                return self._number(node, tag)
        except (ValueError, KeyError, IndexError):
            self._add("bad-value", f"this is no {tag}", node, "Put it in quotes if it is text.")
            return None
        self._unknown_tag(node)
        return None

    def _number(self, node: yaml.ScalarNode, tag: str) -> int | float | None:
        if len(node.value) > MOST_DIGITS:
            self._add("bad-value", "this number is too long", node, "Put it in quotes if it is text.")
            return None
        if tag == "int":
            return cast(int, self._loader.construct_yaml_int(node))
        number = cast(float, self._loader.construct_yaml_float(node))
        if not math.isfinite(number):
            self._add("bad-value", "this number is infinite or none at all", node, "Put it in quotes if it is text.")
            return None
        return number

    def _unknown_tag(self, node: yaml.Node) -> None:
        self._add(
            "unknown-tag",
            "a tag (a word after !) stands here that templates do not have",
            node,
            "Write functions in their long form; put text that begins with ! in quotes.",
        )
