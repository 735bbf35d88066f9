"""``make demo``: a server of its own, a stack from a template, what became of it, and nothing left behind.

``python -m tools.demo [-t TEMPLATE] [-e ENVIRONMENT]... [--port N] [--timeout MINUTES] [--keep] [--postgres]``

What it does is what a person would type: ``firebrick server`` in a temporary state folder on free ports, then
``firebrick stack create --wait`` and the rest, each command shown before it runs. It patches nothing of the product.
With --postgres it starts a PostgreSQL as well, and lets templates make roles and databases there and files in the state
folder: the settings FIREBRICK_POSTGRES_URL and FIREBRICK_FILE_ROOT.

Exit code: that of ``stack create --wait``, 0 only when the stack became CREATE_COMPLETE; 1 as well when the server did
not start, the delete failed or something was left; 128 + the signal's number when interrupted (130 for ctrl-C). On
every way out, a second ctrl-C included, the server, its children and the state folder are gone.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import psutil

from firebrick.testing.postgres import PostgresServer

FIREBRICK = Path(sys.executable).parent / "firebrick"
TEMPLATE = Path(__file__).resolve().parent.parent / "examples" / "demo.yaml"
STACK = "demo"
# Settings that lead to a cluster, a database or a server of somebody's: a demo has its own of each.
OTHERS = ("TEMPORAL_", *(f"FIREBRICK_{name}" for name in ("URL", "ADDRESS", "NAMESPACE", "PROFILE", "DATABASE")))
SERVER_READY_WITHIN = 90.0  # seconds; it takes about three
SERVER_STOPS_WITHIN = 30.0  # seconds; it takes about two
COMMAND_STOPS_WITHIN = 5.0  # seconds that a command may take to end after ctrl-C
PULSE = 0.05  # seconds between two looks at a child: nothing is raised inside a signal handler, so no child is lost


class Interrupted(Exception):
    """A signal asked the demo to stop."""


class Failed(Exception):
    """The demo cannot go on; the text says why."""


class Signals:
    """What arrived: the first signal asks to stop in order, each further one to stop at once."""

    def __init__(self) -> None:
        self.first = 0
        self.count = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.first = self.first or number
        self.count += 1


class Demo:
    """One run. state: the temporary folder that holds everything the server writes."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.signals = Signals()
        self.state = Path(tempfile.mkdtemp(prefix="firebrick-demo-")).resolve()
        self.server: subprocess.Popen[bytes] | None = None
        self.command: subprocess.Popen[bytes] | None = None
        self.postgres: PostgresServer | None = None
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
        self.environment = {**inherited, "FIREBRICK_STATE": str(self.state), "FIREBRICK_PROJECT": "demo"}

    # --- the story --------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """All of it; the exit code. Whatever happens, nothing stays."""
        code = 1
        try:
            if self.options.postgres:
                self.start_postgres()
            ui = self.start_server()
            code = self.show_stack(ui)
        except Interrupted:
            code = 128 + self.signals.first
            say(f"interrupted by {signal.Signals(self.signals.first).name}: stopping everything")
        except Failed as why:
            say(f"the demo failed: {why}")
        finally:
            left = self.clean_up()
        if left:
            say(f"these processes had to be killed: {', '.join(left)}")
            code = code or 1
        else:
            say("the server has stopped; its state folder is removed")
        return code

    def show_stack(self, ui: str) -> int:
        """Create, look, delete; the exit code of the create, or of what failed after it."""
        create = ["stack", "create", STACK, "-t", shorter(self.options.template), "--wait"]
        create += [part for file in self.options.environment for part in ("-e", shorter(file))]
        if self.options.timeout:
            create += ["--timeout", str(self.options.timeout)]
        create += ["-c", "id", "-c", "stack_status", "-c", "stack_status_reason"]
        started = time.monotonic()
        code = self.firebrick(*create)
        if code == 0:
            say(f"{STACK} is CREATE_COMPLETE after {time.monotonic() - started:.1f} s")
        if not self.stack_exists():
            return code or 1
        looks = [self.firebrick("stack", "resource", "list", STACK)]
        if code == 0:
            looks.append(self.firebrick("stack", "output", "show", STACK, "--all"))
        say(f"the Temporal UI shows every step: {ui}")
        if self.options.keep:
            say("the server stays up (--keep); ctrl-C here deletes the stack and stops it. To look around:")
            say(f"    export FIREBRICK_STATE={self.state} FIREBRICK_PROJECT=demo")
            self.wait_for_signal()
        looks.append(self.firebrick("stack", "delete", STACK, "--yes", "--wait"))
        return code or max(looks)

    def stack_exists(self) -> bool:
        """A refused create leaves no stack to show or delete."""
        line = [str(FIREBRICK), "stack", "show", STACK, "-f", "json"]
        return self.finish(self.spawn(line, quiet=True)) == 0

    def wait_for_signal(self) -> None:
        """Until somebody ends the look around; that signal is an ordinary end."""
        assert self.server is not None
        while not self.signals.count and self.server.poll() is None:
            time.sleep(PULSE)
        self.signals.first = self.signals.count = 0

    # --- processes --------------------------------------------------------------------------------------------------

    def start_postgres(self) -> None:
        """A PostgreSQL and a folder for files; the server about to start hears of them by its environment."""
        try:
            self.postgres = PostgresServer()
            self.postgres.start()
        except RuntimeError as why:
            raise Failed(str(why)) from None
        files = self.state / "files"
        files.mkdir()
        self.environment |= {"FIREBRICK_POSTGRES_URL": self.postgres.url(), "FIREBRICK_FILE_ROOT": str(files)}
        say(f"a PostgreSQL answers at 127.0.0.1:{self.postgres.port}; files of templates go to {files}")

    def start_server(self) -> str:
        """The address of its Temporal UI, when it is ready."""
        port = str(self.options.port)
        line = [str(FIREBRICK), "server", "--state-dir", str(self.state)]
        line += ["--port", port, "--temporal-port", "0", "--ui-port", "0"]
        show(["firebrick", *line[1:]])
        log = self.state / "demo-server.log"
        with log.open("wb") as out:
            self.server = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment, start_new_session=True
            )
        deadline = time.monotonic() + SERVER_READY_WITHIN
        told = self.state / "server.json"
        while True:
            if self.signals.count:
                raise Interrupted
            if self.server.poll() is not None:
                raise Failed(f"the server ended at once:\n{log.read_text(errors='replace').strip()}")
            try:
                where = json.loads(told.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                if time.monotonic() > deadline:
                    text = log.read_text(errors="replace").strip()
                    raise Failed(f"the server was not ready within {SERVER_READY_WITHIN:g} s:\n{text}") from None
                time.sleep(PULSE)
                continue
            say(f"the API answers at {where['api_url']}, the Temporal UI at {where['ui_url']}")
            return str(where["ui_url"])

    def firebrick(self, *arguments: str) -> int:
        """Show a command and run it in the foreground; its exit code."""
        show(["firebrick", *arguments])
        return self.finish(self.spawn([str(FIREBRICK), *arguments]))

    def spawn(self, line: Sequence[str], *, quiet: bool = False) -> "subprocess.Popen[bytes]":
        if self.signals.count:
            raise Interrupted
        out = subprocess.DEVNULL if quiet else None
        self.command = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment)
        return self.command

    def finish(self, command: "subprocess.Popen[bytes]") -> int:
        while (code := command.poll()) is None:
            if self.signals.count:
                raise Interrupted
            time.sleep(PULSE)
        if self.signals.count:  # it saw the terminal's ctrl-C before we looked
            raise Interrupted
        return code

    def clean_up(self) -> list[str]:
        """Stop everything and remove everything; what did not stop by itself and was killed."""
        self.end(self.command, signal.SIGINT, COMMAND_STOPS_WITHIN)
        self.end(self.server, signal.SIGTERM, SERVER_STOPS_WITHIN)
        left = self.ours()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=10)
        if self.postgres is not None:
            self.postgres.close()
        shutil.rmtree(self.state)
        return [f"{process.pid} ({process.info['name']})" for process in left]

    def end(self, process: "subprocess.Popen[bytes] | None", how: signal.Signals, within: float) -> None:
        """Ask, wait, kill. A further signal to the demo shortens the wait."""
        if process is None or process.poll() is not None:
            return
        before = self.signals.count
        deadline = time.monotonic() + within
        process.send_signal(how)
        while process.poll() is None:
            if time.monotonic() > deadline or self.signals.count > before:
                process.kill()
                process.wait()
            time.sleep(PULSE)

    def ours(self) -> list[psutil.Process]:
        """Living processes whose command line names the state folder: the server and what it started."""
        return [
            process
            for process in psutil.process_iter(["name", "cmdline"])
            if any(str(self.state) in part for part in process.info["cmdline"] or ())
        ]


def shorter(file: Path) -> str:
    """As a person would type it: relative to the folder they are in, where that is shorter."""
    return min(str(file), os.path.relpath(file), key=len)


def show(line: Sequence[str]) -> None:
    print(f"\n$ {' '.join(line)}", flush=True)


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="A stack from a template, from start to end.")
    parser.add_argument("-t", "--template", type=Path, default=TEMPLATE, help="make demo T=...")
    parser.add_argument("-e", "--environment", type=Path, action="append", default=[], help="make demo E=...")
    parser.add_argument("--port", type=int, default=0, help="of the HTTP API; 0 takes a free one")
    parser.add_argument("--timeout", type=int, help="minutes the create may take")
    parser.add_argument("--keep", action="store_true", help="leave the server up until ctrl-C")
    parser.add_argument("--postgres", action="store_true", help="start a PostgreSQL too: make demo POSTGRES=1")
    chosen = parser.parse_args(arguments)
    for file in (chosen.template, *chosen.environment):
        if not file.is_file():
            parser.error(f"there is no file {file}")
    return chosen


if __name__ == "__main__":
    sys.exit(Demo(options(sys.argv[1:])).run())
