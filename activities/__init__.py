"""Activities: the only callers of resource handlers. They write the store and heartbeat."""

from collections.abc import Callable
from typing import Any

from activities.batch import BatchActivities
from activities.looking import LookActivities
from activities.operations import OperationActivities
from activities.signalling import SignalActivities
from activities.steps import StepActivities
from activities.world import World

FAMILIES = (OperationActivities, StepActivities, BatchActivities, SignalActivities, LookActivities)


def activities_of(world: World) -> list[Callable[..., Any]]:
    """Every activity of a worker's world; found by their decoration, so none is forgotten."""
    return [found for family in FAMILIES for found in activities_in(family(world))]


def activities_in(instance: object) -> list[Callable[..., Any]]:
    """An object's activities, by name."""
    methods = [getattr(instance, name) for name in sorted(vars(type(instance)))]
    return [method for method in methods if hasattr(method, "__temporal_activity_definition")]
