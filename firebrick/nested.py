"""Templates as resource types: what one looks like from outside, and the request that makes its stack.

A type whose name ends in .yaml or .template is a template among the stack's files. Its parameters are the properties of
the resource, its outputs the attributes. It is checked with all that it names whenever the outer template is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.registry import Registry
from firebrick.resources.schema import is_known
from firebrick.store.rows import OperationRow
from firebrick.template import Environment, StackIdentity, is_template_name, parse_environment, parse_template
from firebrick.template.catalogue import PropertyProblem
from firebrick.template.catalogue import TypeSchema as Outside
from firebrick.template.define import read
from firebrick.template.document import Document
from firebrick.template.parameters import ParameterSchema

DEEPEST = 5
"""Levels of nested stacks below a root (Heat's max_nested_stack_depth)."""
MOST_SHOWN = 20


@dataclass(frozen=True)
class NestedSchema:
    """A template seen as a type. broken: why it cannot be one."""

    name: str
    catalogue: "WithTemplates"
    document: Document | None
    broken: tuple[PropertyProblem, ...]
    properties: Mapping[str, object]
    attributes: Mapping[str, str]
    any_attribute: bool = False

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
            if isinstance(schema, ParameterSchema) and schema.default is None and name not in properties
        ]
        if found:
            return found
        return self.catalogue.problems_of(self.name, self.document, known, complete)


@dataclass(frozen=True)
class WithTemplates:
    """A catalogue of types and of the templates among a stack's files. trail: the templates that led here."""

    registry: Registry
    files: Mapping[str, str]
    environment: Environment
    identity: StackIdentity
    trail: tuple[str, ...] = ()
    _known: dict[str, NestedSchema] = field(default_factory=dict)

    def find(self, name: str) -> Outside | None:
        if not is_template_name(name) or name not in self.files:
            return self.registry.find(name)
        if name not in self._known:
            self._known[name] = self._schema(name)
        return self._known[name]

    def names(self) -> Sequence[str]:
        return self.registry.names()

    @property
    def unloaded(self) -> str:
        return self.registry.unloaded

    def _schema(self, name: str) -> NestedSchema:
        broken: list[PropertyProblem] = []
        if name in self.trail:
            text = f"the template {name} contains itself: {' -> '.join((*self.trail, name))}"
            broken.append(PropertyProblem((), "nested-template", text))
        elif len(self.trail) >= DEEPEST:
            broken.append(PropertyProblem((), "nested-template", f"Recursion depth exceeds {DEEPEST}."))
        document: Document | None = None
        properties: Mapping[str, object] = {}
        attributes: dict[str, str] = {"outputs": "All outputs of the nested stack."}
        try:
            document = parse_template(self.files[name], file=name)
            reading = read(
                document,
                _nested_environment(self.environment),
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
        return NestedSchema(name, self, document, tuple(broken), properties, attributes)

    def problems_of(
        self, name: str, document: Document, parameters: Mapping[str, Any], complete: bool
    ) -> list[PropertyProblem]:
        """Of the nested template as a whole, with what it names in turn. complete: all its values are known."""
        inner = WithTemplates(self.registry, self.files, self.environment, self.identity, (*self.trail, name))
        try:
            reading = read(
                document,
                _nested_environment(self.environment),
                parameters=parameters,
                identity=self.identity,
                types=inner,
                files=self.files,
                complete=complete,
            )
        except InvalidInput as error:
            return [_nested_problem(name, one) for one in error.diagnostics[:MOST_SHOWN]]
        return [_nested_problem(name, one) for one in reading.problems.diagnostics()[:MOST_SHOWN]]


class _AnyType:
    """Knows no type: while only the outside of a template is read."""

    def find(self, name: str) -> Outside | None:
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


def _nested_environment(environment: Environment) -> Environment:
    """What a nested stack gets of its parent's: the registry and the defaults, not the parameters."""
    return replace(environment, parameters={})


def nested_environment(text: str, resource: str) -> str:
    """The same, of a stored environment, to be stored with the stack of this resource: with what it says of that
    resource's own resources, such as hooks."""
    return json.dumps(parse_environment(text or {}).below(resource).document.tree)
