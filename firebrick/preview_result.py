"""What a preview says: of each resource what happens to it, of each nested stack what happens inside. Data only.

Made by firebrick.preview; shown by firebrick.plan_document and the REST API's previews.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from firebrick.preview_values import Secrets
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow, StackRow


class Will(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class PropertyPreview:
    """before, after: None where there is none; UNKNOWN stands in after where nobody knows yet. secret: neither is to be
    shown. drifted: somebody looked, and before is not what the stack made it."""

    name: str
    before: Any
    after: Any
    forces_replacement: bool = False
    secret: bool = False
    drifted: bool = False


@dataclass(frozen=True, slots=True)
class ResourcePreview:
    """One resource, or (DELETE) one row of it. certain: false when it may turn out to be less, `will` being the most.
    because: why, where that is not for a property that is shown. kept: the object of the row that goes stays.
    properties: those that differ; all that are given of a CREATE or DELETE. row: what is there; wanted: what is to be.
    unseen: somebody was to look at its object and could not, so what is stored of it counts. inside: of a nested
    stack; None where that stack stays although the resource goes. A nested stack in which nothing happens is NOTHING,
    although an operation passes through it.
    """

    name: str
    type: str
    will: Will
    certain: bool = True
    because: str = ""
    kept: bool = False
    properties: tuple[PropertyPreview, ...] = ()
    row: ResourceRow | None = None
    wanted: NewResource | None = None
    inside: "Inside | None" = None
    unseen: bool = False

    @property
    def old_type(self) -> str:
        return self.row.type if self.row is not None else self.type


@dataclass(frozen=True, slots=True)
class Preview:
    """resources: those of the template in its order, then the rows that go, in the order of their making. value_of:
    what a value tree of the stack comes to when all is done, UNKNOWN in place of what is not known."""

    resources: tuple[ResourcePreview, ...]
    secrets: Secrets
    value_of: Callable[[Any], Any] = field(compare=False)

    def that(self, will: Will) -> list[ResourcePreview]:
        return [one for one in self.resources if one.will is will]

    @property
    def changes_nothing(self) -> bool:
        return all(one.will is Will.NOTHING for one in self.resources)

    def doubted(self) -> "Preview":
        """The same, where it is not certain that anything of it happens."""
        return replace(self, resources=tuple(doubted(one) for one in self.resources))


@dataclass(frozen=True, slots=True)
class Inside:
    """A nested stack. stack: as it is, None when it is to be made; name: its name, as far as that is known.
    stack_changes: what changes of it beside its resources. outputs: what they will be, UNKNOWN where that is not
    known."""

    name: str
    stack: StackRow | None
    preview: Preview
    stack_changes: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes_nothing(self) -> bool:
        return self.preview.changes_nothing and not self.stack_changes

    def after(self, old: "Inside | None") -> "Inside":
        """This stack takes the place of another, whose resources go."""
        if old is None:
            return self
        both = (*self.preview.resources, *old.preview.resources)
        return replace(self, stack=old.stack, preview=replace(self.preview, resources=both))


def doubted(one: ResourcePreview) -> ResourcePreview:
    inside = one.inside and replace(one.inside, preview=one.inside.preview.doubted())
    return replace(one, certain=one.will is Will.NOTHING, inside=inside)
