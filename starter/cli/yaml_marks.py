"""YAML as a tree of marked texts: what stands where, down to the character. It judges nothing; the server does.

Built from parser events, without recursion.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXTS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")  # templates have no dates
_MERGE = "<<"
_MOST_DEPTH = 100  # as the server; the parser becomes slow with depth


@dataclass(slots=True, eq=False)
class Node:
    """A scalar (text), a map (pairs) or a list (items). start, end: characters from the beginning of the document;
    line, column: of the start, from 1. is_text: a scalar that is no number, boolean or null."""

    start: int
    end: int
    line: int
    column: int
    text: str = ""
    is_text: bool = False
    pairs: "list[tuple[Node, Node]]" = field(default_factory=list)
    items: "list[Node]" = field(default_factory=list)

    def entries(self) -> "Iterator[tuple[tuple[str | int, ...], Node, Node, bool]]":
        """Of everything in a map at any depth: its path, the key, the value, and whether the map has this key alone.

        Outer ones first. What an alias repeats is given once; what ``<<`` merges counts as standing in the map around.
        """
        seen: set[int] = set()
        waiting: list[tuple[tuple[str | int, ...], Node]] = [((), self)]
        while waiting:
            path, node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            below: list[tuple[tuple[str | int, ...], Node]] = []
            for key, value in node.pairs:
                if key.text == _MERGE:
                    below += [(path, one) for one in (value.items or (value,))]
                    continue
                here = (*path, key.text)
                yield here, key, value, len(node.pairs) == 1
                below.append((here, value))
            below += [((*path, index), item) for index, item in enumerate(node.items)]
            waiting += [one for one in reversed(below) if one[1].pairs or one[1].items]


def read_marks(text: str) -> Node | None:
    """The root of the first document; None for an empty text, for what is no YAML, and for what is too deep."""
    try:
        return _built(text)
    except yaml.YAMLError:
        return None


def _built(text: str) -> Node | None:
    loader = _LOADER(text)
    anchors: dict[str, Node] = {}
    root: Node | None = None
    open_: list[tuple[Node, bool]] = []  # containers around, and whether each is a map
    keys: list[Node | None] = []  # the key that waits for its value, of each
    try:
        while loader.check_event():
            event: Any = loader.get_event()
            if isinstance(event, yaml.CollectionEndEvent):
                ended, is_map = open_.pop()
                keys.pop()
                if is_map:
                    ended.pairs = _that_count(ended.pairs)
                continue
            if isinstance(event, yaml.DocumentEndEvent):
                break
            if not isinstance(event, yaml.NodeEvent):
                continue
            node = anchors.get(event.anchor or "") if isinstance(event, yaml.AliasEvent) else _node(loader, event)
            if node is None:
                return None
            if event.anchor and not isinstance(event, yaml.AliasEvent):
                anchors[event.anchor] = node
            root = root or node
            if open_:
                around, is_map = open_[-1]
                key = keys[-1]
                if not is_map:
                    around.items.append(node)
                elif key is None:
                    keys[-1] = node
                else:
                    around.pairs.append((key, node))
                    keys[-1] = None
            if isinstance(event, yaml.CollectionStartEvent):
                if len(open_) == _MOST_DEPTH:
                    return None
                open_.append((node, isinstance(event, yaml.MappingStartEvent)))
                keys.append(None)
        return root
    finally:
        loader.dispose()


def _that_count(pairs: "list[tuple[Node, Node]]") -> "list[tuple[Node, Node]]":
    """Of a key that is given twice the last; merges all count."""
    last = {key.text: index for index, (key, _) in enumerate(pairs)}
    return [pair for index, pair in enumerate(pairs) if pair[0].text == _MERGE or last[pair[0].text] == index]


def _node(loader: Any, event: Any) -> Node:
    start, end = event.start_mark, event.end_mark
    node = Node(start.index, end.index, start.line + 1, start.column + 1)
    if isinstance(event, yaml.ScalarEvent):
        node.text = event.value
        tag = event.tag or loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        node.is_text = tag in (*_TEXTS, "!")
    return node
