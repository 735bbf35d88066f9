"""Reading resources back: the columns of a resource's row and of what dependants see of it, as dataclasses."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from firebrick.store.models import resources, stacks
from firebrick.store.rows import ResourceRow, UpstreamRow

RESOURCE_COLUMNS = (
    resources.c.id,
    resources.c.stack_id,
    resources.c.uuid,
    resources.c.name,
    resources.c.type,
    resources.c.implementation,
    resources.c.instant,
    resources.c.concurrency,
    resources.c.definition,
    resources.c.requires,
    resources.c.action,
    resources.c.status,
    resources.c.status_reason,
    resources.c.physical_id,
    resources.c.reference_id,
    resources.c.attributes,
    resources.c.data,
    resources.c.properties,
    resources.c.progress,
    resources.c.polling,
    resources.c.retries,
    resources.c.key,
    resources.c.create_key,
    resources.c.create_unsettled,
    resources.c.created_at,
    resources.c.updated_at,
)
"""In the order of ResourceRow's fields."""

UPSTREAM: Select[Any] = select(
    resources.c.id,
    resources.c.name,
    resources.c.type,
    resources.c.implementation,
    resources.c.action,
    resources.c.status,
    resources.c.physical_id,
    resources.c.reference_id,
    resources.c.attributes,
    resources.c.data,
    resources.c.properties,
).join_from(resources, stacks, resources.c.stack_id == stacks.c.id)


def resource_row(values: Sequence[Any], required_by: tuple[str, ...] = ()) -> ResourceRow:
    """From values of RESOURCE_COLUMNS; more may follow them."""
    (id_, stack_id, uuid, name, type_, implementation, instant, concurrency, definition, requires) = values[:10]
    (action, status, reason, physical_id, reference_id, attributes, data, properties, progress) = values[10:19]
    (polling, retries, key, create_key, create_unsettled, created_at, updated_at) = values[19:26]
    return ResourceRow(
        id_,
        stack_id,
        uuid,
        name,
        type_,
        implementation,
        instant,
        concurrency,
        definition,
        tuple(requires),
        action,
        status,
        reason,
        physical_id,
        reference_id,
        attributes or {},
        data or {},
        properties,
        progress or {},
        polling,
        retries,
        key,
        create_key,
        create_unsettled,
        created_at,
        updated_at,
        required_by,
    )


def upstream_row(row: Sequence[Any]) -> UpstreamRow:
    """From a row of UPSTREAM."""
    (id_, name, type_, implementation, action, status, physical_id, reference_id, attributes, data, properties) = row
    return UpstreamRow(
        id_,
        name,
        type_,
        implementation,
        action,
        status,
        physical_id,
        physical_id if reference_id is None else reference_id,
        attributes or {},
        data or {},
        properties,
    )
