"""What the language asks of resource types: which exist, what they give, and whether properties fit.

The language knows no resource type. Whoever defines a stack passes a :class:`TypeCatalogue` in;
:class:`firebrick.resources.registry.Registry` is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PropertyProblem:
    """One thing wrong with the properties of a resource.

    path: below ``properties``; for an unknown or a missing property, the map that has it or lacks it, as in Heat.
    code: kebab-case, see firebrick.resources.schema. message: Heat's last part, without any path; of property-rule,
    ``{resource}`` in it stands for the resource's name, which a type does not know. discreet: the same without the
    value, for one that nobody may see; "" when the message quotes none.
    """

    path: tuple[str | int, ...]
    code: str
    message: str
    discreet: str = ""

    def message_for(self, resource: str, *, quoting: bool = True) -> str:
        """The message about a resource of this name; with or without the value."""
        message = self.message if quoting else self.discreet or self.message
        return message.replace("{resource}", resource) if self.code == "property-rule" else message


FACADE = "facade-mismatch"
"""Code of what a template lacks to stand for a type; its message stands alone in Heat."""
INNER = "resource."
"""How attributes of nested stacks begin that look into them: ``resource.NAME``, ``resource.NAME.ATTRIBUTE``."""


def split_inner(attribute: str) -> tuple[str, str]:
    """(resource of the nested stack, its attribute or "") of an attribute that begins with INNER."""
    _, name, *rest = attribute.split(".", 2)
    return name, rest[0] if rest else ""


def has_attribute(schema: "TypeSchema", name: str) -> bool:
    """Whether a type has it; whether a nested stack has a resource is seen when somebody asks (as in Heat)."""
    return schema.any_attribute or name in schema.attributes or (schema.nested and name.startswith(INNER))


class TypeSchema(Protocol):
    """The outside of one resource type. attributes: name -> description; any_attribute: every name is one. nested: its
    resources are stacks, and what is in them can be asked for (INNER).

    properties: by name; what they are is the type's business, their names are for "did you mean".
    """

    @property
    def name(self) -> str: ...

    @property
    def properties(self) -> Mapping[str, object]: ...

    @property
    def attributes(self) -> Mapping[str, str]: ...

    @property
    def any_attribute(self) -> bool: ...

    @property
    def nested(self) -> bool: ...

    def check(self, properties: Mapping[str, Any], *, unknown: object) -> list[PropertyProblem]:
        """All problems of these properties. `unknown` stands where a run-time value will be: never a problem."""
        ...


class TypeCatalogue(Protocol):
    def find(self, name: str, *, declared: str = "", resource: str = "") -> TypeSchema | None:
        """A concrete type. declared, resource: as which type, and of which resource, the environment made this of it;
        what stands for a template depends on both. resource: "" where the environment says nothing of it alone."""
        ...

    def names(self) -> Sequence[str]:
        """Sorted names that people may be shown, for "did you mean"."""
        ...
