"""A plan as JSON, for people and programs: docs/plans.md describes it. Pure.

Values that nobody may see are null, with ``sensitive``; values that nobody knows yet are null, and ``after_unknown``
has the paths of them (``[]`` is the whole value). The keys and their meanings are stable; new ones may come.
"""

from collections import Counter
from typing import Any

from firebrick.preview import Preview, PropertyPreview, ResourcePreview, Will
from firebrick.template import UNKNOWN


def summary_of(preview: Preview) -> dict[str, int]:
    """How many resources will be added, changed, replaced, destroyed; leave the stack while their objects stay; are
    left as they are. uncertain: how many of all these may turn out to be less."""
    counts = Counter(one.will for one in preview.resources)
    kept = sum(one.kept for one in preview.that(Will.DELETE))
    return {
        "add": counts[Will.CREATE],
        "change": counts[Will.UPDATE],
        "replace": counts[Will.REPLACE],
        "destroy": counts[Will.DELETE] - kept,
        "keep": kept,
        "unchanged": counts[Will.NOTHING],
        "uncertain": sum(not one.certain for one in preview.resources),
    }


def changes_of(preview: Preview) -> list[dict[str, Any]]:
    """One object for each resource, unchanged ones too, and each row that goes."""
    return [_change(one) for one in preview.resources]


def _change(one: ResourcePreview) -> dict[str, Any]:
    return {
        "resource_name": one.name,
        "resource_type": one.type,
        "previous_type": one.old_type,
        "action": one.will.value,
        "certain": one.certain,
        "reason": one.because,
        "kept": one.kept,
        "physical_resource_id": None if one.row is None else one.row.physical_id,
        "properties": [_property(each) for each in one.properties],
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
