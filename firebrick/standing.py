"""A stored row as the questions of an update see it. For the step that converges it, and for plans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firebrick.resources.base import ResourceType
from firebrick.resources.changes import Standing
from firebrick.store.rows import ResourceRow


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw of a row's object. properties: those stored, with what the object shows in their place; None:
    there is no object any more. attributes: what it shows of them; empty: nothing that is not stored. failed: nobody
    could look, and this is what is stored."""

    properties: Mapping[str, Any] | None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False

    def adds_to(self, row: ResourceRow) -> bool:
        """Whether this is other than the store has it, or not known to be the same."""
        differs = self.properties != (row.properties or {}) or not self.attributes.items() <= row.attributes.items()
        return self.failed or differs


def standing_of(row: ResourceRow) -> Standing:
    return Standing(
        action=row.action,
        status=row.status,
        implementation=row.implementation,
        definition=row.definition,
        drift=row.drift,
        physical_id=row.physical_id,
        create_unsettled=row.create_unsettled,
        going_on=row.is_going_on,
    )


def lacks_attributes(kind: ResourceType, row: ResourceRow) -> bool:
    """Whether the type tells of attributes that it did not know when the resource was made, and can be asked."""
    computed = type(kind).attribute is not ResourceType.attribute
    return kind.read is not None and not computed and not kind.attributes.keys() <= row.attributes.keys()
