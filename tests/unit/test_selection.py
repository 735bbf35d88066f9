"""Which row serves a resource, and what becomes of each row when a stack is brought to a target."""

import hashlib
import json
from dataclasses import replace

import pytest

from firebrick.graph import CycleFound
from firebrick.plan import Role
from firebrick.selection import Candidate, Wanted, base_hash, input_hash, score, select_rows

BASE = {name: base_hash({"name": name}, "T", "schema") for name in "abcd"}


def made(row: int, name: str, requires: dict[str, Candidate] | None = None, **more: object) -> Candidate:
    """A row that was made from just these requirements."""
    known = [(other, one.id, one.revision) for other, one in (requires or {}).items()]
    fields = {
        "action": "CREATE",
        "status": "COMPLETE",
        "template_id": "old",
        "input_hash": input_hash(BASE[name], known),
    }
    return Candidate(id=row, name=name, **{**fields, **more})  # type: ignore[arg-type]


def wanted(name: str, *requires: str, **more: object) -> Wanted:
    return Wanted(name, requires, **{"base": BASE[name], **more})  # type: ignore[arg-type]


def chain() -> list[Candidate]:
    a = made(1, "a")
    b = made(2, "b", {"a": a})
    return [a, b, made(3, "c", {"b": b})]


CHAIN = [wanted("a"), wanted("b", "a"), wanted("c", "b")]


def roles(rows: list[Candidate], target: list[Wanted], **more: object) -> dict[int, Role]:
    return dict(select_rows(rows, target, target="new", previous="old", **more).roles)  # type: ignore[arg-type]


def test_the_hash_of_inputs_is_the_one_that_stored_rows_have() -> None:
    """Another would make the first update after an upgrade look at everything."""
    text = '["a base",[["above",7,1],["below",12,3]]]'
    expected = hashlib.sha256(text.encode()).hexdigest()[:32]
    assert input_hash("a base", [("below", 12, 3), ("above", 7, 1)]) == expected


def test_what_has_not_changed_has_nothing_to_do() -> None:
    assert roles(chain(), CHAIN) == {1: Role.NONE, 2: Role.NONE, 3: Role.NONE}


def test_below_a_change_the_unchanged_wait_for_whether_it_is_seen() -> None:
    changed = [wanted("a", base="other"), *CHAIN[1:]]
    assert roles(chain(), changed) == {1: Role.CONVERGE, 2: Role.SKIPPABLE, 3: Role.SKIPPABLE}


@pytest.mark.parametrize(
    "change",
    [
        {"status": "FAILED"},
        {"action": "CHECK", "status": "FAILED"},
        {"drift": "somebody changed it"},
        {"replaced_by": 9},
        {"input_hash": ""},
        {"action": "DELETE", "status": "FAILED"},
        {"status": "IN_PROGRESS"},
    ],
)
def test_what_is_not_well_is_never_pruned(change: dict[str, object]) -> None:
    rows = chain()
    rows[1] = replace(rows[1], **change)  # type: ignore[arg-type]
    assert roles(rows, CHAIN)[2] is Role.CONVERGE


def test_what_says_so_is_never_pruned() -> None:
    assert roles(chain(), [CHAIN[0], wanted("b", "a", prunable=False), CHAIN[2]])[2] is Role.CONVERGE
    assert set(roles(chain(), CHAIN, look_at_all=True).values()) == {Role.CONVERGE}


def test_a_requirement_that_has_changed_since_is_noticed_whoever_changed_it() -> None:
    rows = chain()
    rows[0] = replace(rows[0], revision=1)
    assert roles(rows, CHAIN) == {1: Role.NONE, 2: Role.CONVERGE, 3: Role.SKIPPABLE}


def test_rows_that_nothing_was_done_for_are_made_or_dropped() -> None:
    rows = [*chain(), Candidate(4, "d", "INIT", "COMPLETE"), Candidate(5, "e", "INIT", "COMPLETE")]
    found = select_rows(rows, [*CHAIN, wanted("d")], target="new", previous="old")
    assert found.roles[4] is Role.FRESH and found.never_made == (5,) and 5 not in found.roles


def test_what_the_target_lacks_is_removed_and_what_is_new_has_no_row() -> None:
    found = select_rows(chain(), [wanted("a"), wanted("d", "a")], target="new", previous="old")
    assert found.roles == {1: Role.NONE, 2: Role.REMOVED, 3: Role.REMOVED} and found.serving == {"a": 1}


def test_going_back_takes_the_original_back_and_clears_its_replacement_away() -> None:
    original = made(1, "a", replaced_by=7, template_id="old")
    replacement = made(7, "a", template_id="new", updated_at=5.0)
    back = select_rows([original, replacement], [wanted("a")], target="old", previous="new")
    assert back.serving == {"a": 1} and back.roles == {1: Role.CONVERGE, 7: Role.REMOVED}
    forward = select_rows([original, replacement], [wanted("a")], target="newer", previous="new")
    assert forward.serving == {"a": 7} and forward.roles[1] is Role.REMOVED


def test_a_failed_or_half_deleted_row_is_the_last_resort() -> None:
    well = made(1, "a", template_id="older")
    failed = replace(well, id=2, status="FAILED", template_id="new", updated_at=9.0)
    leaving = replace(well, id=3, action="DELETE", status="FAILED", template_id="new", updated_at=9.0)
    order = sorted([well, failed, leaving], key=lambda row: score(row, "new", "old"))
    assert [row.id for row in order] == [3, 2, 1]
    assert select_rows([leaving], [wanted("a")], target="new", previous="old").serving == {"a": 3}


def test_a_row_that_is_gone_serves_nobody() -> None:
    gone = made(1, "a", action="DELETE")
    assert select_rows([gone], [wanted("a")], target="new", previous="old").serving == {}


def test_a_circle_is_refused() -> None:
    with pytest.raises(CycleFound):
        select_rows([], [wanted("a", "b"), wanted("b", "a")], target="new", previous="old")


@pytest.mark.parametrize("count", [0, 1, 7, 8, 60])
@pytest.mark.parametrize("value", ["v", "\0requires\0", 'x"requires":["a"]'])
def test_a_base_is_the_hash_of_the_sorted_json(count: int, value: str) -> None:
    """Databases have it: what it is must not change."""
    requires = [f"r{number}" for number in range(count)]
    definition = {"type": "T", "requires": requires, "name": "n", "properties": {"requires": value, "a": [value]}}
    text = json.dumps([definition, "T", "schema"], sort_keys=True, separators=(",", ":"))
    assert base_hash(definition, "T", "schema") == hashlib.sha256(text.encode()).hexdigest()[:32]
