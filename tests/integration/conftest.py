"""A server for each module of many installations."""

from collections.abc import Iterator

import pytest

from firebrick.testing.dev_server import DevServer


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A namespace holds 100 worker deployments by default, and each task queue is one: do not share it more widely."""
    with DevServer(tmp_path_factory.mktemp("temporal") / "temporal.db") as server:
        yield server
