"""Named places at which a process can be told to die, for the proof by killing.

``FIREBRICK_FAILPOINT=step.after-call`` kills this process with SIGKILL the first time it comes there;
``step.after-call@3`` the third time; ``=web:step.after-call`` only for the resource named web. Without the variable a
point costs one comparison.
"""

import os
import signal

POINTS = (
    "begin.before",  # begin_operation has not touched the store
    "begin.after-accept",  # an inline request is stored as PENDING
    "begin.after",  # the operation is RUNNING, the workflow does not know
    "step.before-claim",
    "step.after-claim",  # the intent is stored, nothing was asked of the provider
    "step.after-find",  # find_by_key has answered, its answer is not stored
    "step.before-call",  # nothing was asked of the provider yet, but for find_by_key
    "step.after-call",  # the provider did it, nothing is stored
    "step.before-stand-in",  # a replacement is to be made, nothing is stored of it
    "step.after-stand-in",  # the replacement's row is stored, nothing was asked of the provider
    "step.after-progress",  # the physical id is stored, the action is not complete
    "step.after-record",  # the outcome is stored, the workflow does not know
    "batch.before-claim",
    "batch.after-claim",
    "batch.after-record",
    "finish.before",
    "finish.after",  # the operation has ended, the workflow does not know
)

_ARMED = os.environ.get("FIREBRICK_FAILPOINT", "")
_passes = 0


def failpoint(name: str, resource: str = "") -> None:
    """Die here if told so."""
    if not _ARMED:
        return
    global _passes
    wanted, _, count = _ARMED.partition("@")
    only, _, point = wanted.rpartition(":")
    if point != name or (only and only != resource):
        return
    _passes += 1
    if _passes >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
