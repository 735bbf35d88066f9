"""The store's face: a Store for a database, a Repository for a project, EveryProject for the reconciler.

All methods are coroutines and may be called from any event loop. Writes go to the one writer and return when they
are committed; reads run in a small pool of threads. Errors: NotFound, NameInUse, ActionInProgress, Conflict as said;
Unavailable when the database does not work.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from firebrick.contract import Action, Cancel, Work
from firebrick.plan import ExistingRow
from firebrick.store import migrate, reads
from firebrick.store.aborts import NOTHING
from firebrick.store.acceptance import AcceptCreate, AcceptDelete, AcceptRollback, AcceptUpdate
from firebrick.store.adopting import Adopt
from firebrick.store.cancelling import AcceptCancel
from firebrick.store.claims import ClaimRows, NoteProgress, RenewRows
from firebrick.store.clock import DatabaseClock
from firebrick.store.converging import BeginUpdate, StandIn
from firebrick.store.database import open_engine, refusals, unavailable
from firebrick.store.health import Mark
from firebrick.store.inspection import check_keyring
from firebrick.store.keyring import Keyring
from firebrick.store.open_family import open_family
from firebrick.store.operation_outcomes import BeginOutcome, FinishOutcome
from firebrick.store.operations import Begin, FailLost, Finish
from firebrick.store.outcomes import RecordRows
from firebrick.store.parked import count_parked
from firebrick.store.plan_base import PlanBase, name_is_taken, read_plan_base, read_rows
from firebrick.store.plan_rows import list_plan_rows
from firebrick.store.requests import NewOperation, NewStack, NewTarget
from firebrick.store.rows import EventRow, OperationRow, ResourceRow, StackRow, StackSummary, UpstreamRow
from firebrick.store.signalling import AddSignal, ClearHook, list_signals
from firebrick.store.step_outcomes import Claim, ClaimOutcome, RowOutcome
from firebrick.store.tree_events import list_tree_events
from firebrick.store.unfinished import unfinished
from firebrick.store.writer import StoreWriter

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4


class Store:
    """An open database: a writer thread and a pool of readers. Make it with `open`; one per process.

    clock: the database's time, seconds since the epoch (UTC).
    """

    def __init__(self, writing: Engine, reading: Engine, keyring: Keyring) -> None:
        self.clock = DatabaseClock(reading)
        self.keyring = keyring
        self._writing = writing
        self._reading = reading
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False
        self.writer = StoreWriter(writing)

    @classmethod
    async def open(cls, url: str, keyring: Keyring, *, migrate: bool = True) -> "Store":
        """Open, and by default bring to this program's schema. url: ``sqlite:////path`` or ``postgresql+psycopg://``.

        InvalidInput for a URL this store cannot use; Unavailable when the database refuses, has another schema, or was
        written with a keyring that is not this one.
        """
        return await asyncio.to_thread(cls._open, url, keyring, migrate)

    @classmethod
    def _open(cls, url: str, keyring: Keyring, migrating: bool) -> "Store":
        writing = open_engine(url, keyring, writes=True, connections=1)
        reading = open_engine(url, keyring, writes=False, connections=READERS)
        try:
            with refusals(opening=True):
                (migrate.upgrade if migrating else migrate.check)(writing)
                check_keyring(reading, keyring)
            return cls(writing, reading, keyring)
        except BaseException:
            writing.dispose()
            reading.dispose()
            raise

    def project(self, project: str) -> "Repository":
        return Repository(self, project)

    def every_project(self) -> "EveryProject":
        return EveryProject(self)

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function of firebrick.store.reads in a reader's thread, in one consistent view.

        A connection that has died since it was used last is replaced, and the query asked once more.
        """
        if self._closed:
            raise unavailable("the store is closed")

        def ask() -> T:
            with self._reading.connect() as connection:
                return query(connection, *args, **kwargs)

        def run() -> T:
            with refusals():
                try:
                    return ask()
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                return ask()

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def close(self) -> None:
        """Commit what is on its way, then close. Idempotent."""
        self._closed = True
        await asyncio.to_thread(self.clock.close)
        await self.writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        self._writing.dispose()
        self._reading.dispose()

    async def __aenter__(self) -> "Store":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Repository:
    """Everything of one project, and nothing else."""

    def __init__(self, store: Store, project: str) -> None:
        self._store = store
        self.project = project

    def now(self) -> float:
        """The database's time, seconds since the epoch (UTC)."""
        return self._store.clock()

    # --- operations ---

    async def accept_create(self, new: NewStack, operation: NewOperation) -> OperationRow:
        """Store a stack and its CREATE, PENDING. The same request again, by its operation id, gives the stored one.

        NameInUse names the living stack and its open operation. Conflict: the id was used for another request.
        """
        return await self._store.writer.write(AcceptCreate(self.project, new, operation))

    async def accept_update(self, stack_id: str, target: NewTarget | None, operation: NewOperation) -> OperationRow:
        """Insert a PENDING UPDATE to a target; None: to the one that the stack is being brought to already, where that
        FAILED.

        Whatever runs is taken over. NotFound; InvalidInput: the stack is being deleted, or suspended, or nothing
        FAILED. The stack shows at once what was accepted, as it does with every operation.
        """
        return await self._store.writer.write(AcceptUpdate(self.project, stack_id, operation, target))

    async def accept_rollback(self, stack_id: str, operation: NewOperation, *, to: str = "previous") -> OperationRow:
        """Insert a PENDING ROLLBACK. InvalidInput: there is nothing to roll back; ActionInProgress."""
        return await self._store.writer.write(AcceptRollback(self.project, stack_id, operation, to))

    async def accept_cancel(
        self, stack_id: str, cancel: Cancel, *, now: float, at_once: bool = False, asked_by: str = ""
    ) -> OperationRow:
        """Note that the newest operation is to be cancelled; whoever runs it must be told. With rollback the stack
        shows the rollback at once. at_once: without waiting for what is in progress. InvalidInput: it cannot be
        cancelled this way, or is being cancelled in another way, or nothing runs; or it is not the one that the
        operation asked_by has asked for."""
        return await self._store.writer.write(AcceptCancel(self.project, stack_id, cancel, now, at_once, asked_by))

    async def base_target(self, stack_id: str) -> NewTarget:
        """What the next update changes: what the stack shows, which was accepted last. Without resources, which nobody
        needs of it. NotFound."""
        return await self._store.read(reads.base_target, self.project, stack_id)

    async def plan_base(self, name_or_id: str) -> PlanBase:
        """What a plan of an update is made from, in one view. NotFound."""
        return await self._store.read(read_plan_base, self.project, name_or_id)

    async def name_is_taken(self, name: str) -> bool:
        """Whether a living stack has this name."""
        return await self._store.read(name_is_taken, self.project, name)

    async def accept_delete(self, stack_id: str, operation: NewOperation) -> OperationRow:
        """Store a DELETE, PENDING. Whatever runs is taken over.

        NotFound: no such stack, or it is deleted. The same operation id again gives the stored one.
        """
        return await self._store.writer.write(AcceptDelete(self.project, stack_id, operation))

    async def begin(
        self, stack_id: str, *, action: Action, operation_id: str = "", workflow_id: str, chain_id: str, now: float
    ) -> BeginOutcome:
        """Make the newest PENDING operation RUNNING for this workflow, older ones SUPERSEDED. Safe to repeat.

        The first time sets its deadline. operation_id: the one expected, if any; with it, a running operation of
        mine counts as mine only if it is that one. NotFound: no such stack.
        """
        write = Begin(self.project, stack_id, action, operation_id, workflow_id, chain_id, now)
        return await self._store.writer.write(write)

    async def finish(
        self,
        operation_id: str,
        *,
        seq: int,
        complete: bool,
        interrupted: str = "",
        now: float,
        outside: Mapping[int, str] = NOTHING,
    ) -> FinishOutcome:
        """End a RUNNING operation; repeated, the same answer.

        interrupted: "" or deadline, cancel, takeover, superseded. Stack state, reason, failure tree and events are
        written; rows still IN_PROGRESS become FAILED, aborted. A complete DELETE frees the name and drops the rows.
        outside: rows whose step was ended by Temporal's own means, and how; they are causes of the failure.
        Where something newer was accepted the stack shows that, and its state and events stay as they are.
        """
        operation = await self.operation(operation_id)
        write = Finish(self.project, operation_id, operation.stack_id, seq, complete, interrupted, now, outside)
        return await self._store.writer.write(write)

    async def operation(self, operation_id: str) -> OperationRow:
        """NotFound."""
        return await self._store.read(reads.find_operation, self.project, operation_id)

    async def unfinished(self, operation: OperationRow) -> Sequence[int]:
        """Rows of what the operation had to do and did not bring to a good end: none, if it is complete."""
        return await self._store.read(unfinished, operation)

    async def accepted_before(self, operation_id: str, fingerprint: str) -> tuple[OperationRow, bool]:
        """The operation of this id, and whether it may have been accepted for a request of this fingerprint.
        NotFound."""
        return await self._store.read(reads.find_accepted, self.project, operation_id, fingerprint)

    async def near_operations(self, operation_id: str, most: int) -> list[OperationRow]:
        """For somebody who asked for one that is not there: those that might be meant, or the project's newest."""
        return await self._store.read(reads.near_operations, self.project, operation_id, most)

    async def open_inside(self, operation: OperationRow) -> list[OperationRow]:
        """What this operation has asked of nested stacks and is not ended, without deletes."""
        return await self._store.read(reads.open_inside, operation)

    async def open_family(self, stack_id: str) -> list[OperationRow]:
        """Open operations of a stack, the newest first, then what they asked of nested stacks and is open."""
        return await self._store.read(open_family, stack_id)

    async def operations(self, stack_id: str) -> list[OperationRow]:
        """Newest first. NotFound: no such stack."""
        return await self._store.read(reads.list_operations, self.project, stack_id)

    async def plan_rows(self, stack_id: str, operation_id: str) -> list[ExistingRow]:
        """What exists of a stack, for the plan of an operation; by row id. NotFound."""
        return await self._store.read(list_plan_rows, self.project, stack_id, operation_id)

    # --- steps ---

    async def claim(
        self,
        claim: Claim,
        *,
        action: Action,
        operation_id: str,
        now: float,
        lease: float,
        key: str = "",
        work: Work = Work.ACT,
        types: AbstractSet[str] | None = None,
    ) -> ClaimOutcome:
        """Ask for a row for one step. lease: seconds from `now`. key, work, types: see claim_many."""
        outcomes = await self.claim_many(
            [claim], action=action, operation_id=operation_id, now=now, lease=lease, keys=[key], work=work, types=types
        )
        return outcomes[0]

    async def claim_many(
        self,
        claims: Sequence[Claim],
        *,
        action: Action,
        operation_id: str,
        now: float,
        lease: float,
        keys: Sequence[str] | None = None,
        announce: bool = True,
        work: Work = Work.ACT,
        types: AbstractSet[str] | None = None,
    ) -> list[ClaimOutcome]:
        """Ask for rows of one stack in one transaction; outcomes in the order given.

        keys: idempotency keys, kept from the first claim of a row in an operation on; "" or None gives
        ``<operation id>.<row id>``. announce: write the IN_PROGRESS events now; else with the outcomes, for batches
        whose rows require each other. work: what is to be done; to converge, a row is given quietly, and a row whose
        place another has taken in this operation gives that one. types: those that the claimant has, for Unequipped.
        """
        if not claims:
            return []
        stack_id = _one_stack(claims)
        keys = [""] * len(claims) if keys is None else keys
        write = ClaimRows(
            self.project, stack_id, tuple(claims), tuple(keys), action, operation_id, now, lease, announce, work, types
        )
        return await self._store.writer.write(write)

    async def renew(
        self,
        claim: Claim,
        lease_until: float,
        *,
        physical_id: str | None = None,
        progress: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> bool:
        """Hold the row until then (seconds since the epoch), and store what is known so far; None keeps what is stored.

        False: the row is not the claimant's any more; nothing is written.
        """
        if physical_id is None and progress is None and properties is None:
            return (await self.renew_many([claim], lease_until))[0]
        return await self._store.writer.write(
            NoteProgress(self.project, claim, lease_until, physical_id, progress, properties)
        )

    async def begin_update(
        self,
        claim: Claim,
        requires: Sequence[int],
        lease_until: float,
        *,
        key: str,
        begun: Mapping[str, Any],
        now: float,
    ) -> bool:
        """Tell that a row's update begins, before the call. key: its idempotency key. begun: what it brings the
        resource to. False: the row is not the claimant's any more."""
        return await self._store.writer.write(BeginUpdate(self.project, claim, now, requires, lease_until, key, begun))

    async def adopt(self, claim: Claim, physical_id: str, *, checks: bool, now: float) -> bool:
        """The row stands for an object that exists already; its check begins. See firebrick.store.adopting."""
        return await self._store.writer.write(Adopt(self.project, claim, now, physical_id, checks))

    async def stand_in(self, claim: Claim, requires: Sequence[int], *, now: float) -> bool:
        """Have a new row take a row's place in the running operation. False: the row is not the claimant's any
        more."""
        return await self._store.writer.write(StandIn(self.project, claim, now, requires))

    async def renew_many(self, claims: Sequence[Claim], lease_until: float) -> list[bool]:
        """Renew claims of one stack."""
        if not claims:
            return []
        write = RenewRows(self.project, _one_stack(claims), tuple(claims), lease_until)
        return await self._store.writer.write(write)

    async def record(self, claim: Claim, outcome: RowOutcome, *, now: float) -> bool:
        """Write how the step ended and give the row back. False: it is not the claimant's any more, and nothing is."""
        return (await self.record_many([(claim, outcome)], now=now))[0]

    async def record_many(self, outcomes: Sequence[tuple[Claim, RowOutcome]], *, now: float) -> list[bool]:
        """Record steps of one stack in one transaction, events in the order given."""
        if not outcomes:
            return []
        write = RecordRows(self.project, _one_stack([claim for claim, _ in outcomes]), tuple(outcomes), now)
        return await self._store.writer.write(write)

    # --- what is told from outside ---

    async def clear_hook(
        self, stack_id: str, name: str, hook: str, *, shown: str, now: float, again: bool = False
    ) -> str:
        """A resource may go on past a hook; the id of the workflow to wake. InvalidInput: it does not wait there, in
        Heat's words, which call it `shown`. again: it may have been cleared by this very request. NotFound: no such
        stack."""
        return await self._store.writer.write(ClearHook(self.project, stack_id, name, hook, shown, now, again))

    async def add_signal(
        self, stack_id: str, row: ResourceRow, body: Any, reason: str, *, now: float, signal_id: str = ""
    ) -> str:
        """Keep a signal for a resource; the id of the workflow to wake, "" for none. signal_id: a uuid under which it
        is kept once. NotFound: no such stack."""
        return await self._store.writer.write(
            AddSignal(self.project, stack_id, row.id, row.name, body, reason, now, signal_id)
        )

    async def signals(self, row: ResourceRow) -> list[Any]:
        """The signals that a resource got since its row was made, the oldest first."""
        return await self._store.read(list_signals, row.stack_id, row.name, row.created_at)

    async def mark(self, stack_id: str, row: ResourceRow, *, unhealthy: bool, reason: str, now: float) -> None:
        """Mark a resource unhealthy, or well again. ActionInProgress: something is being done to it."""
        await self._store.writer.write(Mark(self.project, stack_id, row.id, unhealthy, reason, now))

    async def upstream(self, stack_id: str, names: Sequence[str]) -> dict[str, UpstreamRow]:
        """What these resources show to their dependants; names that do not exist are missing."""
        return await self._store.read(reads.list_upstream, self.project, stack_id, names)

    async def required(self, stack_id: str, rows: Sequence[int]) -> dict[str, UpstreamRow]:
        """What these rows show to their dependants, by name; rows that are gone are missing."""
        return await self._store.read(reads.list_required, self.project, stack_id, rows)

    async def with_physical_ids(self, ids: Sequence[str]) -> list[UpstreamRow]:
        """Living resources of any stack of this project that have one of these physical ids, the oldest first. It
        looks at all resources of the project: ask for few ids, and seldom."""
        return await self._store.read(reads.list_with_physical_ids, self.project, ids)

    # --- what is shown ---

    async def stack(self, name_or_id: str, *, include_deleted: bool = False) -> StackRow:
        """A living stack by name or id; with include_deleted also a deleted one, by id only. NotFound."""
        return await self._store.read(reads.find_stack, self.project, name_or_id, include_deleted=include_deleted)

    async def stack_as_begun(self, name_or_id: str, *, include_deleted: bool = False) -> StackRow:
        """As `stack`, with the inputs that the stack is being brought to: for whoever works on it. What was accepted
        since is shown already, and nothing works with that before it begins."""
        return await self._store.read(
            reads.find_stack_as_begun, self.project, name_or_id, include_deleted=include_deleted
        )

    async def stacks(
        self,
        *,
        filters: Mapping[str, Sequence[Any]] | None = None,
        sort: Sequence[str] = ("created_at",),
        descending: bool = True,
        limit: int | None = None,
        marker: str | None = None,
        include_deleted: bool = False,
        include_nested: bool = False,
        hidden_tags: Sequence[str] = (),
    ) -> list[StackSummary]:
        """filters: id, name, action, owner, owner_id, project, disable_rollback, timeout_mins, status (``COMPLETE`` or
        ``CREATE_COMPLETE``) -> values, any of which.

        sort: of created_at, updated_at, name, status. marker: id of the stack the page starts after, whether it is in
        the list or not (NotFound: there never was one). hidden_tags: stacks with one of these are left out.
        InvalidInput for unknown filters and sort keys.
        """
        return await self._store.read(
            reads.list_stacks,
            self.project,
            filters=filters or {},
            sort=sort,
            descending=descending,
            limit=limit,
            marker=marker,
            include_deleted=include_deleted,
            include_nested=include_nested,
            hidden_tags=hidden_tags,
        )

    async def count_stacks(
        self,
        *,
        filters: Mapping[str, Sequence[Any]] | None = None,
        include_deleted: bool = False,
        include_nested: bool = False,
        hidden_tags: Sequence[str] = (),
    ) -> int:
        """How many there are, whatever the page."""
        return await self._store.read(
            reads.count_stacks,
            self.project,
            filters=filters or {},
            include_deleted=include_deleted,
            include_nested=include_nested,
            hidden_tags=hidden_tags,
        )

    async def count_resources(self, root_id: str, *, without: str = "") -> int:
        """Of a stack with all that is nested in it, a name once for each. root_id: the outermost. without: id of a
        nested one that does not count."""
        return await self._store.read(reads.count_resources, self.project, root_id, without=without)

    async def resources(self, stack_id: str, *, left_over: bool = False) -> list[ResourceRow]:
        """One for each name, as they came to be (a template's in its order). left_over: of a FAILED stack, those too
        whose place another has taken and whose objects are still there. NotFound: no such stack; a deleted one has
        none."""
        return await self._store.read(reads.list_resources, self.project, stack_id, left_over=left_over)

    async def all_rows(self, stack_id: str) -> list[ResourceRow]:
        """Also those that are not in service: that go, or whose place another was to take."""
        return await self._store.read(read_rows, self.project, stack_id)

    async def resource(self, stack_id: str, name: str) -> ResourceRow:
        """NotFound: no such stack or resource."""
        return await self._store.read(reads.find_resource, self.project, stack_id, name)

    async def events(
        self,
        stack_id: str,
        *,
        after_seq: int = 0,
        before_seq: int | None = None,
        limit: int | None = None,
        descending: bool = False,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> list[EventRow]:
        """Events with after_seq < seq < before_seq. filters: resource_name, resource_type, action, status, state.

        NotFound: no such stack (a deleted one keeps its events). InvalidInput: unknown filter.
        """
        return await self._store.read(
            reads.list_events,
            self.project,
            stack_id,
            after_seq=after_seq,
            before_seq=before_seq,
            limit=limit,
            descending=descending,
            filters=filters or {},
        )

    async def tree_events(
        self,
        stack_id: str,
        *,
        depth: int,
        after: str | None = None,
        limit: int | None = None,
        descending: bool = False,
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> list[tuple[EventRow, str]]:
        """Events of a stack and of the living stacks in it, so many levels down, by their time; each with the name of
        its stack. after: the id of the event that these follow in that order. filters: see events.

        NotFound: no such stack, no such event there. InvalidInput: unknown filter.
        """
        return await self._store.read(
            list_tree_events,
            self.project,
            stack_id,
            depth=depth,
            after=after,
            limit=limit,
            descending=descending,
            filters=filters or {},
        )

    async def event(self, stack_id: str, event_id: str) -> EventRow:
        """One event by its uuid, with its resource's properties. NotFound."""
        return await self._store.read(reads.find_event, self.project, stack_id, event_id)


class EveryProject:
    """What the reconciler needs, beyond any one project."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_operations(self) -> list[OperationRow]:
        """PENDING and RUNNING ones, in the order of their acceptance."""
        return await self._store.read(reads.open_operations)

    async def ended_since(self, time: float, limit: int) -> list[OperationRow]:
        """Operations that have ended since that time, the last first."""
        return await self._store.read(reads.ended_since, time, limit)

    async def parked(self) -> Mapping[tuple[str, str], int]:
        """(action, kind of step result) -> how many resources of running operations wait for that."""
        return await self._store.read(count_parked)

    async def fail_lost(self, operation: OperationRow, reason: str, *, now: float) -> bool:
        """End an operation whose run is gone: it, its stack and the rows in progress are FAILED with the reason; the
        stack not where something newer was accepted. A rollback that a cancel has asked for is accepted.

        reason: free of values. False: it does not RUN any more.
        """
        write = FailLost(operation.id, operation.project, operation.stack_id, reason, now)
        return await self._store.writer.write(write)


def _one_stack(claims: Sequence[Claim]) -> str:
    stack_id = claims[0].stack_id
    if any(claim.stack_id != stack_id for claim in claims):
        raise ValueError("the claims of one call are of one stack")
    return stack_id
