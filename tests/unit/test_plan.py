"""Plans: which rows are nodes, in which order, after which; and their pages."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.contract import Action, PlanPage
from firebrick.graph import CycleFound
from firebrick.plan import ExistingRow, Plan, Role, from_pages, plan_create, plan_delete, plan_update, to_pages


def row(id: int, *requires: int, state: str = "INIT_COMPLETE", name: str = "", instant: bool = False) -> ExistingRow:
    action, _, status = state.partition("_")
    return ExistingRow(id, name or f"r{id}", "Test::Thing", action, status, requires, instant)


def shape(plan: Plan) -> list[tuple[int, tuple[int, ...]]]:
    return [(node.id, node.requires) for node in plan.nodes]


def layers(count: int, width: int) -> list[ExistingRow]:
    rows: list[ExistingRow] = []
    before: tuple[int, ...] = ()
    for base in range(1, count + 1, width):
        ids = tuple(range(base, base + width))
        rows.extend(row(one, *before, name=f"resource_number_{one}") for one in ids)
        before = ids
    return rows


def test_a_create_goes_by_ascending_id_and_leaves_out_what_is_done() -> None:
    rows = [row(4, 1, 3), row(3, 1, 2), row(1, state="CREATE_COMPLETE"), row(2)]
    plan = plan_create(rows)
    assert plan.action is Action.CREATE
    assert shape(plan) == [(2, ()), (3, (2,)), (4, (3,))]


@pytest.mark.parametrize("state", ["INIT_COMPLETE", "CREATE_IN_PROGRESS", "CREATE_FAILED"])
def test_a_create_asks_again_for_whatever_is_not_complete(state: str) -> None:
    """A recorded failure is told by the step, so that the walk stops; leaving it out would let dependants start."""
    assert shape(plan_create([row(1, state=state), row(2, 1)])) == [(1, ()), (2, (1,))]


def test_a_delete_turns_the_stored_requirements_round() -> None:
    plan = plan_delete([row(1, state="CREATE_COMPLETE"), row(2, 1, state="CREATE_FAILED"), row(3, 1, 2)])
    assert plan.action is Action.DELETE
    assert shape(plan) == [(3, ()), (2, (3,)), (1, (2, 3))]


def test_a_delete_leaves_out_what_is_gone_and_its_edges() -> None:
    rows = [row(1, state="CREATE_COMPLETE"), row(2, 1, state="DELETE_COMPLETE"), row(3, 2, state="DELETE_FAILED")]
    assert shape(plan_delete(rows)) == [(3, ()), (1, ())]


def test_requirements_on_rows_that_are_no_more_are_ignored() -> None:
    assert shape(plan_create([row(5, 1, 2)])) == [(5, ())]
    assert shape(plan_delete([row(5, 1, 2)])) == [(5, ())]


@pytest.mark.parametrize("make", [plan_create, plan_delete])
def test_stored_requirements_that_go_round_are_refused(make: type) -> None:
    with pytest.raises(CycleFound, match="1 -> 2 -> 1"):
        make([row(1, 2), row(2, 1)])


def test_no_rows_are_a_plan_of_one_empty_page() -> None:
    pages = to_pages(plan_delete([]))
    assert pages == [PlanPage()]
    assert from_pages(pages).nodes == ()


def test_what_a_node_is_survives_the_wire() -> None:
    rows = [
        ExistingRow(7, "grün", "OS::Nova::Server", "INIT", "COMPLETE", (), concurrency="nova"),
        row(8, 7, instant=True),
    ]
    plan = plan_create(rows)
    wire = [PlanPage.model_validate_json(page.model_dump_json()) for page in to_pages(plan)]
    assert from_pages(wire, Action.CREATE) == Plan(Action.CREATE, plan.nodes)


def test_ten_thousand_nodes_in_layers_of_fifty_fit_into_pages_of_500_kb() -> None:
    plan = plan_create(layers(10_000, 50))
    pages = to_pages(plan)
    assert len(pages) == 3
    assert all(len(page.model_dump_json().encode()) <= 500_000 for page in pages)
    back = from_pages(pages)
    assert back.nodes == plan.nodes
    assert len({id(node.requires) for node in back.nodes}) <= 202, "equal requirements are one tuple"


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(200, 3000), st.data())
def test_pages_hold_every_node_and_keep_to_their_size(
    count: int, width: int, max_bytes: int, data: st.DataObject
) -> None:
    names = st.text(st.characters(codec="utf-8"), max_size=12)
    rows = [
        ExistingRow(one.id, data.draw(names), one.type, one.action, one.status, one.requires)
        for one in layers(count, width)
    ]
    plan = data.draw(st.sampled_from((plan_create, plan_delete)))(rows)
    pages = to_pages(plan, max_bytes)
    assert from_pages(pages).nodes == plan.nodes
    assert [page.next for page in pages] == [*range(1, len(pages)), None]
    for number, page in enumerate(pages[1:], 1):
        assert to_pages(plan, max_bytes, number=number, after=pages[number - 1].last)[0] == page
    for page in pages:
        assert len(page.nodes) == 1 or len(page.model_dump_json().encode()) <= max_bytes


@settings(deadline=None)
@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.booleans(), st.integers(300, 2000))
def test_pages_made_at_different_moments_fit_together(
    early: set[int], later: set[int], delete: bool, max_bytes: int
) -> None:
    """Page 1 from one worker, the others from another one, while rows end: no node is lost and no edge hangs."""
    word = "DELETE" if delete else "CREATE"
    make = plan_delete if delete else plan_create

    def pages(done: set[int]) -> list[PlanPage]:
        rows = [
            row(one.id, *one.requires, state=f"{word}_COMPLETE" if one.id in done else "INIT_COMPLETE")
            for one in layers(60, 5)
        ]
        return to_pages(make(rows), max_bytes)

    first, second = pages(early), pages(early | later)
    assert len(first) == len(second)
    for cut in range(len(first) + 1):
        nodes = from_pages([*first[:cut], *second[cut:]]).nodes
        found = {node.id for node in nodes}
        assert set(range(1, 61)) - early - later <= found <= set(range(1, 61)) - early
        assert all(other in found for node in nodes for other in node.requires)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 16), st.integers(400, 2000), st.data())
def test_pages_fit_together_although_an_update_changes_what_its_rows_take(
    count: int, max_bytes: int, data: st.DataObject
) -> None:
    """Each page is made at another moment by another worker: types and stored requirements have changed meanwhile."""

    def rows() -> list[ExistingRow]:
        return [
            replace(
                one,
                type="T" * data.draw(st.integers(1, 90)),
                requires=tuple(range(1, data.draw(st.integers(1, one.id)))),
                role=Role.CONVERGE if one.id % 3 else Role.REMOVED,
                target_requires=one.requires,
            )
            for one in layers(count, 5)
        ]

    pages = [to_pages(plan_update(Action.UPDATE, rows()), max_bytes)[0]]
    while pages[-1].next is not None:
        number, after = pages[-1].next, pages[-1].last
        assert number == len(pages)
        pages.append(to_pages(plan_update(Action.UPDATE, rows()), max_bytes, number=number, after=after)[0])
    given_out = [wire.i for page in pages for wire in page.nodes]
    assert given_out == [node.id for node in plan_update(Action.UPDATE, rows()).nodes]


def test_a_page_cannot_begin_after_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no row 99"):
        to_pages(plan_create([row(1)]), after=99)
