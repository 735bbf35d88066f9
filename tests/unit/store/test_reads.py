"""What is shown: filters, order, pages; and nothing of another project, by no way."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from firebrick.contract import Action
from firebrick.diagnostics import InvalidInput, NotFound
from firebrick.store import Repository, Store
from firebrick.store.step_outcomes import RowOutcome
from firebrick.store.transaction import Transaction
from firebrick.store.writer import Write


@pytest.fixture
async def three(stacks: Any, repository: Repository) -> dict[str, str]:
    """Stacks c, a, b, accepted at 1, 2, 3; b has failed. Name -> id."""
    ids = {}
    for at, name in enumerate("cab", 1):
        new = stacks.new_stack(name, {"one": ()}, owner="ann" if name == "a" else "bob")
        await repository.accept_create(new, stacks.new_operation(Action.CREATE, at=float(at)))
        ids[name] = new.id
    await repository.begin(ids["b"], action=Action.CREATE, workflow_id="w", chain_id="c", now=9.0)
    (operation,) = await repository.operations(ids["b"])
    await repository.finish(operation.id, seq=1, complete=False, now=10.0)
    return ids


@pytest.mark.parametrize(
    ("ask", "names"),
    [
        ({}, "bac"),
        ({"descending": False}, "cab"),
        ({"sort": ["name"], "descending": False}, "abc"),
        ({"sort": ["status", "name"], "descending": False}, "bac"),
        ({"limit": 2}, "ba"),
        ({"filters": {"name": ["a", "c"]}}, "ac"),
        ({"filters": {"status": ["FAILED"]}}, "b"),
        ({"filters": {"status": ["IN_PROGRESS"]}}, "ac"),
        ({"filters": {"status": ["CREATE_FAILED", "CREATE_IN_PROGRESS"]}}, "bac"),
        ({"filters": {"action": ["DELETE"]}}, ""),
        ({"filters": {"owner": ["ann"], "action": ["CREATE"]}}, "a"),
    ],
)
async def test_lists_are_filtered_sorted_and_cut(
    three: dict[str, str], repository: Repository, ask: dict[str, Any], names: str
) -> None:
    assert "".join(one.name for one in await repository.stacks(**ask)) == names
    if "limit" not in ask:
        assert await repository.count_stacks(filters=ask.get("filters")) == len(names)


async def test_pages_put_together_are_the_list(three: dict[str, str], repository: Repository) -> None:
    for sort in (["created_at"], ["updated_at"], ["status"]):
        whole = [one.id for one in await repository.stacks(sort=sort)]
        pages, marker = [], None
        while page := await repository.stacks(sort=sort, limit=1, marker=marker):
            pages.append(page[0].id)
            marker = page[-1].id
        assert pages == whole
    with pytest.raises(NotFound):
        await repository.stacks(marker="nothing")


async def test_hidden_stacks_are_left_out_of_lists_and_counts(stacks: Any, repository: Repository) -> None:
    tags = {"a": ["blue"], "b": ["secret", "blue"], "c": ['ä"quoted\\'], "d": ["secrets", "100%"], "e": []}
    for at, (name, has) in enumerate(tags.items()):
        new = stacks.new_stack(name, {}, tags=has)
        await repository.accept_create(new, stacks.new_operation(Action.CREATE, at=float(at)))
    for hidden, names in {
        (): "edcba",
        ("secret",): "edca",
        ("secret", 'ä"quoted\\'): "eda",
        ("100%", "1_0%", "%"): "ecba",
        ('", "',): "edcba",
    }.items():
        assert "".join(one.name for one in await repository.stacks(hidden_tags=hidden)) == names
        assert await repository.count_stacks(hidden_tags=hidden) == len(names)


async def test_the_marker_may_have_left_the_list(three: dict[str, str], repository: Repository) -> None:
    asked: dict[str, Any] = {"filters": {"owner": ["bob"]}, "marker": three["a"]}
    assert [one.name for one in await repository.stacks(**asked)] == ["c"]
    assert [one.name for one in await repository.stacks(**asked, descending=False)] == ["b"]


async def test_filters_may_be_of_numbers_and_yes_or_no(stacks: Any, repository: Repository) -> None:
    for name, minutes, disable in (("a", 5, True), ("b", None, False)):
        new = stacks.new_stack(name, {}, timeout_mins=minutes, disable_rollback=disable)
        await repository.accept_create(new, stacks.new_operation(Action.CREATE))
    for filters, names in (
        ({"timeout_mins": [5]}, ["a"]),
        ({"timeout_mins": [6, 7]}, []),
        ({"disable_rollback": [False]}, ["b"]),
        ({"owner_id": ["x"]}, []),
        ({"project": [repository.project, "x"]}, ["a", "b"]),
    ):
        assert sorted(one.name for one in await repository.stacks(filters=filters)) == names


async def test_resources_of_a_whole_tree_are_counted(stacks: Any, repository: Repository) -> None:
    root = stacks.new_stack("root", {"a": (), "b": ("a",)})
    await repository.accept_create(root, stacks.new_operation(Action.CREATE))
    inner = stacks.new_stack("inner", {"a": (), "c": ()}, root_id=root.id, owner_id=root.id, depth=1)
    deep = stacks.new_stack("deep", {"a": ()}, root_id=root.id, owner_id=inner.id, depth=2)
    for one in (inner, deep, stacks.new_stack("other", {"a": ()})):
        await repository.accept_create(one, stacks.new_operation(Action.CREATE))
    assert await repository.count_resources(root.id) == 5
    assert await repository.count_resources(root.id, without=inner.id) == 3
    assert await repository.count_resources("none") == 0


async def test_unknown_filters_and_sort_keys_are_refused_with_the_known_ones(repository: Repository) -> None:
    with pytest.raises(InvalidInput, match="owner"):
        await repository.stacks(filters={"colour": ["red"]})
    with pytest.raises(InvalidInput, match="created_at"):
        await repository.stacks(sort=["colour"])


async def test_a_name_is_of_the_living_and_a_deleted_stack_has_its_id_only(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({})
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.finish(complete=True)
    heir = await stacks.created({})
    assert (await repository.stack("web")).id == (await repository.stack("web", include_deleted=True)).id == heir.id
    assert (await repository.stack(stack.id, include_deleted=True)).name == "web"
    assert [one.id for one in await repository.stacks()] == [heir.id]
    assert len(await repository.stacks(include_deleted=True)) == 2
    assert await repository.count_stacks(include_deleted=True) == 2


async def test_events_are_cut_turned_round_and_filtered(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({"a": (), "b": ()})

    async def seqs(**ask: Any) -> list[int]:
        return [one.seq for one in await repository.events(stack.id, **ask)]

    assert await seqs() == [1, 2, 3, 4, 5, 6]
    assert await seqs(after_seq=4) == [5, 6]
    assert await seqs(before_seq=3, descending=True) == [2, 1]
    assert await seqs(limit=2, descending=True) == [6, 5]
    assert await seqs(filters={"resource_name": ["a"]}) == [2, 3]
    assert await seqs(filters={"state": ["CREATE_COMPLETE"]}) == [3, 5, 6]
    assert await seqs(filters={"status": ["COMPLETE"], "resource_type": ["OS::Heat::Stack"]}) == [6]
    with pytest.raises(InvalidInput, match="resource_name"):
        await seqs(filters={"colour": ["red"]})


async def test_an_event_shows_the_properties_of_its_resource(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.done(properties={"size": 2}))
    whole, started, done = await repository.events(stack.id)
    assert (await repository.event(stack.id, done.id)).properties == {"size": 2}
    assert (await repository.event(stack.id, started.id)).properties == {"size": 2}
    assert (await repository.event(stack.id, whole.id)).properties is None
    with pytest.raises(NotFound):
        await repository.event(stack.id, "nothing")


async def test_operations_come_newest_first(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({})
    await stack.accept_delete()
    assert [(one.seq, one.action) for one in await repository.operations(stack.id)] == [
        (2, Action.DELETE),
        (1, Action.CREATE),
    ]


async def test_another_project_sees_nothing_of_a_stack(stacks: Any, store: Store, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    (event,) = await repository.events(stack.id)
    other = store.project("elsewhere")
    assert await other.stacks(include_deleted=True) == []
    assert await other.count_stacks() == 0
    assert await other.upstream(stack.id, ["a"]) == {}
    asks: list[Callable[[], Awaitable[Any]]] = [
        lambda: other.stack("web"),
        lambda: other.stack(stack.id, include_deleted=True),
        lambda: other.resources(stack.id),
        lambda: other.resource(stack.id, "a"),
        lambda: other.events(stack.id),
        lambda: other.event(stack.id, event.id),
        lambda: other.operation(stack.operation.id),
        lambda: other.operations(stack.id),
        lambda: other.plan_rows(stack.id, stack.operation.id),
        lambda: other.stacks(marker=stack.id),
        lambda: other.begin(stack.id, action=Action.CREATE, workflow_id="w", chain_id="c", now=1.0),
        lambda: other.finish(stack.operation.id, seq=1, complete=True, now=1.0),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            await ask()


class Said(Write[None]):
    """All rows' outcomes are what another version told of."""

    def apply(self, transaction: Transaction) -> None:
        transaction.connection.execute(text("""UPDATE resources SET outcome = '{"kind": "done", "newer": 1}'"""))


async def test_an_outcome_of_an_operation_before_is_not_read(stacks: Any, repository: Repository, store: Store) -> None:
    stack = await stacks.created({"a": ()})
    await store.writer.write(Said())
    await stack.accept_delete()
    (row,) = await repository.plan_rows(stack.id, (await repository.operations(stack.id))[0].id)
    assert (row.name, row.ended_in_operation) == ("a", False)


async def test_what_is_not_there_is_told_in_heats_words(stacks: Any, repository: Repository) -> None:
    stack = await stacks.created({"a": ()})
    with pytest.raises(NotFound) as no_stack:
        await repository.stack("nosuch")
    assert no_stack.value.first.heat_message == "The Stack (nosuch) could not be found."
    with pytest.raises(NotFound) as no_resource:
        await repository.resource(stack.id, "nosuch")
    assert no_resource.value.first.heat_message == "The Resource (nosuch) could not be found in Stack web."
    assert (await repository.resource(stack.id, "a")).name == "a"


async def test_what_has_no_time_of_update_is_before_what_has(stacks: Any) -> None:
    for name in ("b", "a"):
        await stacks.created({}, name)
    updated = await stacks.created({}, "c")
    await updated.accept_delete()
    await updated.begin(Action.DELETE)

    async def names(*, descending: bool) -> list[str]:
        found = await stacks.repository.stacks(sort=["updated_at", "name"], descending=descending)
        order = [one.name for one in found]
        assert {one.name for one in found if one.updated_at is not None} == {"c"}
        return order

    assert (await names(descending=False), await names(descending=True)) == (["a", "b", "c"], ["c", "b", "a"])
