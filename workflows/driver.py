"""The driver that all stack actions share: it feeds a Traversal with events and executes its commands.

No rule of stacks lives here. Deterministic: everything that happens goes through one queue, in the order in which
the history has it; no set is iterated; ids come from resource rows.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from firebrick import contract

from firebrick.plan import Plan, PlanNode, from_pages
from firebrick.traversal import (
    CancelRunning,
    CancelTimer,
    Command,
    Finished,
    HandedOver,
    RunBatch,
    RunStep,
    SetTimer,
    Traversal,
    TraversalResult,
)
from workflows.answers import read_answer, refusal
from workflows.argument import Argument, read_argument
from workflows.messages import Inbox
from workflows.search_attributes import RunAttributes
from workflows.shown import batch_summary, details, end_summary, step_summary, timer_summary

# A worker that dies is noticed when its heartbeats stop; activities send one a second.
HEARTBEAT_TIMEOUT = timedelta(seconds=5)
# Activities bound their own calls (ResourceType.call_timeout) and park what takes long; this only ends what hangs.
START_TO_CLOSE = timedelta(hours=24)
RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
    non_retryable_error_types=[contract.INVALID_REQUEST],
)
# How long a run that wants to continue as new waits for its running steps; what still runs is asked for again by the
# next run, which gets the recorded outcome.
HAND_OVER_GRACE = 5.0
# How often a run whose operation is carried out by another workflow looks whether that has ended, in seconds.
WATCH_INTERVAL = 2.0

# An activity whose failures are not its own is asked again so often: it is safe to repeat, and the store must know how
# an operation ends. Whoever fails it by hand more often than that wants the run to fail.
ASK_AGAIN = 10
# Since this patch a cancel lets what is in progress come to its end.
LETS_FINISH = "a cancel lets what is in progress finish"

M = TypeVar("M", bound=BaseModel)


class StackAction:
    """One run of one stack action. A workflow class holds one and passes its messages on."""

    def __init__(self, action: contract.Action) -> None:
        self._action = action
        self._queue: deque[Callable[[], Sequence[Command]]] = deque()
        self.inbox = Inbox()
        self._cancel_asked = False  # by Temporal's own cancel, and not acted on yet
        self._cancelled_by_hand = False  # by Temporal's own cancel, at any time
        self._cancelled = False  # by ours
        self._looking: workflow.ActivityHandle[Any] | None = None  # into the store, for what was not named
        self._handed_over = False
        self._traversal: Traversal | None = None
        self._begun: contract.Begun | None = None
        self._chain_run = 1
        self._steps: dict[int, workflow.ActivityHandle[Any]] = {}  # row -> the activity that works on it
        self._timers: dict[int, asyncio.Task[None]] = {}
        self._running: dict[int, PlanNode] = {}
        self._parked: dict[int, tuple[PlanNode, str, float]] = {}  # why, until when
        self._failures: list[str] = []
        self._outside: dict[int, None] = {}  # nodes whose activity somebody failed by Temporal's own means
        self._chain_state = ""
        self._attributes = RunAttributes(action)

    # --- messages -------------------------------------------------------------------------------------------------

    @property
    def _taken_over(self) -> bool:
        """Whether a newer operation was accepted for this stack. A nudge may be told twice, and late, and must not
        interrupt the very operation that it was for."""
        inbox, begun = self.inbox, self._begun
        unnamed = inbox.unnamed and not (begun is not None and begun.answers)  # else the store is asked
        return unnamed or (begun is not None and inbox.newest > begun.seq)

    @property
    def _is_cancelled(self) -> bool:
        """Whether a cancel was stored for this operation. One that is told late must not end the next one."""
        inbox, begun = self.inbox, self._begun
        unnamed = inbox.cancel_unnamed and not (begun is not None and begun.answers)
        return self._cancelled or unnamed or (begun is not None and inbox.cancel_of == begun.seq)

    @property
    def _is_at_once(self) -> bool:
        """Whether the cancel of this operation does not wait for what is in progress."""
        inbox, begun = self.inbox, self._begun
        if begun is None:
            return False
        return inbox.at_once_of == begun.seq or (
            inbox.at_once_unnamed and (self._cancelled_by_hand or not begun.answers)
        )

    @property
    def _must_look(self) -> bool:
        """Whether something was told that names no operation: only the store knows whether there is anything to it."""
        begun, inbox = self._begun, self.inbox
        return begun is not None and begun.answers and (inbox.unnamed or inbox.cancel_unnamed) and not self._looking

    def _look(self) -> None:
        begun = self._begun
        assert begun is not None
        self.inbox.unnamed = self.inbox.cancel_unnamed = False
        read = contract.ReadOperation(project=begun.project, operation_id=begun.operation_id)
        self._looking = self._start(contract.READ_OPERATION, read)
        self._looking.add_done_callback(lambda done: self._queue.append(lambda: self._on_looked(done)))

    def _on_looked(self, done: "asyncio.Future[Any]") -> Sequence[Command]:
        self._looking = None
        told = not done.cancelled() and done.exception() is None
        view = read_answer(done.result(), contract.OperationView) if told else None
        if view is None or not (view.newer or view.cancelled):
            if self.inbox.at_once_unnamed and self._cancelled_by_hand:
                self._cancelled = True  # the store does not know of a cancel by Temporal's own means
                return ()
            self.inbox.at_once_unnamed = False
            self.inbox.notes.add("A signal told of a newer operation, or of a cancel, that the store does not know")
        else:
            self.inbox.newest = max(self.inbox.newest, view.newer)
            self._cancelled = self._cancelled or view.cancelled
            if view.at_once and self._begun is not None:
                self.inbox.at_once_of = max(self.inbox.at_once_of, self._begun.seq)
        return ()

    def wake(self, given: Sequence[Any]) -> None:
        """What a parked resource waits for is in the store (signal). Whoever was not told looks there by itself."""
        key = self.inbox.wake(given)
        if key:
            self._queue.append(lambda: self._on_wake(key))

    def _on_wake(self, key: str) -> Sequence[Command]:
        return self._traversal.signal(key, workflow.time()) if self._traversal is not None else ()

    def progress(self) -> contract.Progress:
        """Counts for whoever asks (query)."""
        if self._traversal is None:
            return contract.Progress(action=self._action.value)
        p = self._traversal.progress
        return contract.Progress(
            action=self._action.value,
            total=p.total,
            done=p.done,
            running=p.running,
            parked=p.parked,
            waiting=p.waiting,
            failed=p.failed,
            stopping=p.stopping,
            lets_finish=p.lets_finish,
        )

    # --- the run --------------------------------------------------------------------------------------------------

    async def run(self, given: Sequence[Any]) -> contract.ActionResult:
        """Begin, walk, finish; go on with whatever was accepted meanwhile. Raises StackActionFailed, InvalidRequest."""
        begin = self._begin_with(read_argument(self._action, given))
        while True:
            self.inbox.nudged = self.inbox.unnamed = False
            told = await self._call(
                contract.BEGIN_OPERATION, begin, contract.BeginResult, believed=lambda one: _fits(one.result, begin)
            )
            result = told.result
            if isinstance(result, contract.NothingToBegin):
                if self.inbox.nudged and not result.running_workflow_id:
                    continue  # the nudge came between the store's answer and now
                return await self._watch(result)
            if isinstance(result, contract.BeginOther):
                self._go_on_as(result.action, result.project, result.stack_id, result.operation_id)
            break
        return await self._carry_out(result, begin.chain_run, self._chain_state)

    def _begin_with(self, argument: Argument) -> contract.BeginOperation:
        self._attributes.begin_with(argument)
        info = workflow.info()
        base: dict[str, Any] = {
            "action": self._action,
            "workflow_id": info.workflow_id,
            "chain_id": info.first_execution_run_id,
            "project": argument.project,
        }
        match argument:
            case contract.ChainState():
                self._chain_state = argument.traversal
                return contract.BeginOperation(
                    **base,
                    stack_id=argument.stack_id,
                    operation_id=argument.operation_id,
                    chain_run=argument.chain_run,
                )
            case contract.Accepted():
                return contract.BeginOperation(**base, stack_id=argument.stack_id, operation_id=argument.operation_id)
            case contract.CreateStackRequest():
                return contract.BeginOperation(**base, create=argument)
            case contract.UpdateStackRequest():
                return contract.BeginOperation(**base, update=argument)
            case contract.RollbackStackRequest():
                return contract.BeginOperation(**base, rollback=argument)
            case contract.DeleteStackRequest():
                return contract.BeginOperation(**base, delete=argument)

    async def _watch(self, nothing: contract.NothingToBegin) -> contract.ActionResult:
        """Wait for an operation that somebody else carries out, so that this run's result is the operation's."""
        view = contract.OperationView(state=contract.OperationState.DONE)
        if nothing.operation_id:
            read = contract.ReadOperation(project=nothing.project, operation_id=nothing.operation_id)
            while True:
                view = await self._call(contract.READ_OPERATION, read, contract.OperationView)
                if view.state.ended:
                    break
                workflow.set_current_details(
                    f"The operation {nothing.operation_id} is carried out by workflow "
                    f"`{nothing.running_workflow_id}`; waiting for it."
                )
                await workflow.sleep(WATCH_INTERVAL, summary="watching another workflow's operation")
            if view.state is contract.OperationState.FAILED:
                raise self._failed(view.reason)
        return contract.ActionResult(
            project=nothing.project,
            stack_id=nothing.stack_id,
            stack_name=view.stack_name,
            operation_id=nothing.operation_id,
            state=view.state,
            action=self._action.value,
        )

    async def _carry_out(self, begun: contract.Begun, chain_run: int, state: str) -> contract.ActionResult:
        self._begun, self._chain_run = begun, chain_run
        self._cancelled = self._cancelled or begun.cancelled
        if begun.at_once:
            self.inbox.at_once_of = max(self.inbox.at_once_of, begun.seq)
        if begun.search_attributes:
            self._attributes.show(begun)
        plan = await self._load_plan(begun)
        outcome = await self._walk(plan, begun, state)
        if outcome is None:
            self._continue(chain_run + 1)
        finished = await self._call(
            contract.FINISH_OPERATION,
            contract.FinishOperation(
                project=begun.project,
                stack_id=begun.stack_id,
                operation_id=begun.operation_id,
                action=self._action,
                seq=begun.seq,
                complete=outcome.complete,
                interrupted=outcome.interrupted,
                failed=outcome.failed,
                outside=tuple(node for node in outcome.failed if node in self._outside),
            ),
            contract.Finished,
            summary=end_summary(outcome),
            believed=lambda told: told.answers == begun.operation_id or not begun.answers,
        )
        if begun.search_attributes and finished.search_attributes:
            self._attributes.show_end(finished.state)
        if finished.next_action is not None:
            self._go_on_as(finished.next_action, begun.project, begun.stack_id, finished.next_operation_id)
        if self._taken_over or self.inbox.unnamed:
            # Accepted after finish looked: the store knows, ask it again.
            again = contract.BeginOperation(
                action=self._action,
                workflow_id=workflow.info().workflow_id,
                chain_id=workflow.info().first_execution_run_id,
                project=begun.project,
                stack_id=begun.stack_id,
            )
            newer = (await self._call(contract.BEGIN_OPERATION, again, contract.BeginResult)).result
            if isinstance(
                newer, contract.BeginOther | contract.Begun
            ):  # of the same action it is RUNNING now, and ours
                self._go_on_as(newer.action, newer.project, newer.stack_id, newer.operation_id)
        if finished.state is not contract.OperationState.DONE:
            raise self._failed(finished.reason)
        return contract.ActionResult(
            project=begun.project,
            stack_id=begun.stack_id,
            stack_name=begun.stack_name,
            operation_id=begun.operation_id,
            state=finished.state,
            resources=begun.nodes,
            action=self._action.value,
        )

    # --- the walk -------------------------------------------------------------------------------------------------

    async def _walk(self, plan: Plan, begun: contract.Begun, state: str) -> TraversalResult | None:
        """Drive the traversal to its end; None when the history has grown so long that a new run must go on."""
        traversal = self._traversal = Traversal(plan, window=begun.window, state=state, independent=begun.independent)
        timer = asyncio.create_task(self._at_deadline(_here(begun.deadline, begun.now)))
        grace: asyncio.Task[None] | None = None
        try:
            if begun.answers and (self._cancel_asked or self._is_cancelled):
                self._cancel_asked = False
                self._on_cancel(traversal)  # before anything is begun, but what an earlier run has begun
            self._apply(traversal.start(workflow.time()))
            if self._cancel_asked:  # of a run that began before it was so
                self._on_cancel(traversal)
            while traversal.result is None:
                try:
                    await workflow.wait_condition(
                        lambda: (
                            bool(self._queue)
                            or self._handed_over
                            or (self._taken_over and self._goes_on)
                            or self._is_cancelled
                            or self._must_look
                        )
                    )
                except asyncio.CancelledError:
                    self._cancelled_by_hand = True
                    self._on_cancel(traversal)
                if self._must_look:
                    self._look()
                while self._queue:
                    self._apply(self._queue.popleft()())
                if self._taken_over and traversal.result is None:
                    self._apply(traversal.interrupt("takeover", workflow.time()))
                if self._is_cancelled:
                    self._cancelled = self.inbox.cancel_unnamed = False
                    self.inbox.cancel_of = 0
                    if traversal.result is None:
                        self._on_cancel(traversal)
                if traversal.result is None and workflow.info().is_continue_as_new_suggested():
                    if grace is None:
                        grace = asyncio.create_task(self._hand_over_after_grace())
                        self._apply(traversal.hand_over(workflow.time()))
                    if self._handed_over and not self._queue:
                        return None
                self._show_details(begun)
            return traversal.result
        finally:
            timer.cancel()
            if grace is not None:
                grace.cancel()

    def _on_cancel(self, traversal: Traversal) -> None:
        """A cancel, ours or Temporal's own: an interrupt where one is possible; else it says that it is refused."""
        if not self._action.cancellable:
            self._failures.append(f"A cancel was asked for and refused: a {self._action.lower()} runs to its end.")
            return
        if self._is_at_once or not workflow.patched(LETS_FINISH):
            self._apply(traversal.interrupt("cancel", workflow.time()))
        else:
            self._apply(traversal.stop("cancel", workflow.time()))

    async def _at_deadline(self, deadline: float) -> None:
        await workflow.sleep(max(0.0, deadline - workflow.time()), summary=f"time limit of {self._action}")
        traversal = self._traversal
        assert traversal is not None
        self._queue.append(lambda: traversal.interrupt("deadline", workflow.time()))

    async def _hand_over_after_grace(self) -> None:
        await workflow.sleep(HAND_OVER_GRACE, summary="running steps may still end in this run")
        self._handed_over = True

    def _apply(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case RunStep():
                    self._run_step(command)
                case RunBatch():
                    self._run_batch(command)
                case SetTimer():
                    self._set_timer(command)
                case CancelTimer():
                    timer = self._timers.pop(command.node.id, None)
                    self._parked.pop(command.node.id, None)
                    if timer is not None:
                        timer.cancel()
                case CancelRunning():
                    for row in command.nodes:
                        if row in self._steps:
                            self._steps[row].cancel()
                case HandedOver():
                    self._handed_over = True
                case Finished():
                    pass  # the loop looks at traversal.result

    def _run_step(self, command: RunStep) -> None:
        begun, node = self._begun, command.node
        assert begun is not None
        ask = contract.RunStep(
            project=begun.project,
            stack_id=begun.stack_id,
            operation_id=begun.operation_id,
            action=self._action,
            seq=begun.seq,
            chain_run=self._chain_run,
            row=node.row,
            step=command.step,
            deadline=begun.deadline,
            work=node.work,
            stopping=command.stopping,
        )
        handle = self._start(
            contract.RUN_STEP,
            ask,
            activity_id=f"{node.name}.{node.id}.{command.step}",
            summary=step_summary(node, command.step),
        )
        self._steps[node.id] = handle
        self._running[node.id] = node
        handle.add_done_callback(lambda done: self._queue.append(lambda: self._step_ended(command, ask.asked, done)))

    def _step_ended(self, command: RunStep, asked: str, done: "asyncio.Future[Any]") -> Sequence[Command]:
        assert self._traversal is not None
        node = command.node
        if self._steps.get(node.id) is done:
            del self._steps[node.id], self._running[node.id]
        result = self._outcome(done)
        if result is None:
            answer = read_answer(done.result(), contract.StepResult)
            if answer is not None and self._believes(answer.answers, asked):
                result = answer.model_copy(update={"at": _here(answer.at, answer.now)}) if answer.at else answer
        if result is None:
            self.inbox.notes.add(f"A result of `{node.name}` was given by hand: the store is asked")
            if self._goes_on:
                self._run_step(command)
                return ()
            result = contract.StepResult(kind=contract.StepKind.ABORTED)  # its row tells what became of it
        self._note(node, result)
        return self._traversal.step_ended(node.id, result, workflow.time(), step=command.step)

    @property
    def _goes_on(self) -> bool:
        """Whether what is in progress is to come to its end."""
        assert self._traversal is not None
        progress = self._traversal.progress
        return not progress.stopping or progress.lets_finish

    def _believes(self, answers: str, asked: str) -> bool:
        """Whether it is an answer to what was asked; runs that began before answers said so believe any."""
        return answers == asked or not (self._begun is not None and self._begun.answers)

    def _run_batch(self, command: RunBatch) -> None:
        begun, nodes = self._begun, command.nodes
        assert begun is not None
        ask = contract.RunBatch(
            project=begun.project,
            stack_id=begun.stack_id,
            operation_id=begun.operation_id,
            action=self._action,
            seq=begun.seq,
            chain_run=self._chain_run,
            rows=tuple(node.row for node in nodes),
            number=command.step,
            deadline=begun.deadline,
            work=nodes[0].work,
        )
        handle = self._start(
            contract.RUN_BATCH,
            ask,
            activity_id=f"batch.{nodes[0].id}.{command.step}",
            summary=batch_summary(nodes),
        )
        for node in nodes:
            self._steps[node.id] = handle
            self._running[node.id] = node
        handle.add_done_callback(lambda done: self._queue.append(lambda: self._batch_ended(command, ask.asked, done)))

    def _batch_ended(self, command: RunBatch, asked: str, done: "asyncio.Future[Any]") -> Sequence[Command]:
        assert self._traversal is not None
        nodes = command.nodes
        for node in nodes:
            if self._steps.get(node.id) is done:
                del self._steps[node.id], self._running[node.id]
        rows = tuple(node.id for node in nodes)
        failed = self._outcome(done)
        if failed is not None:
            results: Sequence[tuple[int, contract.StepResult]] = [(row, failed) for row in rows]
        else:
            answer = read_answer(done.result(), contract.BatchResult)
            if answer is None or not self._believes(answer.answers, asked):
                self.inbox.notes.add(f"A result of {batch_summary(nodes)} was given by hand: the store is asked")
                if self._goes_on:
                    self._run_batch(command)
                    return ()
                answer = contract.BatchResult(results=())
            sign = -1 if nodes[0].work is contract.Work.CLEAN else 1
            results = [(sign * row, result) for row, result in answer.results]
        by_row = dict(results)
        for node in nodes:
            if node.id in by_row:
                self._note(node, by_row[node.id])
        return self._traversal.batch_ended(rows, results, workflow.time())

    def _set_timer(self, command: SetTimer) -> None:
        node = command.node
        old = self._timers.pop(node.id, None)
        if old is not None:
            old.cancel()
        self._parked[node.id] = (node, command.why, command.at)
        self._timers[node.id] = asyncio.create_task(self._park(node, command.at, command.why))

    async def _park(self, node: PlanNode, at: float, why: str) -> None:
        await workflow.sleep(max(0.0, at - workflow.time()), summary=timer_summary(node, why, at))
        traversal = self._traversal
        assert traversal is not None
        self._timers.pop(node.id, None)
        self._parked.pop(node.id, None)
        self._queue.append(lambda: traversal.timer_fired(node.id, workflow.time()))

    # --- going on -------------------------------------------------------------------------------------------------

    def _go_on_as(self, action: contract.Action, project: str, stack_id: str, operation_id: str) -> NoReturn:
        """The next operation of the stack, in a run of its own workflow type."""
        workflow.continue_as_new(
            workflow=action.workflow_type,
            args=[
                contract.ChainState(
                    project=project, stack_id=stack_id, operation_id=operation_id, shown=self._attributes.shown
                )
            ],
        )

    def _continue(self, chain_run: int) -> NoReturn:
        """The same operation, in a run with an empty history."""
        assert self._begun is not None and self._traversal is not None
        workflow.continue_as_new(
            workflow=self._action.workflow_type,
            args=[
                contract.ChainState(
                    project=self._begun.project,
                    stack_id=self._begun.stack_id,
                    operation_id=self._begun.operation_id,
                    chain_run=chain_run,
                    traversal=self._traversal.to_state(),
                    shown=self._attributes.shown,
                )
            ],
        )

    # --- small things ---------------------------------------------------------------------------------------------

    async def _load_plan(self, begun: contract.Begun) -> Plan:
        pages = [begun.page]
        while (number := pages[-1].next) is not None:
            ask = contract.LoadPlan(
                project=begun.project,
                stack_id=begun.stack_id,
                operation_id=begun.operation_id,
                action=self._action,
                page=number,
                after=pages[-1].last,
            )
            page = await self._call(
                contract.LOAD_PLAN, ask, contract.PlanPage, believed=partial(self._believes_page, asked=ask.asked)
            )
            pages.append(page)
        return from_pages(pages)

    def _believes_page(self, page: contract.PlanPage, asked: str) -> bool:
        return self._believes(page.answers, asked)

    def _start(self, name: str, argument: Any, **options: Any) -> workflow.ActivityHandle[Any]:
        """Its result is to be read with read_answer."""
        return workflow.start_activity(
            name,
            argument,
            result_type=RawValue,
            start_to_close_timeout=START_TO_CLOSE,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RETRY,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            **options,
        )

    async def _call(
        self,
        name: str,
        argument: Any,
        result: type[M],
        summary: str | None = None,
        believed: Callable[[M], bool] = lambda _: True,
    ) -> M:
        """An activity that no cancel interrupts: what was begun must be finished in the store. Somebody's own result,
        or failure, does not stand for that: it is asked again."""
        for attempt in range(1, ASK_AGAIN + 1):
            handle = self._start(name, argument, summary=summary)
            while not handle.done():
                try:
                    await workflow.wait_condition(handle.done)
                except asyncio.CancelledError:
                    self._cancel_asked = self._cancelled_by_hand = True
            try:
                answer = read_answer(handle.result(), result)
            except ActivityError as error:
                if (refused := refusal(error)) is not None:
                    raise refused from None
                if attempt == ASK_AGAIN:
                    raise
                answer = None
            if answer is not None and believed(answer):
                return answer
            self.inbox.notes.add(f"The activity `{name}` was ended by hand: it is asked again")
            self._show_details(self._begun)
        raise self._failed(f"the activity {name} was ended by hand, again and again")

    def _show_details(self, begun: contract.Begun | None) -> None:
        stack = "" if begun is None else begun.stack_name
        notes = self.inbox.notes.lines()
        workflow.set_current_details(
            details(stack, self.progress(), self._running, self._parked, self._failures, notes)
        )

    def _failed(self, reason: str) -> ApplicationError:
        return ApplicationError(reason, type=contract.STACK_ACTION_FAILED, non_retryable=True)

    def _note(self, node: PlanNode, result: contract.StepResult) -> None:
        if result.kind is contract.StepKind.FAILED and result.error_class == contract.OUTSIDE:
            self._outside[node.id] = None
        if result.kind in (contract.StepKind.FAILED, contract.StepKind.UNKNOWN) and len(self._failures) < 20:
            why = f" ({result.error_class})" if result.error_class else ""
            self._failures.append(f"`{node.name}` ({node.type}): {result.kind.value}{why}")

    def _outcome(self, done: "asyncio.Future[Any]") -> contract.StepResult | None:
        """What a step's end says that has no result: it was cancelled before it began, or somebody failed it by hand,
        or it could not end under options that somebody gave it. None: there is a result."""
        if done.cancelled():
            return contract.StepResult(kind=contract.StepKind.ABORTED)
        error = done.exception()
        if error is None:
            return None
        if is_cancelled_exception(error):
            return contract.StepResult(kind=contract.StepKind.ABORTED)
        error_class = "internal" if refusal(error) else contract.OUTSIDE
        return contract.StepResult(kind=contract.StepKind.FAILED, error_class=error_class)


def _fits(told: contract.Begun | contract.BeginOther | contract.NothingToBegin, begin: contract.BeginOperation) -> bool:
    """Whether it may be the store's answer: that there is nothing to begin is told of the operation asked for."""
    if not isinstance(told, contract.NothingToBegin):
        return True
    return told.operation_id == begin.operation_id if begin.operation_id else bool(told.operation_id)


def _here(at: float, now: float | None) -> float:
    """A time of the store's clock on the cluster's: so long from now as it was when it was told, at `now`."""
    return at if now is None else workflow.time() + (at - now)
