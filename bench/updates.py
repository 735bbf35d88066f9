"""Updates of a stack that exists: nothing changed, one property, half of it replaced; beside the floor of its size.

The floor is the fan-out of as many activities as the stack has resources: what it would cost to look at each of them.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.measure import Bench, CheckFailed, Stack
from bench.shapes import KINDS, Shape

SIZES = (1_000, 5_000)
REPETITIONS = 3
CHANGES = ("no-op", "one property", "half replaced")


@dataclass(slots=True)
class Updates:
    """size -> what -> seconds of each repetition; "floor" is among them."""

    seconds: dict[int, dict[str, list[float]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        lines = ["| resources | update | seconds | beside the floor |", "|---|---|---|---|"]
        for size, found in self.seconds.items():
            floor = statistics.median(found["floor"])
            lines.append(f"| {size} | (the floor) | {floor:.2f} | 1.00 |")
            for change in CHANGES:
                taken = statistics.median(found[change])
                lines.append(f"| {size} | {change} | {taken:.2f} | {taken / floor:.2f} |")
        return "\n".join(lines)


def template(size: int, *, first: str = "a", replaced: int = 0) -> str:
    """Flat TestResources. first: the value of the first one. replaced: of so many a property that forces replacement
    has another value."""
    lines = ["heat_template_version: 2021-04-16", "resources:"]
    for number in range(size):
        value = first if not number else "a"
        mark = "new" if number < replaced else "old"
        properties = f"value: {value}, update_replace_value: {mark}"
        lines.append(f"  r{number}: {{type: '{KINDS['test']}', properties: {{{properties}}}}}")
    return "\n".join(lines) + "\n"


async def measure_updates(bench: Bench, sizes: Sequence[int], repetitions: int) -> Updates:
    """Each repetition: the floor, then a new stack and the three updates of it, one after the other."""
    updates = Updates()
    for size in sizes:
        found = updates.seconds[size] = {"floor": [], **{change: [] for change in CHANGES}}
        for repetition in range(repetitions):
            sample = await bench.floor(Shape("flat", size), f"floor-update-{size}-{repetition}")
            found["floor"].append(sample.seconds)
            stack = await bench.create(f"update-{size}-{repetition}", template(size))
            await bench.ended(stack)
            for change, target in (
                ("no-op", template(size)),
                ("one property", template(size, first="b")),
                ("half replaced", template(size, first="b", replaced=size // 2)),
            ):
                found[change].append(await _update(bench, stack, target, size))
    return updates


async def _update(bench: Bench, stack: Stack, target: str, size: int) -> float:
    began = time.perf_counter()
    await bench.update(stack, target)
    await bench.ended(stack)
    seconds = time.perf_counter() - began
    state, resources = await bench.shown(stack)
    if state != "UPDATE_COMPLETE" or resources != size:
        raise CheckFailed(f"{stack.name} is {state} with {resources} resources, not {size}")
    return seconds
