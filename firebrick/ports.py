"""Ports of this machine that are free: for servers that are told their port before they start.

Called by `firebrick server` for its Temporal, and by the fakes of firebrick.testing.
"""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections (Linux from 32768, others from 49152): one of
# those may be gone again a moment after it was free.
FROM, TO = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """So many different loopback ports that nobody listens on now; each stays free unless somebody asks for it."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            taken = socket.socket()
            try:
                taken.bind((LOOPBACK, random.randrange(FROM, TO)))
            except OSError:
                taken.close()
            else:
                held.append(taken)
        return [taken.getsockname()[1] for taken in held]
    finally:
        for taken in held:
            taken.close()
