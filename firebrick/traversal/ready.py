"""Which nodes may start, in order, under the limits of their concurrency keys."""

from collections.abc import Mapping
from heapq import heappop, heappush


class ReadyQueue:
    """Ranks (lower goes first) with the concurrency key of each.

    A key without a limit never blocks. Where a key is full its nodes wait aside, so that they hold up no others, and
    come back one by one as places of the key become free. Each operation is O(log n).
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        """limits: key -> how many nodes of it may run at once; less than one counts as one, or they would never end."""
        self._limits = {key: max(1, limit) for key, limit in limits.items()}
        self._running = dict.fromkeys(self._limits, 0)
        self._aside: dict[str, list[tuple[int, str]]] = {key: [] for key in self._limits}
        self._heap: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._heap) or any(self._aside.values())

    def limited(self, key: str) -> bool:
        return key in self._limits

    def push(self, rank: int, key: str) -> None:
        heappush(self._heap, (rank, key))

    def peek(self) -> int | None:
        """The lowest rank that may start now, None when there is none."""
        while self._heap:
            rank, key = self._heap[0]
            if key not in self._limits or self._running[key] < self._limits[key]:
                return rank
            heappush(self._aside[key], heappop(self._heap))
        return None

    def pop(self) -> None:
        """Take out what peek has just shown. ``started`` must follow."""
        heappop(self._heap)

    def started(self, key: str) -> None:
        if key in self._limits:
            self._running[key] += 1

    def ended(self, key: str) -> None:
        if key in self._limits:
            self._running[key] -= 1
            if self._aside[key]:
                heappush(self._heap, heappop(self._aside[key]))
