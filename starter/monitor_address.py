"""Where a process is to show its metrics, as the command line says it. Apart from what serves there, which is loaded
only where it is asked for."""

from dataclasses import dataclass

from firebrick.diagnostics import Diagnostic, InvalidInput

OPTION = "--metrics-address"


@dataclass(frozen=True, slots=True)
class MonitorAddress:
    """Where to serve. port: 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, given: str) -> "MonitorAddress":
        """HOST:PORT or :PORT. InvalidInput."""
        host, colon, port = given.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise InvalidInput(
                Diagnostic(code="bad-address", summary=f"{OPTION}: {given!r} is not like HOST:PORT, :9464 for instance")
            )
        return cls(host.strip("[]") or "127.0.0.1", int(port))

    def next(self) -> "MonitorAddress":
        """The address of a second process on the same machine."""
        return MonitorAddress(self.host, self.port + 1 if self.port else 0)

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
