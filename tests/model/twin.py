"""A walk with a twin: a traversal rebuilt from the other's state and given the same events must ask for the same."""

from collections.abc import Callable, Sequence

from firebrick.contract import StepKind
from firebrick.plan import Plan, PlanNode
from firebrick.traversal import CancelTimer, Command, RunBatch, RunStep, SetTimer, Traversal
from tests.model.history import History
from tests.model.walk import Walk
from tests.model.world import demand


def shown(commands: Sequence[Command]) -> list[object]:
    """Commands without what a plan that was made anew may say otherwise: the requirements of nodes."""
    plain: list[object] = []
    for command in commands:
        match command:
            case RunStep(node=node, step=step):
                plain.append(("step", (node.id,), step))
            case RunBatch(nodes=nodes, step=step):
                plain.append(("batch", tuple(node.id for node in nodes), step))
            case SetTimer(node=node, at=at):
                plain.append(("timer", (node.id,), at))
            case CancelTimer(node=node):
                plain.append(("no timer", node.id))
            case _:
                plain.append(command)
    return plain


class TwinWalk(Walk):
    """Every `pace` events the twin is made anew, so that states of all moments are resumed from."""

    def __init__(self, history: History, *, pace: int, keep_done: bool, traversal: type[Traversal] = Traversal) -> None:
        super().__init__(history, traversal)
        self._pace = pace
        self._keep_done = keep_done
        self._twin: Traversal | None = None
        self._events = 0
        self.twins = 0

    def deliver(self, event: Callable[[Traversal], list[Command]]) -> None:
        commands = event(self.traversal)
        if self._twin is not None:
            answer = event(self._twin)
            demand(shown(answer) == shown(commands), f"resumed: {answer}; not stopped: {commands}")
            demand(self._twin.progress == self.traversal.progress, "resumed, it counts otherwise")
            demand(self._twin.result == self.traversal.result, "resumed, it ends otherwise")
        self._execute(commands)
        self._events += 1
        if self.result is None and self._events % self._pace == 0:
            self._make_twin()

    def _make_twin(self) -> None:
        # A twin would at once see what the other will be told by a timer that is due in this moment.
        if any(node not in self.woken and until <= self.now for node, (until, _) in self.parked.items()):
            return
        kept, self.plan = self.plan, self.plan if self._keep_done else self._what_is_left()
        twin = self.make(self.traversal.to_state())
        self.plan = kept
        asked_again = twin.start(self.now)
        self.twins += 1
        flights = {flight.asked: flight for flight in self.running.values()}
        expected: list[object] = []
        expected += [("batch" if one.batch else "step", nodes, one.step) for nodes, one in flights.items()]
        expected += [("timer", (node,), at) for node, (at, _) in self.parked.items() if node not in self.woken]
        demand(sorted(shown(asked_again), key=repr) == sorted(expected, key=repr), f"resumed, it begins {asked_again}")
        self._twin = twin

    def _what_is_left(self) -> Plan:
        done = {node for node, kind in self.ended.items() if kind is StepKind.DONE}
        nodes = (node for node in self.first_plan.nodes if node.id not in done)
        return Plan(
            self.plan.action,
            tuple(
                PlanNode(
                    node.id,
                    node.name,
                    node.type,
                    node.instant,
                    node.concurrency,
                    tuple(one for one in node.requires if one not in done),
                )
                for node in nodes
            ),
        )
