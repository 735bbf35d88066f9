"""What Temporal's UI shows of a run beside its history: summaries of activities and timers, and the current details.

Texts for people, in Markdown where the UI renders it. No command depends on them, and there is no value in them: names,
types and states only.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

from firebrick.plan import PlanNode
from firebrick.traversal import TraversalResult

MOST_LINES = 20
"""How many resources each list of the details names."""


def step_summary(node: PlanNode, step: int) -> str:
    """``network: OS::Neutron::Net``; from the second step on (a poll, another attempt) with its number."""
    clean = " (clean-up)" if node.work is contract.Work.CLEAN else ""
    return f"{node.name}: {node.type}{clean}" + (f", step {step}" if step > 1 else "")


def batch_summary(nodes: Sequence[PlanNode]) -> str:
    if len(nodes) == 1:
        return f"{nodes[0].name}: {nodes[0].type}"
    return f"{nodes[0].name} to {nodes[-1].name}: {len(nodes)} instant resources"


def end_summary(outcome: TraversalResult) -> str:
    """How the walk ended, for the activity that stores it."""
    if outcome.complete:
        return "complete"
    return outcome.interrupted or f"{len(outcome.failed)} failed"


def timer_summary(node: PlanNode, why: str, until: float) -> str:
    return f"{node.name}: {timer_reason(why, until)}"


def details(
    stack: str,
    progress: contract.Progress,
    running: Mapping[int, PlanNode],
    parked: Mapping[int, tuple[PlanNode, str, float]],
    failures: Sequence[str],
    notes: Sequence[str] = (),
) -> str:
    """Counts, then what is under way, what is waited for and until when (parked: node, why, seconds since the epoch),
    what failed, and where to read why; notes: what was told and not taken."""
    told = progress
    counts = f"{told.done} of {told.total} done, {told.running} running, {told.parked} parked, {told.waiting} waiting"
    stopping = f", stopping: {told.stopping}" if told.stopping else ""
    parts = [f"**{told.action}** {stack}: {counts}, {told.failed} failed{stopping}"]
    if told.lets_finish:
        parts.append(f"Waiting for what is in progress. To go on without: `firebrick stack cancel {stack} --now`")
    parts += _list("Running", len(running), (f"`{node.name}` ({node.type})" for node in running.values()))
    waits = (f"`{node.name}` ({node.type}): {timer_reason(why, at)}" for node, why, at in parked.values())
    parts += _list("Parked", len(parked), waits)
    parts += _list("Failed", len(failures), failures)
    if failures:
        parts.append(f"Why, and what to do: `firebrick stack failures list {stack}`")
    parts += _list("Left aside", len(notes), notes)
    return "\n\n".join(parts)


def timer_reason(why: str, at: float) -> str:
    """``wait until 12:00:05 UTC``; of a wait for a signal the time is when the resource looks by itself."""
    clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
    if why == "wait until":
        return f"{why} {clock}"
    return f"{why}, looks itself at {clock}" if why == "wait for signal" else f"{why} at {clock}"


def _list(title: str, number: int, lines: Iterable[str]) -> list[str]:
    """lines: only those that are shown are made, since this is done whenever something happens."""
    if not number:
        return []
    shown = [f"- {line}" for line in islice(lines, MOST_LINES)]
    if number > MOST_LINES:
        shown.append(f"- and {number - MOST_LINES} more")
    return [f"{title}:\n\n" + "\n".join(shown)]
