"""Reasons of any size and with any characters: stored cut and whole, wherever one is written, on both databases."""

from typing import Any

import pytest

from firebrick.contract import Action, StepKind
from firebrick.store.step_outcomes import RowOutcome
from firebrick.store.types import MOST_REASON

LONG = "no room \0\ud800 " + "x" * 2_000_000
BEGINNING = "no room \ufffd\ufffd xxx"
NOTE = " characters are left out]"


def is_cut(text: str) -> bool:
    text.encode()
    return BEGINNING in text and text.endswith(NOTE) and MOST_REASON < len(text) < MOST_REASON + 100


@pytest.mark.parametrize(
    "outcome",
    [
        RowOutcome.failed("permanent", LONG),
        RowOutcome.unknown(LONG),
        RowOutcome.retry(5.0, "transient", LONG, attempt=1, attempts=8),
        RowOutcome.done(physical_id="x", message=LONG),
    ],
    ids=lambda outcome: outcome.result.kind.value,
)
async def test_a_steps_reason_is_cut_in_row_event_and_stack(stacks: Any, outcome: RowOutcome) -> None:
    stack = await stacks.running({"a": []})
    await stack.step("a", outcome)
    row = await stack.repository.resource(stack.id, "a")
    assert is_cut(row.status_reason)
    assert is_cut((await stack.texts())[-1].partition("a CREATE_")[2]) or is_cut((await stack.texts())[-2])
    if outcome.result.kind in (StepKind.FAILED, StepKind.UNKNOWN):
        assert is_cut((await stack.state())[1])
        await stack.finish()
        (operation,) = await stack.repository.operations(stack.id)
        assert is_cut(operation.reason) and operation.failure.causes[0].resource == "a"
        assert BEGINNING in operation.failure.causes[0].message and len(str(operation.failure)) < 30_000


async def test_a_stack_with_reasons_of_any_size_is_deleted(stacks: Any) -> None:
    stack = await stacks.running({"a": []})
    await stack.step("a", RowOutcome.failed("permanent", LONG))
    await stack.finish()
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.step("a", RowOutcome.done(message=LONG))
    await stack.finish(complete=True)
    assert (await stack.state())[0] == "DELETE_COMPLETE"
