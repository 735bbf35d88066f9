"""The floor: the plainest tuned fan-out of no-op activities that keeps a shape's order. It stores nothing.

It does what any orchestrator of one activity per resource must do on this server, and no more: at most `window`
activities run at once, one starts as soon as all it requires are done, and a run whose history has grown long goes on
as a new one, as a stack's does.
"""

from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel, ConfigDict

    from starter.dev_server import WINDOW

FLOOR_QUEUE = "floor"
TIMEOUT = timedelta(minutes=5)


class FanOut(BaseModel):
    """total: nodes. width: of a layer; a node requires all nodes of the layer before its own. done: nodes that
    earlier runs of the chain have finished, the first ones. window: activities in flight."""

    model_config = ConfigDict(frozen=True)

    total: int
    width: int
    done: int = 0
    window: int = WINDOW


class Node(BaseModel):
    """The one argument of the activity."""

    model_config = ConfigDict(frozen=True)

    number: int


@activity.defn(name="floor_noop")
async def noop(node: Node) -> None:
    """Nothing."""


@workflow.defn(name="FloorFanOut")
class FloorFanOut:
    """Nodes start in the order of their numbers, so the next one's layer may start once all before it are done."""

    def __init__(self) -> None:
        self._ended: list[workflow.ActivityHandle[None]] = []

    @workflow.run
    async def run(self, plan: FanOut) -> int:
        """The number of nodes done, all runs together."""
        started = done = plan.done
        while done < plan.total:
            long = workflow.info().is_continue_as_new_suggested()
            if long and started == done:
                workflow.continue_as_new(plan.model_copy(update={"done": done}))
            while not long and started < plan.total and started - done < plan.window:
                if done < started // plan.width * plan.width:
                    break
                handle = workflow.start_activity(noop, Node(number=started), start_to_close_timeout=TIMEOUT)
                handle.add_done_callback(self._note)
                started += 1
            await workflow.wait_condition(lambda: bool(self._ended))
            for handle in self._ended:
                handle.result()
            done += len(self._ended)
            self._ended.clear()
        return done

    def _note(self, handle: workflow.ActivityHandle[None]) -> None:
        self._ended.append(handle)
