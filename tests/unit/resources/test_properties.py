"""Properties are read, checked and shown by Heat's rules, through the schema of a type."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import ResourceProperties, ResourceType
from firebrick.resources.errors import PropertyMissing
from firebrick.resources.schema import TypeSchema, dotted, partial, restore, validate
from firebrick.resources.vocabulary import (
    HIDDEN,
    IMMUTABLE,
    UPDATABLE,
    Custom,
    Length,
    Modulo,
    Number,
    OneOf,
    Pattern,
    Range,
    Rule,
)
from firebrick.template.catalogue import PropertyProblem

UNKNOWN = object()


class Disk(ResourceProperties):
    size: Annotated[int, Range(1)]
    kind: Literal["ssd", "hdd"] = "ssd"
    class_: Annotated[str, Field(alias="class")] = "gold"


def refuse_seven(value: int) -> None:
    if value == 7:
        raise ValueError("seven is taken")


def disks_fit(given: Mapping[str, Any]) -> None:
    if sum(disk["size"] for disk in given.get("disks", [])) > given.get("room", 10):
        raise ValueError("The disks need more room")


class Machine(ResourceType):
    type_name = "Example::Machine"
    description = "A machine."
    attributes = {"address": "Where it answers."}
    attribute_kinds = {"address": "string"}
    rules = (Rule(needs=("disks", "room"), apply=disks_fit),)

    class Properties(ResourceProperties):
        text: Annotated[str | None, UPDATABLE] = None
        count: Annotated[int, Range(1, 5), Field(description="How many.")] = 1
        amount: Number | None = None
        ratio: float | None = None
        flag: bool = False
        items: list[Any] | None = None
        labels: dict[str, Any] | None = None
        anything: Any = None
        disks: Annotated[list[Disk] | None, IMMUTABLE] = None
        room: int = 10
        name: Annotated[str | None, Pattern("[a-z]+"), Length(2, 4)] = None
        even: Annotated[int | None, Modulo(2), Custom("free", refuse_seven)] = None
        colours: Annotated[list[str] | None, OneOf("red", "blue")] = None
        ports: list[Annotated[int, Range(1, 65535)]] | None = None
        plain: Annotated[int | None, Field(ge=2, le=3)] = None
        short: Annotated[str | None, Field(max_length=3, pattern="^x")] = None
        old: Annotated[str | None, HIDDEN] = None

        @field_validator("amount")
        @classmethod
        def not_thirteen(cls, value: Number | None) -> Number | None:
            if value == 13:
                raise ValueError("thirteen brings bad luck")
            return value


class Strict(ResourceType):
    type_name = "Example::Strict"

    class Properties(ResourceProperties):
        text: str
        count: Annotated[int, Range(1)]


SCHEMA = TypeSchema.of(Machine)


def said(properties: dict[str, Any], schema: TypeSchema = SCHEMA) -> list[tuple[str, str]]:
    return [(dotted(problem.path), problem.message) for problem in schema.check(properties, unknown=UNKNOWN)]


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("text", "a", "a"),
        ("text", 5, "5"),
        ("text", True, "True"),
        ("count", "5", 5),
        ("count", 3.7, 3),
        ("count", True, 1),
        ("amount", "5", 5),
        ("amount", "5.5", 5.5),
        ("amount", 5.0, 5.0),
        ("ratio", "2", 2.0),
        ("flag", "TRUE", True),
        ("flag", "False", False),
        ("flag", True, True),
        ("items", [1, "a", None], [1, "a", None]),
        ("items", (1, 2), [1, 2]),
        ("labels", {"a": {"b": None}}, {"a": {"b": None}}),
        ("anything", [1, {"a": 2.5}], [1, {"a": 2.5}]),
        ("ports", ["80", 443], [80, 443]),
        ("plain", "3", 3),
    ],
)
def test_a_value_is_read_generously_where_heat_does(name: str, given: Any, read: Any) -> None:
    assert said({name: given}) == []
    value = getattr(SCHEMA.validate({name: given}), name)
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("text", 1.5, "Value must be a string; got 1.5"),
        ("text", ["a"], "Value must be a string; got ['a']"),
        ("text", {}, "Value must be a string; got {}"),
        ("count", "x", "Value 'x' is not an integer"),
        ("count", "3.5", "Value '3.5' is not an integer"),
        ("count", [], "Value '[]' is not an integer"),
        ("count", float("inf"), "Value 'inf' is not an integer"),
        ("count", 0, "0 is out of range (min: 1, max: 5)"),
        ("count", "6", "6 is out of range (min: 1, max: 5)"),
        ("amount", "abc", "could not convert string to float: 'abc'"),
        ("amount", "nan", "Value 'nan' is not a finite number"),
        ("amount", {}, "Value '{}' is not a number"),
        ("amount", 13, "thirteen brings bad luck"),
        ("flag", "yes", '"yes" is not a valid boolean'),
        ("flag", 1, '"1" is not a valid boolean'),
        ("items", "a,b", "\"'a,b'\" is not a list"),
        ("items", {"a": 1}, "\"{'a': 1}\" is not a list"),
        ("labels", [1], '"[1]" is not a map'),
        ("labels", "{}", '"{}" is not a map'),
        ("name", "Ab", '"Ab" does not match pattern "[a-z]+"'),
        ("name", "abcde", "length (5) is out of range (min: 2, max: 4)"),
        ("even", 3, "3 is not a multiple of 2 with an offset of 0"),
        ("colours", ["red", "green"], '"[\'red\', \'green\']" is not an allowed value ["red", "blue"]'),
        ("plain", 1, "1 is out of range (min: 2, max: 3)"),
        ("short", "xxxx", "length (4) is out of range (min: None, max: 3)"),
        ("short", "yx", "String should match pattern '^x'"),
    ],
)
def test_a_wrong_value_is_refused_in_heats_words(name: str, given: Any, message: str) -> None:
    assert said({name: given}) == [(name, message)]


def test_a_property_can_have_two_problems_and_each_is_told() -> None:
    assert said({"even": 7}) == [
        ("even", "7 is not a multiple of 2 with an offset of 0"),
        ("even", "Error validating value '7': seven is taken"),
    ]


def test_everything_that_is_wrong_is_told_at_once_with_the_place_in_the_tree() -> None:
    problems = SCHEMA.check(
        {
            "bogus": 1,
            "count": 9,
            "disks": [{"size": 1, "speed": 2}, {"kind": "tape", "size": 0}, {}, None, "c:"],
            "ports": [80, 0],
        },
        unknown=UNKNOWN,
    )
    assert [(dotted(one.path), one.code, one.message) for one in problems] == [
        ("", "unknown-property", "Unknown Property bogus"),
        ("count", "property-constraint", "9 is out of range (min: 1, max: 5)"),
        ("disks[0]", "unknown-property", "Unknown Property speed"),
        ("disks[1].size", "property-constraint", "0 is out of range (min: 1, max: None)"),
        ("disks[1].kind", "property-constraint", '"tape" is not an allowed value ["ssd", "hdd"]'),
        ("disks[2]", "property-required", "Property size not assigned"),
        ("disks[3]", "property-required", "Property size not assigned"),
        ("disks[4]", "property-type", '"c:" is not a map'),
        ("ports[1]", "property-constraint", "0 is out of range (min: 1, max: 65535)"),
    ]


def test_required_properties_must_be_there_and_null_is_read_as_an_empty_value() -> None:
    schema = TypeSchema.of(Strict)
    assert said({}, schema) == [("", "Property text not assigned"), ("", "Property count not assigned")]
    assert said({"text": None, "count": None}, schema) == [("count", "0 is out of range (min: 1, max: None)")]
    assert schema.validate({"text": None, "count": 1}).text == ""


def test_null_for_an_optional_property_is_the_same_as_not_giving_it() -> None:
    model = SCHEMA.validate({"count": None, "text": None, "disks": None})
    assert (model.count, model.text, model.disks) == (1, None, None)
    assert model.model_fields_set == set()


def test_a_run_time_value_is_never_a_problem_at_any_depth() -> None:
    everywhere = dict.fromkeys(SCHEMA.properties, UNKNOWN)
    assert said(everywhere) == []
    assert said({"text": UNKNOWN, "count": UNKNOWN}, TypeSchema.of(Strict)) == []
    assert said({"disks": [UNKNOWN, {"size": UNKNOWN}, {"size": 3, "kind": UNKNOWN}]}) == []
    assert said({"labels": {"a": [UNKNOWN]}, "colours": ["green", UNKNOWN], "anything": [{"a": UNKNOWN}]}) == []


def test_what_is_wrong_beside_a_run_time_value_is_still_told() -> None:
    assert said({"disks": [{"size": UNKNOWN, "colour": 1}], "count": 0, "text": UNKNOWN}) == [
        ("count", "0 is out of range (min: 1, max: 5)"),
        ("disks[0]", "Unknown Property colour"),
    ]


def test_a_rule_over_several_properties_speaks_only_when_it_knows_them_all() -> None:
    too_big = {"disks": [{"size": 6}, {"size": 5}]}
    assert SCHEMA.check(too_big, unknown=UNKNOWN) == [PropertyProblem((), "property-rule", "The disks need more room")]
    assert said(too_big | {"text": UNKNOWN}) == [("", "The disks need more room")]
    assert said(too_big | {"room": 11}) == []
    assert said(too_big | {"room": UNKNOWN}) == []
    assert said({"disks": [{"size": 60}, {"size": UNKNOWN}]}) == []
    assert said(too_big | {"room": "x"}) == [("room", "Value 'x' is not an integer")]


def test_a_name_that_is_a_word_of_python_is_known_by_its_alias_only() -> None:
    model = SCHEMA.validate({"disks": [{"size": 1, "class": "silver"}]})
    assert model.disks[0].class_ == "silver"
    assert said({"disks": [{"size": 1, "class_": "silver"}]}) == [("disks[0]", "Unknown Property class_")]


def test_validate_raises_all_problems_under_the_resources_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        validate(Machine(), {"count": 0, "nope": 1, "ports": [0]}, name="web")
    assert [(one.path, one.heat_message) for one in caught.value.diagnostics] == [
        ("resources.web.properties", "Property error: resources.web.properties: Unknown Property nope"),
        (
            "resources.web.properties.count",
            "Property error: resources.web.properties.count: 0 is out of range (min: 1, max: 5)",
        ),
        (
            "resources.web.properties.ports[0]",
            "Property error: resources.web.properties.ports[0]: 0 is out of range (min: 1, max: 65535)",
        ),
    ]


def test_a_message_repeats_no_endless_value() -> None:
    [(_, message)] = said({"count": "9" * 100_000})
    assert len(message) < 300


def test_stored_properties_read_back_as_the_same_model() -> None:
    given = {"count": "3", "disks": [{"size": "2", "class": "silver"}], "flag": "true"}
    model = SCHEMA.validate(given)
    stored = json.loads(json.dumps(SCHEMA.stored(model)))
    assert stored == {"count": 3, "disks": [{"size": 2, "class": "silver"}], "flag": True}
    assert SCHEMA.validate(stored) == model


def test_stored_properties_that_no_longer_fit_can_still_be_deleted_with() -> None:
    model = restore(Machine(), {"count": 99, "gone": True, "text": "a"})
    assert (model.count, model.text, model.room) == (99, "a", 10)
    assert restore(Machine(), {"count": "2"}).count == 2


def test_the_schema_is_shown_as_the_rest_api_shows_it() -> None:
    shown = SCHEMA.shown()
    assert list(shown) == ["resource_type", "properties", "attributes", "support_status"]
    assert shown["resource_type"] == "Example::Machine"
    assert shown["properties"]["count"] == {
        "type": "integer",
        "description": "How many.",
        "default": 1,
        "required": False,
        "constraints": [{"range": {"min": 1, "max": 5}}],
        "update_allowed": False,
        "immutable": False,
    }
    assert shown["properties"]["text"] == {
        "type": "string",
        "required": False,
        "update_allowed": True,
        "immutable": False,
    }
    assert shown["properties"]["disks"]["immutable"] is True
    assert shown["properties"]["disks"]["schema"]["*"]["type"] == "map"
    assert shown["properties"]["disks"]["schema"]["*"]["schema"]["size"] == {
        "type": "integer",
        "required": True,
        "constraints": [{"range": {"min": 1}}],
        "update_allowed": False,
        "immutable": False,
    }
    assert shown["properties"]["even"]["constraints"] == [
        {"modulo": {"step": 2, "offset": 0}},
        {"custom_constraint": "free"},
    ]
    assert shown["properties"]["name"]["constraints"] == [
        {"allowed_pattern": "[a-z]+"},
        {"length": {"min": 2, "max": 4}},
    ]
    assert [shown["properties"][name]["type"] for name in ("amount", "ratio", "anything", "labels", "items")] == [
        "number",
        "number",
        "any",
        "map",
        "list",
    ]
    assert "schema" not in shown["properties"]["items"]
    assert "old" not in shown["properties"]
    assert shown["attributes"]["address"] == {"description": "Where it answers.", "type": "string"}
    assert shown["attributes"]["show"]["type"] == "map"
    assert shown["support_status"] == {
        "status": "SUPPORTED",
        "message": None,
        "version": None,
        "previous_status": None,
    }
    json.dumps(shown)


def test_an_annotation_that_templates_cannot_mean_is_an_error_of_the_author() -> None:
    class Odd(ResourceType):
        type_name = "Example::Odd"

        class Properties(ResourceProperties):
            number: complex = 0j

    with pytest.raises(TypeError, match="Example::Odd: no kind of property is written <class 'complex'>"):
        TypeSchema.of(Odd)


class Partly(ResourceType):
    type_name = "Example::Partly"

    class Properties(ResourceProperties):
        needed: str
        class_: Annotated[str, Field(alias="class")]
        size: Annotated[int, Range(1)]
        disk: Disk | None = None
        label: str = "none"

        @field_validator("needed")
        @classmethod
        def not_empty(cls, value: str) -> str:
            return value.upper()


def test_a_partial_model_has_what_is_there_and_fits_and_says_what_is_missing() -> None:
    model: Any = partial(Partly(), {"needed": "x", "size": 0, "nope": 1, "disk": {"size": "3"}})
    assert (model.needed, model.label) == ("X", "none")
    assert (model.disk.size, model.disk.kind) == (3, "ssd"), "read by the type's rules, at every depth"
    for name, shown in (("class_", "class"), ("size", "size")):
        with pytest.raises(PropertyMissing, match=f"Example::Partly cannot be looked at without the property {shown}:"):
            getattr(model, name)
    with pytest.raises(AttributeError):
        model.no_such_thing  # noqa: B018
    assert isinstance(model, Partly.Properties)
    whole = partial(Partly(), {"needed": "x", "class": "gold", "size": 2})
    assert (whole.class_, whole.size, whole.disk) == ("gold", 2, None)
