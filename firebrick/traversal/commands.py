"""What a traversal asks of its driver, and what it answers at the end."""

from dataclasses import dataclass
from typing import Literal

from firebrick.plan import PlanNode

Interrupt = Literal["deadline", "cancel", "takeover", "superseded"]


@dataclass(frozen=True, slots=True)
class RunStep:
    """Take this node one step further and report with ``step_ended``.

    step: greater with each RunStep and RunBatch the node was in; (node, step) is unique within one life of a traversal,
    so that it can name an activity. The next life asks again, with the same step, for what was running.
    stopping: the walk is being stopped, and waits for what is in progress.
    """

    node: PlanNode
    step: int
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class RunBatch:
    """Take these instant nodes, given in dependency order, to their end and report with ``batch_ended``.

    step: the batch's number, unique within the operation; each of the nodes is at this step.
    """

    nodes: tuple[PlanNode, ...]
    step: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call ``timer_fired`` at this time (seconds), or at once when it is past. Replaces the node's earlier timer."""

    node: PlanNode
    at: float
    why: str


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """The node needs its timer no more. That it fires nevertheless does no harm."""

    node: PlanNode


@dataclass(frozen=True, slots=True)
class CancelRunning:
    """Ask the running steps of these nodes to stop. Their results are still wanted."""

    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Nothing runs any more: now ``to_state`` loses nothing and repeats nothing. Given once, after ``hand_over``."""


@dataclass(frozen=True, slots=True)
class TraversalResult:
    """How the walk ended; each node of the plan is done or in exactly one of the three tuples.

    complete: every node is done, also when an interrupt came too late to prevent it. interrupted: its cause, or "".
    failed: FAILED and UNKNOWN, in the order in which that was told: the first one stopped the walk (unless an
    interrupt did). aborted: begun and not brought to an end, likewise. not_started: in the plan's order.
    """

    complete: bool
    interrupted: str
    failed: tuple[int, ...]
    aborted: tuple[int, ...]
    not_started: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The walk is over; no command follows and no event matters any more."""

    result: TraversalResult


Command = RunStep | RunBatch | SetTimer | CancelTimer | CancelRunning | HandedOver | Finished


@dataclass(frozen=True, slots=True)
class Counts:
    """Nodes by what they are at: total = done + running + parked + waiting + failed + aborted.

    parked: on a timer or a signal, or woken and waiting for a place. stopping: the cause of an interrupt or a stop,
    else "" (a walk that a failure stopped shows in failed). lets_finish: it is a stop.
    """

    total: int
    done: int
    running: int
    parked: int
    waiting: int
    failed: int
    aborted: int
    stopping: str
    lets_finish: bool
