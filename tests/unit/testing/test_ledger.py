"""The ledger tells what happened outside, also after a writer was killed in the middle of a line."""

from pathlib import Path

import pytest

from firebrick.testing.ledger import CREATED, DELETED, Effect, Ledger, LedgerWriter, Request


def effect(what: str, id_: str, label: str = "web", token: str = "") -> Effect:
    return Effect(what=what, time=1.5, id=id_, name=f"name of {id_}", stack="s", label=label, token=token)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "ledger.jsonl"


def test_a_ledger_that_nobody_wrote_is_empty(path: Path) -> None:
    assert Ledger(path).effects() == []
    assert Ledger(path).doubles() == []


def test_effects_and_requests_come_back_in_order_and_can_be_narrowed(path: Path) -> None:
    writer = LedgerWriter(path)
    asked = Request(time=1.0, method="POST", name="x", label="web", fault="fail")
    writer.request(asked)
    lines = [effect(CREATED, "1"), effect(CREATED, "2", "db", token="t"), effect(DELETED, "1")]
    for line in lines:
        writer.effect(line)
    writer.close()
    ledger = Ledger(path)
    assert ledger.effects() == lines
    assert ledger.effects("web") == [lines[0], lines[2]]
    assert ledger.effects(what=CREATED) == lines[:2]
    assert ledger.requests() == [asked]
    assert ledger.requests("db") == []
    assert ledger.requests(method="GET") == []


def test_living_objects_are_those_nobody_deleted(path: Path) -> None:
    writer = LedgerWriter(path)
    for line in (effect(CREATED, "1"), effect(CREATED, "2", "db"), effect(DELETED, "1")):
        writer.effect(line)
    writer.close()
    assert [one.id for one in Ledger(path).living()] == ["2"]


def test_what_happened_twice_to_one_resource_is_a_double_whatever_the_object_is_called(path: Path) -> None:
    writer = LedgerWriter(path)
    for line in (effect(CREATED, "1"), effect(CREATED, "2"), effect(CREATED, "3", "db"), effect(DELETED, "3", "db")):
        writer.effect(line)
    writer.close()
    assert Ledger(path).doubles() == ["created s/web"]


def test_a_torn_last_line_is_not_read_and_the_next_writer_takes_it_away(path: Path) -> None:
    writer = LedgerWriter(path)
    writer.effect(effect(CREATED, "1"))
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"kind":"effect","what":"crea')
    assert [one.id for one in Ledger(path).effects()] == ["1"]
    writer = LedgerWriter(path)
    writer.effect(effect(CREATED, "2"))
    writer.close()
    assert [one.id for one in Ledger(path).effects()] == ["1", "2"]
