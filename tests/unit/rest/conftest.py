"""A world of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from starter.rest import create_app
from tests.unit.rest.world import AcceptingStarter, World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    registry = Registry.default({})
    keyring = Keyring.from_file(tmp_path / "keyring")
    async with await Store.open(f"sqlite:///{tmp_path / 'store.db'}", keyring) as store:
        starter = AcceptingStarter(store, registry)
        transport = httpx2.ASGITransport(app=create_app(store, starter, registry))
        async with httpx2.AsyncClient(transport=transport, base_url="http://heat.test:8004") as http:
            yield World(store, starter, http)
