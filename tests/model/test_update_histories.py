"""Random lives of stacks: create, update, rollback, delete, disturbed and killed, with a provider that does wrong; one
in five with stacks in it, two levels deep.

5,000 lives here, the same ones each time. ``make soak`` lives a million: of the seeds that begin with
FIREBRICK_MODEL_SEED (drawn and printed, unless it is given), FIREBRICK_MODEL_LIVES of them; a soak in parts gives each
part a seed of its own, that far from the others'.
"""

import os
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from firebrick.contract import Action
from tests.model.real_store import Database
from tests.model.update_history import (
    BYTES,
    DISTURBANCES,
    DISTURBANCES_INSIDE,
    PHASES,
    PHASES_INSIDE,
    Ask,
    Disturbed,
    Fault,
    Life,
    Resource,
    life,
)
from tests.model.update_run import KILLS
from tests.model.update_walk import LifeWalk

LIVES = 5_000
ON_DATABASE = 30
HURRIED_LIVES, HURRIED_ON_DATABASE = 300, 8
PROGRESS = 10_000
# What a phase is disturbed by: one of the stack; one of a stack in it, by what happens to the outer one, and there.
CELLS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(PHASES, DISTURBANCES),
    **dict.fromkeys([f"{phase} in mid-change" for phase in PHASES], DISTURBANCES),
    **{
        f"{phase} inside": (*DISTURBANCES, *(f"{what} there" for what in DISTURBANCES_INSIDE))
        for phase in PHASES_INSIDE
    },
}
SOAK = int(os.environ.get("FIREBRICK_MODEL_LIVES", "1000000"))

drawn = st.binary(min_size=BYTES, max_size=BYTES).map(life)


TERMINATED = KILLS.index("terminated")
CANCELLED_AND_LOST = (Disturbed("cancel with rollback", 6), Disturbed("kill", 7, TERMINATED))
TAKEN_OVER_TWICE = (
    Disturbed("takeover by update", 5),
    Disturbed("takeover by update", 6, 1),
    Disturbed("cancel with rollback", 20),
)


def disturbed_by(one: Life, disturbed: tuple[Disturbed, ...]) -> Life:
    """The same life, with this in each of its operations and disturbed by nothing else."""
    return replace(one, asks=tuple(replace(ask, disturbed=disturbed) for ask in one.asks))


def lived(seen: "Counter[str]", cells: "Counter[tuple[str, str]]", one: Life) -> None:
    walk = LifeWalk(one)
    walk.run()
    seen.update(walk.seen)
    seen["lives"] += 1
    seen["nesting lives"] += one.nests
    seen["lives with a failure or a replacement"] += walk.went_wrong
    cells.update(walk.cells)


def report(capsys: pytest.CaptureFixture[str], seen: "Counter[str]", cells: "Counter[tuple[str, str]]") -> None:
    with capsys.disabled():
        print("\n  " + ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
        for phase, disturbances in CELLS.items():
            print(f"  {phase:>22}: " + ", ".join(f"{cells[phase, what]} {what}" for what in disturbances))


def check_worth(seen: "Counter[str]", cells: "Counter[tuple[str, str]]") -> None:
    """The lives are worth their name: all cells were disturbed, and enough went wrong."""
    assert [(phase, what) for phase, whats in CELLS.items() for what in whats if not cells[phase, what]] == []
    assert seen["lives with a failure or a replacement"] >= 0.3 * seen["lives"]
    assert min(seen["complete"], seen["failed"], seen["killed"], seen["rollback"]) > 0.1 * seen["lives"]
    assert seen["nesting lives"] > 0.15 * seen["lives"]
    assert seen["spared"] > 0.02 * seen["lives"]


def told(walk: LifeWalk) -> list[tuple[list[tuple[str, str, str]], list[tuple[str, str]]]]:
    """Of each of its stacks the events of its resources, and its own."""
    return [
        ([(one.name, one.action, one.status) for one in store.events], list(store.told))
        for store in walk.stores.every()
    ]


@pytest.mark.timeout(900)  # a minute of a processor that nobody else wants
def test_every_life_keeps_the_rules_and_converges(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()

    @settings(
        max_examples=LIVES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def live(one: Life) -> None:
        lived(seen, cells, one)

    live()
    report(capsys, seen, cells)
    assert seen["lives"] >= LIVES
    check_worth(seen, cells)


def test_on_a_database_the_same_lives_go_the_same_way(tmp_path: Path) -> None:
    """Event by event; and all that is checked in memory holds there, too."""
    database = Database(tmp_path)
    try:
        for seed in range(ON_DATABASE):
            one = life(random.Random(seed).randbytes(BYTES))
            in_memory, on_it = LifeWalk(one), LifeWalk(one, stores=database.stores())
            in_memory.run()
            on_it.run()
            assert told(on_it) == told(in_memory), f"seed {seed}"
    finally:
        database.close()


@pytest.mark.parametrize("disturbed", [CANCELLED_AND_LOST, TAKEN_OVER_TWICE], ids=["lost", "twice"])
def test_what_comes_in_one_moment_breaks_no_promise(disturbed: tuple[Disturbed, ...], tmp_path: Path) -> None:
    """A cancel and the end of the run that would have heard of it; two takeovers, and then a cancel of the second: that
    goes back to what was begun last, not to what was only shown."""
    database = Database(tmp_path)
    try:
        for seed in range(HURRIED_LIVES):
            one = disturbed_by(life(random.Random(seed).randbytes(BYTES)), disturbed)
            in_memory = LifeWalk(one)
            in_memory.run()
            if seed < HURRIED_ON_DATABASE:
                on_it = LifeWalk(one, stores=database.stores())
                on_it.run()
                assert told(on_it) == told(in_memory), f"seed {seed}"
    finally:
        database.close()


@pytest.mark.parametrize("seed", [8625, 8550, 10003242, 20004384])
def test_a_life_that_broke_a_rule_once_breaks_none(seed: int, tmp_path: Path) -> None:
    """8625: an update took effect, its answer was lost, the next attempt asked for another object, and the rollback
    went back to the first one: it was taken for unchanged. 10003242: a third delete was asked for while the second one
    of a stack that the first had deleted had not ended: it is refused, as the stack is not found."""
    one = life(random.Random(seed).randbytes(BYTES))
    LifeWalk(one).run()
    database = Database(tmp_path)
    try:
        LifeWalk(one, stores=database.stores()).run()
    finally:
        database.close()


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_million_lives_keep_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FIREBRICK_MODEL_SEED", "0")) or random.SystemRandom().randrange(2**48)
    seen: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    began = time.monotonic()
    for number in range(SOAK):
        if number % PROGRESS == 0:
            with capsys.disabled():
                print(
                    f"\n  {number} of {SOAK} lives, {time.monotonic() - began:.0f} s; next seed {seed + number}", end=""
                )
        one = life(random.Random(seed + number).randbytes(BYTES))
        try:
            lived(seen, cells, one)
        except Exception as error:
            again = f"FIREBRICK_MODEL_SEED={seed + number} FIREBRICK_MODEL_LIVES=1"
            with capsys.disabled():
                print(f"\n  {again} lives again what failed: {type(error).__name__}: {error}")
            error.add_note(f"{again} lives it again: {one}")
            raise
    report(capsys, seen, cells)
    if SOAK >= LIVES:
        check_worth(seen, cells)


# --- lives that found something, or that each of us thought of first --------------------------------------------------


def test_what_is_judged_fine_after_all_shows_what_it_is() -> None:
    """A create was said to have failed, wrongly: nothing that it shows was recorded. An update that leaves it as it is
    must find that out, or what depends on it is made from nothing. Found by the model."""
    a, b = Resource("a", value=1), Resource("b", requires=(("a", "out"),))
    LifeWalk(Life(((a, b),), (Ask(Action.CREATE), Ask(Action.UPDATE)), (Fault("a", "create", "wrong"),))).run()


@pytest.mark.parametrize("fault", ["refused", "error", "lost", "wrong"])
def test_a_replacement_that_failed_is_taken_away_and_its_original_taken_back(fault: str) -> None:
    a, b = Resource("a"), Resource("b", requires=(("a", "ref"),))
    new = Resource("a", fixed=1)
    life_ = Life(
        ((a, b), (new, b)),
        (Ask(Action.CREATE), Ask(Action.UPDATE, template=1, on_failure="rollback")),
        (Fault("a", "create", fault, nth=1),),
    )
    walk = LifeWalk(life_)
    walk.run()
    assert walk.seen["rollback"] == (fault != "lost")


@pytest.mark.parametrize("after", range(0, 40, 2))
def test_dependencies_turned_round_make_no_cycle_whatever_stops_the_update(after: int) -> None:
    ab = (Resource("a"), Resource("b", requires=(("a", "out"),)), Resource("c", requires=(("b", "ref"),)))
    ba = (Resource("c"), Resource("b", requires=(("c", "ref"),)), Resource("a", requires=(("b", "fixed"),)))
    for what in DISTURBANCES:
        for variant in (0, 1):
            disturbed = (Disturbed(what, after, variant),)
            asks = (Ask(Action.CREATE), Ask(Action.UPDATE, template=1, disturbed=disturbed), Ask(Action.UPDATE))
            LifeWalk(Life((ab, ba), asks)).run()


@pytest.mark.parametrize("after", range(0, 30, 2))
def test_an_update_during_the_clean_up_of_another_finds_what_is_left(after: int) -> None:
    before = (Resource("a"), Resource("b", requires=(("a", "out"),)))
    after_it = (Resource("a", fixed=1), Resource("c", requires=(("a", "out"),)))
    disturbed = (Disturbed("takeover by update", after), Disturbed("takeover by update", after + 6, 1))
    stalled = (Fault("a", "delete", "stalled"), Fault("b", "delete", "late"))
    asks = (Ask(Action.CREATE), Ask(Action.UPDATE, template=1, disturbed=disturbed))
    LifeWalk(Life((before, after_it), asks, stalled)).run()


def test_what_could_not_be_deleted_is_left_beside_its_successor_and_deleted_by_the_next_update() -> None:
    """Two rows of one name; the older one DELETE_FAILED."""
    old, new = (Resource("a"),), (Resource("a", fixed=1),)
    asks = (
        Ask(Action.CREATE),
        Ask(Action.UPDATE, template=1, on_failure="rollback"),
        Ask(Action.UPDATE, template=1),
    )
    LifeWalk(Life((old, new), asks, (Fault("a", "delete", "refused"), Fault("a", "delete", "refused", 1)))).run()


def test_rows_that_were_never_begun_are_made_as_the_next_template_wants_them() -> None:
    first = (Resource("a"), Resource("b", requires=(("a", "out"),)), Resource("c", requires=(("b", "fixed"),)))
    then = (Resource("c", value=1), Resource("b", "token", 2, requires=(("c", "ref"),)))
    LifeWalk(Life((first, then), (Ask(Action.CREATE), Ask(Action.UPDATE, 1)), (Fault("a", "create", "refused"),))).run()
