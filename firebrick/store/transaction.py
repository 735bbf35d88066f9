"""What the writes of one transaction share: the locked rows of their stacks, and the events they emit.

A stack's row is locked before anything that belongs to it (PostgreSQL: FOR UPDATE in the order of ids; SQLite: the
transaction holds the whole file), so the sequence of its events is given out without gaps and in commit order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Update, bindparam, select, update

from firebrick.physical_names import physical_name
from firebrick.randomness import random_uuid
from firebrick.store.bulk import TOGETHER, BulkInsert, BulkUpdate
from firebrick.store.models import events, stacks
from firebrick.store.rows_by_id import ById

if TYPE_CHECKING:
    from firebrick.store.pipeline import Answer, Pipeline

STACK_TYPE = "OS::Heat::Stack"

_STACKS = select(
    stacks.c.id,
    stacks.c.project,
    stacks.c.name,
    stacks.c.action,
    stacks.c.status,
    stacks.c.deleted_at,
    stacks.c.operation_seq,
    stacks.c.event_seq,
    stacks.c.template_id,
    stacks.c.state_seq,
    stacks.c.accepted_seq,
)
_LOCK = ById(_STACKS, stacks.c.id)
_SAVE_EVENT_SEQ = update(stacks).where(stacks.c.id == bindparam("_id")).values(event_seq=bindparam("_event_seq"))
_SAVE_STATE = (
    update(stacks)
    .where(stacks.c.id == bindparam("_id"))
    .values(
        event_seq=bindparam("_event_seq"),
        operation_seq=bindparam("_operation_seq"),
        action=bindparam("_action"),
        status=bindparam("_status"),
        state_seq=bindparam("_state_seq"),
    )
)
_SAVE_REASON = update(stacks).where(stacks.c.id == bindparam("_id")).values(status_reason=bindparam("_reason"))
_INSERT_EVENTS = BulkInsert(events)


class EventSubject(Protocol):
    """A row as far as an event tells of it."""

    @property
    def id(self) -> int: ...
    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def physical_id(self) -> str | None: ...


@dataclass(slots=True)
class LockedStack:
    """A stack's row as this transaction sees it. reason: None until this transaction gives a new one. state_seq: the
    operation whose state it shows, accepted_seq: the one that was accepted last, by their sequences (see
    firebrick.store.shown)."""

    id: str
    project: str
    name: str
    action: str
    status: str
    deleted_at: float | None
    operation_seq: int
    event_seq: int
    template_id: str = ""
    state_seq: int = 0
    accepted_seq: int = 0
    stored_event_seq: int = field(init=False)
    reason: str | None = None
    changed: bool = False

    def __post_init__(self) -> None:
        self.stored_event_seq = self.event_seq

    def is_told(self, seq: int) -> bool:
        """Whether the stack shows that the operation of this sequence was accepted, or a later one."""
        return self.state_seq >= seq

    def is_overtaken(self, seq: int) -> bool:
        """Whether something was accepted after the operation of this sequence, or announced: then the stack's state is
        not for it to set any more."""
        return max(self.state_seq, self.accepted_seq) > seq


class Transaction:
    """One transaction of the writer. Not shared between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pipeline = _pipeline(connection)
        self._asked: dict[tuple[ById, tuple[Any, ...]], Answer] = {}  # and not taken yet
        self._at_once = False  # whether somebody has the connection, and might read what was written
        self._stacks: dict[str, LockedStack] = {}
        self._events: list[dict[str, Any]] = []

    # --- statements -----------------------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """For any other statement. What was written before is there; what is written from now on is written at once."""
        if self._pipeline is not None:
            self._pipeline.run()
            self._asked.clear()
            self._at_once = True
        return self._connection

    def ask(self, query: ById, ids: Sequence[Any]) -> None:
        """Have the rows that `rows` will be asked for brought along with others, where the database can."""
        if self._pipeline is not None and ids:
            self._asked[query, tuple(ids)] = self._pipeline.ask(*query.asking(self._connection.dialect, ids))

    def rows(self, query: ById, ids: Sequence[Any]) -> Sequence[Any]:
        """Those that exist, in order. ids: ascending."""
        if self._pipeline is None or not ids:
            return query.rows(self._connection, ids)
        answer = self._asked.pop((query, tuple(ids)), None)
        if answer is None:
            answer = self._pipeline.ask(*query.asking(self._connection.dialect, ids))
        return answer.rows()

    def write(self, statement: BulkUpdate | BulkInsert, rows: Sequence[Mapping[str, Any]]) -> None:
        """At the latest before the commit, and in the order of calls."""
        if self._pipeline is None:
            statement.execute(self._connection, rows)
        elif rows:
            self._forget({row["_id"] for row in rows if "_id" in row})
            self._pipeline.send(*statement.together(self._connection.dialect, rows))
            if self._at_once:
                self._pipeline.run()

    def _forget(self, ids: set[Any]) -> None:
        """What was asked for about rows that change now."""
        for asked in [one for one in self._asked if not ids.isdisjoint(one[1])]:
            del self._asked[asked]

    def _each(self, statement: Update, rows: Sequence[Mapping[str, Any]]) -> None:
        """One statement for each row."""
        if self._pipeline is None:
            self._connection.execute(statement, rows)
        else:
            for row in rows:
                self._pipeline.send(statement, row)

    def commit(self) -> None:
        """Send what has not been sent, and COMMIT, where that goes together; else nothing is done."""
        if self._pipeline is not None:
            self._pipeline.run(commit=True)

    # --- stacks and their events ----------------------------------------------------------------------------------

    def ask_for_stacks(self, ids: Iterable[str]) -> None:
        """Have their rows locked before anything is read that is asked for after this."""
        self.ask(_LOCK, sorted(set(ids)))

    def lock(self, ids: Iterable[str]) -> None:
        """Lock these stacks' rows, if they exist."""
        wanted = sorted(set(ids) - self._stacks.keys())
        if wanted:
            for row in self.rows(_LOCK, wanted):
                self._stacks[row[0]] = LockedStack(*row)

    def stack(self, project: str, stack_id: str) -> LockedStack | None:
        """The locked row, if it is this project's."""
        stack = self._stacks.get(stack_id)
        return stack if stack is not None and stack.project == project else None

    def born(self, stack: LockedStack) -> None:
        """A stack that this transaction has inserted."""
        self._stacks[stack.id] = stack

    def own(self, stack: LockedStack, operation_seq: int) -> None:
        """Give the stack to the operation that RUNS now; 0 for none."""
        stack.operation_seq = operation_seq
        stack.changed = True

    def set_state(self, stack: LockedStack, action: str, status: str, reason: str, now: float) -> None:
        """The stack's new state, and its event."""
        stack.action, stack.status, stack.reason, stack.changed = action, status, reason, True
        self._event(stack, now, None, stack.name, STACK_TYPE, stack.id, action, status, reason, None)

    def emit(
        self,
        stack: LockedStack,
        now: float,
        row: EventSubject,
        action: str,
        status: str,
        reason: str,
        properties: Any = None,
        *,
        physical_id: str | None = None,
    ) -> None:
        """Tell what happens to a resource. physical_id: where it is another than the row's; where there is none yet,
        the event has the name that the object will have (Heat's rule)."""
        known = physical_id or row.physical_id or physical_name(stack.name, row.name, row.uuid)
        self._event(stack, now, row.id, row.name, row.type, known, action, status, reason, properties)

    def _event(
        self,
        stack: LockedStack,
        now: float,
        resource_id: int | None,
        resource_name: str,
        resource_type: str,
        physical_id: str,
        action: str,
        status: str,
        reason: str,
        properties: Any,
    ) -> None:
        stack.event_seq += 1
        self._events.append(
            {
                "stack_id": stack.id,
                "seq": stack.event_seq,
                "id": random_uuid(),
                "time": now,
                "resource_id": resource_id,
                "resource_name": resource_name,
                "resource_type": resource_type,
                "physical_id": physical_id,
                "action": action,
                "status": status,
                "reason": reason,
                "properties": properties,
            }
        )

    def flush(self) -> None:
        """Write events and stacks. Called once, before the commit."""
        self._at_once = False  # nobody reads any more
        if self._events:
            self.write(_INSERT_EVENTS, self._events)
        touched = [stack for stack in self._stacks.values() if stack.event_seq != stack.stored_event_seq]
        counted = [{"_id": one.id, "_event_seq": one.event_seq} for one in touched if not one.changed]
        if counted:
            self._each(_SAVE_EVENT_SEQ, counted)
        changed = [stack for stack in self._stacks.values() if stack.changed]
        if changed:
            self._each(
                _SAVE_STATE,
                [
                    {
                        "_id": one.id,
                        "_event_seq": one.event_seq,
                        "_operation_seq": one.operation_seq,
                        "_action": one.action,
                        "_status": one.status,
                        "_state_seq": one.state_seq,
                    }
                    for one in changed
                ],
            )
        reasons = [{"_id": one.id, "_reason": one.reason} for one in changed if one.reason is not None]
        if reasons:
            self._each(_SAVE_REASON, reasons)


def _pipeline(connection: Connection) -> "Pipeline | None":
    if connection.dialect.name != TOGETHER:
        return None
    from firebrick.store.pipeline import Pipeline  # and the driver, which only this database needs

    return Pipeline(connection)
