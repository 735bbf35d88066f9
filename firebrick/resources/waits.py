"""Waiting for a moment that may be years away, in steps a timer can take."""

from collections.abc import Mapping
from typing import Any

from firebrick.resources.base import WaitUntil

LONGEST_STEP = 86_400.0  # seconds; whoever waits longer, or for ever, asks again once a day
FOR_EVER = -1.0


def wait_until(due: float, *, now: float, progress: Mapping[str, Any], physical_id: str | None = None) -> WaitUntil:
    """Come back at `due`, or in a day if that is sooner; due FOR_EVER: always in a day. All in epoch seconds."""
    longest = now + LONGEST_STEP
    time = longest if due == FOR_EVER else min(due, longest)
    return WaitUntil(time=time, physical_id=physical_id, progress=progress)
