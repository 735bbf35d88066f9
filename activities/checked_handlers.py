"""The handlers that a worker calls: each answer is checked where the handler runs (firebrick.resources.answers)."""

from collections.abc import Callable
from typing import Any

from activities.handlers import HandlerRunner
from firebrick.resources.answers import guarded
from firebrick.resources.base import ResourceType


class CheckedHandlers(HandlerRunner):
    """As HandlerRunner. BadAnswer: what a handler gave back cannot be taken. No error of a handler ends the worker."""

    async def call(self, kind: ResourceType, handler: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return await super().call(kind, guarded(kind, handler), *arguments, **options)
