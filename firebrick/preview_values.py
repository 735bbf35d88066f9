"""Values as far as they are known before anything is done, and which of them must not be shown. Pure.

What depends on a resource that will be created, replaced or changed is UNKNOWN until then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from firebrick.diagnostics import InvalidInput
from firebrick.resources.registry import Registry
from firebrick.resources.schema import PropertySchema, is_known
from firebrick.template import (
    UNKNOWN,
    Environment,
    Function,
    Lookup,
    ResourceDefinition,
    is_template_name,
    parse_template,
    references,
    resolve,
)
from firebrick.template.catalogue import INNER


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a resource before an update of it. An update in place keeps its reference id; its attributes
    are known again when it is done. unknown: of a nested stack, the outputs that are not known although others are.
    inner: of a nested stack, the value of an attribute that looks into it (INNER), or UNKNOWN."""

    reference: bool
    attributes: bool
    unknown: frozenset[str] = frozenset()
    inner: Callable[[str], Any] | None = field(default=None, compare=False)

    def has(self, attribute: str) -> bool:
        """Whether the value of an attribute is known; "" and "outputs" are all of them."""
        if self.inner is not None and attribute.startswith(INNER):
            return is_known(self.inner(attribute), UNKNOWN)
        everything = attribute in ("", "outputs")
        return self.attributes and not (self.unknown if everything else attribute in self.unknown)


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
        if not (of.reference if one.attribute is None else of.has(one.attribute)):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of secrets beside what definitions say. templates: see secrets_of_templates. definitions: older
    ones, with what was handed in as a secret marked. opaque: names of resources of which nobody can say any more where
    they have secrets."""

    templates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    definitions: tuple[ResourceDefinition, ...] = ()
    opaque: frozenset[str] = frozenset()


class Secrets:
    """Which properties must not be shown: what the type hides, what comes from a hidden parameter, and what comes from
    a resource that has one of those or attributes that are secret (conservative: an attribute may give back what a
    property was told)."""

    def __init__(
        self,
        registry: Registry,
        definitions: Sequence[ResourceDefinition],
        marks: Marks | None = None,
    ) -> None:
        """definitions: the old and the new ones; one resource may have several, and any of them counts."""
        marks = marks or Marks()
        definitions = [*definitions, *marks.definitions]
        self._opaque = marks.opaque
        self._hidden = dict(marks.templates)
        self._definitions: dict[str, list[ResourceDefinition]] = {}
        for one in definitions:
            self._definitions.setdefault(one.name, []).append(one)
            if one.type not in self._hidden:
                self._hidden[one.type] = _hidden_properties(registry, one.type)
        self._tainted = {
            one.name for one in definitions if registry.secret_attributes.get(one.type) or one.type in marks.templates
        } | marks.opaque
        grown = True
        while grown:
            grown = False
            for name, many in self._definitions.items():
                if name not in self._tainted and any(self._has_secret(one) for one in many):
                    self._tainted.add(name)
                    grown = True

    def of_property(self, resource: str, name: str) -> bool:
        return resource in self._opaque or any(
            self._is_secret(one, name) for one in self._definitions.get(resource, ())
        )

    def of_metadata(self, resource: str) -> bool:
        return resource in self._opaque or any(
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
        if name in self._hidden[one.type]:  # also one that is not given: a live object may show it
            return True
        if not isinstance(one.properties, Mapping):
            return self._refers(one.properties)
        return name in one.properties and self._refers(one.properties[name])

    def _refers(self, value: Any) -> bool:
        return any(one.resource in self._tainted for one in references(value))


def _hidden_properties(registry: Registry, type_name: str) -> frozenset[str]:
    schema = registry.find(type_name)
    if schema is None:  # a plug-in that is not here any more
        return frozenset()
    return frozenset(name for name, one in schema.properties.items() if _hides(one))


def _hides(schema: PropertySchema) -> bool:
    inner = [*(schema.fields or {}).values(), *([schema.item] if schema.item is not None else [])]
    return schema.hidden or schema.secret or any(_hides(one) for one in inner)


def secrets_of_templates(
    files: Mapping[str, str], registry: Registry, environment: Environment
) -> dict[str, frozenset[str]]:
    """Template among a stack's files -> the names of its hidden parameters, for each one whose outputs may give a
    secret away: it has such parameters, or resources that draw secrets, or there are any below (in doubt it has)."""
    parameters: dict[str, frozenset[str]] = {}
    inside: dict[str, set[str]] = {}
    for name, text in files.items():
        if not is_template_name(name):
            continue
        try:
            tree = parse_template(text).tree
        except InvalidInput:  # refused where it is used
            continue
        given = _section(tree, "parameters", "Parameters")
        parameters[name] = frozenset(one for one, body in given.items() if _is_hidden(body))
        inside[name] = set(_concrete_types(_section(tree, "resources", "Resources"), environment))
    secret = {name for name, types in inside.items() if parameters[name] or types & registry.secret_attributes.keys()}
    grown = True
    while grown:
        more = {name for name, types in inside.items() if types & secret} - secret
        secret |= more
        grown = bool(more)
    return {name: parameters[name] for name in inside if name in secret}


def _section(tree: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    found = next((tree[name] for name in names if name in tree), None)
    return found if isinstance(found, Mapping) else {}


def _concrete_types(resources: Mapping[str, Any], environment: Environment) -> Iterator[str]:
    for name, body in resources.items():
        declared = body.get("type", body.get("Type")) if isinstance(body, Mapping) else None
        if isinstance(declared, str):
            target, used = environment.resolve_type(declared, str(name))
            yield target
            if used:  # inside a template that is mapped to the type, that is what it would be without the mapping
                yield declared
                yield from (entry.target for entry in used)


def _is_hidden(parameter: Any) -> bool:
    """Taken for hidden in doubt."""
    if not isinstance(parameter, dict):
        return False
    asked = str(parameter.get("hidden", parameter.get("NoEcho", False))).lower()
    return asked not in ("false", "f", "no", "n", "off", "0", "none", "")
