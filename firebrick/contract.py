"""What crosses a line: names and frozen models shared by clients, workflows and activities.

Imported by everybody, imports nothing of the project, so a caller needs neither the worker's world nor a
database. Fields are only ever added, with a default; names never change (stored histories replay against them).

Nothing here may carry a property, an attribute, a parameter value, a reference id or an exception's text:
histories are readable by whoever can read the namespace. The exceptions are the requests that a person with
nothing but a Temporal client fills in by hand (:class:`CreateStackRequest`, :class:`SignalResourceRequest` ...).
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TASK_QUEUE = "firebrick"
WINDOW = 50
"""Steps of one operation that run at once, unless a worker's settings say another number.

While a workflow task is under way its run's new events are buffered, two for each activity that ends meanwhile. A
cluster takes 100 of them (``history.maximumBufferedEventsBatch``); one more, and it fails the workflow task, and the
run is replayed from its first event: 0.3 to 0.5 s, several times in 1,000 steps with 75 in flight (measured).
"""
DEFAULT_PROJECT = "default"
PROJECT_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,254}"  # of a whole name; a part of paths and workflow ids
PROJECT_RULE = "A project's name has letters, digits and _ . @ : - only, at most 255 of them."
CONTRACT_VERSION = 1
MAX_TIMEOUT_MINS = 35_791_394  # 2**31 seconds

# Workflow types: one for each stack action.
CREATE_STACK = "CreateStack"
UPDATE_STACK = "UpdateStack"
ROLLBACK_STACK = "RollbackStack"
DELETE_STACK = "DeleteStack"
SIGNAL_RESOURCE = "SignalResource"
RECONCILE = "Reconcile"
LOOK_AT_OBJECTS = "LookAtObjects"

# Activity types.
BEGIN_OPERATION = "begin_operation"
LOAD_PLAN = "load_plan"
RUN_STEP = "run_step"
LOOK = "look_at_objects"
RUN_BATCH = "run_batch"
FINISH_OPERATION = "finish_operation"
READ_OPERATION = "read_operation"
STORE_SIGNAL = "store_signal"
LOOK_AT_OPERATIONS = "look_at_operations"

# Messages a running action takes.
TAKE_OVER = "take_over"  # signal: a newer operation was accepted for this stack; interrupt, drain, look at the store
CANCEL = "cancel"  # signal: a cancel of this stack's running operation was stored; stop, drain, look at the store
CANCEL_AT_ONCE = "cancel_at_once"  # signal: the same, and what is in progress is not waited for
WAKE = "wake"  # signal: what a parked resource waits for under this key is in the store now
PROGRESS = "progress"  # query: Progress
# Message a `SignalResource` takes.
SEND = "send"  # signal: its argument, any JSON value, is told to the resource

# Failure types a caller can match on.
STACK_ACTION_FAILED = "StackActionFailed"  # the operation ended FAILED; the message says why, without values
OUTSIDE = "outside"  # error class of a step whose activity was failed by hand, or by options that it was given
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
    UPDATE = "UPDATE"
    ROLLBACK = "ROLLBACK"
    DELETE = "DELETE"

    @property
    def workflow_type(self) -> str:
        return f"{self.value.capitalize()}Stack"

    @property
    def converges(self) -> bool:
        """Whether it brings what exists to a template (UPDATE, ROLLBACK); the others make or unmake all rows."""
        return self in (Action.UPDATE, Action.ROLLBACK)

    @property
    def cancellable(self) -> bool:
        """Whether a cancel interrupts it. A rollback and a delete run to their end; only a newer operation stops
        them."""
        return self in (Action.CREATE, Action.UPDATE)


class Work(StrEnum):
    """What a node of a plan does to its row. ACT: the operation's own action. CONVERGE: create, update, replace or
    leave it, as its wanted definition asks. CLEAN: delete it, since the template has it no more or another took its
    place."""

    ACT = ""
    CONVERGE = "converge"
    CLEAN = "clean"


class Cancel(StrEnum):
    """What was asked of a running operation. Temporal's own cancel is none of these; see docs/architecture.md, 6."""

    NONE = ""
    ROLL_BACK = "rollback"
    KEEP = "keep"


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
    """The base of all models here: immutable, and an unknown field is an error. A number that is none crosses a line as
    it is, so that whoever accepts a request can refuse it; else it would become null on its way."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


OnFailure = Literal["keep", "rollback", "delete"]


class Requester(Frozen):
    """Who asked. Shown with the operation, never used for authorisation."""

    user: str = ""
    roles: tuple[str, ...] = ()
    request_id: str = ""


# --- what starts a workflow -------------------------------------------------------------------------------------


class CreateStackRequest(Frozen):
    """``CreateStack`` started by a person or a program with nothing but a Temporal client.

    template: text (YAML or JSON) or an object. environment likewise. parameters: name -> value.
    files: what the template's get_file names. timeout_mins: None is the server's default (60). on_failure: what a
    failure leads to; None is what disable_rollback says. continue_independent: after a failure, what does not depend
    on it goes on. operation_id: a UUID the client may mint: starting twice with one id is starting once.
    """

    name: str
    template: str | dict[str, Any]
    environment: str | dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    timeout_mins: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINS)] | None = None
    disable_rollback: bool = True
    on_failure: OnFailure | None = None
    continue_independent: bool = False
    tags: tuple[str, ...] = ()
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class UpdateStackRequest(Frozen):
    """``UpdateStack`` started with nothing but a Temporal client. stack: name or id.

    existing: what is left out stays as it is (PATCH); without, what is left out is not there any more (PUT) and a
    template is required. clear_parameters: with existing, names of stored parameters to forget. disable_rollback,
    timeout_mins, tags: None keeps what the stack has (tags: only with existing). converge: compare with the live
    objects, too. roll_back_to: what a failure rolls back to: the template before this one, or the last that was
    complete. continue_independent: after a failure, what does not depend on it goes on.
    """

    stack: str
    template: str | dict[str, Any] | None = None
    environment: str | dict[str, Any] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] | None = None
    existing: bool = False
    clear_parameters: tuple[str, ...] = ()
    timeout_mins: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINS)] | None = None
    disable_rollback: bool | None = None
    on_failure: Literal["keep", "rollback"] | None = None
    tags: tuple[str, ...] | None = None
    converge: bool = False
    roll_back_to: Literal["previous", "complete"] = "previous"
    continue_independent: bool = False
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class RollbackStackRequest(Frozen):
    """``RollbackStack``: bring a stack whose last operation FAILED back. stack: name or id. skip: names of resources to
    leave as they are; they are shown as drifted. to: as in UpdateStackRequest; a ROLLBACK that FAILED is gone on
    with."""

    stack: str
    skip: tuple[str, ...] = ()
    to: Literal["previous", "complete"] = "previous"
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class ContinueStackRequest(Frozen):
    """Go on with what a FAILED operation left: the same target, only what is unfinished. stack: name or id."""

    stack: str
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class SignalResourceRequest(Frozen):
    """``SignalResource``: tell a resource something, whether an action runs or not. stack: name or id. data: any JSON
    value, or {"unset_hook": NAME}; left out by who starts the workflow with the signal `send`, which carries it."""

    stack: str
    resource: str
    data: Any = None
    project: str = DEFAULT_PROJECT


class DeleteStackRequest(Frozen):
    """``DeleteStack`` started with nothing but a Temporal client. stack: name or id. retain: names of resources whose
    objects stay."""

    stack: str
    retain: tuple[str, ...] = ()
    project: str = DEFAULT_PROJECT
    operation_id: str | None = None
    requested_by: Requester = Requester()


class Accepted(Frozen):
    """An operation that is already stored; what the REST API, the Python client and the reconciler start.
    search_attributes: whether they have set ours."""

    accepted: Literal[True] = True
    project: str
    stack_id: str
    operation_id: str
    search_attributes: bool = False


class ChainState(Frozen):
    """What one run of a chain hands to the next by continue-as-new.

    chain_run: number of this run in its operation, from 1. traversal: Traversal.to_state(), "" at the start of an
    operation. deadline: absolute, seconds since the epoch; unchanged through the chain. shown: the search attributes
    that the runs before have written, by their keys in SEARCH_ATTRIBUTES.
    """

    chain: Literal[True] = True
    contract: int = CONTRACT_VERSION
    project: str
    stack_id: str
    operation_id: str
    chain_run: int = 1
    traversal: str = ""
    shown: dict[str, str] = Field(default_factory=dict)


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
    update: UpdateStackRequest | None = None
    rollback: RollbackStackRequest | None = None

    @property
    def inline(self) -> bool:
        """Whether the request came with the workflow's start, and is yet to be accepted."""
        return any(one is not None for one in (self.create, self.update, self.rollback, self.delete))


class Begun(Frozen):
    """The operation is RUNNING and mine. deadline: seconds since the epoch. nodes: how many the plan has.
    search_attributes: whether the namespace has ours, so that the run may set them. independent: after a failure, what
    does not depend on it goes on. cancelled: a cancel was stored before this run began; at_once: which does not wait
    for what is in progress. window: steps that run at once. now: when this was told, on the clock of deadline. answers:
    whether results say what they answer; those that do not are not believed then."""

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
    independent: bool = False
    cancelled: bool = False
    at_once: bool = False
    now: float | None = None
    root_id: str = ""
    window: int = 50  # whatever WINDOW is: runs were walked with it when their histories did not say
    answers: bool = False


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

    i: node id: the row's, negative for a CLEAN node. n: resource name. t: type. x: instant. g: index of its dependency
    set in the page's groups, -1 none. c: concurrency key. k: what it does, see firebrick.plan.
    """

    i: int
    n: str
    t: str
    x: bool = False
    g: int = -1
    c: str = ""
    k: int = 0


class PlanPage(Frozen):
    """At most 500 kB of a plan. groups: sets of node ids that nodes of this page depend on, each written once. next:
    number of the following page; last: id of the row or node that this one ends with, done or not, which it begins
    after. answers: LoadPlan.asked; a result that a person gave has none, and is not believed."""

    nodes: tuple[WireNode, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    next: int | None = None
    last: int | None = None
    answers: str = ""


class LoadPlan(Frozen):
    project: str
    stack_id: str
    operation_id: str
    action: Action
    page: int
    after: int | None = None  # PlanPage.last of the page before

    @property
    def asked(self) -> str:
        """Names this question."""
        return f"{self.operation_id}.{self.page}"


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
    """How a step ended.

    at: seconds since the epoch, for the kinds that park.
    now: when this was told, on the same clock, which may be another than the cluster's.
    error_class: see resources.errors; OUTSIDE where somebody failed the step's activity by Temporal's own means.
    changed: what dependants see of the resource is not what it was.
    replaced: another row has taken its row's place in this operation.
    answers: RunStep.asked of what it answers. A result that a person gave (``temporal activity complete``) has none,
        and is not believed: the store is asked again.
    """

    kind: StepKind
    at: float = 0.0
    key: str = ""
    error_class: str = ""
    changed: bool = False
    replaced: bool = False
    answers: str = ""
    now: float | None = None


class RunStep(Frozen):
    """Take one resource one step further. row: of the node. step: 1, 2, ... of this node in this operation. stopping:
    the operation is being stopped and waits for what is in progress; what waits for a signal waits no more."""

    project: str
    stack_id: str
    operation_id: str
    action: Action
    seq: int
    chain_run: int
    row: int
    step: int
    deadline: float
    work: Work = Work.ACT
    stopping: bool = False

    @property
    def asked(self) -> str:
        """Names this question among all of its stack: ``<operation's number>.<node>.<step>``."""
        return f"{self.seq}.{'-' if self.work is Work.CLEAN else ''}{self.row}.{self.step}"


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
    work: Work = Work.ACT

    @property
    def asked(self) -> str:
        """Names this question among all of its stack: ``<operation's number>.batch.<number>``."""
        return f"{self.seq}.batch.{self.number}"


class BatchResult(Frozen):
    """results: (row id, result) of those that ran. A row that is missing was not started (its requirement failed,
    or the second that a batch may take was over). answers: RunBatch.asked, as in StepResult."""

    results: tuple[tuple[int, StepResult], ...]
    answers: str = ""


class FinishOperation(Frozen):
    """interrupted: "" or the cause (deadline, cancel, takeover, superseded). failed: node ids. outside: those of them
    whose activity somebody failed by Temporal's own means."""

    project: str
    stack_id: str
    operation_id: str
    action: Action
    seq: int
    complete: bool
    interrupted: str = ""
    failed: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()


class Finished(Frozen):
    """What became of an operation.

    reason: values-free, for the workflow's failure.
    next_action, next_operation_id: a newer accepted operation to go on with.
    search_attributes: whether the namespace has ours now.
    answers: id of the operation that was ended. A result that a person gave has none, and is not believed.
    """

    state: OperationState
    reason: str = ""
    next_action: Action | None = None
    next_operation_id: str = ""
    search_attributes: bool = True
    answers: str = ""


class ReadOperation(Frozen):
    project: str
    operation_id: str


class OperationView(Frozen):
    """newer: number of the newest open operation of the stack, if that is a newer one; 0: none is. cancelled: a cancel
    is stored for it; at_once: which does not wait for what is in progress."""

    state: OperationState
    reason: str = ""
    stack_name: str = ""
    newer: int = 0
    cancelled: bool = False
    at_once: bool = False


class StoreSignal(Frozen):
    """Ask for a signal to be stored and its resource woken. id: of this signal; the same twice is stored once."""

    project: str
    stack: str
    resource: str
    data: Any = None
    id: str


class SignalStored(Frozen):
    """woken: the workflow that was told, "" when no action runs (the resource looks when one does). answers: id of the
    signal; a result that a person gave has none, and is not believed."""

    stack_id: str
    woken: str = ""
    answers: str = ""


class SignalResult(Frozen):
    """What ``SignalResource`` returns. signals: how many it was sent. woken: as in SignalStored, of the last."""

    project: str
    stack_id: str
    resource: str
    signals: int
    woken: str = ""


class ReconcilePass(Frozen):
    """What one pass of the reconciler did with operations, by number.

    started: nobody had.
    lost: given up, since their run was gone.
    moved: to a build that has workers.
    fine: left alone.
    paused: left alone, since somebody paused their run.
    put_back: an activity of theirs was given options under which it could not end.
    failed: not looked at to the end; the worker's log says why.
    """

    started: int = 0
    lost: int = 0
    moved: int = 0
    fine: int = 0
    paused: int = 0
    put_back: int = 0
    failed: int = 0


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
    """Answer of the `progress` query: counts by state of node. stopping: why it stops, "" while it does not.
    lets_finish: it waits for what is in progress."""

    action: str
    total: int = 0
    done: int = 0
    running: int = 0
    parked: int = 0
    waiting: int = 0
    failed: int = 0
    stopping: str = ""
    lets_finish: bool = False


class LookAtObjects(Frozen):
    """Look at the objects of a stack's resources, of the first so many rows after the given one."""

    project: str
    stack_id: str
    after_row: int = 0
    limit: int = 200


class ObjectsSeen(Frozen):
    """sealed: what is other than the store has it, with the keyring that the API and its workers share, in base64: no
    value enters a history. Opened: JSON of row id -> [properties, null where there is no object any more; attributes]
    of the object (firebrick.standing.Seen). next_after: where to go on; None: that was all."""

    sealed: str
    next_after: int | None = None
