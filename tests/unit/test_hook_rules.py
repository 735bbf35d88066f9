"""The rules of hooks: which stop a resource, in which operation, and what is kept of them."""

import pytest

from firebrick.contract import Action
from firebrick.hooks import HookState, paused, stops

ALL = {"hooks": ["post-create", "post-delete", "post-update", "pre-create", "pre-delete", "pre-update"]}


@pytest.mark.parametrize("when", ["pre", "post"])
@pytest.mark.parametrize(
    ("what", "operations"),
    [
        ("create", {Action.CREATE}),
        ("delete", {Action.DELETE}),
        ("update", {Action.CREATE, Action.UPDATE, Action.ROLLBACK, Action.DELETE}),
    ],
)
def test_hooks_of_a_create_and_a_delete_count_when_the_whole_stack_does_that(
    when: str, what: str, operations: set[Action]
) -> None:
    hook = f"{when}-{what}"
    assert {one for one in Action if stops(ALL, hook, HookState(), one)} == operations
    assert not any(stops({}, hook, HookState(), one) for one in Action)
    others = {"hooks": [one for one in ALL["hooks"] if one != hook]}
    assert not any(stops(others, hook, HookState(), one) for one in Action)


def test_what_was_never_made_stops_at_no_hook_of_its_delete() -> None:
    for hook in ALL["hooks"]:
        never = {one for one in Action if stops(ALL, hook, HookState(), one, made=False)}
        assert never == (
            set() if hook.endswith("-delete") else {one for one in Action if stops(ALL, hook, HookState(), one)}
        )


def test_an_object_that_exists_already_stops_at_the_hooks_of_its_delete_alone() -> None:
    external = {**ALL, "external_id": "abc"}
    stopping = {hook for hook in ALL["hooks"] if any(stops(external, hook, HookState(), one) for one in Action)}
    assert stopping == {"pre-delete", "post-delete"}


def test_a_cleared_hook_stops_nobody_in_its_operation_and_everybody_in_the_next() -> None:
    state = HookState(3).at("pre-create")
    assert state.waiting == ("pre-create",) and state.at("pre-create") is state
    stored = state.past("pre-create").as_json()
    assert not stops(ALL, "pre-create", HookState.of(stored, 3), Action.CREATE)
    assert stops(ALL, "pre-create", HookState.of(stored, 4), Action.CREATE)
    assert HookState.of(stored, 4) == HookState(4) == HookState.of(None, 4)


def test_what_an_action_came_to_is_kept_until_the_hook_after_it_is_cleared() -> None:
    state = HookState(1).at("pre-create").past("pre-create").at("post-create", {"kind": "done", "changed": True})
    kept = HookState.of(state.as_json(), 1)
    assert kept == state and kept.waiting == ("post-create",)
    assert kept.past("post-create").result == {"kind": "done", "changed": True}


def test_the_reasons_are_heats() -> None:
    assert paused("post-update") == "UPDATE paused until Hook post-update is cleared"
