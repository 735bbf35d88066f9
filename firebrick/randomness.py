"""Random bytes and ids for hot paths, from the system's generator.

Asking the system for a few bytes lets go of the interpreter's lock, and where other threads are at work a thread then
waits up to a switch interval to go on: a transaction with thirty values to seal waited thirty times. So each thread
fetches many at once and hands them out, each byte once.
"""

import os
import threading

_FETCHED = 4_096  # bytes at once
_VARIANT = "89ab" * 4  # of a UUID's digit with the two bits that are fixed, by the digit that was drawn


class _Fetched(threading.local):
    """What a thread has fetched and not handed out."""

    def __init__(self) -> None:
        self.bytes = b""
        self.used = 0


_fetched = _Fetched()


def _forget() -> None:
    """A child process must not hand out what its parent does."""
    _fetched.bytes, _fetched.used = b"", 0


os.register_at_fork(after_in_child=_forget)


def random_bytes(count: int) -> bytes:
    """Fit for keys' nonces and for secrets; nobody gets the same ones."""
    begin = _fetched.used
    end = begin + count
    if end > len(_fetched.bytes):
        _fetched.bytes = os.urandom(max(count, _FETCHED))
        begin, end = 0, count
    _fetched.used = end
    return _fetched.bytes[begin:end]


def random_uuid() -> str:
    """A UUID of version 4, written with dashes."""
    text = random_bytes(16).hex()
    variant = _VARIANT[int(text[16], 16)]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
