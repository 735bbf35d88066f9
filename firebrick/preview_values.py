"""Values as far as they are known before anything is done, and which of them must not be shown. Pure.

What depends on a resource that will be created, replaced or changed is UNKNOWN until then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firebrick.diagnostics import InvalidInput
from firebrick.resources.registry import Registry
from firebrick.resources.schema import PropertySchema
from firebrick.template import (
    UNKNOWN,
    Function,
    Lookup,
    ResourceDefinition,
    is_template_name,
    parse_template,
    references,
    resolve,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a resource before an update of it. An update in place keeps its reference id; its attributes
    are known again when it is done."""

    reference: bool
    attributes: bool


UNCHANGED = Known(reference=True, attributes=True)
CHANGED_IN_PLACE = Known(reference=True, attributes=False)
NEW = Known(reference=False, attributes=False)


def resolve_known(value: Any, lookup: Lookup, known: Mapping[str, Known]) -> Any:
    """A value tree with everything computed that can be; UNKNOWN in place of each outermost function that depends on
    what is not. known: by resource; one that is missing is new. InvalidInput as resolve()."""
    if isinstance(value, Function):
        return resolve(value, lookup) if _is_known(value, known) else UNKNOWN
    if isinstance(value, Mapping):
        return {key: resolve_known(one, lookup, known) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve_known(one, lookup, known) for one in value]
    return value


def _is_known(value: Any, known: Mapping[str, Known]) -> bool:
    for one in references(value):
        of = known.get(one.resource, NEW)
        if not (of.reference if one.attribute is None else of.attributes):
            return False
    return True


class Secrets:
    """Which properties must not be shown: what the type hides, what comes from a hidden parameter, and what comes from
    a resource that has one of those or attributes that are secret (conservative: an attribute may give back what a
    property was told)."""

    def __init__(
        self,
        registry: Registry,
        definitions: Sequence[ResourceDefinition],
        hidden: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """definitions: the old and the new ones; one resource may have several, and any of them counts. hidden: of
        templates that are types, the names of their hidden parameters."""
        self._hidden = dict(hidden or {})
        self._definitions: dict[str, list[ResourceDefinition]] = {}
        for one in definitions:
            self._definitions.setdefault(one.name, []).append(one)
            if one.type not in self._hidden:
                self._hidden[one.type] = _hidden_properties(registry, one.type)
        self._tainted = {
            one.name for one in definitions if registry.secret_attributes.get(one.type) or (hidden or {}).get(one.type)
        }
        grown = True
        while grown:
            grown = False
            for name, many in self._definitions.items():
                if name not in self._tainted and any(self._has_secret(one) for one in many):
                    self._tainted.add(name)
                    grown = True

    def of_property(self, resource: str, name: str) -> bool:
        return any(self._is_secret(one, name) for one in self._definitions.get(resource, ()))

    def of_metadata(self, resource: str) -> bool:
        return any(
            "metadata" in one.secret or self._refers(one.metadata) for one in self._definitions.get(resource, ())
        )

    def of_attributes(self, resource: str) -> bool:
        return resource in self._tainted

    def _has_secret(self, one: ResourceDefinition) -> bool:
        if not isinstance(one.properties, Mapping):
            return bool(one.secret) or self._refers(one.properties)
        return any(self._is_secret(one, name) for name in one.properties)

    def _is_secret(self, one: ResourceDefinition, name: str) -> bool:
        if "properties" in one.secret or f"properties.{name}" in one.secret:
            return True
        if not isinstance(one.properties, Mapping):
            return self._refers(one.properties)
        if name not in one.properties:
            return False
        return name in self._hidden[one.type] or self._refers(one.properties[name])

    def _refers(self, value: Any) -> bool:
        return any(one.resource in self._tainted for one in references(value))


def _hidden_properties(registry: Registry, type_name: str) -> frozenset[str]:
    schema = registry.find(type_name)
    if schema is None:  # a plug-in that is not here any more
        return frozenset()
    return frozenset(name for name, one in schema.properties.items() if _hides(one))


def _hides(schema: PropertySchema) -> bool:
    inner = [*(schema.fields or {}).values(), *([schema.item] if schema.item is not None else [])]
    return schema.hidden or any(_hides(one) for one in inner)


def hidden_of_templates(files: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Template among a stack's files -> the names of its hidden parameters, where it has any."""
    found = {}
    for name, text in files.items():
        if not is_template_name(name):
            continue
        try:
            tree = parse_template(text).tree
        except InvalidInput:  # refused where it is used
            continue
        parameters = tree.get("parameters") or tree.get("Parameters")
        hidden = frozenset(
            one for one, body in (parameters.items() if isinstance(parameters, dict) else ()) if _is_hidden(body)
        )
        if hidden:
            found[name] = hidden
    return found


def _is_hidden(parameter: Any) -> bool:
    """Taken for hidden in doubt."""
    if not isinstance(parameter, dict):
        return False
    asked = str(parameter.get("hidden", parameter.get("NoEcho", False))).lower()
    return asked not in ("false", "f", "no", "n", "off", "0", "none", "")
