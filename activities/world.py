"""What a worker's activities share; put together in worker.py."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from activities.handlers import HandlerRunner
from activities.recent import RecentSteps
from firebrick.contract import WINDOW
from firebrick.resources.registry import Registry
from firebrick.store import OperationRow, Store


class Cluster(Protocol):
    """The workflows of other operations, as far as activities reach them. All is best effort, only for speed: the store
    knows, and whoever is not told looks there."""

    def start(self, operation: OperationRow) -> Awaitable[bool]:
        """Start an accepted operation's workflow, or have the one that runs the stack make way."""
        ...

    def nudge(self, workflow_id: str, seq: int) -> Awaitable[None]:
        """Tell a run that the operation of this sequence was accepted; told late it does not interrupt that one."""
        ...

    def cancel(self, workflow_id: str, seq: int, at_once: bool = False) -> Awaitable[None]:
        """Tell a run that a cancel was stored for the operation of this sequence; told late it ends no other. at_once:
        it does not wait for what is in progress."""
        ...

    def wake(self, workflow_id: str, key: str) -> Awaitable[None]:
        """Tell a run that what it waits for under this key is in the store."""
        ...


async def _none() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class World:
    """clock: seconds since the epoch, UTC. minute: seconds that a minute of timeout_mins lasts (60; tests shorten it).
    payload_codec: whether payloads are encrypted, so that hidden values may travel inline. search_attributes: whether
    the namespace has ours now, so that runs may write them. pause: lets so many seconds
    pass. window: steps of one operation that run at once. recent: those that began a moment ago."""

    store: Store
    registry: Registry
    handlers: HandlerRunner
    cluster: Cluster
    clock: Callable[[], float]
    minute: float = 60.0
    payload_codec: bool = False
    search_attributes: Callable[[], Awaitable[bool]] = _none
    window: int = WINDOW
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    recent: RecentSteps = field(default_factory=RecentSteps)
