"""The watch over one command of a template: a process of its own between the worker and the command.

It sees to it that a command lives no longer than it may, whatever becomes of the worker: killed, stopped, or hung. It
takes in all that the command starts, also what leaves the process group or outlives its parent, and ends everything
when the command has ended, when the time is up, or when the worker is gone.

    python -I -S command_watch.py GIVEN COMMANDS RESULTS SECONDS

GIVEN: an open file: how many words the command has, the words, and its environment as NAME=VALUE, each ended by a NUL.
COMMANDS: a pipe's end to read. Each line is the seconds from now for which the command may go on; its end is the
worker's. RESULTS: a pipe's end to write, one line: ``exit CODE`` (negative: ended by that signal), ``time``, ``lease``,
``gone`` (the worker), or ``start ERRNO``. SECONDS: of all of it. Standard streams are the command's. The standard
library only, and little of it: it starts for each command.
"""

import ctypes
import os
import select
import signal
import sys
import time

SET_DEATH_SIGNAL, SET_SUBREAPER = 1, 36  # of prctl(2)
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
LOOK = 0.05  # seconds between two looks at a command, where the system does not tell of its end
ENDING = 5.0  # seconds for which what is killed is waited for: what hangs in the kernel does nothing any more


def now() -> float:
    return time.clock_gettime(CLOCK)


def prctl(option: int, value: int) -> None:
    try:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):  # not Linux: the process group is all there is
        pass


def read_given(number: int) -> tuple[list[bytes], dict[bytes, bytes]]:
    """(the command, its environment)."""
    with open(number, "rb") as file:
        count, *words = file.read().split(b"\0")[:-1]
    pairs = (word.partition(b"=") for word in words[int(count) :])
    return words[: int(count)], {name: value for name, _, value in pairs}


def start(program: list[bytes], env: dict[bytes, bytes]) -> tuple[int, int]:
    """(its pid; 0, or why it cannot be started). It dies with this process."""
    failed, fails = os.pipe()
    watch = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != watch:
                os._exit(127)
            for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(program[0], program, env)
        except OSError as error:
            os.write(fails, str(error.errno or 0).encode())
        os._exit(127)
    os.close(fails)
    said = os.read(failed, 16)  # nothing: the program has taken the process over
    os.close(failed)
    return pid, int(said) if said else 0


def descendants() -> list[int]:
    """All that has come from the command: children of this process, and theirs."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    layer = [os.getpid()]
    while layer:
        layer = [child for parent in layer for child in parents.get(parent, ())]
        found += layer
    return found


def end_all(pid: int) -> None:
    """Until nothing is left of it. What multiplies is stopped first, so that it comes to an end."""
    until = now() + ENDING
    while now() < until:
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for one in descendants():
                try:
                    os.kill(one, number)
                except OSError:
                    pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def watch(pid: int, commands: int, seconds: float) -> str:
    """What ended it."""
    until = now() + seconds
    held = until
    told = b""
    events = select.poll()
    events.register(commands, select.POLLIN)
    pause = 1.0
    try:
        events.register(os.pidfd_open(pid), select.POLLIN)
    except (OSError, AttributeError):
        pause = LOOK
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return f"exit {os.waitstatus_to_exitcode(status)}"
        left = min(until, held) - now()
        if left <= 0:
            return "time" if until <= held else "lease"
        ready = events.poll(1000 * min(pause, left) + 1)
        if any(number == commands for number, _ in ready):
            more = os.read(commands, 4096)
            if not more:
                return "gone"
            *lines, told = (told + more).split(b"\n")
            if lines:
                held = now() + float(lines[-1])


def main() -> None:
    given, commands, results, seconds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # what ends the worker ends it by its pipe
    program, env = read_given(given)
    os.set_inheritable(commands, False)
    os.set_inheritable(results, False)
    prctl(SET_SUBREAPER, 1)
    pid, wrong = start(program, env)
    how = f"start {wrong}" if wrong else watch(pid, commands, seconds)
    end_all(pid)
    try:
        os.write(results, how.encode() + b"\n")
    except OSError:
        pass  # nobody listens any more
    os._exit(0)


if __name__ == "__main__":
    main()
