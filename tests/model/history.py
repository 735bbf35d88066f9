"""What a random history is made of, drawn by hypothesis: a stack, what its provider will do, and what disturbs it.

Times are whole seconds of a virtual clock, except hand-overs, which fall between them: then nothing else happens at the
same moment and a history with hand-overs can be compared with one without, event by event.
"""

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from firebrick.contract import Action, StepKind
from firebrick.traversal import Interrupt

KEYS = ("", "", "", "one", "two", "free")  # concurrency keys; "free" has no limit
LIMITS = {"one": 1, "two": 2}
SIGNALS = ("s1", "s2", "s3")
# "stop" is a cancel that lets what is in progress finish; the others end it.
CAUSES: tuple[Interrupt | Literal["stop"], ...] = ("deadline", "cancel", "takeover", "superseded", "stop")


@dataclass(frozen=True)
class Outcome:
    """One step's end. after: seconds until a parked node's time; 0 is a time that is past already."""

    kind: StepKind
    latency: int
    after: int = 0
    key: str = ""


@dataclass(frozen=True)
class Resource:
    """requires: ids of earlier ones. before: what its row is like when the operation begins. script: its steps.
    heeds_stop: ends ABORTED when asked to stop; others end as the script has it."""

    id: int
    requires: tuple[int, ...]
    instant: bool
    key: str
    before: tuple[str, str]
    script: tuple[Outcome, ...]
    heeds_stop: bool


@dataclass(frozen=True)
class HandOver:
    """drain: ask with hand_over() first and go `grace` seconds later at the latest; otherwise go at once.
    old_plan: the new life's plan still has the nodes that are done."""

    time: float
    drain: bool
    grace: int
    old_plan: bool


@dataclass(frozen=True)
class History:
    """lag: seconds between a recorded outcome and its telling. echoes: results and timers also come late and twice.
    budget: how many nodes of one batch are run before its time is over."""

    action: Action
    resources: tuple[Resource, ...]
    window: int
    max_parked: int
    batch_limit: int
    budget: int
    interrupts: tuple[tuple[int, Interrupt | Literal["stop"]], ...]
    signals: tuple[tuple[int, str], ...]
    hand_overs: tuple[HandOver, ...]
    lag: int
    echoes: bool


PARKING = (StepKind.POLL, StepKind.WAIT_UNTIL, StepKind.WAIT_SIGNAL, StepKind.RETRY)
# Mostly good ends, or long histories would be rare.
ENDS = (
    *[StepKind.DONE] * 12,
    StepKind.FAILED,
    StepKind.FAILED,
    StepKind.UNKNOWN,
    StepKind.SUPERSEDED,
    StepKind.ABORTED,
)


# Drawn whole from lists: a draw costs more than a step of the walk.
PARKINGS = [
    Outcome(kind, latency, after, key)
    for kind in PARKING
    for latency in (1, 2, 5)
    for after in (3, 0, 1, 7, 20)
    for key in (SIGNALS if kind is StepKind.WAIT_SIGNAL else ("",))
]
GOOD_ENDS = [Outcome(StepKind.DONE, latency) for latency in (1, 2, 3, 5, 8)]
ANY_ENDS = [Outcome(kind, latency) for kind in ENDS for latency in (1, 2, 5)]
SCRIPTS = {
    trouble: st.one_of(
        st.tuples(st.sampled_from(ends)),
        st.tuples(st.sampled_from(PARKINGS), st.sampled_from(ends)),
        st.tuples(st.sampled_from(PARKINGS), st.sampled_from(PARKINGS), st.sampled_from(ends)),
    )
    for trouble, ends in ((False, GOOD_ENDS), (True, ANY_ENDS))
}
# Which earlier resources may be required: few, others, any, none. Then the stacks are wide, deep, or mixed.
EARLIER = [0b010110110110, 0b101001001001, 0xFFF, 0]
MOMENT = st.integers(0, 30)
DISTURBANCES = st.lists(st.tuples(MOMENT, st.sampled_from(CAUSES)), min_size=1, max_size=2)


@st.composite
def histories(draw: st.DrawFn, *, calm: bool = False, exact: bool = False) -> History:
    """calm: nothing fails and nothing interrupts. exact: no lag, no echoes, and hand-overs without a drain, so that a
    hand-over changes no time at which anything happens."""
    action = draw(st.sampled_from((Action.CREATE, Action.DELETE)))
    first, gap = draw(st.sampled_from(((1, 1), (7, 2), (995, 1))))
    count = draw(st.integers(1, 12))
    script = SCRIPTS[not calm and draw(st.integers(0, 2)) == 2]
    resources: list[Resource] = []
    for index in range(count):
        mask = draw(st.integers(0, 2**index - 1)) & draw(st.sampled_from(EARLIER))
        requires = tuple(resources[other].id for other in range(index) if mask >> other & 1)
        flags = draw(st.integers(0, 63))
        resources.append(
            Resource(
                id=first + gap * index,
                requires=requires,
                instant=flags & 3 == 0,
                key=KEYS[flags % len(KEYS)],
                before=_before(action, flags >> 2, requires, resources),
                script=draw(script),
                heeds_stop=bool(flags & 32),
            )
        )
    hand_over = st.builds(
        HandOver,
        time=MOMENT.map(lambda time: time + 0.5),
        drain=st.just(False) if exact else st.booleans(),
        grace=st.integers(0, 8),
        old_plan=st.booleans(),
    )
    return History(
        action=action,
        resources=_settled(action, resources),
        window=draw(st.integers(1, 5)),
        max_parked=draw(st.integers(1, 5)),
        batch_limit=draw(st.integers(1, 5)),
        budget=draw(st.sampled_from((12, 12, 3, 1, 0))),
        interrupts=tuple(draw(DISTURBANCES)) if not calm and draw(st.booleans()) else (),
        signals=tuple(draw(st.lists(st.tuples(MOMENT, st.sampled_from(SIGNALS)), max_size=3))),
        hand_overs=tuple(draw(st.lists(hand_over, max_size=3, unique_by=lambda one: one.time))),
        lag=0 if exact else draw(st.sampled_from((0, 0, 2))),
        echoes=False if exact else draw(st.booleans()),
    )


def _before(action: Action, flags: int, requires: tuple[int, ...], earlier: list[Resource]) -> tuple[str, str]:
    """A state the row can be in: nothing was begun whose requirements were not complete."""
    complete = {one.id for one in earlier if one.before == ("CREATE", "COMPLETE")}
    if any(one not in complete for one in requires):
        return ("INIT", "COMPLETE")
    if action is Action.CREATE:
        return ("CREATE", "COMPLETE") if flags % 8 == 1 else ("INIT", "COMPLETE")
    return {1: ("INIT", "COMPLETE"), 2: ("CREATE", "FAILED"), 3: ("DELETE", "FAILED")}.get(
        flags % 8, ("CREATE", "COMPLETE")
    )


def _settled(action: Action, resources: list[Resource]) -> tuple[Resource, ...]:
    """For a second delete: some of those that nothing requires are gone already."""
    if action is Action.CREATE:
        return tuple(resources)
    needed = {one for resource in resources for one in resource.requires}
    return tuple(
        Resource(**{**vars(one), "before": ("DELETE", "COMPLETE")}) if one.id not in needed and one.id % 4 == 0 else one
        for one in resources
    )
