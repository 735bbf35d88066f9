"""What the store gives back: operations, stacks, resources, events.

Frozen dataclasses, no database types, no ORM instances. Times are seconds since the epoch, UTC. ``reason`` texts are
Heat's and may hold what a provider said; they are for the stack's owner and never enter a workflow's history.
``summary`` of an operation is free of values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firebrick.contract import Action, OperationState
from firebrick.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Failure:
    """A root cause: the resource that failed by itself. attempts: all of them. error: the exception's class name."""

    resource: str
    type: str
    action: str
    error_class: str
    error: str
    message: str
    attempts: int


@dataclass(frozen=True, slots=True)
class FailureTree:
    """Why an operation failed: root causes in the order they happened; what was aborted; what never started. inner:
    of a cause that is a nested stack, by the resource's name: why that one's operation failed."""

    causes: tuple[Failure, ...] = ()
    aborted: tuple[str, ...] = ()
    not_started: tuple[str, ...] = ()
    inner: "Mapping[str, InnerFailure]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InnerFailure:
    """Why the operation of a nested stack failed. stack: its name."""

    stack: str
    failure: FailureTree


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An operation. deadline: None until it has begun. superseded_by: an operation's id. reason: as the stack's;
    summary: the same without values. failure: when FAILED or SUPERSEDED after it had begun. target_id: what the stack
    is brought to. cancel: a contract.Cancel; cancel_now: what is in progress is not waited for. follows: the operation
    that this one rolls back. warnings: about the template, of an operation that was accepted just now; they are not
    stored."""

    id: str
    project: str
    stack_id: str
    stack_name: str
    seq: int
    action: Action
    state: OperationState
    request: Mapping[str, Any]
    requested_by: Mapping[str, Any]
    timeout: float
    accepted_at: float
    began_at: float | None
    ended_at: float | None
    deadline: float | None
    workflow_id: str
    chain_id: str
    superseded_by: str
    reason: str
    summary: str
    failure: FailureTree | None
    target_id: str = ""
    cancel: str = ""
    cancel_now: bool = False
    follows: str = ""
    owner_operation: str = ""
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class StackRow:
    """A stack. action, status: ``CREATE``, ``IN_PROGRESS``... updated_at: start of the last action but CREATE."""

    id: str
    project: str
    name: str
    description: str
    owner: str
    action: str
    status: str
    status_reason: str
    created_at: float
    updated_at: float | None
    deleted_at: float | None
    timeout_mins: int | None
    disable_rollback: bool
    tags: tuple[str, ...]
    template: str
    environment: str
    parameters: Mapping[str, Any]
    files: Mapping[str, str]
    shown_parameters: Mapping[str, str]
    outputs: tuple[Mapping[str, Any], ...]
    template_id: str = ""
    previous_template_id: str = ""
    complete_template_id: str = ""
    owner_id: str | None = None
    owner_row: int | None = None
    root_id: str = ""
    depth: int = 0
    revision: int = 0

    @property
    def state(self) -> str:
        return f"{self.action}_{self.status}"


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack as lists show it."""

    id: str
    project: str
    name: str
    description: str
    owner: str
    action: str
    status: str
    status_reason: str
    created_at: float
    updated_at: float | None
    deleted_at: float | None
    tags: tuple[str, ...]
    owner_id: str | None = None

    @property
    def state(self) -> str:
        return f"{self.action}_{self.status}"


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource.

    action, status: ``INIT``, ``COMPLETE`` before any work. requires: row ids. required_by: names (empty in a claim).
    properties: resolved, as last recorded; None before. reference_id: None when it is the physical id.
    progress: what the last parked step gave, in this operation. polling: the action's first call was answered, what
    comes next is a poll. retries: failed attempts since something last succeeded, in this operation.
    key: idempotency key of the action that runs or ran last. create_key: that of the create; "" when no create was
    ever begun. create_unsettled: a create call may have taken effect and nobody recorded how it ended.
    wanted: in an operation that converges, what the target has for it: NewResource as JSON. target_requires: the rows
    of what that requires. replaces, replaced_by: row ids. template_id, input_hash, revision, drift: see
    firebrick.selection.Candidate. born_seq: of the operation that made the row. role: a firebrick.plan.Role, given in
    the operation role_seq. hooks: a firebrick.hooks.HookState as JSON. unsettled_until: until then a create that was
    given up may take effect yet. begun: of an update that was begun and has not ended: what it brings the resource to.
    interrupted: an operation ended while its action was in progress; whoever wants the resource finishes that first.
    """

    id: int
    stack_id: str
    uuid: str
    name: str
    type: str
    implementation: str
    instant: bool
    concurrency: str
    definition: Mapping[str, Any]
    requires: tuple[int, ...]
    action: str
    status: str
    status_reason: str
    physical_id: str | None
    reference_id: str | None
    attributes: Mapping[str, Any]
    data: Mapping[str, Any]
    properties: Mapping[str, Any] | None
    progress: Mapping[str, Any]
    polling: bool
    retries: int
    key: str
    create_key: str
    create_unsettled: bool
    created_at: float
    updated_at: float
    wanted: Mapping[str, Any] | None = None
    target_requires: tuple[int, ...] | None = None
    template_id: str = ""
    input_hash: str = ""
    revision: int = 0
    drift: str = ""
    replaces: int | None = None
    replaced_by: int | None = None
    born_seq: int = 0
    role: str = ""
    role_seq: int = 0
    hooks: Mapping[str, Any] | None = None
    unsettled_until: float | None = None
    begun: Mapping[str, Any] | None = None
    interrupted: bool = False
    required_by: tuple[str, ...] = ()

    @property
    def may_be_there(self) -> bool:
        """Whether there may be an object: a create was begun, or one was adopted."""
        return bool(self.create_key) or self.physical_id is not None

    @property
    def state(self) -> str:
        return f"{self.action}_{self.status}"

    @property
    def is_going_on(self) -> bool:
        """Whether its create or update was begun and has not ended: by an operation that runs, or that has ended."""
        return self.interrupted or (self.status == "IN_PROGRESS" and self.action in ("CREATE", "UPDATE"))

    @property
    def unmade(self) -> bool:
        """Whether it is a create that has surely made nothing."""
        nothing = self.physical_id is None and not (self.create_unsettled or self.polling)
        return self.instant or (self.action == "CREATE" and nothing)


@dataclass(frozen=True, slots=True)
class UpstreamRow:
    """What dependants may ask of a resource. reference_id: falls back to the physical id; None: nothing made yet."""

    id: int
    name: str
    type: str
    implementation: str
    action: str
    status: str
    physical_id: str | None
    reference_id: str | None
    attributes: Mapping[str, Any]
    data: Mapping[str, Any]
    properties: Mapping[str, Any] | None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event. seq: position in its stack, from 1, without gaps. resource_id: None for the stack's own events,
    whose resource_name is the stack's name and physical_id the stack's id. properties: the resource's, resolved; only
    when one event is asked for."""

    stack_id: str
    seq: int
    id: str
    time: float
    resource_id: int | None
    resource_name: str
    resource_type: str
    physical_id: str | None
    action: str
    status: str
    reason: str
    properties: Mapping[str, Any] | None = None

    @property
    def state(self) -> str:
        return f"{self.action}_{self.status}"
