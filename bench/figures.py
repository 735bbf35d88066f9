"""From samples to figures: medians, ratios, the aims, as text for a terminal, as Markdown and as JSON."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from bench.measure import Sample
from bench.shapes import Case

COLUMNS = (
    ("case", "{}"),
    ("n", "{}"),
    ("floor s", "{:.2f}"),
    ("stack s", "{:.2f}"),
    ("ratio", "{:.2f}"),
    ("aim", "{}"),
    ("cpu", "{:.2f}"),
    ("per s", "{:.0f}"),
    ("accept s", "{:.2f}"),
    ("store", "{:.0%}"),
    ("store ms", "{:.2f}"),
    ("MB", "{:.0f}"),
    ("floor MB", "{:.0f}"),
    ("runs", "{:.0f}"),
    ("events", "{:.0f}"),
    ("floor ev.", "{:.0f}"),
)
LEGEND = (
    "n: repetitions, medians of them. cpu: the ratio in processor time of all processes instead of seconds; other work "
    "on the machine moves it less. accept: until the POST is answered. store: share of the time from request to "
    "end in which a write transaction of the worker was open; store ms: that time for each resource. MB: largest "
    "resident size of the worker. runs, events: of the workflow's chain, and events of the floor's."
)


def aim_of(case: Case) -> str:
    """What the ratio should be at most; "" where nothing was set."""
    if case.kind == "test" and case.shape.size == 1_000:
        return "1.5 (2.0)"
    if case.kind == "random" and case.shape.name == "flat" and case.shape.size >= 1_000:
        return "0.3"
    return ""


@dataclass(frozen=True, slots=True)
class Measured:
    """All samples of one case, and those of the floor of its shape in the same repetitions."""

    case: Case
    floor: Sequence[Sample]
    stack: Sequence[Sample]

    @property
    def ratio(self) -> float:
        """Median of the repetitions' ratios: each stack beside the floor that ran just before it."""
        return statistics.median(s.seconds / f.seconds for f, s in zip(self.floor, self.stack, strict=True))

    @property
    def cpu_ratio(self) -> float:
        """The same in processor time of all processes together."""
        pairs = zip(self.floor, self.stack, strict=True)
        return statistics.median(sum(s.processor.values()) / sum(f.processor.values()) for f, s in pairs)

    def row(self) -> dict[str, Any]:
        """The figures, by the names of COLUMNS."""

        def middle(samples: Sequence[Sample], what: str) -> float:
            return float(statistics.median(getattr(one, what) for one in samples))

        seconds = middle(self.stack, "seconds")
        size = self.case.shape.size
        return {
            "case": str(self.case),
            "n": len(self.stack),
            "floor s": middle(self.floor, "seconds"),
            "stack s": seconds,
            "ratio": self.ratio,
            "aim": aim_of(self.case),
            "cpu": self.cpu_ratio,
            "per s": size / seconds,
            "accept s": middle(self.stack, "accepted"),
            "store": statistics.median(one.store.seconds / one.seconds for one in self.stack),
            "store ms": 1_000 * statistics.median(one.store.seconds for one in self.stack) / size,
            "MB": middle(self.stack, "memory"),
            "floor MB": middle(self.floor, "memory"),
            "runs": middle(self.stack, "runs"),
            "events": middle(self.stack, "events"),
            "floor ev.": middle(self.floor, "events"),
        }

    def as_dict(self) -> dict[str, Any]:
        """For latest.json: the figures and every sample."""
        return {
            "figures": self.row(),
            "floor": [one.as_dict() for one in self.floor],
            "stack": [one.as_dict() for one in self.stack],
        }


def machine() -> str:
    """Cores and memory: nothing that names a machine."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _cells(measured: Measured) -> list[str]:
    row = measured.row()
    return [how.format(row[name]) for name, how in COLUMNS]


def as_text(results: Sequence[Measured], *, header: bool = True) -> str:
    """Lines of a table whose columns stay where they are from call to call."""
    lines = [[name for name, _ in COLUMNS]] if header else []
    lines += [_cells(one) for one in results]
    return "\n".join(
        "  ".join(
            [
                cells[0].ljust(19),
                *(cell.rjust(max(9, len(name))) for cell, (name, _) in zip(cells[1:], COLUMNS[1:], strict=True)),
            ]
        )
        for cells in lines
    )


def as_markdown(results: Sequence[Measured]) -> str:
    """The same table for docs/benchmark.md."""
    rows = [[name for name, _ in COLUMNS], ["---", *["---:"] * (len(COLUMNS) - 1)], *map(_cells, results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
