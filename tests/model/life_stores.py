"""What a life needs of a store: of one stack's, and of all of its stacks'. There are two of each, in memory
(``update_claims``) and real (``real_store``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from firebrick.contract import Cancel, Work
from firebrick.plan import ExistingRow
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import Claim, ClaimOutcome, RowOutcome
from tests.model.update_history import Template

FINGERPRINT = "model"


class Refused(Exception):
    """The store does not accept the request in the stack's state."""


@dataclass(frozen=True)
class Event:
    row: int
    name: str
    action: str
    status: str


class UpdateStore(Protocol):
    """What a life needs of one stack's store. Rows are the store's own: to be read only.

    Who accepts may give the operation's id, and then a second time is no second operation; and, of a nested stack, the
    operation that asks.
    """

    @property
    def stack_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def owner(self) -> tuple[str, int] | None:
        """Of a nested stack: the stack and the row that it stands for."""
        ...

    @property
    def template_id(self) -> str: ...
    @property
    def events(self) -> list[Event]: ...
    @property
    def state(self) -> tuple[str, str]: ...
    @property
    def told(self) -> Sequence[tuple[str, str]]:
        """The states of the stack that its own events tell, from the first on."""
        ...

    @property
    def shown(self) -> Template:
        """What the inputs that the stack shows are."""
        ...

    def target_of(self, operation: OperationRow) -> Template: ...

    @property
    def accepted(self) -> Sequence[OperationRow]:
        """All its operations, in the order in which they were accepted."""
        ...

    @property
    def deleted(self) -> bool:
        """Whether it is gone for good, whatever delete of it has not ended yet."""
        ...

    def accept_create(
        self, target: Template, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow: ...
    def accept_update(
        self, target: Template | None, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow: ...
    def accept_rollback(self, request: Mapping[str, Any], now: float) -> None: ...
    def accept_delete(
        self, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow: ...
    def accept_cancel(
        self, cancel: Cancel, now: float, *, at_once: bool = False, asked_by: str = ""
    ) -> OperationRow: ...
    def open_operations(self) -> Sequence[OperationRow]: ...
    def operations_of(self, asked_by: str) -> Sequence[OperationRow]:
        """Those that this operation has asked for."""
        ...

    def begin(self, now: float) -> OperationRow | None: ...
    def plan_rows(self, operation: OperationRow) -> list[ExistingRow]: ...
    def finish(self, operation: OperationRow, complete: bool, interrupted: str, now: float) -> bool:
        """Whether it has ended: not before what it asked of nested stacks has."""
        ...

    def fail_lost(self, operation: OperationRow, now: float) -> None: ...
    def rows(self) -> Sequence[Any]: ...
    def target(self) -> Template: ...
    def claim(self, claim: Claim, operation: OperationRow, work: Work, now: float, announce: bool) -> ClaimOutcome: ...
    def begin_update(
        self, claim: Claim, requires: Sequence[int], until: float, key: str, begun: Mapping[str, Any], now: float
    ) -> bool: ...
    def stand_in(self, claim: Claim, requires: Sequence[int], now: float) -> bool: ...
    def renew(self, claim: Claim, until: float, **known: Any) -> bool: ...
    def record(self, claim: Claim, outcome: RowOutcome, now: float) -> bool: ...


class Stores(Protocol):
    """The stacks of one life: one, and those in it."""

    @property
    def root(self) -> UpdateStore: ...
    def every(self) -> Sequence[UpdateStore]:
        """All that ever were, the outer before the inner."""
        ...

    def find(self, name_or_id: str) -> UpdateStore | None:
        """By id, whether it lives or not; by name, living."""
        ...

    def inner(self, stack_id: str, name: str, owner: tuple[str, int]) -> UpdateStore:
        """The store of a nested stack, which is made there if there is none."""
        ...

    def operation(self, operation_id: str) -> OperationRow | None: ...
    def open_inside(self, operation: OperationRow) -> Sequence[OperationRow]:
        """What it has asked of nested stacks and can be cancelled."""
        ...
