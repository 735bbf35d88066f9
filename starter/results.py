"""What the Python client gives: stacks, resources, events and operations as frozen dataclasses, read from the API.

Times are aware datetimes in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from firebrick.diagnostics import Diagnostic, FirebrickError
from starter.failure_tree import left, root_causes

Body = Mapping[str, Any]

ENDED = frozenset({"DONE", "FAILED", "SUPERSEDED"})


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack as lists have it. status: ``CREATE_COMPLETE`` and the like."""

    id: str
    name: str
    status: str
    status_reason: str
    owner: str
    tags: tuple[str, ...]
    created: datetime | None
    updated: datetime | None
    deleted: datetime | None

    @classmethod
    def read(cls, body: Body) -> "StackSummary":
        return cls(**_summary(body))


@dataclass(frozen=True, slots=True)
class Stack(StackSummary):
    """A stack as a whole. outputs: key -> value, null when it cannot be had; output_errors says why not.
    parameters: Heat's text forms, hidden ones as asterisks. timeout_mins: None is the server's default."""

    description: str = ""
    timeout_mins: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    output_errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, body: Body) -> "Stack":
        outputs = body.get("outputs") or ()
        return cls(
            **_summary(body),
            description=body["description"],
            timeout_mins=body["timeout_mins"],
            parameters=dict(body["parameters"]),
            outputs={one["output_key"]: one["output_value"] for one in outputs},
            output_errors={one["output_key"]: one["output_error"] for one in outputs if "output_error" in one},
        )


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack. physical_id: "" before it is made. required_by: names."""

    name: str
    type: str
    status: str
    status_reason: str
    physical_id: str
    required_by: tuple[str, ...]
    created: datetime | None
    updated: datetime | None

    @classmethod
    def read(cls, body: Body) -> "Resource":
        return cls(
            name=body["resource_name"],
            type=body["resource_type"],
            status=body["resource_status"],
            status_reason=body["resource_status_reason"] or "",
            physical_id=body["physical_resource_id"],
            required_by=tuple(body["required_by"]),
            created=_time(body["creation_time"]),
            updated=_time(body["updated_time"]),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a stack (then resource is the stack's name, physical_id its id) or a resource of it.
    seq: its place in the stack, from 1."""

    id: str
    seq: int
    time: datetime | None
    resource: str
    physical_id: str
    status: str
    reason: str

    @classmethod
    def read(cls, body: Body) -> "Event":
        return cls(
            id=body["id"],
            seq=body["seq"],
            time=_time(body["event_time"]),
            resource=body["resource_name"],
            physical_id=body["physical_resource_id"],
            status=body["resource_status"],
            reason=body["resource_status_reason"] or "",
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """A resource that failed by itself. resource: its name; in a nested stack the path to it (``outer.inner``). stack:
    the name of the stack that it is in. error: the provider's error class, message its own words. error_class: what
    helps against it (see firebrick.resources.errors). attempts: all of them."""

    resource: str
    stack: str
    type: str
    action: str
    error_class: str
    error: str
    message: str
    attempts: int

    @classmethod
    def read(cls, body: Body) -> "Cause":
        return cls(
            resource=body["path"],
            stack=body["stack"],
            type=body["type"],
            action=body["action"],
            error_class=body["error_class"],
            error=body["error"],
            message=body["message"],
            attempts=body["attempts"],
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an operation failed: causes in the order they happened, the root cause first; then names of resources."""

    causes: tuple[Cause, ...] = ()
    aborted: tuple[str, ...] = ()
    not_started: tuple[str, ...] = ()

    @classmethod
    def read(cls, body: Body, stack: str) -> "Failure":
        """stack: the name of the operation's. What failed in nested stacks is in their place."""
        causes = tuple(Cause.read(one) for one in root_causes(body, stack))
        return cls(causes, tuple(left(body, "aborted")), tuple(left(body, "not_started")))

    def __str__(self) -> str:
        lines = []
        for number, one in enumerate(self.causes):
            what = "root cause" if number == 0 else "also failed"
            lines.append(f"{what}: {one.resource} ({one.type}, attempts: {one.attempts}): {one.error}: {one.message}")
        for what, names in (("aborted", self.aborted), ("not started", self.not_started)):
            if names:
                lines.append(f"{what}: {', '.join(names)}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """What became of a request. state: PENDING, RUNNING, DONE, FAILED or SUPERSEDED. requested_by: who asked, as the
    client said it. superseded_by, target, follows: an operation's id: the one that took over, the one that asked first
    for what the stack is brought to (None: a delete), the one whose failure led to this one. cancel: how a cancel asked
    for it to end, "rollback" or "keep". no_worker: why no worker goes on with it, where that is so; not in lists."""

    id: str
    stack_id: str
    stack_name: str
    action: str
    state: str
    reason: str
    requested_by: Mapping[str, Any]
    superseded_by: str | None
    accepted: datetime | None
    ended: datetime | None
    deadline: datetime | None
    failure: Failure | None
    target: str | None = None
    cancel: str | None = None
    follows: str | None = None
    no_worker: str | None = None

    @classmethod
    def read(cls, body: Body) -> "OperationStatus":
        return cls(
            id=body["id"],
            stack_id=body["stack_id"],
            stack_name=body["stack_name"],
            action=body["action"],
            state=body["state"],
            reason=body["reason"] or "",
            requested_by=dict(body["requested_by"]),
            superseded_by=body["superseded_by"],
            accepted=_time(body["accepted_time"]),
            ended=_time(body["ended_time"]),
            deadline=_time(body["deadline"]),
            failure=Failure.read(body["failure"], body["stack_name"]) if body["failure"] else None,
            target=body["target"],
            cancel=body["cancel"],
            follows=body["follows"],
            no_worker=body.get("no_worker"),
        )

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def check(self, followed: "Sequence[OperationStatus]" = ()) -> None:
        """StackFailed, or StackSuperseded, unless the operation is DONE. followed: what its failure led to."""
        if self.state == "SUPERSEDED":
            raise StackSuperseded(self)
        if self.state != "DONE":
            raise StackFailed(self, followed)


class StackFailed(FirebrickError):
    """An operation ended, and not DONE. operation.failure has the root cause first; str() tells all of it. followed:
    what that led to, at its end: a rollback, a delete."""

    def __init__(self, operation: OperationStatus, followed: Sequence[OperationStatus] = ()) -> None:
        self.operation = operation
        self.followed = tuple(followed)
        super().__init__(self._diagnostic(operation, self.followed))

    @property
    def failure(self) -> Failure:
        return self.operation.failure or Failure()

    @staticmethod
    def _diagnostic(operation: OperationStatus, followed: Sequence[OperationStatus] = ()) -> Diagnostic:
        lines = str(operation.failure or "").splitlines()
        for one in followed:
            lines.append(f"then: {one.action} {one.state}")
            lines += str(one.failure or "").splitlines()
        return Diagnostic(
            code="stack-failed",
            summary=f"Stack {operation.stack_name} {operation.action}_FAILED: {operation.reason or 'no reason'}",
            detail="\n  ".join(lines),
        )


class StackSuperseded(StackFailed):
    """A later operation of the stack took over; nothing is known of what this one was for."""

    @staticmethod
    def _diagnostic(operation: OperationStatus, followed: Sequence[OperationStatus] = ()) -> Diagnostic:
        by = f" ({operation.superseded_by})" if operation.superseded_by else ""
        return Diagnostic(
            code="operation-superseded",
            summary=f"Stack {operation.stack_name}: this {operation.action} was superseded by a later operation{by}",
            detail=str(operation.failure or "").replace("\n", "\n  "),
        )


def _summary(body: Body) -> dict[str, Any]:
    return {
        "id": body["id"],
        "name": body["stack_name"],
        "status": body["stack_status"],
        "status_reason": body["stack_status_reason"] or "",
        "owner": body["stack_owner"] or "",
        "tags": tuple(body["tags"] or ()),
        "created": _time(body["creation_time"]),
        "updated": _time(body["updated_time"]),
        "deleted": _time(body["deletion_time"]),
    }


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
