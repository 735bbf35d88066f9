"""run_batch: up to 50 instant resources in one activity: one claim, the computing, one record."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from temporalio import activity

from activities import observed
from activities.failures import scrubbed
from activities.heartbeat import Interrupt, alive
from activities.masks import Masks
from activities.others import others
from activities.settling import settled_create
from activities.steps import error_name
from activities.unequipped import left_to_others, types_asked_for
from activities.world import World
from firebrick import contract
from firebrick.contract import Action, StepKind, StepResult, Work
from firebrick.diagnostics import Unavailable
from firebrick.failpoints import failpoint
from firebrick.physical_names import physical_name
from firebrick.resolution import properties_of, stored_lookup
from firebrick.resources.answers import guarded
from firebrick.resources.base import Context, Done
from firebrick.resources.errors import classify
from firebrick.resources.schema import validate
from firebrick.store.rows import UpstreamRow
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
from firebrick.template import ResourceDefinition

# Seconds after which a batch starts nothing more: it shares the worker's loop with everything else.
BUDGET = 1.0
# Instant resources ask nobody, so the row is only held while this worker computes.
LEASE = 5.0


class BatchActivities:
    """run_batch: instant resources, in dependency order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._masks = Masks(world)

    @activity.defn(name=contract.RUN_BATCH)
    @scrubbed
    async def run_batch(self, ask: contract.RunBatch) -> contract.BatchResult:
        """Take each row to its end. A row that is missing in the result was not started."""
        interrupt = Interrupt()
        results = await alive(self._run(ask, activity.info().attempt, interrupt), interrupt)
        return contract.BatchResult(results=tuple(results), answers=ask.asked)

    async def _run(self, ask: contract.RunBatch, attempt: int, interrupt: Interrupt) -> list[tuple[int, StepResult]]:
        failpoint("batch.before-claim")
        rows = self._world.store.project(ask.project)
        claims = [
            Claim(
                stack_id=ask.stack_id,
                row=row,
                seq=ask.seq,
                chain_run=ask.chain_run,
                step=ask.number,
                attempt=attempt,
                phase=1 if ask.work is Work.CLEAN else 0,
            )
            for row in ask.rows
        ]
        deletes = ask.action is Action.DELETE or ask.work is Work.CLEAN  # then nothing is asked of a type
        held = await rows.claim_many(
            claims,
            action=ask.action,
            operation_id=ask.operation_id,
            now=self._world.clock(),
            lease=LEASE,
            announce=False,
            work=ask.work,
            types=None if deletes else types_asked_for(self._world),
        )
        failpoint("batch.after-claim")
        results: dict[int, StepResult] = {}
        mine: list[Claimed] = []
        lacking = ""
        for claim, got in zip(claims, held, strict=True):
            match got:
                case Claimed():
                    mine.append(got)
                case AlreadyEnded(result=result) | AlreadyRecorded(result=result):
                    results[claim.row] = result
                case Superseded():
                    results[claim.row] = StepResult(kind=StepKind.SUPERSEDED)
                case Busy():
                    pass
                case Unequipped(type=type_name):
                    lacking = type_name
        outcomes = await self._settle(ask, mine, results, interrupt)
        kept = await rows.record_many(outcomes, now=self._world.clock())
        failpoint("batch.after-record")
        for (claim, outcome), stored in zip(outcomes, kept, strict=True):
            if stored and not outcome.released:
                results[claim.row] = outcome.result
        if not results and lacking and not interrupt:
            raise left_to_others(lacking)
        if not results:
            # All rows are another worker's, which may be dead: come back when its lease has run out.
            await interrupt.wait(LEASE / 10)
        # In the order asked for. What is missing will be asked for again.
        return [(row, results[row]) for row in ask.rows if row in results]

    async def _settle(
        self,
        ask: contract.RunBatch,
        mine: Sequence[Claimed],
        results: Mapping[int, StepResult],
        interrupt: Interrupt,
    ) -> list[tuple[Claim, RowOutcome]]:
        """Compute each row's outcome, in the given order; those made here are upstream of those that follow."""
        outcomes: list[tuple[Claim, RowOutcome]] = []
        upstream: dict[str, UpstreamRow] = {}
        ended = {row for row, result in results.items() if result.kind is not StepKind.DONE}
        until = time.monotonic() + BUDGET
        for held in mine:
            row = held.row
            if interrupt or time.monotonic() > until or any(one in ended for one in row.requires):
                outcome = RowOutcome.release()
            else:
                began = time.perf_counter()
                outcome = await self._one(ask, held, upstream, interrupt)
                observed.count(row, row.action, outcome.result, time.perf_counter() - began)
            if outcome.result.kind is not StepKind.DONE:
                ended.add(row.id)
            outcomes.append((held.claim, outcome))
        return outcomes

    async def _one(
        self, ask: contract.RunBatch, held: Claimed, upstream: dict[str, UpstreamRow], interrupt: Interrupt
    ) -> RowOutcome:
        row = held.row
        if row.action == Action.DELETE:
            return RowOutcome.done()
        world = self._world
        properties: dict[str, Any] | None = None
        inner: dict[str, UpstreamRow] = {}
        try:
            kind = world.registry.type(row.implementation)
            definition = ResourceDefinition.thaw(row.definition)
            known = _known(held, upstream)
            dynamic = (definition.properties,) if definition.dynamic else ()
            lookup = await stored_lookup(known, world.registry, world.store.project(ask.project), dynamic)
            inner = {f"{one.id}": one for one in lookup.inner_rows}
            properties = await properties_of(definition, lookup)
            model = validate(kind, properties or {}, name=row.name, quoting=False)
            context = Context(
                name=row.name,
                type_name=row.type,
                stack_name=held.stack_name,
                stack_id=ask.stack_id,
                project=ask.project,
                action=row.action,
                key=row.key,
                physical_name=physical_name(held.stack_name, row.name, row.uuid),
                properties=model,
                physical_id=None,
                data={},
                progress={},
                now=world.clock(),
                others=await others(world.store.project(ask.project), world.registry, kind, model, known),
            )
            done = guarded(kind, kind.create)(context)
            assert isinstance(done, Done), f"{kind.type_name} is instant and must be done at once"
        except Unavailable:
            raise
        except Exception as error:
            text = await self._masks.text(
                error, ask.project, ask.stack_id, ask.operation_id, interrupt, unstored={**upstream, **inner}
            )
            return RowOutcome.failed(classify(error), text, error=error_name(error), properties=properties)
        upstream[row.name] = UpstreamRow(
            id=row.id,
            name=row.name,
            type=row.type,
            implementation=row.implementation,
            action=row.action,
            status="COMPLETE",
            physical_id=done.physical_id,
            reference_id=done.reference_id or done.physical_id,
            attributes=done.attributes,
            data=done.data or {},
            properties=properties,
            revision=row.revision + 1,
        )
        return RowOutcome.done(
            physical_id=done.physical_id,
            reference_id=done.reference_id,
            attributes=done.attributes,
            data=done.data,
            properties=properties,
            settled=settled_create(world.registry, held, known),
            changed=True,
        )


def _known(held: Claimed, made: Mapping[str, UpstreamRow]) -> dict[str, UpstreamRow]:
    """What the row requires; what was made in this batch is known better than when the batch claimed it."""
    return {name: made.get(name, one) for name, one in held.upstream.items()}
