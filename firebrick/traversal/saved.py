"""What one life of a traversal hands to the next, as text: compact JSON, read by this and every later version.

Everything is keyed by row id and nothing by place, because the next life's plan is made anew from the store and may
lack nodes that have ended. Fields are only ever added, with a default. Size: the ids that are done are written as
ranges, and what else there is is bounded by the window and by max_parked: 10,000 nodes stay below 200 kB.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

VERSION = 1


@dataclass(slots=True)
class Parked:
    """A node off the window. at: seconds; 0 when it was woken already. key: the signal it waits for, or ""."""

    id: int
    step: int
    at: float
    key: str
    why: str


@dataclass(slots=True)
class Saved:
    """total: nodes of the operation's first plan. done: ascending ids, CLEAN nodes' negative. failed, aborted: in the
    order of events. running: (id, step). batches: (number, ids) of each running one. batch: the last one's number.
    alone: (id, step) of instant nodes that no batch may take. signals: keys that came and that nobody has waited for
    yet. cause: the interrupt's or stop's, or "". lets_finish: it is a stop. changed, replaced: nodes that ended
    so, ascending.
    """

    total: int = 0
    done: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    aborted: list[int] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    running: list[tuple[int, int]] = field(default_factory=list)
    batches: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    batch: int = 0
    alone: list[tuple[int, int]] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)
    cause: str = ""
    lets_finish: bool = False
    changed: list[int] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)

    def to_text(self) -> str:
        fields = {
            "version": VERSION,
            "total": self.total,
            "done": to_ranges([one for one in self.done if one > 0]),
            "cleaned": to_ranges(sorted(-one for one in self.done if one < 0)),
            "failed": self.failed,
            "aborted": self.aborted,
            "parked": [[one.id, one.step, one.at, one.key, one.why] for one in self.parked],
            "running": self.running,
            "batches": self.batches,
            "batch": self.batch,
            "alone": self.alone,
            "signals": self.signals,
            "cause": self.cause,
            "lets_finish": self.lets_finish,
            "changed": to_ranges(self.changed),
            "replaced": to_ranges(self.replaced),
        }
        return json.dumps({name: value for name, value in fields.items() if value}, separators=(",", ":"))

    @staticmethod
    def from_text(text: str) -> "Saved":
        data = json.loads(text)
        return Saved(
            total=data.get("total", 0),
            done=[
                *sorted(-one for one in from_ranges(data.get("cleaned", ""))),
                *from_ranges(data.get("done", "")),
            ],
            failed=data.get("failed", []),
            aborted=data.get("aborted", []),
            parked=[Parked(*one) for one in data.get("parked", [])],
            running=[(node, step) for node, step in data.get("running", [])],
            batches=[(number, tuple(nodes)) for number, nodes in data.get("batches", [])],
            batch=data.get("batch", 0),
            alone=[(node, step) for node, step in data.get("alone", [])],
            signals=data.get("signals", []),
            cause=data.get("cause", ""),
            lets_finish=data.get("lets_finish", False),
            changed=from_ranges(data.get("changed", "")),
            replaced=from_ranges(data.get("replaced", "")),
        )


def to_ranges(ids: Sequence[int]) -> str:
    """Ascending ids without doubles as text: ``1-4,7,9-12``."""
    parts: list[str] = []
    first = last = -1
    for one in [*ids, -1]:
        if first >= 0 and one == last + 1:
            last = one
            continue
        if first >= 0:
            parts.append(str(first) if first == last else f"{first}-{last}")
        first = last = one
    return ",".join(parts)


def from_ranges(text: str) -> list[int]:
    """The inverse of to_ranges."""
    ids: list[int] = []
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        ids.extend(range(int(first), int(last or first) + 1))
    return ids
