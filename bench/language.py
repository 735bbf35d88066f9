"""The language alone: large templates parsed, validated and planned, each in a process of its own.

``python -m bench.language`` is that process: the text comes on standard input, the figures go to standard output.
The small one keeps to the size limit; for the large one the limit is raised by its setting.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.processes import ROOT
from firebrick.size_limits import TEMPLATE_DEFAULT, TEMPLATE_SETTING

SMALL, LARGE = 1_000, 10_000
AIM_SECONDS, AIM_MEGABYTES = 1.0, 150
STAGES = ("parse", "validate", "plan")
_PACKAGES = ("nginx", "postgresql", "redis", "haproxy", "etcd")


@dataclass(frozen=True, slots=True)
class Reading:
    """One template read once. seconds by stage, without the process's start and imports; megabytes: its peak, whole."""

    resources: int
    lines: int
    characters: int
    parse: float
    validate: float
    plan: float
    megabytes: float

    @property
    def seconds(self) -> float:
        return self.parse + self.validate + self.plan


@dataclass(frozen=True, slots=True)
class Language:
    """What was found. readings: medians of the repetitions, by size."""

    small: Reading
    large: Reading

    @property
    def growth(self) -> float:
        """Seconds of the large one in seconds of the small one; ten when time grows with size."""
        return self.large.seconds / self.small.seconds

    def as_dict(self) -> dict[str, Any]:
        return {"readings": [asdict(self.small), asdict(self.large)], "growth": self.growth}

    def as_text(self) -> str:
        """The table, in a form that Markdown takes too."""
        lines = [
            "| resources | lines | kB | "
            + " | ".join(f"{stage} s" for stage in STAGES)
            + " | all s | aim | MB | aim |",
            "|" + " --: |" * (6 + len(STAGES) + 1),
        ]
        for one in (self.small, self.large):
            seconds, megabytes = (f"{AIM_SECONDS:.1f}", f"{AIM_MEGABYTES}") if one is self.small else ("", "")
            lines.append(
                f"| {one.resources:,} | {one.lines:,} | {one.characters / 1000:,.0f} | {one.parse:.2f} | "
                f"{one.validate:.2f} | {one.plan:.2f} | {one.seconds:.2f} | {seconds} | "
                f"{one.megabytes:.0f} | {megabytes} |"
            )
        times = self.large.resources / self.small.resources
        return "\n".join(lines) + f"\n\n{times:.0f} times the resources take {self.growth:.1f} times as long."


def large_template(size: int) -> str:
    """A HOT template of 20 lines and about 500 characters for each resource: references, and functions over texts."""
    lines = [
        "heat_template_version: 2021-04-16",
        "description: A fleet of numbered hosts",
        "parameters:",
        "  domain: {type: string, default: cloud.example.org}",
        "  zone: {type: string, default: north, constraints: [{allowed_values: [north, south]}]}",
        "resources:",
    ]
    for number in range(size):
        before = f"{{get_resource: host_{number - 1}}}" if number % 50 else "none"
        network = f"{{get_attr: [host_{number - number % 50}, value]}}" if number % 50 else "net-0"
        lines += [
            f"  host_{number}:",
            "    type: OS::Heat::Value",
            "    properties:",
            "      type: json",
            "      value:",
            "        name:",
            "          list_join:",
            "          - '-'",
            f"          - [host, {{get_param: zone}}, '{number}']",
            "        setup:",
            "          str_replace:",
            f"            template: install {_PACKAGES[number % 5]} on $n.$d",
            "            params:",
            f"              $n: host-{number}",
            "              $d: {get_param: domain}",
            "        sizes: [1, 20]",
            f"        before: {before}",
            f"        network: {network}",
            "    metadata: {role: web}",
            "    depends_on: []",
        ]
    return "\n".join(lines) + "\n"


def read_once(text: str) -> dict[str, Any]:
    """Parse, validate and plan here, freezing included, as intake and the planner do. The imports are not counted."""
    from firebrick import collector
    from firebrick.plan import ExistingRow, plan_create, to_pages
    from firebrick.resources.registry import Registry
    from firebrick.template import StackIdentity, define, parse_environment, parse_template

    collector.relax()  # as the server and the worker do

    registry = Registry.default()
    identity = StackIdentity("00000000-0000-4000-8000-000000000000", "fleet", "default")
    started = time.perf_counter()
    document = parse_template(text)
    parsed = time.perf_counter()
    definition = define(document, parse_environment({}), parameters={}, identity=identity, types=registry)
    validated = time.perf_counter()
    ids = {name: number for number, name in enumerate(definition.resources, start=1)}
    rows = [
        ExistingRow(ids[one.name], one.name, one.type, "INIT", "COMPLETE", tuple(ids[name] for name in one.requires))
        for one in definition.resources.values()
    ]
    frozen = [one.freeze() for one in definition.resources.values()]
    plan = plan_create(rows)
    to_pages(plan)
    planned = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {
        "resources": min(len(plan.nodes), len(frozen)),
        "parse": parsed - started,
        "validate": validated - parsed,
        "plan": planned - validated,
        "megabytes": peak,
    }


def _measure(size: int, repetitions: int) -> Reading:
    text = large_template(size)
    environ: Mapping[str, str] = {**os.environ, TEMPLATE_SETTING: str(max(TEMPLATE_DEFAULT, len(text)))}
    found = []
    for _ in range(repetitions):
        done = subprocess.run(
            [sys.executable, "-m", "bench.language"],
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            env=environ,
            cwd=ROOT,
            check=True,
        )
        found.append(json.loads(done.stdout))
    if any(one["resources"] != size for one in found):
        raise RuntimeError(f"of {size} resources {found[0]['resources']} were planned")
    figures = {key: statistics.median(one[key] for one in found) for key in (*STAGES, "megabytes")}
    return Reading(resources=size, lines=text.count("\n"), characters=len(text), **figures)


def measure_language(repetitions: int) -> Language:
    """Both templates, each as often as said; medians."""
    return Language(_measure(SMALL, repetitions), _measure(LARGE, repetitions))


def main() -> int:
    """The measured process."""
    print(json.dumps(read_once(sys.stdin.read())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
