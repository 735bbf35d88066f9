"""Activities: the only callers of resource handlers. They write the store and heartbeat."""

from collections.abc import Callable
from typing import Any

from activities.batch import BatchActivities
from activities.operations import OperationActivities
from activities.steps import StepActivities
from activities.world import World

FAMILIES = (OperationActivities, StepActivities, BatchActivities)


def activities_of(world: World) -> list[Callable[..., Any]]:
    """Every activity of this package, bound to one world; found by their decoration, so none is forgotten."""
    found = []
    for family in FAMILIES:
        instance = family(world)
        for name in sorted(vars(family)):
            method = getattr(instance, name)
            if hasattr(method, "__temporal_activity_definition"):
                found.append(method)
    return found
