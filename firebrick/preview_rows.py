"""Stored rows as the functions see them that a preview asks."""

from firebrick.selection import Candidate
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow, UpstreamRow


def is_kept(row: ResourceRow) -> bool:
    """Whether the object stays when the row goes; of an adopted one nobody knows a create."""
    made = bool(row.create_key) or row.physical_id is not None
    return made and row.definition.get("deletion_policy") == "Retain"


def candidate(row: ResourceRow) -> Candidate:
    return Candidate(
        id=row.id,
        name=row.name,
        action=row.action,
        status=row.status,
        template_id=row.template_id,
        replaced_by=row.replaced_by,
        updated_at=row.updated_at,
        input_hash=row.input_hash,
        revision=row.revision,
        drift=row.drift,
        interrupted=row.is_going_on,
        unmade=row.unmade,
    )


def planned_upstream(one: NewResource) -> UpstreamRow:
    """Of a nested stack that is to be made."""
    return UpstreamRow(
        id=0,
        name=one.name,
        type=one.type,
        implementation=one.implementation,
        action="CREATE",
        status="COMPLETE",
        physical_id=None,
        reference_id=None,
        attributes={},
        data={},
        properties=None,
    )


def upstream_of(row: ResourceRow) -> UpstreamRow:
    return UpstreamRow(
        id=row.id,
        name=row.name,
        type=row.type,
        implementation=row.implementation,
        action=row.action,
        status=row.status,
        physical_id=row.physical_id,
        reference_id=row.reference_id or row.physical_id,
        attributes=row.attributes,
        data=row.data,
        properties=row.properties,
        revision=row.revision,
    )
