"""A stored row as the questions of an update see it. For the step that converges it, and for plans."""

from firebrick.resources.changes import Standing
from firebrick.store.rows import ResourceRow


def standing_of(row: ResourceRow) -> Standing:
    return Standing(
        action=row.action,
        status=row.status,
        implementation=row.implementation,
        definition=row.definition,
        drift=row.drift,
        physical_id=row.physical_id,
        create_unsettled=row.create_unsettled,
    )
