"""OS::Heat::Delay takes the time it is told to, in the actions it is told to."""

from typing import Any

import pytest

from firebrick.resources.base import WaitUntil
from firebrick.resources.heat.delay import Delay
from firebrick.resources.schema import TypeSchema
from firebrick.testing.rehearsal import Rehearsal


def took(properties: dict[str, Any], *, key: str = "key") -> tuple[float, float]:
    """Virtual seconds that create and delete take."""
    resource = Rehearsal(Delay(), properties, key=key)
    resource.create()
    create = resource.now - resource.started
    resource.delete()
    return create, resource.now - resource.started


def test_without_properties_it_takes_no_time() -> None:
    assert took({}) == (0, 0)


def test_by_default_only_the_create_waits() -> None:
    assert took({"min_wait": 300}) == (300, 0)


def test_the_actions_that_wait_can_be_chosen() -> None:
    assert took({"min_wait": "2.5", "actions": ["DELETE"]}) == (0, 2.5)
    assert took({"min_wait": 2, "actions": ["CREATE", "DELETE"]}) == (2, 2)
    assert took({"min_wait": 2, "actions": []}) == (0, 0)


def test_the_random_part_is_between_nothing_and_jitter_times_multiplier_and_differs_by_key() -> None:
    waits = [took({"min_wait": 10, "max_jitter": 2, "jitter_multiplier": 3}, key=str(n))[0] for n in range(40)]
    assert all(10 <= wait <= 16 for wait in waits)
    assert max(waits) - min(waits) > 3
    assert len(set(waits)) == 40


def test_a_repeated_attempt_waits_no_other_time() -> None:
    properties = {"max_jitter": 100}
    assert took(properties, key="same") == took(properties, key="same")


def test_the_time_is_drawn_once_and_an_early_wake_up_waits_for_the_rest() -> None:
    resource = Rehearsal(Delay(), {"min_wait": 100})
    first = Delay().create(resource.context("CREATE", "key"))
    assert isinstance(first, WaitUntil)
    resource.progress, resource.now = dict(first.progress or {}), resource.now + 40
    again = Delay().poll_create(resource.context("CREATE", "key"))
    assert again == WaitUntil(time=resource.started + 100, progress=first.progress)


def test_a_wait_of_years_is_taken_a_day_at_a_time() -> None:
    resource = Rehearsal(Delay(), {"min_wait": 10 * 86_400 + 5})
    resource.create()
    assert resource.pauses == [86_400.0] * 10 + [5.0]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"min_wait": -1}, "-1 is out of range (min: 0, max: None)"),
        (
            {"actions": ["CREATE", "UPDATE"]},
            '"[\'CREATE\', \'UPDATE\']" is not an allowed value ["CREATE", "DELETE", "SUSPEND", "RESUME"]',
        ),
    ],
)
def test_wrong_properties_are_refused(properties: dict[str, Any], message: str) -> None:
    assert [one.message for one in TypeSchema.of(Delay).check(properties, unknown=object())] == [message]


def test_the_schema_is_heats() -> None:
    shown = TypeSchema.of(Delay).shown()["properties"]
    assert [(name, one["type"], one["default"]) for name, one in shown.items()] == [
        ("min_wait", "number", 0),
        ("max_jitter", "number", 0),
        ("jitter_multiplier", "number", 1.0),
        ("actions", "list", ["CREATE"]),
    ]
    assert all(one["update_allowed"] for one in shown.values())
    assert "schema" not in shown["actions"]


def test_a_wait_that_outlasts_the_stack_is_refused_once_it_is_known() -> None:
    schema, unknown = TypeSchema.of(Delay), object()

    def said(properties: dict[str, Any], timeout: float) -> list[str]:
        return [one.message for one in schema.check_timeout(properties, timeout=timeout, unknown=unknown)]

    long = {"min_wait": 10, "max_jitter": "5", "jitter_multiplier": 10}
    assert said(long, 59) == ["OS::Heat::Delay maximum delay 60 exceeds stack timeout 59."]
    assert said(long, 60) == []
    assert said(long | {"max_jitter": unknown}, 1) == []
    assert said({"min_wait": -1}, 1) == []
