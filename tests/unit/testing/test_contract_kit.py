"""The contract kit passes types that keep the contract, and finds each way to break it, in words that help."""

import json
import sys
import unittest
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from firebrick.resources.base import ResourceType
from firebrick.testing.contract_kit import CHECKS, Contract, ContractTests, ContractViolation
from firebrick.testing.crashes import Crash, Crashes
from tests.unit.testing.contract_breakers import BOOKS, BROKEN, Forgetful, HidesCauses, Sound, Token

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def empty_books() -> None:
    BOOKS.clear()


def contract(kind: ResourceType, **other: Any) -> Contract:
    return replace(
        Contract(
            kind,
            {"size": 1, "password": SECRET},
            changed={"size": 1, "password": SECRET, "colour": "blue"},
            refused={"size": 10, "password": SECRET},
            secrets=[SECRET],
            existing=lambda: list(BOOKS),
        ),
        **other,
    )


class TestSound(ContractTests):
    @pytest.fixture
    def contract(self) -> Contract:
        return contract(Sound())


class TestToken(ContractTests):
    @pytest.fixture
    def contract(self) -> Contract:
        return Contract(Token(), {}, existing=lambda: list(BOOKS))


def test_every_check_is_a_test_and_a_type_with_everything_skips_none() -> None:
    for check in CHECKS:
        assert hasattr(TestSound, f"test_{check.__name__}")
        check(contract(Sound()))
    assert BOOKS == {}


def test_what_a_type_does_not_have_is_skipped_with_the_reason() -> None:
    skipped = {}
    for check in CHECKS:
        try:
            check(Contract(Token(), {}, existing=lambda: list(BOOKS)))
        except unittest.SkipTest as why:
            skipped[check.__name__] = str(why)
    assert skipped == {
        "updatable_properties_have_an_update": "none of its properties is UPDATABLE",
        "repeated_polls_change_nothing": "its create never polls",
        "find_by_key_finds_its_own_object_only": "it has no find_by_key",
        "read_sees_what_was_created": "it has no read",
        "read_of_a_gone_object_gives_none": "it has no read",
        "read_sees_an_external_object": "it has no read",
        "update_changes_the_object_in_place": "none of its properties is UPDATABLE",
        "an_update_that_dies_anywhere_can_be_repeated": "none of its properties is UPDATABLE",
        "a_refused_create_leaves_nothing_and_tells_no_secret": "Contract.refused is not given",
    }


def named(name: str) -> Callable[[Contract], None]:
    (found,) = (check for check in CHECKS if check.__name__ == name)
    return found


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_type_is_found_out(kind: type[ResourceType]) -> None:
    check, said = BROKEN[kind]
    with pytest.raises(ContractViolation) as caught:
        named(check)(contract(kind()))
    assert str(caught.value).startswith(f"{kind.type_name}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_every_check_finds_a_broken_type(check: str) -> None:
    """No check that cannot fail."""
    caught = 0
    for kind in BROKEN:
        BOOKS.clear()
        try:
            named(check)(contract(kind()))
        except ContractViolation:
            caught += 1
        except Exception:
            continue  # another check's business
    assert caught


def test_an_error_of_ones_own_without_its_cause_tells_no_secret() -> None:
    named("a_refused_create_leaves_nothing_and_tells_no_secret")(contract(HidesCauses()))


def test_a_type_that_says_its_provider_is_blind_is_not_asked_to_recover() -> None:
    for check in CHECKS:
        try:
            check(contract(Forgetful(), blind=True))
        except unittest.SkipTest:
            continue


def test_what_a_contract_lacks_is_said() -> None:
    with pytest.raises(ContractViolation, match="Contract.changed is missing: colour say UPDATABLE"):
        named("updatable_properties_have_an_update")(contract(Sound(), changed=None))
    with pytest.raises(ContractViolation, match="Contract.changed changes nothing"):
        named("updatable_properties_have_an_update")(contract(Sound(), changed={"size": 1, "password": SECRET}))
    with pytest.raises(ContractViolation, match="lacks the required size"):
        named("schema_is_sound")(contract(Sound(), properties={}))
    with pytest.raises(ContractViolation, match="name the modules that do the work in Contract.crash_in"):
        named("a_create_that_dies_anywhere_makes_one_object")(Contract(Elsewhere(), {}, existing=lambda: list(BOOKS)))


Elsewhere = type("Elsewhere", (Token,), {"__module__": json.__name__, "type_name": "Example::Elsewhere"})


def two_lines(seen: list[str]) -> None:
    seen.append("one")
    seen.append("two")


@pytest.mark.parametrize(
    ("every", "seen_until"), [(1, [[], ["one"], ["one", "two"]]), (2, [["one"], ["one", "two"], ["one", "two"]])]
)
def test_a_crash_comes_at_each_line_once_and_then_no_more(every: int, seen_until: list[list[str]]) -> None:
    crashes, ended = Crashes([sys.modules[__name__]], every=every), []
    for _ in range(3):
        seen: list[str] = []
        try:
            with crashes.next():
                two_lines(seen)
        except Crash as crash:
            assert str(crash) == crashes.last and crashes.last.startswith(__file__)
        ended.append(seen)
    assert ended == seen_until
    assert crashes.places == 2
