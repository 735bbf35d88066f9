"""A process that dies at a chosen line of somebody's code, in one process: what tests of resource types need.

with Crashes([module]).next():       # dies at the first line of these modules at which it has not died yet
    handler(context)                 # Crash comes out of it; when every line had its turn, nothing does

Unlike with a killed process, ``finally`` and ``with`` blocks still run; what must be tidied up after a real death
must not be left to them alone. Only the thread that asks is watched. A debugger's or coverage tool's own trace function
is put back afterwards.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from types import FrameType, ModuleType
from typing import Any


class Crash(BaseException):
    """The process dies here. No ``except Exception`` catches it."""


class Crashes:
    """The places of some modules, each of which is to be died at once. last: where it was, ``FILE:LINE``.

    every: 3 leaves out two of three places, in the order in which they are come to.
    """

    def __init__(self, modules: Sequence[ModuleType], *, every: int = 1) -> None:
        self._files = {module.__file__ for module in modules}
        self._every = every
        self._seen: set[tuple[str, int]] = set()
        self._armed = False
        self.last = ""

    @property
    def places(self) -> int:
        """How many it has come to."""
        return len(self._seen)

    @contextlib.contextmanager
    def next(self) -> Iterator[None]:
        before = sys.gettrace()
        self._armed = True
        sys.settrace(self._enter)
        try:
            yield
        finally:
            self._armed = False
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if self._armed and frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        place = (frame.f_code.co_filename, frame.f_lineno)
        if self._armed and event == "line" and place not in self._seen:
            self._seen.add(place)
            if len(self._seen) % self._every:
                return self._line
            self._armed = False
            self.last = f"{place[0]}:{place[1]}"
            raise Crash(self.last)
        return self._line
