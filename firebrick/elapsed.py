"""Time that passes, on a clock that nobody sets: it counts while a process is stopped and while a machine sleeps."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds since some moment in the past. Only differences mean anything."""
    return time.clock_gettime(_CLOCK)
