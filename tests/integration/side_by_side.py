"""Runs the cases of a test module at once, so that their waiting overlaps; the tests then say what became of each.

@pytest.fixture(scope="module")
def outcomes(request, dev_server, tmp_path_factory):
    return side_by_side(request, {"name": lambda: case(...), ...})

@pytest.mark.parametrize("name", CASES)
def test_something(outcomes, name):
    outcomes.check(name)

Killing costs time-outs (a lost heartbeat 5 s, a lost sticky queue 5 s), not work: eight cases fit on two cores.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping

import pytest

AT_ONCE = 8
CASE_LIMIT = 170.0  # seconds


class Outcomes:
    """What became of each case: nothing, or the exception it ended with."""

    def __init__(self, failures: Mapping[str, BaseException | None]) -> None:
        self._failures = failures

    def check(self, name: str) -> None:
        """Raise what the case raised."""
        failure = self._failures[name]
        if failure is not None:
            raise AssertionError("".join(traceback.format_exception(failure)))


def side_by_side(
    request: pytest.FixtureRequest, cases: Mapping[str, Callable[[], Awaitable[None]]], *, at_once: int = AT_ONCE
) -> Outcomes:
    """Run those cases whose names are parameters of tests that were selected."""
    selected: set[str] = set()
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.path == request.path and hasattr(item, "callspec"):
            selected.update(value for value in item.callspec.params.values() if isinstance(value, str))
    return asyncio.run(_run({name: case for name, case in cases.items() if name in selected}, at_once))


async def _run(cases: Mapping[str, Callable[[], Awaitable[None]]], at_once: int) -> Outcomes:
    places = asyncio.Semaphore(at_once)

    async def one(name: str, case: Callable[[], Awaitable[None]]) -> BaseException | None:
        async with places:
            began = time.monotonic()
            try:
                async with asyncio.timeout(CASE_LIMIT):
                    await case()
            except Exception as error:
                return error
            finally:
                print(f"{time.monotonic() - began:6.1f} s  {name}")  # shown with -s, or when a test fails
        return None

    failures = await asyncio.gather(*(one(name, case) for name, case in cases.items()))
    return Outcomes(dict(zip(cases, failures, strict=True)))
