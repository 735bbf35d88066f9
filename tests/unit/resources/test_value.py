"""OS::Heat::Value gives back what it was given, as the type it was told."""

from typing import Any

import pytest

from firebrick.resources.heat.value import Value
from firebrick.resources.schema import TypeSchema, dotted
from firebrick.testing.rehearsal import Rehearsal

UNKNOWN = object()
SCHEMA = TypeSchema.of(Value)


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({"value": "a"}, "a"),
        ({"value": {"a": [1, None]}}, {"a": [1, None]}),
        ({"value": None}, None),
        ({"value": 5, "type": "string"}, "5"),
        ({"value": "5", "type": "number"}, 5),
        ({"value": "5.5", "type": "number"}, 5.5),
        ({"value": ["a"], "type": "comma_delimited_list"}, ["a"]),
        ({"value": {"a": 1}, "type": "json"}, {"a": 1}),
        ({"value": "TRUE", "type": "boolean"}, True),
        ({"value": False, "type": "boolean"}, False),
    ],
)
def test_the_attribute_is_the_value_as_the_type_that_is_told(properties: dict[str, Any], value: Any) -> None:
    resource = Rehearsal(Value(), properties, name="v")
    resource.create()
    assert resource.attribute("value") == value
    assert type(resource.attribute("value")) is type(value)
    assert resource.physical_id == "stack-v-abcdefghijkl"
    assert resource.pauses == []


@pytest.mark.parametrize(
    ("properties", "path", "message"),
    [
        ({"value": "abc", "type": "number"}, "value", "could not convert string to float: 'abc'"),
        ({"value": "a,b", "type": "comma_delimited_list"}, "value", "\"'a,b'\" is not a list"),
        ({"value": "{}", "type": "json"}, "value", '"{}" is not a map'),
        ({"value": "yes", "type": "boolean"}, "value", '"yes" is not a valid boolean'),
        ({"value": [], "type": "string"}, "value", "Value must be a string; got []"),
        (
            {"value": 1, "type": "int"},
            "type",
            '"int" is not an allowed value ["string", "number", "comma_delimited_list", "json", "boolean"]',
        ),
        ({"type": "number"}, "", "Property value not assigned"),
    ],
)
def test_a_value_of_another_type_is_refused_where_it_stands(
    properties: dict[str, Any], path: str, message: str
) -> None:
    [problem] = SCHEMA.check(properties, unknown=UNKNOWN)
    assert (dotted(problem.path), problem.message) == (path, message)


def test_a_value_that_is_not_known_yet_is_not_judged() -> None:
    assert SCHEMA.check({"value": UNKNOWN, "type": "number"}, unknown=UNKNOWN) == []
    assert SCHEMA.check({"value": ["a", UNKNOWN], "type": "number"}, unknown=UNKNOWN) == []
    assert SCHEMA.check({"value": "abc", "type": UNKNOWN}, unknown=UNKNOWN) == []


def test_both_properties_can_be_updated_in_place() -> None:
    assert all(one["update_allowed"] for one in SCHEMA.shown()["properties"].values())
