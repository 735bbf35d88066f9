"""The time for which a row is held for a call, as the process that calls counts it.

The store has the same time on the database's clock, for others. This one counts elapsed time, also while the process is
stopped: a call that comes to its turn too late is not made, since somebody else may have the row by then.
"""

from firebrick.elapsed import elapsed


class Lease:
    """One for each step. Threads read it, the step's coroutine moves it."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = 0.0

    def hold(self, since: float, seconds: float) -> None:
        """since: elapsed() before the store was asked to hold the row for so many seconds."""
        self._until = since + seconds

    def lose(self) -> None:
        """The row is somebody else's."""
        self._until = 0.0

    def left(self) -> float:
        """Seconds for which nobody else may act on the row; below zero when that is over."""
        return self._until - elapsed()
