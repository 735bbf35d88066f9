"""What a run can be found by in Temporal's lists, whoever started it and as whatever action its chain began.

An operator may remove search attributes from the namespace. So what is set is known from a run's input and its own
writes, and not from what the server says that the run has: once they are removed that is nothing, and a replay would
write what was not written.
"""

from collections.abc import Mapping
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from firebrick import contract

_KEYS = {part: SearchAttributeKey.for_keyword(name) for part, name in contract.SEARCH_ATTRIBUTES.items()}


class RunAttributes:
    """Of one run of a stack action, by the keys of contract.SEARCH_ATTRIBUTES."""

    def __init__(self, action: contract.Action) -> None:
        self._action = action
        self._set_by_starter = False
        self._shown: dict[str, str] = {}

    @property
    def shown(self) -> dict[str, str]:
        """What was set or written, for the next run of the chain."""
        return dict(self._shown)

    def begin_with(self, started_as: object) -> None:
        """What the run's argument says of them."""
        if isinstance(started_as, contract.ChainState):
            self._shown = dict(started_as.shown)
        elif isinstance(started_as, contract.Accepted):
            self._set_by_starter = started_as.search_attributes

    def show(self, begun: contract.Begun) -> None:
        """Write what is not set yet: a start through the API has set them, and each write costs 9 ms."""
        values = {
            "project": begun.project,
            "stack": begun.stack_name,
            "stack_id": begun.stack_id,
            "root": begun.root_id or begun.stack_id,
            "action": self._action.value,
            "status": f"{self._action}_IN_PROGRESS",
        }
        known = self._known(begun, values)
        new = [_KEYS[part].value_set(one) for part, one in values.items() if known.get(part) != one]
        if new:
            workflow.upsert_search_attributes(new)
        self._shown = values

    def show_end(self, state: contract.OperationState) -> None:
        """Write all of them: they may have been registered anew meanwhile, and then one may have another's value."""
        status = "COMPLETE" if state is contract.OperationState.DONE else "FAILED"
        self._shown["status"] = f"{self._action}_{status}"
        workflow.upsert_search_attributes([_KEYS[part].value_set(one) for part, one in self._shown.items()])

    def _known(self, begun: contract.Begun, values: Mapping[str, str]) -> Mapping[str, Any]:
        if not begun.answers:  # begun before it was so
            told = workflow.info().typed_search_attributes
            return {part: told.get(key) for part, key in _KEYS.items()}
        return {**values, "root": begun.stack_id} if self._set_by_starter else self._shown
