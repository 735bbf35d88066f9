"""The README's commands do what it says, as they stand there, one after the other."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.acceptance.command_line import BIN, CommandLine

ROOT = Path(__file__).resolve().parents[2]
RUN = re.compile(r"(firebrick (stack|operation|resource)|temporal workflow|python) ")


def commands() -> list[str]:
    """The indented lines of the README that speak to a running server, in its order."""
    lines = (ROOT / "README.md").read_text().splitlines()
    return [line.strip() for line in lines if line.startswith("    ") and RUN.match(line.strip())]


def test_the_commands_of_the_readme_work_in_their_order(firebrick: CommandLine) -> None:
    environment = {
        **firebrick.environment,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "TEMPORAL_ADDRESS": firebrick.told["temporal_address"],
    }
    told = {}
    for command in commands():
        done = subprocess.run(
            shlex.split(command),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        told[command] = done.stdout
    assert len(told) >= 10
    (outputs,) = (said for command, said in told.items() if command.endswith("output show shop --all"))
    assert "http://store.store-network/" in outputs
    (by_python,) = (said for command, said in told.items() if command.startswith("python"))
    assert by_python.splitlines() == ["by-python DONE 2 resources", "by-python DONE"]
    assert firebrick.rows("stack", "list", "--property", "name=shop", "--property", "name=by-temporal") == []


def test_the_readmes_python_does_what_it_says(firebrick: CommandLine) -> None:
    blocks = re.findall(r"(?:^    .*\n)+", (ROOT / "README.md").read_text(), re.MULTILINE)
    (block,) = (block for block in blocks if "from starter.client import" in block)
    program = "".join(line[4:] for line in block.splitlines(keepends=True))
    done = subprocess.run(
        [BIN / "python", "-c", program],
        cwd=ROOT,
        env=firebrick.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    status, address = done.stdout.split()
    assert status == "CREATE_COMPLETE" and address.startswith("http://")
    assert firebrick.rows("stack", "list", "--property", "name=shop-py") == []


def test_the_readme_names_targets_that_the_makefile_has() -> None:
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)\b", (ROOT / "README.md").read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "check"} <= named and sorted(named - targets) == []
