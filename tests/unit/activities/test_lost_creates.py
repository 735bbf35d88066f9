"""What is known of an object whose create ended with an error, and what follows from that."""

from typing import Any

import pytest

from activities.lost_creates import after_failed_create
from firebrick.resources.base import Context, Found, ResourceType
from firebrick.resources.errors import PermanentError, RefusedError, ThrottledError, TransientError
from firebrick.testing.rehearsal import Rehearsal


class Findable(ResourceType):
    type_name = "Example::Findable"

    def find_by_key(self, context: Context) -> Found | None:
        return None

    def late_effects(self, properties: Any) -> float:
        return 7.0


class Repeatable(ResourceType):
    type_name = "Example::Repeatable"
    idempotent_create = True


class Neither(ResourceType):
    type_name = "Example::Neither"


class Inline(Neither):
    inline = True


CONTEXT = Rehearsal(Neither(), key="the-key").context("CREATE", "the-key")

ENDED = PermanentError("exit code 1")
REFUSED = RefusedError("422")
BROKEN = TransientError("the answer was lost")
AWAY = TransientError("no connection", not_sent=True)
BUSY = ThrottledError("429", not_sent=True)
BUG = ZeroDivisionError()


@pytest.mark.parametrize("lost_before", [False, True])
@pytest.mark.parametrize(
    ("error", "possible"),
    [
        (ENDED, True),
        (BROKEN, True),
        (BUG, True),
        (TimeoutError(), True),
        (REFUSED, False),
        (AWAY, False),
        (BUSY, False),
    ],
    ids=["ended", "broken", "bug", "time-out", "refused", "away", "busy"],
)
def test_what_can_be_looked_for_is_settled_only_by_a_refusal(
    error: Exception, possible: bool, lost_before: bool
) -> None:
    found = after_failed_create(Findable(), CONTEXT, error, lost_before=lost_before)
    assert found.lost is (possible or lost_before) and not found.unknown and not found.note
    assert found.late == (7.0 if isinstance(error, TimeoutError) else 0.0)


def test_what_can_be_repeated_is_not_asked_again_where_the_provider_has_said_no() -> None:
    first = after_failed_create(Repeatable(), CONTEXT, BROKEN, lost_before=False)
    then = after_failed_create(Repeatable(), CONTEXT, REFUSED, lost_before=True)
    assert first.lost and not first.note
    assert not then.lost and "the-key" in then.note
    assert after_failed_create(Repeatable(), CONTEXT, ENDED, lost_before=False).lost
    assert not after_failed_create(Repeatable(), CONTEXT, REFUSED, lost_before=False).lost


def test_what_can_be_neither_looked_for_nor_repeated_is_for_a_person() -> None:
    assert after_failed_create(Neither(), CONTEXT, BROKEN, lost_before=False).unknown
    ended = after_failed_create(Neither(), CONTEXT, ENDED, lost_before=False)
    assert ended.lost and not ended.unknown and "the-key" in ended.note
    refused = after_failed_create(Neither(), CONTEXT, REFUSED, lost_before=False)
    assert not refused.lost and not refused.note


def test_what_is_only_computed_leaves_nothing() -> None:
    assert not after_failed_create(Inline(), CONTEXT, BUG, lost_before=False).lost
