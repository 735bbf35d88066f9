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
    resources.c.wanted,
    resources.c.target_requires,
    resources.c.template_id,
    resources.c.input_hash,
    resources.c.revision,
    resources.c.drift,
    resources.c.replaces,
    resources.c.replaced_by,
    resources.c.born_seq,
    resources.c.role,
    resources.c.role_seq,
    resources.c.hooks,
    resources.c.unsettled_until,
    resources.c.begun,
    resources.c.interrupted,
)
"""In the order of ResourceRow's fields."""

UPSTREAM_COLUMNS = (
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
    resources.c.revision,
)
UPSTREAM: Select[Any] = select(*UPSTREAM_COLUMNS).join_from(resources, stacks, resources.c.stack_id == stacks.c.id)


def resource_row(values: Sequence[Any], required_by: tuple[str, ...] = ()) -> ResourceRow:
    """From values of RESOURCE_COLUMNS; more may follow them."""
    (id_, stack_id, uuid, name, type_, implementation, instant, concurrency, definition, requires) = values[:10]
    (action, status, reason, physical_id, reference_id, attributes, data, properties, progress) = values[10:19]
    (polling, retries, key, create_key, create_unsettled, created_at, updated_at) = values[19:26]
    (wanted, target_requires, template_id, input_hash, revision, drift, replaces, replaced_by, born_seq) = values[26:35]
    role, role_seq, hooks, unsettled_until, begun, interrupted = values[35:41]
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
        wanted,
        None if target_requires is None else tuple(target_requires),
        template_id,
        input_hash,
        revision,
        drift,
        replaces,
        replaced_by,
        born_seq,
        role,
        role_seq,
        hooks,
        unsettled_until,
        begun,
        interrupted,
        required_by,
    )


def known_row(id_: int, name: str, revision: int) -> UpstreamRow:
    """Of a resource whose values nobody asks for."""
    return UpstreamRow(id_, name, "", "", "", "", None, None, {}, {}, None, revision)


def upstream_row(row: Sequence[Any]) -> UpstreamRow:
    """From values of UPSTREAM_COLUMNS; more may follow them."""
    (id_, name, type_, implementation, action, status, physical_id, reference_id, attributes, data) = row[:10]
    properties, revision = row[10:12]
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
        revision,
    )
