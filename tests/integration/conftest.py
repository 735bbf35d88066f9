"""A server for each module of many installations; long runs (marker soak) only where a marker expression asks."""

from collections.abc import Iterator

import pytest

from firebrick.testing.dev_server import DevServer


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A namespace holds 100 worker deployments by default, and each task queue is one: do not share it more widely."""
    with DevServer(tmp_path_factory.mktemp("temporal") / "temporal.db") as server:
        yield server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
