"""Starts many ``python -m worker`` without paying for the libraries' imports each time, which is most of a start.

python = WarmPython()                           # one for the test run; it costs what two starts cost
process = python.start(["worker", "--address", ...], {"FIREBRICK_FAILPOINT": "..."}, code=ROOT, log=file)
process.poll(), .kill(), .terminate(), .wait()  # as of subprocess.Popen; after a signal the code is minus its number

A process imports the libraries (never our own code) and forks; each child then runs the module as ``python -m`` does,
from the folder `code`, in a session of its own, with its environment and its log. So our own code is read from disk
and imported in each worker as always. Children take turns between two such processes, since children of one share the
seed of its hashes, and a worker that replays what another began should iterate its sets in another order. When the
test run dies, even by kill -9, they and their children end.

As a program (``python warm_python.py``) it is that process: orders come as lines of JSON on standard input, each is
answered with the child's pid; when a child has ended its exit code is written to the file that the order names.
"""

import contextlib
import gc
import importlib
import itertools
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LIBRARIES = (  # what takes long to import of what a worker needs
    "aiosqlite",
    "alembic.command",
    "cryptography.hazmat.primitives.ciphers.aead",
    "http.client",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.asyncio",
    "structlog",
    "temporalio.client",
    "temporalio.contrib.pydantic",
    "temporalio.worker",
    "yaml",
)
PULSE = 0.02  # seconds between two looks for an exit code


class WarmProcess:
    """A process that a WarmPython started."""

    def __init__(self, pid: int, ended: Path) -> None:
        self.pid = pid
        self._ended = ended

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return int(self._ended.read_text()) if self._ended.exists() else None

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(PULSE)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # its exit code is being written
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class WarmPython:
    """The processes that fork. Not for several threads at once."""

    def __init__(self) -> None:
        # With the hash seed of this process they would be equal, were it set.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
        self._parents = [
            subprocess.Popen([sys.executable, __file__], start_new_session=True, **pipes) for _ in range(2)
        ]
        self._turns = itertools.cycle(self._parents)

    def start(self, module: Sequence[str], environment: Mapping[str, str], *, code: Path, log: Path) -> WarmProcess:
        """Run a module with its arguments. Its exit code will stand beside its log; what it says goes there."""
        ended = log.with_suffix(".exit")
        order = {
            "module": list(module),
            "environment": dict(environment),
            "code": str(code),
            "log": str(log),
            "ended": str(ended),
        }
        parent = next(self._turns)
        assert parent.stdin is not None and parent.stdout is not None
        parent.stdin.write(json.dumps(order) + "\n")
        parent.stdin.flush()
        return WarmProcess(int(parent.stdout.readline()), ended)

    def close(self) -> None:
        """End both, and whatever of their children still runs."""
        for parent in self._parents:
            assert parent.stdin is not None and parent.stdout is not None
            parent.stdin.close()
            parent.wait()
            parent.stdout.close()


# --- the process itself -----------------------------------------------------------------------------------------------


def take_orders() -> dict[str, Any] | None:
    """Fork a child for each order. In a child: its order. In the parent: None, when there are no more orders."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    children: dict[int, Path] = {}
    rest = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(children)
        if 0 not in ready:
            continue
        if not (data := os.read(0, 65536)):
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            order: dict[str, Any] = json.loads(line)
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(woken)
                os.close(wake)
                return order
            children[pid] = Path(order["ended"])
            os.write(1, f"{pid}\n".encode())
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    return None


def _reap(children: dict[int, Path]) -> None:
    """Write down the exit codes of the children that have ended."""
    for pid in list(children):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            ended = children.pop(pid)
            written = ended.with_suffix(".new")
            with contextlib.suppress(FileNotFoundError):  # the test has ended, and its folder is gone
                written.write_text(str(os.waitstatus_to_exitcode(status)))
                written.replace(ended)


def become(order: Mapping[str, Any]) -> None:
    """Run the order's module here, as `python -m` would."""
    os.setsid()
    os.chdir(order["code"])
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.close(log)
    os.close(nothing)
    sys.path[0] = order["code"]
    importlib.invalidate_caches()
    module, *arguments = order["module"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    sys.path.insert(0, os.getcwd())
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # a child's collections need not look at all this, which would copy it, too
    if (mine := take_orders()) is not None:
        become(mine)
