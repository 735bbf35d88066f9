"""A worker without the package of a resource type leaves the resource to one that has it.

While a package is rolled out some workers have it and some do not. A failed activity goes back to the task queue, where
any worker may take it (what a run asks for anew goes to the run's own worker first). When so many attempts have met
nobody who has the type, the resource fails, and says what is missing.
"""

from collections.abc import Set as AbstractSet
from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.world import World

ATTEMPTS = 60
"""So many may find that their worker lacks a type; the last of them takes the row all the same, and tells why it cannot
be. They count themselves, in their heartbeats: an attempt that met no database says nothing about types. Who gets an
attempt is chance, and a worker with more pollers has more of it: where two were at work, in one case of nine all of the
first twelve attempts met the same one."""
ALL_ATTEMPTS = 400
"""Of whatever kind: for a server that keeps no heartbeat of an attempt that failed."""
PAUSE = timedelta(seconds=1)

log = structlog.get_logger("firebrick.activities")


def types_asked_for(world: World) -> AbstractSet[str] | None:
    """Of which types this attempt of an activity asks for rows; None, any, for the last."""
    last = _met() + 1 >= ATTEMPTS or activity.info().attempt >= ALL_ATTEMPTS
    return None if last else world.registry.implementations


def left_to_others(type_name: str) -> ApplicationError:
    activity.heartbeat(_met() + 1)
    log.warning("this worker lacks a resource type; left to another", type=type_name)
    return ApplicationError(
        f"this worker lacks the resource type {type_name}: is its package installed on every worker?",
        type="TypeIsMissing",
        next_retry_delay=PAUSE,
        category=ApplicationErrorCategory.BENIGN,
    )


def _met() -> int:
    """How many attempts before this one have met a worker that lacks a type."""
    told = activity.info().heartbeat_details
    return told[0] if told and isinstance(told[0], int) else 0
