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
from typing import Any, Literal, ParamSpec, TypedDict, TypeVar, Unpack

from firebrick.diagnostics import Diagnostic, InvalidInput, NotFound
from starter.address import find_address
from starter.http_api import Api, NoServer
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
from starter.waiting import LONGEST, Following, Operation, SyncOperation

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
OnFailure = Literal["keep", "rollback", "delete"]
RollBackTo = Literal["previous", "complete"]

SENDS = 3  # of one request whose answer was lost


class InputOptions(TypedDict, total=False):
    """What create and update have in common; SyncStackClient says what each is."""

    parameters: Mapping[str, Any] | None
    environment: Document | None
    files: Mapping[str, str] | None
    timeout_mins: int | None
    continue_independent: bool
    operation_id: str | None


class CreateOptions(InputOptions, total=False):
    tags: Sequence[str]
    enable_rollback: bool
    on_failure: OnFailure | None


class UpdateOptions(InputOptions, total=False):
    template: Document | None
    existing: bool
    clear_parameters: Sequence[str]
    tags: Sequence[str] | None
    rollback: bool | None
    on_failure: Literal["keep", "rollback"] | None
    roll_back_to: RollBackTo
    converge: bool


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
        on_failure: OnFailure | None = None,
        continue_independent: bool = False,
        operation_id: str | None = None,
    ) -> SyncOperation:
        """Ask for a stack; returns when the request is accepted.

        template, environment: text, a Path to read it from (then the files it names are sent along), or an object.
        files: what get_file names -> contents. enable_rollback: a failed create is undone, and later a failed update.
        on_failure: what becomes of this create; None: what enable_rollback says. continue_independent: after a failure,
        what does not depend on it goes on. operation_id: a UUID, the request's idempotency key: the same request again
        counts once, another one under it is a Conflict.
        """
        body = {
            "stack_name": name,
            **_inputs(template, parameters, environment, files, timeout_mins, tags or None),
            "disable_rollback": not enable_rollback,
            **_said(on_failure=on_failure, continue_independent=continue_independent or None),
        }
        made = _repeated(self._api.create, body, operation_id or str(uuid.uuid4()))
        return SyncOperation(self._api, made.operation, "CREATE", made.stack, made.warnings)

    def update(
        self,
        name: str,
        *,
        template: Document | None = None,
        parameters: Mapping[str, Any] | None = None,
        environment: Document | None = None,
        files: Mapping[str, str] | None = None,
        existing: bool = False,
        clear_parameters: Sequence[str] = (),
        timeout_mins: int | None = None,
        tags: Sequence[str] | None = None,
        rollback: bool | None = None,
        on_failure: Literal["keep", "rollback"] | None = None,
        roll_back_to: RollBackTo = "previous",
        continue_independent: bool = False,
        converge: bool = False,
        operation_id: str | None = None,
    ) -> SyncOperation:
        """Ask for a stack, by name or id, to be brought to a template. Whatever it does makes way. NotFound.

        existing: what is left out stays as it is, the template too; without, it is not there any more, but for the
        time-out and the rollback setting. clear_parameters: with existing, names of parameters to forget. rollback:
        whether a failure of this and later updates is rolled back; None keeps what the stack has; on_failure: for this
        update only. roll_back_to: the template before this one, or the last that was complete. converge: look at every
        resource, also where nothing changed. The rest is as in create.
        """
        address = self._api.find(name)
        body = {
            **_inputs(template, parameters, environment, files, timeout_mins, tags),
            **_said(
                disable_rollback=None if rollback is None else not rollback,
                clear_parameters=list(clear_parameters) or None,
                on_failure=on_failure,
                roll_back_to=roll_back_to,
                continue_independent=continue_independent or None,
                converge=converge or None,
            ),
        }
        token = operation_id or str(uuid.uuid4())
        asked = _repeated(self._api.update, address, body, token, existing=existing)
        return SyncOperation(self._api, asked.operation, "UPDATE", address, asked.warnings)

    def cancel(self, name: str, *, rollback: bool = True, at_once: bool = False) -> SyncOperation:
        """Stop the update that runs and have it rolled back; without rollback stop it, or a create, and leave it there.
        Resources that are in progress come to their end first; at_once: they are left to the operation that comes next.
        The operation that is stopped: waiting for it ends in StackFailed, whose `followed` has the rollback.
        InvalidInput: nothing runs that could be cancelled so."""
        address = self._api.find(name)
        status = OperationStatus.read(
            self._api.operation(self._api.cancel(address, rollback=rollback, at_once=at_once))
        )
        return SyncOperation(self._api, status.id, status.action, address)

    def continue_(self, name: str, *, operation_id: str | None = None) -> SyncOperation:
        """Go on with what failed: to the same target, and only what is unfinished. InvalidInput: nothing failed."""
        address = self._api.find(name)
        operation = _repeated(self._api.continue_, address, operation_id or str(uuid.uuid4()))
        return SyncOperation(self._api, operation, "UPDATE", address)

    def rollback(
        self, name: str, *, skip: Sequence[str] = (), to: RollBackTo = "previous", operation_id: str | None = None
    ) -> SyncOperation:
        """Bring back what failed to what it was before. skip: names of resources to leave as they are. to: as
        roll_back_to of update. InvalidInput: nothing failed."""
        address = self._api.find(name)
        body = {"skip": list(skip), "to": to}
        operation = _repeated(self._api.rollback, address, body, operation_id or str(uuid.uuid4()))
        return SyncOperation(self._api, operation, "ROLLBACK", address)

    def delete(self, name: str, *, retain: Sequence[str] = (), operation_id: str | None = None) -> SyncOperation:
        """Ask for the end of a stack, by name or id. retain: names of resources whose objects stay. NotFound."""
        address = self._api.find(name)
        operation = _repeated(self._api.delete, address, operation_id or str(uuid.uuid4()), retain=retain)
        return SyncOperation(self._api, operation, "DELETE", address)

    def get(self, name: str) -> Stack:
        """By name or id; a deleted one by its id. NotFound."""
        return Stack.read(self._api.stack(self._api.find(name)))

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
        following = Following(self._api, name, follow=follow, after=after)
        while True:
            events, pause = following.look()
            yield from events
            if pause is None:
                return
            time.sleep(pause)


class StackClient:
    """As SyncStackClient, for a running event loop: each call is made in a thread."""

    def __init__(self, url: str | None = None, *, project: str | None = None, user: str | None = None) -> None:
        self._sync = SyncStackClient(url, project=project, user=user)

    async def create(self, name: str, *, template: Document, **options: Unpack[CreateOptions]) -> Operation:
        """See SyncStackClient.create."""
        return Operation(await asyncio.to_thread(self._sync.create, name, template=template, **options))

    async def update(self, name: str, **options: Unpack[UpdateOptions]) -> Operation:
        """See SyncStackClient.update."""
        return Operation(await asyncio.to_thread(self._sync.update, name, **options))

    async def cancel(self, name: str, *, rollback: bool = True, at_once: bool = False) -> Operation:
        """See SyncStackClient.cancel."""
        return Operation(await asyncio.to_thread(self._sync.cancel, name, rollback=rollback, at_once=at_once))

    async def continue_(self, name: str, *, operation_id: str | None = None) -> Operation:
        """See SyncStackClient.continue_."""
        return Operation(await asyncio.to_thread(self._sync.continue_, name, operation_id=operation_id))

    async def rollback(
        self, name: str, *, skip: Sequence[str] = (), to: RollBackTo = "previous", operation_id: str | None = None
    ) -> Operation:
        """See SyncStackClient.rollback."""
        return Operation(
            await asyncio.to_thread(self._sync.rollback, name, skip=skip, to=to, operation_id=operation_id)
        )

    async def delete(self, name: str, *, retain: Sequence[str] = (), operation_id: str | None = None) -> Operation:
        """See SyncStackClient.delete."""
        return Operation(await asyncio.to_thread(self._sync.delete, name, retain=retain, operation_id=operation_id))

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
        following = Following(self._sync._api, name, follow=follow, after=after)
        while True:
            events, pause = await asyncio.to_thread(following.look)
            for event in events:
                yield event
            if pause is None:
                return
            await asyncio.sleep(pause)


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


def _inputs(
    template: Document | None,
    parameters: Mapping[str, Any] | None,
    environment: Document | None,
    files: Mapping[str, str] | None,
    timeout_mins: int | None,
    tags: Sequence[str] | None,
) -> dict[str, Any]:
    """The part of a request's body that carries them; what was left out is not in it."""
    body: dict[str, Any] = {"parameters": dict(parameters or {})}
    body |= _said(
        template=None if template is None else _read(template),
        environment=None if environment is None else _read(environment),
        timeout_mins=timeout_mins,
        tags=None if tags is None else ",".join(tags),
    )
    if isinstance(template, Path):
        from starter.cli.template_files import collect_files

        body |= collect_files(body, str(template), [str(environment)] if isinstance(environment, Path) else [])
    if files:
        body["files"] = {**body.get("files", {}), **files}
    return body


def _said(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


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
