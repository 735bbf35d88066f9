"""A process the server keeps alive: started in its own session, logged to a file, started again when it dies.

Promises: it gets no signal of the terminal; it dies with this process, even when that is killed (Linux only:
PR_SET_PDEATHSIG); stop() leaves nothing running.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from firebrick.diagnostics import Diagnostic, Unavailable
from starter.state_folder import owners_only

DIES_WITH_PARENT = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if DIES_WITH_PARENT else None

FIRST_DELAY = 0.2  # seconds before the first restart; doubles
LONGEST_DELAY = 10.0
STABLE_AFTER = 30.0  # seconds a child must have lived for its next restart to be a first one again
MOST_LOG = 10_000_000  # bytes after which a log is moved aside at the next start


def _die_with(parent: int) -> None:
    """Runs in the child between fork and exec."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)


class Child:
    """name: for people. command: what to run. stop_signal: asks it to end; after `grace` seconds it is killed. umask:
    -1 leaves this process's."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        stop_signal: signal.Signals,
        grace: float,
        say: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
        umask: int = -1,
        on_restart: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = tuple(command)
        self._stop_signal = stop_signal
        self._grace = grace
        self._say = say
        self._environment = {**os.environ, **(environment or {})}
        self._on_restart = on_restart
        self._umask = umask
        self._process: asyncio.subprocess.Process | None = None
        self._started = 0.0
        self._log_start = 0
        self._stopping = asyncio.Event()
        self._spawning = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        async with self._spawning:
            if not self._stopping.is_set():
                await self._spawn()

    async def _spawn(self) -> None:
        if self.log.exists() and self.log.stat().st_size > MOST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        parent = os.getpid()
        with open(self.log, "ab", opener=owners_only) as log:
            self._log_start = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
                umask=self._umask,
                preexec_fn=lambda: _die_with(parent),
            )
        self._started = time.monotonic()

    async def ready(self, probe: Callable[[], Awaitable[bool]], *, within: float) -> None:
        """Wait until the probe says yes; Unavailable, with the end of its log, when it ends or takes too long."""
        assert self._process is not None
        deadline = time.monotonic() + within
        while not await probe():
            if self._process.returncode is not None:
                raise self._failure(f"{self.name} ended at once (exit code {self._process.returncode})")
            if time.monotonic() > deadline:
                raise self._failure(f"{self.name} was not ready within {within:g} seconds")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), timeout=0.05)

    async def keep(self) -> None:
        """Start it again whenever it ends, until stop(); each further time in a row a little later."""
        delay = FIRST_DELAY
        while True:
            assert self._process is not None
            code = await self._process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - self._started > STABLE_AFTER:
                delay = FIRST_DELAY
            self._say(f"{self.name} ended ({_how(code)}); starting it again in {delay:g} s (log: {self.log})")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), timeout=delay)
            delay = min(LONGEST_DELAY, delay * 2)
            await self.start()
            if self._on_restart is not None and not self._stopping.is_set():
                await self._on_restart()

    async def stop(self) -> None:
        """Ask it to end, wait, kill it if it must be; nothing is left running."""
        self._stopping.set()
        async with self._spawning:  # a restart that is under way is let through, then ended
            await self._end()

    async def _end(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self._stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), timeout=self._grace)
        except TimeoutError:
            self._say(f"{self.name} did not end within {self._grace:g} s; killing it (log: {self.log})")
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def last_lines(self, count: int = 8) -> list[str]:
        """The end of what it said since it was started."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 8_000))
            return log.read().decode("utf-8", "replace").splitlines()[-count:]

    def _failure(self, summary: str) -> Unavailable:
        lines = (
            "\n".join(f"  | {line}" for line in self.last_lines())
            or "  | (it said nothing: is there room on its disk?)"
        )
        return Unavailable(
            Diagnostic(code="child-process-failed", summary=summary, detail=f"The end of its log, {self.log}:\n{lines}")
        )


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
