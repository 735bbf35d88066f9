"""A worker without the package of a resource type leaves the resource to one that has it.

While a package is rolled out some workers have it and some do not. A failed activity goes back to the task queue, where
any worker may take it (what a run asks for anew goes to the run's own worker first). When so many attempts have met
nobody who has the type, the resource fails, and says what is missing.
"""

from collections.abc import Set as AbstractSet
from datetime import timedelta

import structlog
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.world import World

ATTEMPTS = 12
PAUSE = timedelta(seconds=2)

log = structlog.get_logger("firebrick.activities")


def types_asked_for(world: World, attempt: int) -> AbstractSet[str] | None:
    """Of which types this attempt asks for rows; None, any, for the last: that tells why it cannot be."""
    return world.registry.implementations if attempt < ATTEMPTS else None


def left_to_others(type_name: str) -> ApplicationError:
    log.warning("this worker lacks a resource type; left to another", type=type_name)
    return ApplicationError(
        f"this worker lacks the resource type {type_name}: is its package installed on every worker?",
        type="TypeIsMissing",
        next_retry_delay=PAUSE,
        category=ApplicationErrorCategory.BENIGN,
    )
