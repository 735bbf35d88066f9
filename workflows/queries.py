"""A query that a workflow does not know is answered with those that it knows.

The SDK's own answer is an exception whose text the failure converter takes for anybody's, and leaves out.
"""

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from firebrick import contract


class KnownQueries:
    """A workflow type's base."""

    @workflow.query(dynamic=True)
    def unknown_query(self, name: str, _given: Sequence[RawValue]) -> Any:
        found = (getattr(getattr(type(self), one), "__temporal_query_definition", None) for one in dir(type(self)))
        known = ", ".join(sorted(one.name for one in found if one is not None and one.name))
        there_are = f"There are: {known}." if known else "It has none."
        raise ApplicationError(
            f"a {workflow.info().workflow_type} has no query {name[:100]!r}. {there_are}", type=contract.INVALID_REQUEST
        )
