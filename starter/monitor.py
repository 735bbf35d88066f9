"""What a process shows to those who watch it: /metrics, /live and /ready, on an address of their own.

--metrics-address HOST:PORT   off unless given; ":PORT" is loopback. Nobody is asked for a password: give it an address
that only the monitoring reaches.

/metrics joins Firebrick's metrics and Temporal's. The SDK serves its own over HTTP only, so they are fetched from a
port on loopback which it gets for that.
"""

import asyncio
import contextlib
import http.client
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from firebrick import metrics
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.ports import free_ports
from starter.health import Health
from starter.http_front import serving
from starter.listening import listen

log = structlog.get_logger("firebrick.monitor")

OPTION = "--metrics-address"
FETCH_WITHIN = 5.0  # seconds
TRIES = 5


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


class Monitor:
    """Make it before the first Temporal client: it gives the SDK a runtime that counts."""

    def __init__(self, address: MonitorAddress) -> None:
        self._listener = listen(address.host, address.port, option=OPTION)
        host, port = self._listener.getsockname()[:2]
        self.address = MonitorAddress(host, port)
        self._temporal_port = _count_in_temporal()

    @contextlib.asynccontextmanager
    async def serving(self, health: Health) -> AsyncIterator[None]:
        """Answer while the context lasts."""

        async def show_metrics(_: Request) -> Response:
            theirs = await asyncio.to_thread(self._temporal_metrics)
            return Response(generate_latest(REGISTRY) + theirs, media_type=CONTENT_TYPE_LATEST)

        routes = [Route("/metrics", show_metrics), *health_routes(health)]
        async with serving(Starlette(routes=routes), self._listener, grace=1):
            yield

    def close(self) -> None:
        self._listener.close()

    def _temporal_metrics(self) -> bytes:
        """What the SDK has counted; nothing, and a line in the log, where it does not answer."""
        wire = http.client.HTTPConnection("127.0.0.1", self._temporal_port, timeout=FETCH_WITHIN)
        try:
            wire.request("GET", "/metrics")
            return wire.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            log.warning("Temporal's metrics are missing", error=type(error).__name__)
            return b""
        finally:
            wire.close()


def health_routes(health: Health) -> list[Route]:
    """/live: 200 "ok". /ready: 200 or 503 with {"ready": bool, "checks": {name: "ok" or why not}}."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        found = await health.look()
        good = not any(found.values())
        body = {"ready": good, "checks": {name: why or "ok" for name, why in found.items()}}
        return JSONResponse(body, status_code=200 if good else 503)

    return [Route("/live", live), Route("/ready", ready)]


def _count_in_temporal() -> int:
    """Have the SDK count; the loopback port where it tells."""
    for left in reversed(range(TRIES)):
        port = free_ports(1)[0]
        config = PrometheusConfig(
            bind_address=f"127.0.0.1:{port}", counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
        )
        try:
            Runtime.set_default(Runtime(telemetry=TelemetryConfig(metrics=config)))
        except RuntimeError:  # somebody took the port in between
            if not left:
                raise
        else:
            return port
    raise AssertionError("unreachable")


def tell_build(build: str) -> None:
    """Show which code this is. build: a worker's; "" for the API."""
    metrics.BUILD.labels(version("firebrick"), build).set(1)
