"""Accepted requests and how their ends are waited for: what starter.client's methods give. Polling, as the CLI does.

That no worker goes on with what is waited for is a warning of the logger ``firebrick.client``, which is on standard
error unless the program sets up its logs otherwise.
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from firebrick.diagnostics import Diagnostic, Unavailable
from starter.http_api import Api, StackAddress
from starter.no_worker import NoWorker
from starter.results import Event, OperationStatus, Stack

log = logging.getLogger("firebrick.client")

PAGE = 500  # events asked for at once
SHORTEST, LONGEST = 0.1, 1.0  # seconds between two looks: short while things happen
PATIENCE = 60.0  # seconds without an answer before a waiter gives up


class Pauses:
    """How long a waiter rests between two looks. A server that is away for a while, or its database, is waited for."""

    def __init__(self) -> None:
        self._pause = SHORTEST
        self._silent_since = 0.0
        self._missed = NoWorker()

    def tell(self, stack: StackAddress, status: OperationStatus) -> None:
        """Say when no worker goes on with what is waited for."""
        if (line := self._missed.line(status.no_worker)) is not None:
            log.warning("%s of stack %s: %s", status.action, stack.name, line)

    def heard(self, *, news: bool = False) -> float:
        self._silent_since = 0.0
        self._pause = SHORTEST if news else min(LONGEST, self._pause * 1.5)
        return self._pause

    def unheard(self, error: Unavailable) -> float:
        """Raises the error when the server has been away for PATIENCE."""
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        if now - self._silent_since > PATIENCE:
            raise error
        return LONGEST


class SyncOperation:
    """An accepted request. action: CREATE, UPDATE, ROLLBACK or DELETE. stack: its name and id. warnings: what is
    allowed in what was sent, and probably not meant."""

    def __init__(
        self,
        api: Api,
        operation_id: str,
        action: str,
        stack: StackAddress,
        warnings: Sequence[Diagnostic] = (),
    ) -> None:
        self._api = api
        self.id = operation_id
        self.action = action
        self.stack = stack
        self.warnings = tuple(warnings)

    def status(self) -> OperationStatus:
        return OperationStatus.read(self._api.operation(self.id))

    def wait(self, timeout: float | None = None) -> Stack:
        """Until it has ended, and what its failure leads to; the stack. StackFailed or StackSuperseded when it is not
        DONE; TimeoutError after so many seconds (the operation goes on)."""
        pauses, deadline = Pauses(), None if timeout is None else time.monotonic() + timeout
        while True:
            stack, pause = self._look(pauses)
            if stack is not None:
                return stack
            if deadline is not None and time.monotonic() + pause > deadline:
                raise self._not_ended(timeout)
            time.sleep(pause)

    def _not_ended(self, timeout: float | None) -> TimeoutError:
        return TimeoutError(f"the {self.action} of {self.stack.name} has not ended within {timeout or 0:g} s")

    def _look(self, pauses: Pauses) -> tuple[Stack | None, float]:
        """(the stack when it has ended well, seconds until the next look)."""
        try:
            status = self.status()
            followed = self._followed(status)
            last = [status, *followed][-1]
            if not last.has_ended:
                pauses.tell(self.stack, last)
                return None, pauses.heard()
            status.check(followed)
            return Stack.read(self._api.stack(self.stack)), 0.0
        except Unavailable as error:
            return None, pauses.unheard(error)

    def _followed(self, status: OperationStatus) -> list[OperationStatus]:
        """What its failure led to, and so on."""
        found: list[OperationStatus] = []
        while status.state == "FAILED" and (body := self._api.what_follows(self.stack, status.id)):
            status = OperationStatus.read(self._api.operation(body["id"]))
            found.append(status)
        return found


class Following:
    """Events of a stack, page by page, until its newest operation has ended, and what its failure leads to."""

    def __init__(self, api: Api, name: str, *, follow: bool, after: int) -> None:
        self._api = api
        self._name = name
        self._follow = follow
        self._after = after
        self._pauses = Pauses()
        self._address: StackAddress | None = None
        self._operation = ""

    def look(self) -> tuple[Sequence[Event], float | None]:
        """(events, seconds until the next look; None: there will be no more)."""
        if self._address is None:
            self._address = self._api.find(self._name)
        try:
            ended = not self._follow or self._ended(self._address)  # before the events: then all of them are there
            events = self._events(self._address)
        except Unavailable as error:
            if not self._follow:
                raise
            return (), self._pauses.unheard(error)
        if events:
            self._after = events[-1].seq
        if len(events) == PAGE:
            return events, 0.0
        pause = self._pauses.heard(news=bool(events))
        return events, None if ended else pause

    def _events(self, address: StackAddress) -> Sequence[Event]:
        return [Event.read(one) for one in self._api.events(address, {"after_seq": self._after, "limit": PAGE})]

    def _ended(self, address: StackAddress) -> bool:
        if not self._operation:
            self._operation = str(self._api.operations(address)[0]["id"])
        status = OperationStatus.read(self._api.operation(self._operation))
        self._pauses.tell(address, status)
        if status.state == "FAILED" and (next_one := self._api.what_follows(address, self._operation)):
            self._operation = str(next_one["id"])
            return False
        return status.has_ended


class Operation:
    """An accepted request. action, stack, warnings: see SyncOperation."""

    def __init__(self, accepted: SyncOperation) -> None:
        self._sync = accepted
        self.id = accepted.id
        self.action = accepted.action
        self.stack = accepted.stack
        self.warnings = accepted.warnings

    async def status(self) -> OperationStatus:
        return await asyncio.to_thread(self._sync.status)

    async def wait(self, timeout: float | None = None) -> Stack:
        """See SyncOperation.wait. Cancelling the waiter leaves the operation alone."""
        pauses = Pauses()
        try:
            async with asyncio.timeout(timeout):
                while True:
                    stack, pause = await asyncio.to_thread(self._sync._look, pauses)
                    if stack is not None:
                        return stack
                    await asyncio.sleep(pause)
        except TimeoutError:
            raise self._sync._not_ended(timeout) from None
