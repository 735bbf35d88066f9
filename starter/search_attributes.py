"""Whether the namespace has our search attributes: asked again and again, since an operator may take them away.

A start that names one that is not there is refused, and a run that writes one cannot go on. Without them stacks work
all the same; Temporal's list shows less.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from firebrick.diagnostics import Conflict
from starter.cluster import missing_search_attributes, register_search_attributes

log = structlog.get_logger("firebrick.worker")

Present = Callable[[], Awaitable[bool]]
FRESH = 1.0  # seconds for which an answer counts
# A cluster that answers so does not let us ask: it is taken to have none, and asked again after so many seconds.
_SILENT = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
SILENT_FOR = 60.0


async def never() -> bool:
    """Where none are to be written."""
    return False


class SearchAttributes:
    """Of one process. client: called for each question, so that a connection may be replaced."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._asking = asyncio.Lock()
        self._until = 0.0  # by the monotonic clock
        self._present: bool | None = None

    async def present(self) -> bool:
        """Whether all are there. While the cluster does not answer, what it said last; RPCError when it said nothing
        yet."""
        async with self._asking:
            if time.monotonic() >= self._until:
                await self._ask()
        return bool(self._present)

    async def put_back(self) -> Sequence[str]:
        """Add those that are missing; which. RPCError: the cluster does not let us."""
        added = await register_search_attributes(self._client())
        self._until = 0.0
        return added

    async def _ask(self) -> None:
        seconds = FRESH
        try:
            missing = await missing_search_attributes(self._client())
        except Conflict:
            missing = ["(of another type)"]
        except RPCError as error:
            if error.status not in _SILENT:
                if self._present is None:
                    raise
                return
            missing, seconds = ["(this cluster does not say)"], SILENT_FOR
        self._until = time.monotonic() + seconds
        if missing and self._present is not False:
            log.warning("search attributes are not registered: run `firebrick server setup`", missing=list(missing))
        elif not missing and self._present is False:
            log.info("search attributes are registered now")
        self._present = not missing
