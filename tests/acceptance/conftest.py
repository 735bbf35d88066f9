"""One server for all acceptance tests that need one: they use different stack names."""

from collections.abc import Iterator

import pytest

from tests.acceptance.command_line import CommandLine, running_server


@pytest.fixture(scope="session")
def firebrick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    with running_server(tmp_path_factory.mktemp("state")) as command_line:
        yield command_line
