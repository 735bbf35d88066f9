"""What the store takes and gives: frozen dataclasses, no database types, no ORM instances.

Times are seconds since the epoch, UTC. ``reason`` texts are Heat's and may hold what a provider said; they are for
the stack's owner and never enter a workflow's history. ``summary`` of an operation is free of values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from firebrick.contract import Action, OperationState, StepKind, StepResult

ENDED_KINDS = frozenset({StepKind.DONE, StepKind.FAILED, StepKind.ABORTED, StepKind.UNKNOWN})
"""The kinds of step result after which a resource takes no further step in its operation."""

REFUSALS: Mapping[str, str] = {"restricted": "ResourceActionRestricted", "refused": "NotSupported"}
"""Error classes of updates that were refused before anything was begun, and Heat's names for them."""


# --- what is accepted ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewResource:
    """A resource of a stack to be created. requires: names of resources of the same stack. definition: frozen.

    type: as the template says; implementation: the type that serves it (after resource_registry); "": the same.
    base, prunable: see firebrick.selection.Wanted. observe: the step that converges it looks at the live object, too.
    """

    name: str
    type: str
    uuid: str
    definition: Mapping[str, Any]
    requires: Sequence[str] = ()
    instant: bool = False
    concurrency: str = ""
    implementation: str = ""
    base: str = ""
    prunable: bool = True
    observe: bool = False


@dataclass(frozen=True, slots=True)
class NewTarget:
    """What a stack is to be brought to. id: of the operation that asks. The rest is as in NewStack."""

    id: str
    template: str
    environment: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shown_parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[Mapping[str, Any]] = ()
    resources: Sequence[NewResource] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewStack:
    """A stack to be created. template, environment: text as it came. parameters: name -> value, hidden ones too.
    shown_parameters: Heat's text forms, hidden ones as asterisks. outputs: frozen output definitions. owner_id,
    owner_row, root_id, depth: of a nested stack: the stack it is in, the row there, the outermost stack, how deep it
    is in that.
    """

    id: str
    name: str
    template: str
    environment: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shown_parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[Mapping[str, Any]] = ()
    resources: Sequence[NewResource] = ()
    description: str = ""
    timeout_mins: int | None = None
    disable_rollback: bool = True
    tags: Sequence[str] = ()
    owner: str = ""
    owner_id: str | None = None
    owner_row: int | None = None
    root_id: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What a stack must still be for a plan to be carried out: its revision, and the last operation's seq."""

    revision: int
    seq: int


@dataclass(frozen=True, slots=True)
class NewOperation:
    """A request to act on a stack. id: a UUID, the request's idempotency token. timeout: seconds from its beginning.
    request: options without secrets. requested_by: contract.Requester as JSON. accepted_at: now. expected: of an update
    that was planned."""

    id: str
    action: Action
    workflow_id: str
    timeout: float
    accepted_at: float
    request: Mapping[str, Any] = field(default_factory=dict)
    requested_by: Mapping[str, Any] = field(default_factory=dict)
    owner_operation: str = ""
    expected: Expected | None = None


# --- what is stored -----------------------------------------------------------------------------------------------


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
    """Why an operation failed: root causes in the order they happened; what was aborted; what never started."""

    causes: tuple[Failure, ...] = ()
    aborted: tuple[str, ...] = ()
    not_started: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An operation. deadline: None until it has begun. superseded_by: an operation's id. reason: as the stack's;
    summary: the same without values. failure: when FAILED or SUPERSEDED after it had begun. target_id: what the stack
    is brought to. cancel: a contract.Cancel. follows: the operation that this one rolls back."""

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
    follows: str = ""
    owner_operation: str = ""


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
    the operation role_seq. hooks: a firebrick.hooks.HookState as JSON.
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
    required_by: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return f"{self.action}_{self.status}"


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


# --- begin and finish ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mine:
    """The operation is RUNNING and belongs to the asker."""

    operation: OperationRow


@dataclass(frozen=True, slots=True)
class Other:
    """What is to be done next for this stack is of another action than the asker's; nothing was changed."""

    action: Action
    operation: OperationRow


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to begin. operation: the one asked for, else the one that runs, if any.
    running_workflow_id: who runs the stack; "" when nobody does."""

    operation: OperationRow | None
    running_workflow_id: str


BeginOutcome = Mine | Other | Nothing


@dataclass(frozen=True, slots=True)
class FinishOutcome:
    """reason: free of values. next_*: the newest PENDING operation of the stack, to go on with."""

    state: OperationState
    reason: str
    next_action: Action | None = None
    next_operation_id: str = ""


# --- claim and record ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants a row: (seq, phase, chain_run, step, attempt) is the order among claimants of one row.

    seq: the operation's. phase: 1 for what is done to a row after its own node: its CLEAN node's work. chain_run:
    number of the workflow run in the operation, from 1. step: number of the step of this row in this operation, from
    1, going on through all runs. attempt: Temporal's, from 1.
    """

    stack_id: str
    row: int
    seq: int
    chain_run: int
    step: int
    attempt: int
    phase: int = 0

    @property
    def order(self) -> tuple[int, int, int, int, int]:
        return (self.seq, self.phase, self.chain_run, self.step, self.attempt)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The row is the claimant's until it records an outcome or its lease runs out.

    first: first claim of the row in this operation (state and event were written). intent_open: an earlier call of
    this action may have taken effect without an outcome having been recorded: look before calling again.
    upstream: where something is made or changed, the rows this one requires, by name; in an operation that converges,
    those that serve them now. claim: of the row that was given, which may be the stand-in of the one asked for.
    target_id: what the stack is brought to.
    """

    claim: Claim
    project: str
    stack_name: str
    row: ResourceRow
    first: bool
    intent_open: bool
    upstream: Mapping[str, UpstreamRow]
    target_id: str = ""

    @property
    def in_progress(self) -> bool:
        """Whether its action was begun in this operation; else the claim was quiet, and nothing is told yet."""
        return self.row.status == "IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class AlreadyEnded:
    """The row has ended in this operation."""

    result: StepResult


@dataclass(frozen=True, slots=True)
class AlreadyRecorded:
    """This step (or a later one) of the row was recorded as parked or retried; the answer had been lost."""

    result: StepResult


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody holds the row. until: when its lease runs out."""

    until: float


@dataclass(frozen=True, slots=True)
class Superseded:
    """The stack does not belong to this operation any more, or a later claimant has had the row."""


ClaimOutcome = Claimed | AlreadyEnded | AlreadyRecorded | Busy | Superseded


@dataclass(frozen=True, slots=True)
class Settled:
    """What a row is now, after it was made or changed. input_hash, revision: see firebrick.selection. definition, type,
    requires, template_id, instant: in an operation that converges; None leaves what is stored."""

    input_hash: str
    revision: int
    definition: Mapping[str, Any] | None = None
    type: str | None = None
    requires: tuple[int, ...] | None = None
    template_id: str | None = None
    drift: str = ""
    instant: bool | None = None


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """How a step ended; made by its class methods. None leaves what is stored as it is.

    lost: the call may have taken effect all the same (its answer was lost): the intent stays open. hook: it waits at
    this one; pause: the result that is told meanwhile, when what came before the hook is done. kept: it failed without
    having been begun, and its state stays.
    """

    result: StepResult
    physical_id: str | None = None
    reference_id: str | None = None
    attributes: Mapping[str, Any] | None = None
    data: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] | None = None
    error: str = ""
    message: str = ""
    attempt: int = 0
    attempts: int = 0
    lost: bool = False
    released: bool = False
    settled: Settled | None = None
    quiet: bool = False
    hook: str = ""
    pause: StepResult | None = None
    kept: bool = False

    @property
    def told(self) -> StepResult:
        """What the traversal hears."""
        return self.result if self.pause is None else self.pause

    @classmethod
    def done(
        cls,
        *,
        physical_id: str | None = None,
        reference_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        settled: Settled | None = None,
        changed: bool = False,
        replaced: bool = False,
        message: str = "",
    ) -> "RowOutcome":
        """The action is complete. changed, replaced: see contract.StepResult. message: the reason, where there is more
        to say than that."""
        return cls(
            StepResult(kind=StepKind.DONE, changed=changed, replaced=replaced),
            physical_id=physical_id,
            reference_id=reference_id,
            attributes=attributes,
            data=data,
            properties=properties,
            settled=settled,
            message=message,
        )

    @classmethod
    def unchanged(cls, settled: Settled, *, message: str = "", properties: Mapping[str, Any]) -> "RowOutcome":
        """There was nothing to do: no event. message: the reason of a FAILED row that turned out to be as it should."""
        return cls(StepResult(kind=StepKind.DONE), message=message, properties=properties, settled=settled, quiet=True)

    @classmethod
    def parked(
        cls,
        kind: StepKind,
        at: float,
        *,
        key: str = "",
        progress: Mapping[str, Any] | None = None,
        physical_id: str | None = None,
        properties: Mapping[str, Any] | None = None,
        hook: str = "",
    ) -> "RowOutcome":
        """Not complete yet. kind: POLL, WAIT_UNTIL or WAIT_SIGNAL. at: when to look again (seconds since the epoch)."""
        result = StepResult(kind=kind, at=at, key=key)
        return cls(result, physical_id=physical_id, progress=progress, properties=properties, hook=hook)

    @classmethod
    def retry(
        cls,
        at: float,
        error_class: str,
        message: str,
        *,
        attempt: int,
        attempts: int,
        lost: bool = True,
        physical_id: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> "RowOutcome":
        """Failed attempt number `attempt` of `attempts`; another one follows at `at`. lost: see above."""
        return cls(
            StepResult(kind=StepKind.RETRY, at=at, error_class=error_class),
            message=message,
            attempt=attempt,
            attempts=attempts,
            lost=lost,
            physical_id=physical_id,
            properties=properties,
        )

    @classmethod
    def failed(
        cls,
        error_class: str,
        message: str,
        *,
        error: str = "ResourceError",
        physical_id: str | None = None,
        properties: Mapping[str, Any] | None = None,
        lost: bool = False,
    ) -> "RowOutcome":
        """No further attempt. error: the exception's class name, which Heat shows before the text."""
        result = StepResult(kind=StepKind.FAILED, error_class=error_class)
        return cls(result, error=error, message=message, physical_id=physical_id, properties=properties, lost=lost)

    @classmethod
    def refused(cls, why: str, message: str) -> "RowOutcome":
        """An update that may not be made: an event and the stack's failure, and the resource stays what it is. why: a
        key of REFUSALS."""
        result = StepResult(kind=StepKind.FAILED, error_class=why)
        return cls(result, error=REFUSALS[why], message=message, kept=True)

    @classmethod
    def aborted(cls, reason: str, *, lost: bool = False, physical_id: str | None = None) -> "RowOutcome":
        """An interrupt was delivered between two calls. The row takes no further step, and stays IN_PROGRESS until
        the operation is finished, which knows the interrupt's cause and writes state and event with it."""
        return cls(StepResult(kind=StepKind.ABORTED), message=reason, lost=lost, physical_id=physical_id)

    @classmethod
    def unknown(cls, message: str, *, properties: Mapping[str, Any] | None = None) -> "RowOutcome":
        """Nobody can know whether the call took effect. The row is FAILED and stays unsettled."""
        result = StepResult(kind=StepKind.UNKNOWN)
        return cls(result, error="UnknownOutcome", message=message, properties=properties, lost=True)

    @classmethod
    def release(cls, *, lost: bool = False) -> "RowOutcome":
        """Give the row back untouched, as if it had not been claimed: a batch had no time left for it.

        Only for a row's first step: an earlier step's outcome is forgotten. lost: what the claim said of intent_open.
        """
        return cls(StepResult(kind=StepKind.ABORTED), lost=lost, released=True)
