"""A plan as JSON, for people and programs: docs/plans.md describes it. Pure.

Values that nobody may see are null, with ``sensitive``; values that nobody knows yet are null, and ``after_unknown``
has the paths of them (``[]`` is the whole value). The keys and their meanings are stable; new ones may come.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from firebrick.preview_result import Preview, PropertyPreview, ResourcePreview, Will
from firebrick.template import UNKNOWN


def summary_of(preview: Preview) -> dict[str, int]:
    """How many resources will be added, changed, replaced, destroyed; leave the stack while their objects stay; are
    left as they are; those of nested stacks, too. uncertain: how many of all these may turn out to be less. unseen:
    how many objects were to be looked at and could not be."""
    everything = list(_all(preview))
    counts = Counter(one.will for one in everything)
    kept = sum(one.kept for one in everything if one.will is Will.DELETE)
    return {
        "add": counts[Will.CREATE],
        "change": counts[Will.UPDATE],
        "replace": counts[Will.REPLACE],
        "destroy": counts[Will.DELETE] - kept,
        "keep": kept,
        "unchanged": counts[Will.NOTHING],
        "uncertain": sum(not one.certain for one in everything),
        "unseen": sum(one.unseen for one in everything),
    }


def _all(preview: Preview) -> Iterator[ResourcePreview]:
    for one in preview.resources:
        yield one
        if one.inside is not None:
            yield from _all(one.inside.preview)


def changes_of(preview: Preview, above: str = "") -> list[dict[str, Any]]:
    """One object for each resource, unchanged ones too, and each row that goes. above: address of the nested stack that
    they are in."""
    return [_change(one, f"{above}.{one.name}" if above else one.name) for one in preview.resources]


def _change(one: ResourcePreview, address: str) -> dict[str, Any]:
    return {
        "address": address,
        "resource_name": one.name,
        "resource_type": one.type,
        "previous_type": one.old_type,
        "action": one.will.value,
        "certain": one.certain,
        "reason": one.because,
        "kept": one.kept,
        "unseen": one.unseen,
        "physical_resource_id": None if one.row is None else one.row.physical_id,
        "properties": [_property(each) for each in one.properties],
        "nested": one.inside
        and {
            "stack_changes": list(one.inside.stack_changes),
            "changes": changes_of(one.inside.preview, address),
        },
    }


def _property(one: PropertyPreview) -> dict[str, Any]:
    after, unknown = _without_unknown(one.after, ())
    return {
        "name": one.name,
        "before": None if one.secret else one.before,
        "after": None if one.secret else after,
        "after_unknown": unknown,
        "sensitive": one.secret,
        "forces_replacement": one.forces_replacement,
        "drifted": one.drifted,
    }


def _without_unknown(value: Any, path: tuple[str | int, ...]) -> tuple[Any, list[list[str | int]]]:
    if value is UNKNOWN:
        return None, [list(path)]
    if isinstance(value, dict):
        pairs = {key: _without_unknown(one, (*path, key)) for key, one in value.items()}
        unknown = [each for _, found in pairs.values() for each in found]
        return {key: known for key, (known, _) in pairs.items()}, unknown
    if isinstance(value, list):
        items = [_without_unknown(one, (*path, place)) for place, one in enumerate(value)]
        return [known for known, _ in items], [each for _, found in items for each in found]
    return value, []
