"""Running a command that a template gives, for Firebrick::Exec: off unless the operator turns it on.

A command is a list of a program and its arguments; no shell reads it. Of the worker's environment it gets PATH, HOME,
LANG and TZ alone, for the rest has the operator's secrets; what it needs more is given by the resource. It has no
terminal and a process group of its own, of which nothing is left when it has ended or its time is up. Of its output the
first MOST_OUTPUT bytes of each stream are kept.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from firebrick.resources.errors import PermanentError, TransientError

ENABLED = "FIREBRICK_EXEC"
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
MOST_OUTPUT = 65_536  # bytes of each stream
MASK = "******"
TELLING = 3  # characters from which on a value is masked; shorter ones are in every text


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended. code: negative where a signal ended it."""

    code: int
    stdout: str
    stderr: str


def demand_enabled(environ: Mapping[str, str] = os.environ) -> None:
    if environ.get(ENABLED) != "enabled":
        raise PermanentError(
            f"this worker runs no commands of templates: the operator's setting {ENABLED} is not 'enabled'. With it, "
            "whoever may create stacks can run any program as the worker's user."
        )


def run(command: Sequence[str], env: Mapping[str, str], *, stdin: str, timeout: float) -> Ended:
    """Run it to its end. TransientError after so many seconds; PermanentError: it cannot be started. Neither holds an
    argument or a value of `env`."""
    demand_enabled()
    program = os.path.basename(command[0])
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(
                list(command),
                env={**inherited, **env},
                stdin=given,
                stdout=out,
                stderr=err,
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "a NUL character in an argument or a variable"
            raise PermanentError(f"the command {program} cannot be started: {why}") from None
        with process:
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                raise TransientError(f"the command {program} did not end within {timeout:g} s and was killed") from None
            finally:
                _kill(process)
        return Ended(code, _start(out), _start(err))


def masked(text: str, secrets: Sequence[str]) -> str:
    """The text without these values. The longest go first, since one may be part of another."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= TELLING:
            text = text.replace(secret, MASK)
    return text


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """The process and what it has started and left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _start(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MOST_OUTPUT).decode(errors="replace")
