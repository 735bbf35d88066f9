"""A store in memory that follows the rules of firebrick.store, fast enough for thousands of lives.

What it does it does in plain Python over a few rows; that it does what the real one does is shown by living the same
lives on both (``tests/model/real_store.py``). Here are operations: accepted, begun, planned, finished, lost. Claims and
outcomes are in ``update_claims``.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from firebrick.contract import Action, Cancel, OperationState, Status, StepKind, StepResult
from firebrick.plan import ExistingRow, Role
from firebrick.selection import Candidate, Selection, Wanted, select_rows
from firebrick.store.operations import as_asked, follow_up
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import ENDED_KINDS
from tests.model.life_stores import Event, Refused
from tests.model.update_history import Resource, Template

Select = Callable[..., Selection]
_OPERATIONS = uuid.UUID(int=1)


def as_wanted(one: Resource) -> dict[str, Any]:
    """As firebrick.store.targets writes it."""
    return {
        "name": one.name,
        "type": one.kind,
        "implementation": one.kind,
        "instant": one.kind == "instant",
        "concurrency": "",
        "definition": one.definition(),
        "requires": [name for name, _ in one.requires],
    }


@dataclass
class Row:
    """The columns of a resource that decide anything; the names are those of ResourceRow. order: (seq, phase, run,
    step, attempt) of the last claim."""

    id: int
    name: str
    wanted: Mapping[str, Any] | None
    definition: Mapping[str, Any]
    implementation: str
    instant: bool
    template_id: str
    born_seq: int
    requires: tuple[int, ...] = ()
    target_requires: tuple[int, ...] | None = None
    action: str = "INIT"
    status: str = "COMPLETE"
    physical_id: str | None = None
    reference_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    polling: bool = False
    retries: int = 0
    key: str = ""
    create_key: str = ""
    create_unsettled: bool = False
    intent_open: bool = False
    input_hash: str = ""
    revision: int = 0
    drift: str = ""
    replaces: int | None = None
    replaced_by: int | None = None
    role: str = ""
    role_seq: int = 0
    updated_at: float = 0.0
    order: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    lease_until: float = 0.0
    outcome: StepResult | None = None
    untold: bool = False
    hooks: None = None
    interrupted: bool = False
    begun: Mapping[str, Any] | None = None
    unsettled_until: None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def may_be_there(self) -> bool:
        return bool(self.create_key) or self.physical_id is not None

    @property
    def unmade(self) -> bool:
        nothing = self.physical_id is None and not (self.create_unsettled or self.polling)
        return self.instant or (self.action == "CREATE" and nothing)

    @property
    def type(self) -> str:
        return self.implementation

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(int=self.id << 96))


class Family:
    """What the stores in memory of one life share."""

    def __init__(self) -> None:
        self.rows = count(1)
        self.homes: dict[str, MemoryOperations] = {}  # operation -> its stack's store

    def operation(self, operation_id: str) -> OperationRow | None:
        home = self.homes.get(operation_id)
        return None if home is None else next(one for one in home.operations if one.id == operation_id)

    def open_inside(self, operation: OperationRow) -> list[OperationRow]:
        homes = [one for one in dict.fromkeys(self.homes.values()) if one.owner and one.owner[0] == operation.stack_id]
        asked = [one for home in homes for one in home.open_operations() if one.owner_operation == operation.id]
        return [one for one in asked if one.action.cancellable]

    def may_ask(self, operation_id: str) -> bool:
        """Of whoever asks something of a nested stack."""
        owner = self.operation(operation_id)
        return owner is None or owner.state is OperationState.RUNNING

    def may_end(self, operation: OperationRow) -> bool:
        """Of an operation that is not complete."""
        return not self.open_inside(operation)


class MemoryOperations:
    """Operations of one stack."""

    def __init__(
        self,
        base: Callable[[Resource], str],
        select: Select = select_rows,
        family: Family | None = None,
        stack: tuple[str, str] = ("stack", "stack"),
        owner: tuple[str, int] | None = None,
    ) -> None:
        """base: firebrick.selection.base_hash of a resource's definition. stack: id and name."""
        self._base = base
        self._select = select
        self._family = Family() if family is None else family
        self.stack_id, self.name = stack
        self.owner = owner
        self._events: list[Event] = []
        self._rows: dict[int, Row] = {}
        self.operations: list[OperationRow] = []
        self._targets: dict[str, Template] = {}
        self.action, self.status = "", ""
        self.told: list[tuple[str, str]] = []
        self.state_seq = 0  # of the operation whose state is shown, or of the rollback that was announced
        self.template_id = self.previous_id = self.complete_id = self.shown_id = ""
        self.operation_seq = 0
        self.deleted = False

    # --- accepting ------------------------------------------------------------------------------------------------

    @property
    def state(self) -> tuple[str, str]:
        return (self.action, self.status)

    @property
    def events(self) -> list[Event]:
        return self._events

    @property
    def shown(self) -> Template:
        return self._targets.get(self.shown_id, ())

    def target_of(self, operation: OperationRow) -> Template:
        return self._targets[operation.target_id]

    @property
    def accepted(self) -> Sequence[OperationRow]:
        return self.operations

    def rows(self) -> Sequence[Row]:
        return list(self._rows.values())

    def target(self) -> Template:
        return self._targets[self.template_id]

    def accept_create(
        self, target: Template, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow:
        if known := self._family.operation(id):
            return known
        operation = self._accept(Action.CREATE, "", request, now, id, asked_by)
        operation = self._change(operation, target_id=operation.id)
        self._targets[operation.id] = target
        self.template_id = self.shown_id = operation.id
        ids = {one.name: self._insert(one, operation.id, 1).id for one in target}
        for one in target:
            self._rows[ids[one.name]].requires = tuple(sorted(ids[name] for name, _ in one.requires))
        self._tell(operation)
        return operation

    def accept_update(
        self, target: Template | None, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow:
        if known := self._family.operation(id):
            return known
        if self.deleted or self.action == Action.DELETE or any(one.action is Action.DELETE for one in self._open()):
            raise Refused
        if target is None and self.status != Status.FAILED:
            raise Refused
        operation = self._accept(Action.UPDATE, self.template_id, request, now, id, asked_by)
        if target is not None:
            self._targets[operation.id] = target
            operation = self._change(operation, target_id=operation.id)
        self._tell(operation)
        return operation

    def accept_rollback(self, request: Mapping[str, Any], now: float) -> None:
        may = self.status == Status.FAILED and self.action in (Action.CREATE, Action.UPDATE, Action.ROLLBACK)
        if self.deleted or self._open() or not may:
            raise Refused
        to = request.get("to", "previous")
        goes_on = self.action == Action.ROLLBACK and to != "complete"
        target = self.template_id if goes_on else self._rollback_target(to)
        self._tell(self._accept(Action.ROLLBACK, target, request, now))

    def accept_delete(
        self, request: Mapping[str, Any], now: float, *, id: str = "", asked_by: str = ""
    ) -> OperationRow:
        if known := self._family.operation(id):
            return known
        if self.deleted:
            raise Refused
        operation = self._accept(Action.DELETE, "", request, now, id, asked_by)
        self._tell(operation)
        return operation

    def accept_cancel(self, cancel: Cancel, now: float, *, at_once: bool = False, asked_by: str = "") -> OperationRow:
        newest = max(self._open(), key=lambda one: one.seq, default=None)
        if newest is not None and asked_by not in ("", newest.owner_operation):
            raise Refused
        may = (Action.UPDATE,) if cancel is Cancel.ROLL_BACK else (Action.CREATE, Action.UPDATE)
        if newest is None or newest.action not in may:
            raise Refused
        if newest.cancel not in ("", cancel) and not asked_by:
            raise Refused
        told = newest.cancel
        if not told or (at_once and not newest.cancel_now):
            newest = self._change(newest, cancel=told or cancel.value, cancel_now=at_once or newest.cancel_now)
        if not told and cancel is Cancel.ROLL_BACK:
            self._announce_rollback(newest)
        return newest

    def _announce_rollback(self, cancelled: OperationRow) -> None:
        to = cancelled.request.get("roll_back_to", "previous")
        waits = cancelled.state is OperationState.PENDING and cancelled.target_id != self.template_id
        self.shown_id = self.template_id if waits and to == "previous" else self._before(to)
        self.state_seq = cancelled.seq + 1
        self._set_state(Action.ROLLBACK, Status.IN_PROGRESS)

    def _tell(self, operation: OperationRow) -> None:
        """It was accepted: the stack shows it."""
        if operation.target_id:
            self.shown_id = operation.target_id
        self.state_seq = operation.seq
        self._set_state(operation.action, Status.IN_PROGRESS)

    def _is_overtaken(self, seq: int) -> bool:
        return max(self.state_seq, len(self.operations)) > seq

    def _accept(
        self,
        action: Action,
        target_id: str,
        request: Mapping[str, Any],
        now: float,
        id: str = "",
        asked_by: str = "",
    ) -> OperationRow:
        if not self._family.may_ask(asked_by):
            raise Refused
        return self._insert_operation(action, target_id, request, now, id, asked_by)

    def _insert_operation(
        self,
        action: Action,
        target_id: str,
        request: Mapping[str, Any],
        now: float,
        id: str,
        asked_by: str,
        follows: str = "",
    ) -> OperationRow:
        seq = len(self.operations) + 1
        operation = OperationRow(
            id=id or str(uuid.uuid5(_OPERATIONS, f"{self.stack_id}/{seq}")),
            project="model",
            stack_id=self.stack_id,
            stack_name=self.name,
            seq=seq,
            action=action,
            state=OperationState.PENDING,
            request=request,
            requested_by={},
            timeout=3600.0,
            accepted_at=now,
            began_at=None,
            ended_at=None,
            deadline=None,
            workflow_id=self.stack_id,
            chain_id="chain",
            superseded_by="",
            reason="",
            summary="",
            failure=None,
            target_id=target_id,
            follows=follows,
            owner_operation=asked_by,
        )
        self.operations.append(operation)
        self._family.homes[operation.id] = self
        return operation

    def open_operations(self) -> Sequence[OperationRow]:
        return self._open()

    def operations_of(self, asked_by: str) -> Sequence[OperationRow]:
        return [one for one in self.operations if one.owner_operation == asked_by]

    def _open(self) -> list[OperationRow]:
        return [one for one in self.operations if not one.state.ended]

    def _change(self, operation: OperationRow, **fields: Any) -> OperationRow:
        changed = replace(self.operations[operation.seq - 1], **fields)
        self.operations[operation.seq - 1] = changed
        return changed

    def _before(self, to: str) -> str:
        return self.complete_id if to == "complete" else self.previous_id

    def _rollback_target(self, to: str) -> str:
        found = self._before(to)
        if not found:
            found = f"empty{len(self.operations) + 1}"
            self._targets[found] = ()
        return found

    def _insert(self, one: Resource, template_id: str, seq: int) -> Row:
        definition, instant = one.definition(), one.kind == "instant"
        row = Row(next(self._family.rows), one.name, None, definition, one.kind, instant, template_id, seq)
        self._rows[row.id] = row
        return row

    def _set_state(self, action: str, status: str) -> None:
        self.action, self.status = action, status
        self.told.append((action, status))

    def emit(self, row: Row, status: str) -> None:
        self._events.append(Event(row.id, row.name, row.action, status))

    # --- the beginning --------------------------------------------------------------------------------------------

    def begin(self, now: float) -> OperationRow | None:
        running = [one for one in self._open() if one.state is OperationState.RUNNING]
        if running:
            return running[0]
        pending = self._open()
        if not pending:
            return None
        newest = pending[-1]
        for one in pending[:-1]:
            self._change(one, state=OperationState.SUPERSEDED, superseded_by=newest.id)
        newest = self._change(newest, state=OperationState.RUNNING, began_at=now)
        self.operation_seq = newest.seq
        if newest.action.converges:
            self._prepare(newest, now)
        for row in self._rows.values():
            if row.name in newest.request.get("retain", ()):
                row.role, row.role_seq = Role.RETAINED.value, newest.seq
        return newest

    def _prepare(self, operation: OperationRow, now: float) -> None:
        target = self._targets[operation.target_id]
        selection = self._select(
            [
                Candidate(
                    row.id,
                    row.name,
                    row.action,
                    row.status,
                    row.template_id,
                    row.replaced_by,
                    row.updated_at,
                    row.input_hash,
                    row.revision,
                    row.drift,
                    row.interrupted,
                    row.unmade,
                )
                for row in self._rows.values()
            ],
            [
                Wanted(one.name, tuple(name for name, _ in one.requires), self._base(one), one.kind != "nested")
                for one in target
            ],
            target=operation.target_id,
            previous=self.template_id,
            look_at_all=bool(operation.request.get("converge")),
        )
        for one in selection.never_made:
            del self._rows[one]
        new = [one for one in target if one.name not in selection.serving]
        ids = dict(selection.serving)
        for resource in new:
            row = self._insert(resource, operation.target_id, operation.seq)
            row.role, row.role_seq, row.updated_at = Role.FRESH.value, operation.seq, now
            ids[resource.name] = row.id
        for resource in target:
            row = self._rows[ids[resource.name]]
            requires = tuple(sorted(ids[name] for name, _ in resource.requires))
            role = selection.roles.get(row.id, Role.NONE)
            if resource in new:
                row.requires = row.target_requires = requires
            elif role is Role.FRESH:
                row.action, row.status, row.interrupted, row.untold = "INIT", "COMPLETE", False, False
                row.properties, row.progress, row.polling = None, {}, False
                row.intent_open, row.create_key, row.create_unsettled = False, "", False
                row.definition, row.implementation = resource.definition(), resource.kind
                row.instant, row.template_id = resource.kind == "instant", operation.target_id
                row.requires = row.target_requires = requires
                row.role, row.role_seq = role.value, operation.seq
            elif role is not Role.NONE:
                row.wanted, row.target_requires, row.replaced_by = as_wanted(resource), requires, None
                row.role, row.role_seq = role.value, operation.seq
        for id_, role in selection.roles.items():
            if role is Role.REMOVED:
                self._rows[id_].role, self._rows[id_].role_seq = role.value, operation.seq
        if self.template_id != operation.target_id:
            self.previous_id, self.template_id = self.template_id, operation.target_id

    def plan_rows(self, operation: OperationRow) -> list[ExistingRow]:
        return [
            ExistingRow(
                id=row.id,
                name=row.name,
                type=row.implementation,
                action=row.action,
                status=row.status,
                requires=row.requires,
                instant=row.instant,
                ended_in_operation=row.order[0] == operation.seq
                and row.outcome is not None
                and row.outcome.kind in ENDED_KINDS,
                role=Role(row.role) if row.role_seq == operation.seq else Role.NONE,
                target_requires=row.target_requires or (),
            )
            for row in self._rows.values()
        ]

    # --- the end --------------------------------------------------------------------------------------------------

    def finish(self, operation: OperationRow, complete: bool, interrupted: str, now: float) -> bool:
        operation = self.operations[operation.seq - 1]
        if operation.state is not OperationState.RUNNING:
            return True
        if not complete and not self._family.may_end(operation):
            return False
        newer = next((one for one in self._open() if one.seq > operation.seq), None)
        complete, interrupted = as_asked(operation, complete, interrupted, newer is not None)
        self.operation_seq = 0
        if complete:
            if operation.action is Action.DELETE:
                if not self.deleted:
                    self._set_state(operation.action, Status.COMPLETE)
            elif not self._is_overtaken(operation.seq):
                self._set_state(operation.action, Status.COMPLETE)
            self._complete(operation)
            self._change(operation, state=OperationState.DONE, ended_at=now)
            return True
        self._abort(newer is not None, now)
        self._set_failed(operation)
        state, by = OperationState.FAILED, ""
        if interrupted == "takeover" and newer is not None:
            state, by = OperationState.SUPERSEDED, newer.id
        self._change(operation, state=state, superseded_by=by, ended_at=now)
        if newer is None:
            self._follow(operation, interrupted, now)
        return True

    def _follow(self, operation: OperationRow, interrupted: str, now: float) -> None:
        action = follow_up(operation, interrupted)
        if action is None:
            return
        to = operation.request.get("roll_back_to", "previous")
        target = self._rollback_target(to) if action is Action.ROLLBACK else ""
        request = {"because_of": operation.id}
        asked_by = operation.owner_operation
        new = self._insert_operation(action, target, request, now, "", asked_by, follows=operation.id)
        if self.state_seq < new.seq:
            self._tell(new)
        elif target:
            self.shown_id = target

    def _set_failed(self, operation: OperationRow) -> None:
        if self.status != Status.FAILED and not self._is_overtaken(operation.seq):
            self._set_state(operation.action, Status.FAILED)

    def _complete(self, operation: OperationRow) -> None:
        if operation.action is Action.DELETE:
            self._rows.clear()
            self.deleted = True
            return
        if operation.action.converges:
            for row in list(self._rows.values()):
                if (row.action, row.status) == (Action.DELETE, Status.COMPLETE):
                    del self._rows[row.id]
            for row in self._rows.values():
                row.template_id, row.wanted, row.target_requires = self.template_id, None, None
                row.replaces = row.replaced_by = row.begun = None
                row.role = ""
        self.complete_id = self.template_id

    def fail_lost(self, operation: OperationRow, now: float) -> None:
        newer = any(one.seq > operation.seq for one in self._open())
        operation = self.operations[operation.seq - 1]
        self._abort(newer, now)
        self._set_failed(operation)
        self._change(operation, state=OperationState.FAILED, ended_at=now)
        self.operation_seq = 0
        if not newer and operation.cancel == Cancel.ROLL_BACK:
            self._follow(operation, "cancel", now)

    def _abort(self, taken_over: bool, now: float) -> None:
        for row in self._rows.values():
            if row.status != Status.IN_PROGRESS:
                continue
            row.outcome = StepResult(kind=StepKind.ABORTED)
            row.interrupted = row.action in (Action.CREATE, Action.UPDATE)
            if taken_over and row.interrupted:
                continue
            if row.untold:
                self.emit(row, Status.IN_PROGRESS)
                row.untold = False
            row.status, row.updated_at = Status.FAILED.value, now
            self.emit(row, Status.FAILED)
