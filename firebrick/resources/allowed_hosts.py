"""Which hosts an operator lets templates name: whoever writes a template must not get at a worker's own network.

A worker stands inside the operator's network and reaches what the owners of stacks do not: metadata services,
databases, consoles on the loopback. So a type that connects to where a property says asks here first. Nothing is
allowed until a setting of the worker's environment names it: a comma list of ``host``, ``host:port``, ``*.domain`` and
``*``. Hosts are compared as they are written, without asking DNS: whoever allows a name trusts those who say where it
leads.
"""

import os
from collections.abc import Mapping

from firebrick.resources.errors import RefusedError


def demand_allowed(host: str, port: int, setting: str, environ: Mapping[str, str] = os.environ) -> None:
    """Do nothing when the setting allows the host. RefusedError says what the operator would have to write."""
    allowed = [entry.strip().lower() for entry in environ.get(setting, "").split(",") if entry.strip()]
    if not any(_matches(entry, host.lower(), port) for entry in allowed):
        said = f"it allows {', '.join(allowed)}" if allowed else "it is not set, so none is allowed"
        raise RefusedError(
            f"templates may not make this worker connect to {host}:{port}: the operator's setting {setting} does not "
            f"name it ({said}). To allow it, add {host} or {host}:{port} to the worker's environment."
        )


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and (not entry.startswith("[") or name.endswith("]")):
        if int(number) != port:
            return False
    else:
        name = entry
    name = name.removeprefix("[").removesuffix("]")
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
