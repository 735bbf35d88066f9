"""The command starts fast because it leaves the heavy things alone."""

import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "fastapi", "starlette", "uvicorn", "temporalio", "pydantic", "rich", "yaml", "structlog")


def modules_after(*arguments: str) -> set[str]:
    """Top-level modules that are loaded when this command line has ended (in a process of its own)."""
    program = (
        "import sys\n"
        "from starter.cli.app import run\n"
        f"run({list(arguments)!r})\n"
        "print('\\n'.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("stack", "create", "--help"),
        ("--url", "http://127.0.0.1:1", "stack", "show", "web"),
        ("server", "--help"),
    ],
)
def test_a_command_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert sorted(modules_after(*arguments) & set(HEAVY)) == []


def test_no_import_of_a_heavy_module_hides_behind_another_name() -> None:
    """The check above would pass on nothing: what it looks at has the modules that are really there."""
    loaded = modules_after("--url", "http://127.0.0.1:1", "stack", "list")
    assert {"click", "http", "starter", "firebrick"} <= loaded
