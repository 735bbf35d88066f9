"""A store and a provider in one: rows, objects that live or not, and the events of each row.

It checks what must be true of the world whatever the traversal does: the order of a row's events, one end for each row,
and that an object's requirements live as long as it does.
"""

from dataclasses import dataclass, field

from firebrick.contract import Action, StepKind, StepResult
from firebrick.plan import ExistingRow
from tests.model.history import PARKING, History, Outcome, Resource


class Broken(AssertionError):
    """An invariant does not hold."""


def demand(condition: object, text: str) -> None:
    if not condition:
        raise Broken(text)


@dataclass
class Row:
    resource: Resource
    action: str
    status: str
    alive: bool
    position: int = 0  # steps of the script that were taken
    begun: bool = False  # in this operation
    ended: StepResult | None = None
    untold: StepResult | None = None  # recorded, and no traversal has heard of it yet
    stop_asked: bool = False


@dataclass
class World:
    history: History
    rows: dict[int, Row] = field(default_factory=dict)
    events: list[tuple[float, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for resource in self.history.resources:
            action, status = resource.before
            alive = action == "CREATE" or (action, status) == ("DELETE", "FAILED")
            self.rows[resource.id] = Row(resource, action, status, alive)

    @property
    def action(self) -> Action:
        return self.history.action

    def existing_rows(self) -> list[ExistingRow]:
        """What the store would give for a plan, in no special order."""
        return [
            ExistingRow(
                id=row.resource.id,
                name=f"r{row.resource.id}",
                type="Test::Thing",
                action=row.action,
                status=row.status,
                requires=row.resource.requires,
                instant=row.resource.instant,
                concurrency=row.resource.key,
                ended_in_operation=row.ended is not None,
            )
            for row in reversed(self.rows.values())
        ]

    def complete(self, node: int) -> bool:
        row = self.rows[node]
        return (row.action, row.status) == (self.action, "COMPLETE")

    def first(self, node: int) -> tuple[int, ...]:
        """The rows that must be complete before anything is done to this one."""
        if self.action is Action.CREATE:
            return self.rows[node].resource.requires
        return tuple(row.resource.id for row in self.rows.values() if node in row.resource.requires)

    def next_outcome(self, node: int) -> Outcome:
        return self.rows[node].resource.script[self.rows[node].position]

    def begin(self, node: int, now: float) -> None:
        """A step of this row begins: the provider is about to be called."""
        row = self.rows[node]
        demand(row.ended is None, f"{node} is worked on after its end")
        for other in self.first(node):
            demand(self.complete(other), f"{node} is worked on before {other} is complete")
            demand(self.rows[other].alive is (self.action is Action.CREATE), f"{other} is not as {node} needs it")
        if not row.begun:
            row.begun = True
            row.action, row.status = self.action.value, "IN_PROGRESS"
            self.events.append((now, node, "IN_PROGRESS"))
        if self.action is Action.CREATE:
            row.alive = True

    def end_step(self, node: int, now: float) -> StepResult:
        """The call has returned: take the effect, record the outcome."""
        row = self.rows[node]
        if row.stop_asked and row.resource.heeds_stop:
            return self._record(row, StepResult(kind=StepKind.ABORTED), now)
        outcome = self.next_outcome(node)
        row.position += 1
        if outcome.kind in PARKING:
            return self._record(row, StepResult(kind=outcome.kind, at=now + outcome.after, key=outcome.key), now)
        return self._record(row, StepResult(kind=outcome.kind), now)

    def _record(self, row: Row, result: StepResult, now: float) -> StepResult:
        node = row.resource.id
        demand(row.begun, f"{node} has an outcome before it was begun")
        demand(row.ended is None, f"{node} ends twice")
        row.untold = result
        if result.kind in PARKING:
            self.events.append((now, node, result.kind.value))
            return result
        row.ended = result
        row.status = "COMPLETE" if result.kind is StepKind.DONE else "FAILED"
        self.events.append((now, node, row.status))
        if result.kind is StepKind.DONE:
            row.alive = self.action is Action.CREATE
        return result
