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


class TypeSchema(Protocol):
    """The outside of one resource type. attributes: name -> description; any_attribute: every name is one.

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

    def check(self, properties: Mapping[str, Any], *, unknown: object) -> list[PropertyProblem]:
        """All problems of these properties. `unknown` stands where a run-time value will be: never a problem."""
        ...


class TypeCatalogue(Protocol):
    def find(self, name: str) -> TypeSchema | None: ...

    def names(self) -> Sequence[str]:
        """Sorted names that people may be shown, for "did you mean"."""
        ...


def unloaded(types: TypeCatalogue) -> str:
    """What a catalogue has to say of types that it ought to have and could not load; most have nothing."""
    return str(getattr(types, "unloaded", ""))
