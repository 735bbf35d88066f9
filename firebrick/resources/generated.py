"""A template made of a resource type's schema: one resource, its properties as parameters, its attributes as outputs.

What people begin a nested template with. Heat's form: the resource has the name of the class that implements the type,
and the output ``OS::stack_id`` makes the stack's reference id that of the resource. One thing is unlike Heat: in
CloudFormation a list is taken as the parameter has it, where Heat splits it at commas, which it then refuses itself.
"""

from collections.abc import Mapping
from typing import Any

from firebrick.resources.kinds import Kind
from firebrick.resources.schema import NOTHING, PropertySchema, TypeSchema

HOT_VERSION = "2016-10-14"
CFN_VERSION = "2012-12-12"
_TYPES: Mapping[Kind, tuple[str, str]] = {  # the parameter's type in HOT and in CloudFormation
    Kind.STRING: ("string", "String"),
    Kind.INTEGER: ("number", "Number"),
    Kind.NUMBER: ("number", "Number"),
    Kind.BOOLEAN: ("boolean", "Boolean"),
    Kind.LIST: ("comma_delimited_list", "CommaDelimitedList"),
    Kind.MAP: ("json", "Json"),
    Kind.ANY: ("json", "Json"),
}
_FITTING: Mapping[str, tuple[str, ...]] = {
    "string": ("length", "allowed_values", "allowed_pattern"),
    "number": ("range", "allowed_values"),
    "boolean": ("allowed_values",),
    "comma_delimited_list": ("length", "allowed_values"),
    "json": ("length",),
}
"""By type of parameter, the constraints that both versions have. The resource checks the others, as modulo and those
of the type's author."""
_CFN_BOUNDS = {"range": ("MinValue", "MaxValue"), "length": ("MinLength", "MaxLength")}
_CFN_BOOLEANS = ["True", "true", "False", "false"]


def hot_template(schema: TypeSchema) -> dict[str, Any]:
    """JSON of the template in HOT. Hidden properties are left out."""
    name, properties = _resource_name(schema), _properties(schema)
    outputs: dict[str, Any] = {
        attribute: {"value": {"get_attr": [name, attribute]}, "description": description}
        for attribute, description in schema.attributes.items()
    }
    return {
        "heat_template_version": HOT_VERSION,
        "description": f"Initial template of {name}",
        "parameters": {key: _hot_parameter(one) for key, one in properties.items()},
        "resources": {name: {"type": schema.name, "properties": {key: {"get_param": key} for key in properties}}},
        "outputs": outputs | {"OS::stack_id": {"value": {"get_resource": name}}},
    }


def cfn_template(schema: TypeSchema) -> dict[str, Any]:
    """JSON of the template in CloudFormation's form."""
    name, properties = _resource_name(schema), _properties(schema)
    outputs: dict[str, Any] = {
        attribute: {"Value": {"Fn::GetAtt": [name, attribute]}, "Description": description}
        for attribute, description in schema.attributes.items()
    }
    return {
        "HeatTemplateFormatVersion": CFN_VERSION,
        "Description": f"Initial template of {name}",
        "Parameters": {key: _cfn_parameter(one) for key, one in properties.items()},
        "Resources": {name: {"Type": schema.name, "Properties": {key: {"Ref": key} for key in properties}}},
        "Outputs": outputs | {"OS::stack_id": {"Value": {"Ref": name}}},
    }


def _resource_name(schema: TypeSchema) -> str:
    return type(schema.implementation).__name__


def _properties(schema: TypeSchema) -> dict[str, PropertySchema]:
    return {name: one for name, one in schema.properties.items() if not one.hidden}


def _constraints(schema: PropertySchema) -> list[dict[str, Any]]:
    """Those that a parameter of its type can have."""
    fitting = _FITTING[_TYPES[schema.kind][0]]
    shown = [one.shown() for one in schema.constraints]
    return [one for one in shown if all(word in fitting for word in one)]


def _hot_parameter(schema: PropertySchema) -> dict[str, Any]:
    parameter: dict[str, Any] = {"type": _TYPES[schema.kind][0]}
    if schema.description:
        parameter["description"] = schema.description
    if schema.default is not NOTHING and schema.default is not None:
        parameter["default"] = schema.default
    if constraints := _constraints(schema):
        parameter["constraints"] = constraints
    return parameter


def _cfn_parameter(schema: PropertySchema) -> dict[str, Any]:
    parameter: dict[str, Any] = {"Type": _TYPES[schema.kind][1]}
    if schema.description:
        parameter["Description"] = schema.description
    if schema.default is not NOTHING and schema.default is not None:
        parameter["Default"] = schema.default
    for constraint in _constraints(schema):
        for word, body in constraint.items():
            if word in _CFN_BOUNDS:
                least, most = _CFN_BOUNDS[word]
                parameter |= {key: body[side] for key, side in ((least, "min"), (most, "max")) if side in body}
            else:
                parameter["AllowedValues" if word == "allowed_values" else "AllowedPattern"] = body
    if schema.kind is Kind.BOOLEAN:
        parameter["AllowedValues"] = _CFN_BOOLEANS
    return parameter
