"""What an update does to one resource that stays what it is, by its properties, some of which may not be known yet.

Pure. The step's own questions (firebrick.resources.changes) are put twice: once with what is certain only, and once as
if all that is not known differed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firebrick.contract import Action
from firebrick.physical_names import physical_name
from firebrick.preview_result import Will
from firebrick.resources.base import Context, ResourceType
from firebrick.resources.changes import Decision, PropertyChange, Verdict, compare, decide
from firebrick.resources.schema import TypeSchema, is_known, restore
from firebrick.standing import Seen, standing_of
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow
from firebrick.template import UNKNOWN

_WILL = {
    Verdict.LEAVE: Will.NOTHING,
    Verdict.UPDATE: Will.UPDATE,
    Verdict.REPLACE: Will.REPLACE,
    Verdict.REFUSE: Will.UPDATE,  # only if a value that is not known yet differs
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """certain: false when it may turn out to be less than `will`. because: why, where it is not for a property.
    changes: the properties that differ, or may. drifted: names of those that are not what the stack made them. refused:
    names of those that are sure to be refused."""

    will: Will
    certain: bool
    because: str
    changes: Sequence[PropertyChange]
    drifted: frozenset[str]
    refused: Sequence[str]


def judge(
    schema: TypeSchema,
    row: ResourceRow,
    one: NewResource,
    properties: Mapping[str, Any],
    seen: Seen | None,
    stack_name: str,
) -> Judgement:
    """properties: what is wanted, UNKNOWN where that is not known. seen: what somebody saw of the object, where it is
    other than what is stored."""
    kind = schema.implementation
    stored = row.properties or {}
    gone = seen is not None and seen.properties is None
    before = stored if seen is None or seen.properties is None else seen.properties
    changes = [] if gone else compare(schema, before, properties, unknown=UNKNOWN)
    certain = [change for change in changes if is_known(change.after, UNKNOWN)]
    standing = standing_of(row)
    failed = standing.incomplete and not standing.nobody_to_ask
    lost = standing.incomplete and standing.nobody_to_ask

    def forces() -> bool:
        if len(certain) != len(changes):
            return False
        return kind.forces_replacement(_context(schema, row, one, properties, before, changes, stack_name))

    def decided(definition: Mapping[str, Any], found: Sequence[PropertyChange], *, failed: bool) -> Decision:
        return decide(standing, definition, found, failed=failed or lost, gone=gone, forces=forces)

    most = decided(one.definition, changes, failed=failed)
    asks_nobody = type(kind).replace_failed is ResourceType.replace_failed
    least = decided(as_far_as_known(one, row), certain, failed=failed and asks_nobody)
    decides_itself = type(kind).forces_replacement is not ResourceType.forces_replacement
    open_question = len(certain) != len(changes) and decides_itself and most.verdict is Verdict.UPDATE
    because = most.because
    if open_question and not because:
        because = "its type may ask for a replacement when the values are known"
    return Judgement(
        _WILL[most.verdict],
        least.verdict is most.verdict and not open_question,
        because,
        changes,
        frozenset(change.name for change in compare(schema, stored, before)),
        least.names if least.verdict is Verdict.REFUSE else (),
    )


def as_far_as_known(one: NewResource, row: ResourceRow) -> Mapping[str, Any]:
    """The wanted definition. What of it is not known yet is taken for what it was: that it differs is not certain."""
    return {
        name: value if is_known(value, UNKNOWN) else row.definition.get(name) for name, value in one.definition.items()
    }


def _context(
    schema: TypeSchema,
    row: ResourceRow,
    one: NewResource,
    properties: Mapping[str, Any],
    before: Mapping[str, Any],
    changes: Sequence[PropertyChange],
    stack_name: str,
) -> Context:
    return Context(
        name=row.name,
        type_name=row.type,
        stack_name=stack_name,
        stack_id=row.stack_id,
        project="",
        action=Action.UPDATE.value,
        key=row.key,
        physical_name=physical_name(stack_name, row.name, row.uuid),
        properties=schema.restore(properties),
        physical_id=row.physical_id,
        data=row.data,
        progress={},
        now=0.0,
        deletion_policy=one.definition.get("deletion_policy", "Delete"),
        previous=restore(schema.implementation, before),
        changed=tuple(sorted(change.name for change in changes)),
    )
