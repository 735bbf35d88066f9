"""Running a command that a template gives, for Firebrick::Exec: off unless the operator turns it on.

A command is a list of a program and its arguments; no shell reads it. Of the worker's environment it gets PATH, HOME,
LANG and TZ alone, for the rest has the operator's secrets; what it needs more is given by the resource. It has no
terminal. A process of its own watches over it (command_watch.py): nothing is left of what it has started when it has
ended, when its time is up, when the worker has lost its right to act, or when the worker dies or is stopped. Of its
output the first MOST_OUTPUT bytes of each stream are kept.
"""

import math
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from firebrick.resources import command_watch
from firebrick.resources.errors import RefusedError, TransientError

ENABLED = "FIREBRICK_EXEC"
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
MOST_OUTPUT = 65_536  # bytes of each stream
MASK = "******"
TELLING = 3  # characters from which on a value is masked; shorter ones are in every text
TELL_EVERY = 1.0  # seconds between two words to the watch for how long the command may go on


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended. code: negative where a signal ended it."""

    code: int
    stdout: str
    stderr: str


def demand_enabled(environ: Mapping[str, str] = os.environ) -> None:
    if environ.get(ENABLED) != "enabled":
        raise RefusedError(
            f"this worker runs no commands of templates: the operator's setting {ENABLED} is not 'enabled'. With it, "
            "whoever may create stacks can run any program as the worker's user."
        )


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    stdin: str,
    timeout: float,
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> Ended:
    """Run it to its end. seconds_left: for how long it may go on, asked all the time. TransientError: its time was up,
    and nothing of it is left; RefusedError: it cannot be started. Neither holds an argument or a value of `env`."""
    demand_enabled()
    program = os.path.basename(command[0])
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    words = [str(len(command)), *command, *(f"{name}={value}" for name, value in {**inherited, **env}.items())]
    if any("\0" in word for word in words):
        raise RefusedError(f"the command {program} cannot be started: a NUL character in an argument or a variable")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        with tempfile.TemporaryFile() as what:
            what.write(b"".join(os.fsencode(word) + b"\0" for word in words))
            what.seek(0)
            given.write(stdin.encode())
            given.seek(0)
            try:
                how = _watched(what, given, out, err, inherited, timeout, seconds_left)
            except OSError as error:  # of this machine: no room for another process
                why = f"the command {program} cannot be started now: {error.strerror}"
                raise TransientError(why, not_sent=True) from None
        word, _, number = how.partition(" ")
        if word == "exit":
            return Ended(int(number), _start(out), _start(err))
    if word == "start":
        raise RefusedError(f"the command {program} cannot be started: {os.strerror(int(number))}")
    if word == "time":
        raise TransientError(f"the command {program} did not end within {timeout:g} s and was killed")
    raise TransientError(f"the command {program} was killed: the worker did not hold the resource any more")


def _watched(
    what: IO[bytes],
    stdin: IO[bytes],
    out: IO[bytes],
    err: IO[bytes],
    env: Mapping[str, str],
    timeout: float,
    seconds_left: Callable[[], float],
) -> str:
    """Have the watch run it. What it says of the end, "" when it was ended itself."""
    commands, tells = os.pipe()
    reads, results = os.pipe()
    try:
        watch = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                command_watch.__file__,
                *map(str, (what.fileno(), commands, results, timeout)),
            ],
            env=env,
            stdin=stdin,
            stdout=out,
            stderr=err,
            cwd="/",
            start_new_session=True,
            pass_fds=(what.fileno(), commands, results),
        )
    except BaseException:
        os.close(tells)
        os.close(reads)
        raise
    finally:
        os.close(commands)
        os.close(results)
    with watch, open(reads, "rb") as said, open(tells, "wb", buffering=0) as told:
        events = select.poll()
        events.register(said, select.POLLIN)
        while True:
            left = seconds_left()
            if left < math.inf:
                _tell(told, max(0.0, left))
            if events.poll(1000 * TELL_EVERY):
                return said.readline().decode().strip()


def _tell(told: IO[bytes], seconds: float) -> None:
    try:
        told.write(f"{seconds:.3f}\n".encode())
    except BrokenPipeError:
        pass  # it has ended just now


def masked(text: str, secrets: Sequence[str]) -> str:
    """The text without these values. The longest go first, since one may be part of another."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= TELLING:
            text = text.replace(secret, MASK)
    return text


def _start(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MOST_OUTPUT).decode(errors="replace")
