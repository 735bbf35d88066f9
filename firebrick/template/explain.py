"""What a template comes to without a stack: explain() says what is in it, evaluate() computes its outputs.

Both need no server, no resource types and no store. Types are not looked at: any type may be used with any properties
and attributes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template.catalogue import PropertyProblem, TypeSchema
from firebrick.template.define import Reading, read
from firebrick.template.document import Document
from firebrick.template.environment import Environment
from firebrick.template.functions.base import resolve
from firebrick.template.parameters import StackIdentity


class AnySchema:
    """A type of which nothing is known."""

    properties: Mapping[str, object] = {}
    attributes: Mapping[str, str] = {}
    any_attribute = True
    nested = False

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, properties: Mapping[str, Any], *, unknown: object) -> list[PropertyProblem]:
        return []


class AnyTypes:
    """A catalogue in which every type is."""

    def find(self, name: str, *, declared: str = "", resource: str = "") -> TypeSchema | None:
        return AnySchema(name)

    def names(self) -> Sequence[str]:
        return []


class _Uncreated:
    """Resources before they are created: a reference id is the name, as in Heat, and attributes are null."""

    def reference_id(self, resource: str) -> str | None:
        return resource

    def attribute(self, resource: str, attribute: str) -> Any:
        return None


def explain(
    document: Document,
    environment: Environment,
    *,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    warned: Callable[[Sequence[Diagnostic]], object] | None = None,
) -> dict[str, Any]:
    """What is in a template: parameters, conditions, enabled resources and what they need, outputs.

    Parameters without a value are no problem: conditions are decided as if those were empty. Files are not looked at.
    warned: told what is allowed and probably not meant. InvalidInput: everything that is wrong with the template.
    """
    reading = _read(document, environment, parameters, identity, None, complete=False)
    reading.problems.raise_if_any()
    definition = reading.definition
    if warned is not None:
        warned(_beside_outputs(reading))
    return {
        "parameters": {
            name: {"type": schema.type, "has_default": schema.default is not None}
            for name, schema in reading.schemas.items()
            if schema is not None
        },
        "conditions": {name: bool(holds) for name, holds in reading.conditions.items()},
        "resources": {name: one.declared_type for name, one in definition.resources.items()},
        "edges": [[name, needed] for name, one in definition.resources.items() for needed in one.requires],
        "outputs": list(definition.outputs),
    }


def evaluate(
    document: Document,
    environment: Environment,
    *,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    files: Mapping[str, str],
    warned: Callable[[Sequence[Diagnostic]], object] | None = None,
) -> tuple[dict[str, Any], dict[str, Diagnostic]]:
    """The outputs that can be computed, by name, and why the others cannot; both in the template's order.

    Nothing is created: a reference to a resource is its name, an attribute null. warned: told what else is allowed and
    probably not meant. InvalidInput: the template, or a parameter's value, is wrong.
    """
    reading = _read(document, environment, parameters, identity, files, complete=True)
    reading.problems.raise_if_any()
    if warned is not None:
        warned(_beside_outputs(reading))
    values: dict[str, Any] = {}
    errors: dict[str, Diagnostic] = {}
    for name, output in reading.definition.outputs.items():
        late = reading.late_problems.get(name)
        if late:
            errors[name] = late[0]
            continue
        try:
            values[name] = resolve(output.value, _Uncreated())
        except InvalidInput as error:
            errors[name] = error.first
    return values, errors


def _beside_outputs(reading: Reading) -> list[Diagnostic]:
    """The warnings but for those that say why an output cannot be computed."""
    late = {one for many in reading.late_problems.values() for one in many}
    return [one for one in reading.definition.warnings if one not in late]


def _read(
    document: Document,
    environment: Environment,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    files: Mapping[str, str] | None,
    *,
    complete: bool,
) -> Reading:
    return read(
        document,
        environment,
        parameters=parameters,
        identity=identity,
        types=AnyTypes(),
        files=files,
        complete=complete,
    )
