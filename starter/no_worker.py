"""What whoever waits for an operation is told when no worker goes on with it. For the CLI and the Python client."""

import time
from collections.abc import Callable

SOON = 3.0  # seconds without a worker before it is told: one that starts, or starts again, is no news
ADVICE = (
    "nothing goes on until one does. Start one with `firebrick worker` (`firebrick server` has one), or look at the "
    "log of the one there is"
)
BACK = "a worker is at it again"


class NoWorker:
    """Once when it has been so for SOON, and again when it changes. clock: seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said = ""
        self._heard = ""
        self._since = 0.0

    def line(self, reason: str | None) -> str | None:
        """What is to be said now, if anything. reason: the server's, of the operation; None while a worker is at it."""
        reason = reason or ""
        if reason != self._heard:
            self._heard, self._since = reason, self._clock()
        if reason == self._said or (reason and self._clock() - self._since < SOON):
            return None
        self._said = reason
        return f"{reason}: {ADVICE}" if reason else BACK
