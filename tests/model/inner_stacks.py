"""Nested stacks of a life, by the product's own code: the step that asks (activities.steps, activities.nested) and the
end of an operation (activities.operations) run as they are, on the life's clock and over its stores.

What is replaced is what they stand on: the store, the cluster, and the requests of activities.nested that speak of
templates. Each time they wait for one of those, some time passes, and whoever drives them may drop them, or have
another go on beside them.
"""

import contextlib
import uuid
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar, cast

from activities import steps
from activities.failures import Lost as ProductLost
from activities.nested import Nested
from activities.world import World
from firebrick import contract
from firebrick.contract import Action, Cancel, OperationState, StepResult
from firebrick.physical_names import physical_name
from firebrick.plan import Role
from firebrick.resources.base import Done
from firebrick.resources.errors import PermanentError
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.store.acceptance import stack_not_found
from firebrick.store.operation_outcomes import FinishOutcome
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome
from tests.model.life_stores import FINGERPRINT, Refused, Stores, UpdateStore
from tests.model.update_history import Verb, inner_template
from tests.model.update_steps import Lost, Step, Steps, given_to, resolved, shown_by
from tests.model.world import Broken, demand

T = TypeVar("T")

ANSWER = 0.05  # seconds until the store or the cluster answers


class Pause:
    """Awaited, it lets so many seconds pass."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __await__(self) -> Generator[float, None, None]:
        yield self._seconds


async def pause(seconds: float) -> None:
    await Pause(seconds)


def driven(function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> Generator[float, None, T]:
    """The pauses of what it does, one after the other."""
    work = function(*arguments)
    try:
        while True:
            try:
                seconds = work.send(None)
            except StopIteration as end:
                return cast(T, end.value)
            yield seconds
    finally:
        work.close()


class Walk(Protocol):
    """The life, as far as what runs here reaches it."""

    now: float
    stores: Stores
    abandoned: set[str]  # nested stacks that were retained: by whom they are deleted is not this life's to know

    def send(self, workflow: str, message: str, *arguments: Any) -> None:
        """A message to a stack's run; it may be lost."""
        ...

    def ended(self, operation: OperationRow, complete: bool, failed: bool) -> None:
        """The store has just ended an operation."""
        ...


@dataclass
class Cluster:
    walk: Walk

    async def start(self, operation: OperationRow) -> bool:
        await Pause(ANSWER)
        self.walk.send(operation.workflow_id, "accepted")
        return True

    async def nudge(self, workflow_id: str, seq: int) -> None:
        await Pause(ANSWER)
        self.walk.send(workflow_id, "accepted")

    async def cancel(self, workflow_id: str, seq: int, at_once: bool = False) -> None:
        await Pause(ANSWER)
        self.walk.send(workflow_id, "cancelled", seq, at_once)

    async def wake(self, workflow_id: str, key: str) -> None:
        await Pause(ANSWER)
        self.walk.send(workflow_id, "woken", key)


class Project:
    """The repository, as far as nested stacks need it."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._stores = walk.stores

    def project(self, project: str) -> "Project":
        return self

    def _store(self, stack_id: str) -> UpdateStore:
        found = self._stores.find(stack_id)
        if found is None:
            raise stack_not_found(stack_id)
        return found

    async def operation(self, operation_id: str) -> OperationRow:
        await Pause(ANSWER)
        found = self._stores.operation(operation_id)
        demand(found is not None, f"nobody knows the operation {operation_id}")
        return cast(OperationRow, found)

    async def open_inside(self, operation: OperationRow) -> Sequence[OperationRow]:
        await Pause(ANSWER)
        return self._stores.open_inside(operation)

    async def stack(self, name_or_id: str, *, include_deleted: bool = False) -> Any:
        await Pause(ANSWER)
        store = self._store(name_or_id)
        action, status = store.state
        deleted = (action, status) == (Action.DELETE, "COMPLETE")
        if deleted and not include_deleted:
            raise stack_not_found(name_or_id)
        return SimpleNamespace(
            id=store.stack_id,
            name=store.name,
            action=action,
            status=status,
            status_reason="",
            deleted_at=1.0 if deleted else None,
        )

    stack_as_begun = stack

    async def resources(self, stack_id: str) -> Sequence[Any]:
        await Pause(ANSWER)
        return self._store(stack_id).rows()

    async def accept_cancel(
        self, stack_id: str, cancel: Cancel, *, now: float, at_once: bool = False, asked_by: str = ""
    ) -> OperationRow:
        await Pause(ANSWER)
        try:
            return self._store(stack_id).accept_cancel(cancel, self._walk.now, at_once=at_once, asked_by=asked_by)
        except Refused:
            raise stack_not_found(stack_id) from None

    async def finish(
        self, operation_id: str, *, seq: int, complete: bool, interrupted: str, now: float
    ) -> FinishOutcome:
        await Pause(ANSWER)
        operation = cast(OperationRow, self._stores.operation(operation_id))
        store = self._store(operation.stack_id)
        ran = operation.state is OperationState.RUNNING
        if not store.finish(operation, complete, interrupted, self._walk.now):
            return FinishOutcome(OperationState.RUNNING, "")
        operation = cast(OperationRow, self._stores.operation(operation_id))
        if ran:
            self._walk.ended(operation, complete, not complete and not interrupted)
        return FinishOutcome(operation.state, "")

    # --- of a step ------------------------------------------------------------------------------------------------

    async def record(self, claim: Claim, outcome: RowOutcome, *, now: float) -> bool:
        await Pause(ANSWER)
        return self._store(claim.stack_id).record(claim, outcome, self._walk.now)

    async def renew(self, claim: Claim, until: float, **known: Any) -> bool:
        await Pause(ANSWER)
        return self._store(claim.stack_id).renew(claim, until, **known)

    async def begin_update(
        self,
        claim: Claim,
        requires: Sequence[int],
        until: float,
        *,
        key: str,
        begun: Mapping[str, Any],
        now: float,
    ) -> bool:
        await Pause(ANSWER)
        return self._store(claim.stack_id).begin_update(claim, requires, until, key, begun, self._walk.now)

    async def stand_in(self, claim: Claim, requires: Sequence[int], *, now: float) -> bool:
        await Pause(ANSWER)
        return self._store(claim.stack_id).stand_in(claim, requires, self._walk.now)


class _Registry:
    """There is one type that the product's own code steps."""

    _kind = TemplateResource()

    def type(self, name: str) -> TemplateResource:
        return self._kind

    def schema(self, name: str) -> Any:
        return SimpleNamespace(fingerprint=FINGERPRINT)


class _Masks:
    async def text(self, error: Exception, *_: Any, **__: Any) -> str:
        return str(error)


def world_of(walk: Walk) -> World:
    return World(
        store=cast(Any, Project(walk)),
        registry=cast(Any, _Registry()),
        handlers=cast(Any, None),
        cluster=Cluster(walk),
        clock=lambda: walk.now,
        pause=pause,
    )


class InnerRequests(Nested):
    """The step of a nested stack, in the words of a life's templates."""

    _step: "InnerStep"

    @property
    def _life_step(self) -> Step:
        return self._step.life_step

    async def inputs(self, frozen: Any) -> Any:
        await Pause(ANSWER)
        parent = await self._world.store.project("").stack(self._step.ask.stack_id)
        return parent, frozen, resolved(frozen, self._held.upstream)

    async def ask_create(self, parent: Any, definition: Any, properties: Any, operation_id: str) -> OperationRow:
        row, life_step = self._held.row, self._life_step
        await Pause(ANSWER)
        stack_id = str(uuid.uuid5(uuid.UUID(operation_id), "stack"))
        name = physical_name(parent.name, row.name, row.uuid)
        store = life_step.stores.inner(stack_id, name, (parent.id, row.id))
        target = inner_template(definition, given_to(properties))
        with self._accepting("create", operation_id) as asked:
            return store.accept_create(target, {}, life_step.now(), **asked)

    async def ask_update(
        self, parent: Any, definition: Any, properties: Any, operation_id: str, observe: bool
    ) -> OperationRow:
        row, life_step = self._held.row, self._life_step
        await Pause(ANSWER)
        store = life_step.stores.find(str(row.physical_id))
        assert store is not None
        target = inner_template(definition, given_to(properties))
        with self._accepting("update", operation_id) as asked:
            return store.accept_update(target, {"converge": observe}, life_step.now(), **asked)

    async def ask_delete(self, inner: Any, operation_id: str) -> OperationRow:
        await Pause(ANSWER)
        store = self._life_step.stores.find(inner.id)
        assert store is not None
        row = self._held.row
        demand((row.role, row.role_seq) != (Role.RETAINED, self._step.claim.seq), f"{row.name} was to be retained")
        with self._accepting("delete", operation_id) as asked:
            return store.accept_delete({}, self._life_step.now(), **asked)

    @contextlib.contextmanager
    def _accepting(self, verb: Verb, operation_id: str) -> Iterator[dict[str, str]]:
        """Whatever is accepted, and was not before, is asked while what the row requires is alive."""
        life_step = self._life_step
        known = life_step.stores.operation(operation_id)
        try:
            yield {"id": operation_id, "asked_by": self._step.ask.operation_id}
        except Refused:
            raise PermanentError("refused") from None
        if known is None:
            life_step.check_requirements(self._held.row.id, verb)

    async def outputs(self, inner: Any) -> tuple[dict[str, Any], dict[str, str]]:
        await Pause(ANSWER)
        store = self._life_step.stores.find(inner.id)
        assert store is not None
        return shown_by({row.name: row for row in store.rows()}), {}


class InnerStep(steps.Step):
    """What a step does once it has claimed a nested stack's row. life_step: which claimed it."""

    life_step: Step

    async def done(self, held: Claimed, done: Done, *, message: str = "") -> StepResult:
        row = held.row
        result = await super().done(held, done, message=message)
        if row.action == Action.DELETE and (row.role, row.role_seq) == (Role.RETAINED, self.claim.seq):
            name = physical_name(self.life_step.store.name, row.name, row.uuid)
            inner = self.life_step.stores.find(row.physical_id or name)
            if inner is not None:
                self.life_step.abandon(inner.stack_id)
        return result

    async def _failed(self, kind: Any, held: Claimed, error: Exception) -> StepResult:
        if isinstance(error, Broken):
            raise error
        return await super()._failed(kind, held, error)


@dataclass
class Inside:
    """Steps rows of nested stacks. nested: what takes those steps."""

    world: World
    nested: type[InnerRequests] = InnerRequests

    def __call__(self, step: Step, held: Claimed) -> Steps:
        claim, operation = step.claim, step.operation
        ask = contract.RunStep(
            project=operation.project,
            stack_id=operation.stack_id,
            operation_id=operation.id,
            action=operation.action,
            seq=claim.seq,
            chain_run=claim.chain_run,
            row=step.node_row,
            step=claim.step,
            deadline=0.0,
            work=step.work,
            stopping=step.stopping,
        )
        inner = InnerStep(self.world, ask, claim.attempt, cast(Any, step.interrupt), cast(Any, _Masks()))
        inner.claim, inner.life_step = claim, step
        inner.nested = self.nested  # type: ignore[misc]
        try:
            return (yield from driven(inner.work, held))
        except ProductLost:
            step.claim = inner.claim
            raise Lost from None


def family_of(stores: Stores, stack_id: str) -> Iterator[UpdateStore]:
    """A stack and all that is in it."""
    for store in stores.every():
        if store.stack_id == stack_id:
            yield store
        elif store.owner is not None and store.owner[0] == stack_id:
            yield from family_of(stores, store.stack_id)
