"""Matching a whole text against a pattern of a template, in bounded time.

Python's expressions backtrack: ``(a+)+b`` against forty letters takes for ever, and nothing can stop it. A pattern
and a text that might do that are matched in a process of their own, which is ended after one second of processor time:
what is refused does not depend on what else the machine has to do.
"""

import json
import re
import subprocess
import sys
import warnings

SECONDS = 1  # of processor time
ALL_SECONDS = 3.0
PATIENCE = 20.0  # seconds by the clock: for a machine that is busy with other things
_ALWAYS_QUICK = 12  # characters
_QUIET_STEPS = 1_000_000  # what a match may cost at worst before it goes to a process of its own
_REPEATS = re.compile(r"[*+{?]")
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")

_CHILD = """
import json, re, resource, sys, time, warnings
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
warnings.simplefilter("ignore")
pattern, text = json.load(sys.stdin)
found = re.match(pattern, text)
print(time.process_time(), flush=True)
sys.exit(0 if found is not None and found.end() == len(text) else 3)
"""


class TooSlow(Exception):
    """The pattern needs too long for this text."""


def check_pattern(pattern: str) -> str:
    """What is wrong with a pattern, or ""."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


class Patience:
    """The seconds of processor time that all patterns of one template may take together in processes of their own."""

    def __init__(self, seconds: float = ALL_SECONDS) -> None:
        self.left = seconds


def is_quick(pattern: str, text: str) -> bool:
    """Whether a search for the pattern in the text surely ends soon."""
    repeats = min(len(_REPEATS.findall(pattern)), 30)
    simple = not _REPEATED_GROUP.search(pattern) and (len(text) + 1) ** max(repeats, 1) <= _QUIET_STEPS
    return simple or len(text) <= _ALWAYS_QUICK


def matches_whole(pattern: str, text: str, patience: Patience) -> bool:
    """Whether the match from the start ends at the end, as Heat has it (``a|ab`` does not match ``ab``).

    The pattern has passed check_pattern. TooSlow when that cannot be found out in one second, or within what is left
    of the patience.
    """
    if is_quick(pattern, text):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = re.match(pattern, text)
        return found is not None and found.end() == len(text)
    if patience.left <= 0:
        raise TooSlow
    used = float(SECONDS)
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _CHILD, str(SECONDS)],
            input=json.dumps([pattern, text]).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        if child.returncode not in (0, 3):
            raise TooSlow
        used = float(child.stdout)
    except subprocess.TimeoutExpired:
        raise TooSlow from None
    finally:
        patience.left -= used
    return child.returncode == 0
