"""What a template comes to for one stack: parameters with values, enabled resources, outputs.

Everything static is computed into the value trees; only functions that wait for resources are left. Definitions are
stored frozen (JSON), one for each resource, so that no activity ever parses a template.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template.functions import FROZEN
from firebrick.template.functions.base import Lookup, freeze_tree, resolve, thaw_tree
from firebrick.template.parameters import SHOWN_HIDDEN, ParameterSchema, ParameterValue
from firebrick.template.problems import kind_of

DeletionPolicy = Literal["Delete", "Retain", "Snapshot"]


@dataclass(frozen=True, slots=True)
class ResourceDefinition:
    """One resource. type: the concrete one, after the resource_registry; declared_type: as the template has it.

    properties, metadata, update_policy: value trees. requires: names of the resources it depends on, sorted.
    external_id: the physical id of an object that is only adopted. dynamic: whether there are functions in it. secret:
    what was computed from a hidden parameter: ``properties.NAME`` (``properties``: all of them), ``metadata``,
    ``update_policy``.
    hooks, restricted: of the environment, sorted: where it waits for somebody, and what an update may not do to it.
    """

    name: str
    type: str
    declared_type: str
    properties: Any = field(default_factory=dict)
    metadata: Any = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    deletion_policy: DeletionPolicy = "Delete"
    update_policy: Any = field(default_factory=dict)
    description: str = ""
    external_id: str | None = None
    dynamic: bool = True
    secret: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()

    def freeze(self) -> dict[str, Any]:
        """JSON; what has its default is left out. Do not change it: it shares values with this definition."""
        tree = freeze_tree if self.dynamic else _same
        data: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.declared_type != self.type:
            data["declared_type"] = self.declared_type
        if self.properties:
            data["properties"] = tree(self.properties)
        if self.metadata:
            data["metadata"] = tree(self.metadata)
        if self.requires:
            data["requires"] = list(self.requires)
        if self.deletion_policy != "Delete":
            data["deletion_policy"] = self.deletion_policy
        if self.update_policy:
            data["update_policy"] = tree(self.update_policy)
        if self.description:
            data["description"] = self.description
        if self.external_id is not None:
            data["external_id"] = self.external_id
        if self.dynamic:
            data["dynamic"] = True
        if self.secret:
            data["secret"] = list(self.secret)
        if self.hooks:
            data["hooks"] = list(self.hooks)
        if self.restricted:
            data["restricted"] = list(self.restricted)
        return data

    @staticmethod
    def thaw(data: Mapping[str, Any]) -> "ResourceDefinition":
        """The definition of a frozen form. Shares values with it."""
        dynamic = "dynamic" in data
        tree = _thawed if dynamic else _same
        name = data["type"]
        return ResourceDefinition(
            data["name"],
            name,
            data.get("declared_type", name),
            tree(data.get("properties", _EMPTY)),
            tree(data.get("metadata", _EMPTY)),
            tuple(data.get("requires", ())),
            data.get("deletion_policy", "Delete"),
            tree(data.get("update_policy", _EMPTY)),
            data.get("description", ""),
            data.get("external_id"),
            dynamic,
            tuple(data.get("secret", ())),
            tuple(data.get("hooks", ())),
            tuple(data.get("restricted", ())),
        )


_EMPTY: Mapping[str, Any] = {}


def _same(value: Any) -> Any:
    return value if value is not _EMPTY else {}


def _thawed(value: Any) -> Any:
    return thaw_tree(value, FROZEN)


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """One output. value: a value tree, or None when its condition does not hold."""

    key: str
    description: str
    value: Any

    def freeze(self) -> dict[str, Any]:
        return {"key": self.key, "description": self.description, "value": freeze_tree(self.value)}

    @staticmethod
    def thaw(data: Mapping[str, Any]) -> "OutputDefinition":
        return OutputDefinition(data["key"], data["description"], _thawed(data["value"]))


@dataclass(frozen=True, slots=True)
class StackDefinition:
    """A template and its inputs, computed. resources: the enabled ones, in the template's order; outputs likewise, a
    disabled one with value None. warnings: what is allowed and probably not meant. schemas: of the parameters that the
    template declares. undecided: names of resources of which nobody knows yet whether they are enabled; they are among
    the resources."""

    version: str
    description: str
    parameters: Mapping[str, ParameterValue]
    resources: Mapping[str, ResourceDefinition]
    outputs: Mapping[str, OutputDefinition]
    warnings: tuple[Diagnostic, ...] = ()
    schemas: Mapping[str, ParameterSchema] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()

    def shown_parameters(self) -> dict[str, str]:
        """name -> Heat's text form; ``******`` for hidden ones."""
        return {name: SHOWN_HIDDEN if one.hidden else one.text for name, one in self.parameters.items()}

    def has_hidden_values(self) -> bool:
        """Whether a hidden parameter got a value from outside."""
        return any(one.hidden and one.given for one in self.parameters.values())


def resolve_properties(definition: ResourceDefinition, lookup: Lookup) -> dict[str, Any]:
    """The properties of a resource with everything computed.

    Those whose two-armed `if` vanished are not there; null stays. InvalidInput when a function cannot compute, or when
    the whole comes to something that is no map.
    """
    properties = definition.properties
    if definition.dynamic:
        properties = resolve(properties, lookup)
        if properties is None:
            return {}
        if not isinstance(properties, dict):
            raise InvalidInput(
                Diagnostic(
                    code="bad-properties",
                    summary=f"the properties of a resource are a map, and these come to {kind_of(properties)}",
                    path=f"resources.{definition.name}.properties",
                )
            )
        return cast(dict[str, Any], properties)
    return dict(properties)
