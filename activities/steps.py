"""One resource step, once in effect (docs/architecture.md, section 5): claim and intent, the call, the outcome."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from temporalio import activity

from activities import observed
from activities.external import is_external, look
from activities.failures import GivenUp, Lost, scrubbed
from activities.handlers import seconds_of
from activities.heartbeat import Interrupt, alive
from activities.lease import Lease
from activities.lost_creates import FailedCreate, after_failed_create, may_be_left, must_be_looked_for
from activities.masks import Masks
from activities.nested import Nested, NestedStackFailed
from activities.others import others
from activities.places import Place
from activities.resuming import NothingMade, finished_in, goes_on, resume
from activities.settling import settled_create
from activities.taken import awaited
from activities.unequipped import left_to_others, types_asked_for
from activities.updating import converge
from activities.waiting import at_hook, stopped_after
from activities.world import World
from firebrick import contract
from firebrick.contract import Action, StepKind, StepResult, Work
from firebrick.diagnostics import FirebrickError, InvalidInput, Unavailable
from firebrick.elapsed import elapsed
from firebrick.failpoints import failpoint
from firebrick.hooks import LOOK
from firebrick.physical_names import physical_name
from firebrick.plan import Role
from firebrick.resolution import apart, properties_of, stored_lookup
from firebrick.resources.answers import delay_of, known_id, text_of
from firebrick.resources.base import Context, Done, Found, Next, Poll, ResourceType, WaitSignal, WaitUntil
from firebrick.resources.errors import RETRY_RULES, UnknownOutcome, classify
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.resources.schema import restore, validate
from firebrick.signals import wake_key
from firebrick.store.rows import ResourceRow, UpstreamRow
from firebrick.store.step_outcomes import (
    AlreadyEnded,
    AlreadyRecorded,
    Busy,
    Claim,
    Claimed,
    RowOutcome,
    Superseded,
    Unequipped,
)
from firebrick.template import ResourceDefinition, resolve

# For how long a call is held that can end by itself when it is not held any more, and how often that is renewed.
RENEWED_LEASE = 60.0
RENEW_EVERY = 15.0
# Seconds after which a step looks again for a place for its calls, and for what a lost create may still make.
CROWDED_PAUSE = 1.0
LOOK_FOR_LOST = 5.0
# Polls up to this far apart, and for this long in all, stay in the activity; longer ones park the node.
POLL_IN_PLACE = 5.0
# The lease that a claim takes, in seconds: long enough to get to the call, which takes a lease of its own length.
CLAIM_LEASE = 5.0
# Added to a call's time limit to make the lease: the call has been abandoned for so long before anyone else may act.
LEASE_MARGIN = 2.0
# Between two tries to write while the database is away, in seconds.
DATABASE_PAUSE = 0.5
# Seconds after an operation's deadline at which what was to come later would come.
AFTER_THE_END = 1.0
UNTOLD = "looking for what a create made whose answer was lost (a type that cannot look repeats the create): "


class StepActivities:
    """run_step: one resource, one step."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._masks = Masks(world)

    @activity.defn(name=contract.RUN_STEP)
    @scrubbed
    async def run_step(self, ask: contract.RunStep) -> StepResult:
        """Take a resource one step further; the outcome is in the store before it is told."""
        info, interrupt = activity.info(), Interrupt()
        self._world.recent.begin(info.workflow_run_id or "")
        result = await alive(Step(self._world, ask, info.attempt, interrupt, self._masks).run(), interrupt)
        told: dict[str, Any] = {"answers": ask.asked}
        if result.at:
            told["now"] = self._world.clock()
        return result.model_copy(update=told)


class Crowded(Exception):
    """There is no place for a call to this provider now."""


class Step:
    """One attempt at one step. What converges a row is in activities.updating; the rest is here. nested: what takes
    the steps of nested stacks."""

    nested: ClassVar[type[Nested]] = Nested

    def __init__(self, world: World, ask: contract.RunStep, attempt: int, interrupt: Interrupt, masks: Masks) -> None:
        self.world = world
        self._masks = masks
        self.ask = ask
        self.interrupt = interrupt
        self.rows = world.store.project(ask.project)
        self.claim = Claim(
            stack_id=ask.stack_id,
            row=ask.row,
            seq=ask.seq,
            chain_run=ask.chain_run,
            step=ask.step,
            attempt=attempt,
            phase=1 if ask.work is Work.CLEAN else 0,
        )
        # Resolved ones, to be stored with whatever is recorded; those of an update only when it is done.
        self._properties: dict[str, Any] | None = None
        self._signals: Sequence[Any] = ()
        self._lease = Lease()
        self._place: Place | None = None
        self._creating: Context | None = None  # of a create that was called, until its answer is there
        self._inner: Mapping[str, UpstreamRow] = {}  # rows of nested stacks that its properties were computed from
        self._why_called = ""  # told before an error's text, where the call is not what the action's name says
        self.finishing = False  # of what an earlier operation began: then the node goes on when that has ended
        self._left_to_people = ""  # told when a delete is done that could not look for what there may be

    async def run(self) -> StepResult:
        """Claim, work, and again from the claim if the row was lost meanwhile."""
        while True:
            failpoint("step.before-claim")
            now = self.world.clock()
            held = await self.rows.claim(
                self.claim,
                action=self.ask.action,
                operation_id=self.ask.operation_id,
                now=now,
                lease=CLAIM_LEASE,
                work=self.ask.work,
                types=types_asked_for(self.world),
            )
            match held:
                case Unequipped(type=lacking):
                    if self.interrupt:
                        return self._stopped()
                    raise left_to_others(lacking)
                case AlreadyEnded(result=result) | AlreadyRecorded(result=result):
                    return result
                case Superseded():
                    return StepResult(kind=StepKind.SUPERSEDED)
                case Busy(until=until):
                    # Somebody is, or was, inside a call. Either the outcome appears, or the lease runs out.
                    if await self.interrupt.wait(min(0.5, max(0.02, until - now))):
                        return self._stopped()
                    continue
                case Claimed(claim=claim):
                    self.claim = claim
            failpoint("step.after-claim", held.row.name)
            try:
                return await observed.step(held, self.work(held))
            except Lost:
                continue
            finally:
                self._let_go()

    async def work(self, held: Claimed) -> StepResult:
        """Of a claimed row; whatever a handler raises is the resource's failure, not the worker's."""
        self._why_called = self._left_to_people = ""
        self._creating = None
        self.finishing = False
        try:
            kind = self.world.registry.type(held.row.implementation)
        except InvalidInput as error:  # a plug-in that this worker does not have
            if self._deletes(held) and not held.row.create_key:
                waits = await at_hook(self, held)
                return await self.done(held, Done()) if waits is None else waits
            failed = RowOutcome.failed("permanent", error_text(error), error=error_name(error))
            return await self.record(held.row, failed)
        try:
            waits = await at_hook(self, held)
            if waits is not None:
                return waits
            if kind.takes_signals:
                self._signals = await self.rows.signals(held.row)
            if is_external(held):
                return await look(self, kind, held)
            if isinstance(kind, TemplateResource):
                return await self.nested(self, kind, held).run()
            if self._deletes(held):
                return await self._delete(kind, held)
            if held.row.interrupted and held.in_progress:
                return await resume(self, kind, held)
            if held.row.action == Action.CREATE and held.in_progress:
                return await self.create(kind, held)
            return await converge(self, kind, held)
        except (GivenUp, Lost, Unavailable):
            raise
        except Crowded:
            at = self.world.clock() + CROWDED_PAUSE * (1 + random.random())
            return await self._put_off(held, at, "crowded")
        except UnknownOutcome as error:
            return await self._unknown(held.row, await self._text(error))
        except Exception as error:
            return await self._failed(kind, held, error)

    def _stopped(self) -> StepResult:
        """An interrupt while the row was not held."""
        if self.interrupt.lost:
            raise GivenUp
        return StepResult(kind=StepKind.ABORTED)

    # --- the work -------------------------------------------------------------------------------------------------

    async def create(self, kind: ResourceType, held: Claimed, *, finishing: bool = False) -> StepResult:
        """finishing: one that an earlier operation began; NothingMade, when that has made nothing."""
        row = held.row
        self.finishing = finishing
        definition = ResourceDefinition.thaw(row.definition)
        metadata: Mapping[str, Any] = {}
        if row.properties is None:
            upstream = held.upstream
            if finishing:  # the claim has what the target requires
                upstream = await self.rows.required(self.ask.stack_id, row.requires)
            self._properties, metadata = await self.resolve(upstream, definition)
        else:
            self._properties = dict(row.properties)
        model = validate(kind, self._properties, name=row.name, quoting=False)
        context = self.context(held, model, metadata)
        if row.polling or row.physical_id is not None:
            answer = await self.query(kind, kind.poll_create, context)
            return await self.follow(kind, held, context, kind.poll_create, answer)
        if held.intent_open:
            if kind.can_find(model):
                found = await self._find(kind, context)
                if found is not None:
                    failpoint("step.after-find", row.name)
                    adopted = Poll(after=0, physical_id=found.physical_id)
                    return await self.follow(kind, held, context, kind.poll_create, adopted)
                if self._may_still_come(row):
                    return await self._look_again(held)
                if finishing and not kind.can_repeat_create(model):
                    raise NothingMade
            elif not _repeats(kind, model):
                return await self._unknown(row, must_be_looked_for(kind, context))
        failpoint("step.before-call", row.name)
        if self.interrupt:
            return await self.aborted(row, lost=held.intent_open)
        context = await self.with_others(kind, context, held.upstream)
        self._creating = context
        answer = await self.effect(kind, kind.create, context)
        self._creating = None
        failpoint("step.after-call", row.name)
        return await self.follow(kind, held, context, kind.poll_create, answer)

    async def _delete(self, kind: ResourceType, held: Claimed) -> StepResult:
        row = held.row
        if self.leaves(row) or not row.create_key:
            return await self.done(held, Done())
        model = restore(kind, row.properties) if row.properties is not None else None
        context = self.context(held, model, {})
        if row.polling:
            answer = await self.query(kind, kind.poll_delete, context)
            return await self.follow(kind, held, context, kind.poll_delete, answer)
        if row.physical_id is None:
            # Nothing is known of an object; a create may have been begun and not told about.
            found = await self._made(kind, held, model) if row.create_unsettled else Done()
            if isinstance(found, Done):
                return await self.done(held, found, message=self._left_to_people)
            if isinstance(found, StepResult):
                return found
            failpoint("step.after-find", row.name)
            await self._progress(found.physical_id, None)
            context = self.context(held, found.model, {}, physical_id=found.physical_id)
        failpoint("step.before-call", row.name)
        if self.interrupt:
            return await self.aborted(row)
        answer = await self.effect(kind, kind.delete, context)
        failpoint("step.after-call", row.name)
        return await self.follow(kind, held, context, kind.poll_delete, answer)

    @staticmethod
    def _deletes(held: Claimed) -> bool:
        return held.row.action == Action.DELETE and held.in_progress

    def leaves(self, row: ResourceRow) -> bool:
        """Whether what the row stands for outlives it: its template, or who asked for the delete, wants it so."""
        retained = row.role == Role.RETAINED and row.role_seq == self.claim.seq
        return retained or row.definition.get("deletion_policy", "Delete") == "Retain"

    async def _model_of_create(self, kind: ResourceType, held: Claimed) -> Any:
        """The properties of a create that died before they were stored. What it required is still there: it goes after
        this row."""
        definition = ResourceDefinition.thaw(held.row.definition)
        upstream = await self.rows.required(self.ask.stack_id, held.row.requires)
        self._properties, _ = await self.resolve(upstream, definition)
        return validate(kind, self._properties, name=held.row.name, quoting=False)

    async def _made(self, kind: ResourceType, held: Claimed, model: Any) -> "_Made | Done | StepResult":
        """The object that a create made whose end is not known, to be deleted. Done: there is none, or nobody can know.
        StepResult: it is looked for again later."""
        row = held.row
        if kind.inline or kind.instant:
            return Done()
        model = await self._model_of_create(kind, held) if model is None else model
        context = self.context(held, model, {}, key=row.create_key)
        if kind.can_find(model):
            self._why_called = UNTOLD
            found = await self._find(kind, context)
            self._why_called = ""
            if found is not None:
                return _Made(found.physical_id, model)
            return await self._look_again(held) if self._may_still_come(row) else Done()
        self._left_to_people = may_be_left(kind, context)
        if not _repeats(kind, model):
            return Done()
        # Under the same token the provider gives the same object; if it made none then, it makes one to be deleted.
        context = replace(context, action=Action.CREATE.value)
        self._why_called = UNTOLD
        try:
            answer = await self.effect(kind, kind.create, await self.with_others(kind, context, {}))
        except Exception as error:
            if classify(error) == "permanent":  # nor would any other attempt say what there is
                return Done()
            raise
        self._why_called = ""
        return Done() if answer.physical_id is None else _Made(answer.physical_id, model)

    def _may_still_come(self, row: ResourceRow) -> bool:
        """Whether a create that was given up may take effect yet."""
        return row.unsettled_until is not None and row.unsettled_until > self.world.clock()

    async def _look_again(self, held: Claimed) -> StepResult:
        assert held.row.unsettled_until is not None
        return await self._put_off(held, min(held.row.unsettled_until, self.world.clock() + LOOK_FOR_LOST), "unsettled")

    async def follow(
        self,
        kind: ResourceType,
        held: Claimed,
        context: Context,
        poll: Callable[[Context], Any],
        answer: Next,
        *,
        finish: Callable[[Done], Awaitable[StepResult]] | None = None,
    ) -> StepResult:
        """Do what the handler wants next, in place while that is short, until it is done or parked. finish: how the end
        is recorded, where that is not a create's or delete's."""
        waited = 0.0
        known: tuple[str | None, Mapping[str, Any]] = (held.row.physical_id, held.row.progress)
        while not isinstance(answer, Done):
            physical_id = answer.physical_id if answer.physical_id is not None else context.physical_id
            progress = dict(answer.progress) if answer.progress is not None else dict(context.progress)
            if not isinstance(answer, Poll) or waited + answer.after > POLL_IN_PLACE:
                if isinstance(answer, WaitSignal) and self.ask.stopping:
                    return await self.aborted(held.row)
                if isinstance(answer, WaitSignal):
                    answer = replace(answer, key=wake_key(answer.key), timeout=min(answer.timeout, LOOK))
                return await self.park(held.row, answer, physical_id, progress)
            if known != (physical_id, progress) or not waited:
                await self._progress(physical_id, progress)
                known = (physical_id, progress)
                failpoint("step.after-progress", held.row.name)
            waited += max(answer.after, 0.02)
            if self.interrupt or (answer.after and await self.interrupt.wait(answer.after)):
                return await self.aborted(held.row)
            context = replace(context, physical_id=physical_id, progress=progress, now=self.world.clock())
            answer = await self.query(kind, poll, context)
        return await (self.done(held, answer) if finish is None else finish(answer))

    async def begin_update(self, row: ResourceRow, requires: Sequence[int], begun: Mapping[str, Any]) -> str:
        """Tell that the row's update begins; its idempotency key. begun: see ResourceRow."""
        key = f"{self.ask.operation_id}.{self.claim.row}"
        begun = {**begun, **finished_in(row)}

        def write() -> Awaitable[bool]:
            now = self.world.clock()
            return self.rows.begin_update(self.claim, requires, now + CLAIM_LEASE, key=key, begun=begun, now=now)

        if not await self.stored(write):
            raise Lost
        return key

    async def effect(self, kind: ResourceType, handler: Callable[..., Any], context: Context) -> Any:
        """A call that changes something, made only while nobody else may act on the row."""
        if kind.inline:
            return await self.world.handlers.call(kind, handler, context)
        self._take_place(kind, context)
        seconds = seconds_of(kind, context) + LEASE_MARGIN
        renews = kind.fenced and seconds > RENEWED_LEASE
        await self._renew(RENEWED_LEASE if renews else seconds)
        call = self.world.handlers.call(kind, handler, context, lease=self._lease, place=self._place)
        if not renews:
            return await call
        holding = asyncio.create_task(self._hold_on())
        try:
            return await call
        finally:
            holding.cancel()

    async def query(self, kind: ResourceType, handler: Callable[..., Any], context: Context) -> Any:
        """A call that changes nothing. If the row is lost meanwhile, its answer is not stored; that is all."""
        if not kind.inline:
            self._take_place(kind, context)
        return await self.world.handlers.call(kind, handler, context, place=self._place)

    def _take_place(self, kind: ResourceType, context: Context) -> None:
        """One for all calls of this step. Crowded: none is free."""
        if self._place is not None:
            return
        properties = context.properties
        provider = kind.type_name if properties is None else kind.provider(properties)
        self._place = self.world.handlers.places.take(provider, self.ask.project)
        if self._place is None:
            raise Crowded

    def _let_go(self) -> None:
        if self._place is not None:
            self._place.release()
            self._place = None

    async def _hold_on(self) -> None:
        """While a long call goes on: hold the row, as long as the call is wanted."""
        while True:
            if await self.interrupt.wait(RENEW_EVERY) and await self._is_cut_short():
                return self._lease.lose()
            since = elapsed()
            try:
                if not await self.rows.renew(self.claim, self.world.clock() + RENEWED_LEASE):
                    return self._lease.lose()
                self._lease.hold(since, RENEWED_LEASE)
            except Unavailable:
                pass  # the call goes on for as long as the row is held
            if self.interrupt:
                await asyncio.sleep(RENEW_EVERY)

    async def _is_cut_short(self) -> bool:
        """Whether whoever interrupted has no use for the end of what is under way: the stack is to be deleted, or the
        operation's time is up."""
        if self.world.clock() >= self.ask.deadline:
            return True
        try:
            newest = max(await self.rows.operations(self.ask.stack_id), key=lambda one: one.seq)
        except Unavailable:
            return False
        return newest.action is Action.DELETE and self.ask.action is not Action.DELETE

    async def _renew(self, seconds: float, **known: Any) -> None:
        """Hold the row for so long from now on; again when the write itself took so long that the margin is used up."""
        since = -math.inf

        def write() -> Awaitable[bool]:
            nonlocal since
            since = elapsed()
            return self.rows.renew(self.claim, self.world.clock() + seconds, **known)

        while elapsed() - since > LEASE_MARGIN / 2:
            if not await self.stored(write):
                raise Lost
            self._lease.hold(since, seconds)

    async def stored(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """A write under this claim, tried again while the database is away: what this activity knows (that no call was
        made yet, or what was answered) another attempt would have to find out, and not every provider can be asked.
        A write that was made, though nobody heard, is not made twice: the claim has ended, the answer is False, and
        the next claim gets what was recorded."""
        while True:
            try:
                return await write()
            except Unavailable:
                if await self.interrupt.wait(DATABASE_PAUSE):
                    raise

    async def _progress(self, physical_id: str | None, progress: Mapping[str, Any] | None) -> None:
        """Store what is known so far, before anything else happens. The call is over, and so is its long lease."""
        await self._renew(CLAIM_LEASE, physical_id=physical_id, progress=progress, properties=self._properties)

    async def note(self, physical_id: str) -> None:
        """Store the id of what there turns out to be."""
        await self._progress(physical_id, None)

    async def _find(self, kind: ResourceType, context: Context) -> Found | None:
        assert kind.find_by_key is not None
        found: Found | None = await self.query(kind, kind.find_by_key, context)
        return found

    # --- outcomes: each is in the store before it is told ---------------------------------------------------------

    async def done(self, held: Claimed, done: Done, *, message: str = "") -> StepResult:
        """message: the reason, where there is more to say than that it is done."""
        row = held.row
        made = row.action == Action.CREATE
        outcome = RowOutcome.done(
            physical_id=done.physical_id,
            reference_id=done.reference_id,
            attributes=done.attributes,
            data=done.data,
            properties=self._properties,
            settled=settled_create(self.world.registry, held) if made else None,
            changed=made,
            replaced=made and row.replaces is not None and row.born_seq == self.claim.seq,
            message=message,
        )
        return await self.record(row, stopped_after(self, row, outcome, Action(row.action)))

    async def park(
        self,
        row: ResourceRow,
        answer: Poll | WaitUntil | WaitSignal,
        physical_id: str | None,
        progress: Mapping[str, Any],
        properties: Mapping[str, Any] | None = None,
    ) -> StepResult:
        now, key = self.world.clock(), ""
        match answer:
            case Poll(after=after):
                kind, at = StepKind.POLL, now + after
            case WaitUntil(time=at):
                kind = StepKind.WAIT_UNTIL
            case WaitSignal(key=key, timeout=timeout):
                kind, at = StepKind.WAIT_SIGNAL, now + timeout
        return await self.record(
            row,
            RowOutcome.parked(
                kind,
                self._no_later(at),
                key=key,
                progress=progress,
                physical_id=physical_id,
                properties=self._properties if properties is None else properties,
            ),
        )

    async def _failed(self, kind: ResourceType, held: Claimed, error: Exception) -> StepResult:
        """Another attempt where the error's class says that it may help; else the resource has failed."""
        row = held.row
        error = await awaited(self, error)
        error_class = classify(error)
        rule = RETRY_RULES[error_class]
        attempt = row.retries + 1
        text = self._why_called + await self._text(error)
        failed = FailedCreate(lost=held.intent_open)
        if self._creating is not None:
            failed = after_failed_create(kind, self._creating, error, lost_before=held.intent_open)
            if failed.unknown:
                return await self._unknown(row, must_be_looked_for(kind, self._creating), text)
        if failed.note:
            text += f" {failed.note}"
        now = self.world.clock()
        until = now + failed.late if failed.late else None
        if attempt < rule.attempts and self.interrupt and not self.interrupt.lost:
            return await self.aborted(row, lost=failed.lost, unsettled_until=until)
        if attempt < rule.attempts:
            delay = delay_of(error)
            if delay is None:
                delay = rule.delay(attempt) * (1 + random.random() / 4)
            outcome = RowOutcome.retry(
                self._no_later(now + delay),
                error_class,
                text,
                attempt=attempt,
                attempts=rule.attempts,
                lost=failed.lost,
                properties=self._properties,
            )
        else:
            outcome = RowOutcome.failed(
                error_class, text, error=error_name(error), properties=self._properties, lost=failed.lost
            )
        return await self.record(row, replace(outcome, unsettled_until=until, physical_id=known_id(error)))

    def _no_later(self, at: float) -> float:
        """What a provider or a type asks for ends with the operation, whose own end must come first."""
        return min(at, self.ask.deadline + AFTER_THE_END)

    async def _unknown(self, row: ResourceRow, message: str, said: str = "") -> StepResult:
        """A create may or may not have taken effect, and the provider cannot be asked. message: where to look. said:
        what the call ended with, if this attempt made it; what an earlier one ended with, the row has."""
        if said:
            message += f" The call ended with: {said}"
        elif row.retries:
            message += f" Before that, {row.status_reason}"
        return await self.record(row, RowOutcome.unknown(message, properties=self._properties))

    async def _put_off(self, held: Claimed, at: float, why: str) -> StepResult:
        """Nothing was done; the same is tried again at this time."""
        return await self.record(held.row, RowOutcome.put_off(at, why, lost=held.intent_open))

    async def _text(self, error: Exception) -> str:
        ask = self.ask
        return await self._masks.text(
            error, ask.project, ask.stack_id, ask.operation_id, self.interrupt, unstored=self._inner
        )

    async def aborted(
        self, row: ResourceRow, *, lost: bool = False, unsettled_until: float | None = None
    ) -> StepResult:
        """An interrupt between two calls. Its cause is the workflow's to know; finish_operation writes it. GivenUp: the
        workflow knows of none."""
        if self.interrupt.lost:
            raise GivenUp
        outcome = replace(RowOutcome.aborted("interrupted", lost=lost), unsettled_until=unsettled_until)
        return await self.record(row, outcome)

    async def record(self, row: ResourceRow, outcome: RowOutcome) -> StepResult:
        outcome = goes_on(row, outcome, self.claim.seq, self.world.clock(), finishing=self.finishing)
        if not await self.stored(lambda: self.rows.record(self.claim, outcome, now=self.world.clock())):
            raise Lost
        failpoint("step.after-record", row.name)
        return outcome.told

    # --- what a handler sees ------------------------------------------------------------------------------------------

    async def resolve(
        self, upstream: Mapping[str, UpstreamRow], definition: ResourceDefinition
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        dynamic = (definition.properties, definition.metadata) if definition.dynamic else ()
        lookup = await stored_lookup(upstream, self.world.registry, self.rows, dynamic)
        self._inner = {f"{row.id}": row for row in lookup.inner_rows}
        metadata: Mapping[str, Any] = definition.metadata
        if metadata and definition.dynamic:
            metadata = await apart(lookup, resolve, metadata, lookup)
        return await properties_of(definition, lookup), metadata

    async def update_policy(
        self, upstream: Mapping[str, UpstreamRow], definition: ResourceDefinition
    ) -> Mapping[str, Any]:
        """With everything computed."""
        if not definition.dynamic:
            return dict(definition.update_policy)
        lookup = await stored_lookup(upstream, self.world.registry, self.rows, (definition.update_policy,))
        return dict(await apart(lookup, resolve, definition.update_policy, lookup) or {})

    async def with_others(self, kind: ResourceType, context: Context, upstream: Mapping[str, UpstreamRow]) -> Context:
        found = await others(self.rows, self.world.registry, kind, context.properties, upstream)
        return replace(context, others=found) if found else context

    def context(
        self,
        held: Claimed,
        properties: Any,
        metadata: Mapping[str, Any],
        *,
        physical_id: str | None = None,
        progress: Mapping[str, Any] | None = None,
        key: str = "",
        previous: Any = None,
        changed: tuple[str, ...] = (),
    ) -> Context:
        row = held.row
        return Context(
            name=row.name,
            type_name=row.type,
            stack_name=held.stack_name,
            stack_id=self.ask.stack_id,
            project=self.ask.project,
            action=row.action if held.in_progress else Action.UPDATE.value,
            key=key or row.key,
            physical_name=physical_name(held.stack_name, row.name, row.uuid),
            properties=properties,
            physical_id=physical_id or row.physical_id,
            data=row.data,
            progress=row.progress if progress is None else progress,
            now=self.world.clock(),
            attempt=row.retries + 1,
            signals=self._signals,
            metadata=metadata,
            previous=previous,
            changed=changed,
            deletion_policy=row.definition.get("deletion_policy", "Delete"),
        )


def error_name(error: Exception) -> str:
    """The class that Heat shows before a failure's text."""
    if isinstance(error, NestedStackFailed):
        return error.error
    return error.first.heat_type if isinstance(error, FirebrickError) else type(error).__name__


def error_text(error: Exception) -> str:
    return error.first.message if isinstance(error, FirebrickError) else text_of(error)


def _repeats(kind: ResourceType, model: Any) -> bool:
    return kind.can_repeat_create(model) or kind.inline or kind.instant


@dataclass(frozen=True, slots=True)
class _Made:
    """What a create has made that nobody was told of. model: of its properties."""

    physical_id: str
    model: Any
