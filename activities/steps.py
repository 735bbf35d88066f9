"""One resource step, once in effect (docs/architecture.md, section 5): claim and intent, the call, the outcome."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import scrubbed
from activities.heartbeat import Interrupt, alive
from activities.others import others
from activities.world import World
from firebrick import contract
from firebrick.contract import Action, StepKind, StepResult
from firebrick.diagnostics import FirebrickError, InvalidInput, Unavailable
from firebrick.failpoints import failpoint
from firebrick.resolution import StoredLookup, apart, physical_name
from firebrick.resources.base import Context, Done, Found, Next, Poll, ResourceType, WaitSignal, WaitUntil
from firebrick.resources.errors import RETRY_RULES, classify
from firebrick.resources.schema import restore, validate
from firebrick.store.rows import (
    AlreadyEnded,
    AlreadyRecorded,
    Busy,
    Claim,
    Claimed,
    ResourceRow,
    RowOutcome,
    Superseded,
    UpstreamRow,
)
from firebrick.template import ResourceDefinition, resolve, resolve_properties

# Polls up to this far apart, and for this long in all, stay in the activity; longer ones park the node.
POLL_IN_PLACE = 5.0
# The lease that a claim takes, in seconds: long enough to get to the call, which takes a lease of its own length.
CLAIM_LEASE = 5.0
# Added to a call's time limit to make the lease: the call has been abandoned for so long before anyone else may act.
LEASE_MARGIN = 2.0
# Between two tries to write while the database is away, in seconds.
DATABASE_PAUSE = 0.5


class StepActivities:
    """run_step: one resource, one step."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name=contract.RUN_STEP)
    @scrubbed
    async def run_step(self, ask: contract.RunStep) -> StepResult:
        """Take a resource one step further; the outcome is in the store before it is told."""
        interrupt = Interrupt()
        return await alive(_Step(self._world, ask, activity.info().attempt, interrupt).run(), interrupt)


class _Step:
    def __init__(self, world: World, ask: contract.RunStep, attempt: int, interrupt: Interrupt) -> None:
        self._world = world
        self._ask = ask
        self._interrupt = interrupt
        self._rows = world.store.project(ask.project)
        self._claim = Claim(
            stack_id=ask.stack_id,
            row=ask.row,
            seq=ask.seq,
            chain_run=ask.chain_run,
            step=ask.step,
            attempt=attempt,
        )
        self._properties: dict[str, Any] | None = None  # resolved ones, to be stored

    async def run(self) -> StepResult:
        """Claim, work, and again from the claim if the row was lost meanwhile."""
        while True:
            failpoint("step.before-claim")
            now = self._world.clock()
            held = await self._rows.claim(
                self._claim, action=self._ask.action, operation_id=self._ask.operation_id, now=now, lease=CLAIM_LEASE
            )
            match held:
                case AlreadyEnded(result=result) | AlreadyRecorded(result=result):
                    return result
                case Superseded():
                    return StepResult(kind=StepKind.SUPERSEDED)
                case Busy(until=until):
                    if until <= now:
                        # This very attempt was here before and left nothing (a reset workflow repeats its numbers):
                        # only a later attempt may have the row.
                        raise ApplicationError("the row is held under this attempt's own number", type="HeldByItself")
                    # Somebody is, or was, inside a call. Either the outcome appears, or the lease runs out.
                    if await self._interrupt.wait(min(0.5, max(0.02, until - now))):
                        return StepResult(kind=StepKind.ABORTED)
                    continue
                case Claimed():
                    pass
            failpoint("step.after-claim", held.row.name)
            try:
                return await self._guarded(held)
            except _Lost:
                continue

    async def _guarded(self, held: Claimed) -> StepResult:
        """The work; whatever a handler raises is the resource's failure, not the worker's."""
        try:
            kind = self._world.registry.type(held.row.implementation)
        except InvalidInput as error:  # a plug-in that this worker does not have
            failed = RowOutcome.failed("permanent", error_text(error), error=error_name(error))
            return await self._record(held.row, failed)
        try:
            if self._ask.action is Action.DELETE:
                return await self._delete(kind, held)
            return await self._create(kind, held)
        except (_Lost, Unavailable):
            raise
        except Exception as error:
            return await self._failed(kind, held, error)

    # --- the work -------------------------------------------------------------------------------------------------

    async def _create(self, kind: ResourceType, held: Claimed) -> StepResult:
        row = held.row
        definition = ResourceDefinition.thaw(row.definition)
        metadata: Mapping[str, Any] = {}
        if row.properties is None:
            self._properties, metadata = await self._resolve(held.upstream, definition)
        else:
            self._properties = dict(row.properties)
        context = self._context(held, validate(kind, self._properties, name=row.name, quoting=False), metadata)
        if row.polling or row.physical_id is not None:
            answer = await self._query(kind, kind.poll_create, context)
            return await self._follow(kind, held, context, kind.poll_create, answer)
        if held.intent_open:
            if kind.find_by_key is not None:
                found = await self._find(kind, context)
                if found is not None:
                    failpoint("step.after-find", row.name)
                    adopted = Poll(after=0, physical_id=found.physical_id)
                    return await self._follow(kind, held, context, kind.poll_create, adopted)
            elif _effect_unknowable(kind):
                return await self._unknown(row)
        failpoint("step.before-call", row.name)
        if self._interrupt:
            return await self._aborted(row, lost=held.intent_open)
        context = await self._with_others(kind, context, held.upstream)
        try:
            answer = await self._effect(kind, kind.create, context)
        except Exception as error:
            # Throttled, conflict and the like are answers; a broken connection or a time limit is none.
            if _may_hide_an_effect(error) and _effect_unknowable(kind):
                return await self._unknown(row)
            raise
        failpoint("step.after-call", row.name)
        return await self._follow(kind, held, context, kind.poll_create, answer)

    async def _delete(self, kind: ResourceType, held: Claimed) -> StepResult:
        row = held.row
        if row.definition.get("deletion_policy") == "Retain" or not row.create_key:
            return await self._done(row, Done())
        model = restore(kind, row.properties) if row.properties is not None else None
        context = self._context(held, model, {})
        if row.polling:
            answer = await self._query(kind, kind.poll_delete, context)
            return await self._follow(kind, held, context, kind.poll_delete, answer)
        if row.physical_id is None:
            # Nothing is known of an object; a create may have been begun and not told about.
            made = await self._untold(kind, held, model) if row.create_unsettled else None
            if made is None:
                return await self._done(row, Done())
            failpoint("step.after-find", row.name)
            await self._progress(made, None)
            context = self._context(held, model, {}, physical_id=made)
        failpoint("step.before-call", row.name)
        if self._interrupt:
            return await self._aborted(row)
        answer = await self._effect(kind, kind.delete, context)
        failpoint("step.after-call", row.name)
        return await self._follow(kind, held, context, kind.poll_delete, answer)

    async def _untold(self, kind: ResourceType, held: Claimed, model: Any) -> str | None:
        """Physical id of the object that a create made whose answer was lost; None when there is none, or when this
        type cannot know (then a person was told to look)."""
        row = held.row
        if kind.find_by_key is not None:
            found = await self._find(kind, self._context(held, model, {}, key=row.create_key))
            return None if found is None else found.physical_id
        if not kind.idempotent_create or kind.inline or kind.instant:
            return None
        # Under the same token the provider gives the same object; if it made none then, it makes one to be deleted.
        if model is None:
            definition = ResourceDefinition.thaw(row.definition)
            upstream = await self._rows.upstream(self._ask.stack_id, definition.requires)
            self._properties, _ = await self._resolve(upstream, definition)
            model = validate(kind, self._properties, name=row.name, quoting=False)
        context = replace(self._context(held, model, {}, key=row.create_key), action=Action.CREATE.value)
        answer = await self._effect(kind, kind.create, await self._with_others(kind, context, {}))
        made: str | None = answer.physical_id
        return made

    async def _follow(
        self,
        kind: ResourceType,
        held: Claimed,
        context: Context,
        poll: Callable[[Context], Any],
        answer: Next,
    ) -> StepResult:
        """Do what the handler wants next, in place while that is short, until it is done or parked."""
        waited = 0.0
        known: tuple[str | None, Mapping[str, Any]] = (held.row.physical_id, held.row.progress)
        while not isinstance(answer, Done):
            physical_id = answer.physical_id if answer.physical_id is not None else context.physical_id
            progress = dict(answer.progress) if answer.progress is not None else dict(context.progress)
            if not isinstance(answer, Poll) or waited + answer.after > POLL_IN_PLACE:
                return await self._park(held.row, answer, physical_id, progress)
            if known != (physical_id, progress) or not waited:
                await self._progress(physical_id, progress)
                known = (physical_id, progress)
                failpoint("step.after-progress", held.row.name)
            waited += max(answer.after, 0.02)
            if self._interrupt or (answer.after and await self._interrupt.wait(answer.after)):
                return await self._aborted(held.row)
            context = self._context(
                held, context.properties, context.metadata, physical_id=physical_id, progress=progress
            )
            answer = await self._query(kind, poll, context)
        return await self._done(held.row, answer)

    async def _effect(self, kind: ResourceType, handler: Callable[..., Any], context: Context) -> Any:
        """A create or delete call, inside a lease that outlives it: nobody else may act on the row meanwhile."""
        if not kind.inline:
            await self._renew(kind.call_timeout + LEASE_MARGIN)
        return await self._world.handlers.call(kind, handler, context)

    async def _query(self, kind: ResourceType, handler: Callable[..., Any], context: Context) -> Any:
        """A call that changes nothing. If the row is lost meanwhile, its answer is not stored; that is all."""
        return await self._world.handlers.call(kind, handler, context)

    async def _renew(self, seconds: float, **known: Any) -> None:
        """Hold the row for so long from now on; again when the write itself took so long that the margin is used up."""
        until = 0.0

        def write() -> Awaitable[bool]:
            nonlocal until
            until = self._world.clock() + seconds
            return self._rows.renew(self._claim, until, **known)

        while until - self._world.clock() < seconds - LEASE_MARGIN:
            if not await self._stored(write):
                raise _Lost

    async def _stored(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """A write under this claim, tried again while the database is away: what this activity knows (that no call was
        made yet, or what was answered) another attempt would have to find out, and not every provider can be asked.
        A write that was made, though nobody heard, is not made twice: the claim has ended, the answer is False, and
        the next claim gets what was recorded."""
        while True:
            try:
                return await write()
            except Unavailable:
                if await self._interrupt.wait(DATABASE_PAUSE):
                    raise

    async def _progress(self, physical_id: str | None, progress: Mapping[str, Any] | None) -> None:
        """Store what is known so far, before anything else happens. The call is over, and so is its long lease."""
        await self._renew(CLAIM_LEASE, physical_id=physical_id, progress=progress, properties=self._properties)

    async def _find(self, kind: ResourceType, context: Context) -> Found | None:
        assert kind.find_by_key is not None
        found: Found | None = await self._query(kind, kind.find_by_key, context)
        return found

    # --- outcomes: each is in the store before it is told ---------------------------------------------------------

    async def _done(self, row: ResourceRow, done: Done) -> StepResult:
        return await self._record(
            row,
            RowOutcome.done(
                physical_id=done.physical_id,
                reference_id=done.reference_id,
                attributes=done.attributes,
                data=done.data,
                properties=self._properties,
            ),
        )

    async def _park(
        self,
        row: ResourceRow,
        answer: Poll | WaitUntil | WaitSignal,
        physical_id: str | None,
        progress: Mapping[str, Any],
    ) -> StepResult:
        now, key = self._world.clock(), ""
        match answer:
            case Poll(after=after):
                kind, at = StepKind.POLL, now + after
            case WaitUntil(time=at):
                kind = StepKind.WAIT_UNTIL
            case WaitSignal(key=key, timeout=timeout):
                kind, at = StepKind.WAIT_SIGNAL, now + timeout
        return await self._record(
            row,
            RowOutcome.parked(
                kind, at, key=key, progress=progress, physical_id=physical_id, properties=self._properties
            ),
        )

    async def _failed(self, kind: ResourceType, held: Claimed, error: Exception) -> StepResult:
        """Another attempt where the error's class says that it may help; else the resource has failed."""
        row = held.row
        error_class = classify(error)
        rule = RETRY_RULES[error_class]
        attempt = row.retries + 1
        # What an earlier attempt may have done stays possible, whatever this one met with.
        lost = held.intent_open or (_may_hide_an_effect(error) and not (kind.inline or kind.instant))
        if attempt < rule.attempts and self._interrupt:
            return await self._aborted(row, lost=lost)
        if attempt < rule.attempts:
            delay = getattr(error, "delay", None)
            if delay is None:
                delay = rule.delay(attempt) * (1 + random.random() / 4)
            outcome = RowOutcome.retry(
                self._world.clock() + delay,
                error_class,
                error_text(error),
                attempt=attempt,
                attempts=rule.attempts,
                lost=lost,
                properties=self._properties,
            )
        else:
            outcome = RowOutcome.failed(
                error_class, error_text(error), error=error_name(error), properties=self._properties, lost=lost
            )
        return await self._record(row, outcome)

    async def _unknown(self, row: ResourceRow) -> StepResult:
        """A create may or may not have taken effect, and the provider cannot be asked."""
        message = (
            f"the answer to CREATE was lost, and {row.type} can neither find an object by its key nor be created "
            f"twice safely. Look at the provider for an object made with key {row.key}; if it is there, delete it "
            "there; then delete the stack."
        )
        return await self._record(row, RowOutcome.unknown(message, properties=self._properties))

    async def _aborted(self, row: ResourceRow, *, lost: bool = False) -> StepResult:
        """An interrupt between two calls. Its cause is the workflow's to know; finish_operation writes it."""
        return await self._record(row, RowOutcome.aborted("interrupted", lost=lost))

    async def _record(self, row: ResourceRow, outcome: RowOutcome) -> StepResult:
        if not await self._stored(lambda: self._rows.record(self._claim, outcome, now=self._world.clock())):
            raise _Lost
        failpoint("step.after-record", row.name)
        return outcome.result

    # --- what a handler sees ------------------------------------------------------------------------------------------

    async def _resolve(
        self, upstream: Mapping[str, UpstreamRow], definition: ResourceDefinition
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        lookup = StoredLookup(upstream, self._world.registry)
        properties = await apart(lookup, resolve_properties, definition, lookup)
        metadata = await apart(lookup, resolve, definition.metadata, lookup) if definition.metadata else {}
        return properties, metadata

    async def _with_others(self, kind: ResourceType, context: Context, upstream: Mapping[str, UpstreamRow]) -> Context:
        found = await others(self._rows, self._world.registry, kind, context.properties, upstream)
        return replace(context, others=found) if found else context

    def _context(
        self,
        held: Claimed,
        properties: Any,
        metadata: Mapping[str, Any],
        *,
        physical_id: str | None = None,
        progress: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Context:
        row = held.row
        return Context(
            name=row.name,
            type_name=row.type,
            stack_name=held.stack_name,
            stack_id=self._ask.stack_id,
            project=self._ask.project,
            action=self._ask.action.value,
            key=key or row.key,
            physical_name=physical_name(held.stack_name, row.name, row.uuid),
            properties=properties,
            physical_id=physical_id or row.physical_id,
            data=row.data,
            progress=row.progress if progress is None else progress,
            now=self._world.clock(),
            attempt=row.retries + 1,
            metadata=metadata,
        )


class _Lost(Exception):
    """The row is not held under this claim any more."""


def error_name(error: Exception) -> str:
    """The class that Heat shows before a failure's text."""
    return error.first.heat_type if isinstance(error, FirebrickError) else type(error).__name__


def error_text(error: Exception) -> str:
    return error.first.message if isinstance(error, FirebrickError) else str(error)


def _may_hide_an_effect(error: Exception) -> bool:
    """Whether a failed call may have done its work all the same: an answer that says no is an answer; a broken
    connection or a time limit is none, unless nothing was sent."""
    return classify(error) == "transient" and not getattr(error, "not_sent", False)


def _effect_unknowable(kind: ResourceType) -> bool:
    """Whether a create whose answer was lost can neither be looked up nor be repeated."""
    return kind.find_by_key is None and not (kind.idempotent_create or kind.inline or kind.instant)
