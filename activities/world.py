"""What a worker's activities share; put together in worker.py."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from activities.handlers import HandlerRunner
from firebrick.resources.registry import Registry
from firebrick.store import Store


class Nudge(Protocol):
    """Wakes the workflow that carries out a stack's running operation (best effort, only for speed)."""

    def __call__(self, workflow_id: str) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class World:
    """clock: seconds since the epoch, UTC. minute: seconds that a minute of timeout_mins lasts (60; tests shorten it).
    payload_codec: whether payloads are encrypted, so that hidden values may travel inline."""

    store: Store
    registry: Registry
    handlers: HandlerRunner
    nudge: Nudge
    clock: Callable[[], float]
    minute: float = 60.0
    payload_codec: bool = False
    search_attributes: bool = False
