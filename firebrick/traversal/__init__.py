"""The state machine that walks a plan: events in, commands out. The only place where the rules of a walk live.

Pure: it reads no clock (time is a float the caller gives, seconds), starts nothing, and takes the same decisions for
the same events. A workflow drives it (``workflows/driver.py``); a fake world with a virtual clock drives it in
``tests/model``. It loads inside Temporal's sandbox.

    commands.py   what it asks of its driver, and what it answers at the end
    machine.py    Traversal: the rules
    track.py      one node of a walk
    ready.py      which nodes may start, in order, under the limits of their concurrency keys
    saved.py      what one life hands to the next, as text
"""

from firebrick.traversal.commands import (
    CancelRunning,
    CancelTimer,
    Command,
    Counts,
    Finished,
    HandedOver,
    Interrupt,
    RunBatch,
    RunStep,
    SetTimer,
    TraversalResult,
)
from firebrick.traversal.machine import Traversal

__all__ = [
    "CancelRunning",
    "CancelTimer",
    "Command",
    "Counts",
    "Finished",
    "HandedOver",
    "Interrupt",
    "RunBatch",
    "RunStep",
    "SetTimer",
    "Traversal",
    "TraversalResult",
]
