"""The fake provider's ledger: an append-only file of what it was asked and what it did, one JSON object a line.

The provider writes it and reads it back when it starts; tests read it to see what really happened outside. Standard
library only, since the provider must start fast.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

CREATED = "created"
UPDATED = "updated"
DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Effect:
    """Something changed outside. what: created, updated (properties: all of them, anew) or deleted. time: seconds
    since the epoch.

    name: the object's, chosen by who made it. stack, label: whose it is: the stack's and the resource's name.
    until: when it is ready (created) or really gone (deleted).
    """

    what: str
    time: float
    id: str
    name: str
    stack: str = ""
    label: str = ""
    token: str = ""
    until: float = 0.0
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """``stack/resource``; the object's own name where nobody said whose it is."""
        return f"{self.stack}/{self.label}" if self.label else self.name


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asked. fault: what was done to the request instead of a plain answer; "" when nothing."""

    time: float
    method: str
    id: str = ""
    name: str = ""
    stack: str = ""
    label: str = ""
    token: str = ""
    fault: str = ""


class LedgerWriter:
    """Appends, each line in one write, so that a process killed at any moment leaves whole lines and at most one torn
    one at the end. A line is not synchronised to disk: it survives the process, not the machine."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_end(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def effect(self, effect: Effect) -> None:
        self._append({"kind": "effect", **asdict(effect)})

    def request(self, request: Request) -> None:
        self._append({"kind": "request", **asdict(request)})

    def close(self) -> None:
        os.close(self._file)

    def _append(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")


class Ledger:
    """Reads a ledger, from the file at each question: it shows what has happened up to now."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def effects(self, label: str | None = None, *, what: str | None = None) -> list[Effect]:
        """In the order in which they happened; of one resource name, of one sort, where given."""
        found = [Effect(**line) for line in self._lines("effect")]
        return [one for one in found if label in (None, one.label) and what in (None, one.what)]

    def requests(self, label: str | None = None, *, method: str | None = None) -> list[Request]:
        found = [Request(**line) for line in self._lines("request")]
        return [one for one in found if label in (None, one.label) and method in (None, one.method)]

    def living(self) -> list[Effect]:
        """The creations of all objects that nobody has deleted, oldest first, with the properties that they have now.
        After a delete: the orphans."""
        living: dict[str, Effect] = {}
        for effect in self.effects():
            if effect.what == CREATED:
                living[effect.id] = effect
            elif effect.what == UPDATED and effect.id in living:
                living[effect.id] = replace(living[effect.id], properties=effect.properties)
            elif effect.what == DELETED:
                living.pop(effect.id, None)
        return list(living.values())

    def doubles(self) -> list[str]:
        """Owners for whom the same happened more than once: ``created STACK/RESOURCE``, sorted."""
        counts = Counter(f"{effect.what} {effect.owner}" for effect in self.effects() if effect.what != UPDATED)
        return sorted(said for said, count in counts.items() if count > 1)

    def _lines(self, kind: str) -> Iterator[dict[str, Any]]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        for text in whole.splitlines():
            line = json.loads(text)
            if line.pop("kind") == kind:
                yield line


def _cut_torn_end(path: Path) -> None:
    """Take away what a killed writer left of its last line: that effect was never answered for."""
    try:
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
    except FileNotFoundError:
        pass
