"""When traces are on, what is asked of them, and that nothing is loaded when they are off."""

import subprocess
import sys

import pytest

from firebrick.diagnostics import InvalidInput
from starter import tracing


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    ],
)
def test_traces_are_off_unless_asked_for(environment: dict[str, str]) -> None:
    assert tracing.start("test", environment) is None


def test_off_loads_nothing_of_the_sdk() -> None:
    program = (
        "import sys, worker, starter.server; from starter import tracing; assert tracing.start('x', {}) is None;"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "carrier-pigeon"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
    ],
)
def test_an_exporter_that_is_not_there_is_refused_with_what_to_install(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=r"is not installed.*\n?.*firebrick-stacks\[tracing\]"):
        tracing.start("test", environment)
