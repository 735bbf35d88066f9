"""One step of a resource that is a nested stack: ask for the inner operation, park, look what became of it.

The inner operation is a stack's like any other: accepted in the store, carried out by a workflow of its own, ended
there. Its id follows from the step's key, so that a repeated step asks for nothing twice. The outer node waits for a
signal, which the inner run sends when it ends, and looks by itself now and then: the store is the truth.
"""

import contextlib
import itertools
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from activities.settling import requirements
from activities.updating import restricted, stand_in
from activities.waiting import stopped_after
from activities.world import World
from firebrick.arns import stack_arn
from firebrick.contract import (
    Action,
    Cancel,
    CreateStackRequest,
    DeleteStackRequest,
    OperationState,
    Status,
    StepResult,
    UpdateStackRequest,
)
from firebrick.diagnostics import InvalidInput, NotFound
from firebrick.failpoints import failpoint
from firebrick.intake import Owner, accept_create, accept_delete
from firebrick.intake_update import accept_update
from firebrick.nested import facade_of, nested_environment
from firebrick.outputs import resolved_outputs
from firebrick.physical_names import physical_name
from firebrick.resources.base import Done, WaitSignal
from firebrick.resources.errors import PermanentError
from firebrick.resources.heat.template_resource import OUTPUT_ERRORS, TemplateResource
from firebrick.selection import base_hash, input_hash
from firebrick.stack_limits import most_resources
from firebrick.store import OperationRow, StackRow
from firebrick.store.reasons import inner_failure
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow
from firebrick.store.step_outcomes import Claimed, RowOutcome, Settled
from firebrick.store.targets import resource_from_json
from firebrick.template import ResourceDefinition

if TYPE_CHECKING:
    from activities.steps import Step

# How often a node looks by itself whether the inner operation has ended, in seconds.
LOOK = 15.0
# After how many looks at what is to stop inside it is told once more.
TELL_AGAIN = 10


class NestedStackFailed(PermanentError):
    """The inner operation FAILED. Its text is the path and the words of what failed in the inner stack; error: the
    class of that, which Heat shows before a failure's text."""

    def __init__(self, reason: str) -> None:
        self.error, text = inner_failure(reason)
        super().__init__(text)


class Nested:
    """A nested stack's step. step: whose claim is held."""

    def __init__(self, step: "Step", kind: TemplateResource, held: Claimed) -> None:
        self._step = step
        self._kind = kind
        self._held = held
        self._world = step.world
        self._project = step.ask.project

    async def run(self) -> StepResult:
        row = self._held.row
        if row.interrupted or not self._held.in_progress:
            return await self._converge()
        if row.action == Action.DELETE:
            return await self._delete()
        asked = row.progress.get("operation")
        if asked:
            return await self._look(str(asked))
        return await (self._create() if row.action == Action.CREATE else self._update(begun=True))

    # --- what is asked of the inner stack -------------------------------------------------------------------------

    async def _create(self) -> StepResult:
        row = self._held.row
        parent, definition, properties = await self.inputs(row.definition)
        failpoint("step.before-call", row.name)
        if self._step.interrupt:
            return await self._step.aborted(row, lost=self._held.intent_open)
        operation = await self.ask_create(parent, definition, properties, self._operation_id())
        return await self._started(operation, properties)

    async def _converge(self) -> StepResult:
        """Heat's rule: the inner stack is always updated, and decides what changes; unless there is none any more."""
        row = self._held.row
        if row.interrupted and row.physical_id is None and (made := await self._made(row)) is not None:
            await self._step.note(made.id)
            self._held = self._held.as_if(physical_id=made.id)
            row = self._held.row
        wanted = resource_from_json(row.wanted or {})
        gone = row.physical_id is None or await self._inner(row.physical_id) is None
        unhealthy = row.action in (Action.DELETE, "CHECK", "INIT") and row.status == Status.FAILED
        replaced = gone or unhealthy or wanted.implementation != row.implementation
        if refused := restricted(wanted, replaced=replaced):
            return await self._step.record(row, refused)
        if replaced:
            return await stand_in(self._step, self._held)
        return await self._update(begun=False)

    async def _update(self, *, begun: bool) -> StepResult:
        row = self._held.row
        wanted = resource_from_json(row.wanted or {})
        parent, definition, properties = await self.inputs(wanted.definition)
        if self._step.interrupt:
            return await self._step.aborted(row)
        if not begun:
            brings_to = {"properties": properties, "definition": wanted.definition, "type": wanted.type}
            requires = [one.id for one in self._held.upstream.values()]
            key = await self._step.begin_update(row, requires, brings_to)
            self._held = self._held.as_if(action=Action.UPDATE.value, status=Status.IN_PROGRESS.value, key=key)
        failpoint("step.before-call", row.name)
        operation = await self.ask_update(parent, definition, properties, self._operation_id(), wanted.observe)
        return await self._started(operation, None)

    async def _delete(self) -> StepResult:
        row = self._held.row
        asked = row.progress.get("operation")
        if asked:
            return await self._look(str(asked))
        if self._step.leaves(row):
            return await self._step.done(self._held, Done())
        inner = await self._inner(row.physical_id) if row.physical_id else await self._made(row)
        if inner is None or inner.deleted_at is not None:
            return await self._step.done(self._held, Done())
        failpoint("step.before-call", row.name)
        if self._step.interrupt:
            return await self._step.aborted(row)
        operation = await self.ask_delete(inner, self._operation_id())
        return await self._started(operation, None)

    async def _started(self, operation: OperationRow, properties: dict[str, Any] | None) -> StepResult:
        await self._world.cluster.start(operation)
        failpoint("step.after-call", self._held.row.name)
        return await self._wait(operation, properties)

    async def _wait(self, operation: OperationRow, properties: dict[str, Any] | None = None) -> StepResult:
        progress = {"operation": operation.id}
        answer = WaitSignal(key=wake_key(operation.id), timeout=LOOK)
        return await self._step.park(self._held.row, answer, operation.stack_id, progress, properties)

    # --- what became of it ----------------------------------------------------------------------------------------

    async def _look(self, operation_id: str) -> StepResult:
        """The step's end, when the inner operation has ended; else it parks again."""
        project = self._world.store.project(self._project)
        operation = await project.operation(operation_id)
        while operation.state is OperationState.SUPERSEDED:  # somebody acted on the inner stack itself
            operation = await project.operation(operation.superseded_by)
        if not operation.state.ended:
            if self._step.ask.stopping:
                await tell_to_stop(self._world, self._project, operation, self._step.ask.operation_id, at_once=False)
            return await self._wait(operation)
        inner = await project.stack_as_begun(operation.stack_id, include_deleted=True)
        if operation.state is OperationState.FAILED or operation.action is not self._expected(operation):
            raise NestedStackFailed(operation.reason or inner.status_reason)
        if self._held.row.action == Action.DELETE:
            return await self._step.done(self._held, Done())
        return await self._made_or_changed(inner)

    def _expected(self, operation: OperationRow) -> Action:
        """The action that this step wants; after somebody else's update or rollback of the inner stack, that one."""
        if self._held.row.action == Action.DELETE:
            return Action.DELETE
        return operation.action if operation.action is not Action.DELETE else Action.CREATE

    async def _made_or_changed(self, inner: StackRow) -> StepResult:
        row = self._held.row
        outputs, errors = await self.outputs(inner)
        data = {OUTPUT_ERRORS: errors} if errors else {}
        reference = outputs.get("OS::stack_id") or stack_arn(self._project, inner.name, inner.id)
        before = (row.physical_id, row.reference_id, dict(row.attributes), dict(row.data))
        changed = before != (inner.id, reference, outputs, data)
        if row.action == Action.CREATE:
            made = Done(physical_id=inner.id, attributes=outputs, data=data, reference_id=reference)
            return await self._step.done(self._held, made)
        wanted = resource_from_json(row.wanted or {})
        settled = self._settled(wanted, row.revision + 1 if changed else row.revision)
        _, _, properties = await self.inputs(wanted.definition)
        outcome = RowOutcome.done(
            physical_id=inner.id,
            reference_id=reference,
            attributes=outputs,
            data=data,
            properties=properties,
            settled=settled,
            changed=changed,
        )
        return await self._step.record(row, stopped_after(self._step, row, outcome, Action.UPDATE))

    def _settled(self, wanted: NewResource, revision: int) -> Settled:
        held = self._held
        schema = self._world.registry.schema(wanted.implementation)
        base = base_hash(wanted.definition, wanted.implementation, schema.fingerprint)
        return Settled(
            input_hash=input_hash(base, requirements(held.upstream)),
            revision=revision,
            definition=wanted.definition,
            type=wanted.type,
            requires=tuple(sorted(one.id for one in held.upstream.values())),
            template_id=held.target_id,
        )

    # --- requests, in the words of templates ------------------------------------------------------------------------
    # The rest of this class knows operations and rows only; tests/model has other words for these five.

    async def ask_create(
        self, parent: StackRow, definition: ResourceDefinition, properties: dict[str, Any], operation_id: str
    ) -> OperationRow:
        row = self._held.row
        return await accept_create(
            self._world.store,
            self._world.registry,
            CreateStackRequest(
                name=physical_name(parent.name, row.name, row.uuid),
                template=parent.files[definition.type],
                environment=nested_environment(parent.environment, row.name, definition.declared_type),
                parameters=properties,
                files=dict(parent.files),
                timeout_mins=parent.timeout_mins,
                project=self._project,
                operation_id=operation_id,
            ),
            minute=self._world.minute,
            owner=self._owner(parent, definition, await self._room(parent)),
        )

    async def ask_update(
        self,
        parent: StackRow,
        definition: ResourceDefinition,
        properties: dict[str, Any],
        operation_id: str,
        observe: bool,
    ) -> OperationRow:
        row = self._held.row
        return await accept_update(
            self._world.store,
            self._world.registry,
            UpdateStackRequest(
                stack=str(row.physical_id),
                template=parent.files[definition.type],
                environment=nested_environment(parent.environment, row.name, definition.declared_type),
                parameters=properties,
                files=dict(parent.files),
                timeout_mins=parent.timeout_mins,
                disable_rollback=True,
                converge=observe,
                project=self._project,
                operation_id=operation_id,
            ),
            minute=self._world.minute,
            owner=self._owner(parent, definition, await self._room(parent, str(row.physical_id))),
        )

    async def ask_delete(self, inner: StackRow, operation_id: str) -> OperationRow:
        return await accept_delete(
            self._world.store,
            DeleteStackRequest(stack=inner.id, project=self._project, operation_id=operation_id),
            minute=self._world.minute,
            owner=(self._step.ask.operation_id, self._step.ask.stack_id),
        )

    async def outputs(self, inner: StackRow) -> tuple[dict[str, Any], dict[str, str]]:
        """The inner stack's outputs, which are the resource's attributes; and why some of them cannot be computed,
        which is an error for those only who ask for them."""
        found = await resolved_outputs(self._world.store.project(self._project), self._world.registry, inner)
        errors = {one["output_key"]: one["output_error"] for one in found if "output_error" in one}
        return {one["output_key"]: one["output_value"] for one in found}, errors

    async def inputs(self, frozen: Any) -> tuple[StackRow, ResourceDefinition, dict[str, Any]]:
        """The outer stack as it is being brought to (whatever was accepted since), the definition with everything
        computed but its properties, and those: the values for the inner template's parameters."""
        definition = ResourceDefinition.thaw(frozen)
        properties, metadata = await self._step.resolve(self._held.upstream, definition)
        policy = await self._step.update_policy(self._held.upstream, definition)
        definition = replace(definition, metadata=metadata, update_policy=policy)
        parent = await self._world.store.project(self._project).stack_as_begun(self._step.ask.stack_id)
        return parent, definition, {name: value for name, value in properties.items() if value is not None}

    # --- small things -----------------------------------------------------------------------------------------------

    def _owner(self, parent: StackRow, definition: ResourceDefinition, room: int | None) -> Owner:
        return Owner(
            stack_id=parent.id,
            row=self._held.row.id,
            operation_id=self._step.ask.operation_id,
            root_id=parent.root_id or parent.id,
            depth=parent.depth + 1,
            facade=facade_of(definition),
            room=room,
        )

    async def _room(self, parent: StackRow, inner: str = "") -> int | None:
        """How many resources the inner stack may have. inner: its id, when there is one already: it may always have as
        many as it has. A rollback is not limited: it leads back to what there was."""
        most, project = most_resources(), self._world.store.project(self._project)
        if most is None or await self._rolls_back():
            return None
        others = await project.count_resources(parent.root_id or parent.id, without=inner)
        has = len(await project.resources(inner)) if inner else 0
        return max(most - others, has)

    async def _rolls_back(self) -> bool:
        """Whether this operation, or one that it is part of, is a rollback."""
        project = self._world.store.project(self._project)
        operation = await project.operation(self._step.ask.operation_id)
        while operation.action is not Action.ROLLBACK and operation.owner_operation:
            operation = await project.operation(operation.owner_operation)
        return operation.action is Action.ROLLBACK

    def _operation_id(self) -> str:
        return str(uuid.uuid5(uuid.UUID(self._step.ask.operation_id), self._held.row.key))

    async def _inner(self, stack_id: str) -> StackRow | None:
        """The living inner stack."""
        try:
            return await self._world.store.project(self._project).stack(stack_id)
        except NotFound:
            return None

    async def _made(self, row: ResourceRow) -> StackRow | None:
        """The stack of a create that nobody was told of: its name is the row's own."""
        parent = await self._world.store.project(self._project).stack(self._step.ask.stack_id)
        return await self._inner(physical_name(parent.name, row.name, row.uuid))


def wake_key(operation_id: str) -> str:
    """The key under which a node waits for an inner operation."""
    return f"nested.{operation_id}"


async def tell_owner(world: World, project: str, operation: OperationRow) -> None:
    """Wake the node that waits for this operation, if it is a nested stack's."""
    if not operation.owner_operation:
        return
    try:
        outer = await world.store.project(project).operation(operation.owner_operation)
    except NotFound:
        return
    if outer.state is OperationState.RUNNING:
        await world.cluster.wake(outer.workflow_id, wake_key(operation.id))


async def stop_inner(world: World, project: str, operation: OperationRow) -> None:
    """An operation that ends without being complete passes that on: what it asked of nested stacks is cancelled, and
    waited for. A delete inside goes on; whoever comes next takes it over.

    What it asked is looked up by its name: a step that died, or was interrupted, may have left nothing in its row.
    """
    repository = world.store.project(project)
    for look in itertools.count():
        running = await repository.open_inside(operation)
        if not running:
            return
        if look % TELL_AGAIN == 0:
            for one in running:
                await tell_to_stop(world, project, one, operation.id, at_once=True)
        await world.pause(0.2)


async def tell_to_stop(world: World, project: str, inner: OperationRow, asked_by: str, *, at_once: bool) -> None:
    """Have an operation of a nested stack cancelled, in the name of the one that asked for it."""
    with contextlib.suppress(InvalidInput, NotFound):  # it has ended meanwhile, or cannot be cancelled
        await world.store.project(project).accept_cancel(
            inner.stack_id, Cancel.KEEP, now=world.clock(), at_once=at_once, asked_by=asked_by
        )
        await world.cluster.cancel(inner.workflow_id, inner.seq, at_once)
