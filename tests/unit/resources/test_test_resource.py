"""OS::Heat::TestResource waits, fails and answers as told."""

import time
from typing import Any

import pytest

from firebrick.resources.errors import classify
from firebrick.resources.heat.test_resource import TestResource as Subject
from firebrick.resources.schema import TypeSchema
from firebrick.testing.rehearsal import Rehearsal, StillWaiting


def took(resource: Rehearsal) -> float:
    return resource.now - resource.started


def test_it_stores_a_value_and_gives_it_back() -> None:
    resource = Rehearsal(Subject(), {"value": "hello"}, name="web")
    resource.create()
    assert resource.attribute("output") == "hello"
    assert resource.physical_id == resource.reference_id == "stack-web-abcdefghijkl"


def test_by_default_it_holds_test_string_and_takes_no_step_more_than_one() -> None:
    resource = Rehearsal(Subject())
    resource.create()
    assert resource.attribute("output") == "test_string"
    assert resource.pauses == []
    resource.delete()
    assert resource.pauses == []


def test_an_action_takes_more_than_the_told_seconds_but_hardly() -> None:
    resource = Rehearsal(Subject(), {"wait_secs": 30})
    resource.create()
    assert 30 < took(resource) < 30.1
    resource.delete()
    assert 30 < took(resource) < 30.1


def test_an_action_can_have_seconds_of_its_own_and_the_others_keep_the_global_ones() -> None:
    resource = Rehearsal(Subject(), {"wait_secs": 9, "action_wait_secs": {"create": "2", "update": 5}})
    resource.create()
    assert 2 < took(resource) < 2.1
    resource.delete()
    assert 9 < took(resource) < 9.1


def test_an_action_told_0_takes_none_beside_a_global_wait() -> None:
    resource = Rehearsal(Subject(), {"wait_secs": 9, "action_wait_secs": {"delete": 0}})
    resource.create()
    resource.delete()
    assert took(resource) == 0


def test_the_physical_id_is_known_while_it_waits() -> None:
    resource = Rehearsal(Subject(), {"wait_secs": 30}, name="web")
    with pytest.raises(StillWaiting):
        resource.create(within=10)
    assert resource.physical_id == "stack-web-abcdefghijkl"


@pytest.mark.parametrize("properties", [{"wait_secs": -1}, {"action_wait_secs": {"create": -1}}])
def test_minus_one_waits_for_ever_in_steps_of_a_day(properties: dict[str, Any]) -> None:
    resource = Rehearsal(Subject(), properties)
    with pytest.raises(StillWaiting):
        resource.create(within=86_400 * 400)
    assert resource.pauses == [86_400.0] * 400


def test_a_failing_create_fails_after_its_wait_in_heats_words_without_a_physical_id() -> None:
    resource = Rehearsal(Subject(), {"fail": True, "wait_secs": 4}, name="web")
    with pytest.raises(ValueError, match="^Test Resource failed web$") as caught:
        resource.create()
    assert type(caught.value) is ValueError
    assert classify(caught.value) == "permanent"
    assert 4 < took(resource) < 4.1
    assert resource.physical_id is None


def test_a_failing_create_without_a_wait_fails_at_once() -> None:
    resource = Rehearsal(Subject(), {"fail": "true"})
    with pytest.raises(ValueError, match="Test Resource failed a"):
        resource.create()
    assert resource.pauses == []


def test_a_delete_never_fails() -> None:
    resource = Rehearsal(Subject(), {"fail": True, "wait_secs": 4, "client_name": "nova", "entity_name": "servers"})
    resource.delete()
    assert 4 < took(resource) < 4.1


def test_constraint_prop_secs_come_before_the_create_begins() -> None:
    resource = Rehearsal(Subject(), {"constraint_prop_secs": 3, "wait_secs": 5})
    resource.create()
    assert 8 < took(resource) < 8.1
    resource = Rehearsal(Subject(), {"constraint_prop_secs": 3})
    resource.create()
    assert took(resource) == 3


def test_attr_wait_secs_pass_when_the_attribute_is_read_and_the_type_says_so() -> None:
    resource = Rehearsal(Subject(), {"attr_wait_secs": 0.05})
    resource.create()
    before = time.monotonic()
    assert resource.attribute("output") == "test_string"
    assert time.monotonic() - before >= 0.05
    for_ever = Rehearsal(Subject(), {"attr_wait_secs": 1e9})
    for_ever.create()
    assert for_ever.attribute("show") is None
    assert Subject.slow_attributes


@pytest.mark.parametrize("client", ["nova", "nobody_knows_this"])
def test_a_cloud_client_that_is_not_there_is_ignored(client: str) -> None:
    resource = Rehearsal(Subject(), {"client_name": client, "entity_name": "servers", "wait_secs": 3, "value": "v"})
    resource.create()
    assert 3 < took(resource) < 3.1 and resource.attribute("output") == "v"
    failing = Rehearsal(Subject(), {"client_name": client, "entity_name": "servers", "fail": True})
    with pytest.raises(ValueError, match="Test Resource failed a"):
        failing.create()


def test_the_schema_is_heats() -> None:
    shown = TypeSchema.of(Subject).shown()["properties"]
    assert [(name, one["type"], one.get("default"), one["update_allowed"]) for name, one in shown.items()] == [
        ("constraint_prop_secs", "number", 0, True),
        ("attr_wait_secs", "number", 0, True),
        ("value", "string", "test_string", True),
        ("update_replace_value", "string", None, False),
        ("fail", "boolean", False, True),
        ("update_replace", "boolean", False, True),
        ("wait_secs", "number", 0, True),
        ("action_wait_secs", "map", None, True),
        ("client_name", "string", "", True),
        ("entity_name", "string", "", True),
    ]
    assert list(shown["action_wait_secs"]["schema"]) == ["create", "update", "delete"]
    assert shown["constraint_prop_secs"]["constraints"] == [{"custom_constraint": "test_constr"}]
