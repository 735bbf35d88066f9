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

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from temporalio.runtime import PrometheusConfig

from firebrick import metrics
from firebrick.distribution import installed_version
from firebrick.ports import free_ports
from starter import sdk_runtime
from starter.health import Health
from starter.http_front import serving
from starter.listening import listen
from starter.monitor_address import OPTION, MonitorAddress

log = structlog.get_logger("firebrick.monitor")

FETCH_WITHIN = 5.0  # seconds
TRIES = 5


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

    @staticmethod
    def tell_build(build: str) -> None:
        """Show which code this is. build: a worker's; "" for the API."""
        metrics.BUILD.labels(installed_version(), build).set(1)

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
    """/live: 200 "ok". /ready: 200 or 503 with {"ready": bool, "checks": {name: "ok" or why not}}; some checks are told
    only (see Health)."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        found, told = await asyncio.gather(health.look(), health.told())
        good = not any(found.values())
        body = {"ready": good, "checks": {name: why or "ok" for name, why in (found | told).items()}}
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
            sdk_runtime.start(config)
        except RuntimeError:  # somebody took the port in between
            if not left:
                raise
        else:
            return port
    raise AssertionError("unreachable")
