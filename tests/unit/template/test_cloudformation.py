"""CloudFormation templates: their sections, parameters, conditions and functions, which mean what they mean in Heat."""

from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import parse_template, resolve
from firebrick.template.definition import ResourceDefinition

AWS = "AWSTemplateFormatVersion: 2010-09-09\n"
HEAT = "HeatTemplateFormatVersion: 2012-12-12\n"

WHOLE = (
    AWS
    + """\
Description: All there is
Parameters:
  Size: {Type: Number, Default: '3', MinValue: '1', MaxValue: 9}
  Name: {Type: String, Default: web, MinLength: 2, AllowedPattern: '[a-z]+', ConstraintDescription: lower case}
  Zones: {Type: CommaDelimitedList, Default: 'a,b', AllowedValues: [a, b, c]}
  Secret: {Type: String, Default: hush, NoEcho: 'True'}
Mappings:
  Images: {small: {x86: image-1}, large: {x86: image-2}}
Conditions:
  Big: {'Fn::Equals': [{Ref: Size}, 3]}
  Small: {'Fn::Not': [Big]}
  Both: {'Fn::And': [Big, {'Fn::Or': [Small, {'Fn::Equals': [{'Fn::FindInMap': [Images, small, x86]}, image-1]}]}]}
Resources:
  One:
    Type: Test::Box
    Properties: {size: {Ref: Size}, label: {'Fn::Join': ['-', [{Ref: Name}, {Ref: Two}]]}}
    Metadata: {image: {'Fn::FindInMap': [Images, large, x86]}}
    DeletionPolicy: Retain
    Whatever: is not looked at
  Two:
    Type: OS::Heat::None
    DependsOn: Three
  Three: {Type: OS::Heat::None, Condition: Both}
  Four: {Type: OS::Heat::None, Condition: Small}
Outputs:
  Name: {Description: the name, Value: {Ref: 'AWS::StackName'}}
  Arn: {Value: {Ref: 'AWS::StackId'}}
  Region: {Value: {Ref: 'AWS::Region'}}
  Inside: {Value: {'Fn::GetAtt': [One, inside]}}
  Choice: {Value: {'Fn::If': [Small, a, b]}}
  Gone: {Condition: Small, Value: {Ref: Four}}
"""
)


def test_every_section_and_key(language: Any, world: Any) -> None:
    made = language.define(WHOLE)
    assert made.version == "2010-09-09"
    assert made.description == "All there is"
    assert made.shown_parameters()["Secret"] == "******"
    assert made.parameters["Size"].value == 3
    assert list(made.resources) == ["One", "Two", "Three"]
    assert {name: one.requires for name, one in made.resources.items()} == {
        "One": ("Two",),
        "Two": ("Three",),
        "Three": (),
    }
    one = made.resources["One"]
    assert one.deletion_policy == "Retain"
    assert one.metadata == {"image": "image-2"}
    assert ResourceDefinition.thaw(one.freeze()) == one
    assert resolve(one.properties, world()) == {"size": 3, "label": "web-id-of-Two"}
    outputs = {name: resolve(each.value, world(One={"inside": 7})) for name, each in made.outputs.items()}
    identity = language.identity
    assert outputs == {
        "Name": "mystack",
        "Arn": f"arn:openstack:heat::{identity.project}:stacks/{identity.name}/{identity.id}",
        "Region": "ap-southeast-1",
        "Inside": 7,
        "Choice": "b",
        "Gone": None,
    }


@pytest.mark.parametrize(
    ("template", "path", "line", "message"),
    [
        (AWS + "resources: {}", "resources", 2, "The template section is invalid: resources"),
        (HEAT + "Conditions: {}", "Conditions", 2, "The template section is invalid: Conditions"),
        (AWS + "Parameters:\n  p: {type: String}", "Parameters.p.type", 3, "Invalid key 'type' for parameter (p)"),
        (AWS + "Parameters:\n  p: {Type: Strin}", "Parameters.p.Type", 3, "Invalid type (Strin)"),
        (AWS + "Parameters:\n  p: {Default: 1}", "Parameters.p", 3, "Missing parameter type for parameter: p"),
        (
            AWS + "Parameters:\n  p: {Type: Number, MinLength: 1, Default: 1}",
            "Parameters.p.MinLength",
            3,
            "Length constraint invalid for number",
        ),
        (
            AWS + "Parameters:\n  p: {Type: String, AllowedValues: [a], Default: b}",
            "Parameters.p.Default",
            3,
            'Invalid default b ("b" is not an allowed value ["a"])',
        ),
        (AWS + "Parameters:\n  p: {Type: String}", "Parameters.p", 3, "The Parameter (p) was not provided."),
        (AWS + "Resources:\n  a: {type: x}", "Resources.a", 3, "Each resource must contain a Type key."),
        (
            AWS + "Resources:\n  a: {Type: OS::Heat::None, DependsOn: b}",
            "Resources.a.DependsOn",
            3,
            'The specified reference "b" (in a) is incorrect.',
        ),
        (
            AWS + "Resources:\n  a: {Type: OS::Heat::None, Condition: c}",
            "Resources.a.Condition",
            3,
            'Resources.a.Condition: Invalid condition "c"',
        ),
        (
            AWS + "Conditions:\n  c: {'Fn::Not': true}",
            "Conditions.c.Fn::Not",
            3,
            'Conditions.c.Fn::Not: Arguments to "Fn::Not" must be of the form: [condition]',
        ),
        (
            AWS + "Conditions:\n  c: {'Fn::Equals': [a]}",
            "Conditions.c.Fn::Equals",
            3,
            'Conditions.c.Fn::Equals: Arguments to "Fn::Equals" must be of the form: [value_1, value_2]',
        ),
        (
            AWS + "Resources:\n  a:\n    Type: Test::Box\n    Properties: {label: {Ref: nope}}",
            "Resources.a.Properties.label.Ref",
            5,
            'The specified reference "nope" (in unknown) is incorrect.',
        ),
        (
            AWS + "Resources:\n  a:\n    Type: Test::Box\n    Properties: {bogus: 1}",
            "Resources.a.Properties.bogus",
            5,
            "Property error: : Resources.a.Properties: : Unknown Property bogus",
        ),
        (
            AWS + "Resources:\n  a: {Type: Test::Box}\nOutputs: {o: {Value: {'Fn::GetAtt': [a]}}}",
            "Outputs.o.Value.Fn::GetAtt",
            4,
            'Outputs.o.Value.Fn::GetAtt: Arguments to "Fn::GetAtt" must be of the form [resource_name, attribute]',
        ),
        (
            AWS + "Outputs: {o: {value: 1}}",
            "Outputs.o",
            2,
            "Output validation error: Outputs.o: Each output definition must contain a Value key.",
        ),
    ],
)
def test_a_mistake_is_named_at_its_place(language: Any, template: str, path: str, line: int, message: str) -> None:
    found = [one for one in language.refusal(template) if one.path == path]
    assert found, [str(one) for one in language.refusal(template)]
    assert (found[0].line, found[0].message) == (line, message)


def test_the_older_version_has_no_conditions(language: Any) -> None:
    made = language.define(
        HEAT + "Resources: {a: {Type: OS::Heat::None, Condition: nope}}\nOutputs: {o: {Value: {'Fn::If': [a, b, c]}}}"
    )
    assert list(made.resources) == ["a"]
    assert made.outputs["o"].value == {"Fn::If": ["a", "b", "c"]}


def test_a_map_that_waits_takes_the_mappings_along(language: Any, world: Any) -> None:
    made = language.define(
        AWS
        + "Mappings: {M: {a: {k: 1}, b: {k: 2}}, N: {a: {k: 3}}}\nResources: {r: {Type: OS::Heat::None}}\n"
        + "Outputs: {o: {Value: {'Fn::FindInMap': [M, {'Fn::GetAtt': [r, which]}, k]}}}"
    )
    frozen = made.outputs["o"].freeze()
    assert "3" not in str(frozen["value"])
    thawed = type(made.outputs["o"]).thaw(frozen)
    assert resolve(thawed.value, world(r={"which": "b"})) == 2
    with pytest.raises(InvalidInput):
        resolve(thawed.value, world(r={"which": "nope"}))


def test_json_is_read_with_its_places() -> None:
    document = parse_template('{"AWSTemplateFormatVersion": "2010-09-09",\n "Resources":\n  {"a": {"Type": "x"}}}')
    assert document.locate(("Resources", "a", "Type")) == (3, 10)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Fn::Select": ["0", '["x", "y"]']}, "x"),
        ({"Fn::Select": ["k", '{"k": [1]}']}, [1]),
        ({"Fn::Select": [0, None]}, ""),
        ({"Fn::Join": [",", None]}, ""),
        ({"Fn::GetAZs": "anything"}, ["nova"]),
        ({"Fn::Base64": "plain"}, "plain"),
        ({"Fn::Split": ["::", "a::b"]}, ["a", "b"]),
        ({"Fn::Replace": [{"$x": 1, "$xy": "two"}, "$x $xy"]}, "1 two"),
        ({"Fn::MemberListToMap": ["K", "V", [".member.1.K=b", ".member.1.V=x=y", ".member.0.K=lone"]]}, {"b": "x=y"}),
        ({"get_param": "p"}, {"get_param": "p"}),
    ],
)
def test_functions(language: Any, world: Any, expression: Any, expected: Any) -> None:
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Outputs": {"o": {"Value": expression}}}
    assert resolve(language.define(template).outputs["o"].value, world()) == expected
