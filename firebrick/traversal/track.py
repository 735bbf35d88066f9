"""One node of a walk, and what it may be at."""

from enum import IntEnum

from firebrick.plan import PlanNode


class At(IntEnum):
    """What a node is at. Legal ways: WAITING -> READY -> RUNNING <-> PARKED -> DUE -> RUNNING -> one of the three ends;
    an interrupt takes PARKED and DUE to ABORTED; an instant node that its batch did not get to goes back to WAITING."""

    WAITING = 0
    READY = 1
    RUNNING = 2
    PARKED = 3
    DUE = 4  # woken, waits for a place
    DONE = 5
    FAILED = 6
    ABORTED = 7


class Track:
    """What is known of one node. batch: the number of the batch it runs in, 0 when it runs alone or not at all.
    stopping: its last step was told that the walk is being stopped."""

    __slots__ = ("node", "index", "at", "step", "batch", "alone", "until", "key", "why", "stopping")

    def __init__(self, node: PlanNode, index: int) -> None:
        self.node = node
        self.index = index
        self.at = At.WAITING
        self.step = 0
        self.batch = 0
        self.alone = False
        self.until = 0.0
        self.key = ""
        self.why = ""
        self.stopping = False
