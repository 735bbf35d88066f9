"""Progress: the tree, its limits, and the line of an event."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from starter.cli.displays import Lines, Tree, event_line
from starter.cli.follow import Followed
from starter.cli.outcome import outcome_lines
from starter.http_api import StackAddress

STACK = StackAddress("web", "id-1")


ROWS = {name: number for number, name in enumerate([*"abc", "web", *(f"r{number}" for number in range(100))], 1)}


def event(
    name: str, status: str, reason: str = "state changed", physical: str = "", *, row: int | None = None
) -> dict[str, Any]:
    """row: of the resource's second row; else it has one."""
    return {
        "row": None if physical == STACK.id else row or ROWS[name],
        "resource_type": "OS::Heat::Value",
        "resource_name": name,
        "resource_status": status,
        "resource_status_reason": reason,
        "physical_resource_id": physical,
        "event_time": "2030-01-01T00:00:00Z",
    }


def resource(name: str, status: str = "INIT_COMPLETE") -> dict[str, Any]:
    return {
        "row": ROWS[name],
        "resource_name": name,
        "resource_type": "OS::Heat::Value",
        "resource_status": status,
    }


def drawn(
    resources: Sequence[str | dict[str, Any]],
    events: Sequence[dict[str, Any]],
    *,
    height: int = 25,
    width: int = 80,
    status: str = "INIT_COMPLETE",
) -> list[str]:
    """What stands on the terminal at the end. resources: names, of which all have that status, or as the API has it."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=width, height=height)
    listed = [resource(one, status) if isinstance(one, str) else one for one in resources]
    tree = Tree(STACK, listed, console)
    for one in events:
        tree.event(one)
    with console.capture() as captured:
        console.print(tree.draw())
    return captured.get().splitlines()


def test_the_tree_has_the_stack_its_counts_and_a_line_for_each_resource() -> None:
    lines = drawn(
        ["a", "b", "c"],
        [
            event("web", "CREATE_IN_PROGRESS", "Stack CREATE started", STACK.id),
            event("a", "CREATE_IN_PROGRESS"),
            event("a", "CREATE_COMPLETE"),
            event("b", "CREATE_IN_PROGRESS"),
        ],
    )
    assert lines[0].startswith("web  CREATE_IN_PROGRESS  1/3 resources")
    assert lines[1].startswith("├─ a  CREATE_COMPLETE")
    assert lines[2].startswith("├─ b  CREATE_IN_PROGRESS  0 s")
    assert lines[3].startswith("└─ c  waiting")


REPLACEMENT = [
    event("web", "UPDATE_IN_PROGRESS", "Stack UPDATE started", STACK.id),
    event("a", "CREATE_IN_PROGRESS", row=900),
    event("a", "CREATE_COMPLETE", row=900),
    event("b", "UPDATE_IN_PROGRESS"),
    event("b", "UPDATE_COMPLETE"),
    event("a", "DELETE_IN_PROGRESS"),
]


def test_both_rows_of_what_is_replaced_are_told_apart_and_what_does_not_change_is_not_counted() -> None:
    lines = drawn(["a", "b", "c"], REPLACEMENT, status="CREATE_COMPLETE")
    assert lines[0].startswith("web  UPDATE_IN_PROGRESS  2 of 3 changes done")
    assert [line.split("  ")[:2] for line in lines[1:]] == [
        ["├─ a (replaced)", "DELETE_IN_PROGRESS"],
        ["├─ a", "CREATE_COMPLETE"],
        ["├─ b", "UPDATE_COMPLETE"],
        ["└─ c", "CREATE_COMPLETE"],
    ]


def test_the_tree_is_the_same_when_it_was_listed_after_the_replacement() -> None:
    """The command lists resources when its request was accepted: by then a quick replacement may be the one in service,
    and stands last."""
    late = [*(resource(name, "CREATE_COMPLETE") for name in "bc"), resource("a", "CREATE_COMPLETE") | {"row": 900}]
    assert drawn(late, REPLACEMENT) == drawn(["a", "b", "c"], REPLACEMENT, status="CREATE_COMPLETE")


def test_a_rollback_counts_anew_and_its_new_row_is_the_one_that_goes() -> None:
    back = [
        event("web", "UPDATE_FAILED", "it broke", STACK.id),
        event("web", "ROLLBACK_IN_PROGRESS", "Stack ROLLBACK started", STACK.id),
        event("b", "UPDATE_COMPLETE"),
        event("a", "DELETE_COMPLETE", row=900),
    ]
    lines = drawn(["a", "b", "c"], REPLACEMENT[:-1] + back, status="CREATE_COMPLETE")
    assert lines[0].startswith("web  ROLLBACK_IN_PROGRESS  2 of 2 changes done")
    assert lines[1].startswith("├─ a  CREATE_COMPLETE") and lines[2].startswith("├─ a (replaced)  DELETE_COMPLETE")


def test_what_an_update_removes_is_not_called_replaced() -> None:
    lines = drawn(["a", "b"], [event("a", "DELETE_IN_PROGRESS")], status="CREATE_COMPLETE")
    assert lines[1].startswith("├─ a  DELETE_IN_PROGRESS")


def test_the_lines_of_a_replacement_say_which_one_goes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(STACK, [resource(name, "CREATE_COMPLETE") for name in "abc"])
    for one in REPLACEMENT:
        lines.event(one)
    told = [line.partition(" ")[2] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        "[web]: UPDATE_IN_PROGRESS  Stack UPDATE started",
        "[web.a]: CREATE_IN_PROGRESS  state changed",
        "[web.a]: CREATE_COMPLETE  state changed",
        "[web.b]: UPDATE_IN_PROGRESS  state changed",
        "[web.b]: UPDATE_COMPLETE  state changed",
        "[web.a]: DELETE_IN_PROGRESS  state changed (replaced)",
    ]


def test_a_resource_called_like_the_stack_is_not_the_stack() -> None:
    lines = drawn(["web"], [event("web", "CREATE_COMPLETE", physical="p")])
    assert lines[0].startswith("web  accepted") and lines[1].startswith("└─ web  CREATE_COMPLETE")


def test_what_fails_says_why_on_one_line_of_the_terminals_width() -> None:
    lines = drawn(["a"], [event("a", "CREATE_FAILED", "ValueError: resources.a: " + "long " * 50)], width=60)
    assert len(lines) == 2 and lines[1].startswith("└─ a  CREATE_FAILED  ValueError") and len(lines[1]) <= 60


def test_more_resources_than_lines_shows_those_that_failed_or_run() -> None:
    names = [f"r{number}" for number in range(100)]
    events = [event(name, "CREATE_COMPLETE") for name in names[:50]]
    events += [event("r70", "CREATE_IN_PROGRESS"), event("r80", "CREATE_FAILED", "it broke")]
    lines = drawn(names, events, height=12)
    assert len(lines) <= 12
    assert lines[1].startswith("├─ r80  CREATE_FAILED") and lines[2].startswith("├─ r70  CREATE_IN_PROGRESS")
    assert lines[-1] == "└─ … and 92 more"


def test_an_events_line_cannot_be_broken_by_its_reason() -> None:
    line = event_line(event("a", "CREATE_FAILED", "one\ntwo\x1b[2J"), STACK)
    assert line == "2030-01-01T00:00:00Z [web.a]: CREATE_FAILED  one two\\x1b[2J"


def test_a_resource_with_the_stacks_name_is_told_apart_from_the_stack() -> None:
    own, other = (event("web", "CREATE_COMPLETE", "", physical) for physical in (STACK.id, "web-web-x"))
    assert event_line(own, STACK) == "2030-01-01T00:00:00Z [web]: CREATE_COMPLETE"
    assert event_line(other, STACK) == "2030-01-01T00:00:00Z [web.web]: CREATE_COMPLETE"


def test_many_names_are_cut() -> None:
    failure = {"causes": [], "aborted": [], "not_started": [f"r{number}" for number in range(12)]}
    operation = {"action": "CREATE", "state": "FAILED", "reason": "Timed out", "failure": failure}
    lines = outcome_lines(STACK, Followed(operation, {}))
    assert lines[0] == "Stack web CREATE_FAILED: Timed out"
    assert lines[1].endswith("r9 and 2 more")


def test_a_superseded_operation_is_no_success_and_names_what_came_after() -> None:
    operation = {"action": "CREATE", "state": "SUPERSEDED", "reason": "", "superseded_by": "op-2", "failure": None}
    assert any("op-2" in line for line in outcome_lines(STACK, Followed(operation, {})))
