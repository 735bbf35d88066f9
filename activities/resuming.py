"""Finishing what an earlier operation began with a resource and did not end, before it is brought to what is wanted.

An operation that is interrupted leaves what its providers are at (Heat's rule: what is in progress is let finish). The
next one that wants the resource polls it to its end, records that, and goes on with the same row: nothing that lives is
replaced because somebody interrupted. It is replaced at once where that would follow anyway.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from activities.updating import changed_names, converge, desired_of, restricted, stand_in
from firebrick.contract import Action, Status, StepKind, StepResult
from firebrick.resources.base import Context, Done, ResourceType
from firebrick.resources.changes import Effect, names_of, outright
from firebrick.resources.schema import restore
from firebrick.standing import standing_of
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow
from firebrick.store.step_outcomes import Claimed, RowOutcome, Settled
from firebrick.store.targets import resource_from_json

if TYPE_CHECKING:
    from activities.steps import Step


# Key of ResourceRow.begun: the operation in which what an earlier one began was brought to its end.
FINISHED_IN = "finished_in"
ENDS = (StepKind.DONE, StepKind.FAILED, StepKind.UNKNOWN)


class NothingMade(Exception):
    """An interrupted create has surely made nothing."""


def goes_on(row: ResourceRow, outcome: RowOutcome, seq: int, now: float, *, finishing: bool) -> RowOutcome:
    """The outcome as it is recorded in the operation seq. finishing: it is of what an earlier operation began: then
    the node goes on at once, and what dependants see has changed when it ends."""
    if finishing and outcome.result.kind in ENDS:
        settled = None if outcome.settled is None else replace(outcome.settled, input_hash="")
        at_once = StepResult(kind=StepKind.POLL, at=now)
        return replace(outcome, pause=at_once, settled=settled, begun={FINISHED_IN: seq})
    if outcome.result.kind is StepKind.DONE and finished_in(row) == {FINISHED_IN: seq}:
        return replace(outcome, result=outcome.result.model_copy(update={"changed": True}))
    return outcome


def finished_in(row: ResourceRow) -> dict[str, int]:
    """What of ResourceRow.begun an update keeps."""
    return {name: value for name, value in (row.begun or {}).items() if name == FINISHED_IN}


async def resume(step: "Step", kind: ResourceType, held: Claimed) -> StepResult:
    """Of a row whose action an earlier operation began. What ends here is recorded so that the node goes on."""
    row = held.row
    assert row.wanted is not None
    wanted = resource_from_json(row.wanted)
    if await _goes_anyway(step, kind, held, wanted):
        return await stand_in(step, held)
    if row.action == Action.CREATE:
        try:
            return await step.create(kind, held, finishing=True)
        except NothingMade:
            return await stand_in(step, held)
    if row.begun is None or not row.polling:
        # Its call may have had its effect: all is asserted again, with what is wanted now.
        return await converge(step, kind, held.as_if(status=Status.FAILED))
    return await _finish_update(step, kind, held)


async def _goes_anyway(step: "Step", kind: ResourceType, held: Claimed, wanted: NewResource) -> bool:
    """Whether another row takes this one's place, whatever comes of what is in progress."""
    row = held.row
    if restricted(wanted, replaced=True):
        return False
    if outright(standing_of(row), wanted.implementation) is not None:
        return True
    if row.action == Action.CREATE and kind.replace_interrupted:
        return True
    begun = row.properties if row.action == Action.CREATE else (row.begun or {}).get("properties")
    if begun is None:
        return False
    desired = await desired_of(step, kind, held, wanted, before=begun)
    return bool(names_of(desired.changes, Effect.REPLACE))


async def _finish_update(step: "Step", kind: ResourceType, held: Claimed) -> StepResult:
    row, begun = held.row, held.row.begun
    assert begun is not None
    schema = step.world.registry.schema(row.implementation)
    context: Context = step.context(
        held,
        restore(kind, begun["properties"]),
        {},
        previous=restore(kind, row.properties or {}),
        changed=changed_names(schema, row.properties or {}, begun["properties"]),
    )
    step.finishing = True

    async def recorded(done: Done) -> StepResult:
        settled = Settled(input_hash="", revision=row.revision + 1, definition=begun["definition"], type=begun["type"])
        outcome = RowOutcome.done(
            physical_id=done.physical_id,
            reference_id=done.reference_id,
            attributes=done.attributes,
            data=done.data,
            properties=begun["properties"],
            settled=settled,
            changed=True,
        )
        return await step.record(row, outcome)

    answer = await step.query(kind, kind.poll_update, context)
    return await step.follow(kind, held, context, kind.poll_update, answer, finish=recorded)
