"""What crosses a line: names and frozen models shared by clients, workflows and activities.

Imported by everybody, imports nothing of the project, so a caller needs neither the worker's world nor a
database. Fields are only ever added, with a default; names never change (stored histories replay against them).

Nothing here may carry a property, an attribute, a parameter value, a reference id or an exception's text:
histories are readable by whoever can read the namespace. The exception is :class:`CreateStackRequest`, which a
person with nothing but a Temporal client fills in by hand.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TASK_QUEUE = "firebrick"
DEFAULT_PROJECT = "default"
PROJECT_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,254}"  # of a whole name; a part of paths and workflow ids
PROJECT_RULE = "A project's name has letters, digits and _ . @ : - only, at most 255 of them."
CONTRACT_VERSION = 1
MAX_TIMEOUT_MINS = 35_791_394  # 2**31 seconds

# Workflow types: one for each stack action.
CREATE_STACK = "CreateStack"
DELETE_STACK = "DeleteStack"

# Activity types.
BEGIN_OPERATION = "begin_operation"
LOAD_PLAN = "load_plan"
RUN_STEP = "run_step"
RUN_BATCH = "run_batch"
FINISH_OPERATION = "finish_operation"
READ_OPERATION = "read_operation"

# Messages a running action takes.
TAKE_OVER = "take_over"  # signal: a newer operation was accepted for this stack; interrupt, drain, look at the store
PROGRESS = "progress"  # query: Progress

# Failure types a caller can match on.
STACK_ACTION_FAILED = "StackActionFailed"  # the operation ended FAILED; the message says why, without values
INVALID_REQUEST = (
    "InvalidRequest"  # the workflow's argument is not a request, or the request is refused; nothing was stored
)

SEARCH_ATTRIBUTES = {  # all Keyword
    "project": "FirebrickProject",
    "stack": "FirebrickStack",
    "stack_id": "FirebrickStackId",
    "root": "FirebrickRoot",
    "action": "FirebrickAction",
    "status": "FirebrickStatus",
}


class Action(StrEnum):
    """What a stack action does; the first word of Heat's state names. Workflow types follow from it."""

    CREATE = "CREATE"
    DELETE = "DELETE"

    @property
    def workflow_type(self) -> str:
        return f"{self.value.capitalize()}Stack"


class Status(StrEnum):
    """The second word of Heat's state names, for stacks and resources."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


class OperationState(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"

    @property
    def ended(self) -> bool:
        return self in (OperationState.DONE, OperationState.FAILED, OperationState.SUPERSEDED)


def workflow_id(project: str, name: str, stack_id: str) -> str:
    """The id that keeps honest clients apart and reads well in the UI: ``stack/<project>/<name>/<stack id>``."""
    return f"stack/{project}/{name}/{stack_id}"


class Frozen(BaseModel):
    """The base of all models here: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Requester(Frozen):
    """Who asked. Shown with the operation, never used for authorisation."""

    user: str = ""
    roles: tuple[str, ...] = ()
    request_id: str = ""


# --- what starts a workflow -------------------------------------------------------------------------------------


class CreateStackRequest(Frozen):
    """``CreateStack`` started by a person or a program with nothing but a Temporal client.

    template: text (YAML or JSON) or an object. environment likewise. parameters: name -> value.
    files: what the template's get_file names. timeout_mins: None is the server's default (60).
    operation_id: a UUID the client may mint: starting twice with one id is starting once.
    """

    name: str
    template: str | dict[str, Any]
    environment: str | dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    timeout_mins: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINS)] | None = None
    disable_rollback: bool = True
    tags: tuple[str, ...] = ()
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class DeleteStackRequest(Frozen):
    """``DeleteStack`` started with nothing but a Temporal client. stack: name or id."""

    stack: str
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class Accepted(Frozen):
    """An operation that is already stored; what the REST API, the Python client and the reconciler start."""

    accepted: Literal[True] = True
    project: str
    stack_id: str
    operation_id: str


class ChainState(Frozen):
    """What one run of a chain hands to the next by continue-as-new.

    chain_run: number of this run in its operation, from 1. traversal: Traversal.to_state(), "" at the start of an
    operation. deadline: absolute, seconds since the epoch; unchanged through the chain.
    """

    chain: Literal[True] = True
    contract: int = CONTRACT_VERSION
    project: str
    stack_id: str
    operation_id: str
    chain_run: int = 1
    traversal: str = ""


# --- begin, plan, finish ----------------------------------------------------------------------------------------


class BeginOperation(Frozen):
    """Ask for the newest PENDING operation of a stack (or exactly the one given, when it is mine already).

    request: set when the workflow was started with an inline request: the activity stores stack and operation first.
    chain_id: the first execution's run id, the same in all runs of a chain; with workflow_id it says who owns the
    operation.
    """

    action: Action
    workflow_id: str
    chain_id: str
    project: str
    stack_id: str = ""
    operation_id: str = ""
    chain_run: int = 1
    create: CreateStackRequest | None = None
    delete: DeleteStackRequest | None = None


class Begun(Frozen):
    """The operation is RUNNING and mine. deadline: seconds since the epoch. nodes: how many the plan has.
    search_attributes: whether the namespace has ours, so that the run may set them."""

    kind: Literal["begun"] = "begun"
    project: str
    stack_id: str
    stack_name: str
    operation_id: str
    action: Action
    seq: int
    deadline: float
    nodes: int
    page: "PlanPage"
    search_attributes: bool = False


class BeginOther(Frozen):
    """The newest PENDING operation is of another action: continue-as-new as that workflow type."""

    kind: Literal["other"] = "other"
    action: Action
    project: str
    stack_id: str
    operation_id: str


class NothingToBegin(Frozen):
    """Somebody else runs, or ran, the operation. running_workflow_id: who; "" when it has ended."""

    kind: Literal["nothing"] = "nothing"
    project: str
    stack_id: str = ""
    operation_id: str = ""
    running_workflow_id: str = ""


class BeginResult(Frozen):
    result: Annotated[Begun | BeginOther | NothingToBegin, Field(discriminator="kind")]


class WireNode(Frozen):
    """One node of a plan on the wire, short keys since there are thousands.

    i: row id. n: resource name. t: type. x: instant. g: index of its dependency set in the page's groups, -1 none.
    c: concurrency key.
    """

    i: int
    n: str
    t: str
    x: bool = False
    g: int = -1
    c: str = ""


class PlanPage(Frozen):
    """At most 500 kB of a plan. groups: sets of row ids that nodes of this page depend on, each written once."""

    nodes: tuple[WireNode, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    next: int | None = None


class LoadPlan(Frozen):
    project: str
    stack_id: str
    operation_id: str
    action: Action
    page: int


class StepKind(StrEnum):
    """How one step of a resource ended, as far as the traversal must know."""

    DONE = "done"
    POLL = "poll"  # park until `at`, then ask again
    WAIT_UNTIL = "wait_until"  # park until `at`, then ask again
    WAIT_SIGNAL = "wait_signal"  # park until a signal with `key` or `at`
    RETRY = "retry"  # failed in a way worth another attempt; park until `at`
    FAILED = "failed"
    ABORTED = "aborted"  # an interrupt was delivered between two calls; the row says so
    UNKNOWN = "unknown"  # nobody can know whether the call took effect; a person decides
    SUPERSEDED = "superseded"  # the stack belongs to a newer operation; nothing was done


class StepResult(Frozen):
    """at: seconds since the epoch, for the kinds that park. error_class: see resources.errors."""

    kind: StepKind
    at: float = 0.0
    key: str = ""
    error_class: str = ""


class RunStep(Frozen):
    """Take one resource one step further. step: 1, 2, ... of this node in this operation."""

    project: str
    stack_id: str
    operation_id: str
    action: Action
    seq: int
    chain_run: int
    row: int
    step: int
    deadline: float


class RunBatch(Frozen):
    """Take up to 50 instant resources, given in dependency order, to their end. number: of the batch in its run."""

    project: str
    stack_id: str
    operation_id: str
    action: Action
    seq: int
    chain_run: int
    rows: tuple[int, ...]
    number: int
    deadline: float


class BatchResult(Frozen):
    """results: (row id, result) of those that ran. A row that is missing was not started (its requirement failed,
    or the second that a batch may take was over)."""

    results: tuple[tuple[int, StepResult], ...]


class FinishOperation(Frozen):
    """interrupted: "" or the cause (deadline, cancel, takeover, superseded). failed, aborted: row ids."""

    project: str
    stack_id: str
    operation_id: str
    action: Action
    seq: int
    complete: bool
    interrupted: str = ""
    failed: tuple[int, ...] = ()


class Finished(Frozen):
    """state: what became of the operation. reason: values-free, for the workflow's failure.
    next_action, next_operation_id: a newer accepted operation to go on with."""

    state: OperationState
    reason: str = ""
    next_action: Action | None = None
    next_operation_id: str = ""


class ReadOperation(Frozen):
    project: str
    operation_id: str


class OperationView(Frozen):
    state: OperationState
    reason: str = ""
    stack_name: str = ""


class ActionResult(Frozen):
    """What a stack action's workflow returns: identifiers and counts only; everything else is in the store.

    action: what the operation did. Whoever waits for a create that a delete took over gets the delete's result.
    """

    project: str
    stack_id: str
    stack_name: str = ""
    operation_id: str
    state: OperationState
    resources: int = 0
    action: str = ""


class Progress(Frozen):
    """Answer of the `progress` query: counts by state of node."""

    action: str
    total: int = 0
    done: int = 0
    running: int = 0
    parked: int = 0
    waiting: int = 0
    failed: int = 0
    stopping: str = ""
