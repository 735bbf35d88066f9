"""A command on a terminal of its own: what stands on the screen, and keys that a person presses."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.acceptance.command_line import FIREBRICK

ESCAPE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b[=>]")
WITHIN = 60.0  # seconds


class Terminal:
    """24 lines of 100 columns unless told otherwise. Used as a context: nothing it started outlives it.

    written: everything the command wrote, with its escape sequences.
    """

    def __init__(
        self, environment: Mapping[str, str], *arguments: str | Path, lines: int = 24, columns: int = 100
    ) -> None:
        self.written = ""
        self._code: int | None = None
        self._pid, self._tty = pty.fork()
        if self._pid == 0:
            os.execve(FIREBRICK, [str(FIREBRICK), *map(str, arguments)], dict(environment))
        fcntl.ioctl(self._tty, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._tty)

    def read_until(self, *words: str) -> None:
        """Until the screen shows all the words."""
        deadline = time.monotonic() + WITHIN
        while not all(word in self.text for word in words):
            assert time.monotonic() < deadline and self._read(), f"it did not show {words}:\n{self.text}"

    def watch_for(self, condition: Callable[[list[str]], bool], what: str) -> None:
        """Until the screen as it is fulfils a condition."""
        deadline = time.monotonic() + WITHIN
        while not condition(self.screen):
            assert time.monotonic() < deadline and self._read(), f"{what}: it did not show it:\n{self.text}"

    def press(self, keys: str) -> None:
        os.write(self._tty, keys.encode())

    def end(self) -> int:
        """Wait for its end; the exit code."""
        deadline = time.monotonic() + WITHIN
        while self._read():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        _, status = os.waitpid(self._pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def _read(self) -> bool:
        """A little more of the output; False when there is no more."""
        if not select.select([self._tty], [], [], 1.0)[0]:
            return True
        try:
            data = os.read(self._tty, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.written += data.decode("utf-8", "replace")
        return bool(data)

    @property
    def text(self) -> str:
        """All that was ever shown, without escape sequences."""
        return ESCAPE.sub("", self.written).replace("\r\n", "\n")

    @property
    def screen(self) -> list[str]:
        """The lines that stand there now: those that were erased are gone."""
        return screen(self.written)


def screen(written: str) -> list[str]:
    """What a terminal of unbounded height shows after this text: line feeds, returns, cursor up, lines erased."""
    lines, row, column, at = [""], 0, 0, 0
    for match in re.finditer(r"\x1b\[[?0-9;]*[A-Za-z]|\x1b[=>]|[\r\n]|[^\x1b\r\n]+", written):
        part = match[0]
        if part == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        elif part == "\r":
            column = 0
        elif found := ESCAPE.fullmatch(part):
            at = int(found[1]) if (found[1] or "").isdigit() else 1
            if found[2] == "A":
                row = max(0, row - at)
            elif found[2] == "K":
                lines[row] = "" if found[1] == "2" else lines[row][:column]
        else:
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + len(part) :]
            column += len(part)
    return [line.rstrip() for line in lines]
