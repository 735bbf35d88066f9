"""Deletion policies that a type cannot follow. Called when a stack is defined."""

from collections.abc import Callable

from firebrick.diagnostics import Diagnostic
from firebrick.resources.schema import TypeSchema
from firebrick.template import StackDefinition


def policy_problems(definition: StackDefinition, schema_of: Callable[[str], TypeSchema]) -> list[Diagnostic]:
    """Resources that ask for a snapshot before they are deleted, of types that can make none. schema_of: by a
    resource's concrete type."""
    return [
        Diagnostic(
            code="no-snapshots",
            summary=f"{resource.type} can make no snapshot before it is deleted",
            detail="Use Retain to keep the object, or Delete.",
            path=f"resources.{resource.name}.deletion_policy",
            heat_message='"Snapshot" deletion policy not supported',
        )
        for resource in definition.resources.values()
        if resource.deletion_policy == "Snapshot" and not schema_of(resource.type).implementation.snapshots
    ]
