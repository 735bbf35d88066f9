"""Hooks on a resource's way: where a step stops before its action, and where it stops after it.

What is claimed at a hook is claimed quietly: its state is what it was, and nothing is told but the hook's own event.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from firebrick.contract import Action, StepKind, StepResult, Work
from firebrick.hooks import LOOK, HookState, after, before, stops
from firebrick.signals import wake_key
from firebrick.store.rows import ResourceRow
from firebrick.store.step_outcomes import Claimed, RowOutcome
from firebrick.store.targets import resource_from_json

if TYPE_CHECKING:
    from activities.steps import Step


async def at_hook(step: "Step", held: Claimed) -> StepResult | None:
    """The step's result when the row has to wait, or has waited after its action; None: go on with the action."""
    row = held.row
    state = HookState.of(row.hooks, step.claim.seq)
    if state.result is not None and not state.waiting:
        return await step.record(row, RowOutcome(StepResult.model_validate(state.result), quiet=True))
    hook = state.waiting[0] if state.waiting else _hook_before(step, held, state)
    if not hook:
        return None
    if step.ask.stopping:  # nobody clears it for this operation any more
        return await step.aborted(row)
    at = step.world.clock() + LOOK
    return await step.record(row, RowOutcome.parked(StepKind.WAIT_SIGNAL, at, key=wake_key(row.name), hook=hook))


def stopped_after(step: "Step", row: ResourceRow, outcome: RowOutcome, action: Action) -> RowOutcome:
    """An action's good end, told when the hook after it is cleared, if there is one."""
    definition = row.definition
    if action is Action.UPDATE and row.wanted is not None:
        definition = row.wanted["definition"]
    if step.ask.stopping:  # it ends here, whatever was to hold it back
        return outcome
    hook = after(action)
    state = HookState.of(row.hooks, step.claim.seq)
    if not stops(definition, hook, state, step.ask.action, made=row.may_be_there):
        return outcome
    at = step.world.clock() + LOOK
    pause = StepResult(kind=StepKind.WAIT_SIGNAL, at=at, key=wake_key(row.name))
    return replace(outcome, hook=hook, pause=pause)


def _hook_before(step: "Step", held: Claimed, state: HookState) -> str:
    """The hook at which the row is now; "" for none."""
    row, operation = held.row, step.ask.action
    if held.in_progress:
        return ""
    if step.ask.work is Work.CONVERGE and row.action != "INIT":
        if row.wanted is None:
            return ""
        wanted = resource_from_json(row.wanted)
        if wanted.implementation != row.implementation or row.action == Action.DELETE:
            return ""
        definition, hook = wanted.definition, before(Action.UPDATE)
    else:
        action = operation if step.ask.work is Work.ACT else Action.CREATE
        definition, hook = row.definition, before(Action.DELETE if step.ask.work is Work.CLEAN else action)
    return hook if stops(definition, hook, state, operation, made=row.may_be_there) else ""
