"""Templates as resource types: what one looks like from outside, and the request that makes its stack.

A type whose name ends in .yaml or .template is a template among the stack's files. Its parameters are the properties of
the resource, its outputs the attributes. It is checked with all that it names whenever the outer template is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.kinds import Kind
from firebrick.resources.registry import Registry
from firebrick.resources.schema import BASE_ATTRIBUTES, PropertySchema, is_known
from firebrick.store.rows import OperationRow
from firebrick.template import (
    UNKNOWN,
    Environment,
    Function,
    ResourceDefinition,
    StackIdentity,
    is_template_name,
    parse_environment,
    parse_template,
)
from firebrick.template.catalogue import FACADE, PropertyProblem
from firebrick.template.catalogue import TypeSchema as Outside
from firebrick.template.define import read
from firebrick.template.document import Document
from firebrick.template.parameters import ParameterSchema

DEEPEST = 5
"""Levels of nested stacks below a root (Heat's max_nested_stack_depth)."""
MOST_SHOWN = 20
UNKNOWN_FACADE: Mapping[str, Any] = {"metadata": UNKNOWN, "deletion_policy": UNKNOWN, "update_policy": UNKNOWN}
"""Of a nested stack, while only its template is looked at."""
_PARAMETERS: Mapping[str, Kind] = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "comma_delimited_list": Kind.LIST,
    "json": Kind.MAP,
}
_KINDS: Mapping[Kind, str] = {
    Kind.STRING: "String",
    Kind.INTEGER: "Integer",
    Kind.NUMBER: "Number",
    Kind.BOOLEAN: "Boolean",
    Kind.LIST: "List",
    Kind.MAP: "Map",
    Kind.ANY: "Any",
}
"""Heat's words."""


@dataclass(frozen=True)
class NestedSchema:
    """A template seen as a type. inside: the environment of its stack. facade: the type that it stands for, where there
    is one. broken: why it cannot be a type."""

    name: str
    declared: str
    catalogue: "WithTemplates"
    inside: Environment
    facade: Outside | None
    document: Document | None
    broken: tuple[PropertyProblem, ...]
    properties: Mapping[str, object]
    attributes: Mapping[str, str]
    any_attribute: bool = False
    nested: bool = True

    def check(self, properties: Mapping[str, Any], *, unknown: object) -> list[PropertyProblem]:
        """Everything that is wrong in the template, and with these values for its parameters."""
        if self.document is None or self.broken:
            return list(self.broken)
        found = [
            PropertyProblem((), "unknown-property", f"Unknown Property {name}")
            for name in properties
            if name not in self.properties
        ]
        known = {name: one for name, one in properties.items() if is_known(one, unknown) and name in self.properties}
        complete = len(known) == len([name for name in properties if name in self.properties])
        found += [
            PropertyProblem((), "property-required", f"Property {name} not assigned")
            for name, schema in self.properties.items()
            if isinstance(schema, ParameterSchema) and self.needs(schema) and name not in properties
        ]
        if found:
            return found
        inside = self.catalogue.problems_of(self, self.document, known, complete)
        return [*facade_problems(self), *inside]

    def needs(self, schema: ParameterSchema) -> bool:
        """Whether a parameter of the template has no value but what the resource gives."""
        return schema.default is None and self.inside.parameter_defaults.get(schema.name) is None


def facade_problems(provider: NestedSchema) -> list[PropertyProblem]:
    """What a template lacks, or has too much of, to stand for the type that it is mapped to; in Heat's words."""
    facade = provider.facade
    if facade is None:
        return []
    found = []
    for name, schema in facade.properties.items():
        mine = provider.properties.get(name)
        if mine is None and isinstance(schema, PropertySchema) and schema.required:
            found.append(f"Required property {name} for facade {provider.declared} missing in provider")
        wanted, given = _kind(schema), _kind(mine)
        if mine is not None and Kind.ANY not in (wanted, given) and _as_parameter(wanted) is not given:
            found.append(
                f"Property {name} type mismatch between facade {provider.declared} ({_KINDS[wanted]}) "
                f"and provider ({_KINDS[given]})"
            )
    for name, schema in provider.properties.items():
        if isinstance(schema, ParameterSchema) and provider.needs(schema) and name not in facade.properties:
            found.append(f"Provider requires property {name} unknown in facade {provider.declared}")
    found += [
        f"Attribute {name} for facade {provider.declared} missing in provider"
        for name in facade.attributes
        if name not in provider.attributes and name not in BASE_ATTRIBUTES
    ]
    return [PropertyProblem((), FACADE, text) for text in found]


def _kind(schema: object) -> Kind:
    """Of a property, or of a template's parameter."""
    if isinstance(schema, PropertySchema):
        return schema.kind
    return _PARAMETERS[schema.type] if isinstance(schema, ParameterSchema) else Kind.ANY


def _as_parameter(kind: Kind) -> Kind:
    """The kind of the parameter that a property of this kind is given in."""
    return Kind.NUMBER if kind is Kind.INTEGER else kind


@dataclass(frozen=True)
class WithTemplates:
    """A catalogue of types and of the templates among a stack's files. trail: the templates that led here, each with
    the number of mappings that there were left for it. warned: collects the warnings of the templates that were read,
    those that these name, too."""

    registry: Registry
    files: Mapping[str, str]
    environment: Environment
    identity: StackIdentity
    trail: tuple[tuple[str, int], ...] = ()
    warned: list[Diagnostic] = field(default_factory=list)
    _known: dict[tuple[str, str, str], NestedSchema] = field(default_factory=dict)

    def find(self, name: str, *, declared: str = "", resource: str = "") -> Outside | None:
        if not is_template_name(name) or name not in self.files:
            return self.registry.find(name)
        key = (name, declared or name, resource)
        if key not in self._known:
            self._known[key] = self._schema(*key)
        return self._known[key]

    def names(self) -> Sequence[str]:
        return self.registry.names()

    def _schema(self, name: str, declared: str, resource: str) -> NestedSchema:
        inside = self.environment.below(resource, declared)
        broken: list[PropertyProblem] = []
        if (name, len(inside.registry)) in self.trail:
            text = f"the template {name} contains itself: {' -> '.join((*(one for one, _ in self.trail), name))}"
            broken.append(PropertyProblem((), "nested-template", text))
        elif len(self.trail) >= DEEPEST:
            broken.append(PropertyProblem((), "nested-template", f"Recursion depth exceeds {DEEPEST}."))
        document: Document | None = None
        properties: Mapping[str, object] = {}
        attributes: dict[str, str] = {"outputs": "All outputs of the nested stack."}
        try:
            document = parse_template(self.files[name], file=name)
            self.warned.extend(document.warnings)
            reading = read(
                document,
                inside,
                parameters={},
                identity=self.identity,
                types=_AnyType(),
                files=None,
                complete=False,
            )
            properties = {one.name: one for one in reading.schemas.values() if one is not None}
            attributes |= {key: one.description for key, one in reading.definition.outputs.items()}
        except InvalidInput as error:
            broken += [_nested_problem(name, one) for one in error.diagnostics[:MOST_SHOWN]]
        facade = self._facade(self.environment.facade(declared, resource), name)
        return NestedSchema(name, declared, self, inside, facade, document, tuple(broken), properties, attributes)

    def _facade(self, name: str, provider: str) -> Outside | None:
        """The type of this name; none where it is the template itself that asks."""
        if not name or name == provider:
            return None
        return self.find(name) if is_template_name(name) else self.registry.find(name)

    def problems_of(
        self, schema: NestedSchema, document: Document, parameters: Mapping[str, Any], complete: bool
    ) -> list[PropertyProblem]:
        """Of the nested template as a whole, with what it names in turn. complete: all its values are known."""
        trail = (*self.trail, (schema.name, len(schema.inside.registry)))
        inner = WithTemplates(self.registry, self.files, schema.inside, self.identity, trail, self.warned)
        try:
            reading = read(
                document,
                schema.inside,
                parameters=parameters,
                identity=self.identity,
                types=inner,
                files=self.files,
                facade=UNKNOWN_FACADE,
                complete=complete,
            )
        except InvalidInput as error:
            return [_nested_problem(schema.name, one) for one in error.diagnostics[:MOST_SHOWN]]
        self.warned.extend(one for one in reading.definition.warnings if one.file == schema.name)
        return [_nested_problem(schema.name, one) for one in reading.problems.diagnostics()[:MOST_SHOWN]]


class _AnyType:
    """Knows no type: while only the outside of a template is read."""

    def find(self, name: str, *, declared: str = "", resource: str = "") -> Outside | None:
        return None

    def names(self) -> Sequence[str]:
        return ()


def _nested_problem(name: str, one: Diagnostic) -> PropertyProblem:
    where = f"{name}:{one.line}:{one.column}: " if one.line else f"{name}: "
    place = f"{one.path}: " if one.path else ""
    return PropertyProblem((), "nested-template", f"{where}{place}{one.summary}")


def orphans(operations: Sequence[OperationRow]) -> list[OperationRow]:
    """Of all open operations, those of nested stacks whose asker is open no more: its run was terminated. They are to
    be cancelled; a delete goes on."""
    open_now = {one.id for one in operations}
    asked = [one for one in operations if one.owner_operation and one.action.cancellable and not one.cancel]
    return [one for one in asked if one.owner_operation not in open_now]


def nested_environment(text: str, resource: str, type_name: str) -> str:
    """What a nested stack gets of its parent's stored environment, to be stored with the stack of this resource: see
    firebrick.template.Environment.below."""
    return json.dumps(parse_environment(text or {}).below(resource, type_name).document.tree)


def facade_of(definition: ResourceDefinition) -> dict[str, Any]:
    """What resource_facade gives inside the stack of a resource: of functions that wait for others, nothing is known
    yet."""
    return {
        "metadata": _without_functions(definition.metadata),
        "deletion_policy": definition.deletion_policy,
        "update_policy": _without_functions(definition.update_policy),
    }


def _without_functions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_functions(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_functions(item) for item in value]
    return UNKNOWN if isinstance(value, Function) else value
