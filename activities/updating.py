"""Bringing one row to what its target wants: leave it, update it in place, or have another row take its place.

The row was claimed quietly: nothing is told before it is known what is to be done, which
``firebrick.resources.changes`` decides: for plans, too.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from activities.failures import Lost
from activities.live_objects import look
from activities.settling import requirements
from activities.waiting import stopped_after
from firebrick.contract import Action, Status, StepKind, StepResult
from firebrick.failpoints import failpoint
from firebrick.resources.base import Context, Done, ResourceType
from firebrick.resources.changes import PropertyChange, Verdict, compare, decide, outright
from firebrick.resources.errors import PermanentError, Replace
from firebrick.resources.schema import TypeSchema, restore, validate
from firebrick.selection import base_hash, input_hash
from firebrick.standing import lacks_attributes, standing_of
from firebrick.store import reasons
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow
from firebrick.store.step_outcomes import Claimed, RowOutcome, Settled
from firebrick.store.targets import resource_from_json
from firebrick.template import ResourceDefinition

if TYPE_CHECKING:
    from activities.steps import Step


class NotSupported(PermanentError):
    """Heat's name for a change that nobody can make."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What the target wants of a row, with everything resolved. before: the properties that it has now; gone: its
    object is not there any more. attributes: what it was seen to show of them. settled: what is written when the row is
    so."""

    resource: NewResource
    schema: TypeSchema
    properties: dict[str, Any]
    metadata: Mapping[str, Any]
    model: Any
    before: Mapping[str, Any]
    gone: bool
    attributes: Mapping[str, Any]
    changes: Sequence[PropertyChange]
    requires: tuple[int, ...]
    settled: Settled


async def converge(step: "Step", kind: ResourceType, held: Claimed) -> StepResult:
    """Do what is to be done to a claimed row, or go on with its update."""
    row = held.row
    if row.wanted is None:
        raise RuntimeError(f"row {row.id} has nothing to converge to")
    wanted = resource_from_json(row.wanted)
    standing = standing_of(row)
    if outright(standing, wanted.implementation) is not None:
        if refused := restricted(wanted, replaced=True):
            return await step.record(row, refused)
        return await stand_in(step, held)
    desired = await desired_of(step, kind, held, wanted)
    if held.in_progress:
        return await _update(step, kind, held, desired, begun=True)
    decision = decide(
        standing,
        wanted.definition,
        desired.changes,
        failed=standing.incomplete and (standing.nobody_to_ask or await _has_failed(step, kind, held, desired)),
        gone=desired.gone,
        forces=lambda: kind.forces_replacement(_context(step, held, desired)),
    )
    match decision.verdict:
        case Verdict.REPLACE:
            if refused := restricted(wanted, replaced=True):
                return await step.record(row, refused)
            return await stand_in(step, held)
        case Verdict.REFUSE:
            listed = ", ".join(decision.names)
            raise NotSupported(f"Update to properties {listed} of {row.name} ({row.type}) is not supported.")
        case Verdict.LEAVE:
            if row.status == Status.FAILED and row.action == Action.CREATE:
                return await _judged_fine(step, kind, held, desired)
            message = reasons.JUDGED_FINE if row.status == Status.FAILED else ""
            outcome = RowOutcome.unchanged(desired.settled, message=message, properties=desired.properties)
            attributes = desired.attributes
            if not attributes and lacks_attributes(kind, row):
                attributes = (await look(step, kind, held)).attributes
            if not attributes.items() <= row.attributes.items():
                outcome = _seen_anew(outcome, row, {**row.attributes, **attributes})
            return await step.record(row, outcome)
    if refused := restricted(wanted, replaced=False):
        return await step.record(row, refused)
    return await _update(step, kind, held, desired, begun=False)


async def desired_of(
    step: "Step", kind: ResourceType, held: Claimed, wanted: NewResource, *, before: Mapping[str, Any] | None = None
) -> Desired:
    """before: the properties to compare with; None: those that the row has, or its object."""
    row = held.row
    definition = ResourceDefinition.thaw(wanted.definition)
    properties, metadata = await step.resolve(held.upstream, definition)
    schema = step.world.registry.schema(wanted.implementation)
    model = validate(kind, properties, name=row.name, quoting=False)
    base = base_hash(wanted.definition, wanted.implementation, schema.fingerprint)
    looks = before is None and wanted.observe and not held.in_progress
    before = (row.properties or {}) if before is None else before
    attributes: Mapping[str, Any] = {}
    if looks:
        seen = await look(step, kind, held)
        before, attributes = seen.properties, seen.attributes
    return Desired(
        resource=wanted,
        schema=schema,
        properties=properties,
        metadata=metadata,
        model=model,
        before=before or {},
        gone=before is None,
        attributes=attributes,
        changes=[] if before is None else compare(schema, before, properties),
        requires=tuple(sorted(one.id for one in held.upstream.values())),
        settled=Settled(
            input_hash=input_hash(base, requirements(held.upstream)),
            revision=row.revision,
            definition=wanted.definition,
            type=wanted.type,
            requires=tuple(sorted(one.id for one in held.upstream.values())),
            template_id=held.target_id,
            instant=wanted.instant,
        ),
    )


async def _has_failed(step: "Step", kind: ResourceType, held: Claimed, desired: Desired) -> bool:
    try:
        answer: bool = await step.query(kind, kind.replace_failed, _context(step, held, desired))
    except Exception:  # it cannot be asked: Heat's default
        return True
    return answer


async def _judged_fine(step: "Step", kind: ResourceType, held: Claimed, desired: Desired) -> StepResult:
    """A create was said to have failed and has not. What the resource shows was never recorded, so its create is looked
    at once more, to its end; if it cannot be, another row takes its place."""
    row = held.row
    context = replace(_context(step, held, desired), action=Action.CREATE.value)
    try:
        answer = await step.query(kind, kind.poll_create, context)
    except Exception:
        return await stand_in(step, held)

    def recorded(done: Done) -> Awaitable[StepResult]:
        outcome = RowOutcome.unchanged(desired.settled, message=reasons.JUDGED_FINE, properties=desired.properties)
        outcome = _seen_anew(outcome, row, done.attributes)
        return step.record(row, replace(outcome, reference_id=done.reference_id, data=done.data))

    return await step.follow(kind, held, context, kind.poll_create, answer, finish=recorded)


def _seen_anew(outcome: RowOutcome, row: ResourceRow, attributes: Mapping[str, Any]) -> RowOutcome:
    """Nothing was done to it, and yet its dependants see something else."""
    assert outcome.settled is not None
    return replace(
        outcome,
        result=StepResult(kind=StepKind.DONE, changed=True),
        settled=replace(outcome.settled, revision=row.revision + 1),
        attributes=attributes,
    )


def restricted(wanted: NewResource, *, replaced: bool) -> RowOutcome | None:
    """The refusal, when the environment forbids what the update would do to the resource."""
    action = "replace" if replaced else "update"
    if action not in wanted.definition.get("restricted", ()):
        return None
    return RowOutcome.refused("restricted", f"{action} is restricted for resource.")


async def stand_in(step: "Step", held: Claimed) -> StepResult:
    """Another row takes this one's place; the step goes on with that one, from the claim."""
    requires = [one.id for one in held.upstream.values()]
    failpoint("step.before-stand-in", held.row.name)
    await step.stored(lambda: step.rows.stand_in(step.claim, requires, now=step.world.clock()))
    failpoint("step.after-stand-in", held.row.name)
    step.claim = replace(step.claim, row=step.ask.row)
    raise Lost


async def _update(step: "Step", kind: ResourceType, held: Claimed, desired: Desired, *, begun: bool) -> StepResult:
    """Change it in place. begun: its update was begun before, and may have had its effect: it is safe to repeat."""
    row = held.row
    context = _context(step, held, desired)
    if row.polling and begun:
        answer = await step.query(kind, kind.poll_update, context)
    else:
        if step.interrupt:
            return await step.aborted(row)
        if not begun:
            key = await step.begin_update(row, desired.requires, _begun(desired))
            context = replace(context, key=key)
        held = held.as_if(action=Action.UPDATE.value, status=Status.IN_PROGRESS.value, interrupted=False)
        if not context.changed:
            return await _finish(step, row, desired, None)
        failpoint("step.before-call", row.name)
        try:
            answer = await step.effect(kind, kind.update, context)
        except Replace:
            return await stand_in(step, held)
        failpoint("step.after-call", row.name)
    return await step.follow(
        kind, held, context, kind.poll_update, answer, finish=lambda done: _finish(step, row, desired, done)
    )


def _begun(desired: Desired) -> Mapping[str, Any]:
    """What ResourceRow.begun is to be, for whoever has to finish it after an interrupt."""
    one = desired.resource
    return {"properties": desired.properties, "definition": one.definition, "type": one.type}


async def _finish(step: "Step", row: ResourceRow, desired: Desired, done: Done | None) -> StepResult:
    return await step.record(row, stopped_after(step, row, _done(row, desired, done), Action.UPDATE))


def _done(row: ResourceRow, desired: Desired, done: Done | None) -> RowOutcome:
    """done: None when nothing had to be asked of the provider."""
    if done is None:
        return RowOutcome.done(properties=desired.properties, settled=desired.settled)
    physical_id = done.physical_id if done.physical_id is not None else row.physical_id
    reference = done.reference_id if done.reference_id is not None else row.reference_id
    seen = (physical_id, reference, dict(done.attributes), dict(row.data if done.data is None else done.data))
    changed = seen != (row.physical_id, row.reference_id, dict(row.attributes), dict(row.data))
    settled = replace(desired.settled, revision=row.revision + 1) if changed else desired.settled
    return RowOutcome.done(
        physical_id=done.physical_id,
        reference_id=done.reference_id,
        attributes=done.attributes,
        data=done.data,
        properties=desired.properties,
        settled=settled,
        changed=changed,
    )


def changed_names(schema: TypeSchema, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Of properties that differ, as templates have them; sorted."""
    return tuple(sorted(one.name for one in compare(schema, before, after)))


def _context(step: "Step", held: Claimed, desired: Desired) -> Context:
    row = held.row
    changed = tuple(sorted(one.name for one in desired.changes))
    unsure = row.status == Status.FAILED and row.action != Action.CREATE
    if row.drift or unsure or (held.in_progress and not changed):
        # How it is now is not known: whatever may be changed in place is asserted again.
        changed = tuple(sorted(name for name, one in desired.schema.properties.items() if one.update_allowed))
    context = step.context(held, desired.model, desired.metadata)
    previous = restore(desired.schema.implementation, desired.before)
    return replace(context, action=Action.UPDATE.value, previous=previous, changed=changed)
