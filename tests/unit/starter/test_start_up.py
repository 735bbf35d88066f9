"""What a worker does not use, it does not load: each start of one pays for every module."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("worker", ("fastapi", "uvicorn", "starlette", "opentelemetry")),  # metrics and traces are off unless asked for
        ("starter.cluster", ("sqlalchemy", "firebrick.store", "prometheus_client")),  # a client of the cluster alone
    ],
)
def test_a_module_loads_only_what_it_uses(module: str, unused: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print([name for name in sys.modules if name.startswith({unused!r})])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
