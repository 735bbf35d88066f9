"""Resources by their physical ids: of one project, of living stacks, however they ended."""

from typing import Any

from firebrick.contract import Action
from firebrick.store import Repository, Store
from firebrick.store.step_outcomes import RowOutcome


async def test_the_living_are_found_in_any_stack_of_the_project(
    stacks: Any, repository: Repository, store: Store
) -> None:
    await stacks.created({"a": (), "b": ("a",)}, "one")
    await stacks.created({"c": ()}, "two")
    found = await repository.with_physical_ids(["id-c", "id-a", "id-nobody"])
    assert [(row.name, row.physical_id, row.status) for row in found] == [
        ("a", "id-a", "COMPLETE"),
        ("c", "id-c", "COMPLETE"),
    ]
    assert await store.project("another").with_physical_ids(["id-a"]) == []


async def test_what_was_stored_comes_with_them(stacks: Any, repository: Repository) -> None:
    stack = await stacks.running({"a": ()})
    await stack.step("a", RowOutcome.done(physical_id="id", attributes={"config": "x"}, data={"group": "g"}))
    (row,) = await repository.with_physical_ids(["id"])
    assert (row.attributes, row.data, row.reference_id) == ({"config": "x"}, {"group": "g"}, "id")


async def test_a_deleted_resource_is_found_no_more_also_while_its_stack_goes_on(
    stacks: Any, repository: Repository
) -> None:
    stack = await stacks.created({"a": (), "b": ()})
    await stack.accept_delete()
    await stack.begin(Action.DELETE)
    await stack.claim("b")
    await stack.step("a", RowOutcome.done())
    assert [row.name for row in await repository.with_physical_ids(["id-a", "id-b"])] == ["b"]
    await stack.finish(complete=True)
    assert await repository.with_physical_ids(["id-a", "id-b"]) == []
