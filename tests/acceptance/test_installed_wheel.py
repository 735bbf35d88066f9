"""A wheel of this checkout in an environment of its own: the command, a generated package, its types on a server.

What the wheel depends on is linked from the environment of the tests, so nothing is downloaded. It takes 10 s, half of
them for the server's start and end.
"""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from firebrick.distribution import NAME, installed_version
from tests.integration.server_process import server

ROOT = Path(__file__).parents[2]
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "FIREBRICK_"))}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    run(sys.executable, *PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, ".")
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment in which the wheel was installed, and a package that was generated there;
    pip has checked what they require."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    bin_ = folder / "venv" / "bin"
    _link_dependencies(folder)
    install = ("install", "--no-index", "--no-build-isolation")
    run(bin_ / "python", *PIP, *install, wheel)
    run(bin_ / "firebrick", "provider", "new", "acme", cwd=folder)
    run(bin_ / "python", *PIP, *install, ".[dev]", cwd=folder / "acme")
    run(bin_ / "python", *PIP, "check")
    return bin_


def _link_dependencies(folder: Path) -> None:
    """What the environment of the tests has, but for Firebrick, which is installed there as editable."""
    inside = Path("lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
    linked = folder / "dependencies"
    (linked / inside).mkdir(parents=True)
    (linked / "bin").symlink_to(Path(sys.prefix) / "bin")  # executables that came as wheels
    for entry in (Path(sys.prefix) / inside).iterdir():
        if "firebrick" not in entry.name.lower() and entry.suffix != ".pth":
            (linked / inside / entry.name).symlink_to(entry)
    (folder / "venv" / inside / "dependencies.pth").write_text(f"{linked / inside}\n")


def test_the_wheel_has_the_licence_and_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (told,) = [archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    assert f"Name: {NAME}\n" in told and f"Version: {installed_version()}\n" in told
    assert "License-Expression: Apache-2.0\n" in told and "License-File: LICENSE\n" in told
    assert "Project-URL" not in told and "Home-page" not in told
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"firebrick", "workflows", "activities", "starter", "worker.py"}


def test_the_command_of_the_wheel_runs_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    assert run(environment / "firebrick", "--version", cwd=tmp_path) == f"firebrick {installed_version()}\n"
    where = run(environment / "python", "-c", "import firebrick.contract as one; print(one.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(environment.parent)


def test_a_generated_package_passes_its_tests_there(environment: Path, tmp_path: Path) -> None:
    tests = environment.parents[1] / "acme" / "tests"
    said = run(environment / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests, cwd=tmp_path)
    assert "passed" in said and "failed" not in said


def test_a_server_there_has_the_generated_package_and_its_type(environment: Path, tmp_path: Path) -> None:
    with server(tmp_path / "state", command=environment / "firebrick") as one:
        listed = one.run("resource", "type", "list", "-f", "json")
    assert listed.returncode == 0, listed.stderr
    assert "Acme::Note" in [row["Resource Type"] for row in json.loads(listed.stdout)]
