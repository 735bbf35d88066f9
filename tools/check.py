"""``make check``: formatting, lint, types, layers and the rules for replayed code; what fails is shown, all are run."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TYPED = ("firebrick", "workflows", "activities", "starter", "worker.py", "tools", "examples", "tests", "bench")


def gates() -> list[tuple[str, list[str]]]:
    """(what it checks, the command), in the order of what they cost."""
    typed = [name for name in TYPED if (ROOT / name).is_file() or next((ROOT / name).rglob("*.py"), None)]
    return [
        ("formatting", [str(BIN / "ruff"), "format", "--check", "--no-cache", "."]),
        ("lint", [str(BIN / "ruff"), "check", "--no-cache", "."]),
        ("replayed code", [sys.executable, "-m", "tools.workflow_rules"]),
        ("layers", [str(BIN / "lint-imports"), "--no-cache"]),
        ("types", [str(BIN / "mypy"), *typed]),
    ]


def main() -> int:
    failed = 0
    for name, command in gates():
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        verdict = "FAILED" if done.returncode else "ok"
        print(f"{name:<16}{time.monotonic() - started:>6.1f} s  {verdict}", flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
