"""Stacks from Python: StackClient (async) and SyncStackClient, which speak to the HTTP API.

    client = StackClient()
    operation = await client.create("web", template=Path("web.yaml"), parameters={"size": 2})
    stack = await operation.wait()          # StackFailed, with the root cause first, when it did not become COMPLETE
    print(stack.outputs["address"])

Every refusal is a firebrick.diagnostics.FirebrickError: InvalidInput, NotFound, Conflict, Unavailable. Neither the
store nor Temporal is needed, and neither is loaded.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from starter.address import find_address
from starter.http_api import Api, NoServer, StackAddress
from starter.results import (
    Cause,
    Event,
    Failure,
    OperationStatus,
    Resource,
    Stack,
    StackFailed,
    StackSummary,
    StackSuperseded,
)

__all__ = [
    "Cause",
    "Event",
    "Failure",
    "Operation",
    "OperationStatus",
    "Resource",
    "Stack",
    "StackClient",
    "StackFailed",
    "StackSummary",
    "StackSuperseded",
    "SyncOperation",
    "SyncStackClient",
]

P = ParamSpec("P")
T = TypeVar("T")
Document = str | Path | Mapping[str, Any]

PAGE = 500  # events asked for at once
SENDS = 3  # of one request whose answer was lost
SHORTEST, LONGEST = 0.1, 1.0  # seconds between two looks: short while things happen
PATIENCE = 60.0  # seconds without a server before a waiter gives up


class Pauses:
    """How long a waiter rests between two looks; a server that is away for a while is waited for."""

    def __init__(self) -> None:
        self._pause = SHORTEST
        self._silent_since = 0.0

    def heard(self, *, news: bool = False) -> float:
        self._silent_since = 0.0
        self._pause = SHORTEST if news else min(LONGEST, self._pause * 1.5)
        return self._pause

    def unheard(self, error: NoServer) -> float:
        """Raises the error when the server has been away for PATIENCE."""
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        if now - self._silent_since > PATIENCE:
            raise error
        return LONGEST


class SyncStackClient:
    """The stacks of one project; every method blocks until it is answered. Any thread may use it.

    url: like http://HOST:PORT/v1/PROJECT; default: $FIREBRICK_URL, the running server of this machine, or port 8004.
    project: default: the URL's, $FIREBRICK_PROJECT, or "default". user: who asks, shown with the operations; default:
    the user of this process.
    """

    def __init__(self, url: str | None = None, *, project: str | None = None, user: str | None = None) -> None:
        self._api = Api(find_address(url, project, source="url"), user=user)

    def create(
        self,
        name: str,
        *,
        template: Document,
        parameters: Mapping[str, Any] | None = None,
        environment: Document | None = None,
        files: Mapping[str, str] | None = None,
        timeout_mins: int | None = None,
        tags: Sequence[str] = (),
        enable_rollback: bool = False,
        operation_id: str | None = None,
    ) -> "SyncOperation":
        """Ask for a stack; returns when the request is accepted.

        template, environment: text, a Path to read it from (then the files it names are sent along), or an object.
        files: what get_file names -> contents. operation_id: a UUID that names the request: repeated, it counts once.
        """
        body: dict[str, Any] = {
            "stack_name": name,
            "template": _read(template),
            "parameters": dict(parameters or {}),
            "disable_rollback": not enable_rollback,
        }
        if environment is not None:
            body["environment"] = _read(environment)
        if timeout_mins is not None:
            body["timeout_mins"] = timeout_mins
        if tags:
            body["tags"] = ",".join(tags)
        if isinstance(template, Path):
            from starter.cli.template_files import collect_files

            body |= collect_files(body, str(template), [str(environment)] if isinstance(environment, Path) else [])
        if files:
            body["files"] = {**body.get("files", {}), **files}
        token = operation_id or str(uuid.uuid4())
        address, operation = _repeated(self._api.create, body, token)
        return SyncOperation(self, operation, "CREATE", address)

    def delete(self, name: str, *, operation_id: str | None = None) -> "SyncOperation":
        """Ask for the end of a stack, by name or id. NotFound, ActionInProgress as Conflict."""
        address = self._api.find(name)
        operation = _repeated(self._api.delete, address, operation_id or str(uuid.uuid4()))
        return SyncOperation(self, operation, "DELETE", address)

    def get(self, name: str) -> Stack:
        """By name or id; a deleted one by its id. NotFound."""
        return self._stack(self._api.find(name))

    def list(
        self,
        *,
        name: str | None = None,
        status: str | None = None,
        tags: Sequence[str] = (),
        deleted: bool = False,
        limit: int | None = None,
        marker: str | None = None,
    ) -> Sequence[StackSummary]:
        """The newest first. status: ``COMPLETE`` or ``CREATE_COMPLETE``. tags: stacks that have all of them. deleted:
        deleted ones too. limit: at most so many. marker: the id of the stack before the first."""
        query: dict[str, Any] = {"show_deleted": "True"} if deleted else {}
        given = {"name": name, "status": status, "tags": ",".join(tags) or None, "limit": limit, "marker": marker}
        query |= {key: value for key, value in given.items() if value is not None}
        return [StackSummary.read(one) for one in self._api.stacks(query)]

    def resources(self, name: str) -> Sequence[Resource]:
        """In the template's order."""
        return [Resource.read(one) for one in self._api.resources(self._api.find(name))]

    def outputs(self, name: str) -> Mapping[str, Any]:
        """Key -> value. NotFound, naming each, when a value cannot be had; get() has the others even then."""
        stack = self.get(name)
        if stack.output_errors:
            raise NotFound(
                [
                    Diagnostic(code="output-error", summary=error, path=f"outputs.{key}")
                    for key, error in stack.output_errors.items()
                ]
            )
        return stack.outputs

    def operation(self, operation_id: str) -> OperationStatus:
        """NotFound."""
        return OperationStatus.read(self._api.operation(operation_id))

    def operations(self, name: str) -> Sequence[OperationStatus]:
        """All that was asked of a stack, the newest first."""
        return [OperationStatus.read(one) for one in self._api.operations(self._api.find(name))]

    def events(self, name: str, *, follow: bool = False, after: int = 0) -> Iterator[Event]:
        """Events after that `seq`, the oldest first. follow: go on until what the stack does now has ended."""
        following = Following(self, name, follow=follow, after=after)
        while True:
            events, pause = following.look()
            yield from events
            if pause is None:
                return
            time.sleep(pause)

    def _stack(self, address: StackAddress) -> Stack:
        return Stack.read(self._api.stack(address))

    def _events(self, address: StackAddress, after: int) -> "Sequence[Event]":
        return [Event.read(one) for one in self._api.events(address, {"after_seq": after, "limit": PAGE})]


class SyncOperation:
    """An accepted request. action: CREATE or DELETE. stack: its name and id."""

    def __init__(self, client: SyncStackClient, operation_id: str, action: str, stack: StackAddress) -> None:
        self._client = client
        self.id = operation_id
        self.action = action
        self.stack = stack

    def status(self) -> OperationStatus:
        return self._client.operation(self.id)

    def wait(self, timeout: float | None = None) -> Stack:
        """Until it has ended; the stack. StackFailed or StackSuperseded when it is not DONE; TimeoutError after so many
        seconds (the operation goes on)."""
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
            if not status.has_ended:
                return None, pauses.heard()
            status.check()
            return self._client._stack(self.stack), 0.0
        except NoServer as error:
            return None, pauses.unheard(error)


class Following:
    """Events of a stack, page by page, until its newest operation has ended."""

    def __init__(self, client: SyncStackClient, name: str, *, follow: bool, after: int) -> None:
        self._client = client
        self._name = name
        self._follow = follow
        self._after = after
        self._pauses = Pauses()
        self._address: StackAddress | None = None
        self._operation = ""

    def look(self) -> tuple[Sequence[Event], float | None]:
        """(events, seconds until the next look; None: there will be no more)."""
        if self._address is None:
            self._address = self._client._api.find(self._name)
        try:
            ended = not self._follow or self._ended(self._address)  # before the events: then all of them are there
            events = self._client._events(self._address, self._after)
        except NoServer as error:
            if not self._follow:
                raise
            return (), self._pauses.unheard(error)
        if events:
            self._after = events[-1].seq
        if len(events) == PAGE:
            return events, 0.0
        pause = self._pauses.heard(news=bool(events))
        return events, None if ended else pause

    def _ended(self, address: StackAddress) -> bool:
        if not self._operation:
            newest = self._client._api.operations(address)[0]
            self._operation = str(newest["id"])
        return self._client.operation(self._operation).has_ended


class StackClient:
    """As SyncStackClient, for a running event loop: each call is made in a thread."""

    def __init__(self, url: str | None = None, *, project: str | None = None, user: str | None = None) -> None:
        self._sync = SyncStackClient(url, project=project, user=user)

    async def create(
        self,
        name: str,
        *,
        template: Document,
        parameters: Mapping[str, Any] | None = None,
        environment: Document | None = None,
        files: Mapping[str, str] | None = None,
        timeout_mins: int | None = None,
        tags: Sequence[str] = (),
        enable_rollback: bool = False,
        operation_id: str | None = None,
    ) -> "Operation":
        """See SyncStackClient.create."""
        made = await asyncio.to_thread(
            self._sync.create,
            name,
            template=template,
            parameters=parameters,
            environment=environment,
            files=files,
            timeout_mins=timeout_mins,
            tags=tags,
            enable_rollback=enable_rollback,
            operation_id=operation_id,
        )
        return Operation(made)

    async def delete(self, name: str, *, operation_id: str | None = None) -> "Operation":
        """See SyncStackClient.delete."""
        return Operation(await asyncio.to_thread(self._sync.delete, name, operation_id=operation_id))

    async def get(self, name: str) -> Stack:
        """See SyncStackClient.get."""
        return await asyncio.to_thread(self._sync.get, name)

    async def list(
        self,
        *,
        name: str | None = None,
        status: str | None = None,
        tags: Sequence[str] = (),
        deleted: bool = False,
        limit: int | None = None,
        marker: str | None = None,
    ) -> Sequence[StackSummary]:
        """See SyncStackClient.list."""
        return await asyncio.to_thread(
            self._sync.list, name=name, status=status, tags=tags, deleted=deleted, limit=limit, marker=marker
        )

    async def resources(self, name: str) -> Sequence[Resource]:
        """See SyncStackClient.resources."""
        return await asyncio.to_thread(self._sync.resources, name)

    async def outputs(self, name: str) -> Mapping[str, Any]:
        """See SyncStackClient.outputs."""
        return await asyncio.to_thread(self._sync.outputs, name)

    async def operation(self, operation_id: str) -> OperationStatus:
        """See SyncStackClient.operation."""
        return await asyncio.to_thread(self._sync.operation, operation_id)

    async def operations(self, name: str) -> Sequence[OperationStatus]:
        """See SyncStackClient.operations."""
        return await asyncio.to_thread(self._sync.operations, name)

    async def events(self, name: str, *, follow: bool = False, after: int = 0) -> AsyncIterator[Event]:
        """See SyncStackClient.events."""
        following = Following(self._sync, name, follow=follow, after=after)
        while True:
            events, pause = await asyncio.to_thread(following.look)
            for event in events:
                yield event
            if pause is None:
                return
            await asyncio.sleep(pause)


class Operation:
    """An accepted request. action: CREATE or DELETE. stack: its name and id."""

    def __init__(self, accepted: SyncOperation) -> None:
        self._sync = accepted
        self.id = accepted.id
        self.action = accepted.action
        self.stack = accepted.stack

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


def _repeated(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Send a request that names itself, again when its answer was lost."""
    for _ in range(SENDS - 1):
        try:
            return call(*arguments, **named)
        except NoServer as lost:
            if not lost.sent:
                raise
            time.sleep(LONGEST)
    return call(*arguments, **named)


def _read(document: Document) -> str | dict[str, Any]:
    if isinstance(document, str):
        return document
    if not isinstance(document, Path):
        return dict(document)
    try:
        return document.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InvalidInput(
            Diagnostic(code="unreadable-file", summary=f"the file cannot be read: {reason}", file=str(document))
        ) from None
