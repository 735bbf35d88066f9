"""Templates made of the schemas of types are templates that the language takes."""

import json
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from firebrick.resources.base import ResourceProperties
from firebrick.resources.generated import cfn_template, hot_template
from firebrick.resources.heat.test_resource import TestResource as Tested
from firebrick.resources.kinds import Kind
from firebrick.resources.registry import Registry
from firebrick.resources.schema import TypeSchema
from firebrick.resources.vocabulary import HIDDEN, Length, Modulo, OneOf, Pattern, Range
from firebrick.template import StackIdentity, define, parse_environment, parse_template

REGISTRY = Registry.default({})
IDENTITY = StackIdentity(name="made", id="00000000-0000-0000-0000-000000000000", project="default")
CONNECTION = {"host": "db.example", "user": "admin"}
GIVEN: dict[str, dict[str, Any]] = {
    "Firebrick::Exec": dict.fromkeys(("create", "read", "update", "delete"), ["true"]),
    "Firebrick::File": {"path": "a"},
    "Firebrick::HTTP::Resource": {
        "url": "http://api.example",
        "update": {"method": "PATCH"},
        "find": {"path": ""},
        "ready": {"path": "state", "values": []},
    },
    "Firebrick::Postgres::Database": {"name": "a", "owner": "b", "connection": CONNECTION},
    "Firebrick::Postgres::Role": {"name": "a", "valid_until": "2030-01-01", "connection": CONNECTION},
    "OS::Heat::SoftwareComponent": {"configs": [{"actions": ["CREATE"], "tool": "script", "config": "true"}]},
    "OS::Heat::Value": {"value": {"a": 1}, "type": "json"},
}
"""By type, values that the type takes, where an empty one is none."""
EMPTY: dict[Kind, Any] = {
    Kind.STRING: "",
    Kind.INTEGER: 0,
    Kind.NUMBER: 0,
    Kind.BOOLEAN: False,
    Kind.LIST: [],
    Kind.MAP: {},
    Kind.ANY: {},
}


class Everything(Tested):
    """A type with each constraint, on properties of several kinds."""

    type_name: ClassVar[str] = "Test::Everything"

    class Properties(ResourceProperties):
        word: Annotated[str, Length(1, 5), Pattern("[a-z]+"), Field(description="A word.")]
        choice: Annotated[str, OneOf("a", "b")] = "a"
        size: Annotated[int, Range(2), Modulo(2, 0)] = 4
        flag: bool = False
        secret: Annotated[str, HIDDEN] = ""
        names: Annotated[list[str] | None, Length(max=3)] = None
        rows: Annotated[list[dict[str, Any]], Length(max=3)] = Field(default=[{"a": 1}])
        table: Annotated[dict[str, Any] | None, Length(max=2)] = None


SCHEMA = TypeSchema.of(Everything)


@pytest.mark.parametrize("make", [hot_template, cfn_template])
@pytest.mark.parametrize("name", REGISTRY.names())
def test_the_template_of_every_type_defines(name: str, make: Callable[[TypeSchema], dict[str, Any]]) -> None:
    schema = REGISTRY.schema(name)
    without = [key for key, one in hot_template(schema)["parameters"].items() if "default" not in one]
    definition = define(
        parse_template(json.dumps(make(schema))),
        parse_environment("{}"),
        parameters={key: EMPTY[schema.properties[key].kind] for key in without} | GIVEN.get(name, {}),
        identity=IDENTITY,
        types=REGISTRY,
    )
    (resource,) = definition.resources.values()
    assert resource.type == name
    assert set(definition.outputs) == {*schema.attributes, "OS::stack_id"}


def test_constraints_become_those_a_parameter_can_have() -> None:
    parameters = hot_template(SCHEMA)["parameters"]
    assert parameters == {
        "word": {
            "type": "string",
            "description": "A word.",
            "constraints": [{"length": {"min": 1, "max": 5}}, {"allowed_pattern": "[a-z]+"}],
        },
        "choice": {"type": "string", "default": "a", "constraints": [{"allowed_values": ["a", "b"]}]},
        "size": {"type": "number", "default": 4, "constraints": [{"range": {"min": 2}}]},
        "flag": {"type": "boolean", "default": False},
        "names": {"type": "comma_delimited_list", "constraints": [{"length": {"max": 3}}]},
        "rows": {"type": "comma_delimited_list", "default": [{"a": 1}], "constraints": [{"length": {"max": 3}}]},
        "table": {"type": "json", "constraints": [{"length": {"max": 2}}]},
    }


def test_cloudformation_has_its_own_words() -> None:
    made = cfn_template(SCHEMA)
    assert made["Parameters"] == {
        "word": {
            "Type": "String",
            "Description": "A word.",
            "MinLength": 1,
            "MaxLength": 5,
            "AllowedPattern": "[a-z]+",
        },
        "choice": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]},
        "size": {"Type": "Number", "Default": 4, "MinValue": 2},
        "flag": {"Type": "Boolean", "Default": False, "AllowedValues": ["True", "true", "False", "false"]},
        "names": {"Type": "CommaDelimitedList", "MaxLength": 3},
        "rows": {"Type": "CommaDelimitedList", "Default": [{"a": 1}], "MaxLength": 3},
        "table": {"Type": "Json", "MaxLength": 2},
    }
    assert made["Outputs"]["output"]["Value"] == {"Fn::GetAtt": ["Everything", "output"]}
    assert made["Outputs"]["OS::stack_id"] == {"Value": {"Ref": "Everything"}}
