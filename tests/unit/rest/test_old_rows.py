"""Rows that a version has stored which checked less: they are shown as far as they can be, and hide no others."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, text

from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from firebrick.store.step_outcomes import RowOutcome
from starter.rest import create_app
from tests.unit.rest.world import AcceptingStarter, Made, World

TEMPLATE = {
    "heat_template_version": "2021-04-16",
    "resources": {"a": {"type": "OS::Heat::Value", "properties": {"value": "x"}}},
    "outputs": {"o": {"value": {"get_attr": ["a", "value"]}}},
}
BAD_TEXT = "half \ud800 and \0".encode("utf-8", "surrogatepass")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server = request.getfixturevalue("postgres_server")
    address: str = server.url(server.create_database())
    return address


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.from_file(tmp_path / "keyring")


@pytest.fixture
async def world(url: str, keyring: Keyring) -> AsyncIterator[World]:
    registry = Registry.default({})
    async with await Store.open(url, keyring) as store:
        starter = AcceptingStarter(store, registry)
        transport = httpx2.ASGITransport(app=create_app(store, starter, registry))
        async with httpx2.AsyncClient(transport=transport, base_url="http://heat.test:8004") as http:
            yield World(store, starter, http)


def spoil(url: str, table: str, column: str, sealed: bytes) -> None:
    """Write into a column what the store would not."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = :sealed"), {"sealed": sealed})
    engine.dispose()


async def complete(world: World, name: str) -> Made:
    made = await world.create(name, TEMPLATE)
    return await made.carry_out({"a": RowOutcome.done(physical_id="a-1", attributes={"value": "x"})})


@pytest.mark.parametrize(
    ("table", "column"),
    [("stacks", "status_reason"), ("resources", "status_reason"), ("events", "reason"), ("operations", "reason")],
)
async def test_a_reason_with_half_a_character_is_shown_and_hides_nothing(
    world: World, url: str, keyring: Keyring, table: str, column: str
) -> None:
    made = await complete(world, "one")
    spoil(url, table, column, keyring.seal(BAD_TEXT))
    await complete(world, "two")
    shown = json.dumps([await everything(world, made), await world.body("/stacks")])
    assert json.dumps("half \ufffd and \ufffd") in shown
    assert {one["stack_name"] for one in (await world.body("/stacks"))["stacks"]} == {"one", "two"}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (b'{"value": NaN}', None),
        (b'{"value": [Infinity, 1]}', [None, 1]),
        (b'{"value": "\\ud800"}', "\ufffd"),
        (b'{"value": {"\\udfff": 1}}', {"\ufffd": 1}),
        (b'{"value": ' + b"9" * 5000 + b"}", None),
    ],
    ids=["NaN", "infinity", "half", "key", "digits"],
)
async def test_attributes_that_json_has_no_form_for_are_shown_as_far_as_they_can_be(
    world: World, url: str, keyring: Keyring, stored: bytes, shown: Any
) -> None:
    made = await complete(world, "one")
    spoil(url, "resources", "attributes", keyring.seal(stored))
    told = await everything(world, made)
    assert told[0]["stack"]["outputs"][0]["output_value"] == shown


async def everything(world: World, made: Made) -> list[Any]:
    inside = ("", "/resources/a", "/resources", "/events", "/operations", "/outputs", "/outputs/o")
    return [await world.body(made.path + one) for one in inside]
