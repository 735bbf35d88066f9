"""OpenTelemetry traces: one from the HTTP request through the workflow to its activities. Off unless asked for.

The standard variables say whether and where to: OTEL_TRACES_EXPORTER (otlp, console, or a name that another package
registers; none), OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL
(http/protobuf), and all that the SDK itself reads: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER,
OTEL_BSP_*. OTEL_SDK_DISABLED=true goes before all.

When off, no interceptor is there and nothing of OpenTelemetry's SDK is imported. When on, a workflow gets its trace in
a header, which changes no command of it. Spans hold names of types and ids, never a value; an exception's text is left
out but for refusals, which were written for people.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from firebrick.diagnostics import Diagnostic, InvalidInput

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from temporalio.contrib.opentelemetry import TracingInterceptor

    from starter.rest.asgi import ASGIApp

EXPORTER = "OTEL_TRACES_EXPORTER"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
REGISTERED = "opentelemetry_traces_exporter"  # the entry points of exporters, as OpenTelemetry names them


@dataclass(frozen=True, slots=True)
class Tracing:
    """What is there when traces are on. provider: closed at the end, which sends what is left."""

    provider: "TracerProvider"

    @property
    def interceptors(self) -> list["TracingInterceptor"]:
        """For Temporal's client, from which its workers take them, too."""
        from temporalio.contrib.opentelemetry import TracingInterceptor

        return [TracingInterceptor(self.provider.get_tracer("firebrick"))]

    def around(self, app: "ASGIApp") -> "ASGIApp":
        """The application with a span for each request, under the caller's trace if it names one."""
        from starter.rest.traced import TracedRequests  # loads the HTTP application: not for workers

        return TracedRequests(app, self.provider)

    def close(self) -> None:
        self.provider.shutdown()


def start(service: str, environment: Mapping[str, str] = os.environ) -> Tracing | None:
    """Tracing for this process, if the environment asks for it. service: its name unless OTEL_SERVICE_NAME says
    another. InvalidInput when what is asked for is not installed."""
    exporter = environment.get(EXPORTER, "").strip() or ("otlp" if any(map(environment.get, ENDPOINTS)) else "none")
    if exporter == "none" or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    return of(_exporter(exporter, environment), service, environment)


def of(exporter: Any, service: str, environment: Mapping[str, str] = os.environ) -> Tracing:
    """Tracing into an exporter."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": service}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider)


def _exporter(name: str, environment: Mapping[str, str]) -> Any:
    if name == "otlp":
        protocol = next((said for key in PROTOCOLS if (said := environment.get(key))), "http/protobuf")
        name = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}.get(protocol, f"otlp ({protocol})")
    found = [one for one in entry_points(group=REGISTERED) if one.name == name]
    try:
        return found[0].load()()
    except (IndexError, ImportError):
        raise InvalidInput(
            Diagnostic(
                code="no-trace-exporter",
                summary=f"traces are asked for, and the exporter {name} is not installed",
                detail="pip install 'firebrick-stacks[tracing]' brings OTLP over HTTP and console; "
                "OTEL_TRACES_EXPORTER=none turns traces off.",
            )
        ) from None
