"""The options that narrow and order a list: ``KEY=VALUE`` and ``KEY[:asc|desc]``.

Keys are checked here: of some the server would overlook one it does not know, and show a list that was not asked for.
"""

from collections.abc import Sequence

import click

STACK_KEYS = ("name", "status", "action", "id", "stack_name", "stack_status", "stack_owner", "username")
STACK_SORT_KEYS = ("stack_name", "stack_status", "creation_time", "updated_time")
RESOURCE_KEYS = ("type", "status", "name", "action", "id", "physical_resource_id")
EVENT_KEYS = ("resource_status", "resource_action", "resource_name", "resource_type")
EVENT_SORT_KEYS = ("event_time",)
TYPE_KEYS = ("name", "support_status")


def read_filters(option: str, given: Sequence[str], keys: Sequence[str]) -> dict[str, list[str]]:
    """Key -> values, for the query. One key given several times means either value."""
    filters: dict[str, list[str]] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{option} is KEY=VALUE, not {one!r}")
        if key not in keys:
            raise click.UsageError(f"{option} has no key {key!r}; there are: {', '.join(keys)}")
        filters.setdefault(key, []).append(value)
    return filters


def read_sort(given: str | None, keys: Sequence[str]) -> dict[str, str]:
    """sort_keys and sort_dir of the query; {} leaves the order to the server."""
    if not given:
        return {}
    key, colon, direction = given.partition(":")
    if key not in keys or (colon and direction not in ("asc", "desc")):
        raise click.UsageError(f"--sort is KEY, KEY:asc or KEY:desc, not {given!r}; keys are: {', '.join(keys)}")
    return {"sort_keys": key, "sort_dir": direction or "asc"}
