"""``python -m bench``: stacks beside the floor, in one run; see docs/benchmark.md.

Exit code: 1 when something did not do what it must (a stack not complete, the hand-over check), 0 whatever the ratios.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import figures
from bench.figures import Measured
from bench.handover import SLOW, HandOver, check_hand_over
from bench.language import Language, measure_language
from bench.measure import Bench, CheckFailed, Sample, api_client
from bench.processes import POSTGRESQL, ROOT, SQLITE, running_system
from bench.shapes import KINDS, SHAPES, SIZES, Case, Shape, template
from bench.updates import REPETITIONS as UPDATE_REPETITIONS
from bench.updates import SIZES as UPDATE_SIZES
from bench.updates import Updates, measure_updates
from starter.cluster import Target, connect

LATEST = ROOT / "bench" / "results" / "latest.json"
DOCUMENT = ROOT / "docs" / "benchmark.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
REPETITIONS = 5
REPETITIONS_LONG = 3  # of 5,000 and more, and of chains from 1,000 on
QUICK_SIZES = (10, 100, 1_000)
QUICK_REPETITIONS = 3
HAND_OVER = "handover"
LANGUAGE = "language"
UPDATES = "updates"


class Results:
    """What was found, and how it is told."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.measured: list[Measured] = []
        self.hand_over: HandOver | None = None
        self.language: Language | None = None
        self.updates: Updates | None = None

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "machine": figures.machine(),
            "database": self.database,
            "cases": [one.as_dict() for one in self.measured],
        }
        if self.hand_over is not None:
            told["hand_over"] = {
                "on_their_way": self.hand_over.on_their_way,
                "problems": self.hand_over.problems,
                "sample": self.hand_over.sample.as_dict(),
            }
        if self.language is not None:
            told["language"] = self.language.as_dict()
        if self.updates is not None:
            told["updates"] = self.updates.as_dict()
        return told

    def as_markdown(self) -> str:
        parts = [f"Machine: {figures.machine()}. Database: {self.database}."]
        if self.measured:
            parts += [figures.as_markdown(self.measured), figures.LEGEND]
        if self.updates is not None:
            parts.append(f"Updates of a flat stack of TestResource that exists:\n\n{self.updates.as_text()}")
        if self.hand_over is not None:
            parts.append(_hand_over_text(self.hand_over))
        if self.language is not None:
            parts.append(f"The language alone:\n\n{self.language.as_text()}")
        return "\n\n".join(parts)


def _hand_over_text(found: HandOver) -> str:
    sample = found.sample
    text = (
        f"Hand-over: {SLOW.size} resources, {sample.runs} runs, {sample.events} events, {sample.seconds:.1f} s; "
        f"{found.on_their_way} of {SLOW.parked + SLOW.held} slow ones on their way at the first continue-as-new; "
    )
    return text + ("; ".join(found.problems) or "none ran twice, the deadline did not move.")


async def measure(bench: Bench, cases: Sequence[Case], repetitions: int, results: Results) -> None:
    """Cases of one shape and size: in each repetition the floor, then each of them."""
    shape = cases[0].shape
    floor: list[Sample] = []
    stacks: dict[str, list[Sample]] = {str(case): [] for case in cases}
    for repetition in range(repetitions):
        floor.append(await bench.floor(shape, f"floor-{shape}-{repetition}"))
        for case in cases:
            name = f"{case}-{repetition}"
            stacks[str(case)].append(await bench.stack(template(case), name, shape.size))
    for case in cases:
        measured = Measured(case, floor, stacks[str(case)])
        print(figures.as_text([measured], header=not results.measured), flush=True)
        results.measured.append(measured)


async def measure_all(options: argparse.Namespace, folder: Path, results: Results) -> None:
    """Everything that was asked for, on one system; the language first, while the machine is quiet."""
    if options.language:
        results.language = measure_language(options.repetitions or QUICK_REPETITIONS)
        print(f"{results.language.as_text()}\n", flush=True)
    if not (options.cases or options.hand_over or options.updates):
        return
    with running_system(folder, options.database) as system:
        temporal = await connect(Target(system.temporal_address))
        floor_temporal = await connect(Target(system.floor_address))
        async with api_client(system) as api:
            bench = Bench(system, temporal, floor_temporal, api)
            if options.cases:
                await _warm_up(bench)
            for shape in sorted({case.shape for case in options.cases}, key=_order):
                cases = [case for case in options.cases if case.shape == shape]
                await measure(bench, cases, _repetitions(options, shape), results)
            if options.updates:
                results.updates = await measure_updates(
                    bench, options.updates, options.repetitions or UPDATE_REPETITIONS
                )
                print(f"{results.updates.as_text()}\n", flush=True)
            if options.hand_over:
                results.hand_over = await check_hand_over(bench)
                print(_hand_over_text(results.hand_over), flush=True)


async def _warm_up(bench: Bench) -> None:
    """Once each, not counted: imports, the sandbox's first workflow, first pages of files."""
    shape = Shape("layers", 100)
    await bench.floor(shape, "floor-warm-up")
    for kind in KINDS:
        await bench.stack(template(Case(kind, shape)), f"warm-up-{kind}", shape.size)


def _order(shape: Shape) -> tuple[int, int]:
    return SHAPES.index(shape.name), shape.size


def _repetitions(options: argparse.Namespace, shape: Shape) -> int:
    if options.repetitions:
        return int(options.repetitions)
    if options.quick:
        return QUICK_REPETITIONS
    long = shape.size >= (1_000 if shape.name == "chain" else 5_000)
    return REPETITIONS_LONG if long else REPETITIONS


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Stacks beside the plainest fan-out of activities."
    )
    parser.add_argument("--quick", action="store_true", help="sizes 10, 100, 1,000; 3 repetitions; no hand-over check")
    parser.add_argument(
        "--only",
        action="append",
        metavar="CASE",
        help=f"as test-flat-1000, or {HAND_OVER}, {LANGUAGE}, {UPDATES}; repeatable",
    )
    parser.add_argument("--sizes", type=lambda text: [int(part) for part in text.split(",")], help="as 10,100")
    parser.add_argument("--repetitions", type=int, help="5, and 3 of what takes long, unless given")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep databases and logs in this new folder")
    parser.add_argument(
        "--database", choices=(SQLITE, POSTGRESQL), default=SQLITE, help="postgresql: a server of its own, for the run"
    )
    parser.add_argument("--document", action="store_true", help="write the figures into docs/benchmark.md")
    options = parser.parse_args(arguments)
    sizes = options.sizes or (QUICK_SIZES if options.quick else SIZES)
    named = [name for name in options.only or () if name not in (HAND_OVER, LANGUAGE, UPDATES)]
    try:
        options.cases = [Case.parse(name) for name in named]
    except ValueError as error:
        parser.error(str(error))
    if not options.only:
        options.cases = [Case(kind, Shape(shape, size)) for shape in SHAPES for size in sizes for kind in KINDS]
    options.hand_over = HAND_OVER in options.only if options.only else not (options.quick or options.sizes)
    options.language = LANGUAGE in options.only if options.only else not options.sizes
    wanted = UPDATES in options.only if options.only else not options.sizes
    options.updates = (UPDATE_SIZES[:1] if options.quick else options.sizes or UPDATE_SIZES) if wanted else ()
    return options


def _write_document(results: Results) -> None:
    """Replace what stands between the two marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{results.as_markdown()}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _options(arguments)
    # As ctrl-C: servers that a benchmark leaves behind disturb what is measured after it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = Results(options.database)
    print(f"{figures.machine()}; {options.database}; {len(options.cases)} cases", file=sys.stderr, flush=True)
    failed = ""
    with tempfile.TemporaryDirectory(prefix="firebrick-bench-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            asyncio.run(measure_all(options, folder.resolve(), results))
        except CheckFailed as error:
            failed = str(error)
        finally:  # also when somebody has seen enough
            LATEST.parent.mkdir(exist_ok=True)
            LATEST.write_text(json.dumps(results.as_dict(), indent=1) + "\n", encoding="utf-8")
    if results.measured:
        print(f"\n{figures.LEGEND}")
    print(f"All samples: {LATEST.relative_to(ROOT)}")
    if results.hand_over is not None and results.hand_over.problems:
        failed = "the hand-over check does not hold: " + "; ".join(results.hand_over.problems)
    if failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    if options.document:
        _write_document(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
