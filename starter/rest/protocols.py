"""What the HTTP front needs from the rest: accepting requests. Reads go to the store's repository directly."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from firebrick.contract import (
    Cancel,
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.diagnostics import Diagnostic
from firebrick.standing import Seen
from firebrick.store.requests import Expected
from starter.holds import Hold


class AcceptedOperation(Protocol):
    """The row of an accepted operation, as far as an answer names it. warnings: about the template it came with."""

    @property
    def id(self) -> str: ...
    @property
    def stack_id(self) -> str: ...
    @property
    def warnings(self) -> Sequence[Diagnostic]: ...


class Starter(Protocol):
    """Accepts an action and starts its workflow.

    All of them raise diagnostics.FirebrickError: InvalidInput, NameInUse, NotFound, ActionInProgress, or Unavailable
    when Temporal or the database does not answer (then nothing was stored). An ambiguous start is no error: the row is
    stored, PENDING, and starts later. The same operation_id again answers the row of the first time.
    """

    async def create(self, request: CreateStackRequest) -> AcceptedOperation: ...

    async def update(self, request: UpdateStackRequest, *, expected: Expected | None = None) -> AcceptedOperation: ...

    async def rollback(self, request: RollbackStackRequest) -> AcceptedOperation: ...

    async def go_on(self, request: ContinueStackRequest) -> AcceptedOperation: ...

    async def cancel(
        self, project: str, stack_id: str, cancel: Cancel, *, at_once: bool = False
    ) -> AcceptedOperation: ...

    async def delete(self, request: DeleteStackRequest) -> AcceptedOperation: ...

    async def signal(self, workflow_id: str, name: str, *arguments: object) -> None:
        """Tell a run something that is in the store already; one that hears nothing looks there."""

    async def look_at_objects(self, project: str, stack_ids: Sequence[str]) -> Mapping[int, Seen]:
        """What a worker sees of the objects of these stacks: see starter.looking. Unavailable: none answers."""
        ...

    async def holds(self, project: str, stack_id: str) -> Sequence[Hold]:
        """What holds the runs that are under way in a stack (an operator's pause); nothing while Temporal is away."""
        ...

    async def no_worker(self) -> str:
        """Why no worker goes on with what was accepted, for people: see starter.workers. "" while one does."""
        ...

    async def check_server(self) -> None:
        """Unavailable when Temporal does not answer; used by ``GET /healthcheck``."""
