"""Who wants a row for a step, what they are given, and how the step ended.

Frozen dataclasses, no database types, no ORM instances. Times are seconds since the epoch, UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from firebrick.contract import StepKind, StepResult
from firebrick.store.rows import ResourceRow, UpstreamRow

ENDED_KINDS = frozenset({StepKind.DONE, StepKind.FAILED, StepKind.ABORTED, StepKind.UNKNOWN})
"""The kinds of step result after which a resource takes no further step in its operation."""

REFUSALS: Mapping[str, str] = {"restricted": "ResourceActionRestricted", "refused": "NotSupported"}
"""Error classes of updates that were refused before anything was begun, and Heat's names for them."""


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
    those that serve them now; of their values only where something of the row is computed at its turn. claim: of the
    row that was given, which may be the stand-in of the one asked for. target_id: what the stack is brought to.
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
        """Whether its action was begun, in this operation or in one that was interrupted (row.interrupted); else the
        claim was quiet, and nothing is told yet."""
        return self.row.status == "IN_PROGRESS"

    def as_if(self, **fields: Any) -> "Claimed":
        """The same claim of a row that has these values."""
        return replace(self, row=replace(self.row, **fields))


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


@dataclass(frozen=True, slots=True)
class Unequipped:
    """The claimant cannot work on the row: it lacks this type, of the row or of what the row computes with. Nothing was
    changed; another claimant may have it."""

    type: str


ClaimOutcome = Claimed | AlreadyEnded | AlreadyRecorded | Busy | Superseded | Unequipped


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

    begun: see ResourceRow. lost: the call may have taken effect all the same (its answer was lost): the intent stays
    open. unsettled_until: and
    until then it may yet do so. silent: nothing was done and nothing is told. hook: it waits at
    this one; pause: the result that is told instead, when the node's way goes on after this. kept: it failed without
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
    begun: Mapping[str, Any] | None = None
    lost: bool = False
    unsettled_until: float | None = None
    silent: bool = False
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
            _done(changed, replaced),
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
        return cls(_done(False, False), message=message, properties=properties, settled=settled, quiet=True)

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
    def put_off(cls, at: float, why: str, *, lost: bool) -> "RowOutcome":
        """Nothing was done and nothing is told; the same step follows at `at` (seconds since the epoch). why: for the
        run. lost: what the claim said of intent_open."""
        return cls(StepResult(kind=StepKind.RETRY, at=at, error_class=why), lost=lost, silent=True)

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


@cache
def _done(changed: bool, replaced: bool) -> StepResult:
    """To make one takes as long as all else of an outcome."""
    return StepResult(kind=StepKind.DONE, changed=changed, replaced=replaced)
