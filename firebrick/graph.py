"""Who needs whom: a directed graph of row ids, its order, its reversal, its cycles.

Pure and deterministic: no set is iterated, every answer depends on nothing but the order in which nodes were given.
Used by :mod:`firebrick.plan` and :mod:`firebrick.traversal`; loads inside Temporal's sandbox.

Real stacks come in layers: many nodes need exactly the same things. Nodes with equal requirements are therefore held
as one :class:`Bundle`. 5,000 nodes in layers of 50 are 100 bundles with 5,000 requirements in all, where a list of
edges would have 250,000; everything here costs time and memory by the former.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


class CycleFound(ValueError):
    """The graph has no order. cycle: the nodes, each requiring the next and the last the first; smallest id first."""

    def __init__(self, cycle: Sequence[int]) -> None:
        self.cycle = tuple(cycle)
        super().__init__("circular dependency: " + " -> ".join(str(node) for node in (*self.cycle, self.cycle[0])))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Nodes with the same requirements. requires: ascending ids. members: in the order of the graph's nodes."""

    requires: tuple[int, ...]
    members: tuple[int, ...]


class Graph:
    """An immutable graph. Its nodes keep the order in which they were given."""

    def __init__(self, edges: Mapping[int, Iterable[int]]) -> None:
        """edges: node -> what it requires (any order, doubles allowed). ValueError when a requirement is no node."""
        self.nodes: tuple[int, ...] = tuple(edges)
        requires: list[tuple[int, ...]] = []
        members: list[list[int]] = []
        numbers: dict[tuple[int, ...], int] = {}
        self._bundle_of: dict[int, int] = {}
        for node, required in edges.items():
            given = required if isinstance(required, tuple) else tuple(required)
            number = numbers.get(given)
            if number is None:
                key = tuple(sorted(set(given)))
                number = numbers.get(key)
                if number is None:
                    for other in key:
                        if other not in edges:
                            raise ValueError(f"node {node} requires {other}, which is no node of this graph")
                    number = numbers[key] = len(requires)
                    requires.append(key)
                    members.append([])
                numbers[given] = number
            members[number].append(node)
            self._bundle_of[node] = number
        self.bundles: tuple[Bundle, ...] = tuple(
            Bundle(needs, tuple(those)) for needs, those in zip(requires, members, strict=True)
        )
        waiting: dict[int, list[int]] = {}
        for number, bundle in enumerate(self.bundles):
            for other in bundle.requires:
                waiting.setdefault(other, []).append(number)
        self._waiting = {node: tuple(those) for node, those in waiting.items()}

    def __len__(self) -> int:
        return len(self.nodes)

    def bundle_of(self, node: int) -> int:
        """The index in ``bundles`` of the one this node is in."""
        return self._bundle_of[node]

    def requires(self, node: int) -> tuple[int, ...]:
        """What a node requires, ascending. Nodes with equal requirements get the same tuple."""
        return self.bundles[self._bundle_of[node]].requires

    def waiting_for(self, node: int) -> tuple[int, ...]:
        """The bundles (by index, ascending) that require this node."""
        return self._waiting.get(node, ())

    def reversed(self) -> "Graph":
        """The same nodes in reverse order, every edge turned round: what must go before a node may be deleted."""
        combined: dict[tuple[int, ...], tuple[int, ...]] = {}
        edges: dict[int, tuple[int, ...]] = {}
        for node in reversed(self.nodes):
            bundles = self.waiting_for(node)
            dependants = combined.get(bundles)
            if dependants is None:
                dependants = tuple(sorted(other for number in bundles for other in self.bundles[number].members))
                combined[bundles] = dependants
            edges[node] = dependants
        return Graph(edges)

    def order(self) -> tuple[int, ...]:
        """All nodes, each after what it requires. Raises CycleFound."""
        found = self._free_of_cycles()
        if len(found) < len(self.nodes):
            raise CycleFound(self._cycle_among(found))
        return tuple(found)

    def cycle(self) -> tuple[int, ...]:
        """One cycle as CycleFound names it, () when there is none."""
        found = self._free_of_cycles()
        return () if len(found) == len(self.nodes) else self._cycle_among(found)

    def _free_of_cycles(self) -> list[int]:
        """The nodes that neither are in a cycle nor require one that is, in an order that can be walked."""
        missing = [len(bundle.requires) for bundle in self.bundles]
        found: list[int] = [node for node in self.nodes if not missing[self._bundle_of[node]]]
        for node in found:  # grows while it is read
            for number in self.waiting_for(node):
                missing[number] -= 1
                if not missing[number]:
                    found.extend(self.bundles[number].members)
        return found

    def _cycle_among(self, free: Sequence[int]) -> tuple[int, ...]:
        known = frozenset(free)
        # Every node left requires another one that is left, so that walking along requirements must come round.
        node = min(one for one in self.nodes if one not in known)
        path: dict[int, int] = {}
        while node not in path:
            path[node] = len(path)
            node = next(one for one in self.requires(node) if one not in known)
        cycle = tuple(path)[path[node] :]
        start = cycle.index(min(cycle))
        return cycle[start:] + cycle[:start]
