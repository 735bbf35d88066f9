"""The rules of a walk.

* A node starts when all it requires is done, a place in the window is free, and its concurrency key has room.
* A node that wants to go on later is *parked*: it holds no place. While max_parked are, no new node starts.
* The first failure (FAILED, UNKNOWN, or an ABORTED nobody asked for) stops new starts, or, where independent nodes may
  continue, those of nodes that require it. Running and parked nodes go on to their own end.
* An interrupt aborts parked nodes at once and asks running ones to stop. Nothing takes a further step: what comes back
  done is done, failed is failed, and everything else is aborted. The first interrupt gives the cause.
* A stop lets what is in progress come to its own end: nothing new starts, nodes that run or poll go on. A node that
  waits for another attempt is aborted; one that waits for a signal is asked once more, with the word that the walk is
  stopping: then it waits no more, or (a nested stack) has what it waits for stopped. An interrupt may follow a stop.
* Instant nodes go in batches: ready ones, and dependants whose every open requirement is in the batch before them.
* A skippable node is done without a step when nothing that it requires was changed, and a node for the case that its
  row is replaced when it was not; both as soon as what they require is done.
* Each node ends once. An event that fits nothing (a late, repeated or unknown one) is ignored: the driver delivers at
  least once.

Cost: an event costs O(log n) for each node it touches. What a node's end makes ready is counted by bundles of equal
requirements (``firebrick.graph``), not by edges.
"""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from firebrick.contract import WINDOW, StepKind, StepResult
from firebrick.graph import Graph
from firebrick.plan import Plan, PlanNode
from firebrick.traversal.commands import (
    CancelRunning,
    CancelTimer,
    Command,
    Counts,
    Finished,
    HandedOver,
    Interrupt,
    RunBatch,
    RunStep,
    SetTimer,
    TraversalResult,
)
from firebrick.traversal.ready import ReadyQueue
from firebrick.traversal.saved import Parked, Saved
from firebrick.traversal.track import At, Track

# A timer that fires this much too early (seconds) is rounding; more than that is an old timer of the node.
EARLY = 0.05
# Signals that nobody waits for yet: of so many the keys are kept, since they go into the next life's state. A node
# whose signal was not kept looks by itself.
MOST_SIGNALS = 2_000

_WHY = {
    StepKind.POLL: "poll",
    StepKind.WAIT_UNTIL: "wait until",
    StepKind.WAIT_SIGNAL: "wait for signal",
    StepKind.RETRY: "retry",
}


class Traversal:
    """One life of one walk. Call ``start`` once, then an event method for each thing that happens; execute the commands
    each returns, in order, before the next event. ``now`` never goes back."""

    def __init__(
        self,
        plan: Plan,
        *,
        window: int = WINDOW,
        max_parked: int = 1500,
        batch_limit: int = 50,
        concurrency_limits: Mapping[str, int] | None = None,
        state: str = "",
        independent: bool = False,
    ) -> None:
        """window: steps and batches that run at once. batch_limit: nodes of one batch. concurrency_limits: how many
        nodes of one key may run. Numbers below one count as one. state: what ``to_state`` gave in an earlier life over
        the same rows; nodes that have ended since may be missing from the plan, or still in it. independent: a failure
        does not stop what does not require it.

        Raises ValueError when a node requires what is no node of the plan. A plan with a cycle ends with the cycle's
        nodes not started.
        """
        self._window = max(1, window)
        self._max_parked = max(1, max_parked)
        self._batch_limit = max(1, batch_limit)
        self._graph = Graph({node.id: node.requires for node in plan.nodes})
        self._missing = [len(bundle.requires) for bundle in self._graph.bundles]
        self._order = [Track(node, index) for index, node in enumerate(plan.nodes)]
        self._tracks = {track.node.id: track for track in self._order}
        self._ready = ReadyQueue(concurrency_limits or {})  # rank: index when woken, index + number of nodes when new
        self._instant: list[int] = []  # heap of the indices of ready nodes that go in batches
        self._places = 0
        self._running = 0
        self._parked = 0
        self._failed: list[int] = []
        self._aborted: list[int] = []
        self._batches: dict[int, tuple[int, ...]] = {}
        self._waits: dict[str, list[Track]] = {}  # signal key -> who is parked on it
        self._cause: str = ""
        self._lets_finish = False  # it is a stop, not an interrupt
        self._started = False
        self._handing_over = False
        self._handed_over = False
        self._result: TraversalResult | None = None
        self._saved = Saved.from_text(state) if state else Saved()
        self._signals = dict.fromkeys(self._saved.signals)
        self._last_batch = self._saved.batch
        self._independent = independent
        self._changed = set(self._saved.changed)  # nodes; asked, never walked through
        self._replaced = set(self._saved.replaced)
        self._gone: list[int] = []  # done, and not in this plan
        self._restore(self._saved)
        self._release(self._free())

    # --- what is asked of it ------------------------------------------------------------------------------------------

    @property
    def result(self) -> TraversalResult | None:
        """None until the walk is over."""
        return self._result

    @property
    def progress(self) -> Counts:
        ended = len(self._failed) + len(self._aborted)
        return Counts(
            total=self._total,
            done=self._done,
            running=self._running,
            parked=self._parked,
            waiting=self._total - self._done - self._running - self._parked - ended,
            failed=len(self._failed),
            aborted=len(self._aborted),
            stopping=self._cause,
            lets_finish=self._lets_finish,
        )

    def to_state(self) -> str:
        """What the next life needs, at any moment. Nothing is lost; what is running now will be asked for again."""
        saved = Saved(
            total=self._total,
            done=sorted([*self._gone, *(track.node.id for track in self._order if track.at is At.DONE)]),
            failed=self._failed,
            aborted=self._aborted,
            batches=list(self._batches.items()),
            batch=self._last_batch,
            signals=list(self._signals),
            cause=self._cause,
            lets_finish=self._lets_finish,
            changed=sorted(self._changed),
            replaced=sorted(self._replaced),
        )
        for track in self._order:
            if track.at is At.PARKED or track.at is At.DUE:
                until = track.until if track.at is At.PARKED else 0.0
                saved.parked.append(Parked(track.node.id, track.step, until, track.key, track.why))
            elif track.at is At.RUNNING and not track.batch:
                saved.running.append((track.node.id, track.step))
            elif track.alone and track.at in (At.WAITING, At.READY):
                saved.alone.append((track.node.id, track.step))
        return saved.to_text()

    # --- events -------------------------------------------------------------------------------------------------------

    def start(self, now: float) -> list[Command]:
        """Begin, or go on where the state says: what was running is asked for again (after an interrupt too, for its
        true outcome; it is not asked to stop a second time), timers are set again, and ready nodes start."""
        out: list[Command] = []
        if self._started:
            return out
        self._started = True
        for node, _ in self._saved.running:
            track = self._tracks.get(node)
            if track is not None and track.at is At.RUNNING:
                out.append(RunStep(track.node, track.step, bool(self._cause)))
        for number, nodes in self._batches.items():
            out.append(RunBatch(tuple(self._tracks[node].node for node in nodes), number))
        for track in self._order:
            if track.at is At.PARKED:
                if track.until <= now:
                    self._wake(track)
                else:
                    out.append(SetTimer(track.node, track.until, track.why))
        return self._go_on(out)

    def step_ended(self, node: int, result: StepResult, now: float, *, step: int | None = None) -> list[Command]:
        """The step that RunStep asked for has ended. step: the one that did, where the driver can deliver a step's
        result twice."""
        out: list[Command] = []
        track = self._tracks.get(node)
        if track is None or track.at is not At.RUNNING or track.batch or step not in (None, track.step):
            return out
        self._places -= 1
        if result.kind is StepKind.SUPERSEDED:
            self._interrupt("superseded", out, ended=(node,))
        self._leaves_running(track)
        self._judge(track, result, now, out)
        return self._go_on(out)

    def batch_ended(self, nodes: Sequence[int], results: Sequence[tuple[int, StepResult]], now: float) -> list[Command]:
        """A batch has ended. nodes: those of its RunBatch. results: of those that ran; the others go back to ready or
        waiting. When none ran, each goes on alone, since the same batch might be refused for ever."""
        out: list[Command] = []
        first = self._tracks.get(nodes[0]) if nodes else None
        if first is None or self._batches.get(first.batch) != tuple(nodes):
            return out
        number = first.batch
        del self._batches[number]
        self._places -= 1
        if any(result.kind is StepKind.SUPERSEDED for _, result in results):
            self._interrupt("superseded", out, ended=nodes)
        ran = False
        for node, result in results:
            track = self._tracks.get(node)
            if track is not None and track.batch == number:
                ran = True
                self._leaves_running(track)
                self._judge(track, result, now, out)
        for node in nodes:
            track = self._tracks[node]
            if track.batch == number:
                self._leaves_running(track)
                track.at = At.WAITING
                track.alone = not ran
        self._release([track for track in map(self._tracks.__getitem__, nodes) if self._is_free(track)])
        return self._go_on(out)

    def timer_fired(self, node: int, now: float) -> list[Command]:
        """The node's timer went off. One that is not parked (any more) is left alone; a timer of an earlier wait is
        answered with SetTimer for the present one."""
        out: list[Command] = []
        track = self._tracks.get(node)
        if track is None or track.at is not At.PARKED:
            return out
        if now + EARLY < track.until:
            if not self._handing_over:
                out.append(SetTimer(track.node, track.until, track.why))
            return out
        self._wake(track)
        return self._go_on(out)

    def signal(self, key: str, now: float) -> list[Command]:
        """Something came for whoever waits on this key. When nobody does it is remembered, once, for the next who
        will: it may have come before the step that waits for it had told so."""
        out: list[Command] = []
        if self._result is not None or self._interrupted:
            return out
        waiting = self._waits.get(key)
        if waiting is None:
            if len(self._signals) < MOST_SIGNALS:
                self._signals[key] = None
            return out
        for track in sorted(waiting, key=lambda one: one.index):
            self._wake(track)
            out.append(CancelTimer(track.node))
        return self._go_on(out)

    def interrupt(self, cause: Interrupt, now: float) -> list[Command]:
        """Stop at once. Only the first one has an effect."""
        out: list[Command] = []
        self._interrupt(cause, out)
        return self._go_on(out)

    def stop(self, cause: Interrupt, now: float) -> list[Command]:
        """Stop, and let what is in progress come to its end. Without effect after another stop or an interrupt."""
        out: list[Command] = []
        if self._cause or self._result is not None:
            return out
        self._cause, self._lets_finish = cause, True
        for track in self._order:
            if track.at is At.PARKED and (track.key or track.why.startswith(_WHY[StepKind.RETRY])):
                if self._started:
                    out.append(CancelTimer(track.node))
                if track.key:
                    self._wake(track)
                else:
                    self._parked -= 1
                    self._becomes_aborted(track)
        return self._go_on(out)

    def hand_over(self, now: float) -> list[Command]:
        """A new life is wanted: take no new step. HandedOver follows when nothing runs; the driver may go earlier."""
        self._handing_over = True
        return self._go_on([])

    # --- a node's way -------------------------------------------------------------------------------------------------

    def _judge(self, track: Track, result: StepResult, now: float, out: list[Command]) -> None:
        """What becomes of a node whose step has just ended."""
        kind = result.kind
        if kind is StepKind.DONE:
            if result.replaced:
                self._replaced.add(track.node.id)
            if result.changed or result.replaced:
                self._changed.add(track.node.id)
            self._becomes_done(track)
        elif kind is StepKind.FAILED or kind is StepKind.UNKNOWN:
            track.at = At.FAILED
            self._failed.append(track.node.id)
        elif self._interrupted or kind is StepKind.ABORTED or kind is StepKind.SUPERSEDED:
            self._becomes_aborted(track)
        elif self._cause and kind is StepKind.RETRY:
            self._becomes_aborted(track)
        else:
            self._park(track, result, now, out)

    def _park(self, track: Track, result: StepResult, now: float, out: list[Command]) -> None:
        track.at = At.PARKED
        track.until = result.at
        track.key = result.key if result.kind is StepKind.WAIT_SIGNAL else ""
        track.why = _WHY[result.kind]
        if result.kind is StepKind.RETRY and result.error_class:
            track.why += f" after {result.error_class}"
        self._parked += 1
        if track.key:
            self._waits.setdefault(track.key, []).append(track)
        if track.key and track.key in self._signals:
            del self._signals[track.key]
            self._wake(track)
        elif track.key and self._cause and not track.stopping:
            self._wake(track)
        elif track.until <= now:
            self._wake(track)
        elif not self._handing_over:
            out.append(SetTimer(track.node, track.until, track.why))

    def _wake(self, track: Track) -> None:
        track.at = At.DUE
        self._waits_no_more(track)
        self._ready.push(track.index, track.node.concurrency)

    def _waits_no_more(self, track: Track) -> None:
        if track.key:
            waiting = self._waits[track.key]
            waiting.remove(track)
            if not waiting:
                del self._waits[track.key]
            track.key = ""

    def _becomes_ready(self, track: Track) -> None:
        track.at = At.READY
        if self._goes_in_batches(track):
            heappush(self._instant, track.index)
        else:
            self._ready.push(track.index + len(self._order), track.node.concurrency)

    def _goes_in_batches(self, track: Track) -> bool:
        node = track.node
        may = node.instant and not node.skippable and not node.only_if_replaced
        return may and not track.alone and not self._ready.limited(node.concurrency)

    def _becomes_running(self, track: Track) -> None:
        if track.at is At.DUE:
            self._parked -= 1
        track.at = At.RUNNING
        self._running += 1
        self._ready.started(track.node.concurrency)

    def _leaves_running(self, track: Track) -> None:
        track.batch = 0
        self._running -= 1
        self._ready.ended(track.node.concurrency)

    def _becomes_done(self, track: Track) -> None:
        self._release(self._ends_well(track))

    def _ends_well(self, track: Track) -> list[Track]:
        """Done. Who was waiting for nothing but this."""
        track.at = At.DONE
        self._done += 1
        freed: list[Track] = []
        for number in self._graph.waiting_for(track.node.id):
            self._missing[number] -= 1
            if not self._missing[number]:
                members = (self._tracks[node] for node in self._graph.bundles[number].members)
                freed.extend(one for one in members if one.at is At.WAITING)
        return freed

    def _is_free(self, track: Track) -> bool:
        return track.at is At.WAITING and not self._missing[self._graph.bundle_of(track.node.id)]

    def _free(self) -> list[Track]:
        return [track for track in self._order if self._is_free(track)]

    def _release(self, freed: list[Track]) -> None:
        """Nodes that wait for nothing any more are ready, or done when there is nothing to do; then who waited for
        those."""
        for track in freed:  # grows while it is read
            if track.at is not At.WAITING:
                continue
            if self._needs_no_step(track.node):
                freed.extend(self._ends_well(track))
            else:
                self._becomes_ready(track)

    def _needs_no_step(self, node: PlanNode) -> bool:
        if node.only_if_replaced:
            return -node.id not in self._replaced
        return node.skippable and not any(one in self._changed for one in node.requires)

    def _becomes_aborted(self, track: Track) -> None:
        track.at = At.ABORTED
        self._aborted.append(track.node.id)

    # --- what to do next ----------------------------------------------------------------------------------------------

    @property
    def _interrupted(self) -> bool:
        return bool(self._cause) and not self._lets_finish

    @property
    def _stopped(self) -> bool:
        return bool(self._cause or (not self._independent and (self._failed or self._aborted)))

    def _go_on(self, out: list[Command]) -> list[Command]:
        """Start what may start, and see whether that was all. The end of every event."""
        if not self._started or self._result is not None:
            return out
        if not self._interrupted and not self._handing_over:
            self._fill_window(out)
        if self._running:
            return out
        if not self._parked and (self._stopped or not (self._ready or self._instant)):
            self._finish(out)
        elif self._handing_over and not self._handed_over:
            self._handed_over = True
            out.append(HandedOver())
        return out

    def _fill_window(self, out: list[Command]) -> None:
        count = len(self._order)
        while self._places < self._window:
            rank = self._ready.peek()
            woken = rank is not None and rank < count
            if not woken and (self._stopped or self._parked >= self._max_parked):
                return
            if self._instant and not woken and (rank is None or self._instant[0] + count < rank):
                self._start_batch(out)
            elif rank is not None:
                self._ready.pop()
                self._start_step(self._order[rank % count], out)
            else:
                return

    def _start_step(self, track: Track, out: list[Command]) -> None:
        self._becomes_running(track)
        self._places += 1
        track.step += 1
        track.stopping = bool(self._cause)
        out.append(RunStep(track.node, track.step, track.stopping))

    def _start_batch(self, out: list[Command]) -> None:
        """Up to batch_limit instant nodes: the first ready ones, then what those make ready, breadth first."""
        chosen = [self._order[heappop(self._instant)]]
        work = chosen[0].node.work  # one batch does one kind of thing
        while self._instant and len(chosen) < self._batch_limit and self._order[self._instant[0]].node.work is work:
            chosen.append(self._order[heappop(self._instant)])
        missing: dict[int, int] = {}  # of bundles that nodes of this batch are required by, once the batch is done
        for track in chosen:  # grows while it is read
            if len(chosen) >= self._batch_limit:
                break
            for number in self._graph.waiting_for(track.node.id):
                left = missing[number] = missing.get(number, self._missing[number]) - 1
                if not left:
                    members = (self._tracks[node] for node in self._graph.bundles[number].members)
                    waiting = (one for one in members if one.at is At.WAITING and one.node.work is work)
                    fit = [one for one in waiting if self._goes_in_batches(one)]
                    chosen.extend(fit[: self._batch_limit - len(chosen)])
        self._last_batch += 1
        self._batches[self._last_batch] = tuple(track.node.id for track in chosen)
        self._places += 1
        for track in chosen:
            self._becomes_running(track)
            track.batch = track.step = self._last_batch
        out.append(RunBatch(tuple(track.node for track in chosen), self._last_batch))

    def _interrupt(self, cause: Interrupt, out: list[Command], ended: Sequence[int] = ()) -> None:
        """ended: those whose end this is the news of; they need not be asked to stop."""
        if self._interrupted or self._result is not None:
            return
        self._cause, self._lets_finish = cause, False
        running: list[int] = []
        for track in self._order:
            if track.at is At.RUNNING:
                if track.node.id not in ended:
                    running.append(track.node.id)
            elif track.at is At.PARKED or track.at is At.DUE:
                if track.at is At.PARKED and self._started:
                    out.append(CancelTimer(track.node))
                self._waits_no_more(track)
                self._parked -= 1
                self._becomes_aborted(track)
        if running and self._started:
            out.append(CancelRunning(tuple(running)))

    def _finish(self, out: list[Command]) -> None:
        self._result = TraversalResult(
            complete=self._done == self._total,
            interrupted=self._cause,
            failed=tuple(self._failed),
            aborted=tuple(self._aborted),
            not_started=tuple(one.node.id for one in self._order if one.at in (At.WAITING, At.READY)),
        )
        out.append(Finished(self._result))

    # --- going on from an earlier life --------------------------------------------------------------------------------

    def _restore(self, saved: Saved) -> None:
        """Put every node where the earlier life left it. What the plan lacks has ended well since."""
        self._cause, self._lets_finish = saved.cause, saved.lets_finish
        self._failed = list(saved.failed)
        self._aborted = list(saved.aborted)
        ended = frozenset([*saved.failed, *saved.aborted])
        for at, nodes in ((At.FAILED, saved.failed), (At.ABORTED, saved.aborted), (At.DONE, saved.done)):
            for node in nodes:
                if node in self._tracks:
                    self._tracks[node].at = at
        done_here = [self._tracks[node] for node in saved.done if node in self._tracks]
        open_here = sum(1 for node in self._tracks if node not in ended) - len(done_here)
        self._total = max(saved.total, open_here + len(done_here) + len(ended))
        self._done = self._total - open_here - len(ended) - len(done_here)
        for node, step in saved.running:
            if node in self._tracks:
                self._tracks[node].step = step
                self._becomes_running(self._tracks[node])
                self._places += 1
        for number, batch in saved.batches:
            self._restore_batch(number, tuple(node for node in batch if node in self._tracks))
        for one in saved.parked:
            if one.id in self._tracks:
                self._restore_parked(self._tracks[one.id], one)
        for node, step in saved.alone:
            if node in self._tracks:
                self._tracks[node].alone = True
                self._tracks[node].step = step
        for track in done_here:  # last; who waits for nothing any more is released when all is in its place
            self._ends_well(track)
        known = [*saved.done, *(node for node, _ in saved.running), *(one.id for one in saved.parked)]
        known.extend(node for _, nodes in saved.batches for node in nodes)
        self._gone = [node for node in known if node not in self._tracks]

    def _restore_batch(self, number: int, nodes: tuple[int, ...]) -> None:
        if nodes:
            self._batches[number] = nodes
            self._places += 1
            for node in nodes:
                track = self._tracks[node]
                self._becomes_running(track)
                track.batch = track.step = number

    def _restore_parked(self, track: Track, one: Parked) -> None:
        track.at = At.PARKED
        track.step, track.until, track.key, track.why = one.step, one.at, one.key, one.why
        self._parked += 1
        if track.key:
            self._waits.setdefault(track.key, []).append(track)
