"""Temporal's SDK in this process: what its core says and counts. To be called before the first client is made."""

import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
)


def start(metrics: PrometheusConfig | None = None) -> None:
    """Have the core log where everything else does (starter.logs), in the same form, instead of writing coloured lines
    on standard output; and count, where that is asked for. RuntimeError: it cannot listen there."""
    to_python = LogForwardingConfig(logger=logging.getLogger("temporalio.core"), append_target_to_name=False)
    log = LoggingConfig(filter=LoggingConfig.default.filter, forwarding=to_python)
    runtime = Runtime(telemetry=TelemetryConfig(logging=log, metrics=metrics))
    # Tests run several in one process; clients stay with the runtime they were made with.
    Runtime.set_default(runtime, error_if_already_set=False)
