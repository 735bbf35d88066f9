"""Ports of this machine: a listening socket, or an error that names the option with which another port is chosen."""

import errno
import socket

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.ports import LOOPBACK

LOOPBACKS = (LOOPBACK, "localhost", "::1")


def listen(host: str, port: int, *, option: str) -> socket.socket:
    """A listening socket; InvalidInput naming port and option when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        detail = f"Choose another with {option} PORT ({option} 0 takes a free one), or stop what uses it."
        if getattr(error, "errno", None) not in (errno.EADDRINUSE, errno.EACCES):
            detail = "Give an address of this machine with --host."
        raise InvalidInput(
            Diagnostic(
                code="port-not-available",
                summary=f"port {port} on {host} cannot be used: {getattr(error, 'strerror', None) or error}",
                detail=detail,
            )
        ) from None
    listener.setblocking(False)
    return listener


def check_free(port: int, *, option: str) -> None:
    listen(LOOPBACK, port, option=option).close()
