"""`firebrick provider new` makes a package that works as it is: it installs, its tests pass, its type is found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from starter.cli.app import run
from starter.cli.provider_files import files_of, package_of

FOUND = (
    "import json; from firebrick.resources.registry import Registry; print(json.dumps(Registry.default({}).names()))"
)


def in_process(*command: str, cwd: Path, path: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """python with these arguments; path: a further folder to import from."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"} | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run([sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True)


def test_what_it_makes_installs_passes_its_tests_and_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["provider", "new", "acme-cloud", "--dir", str(tmp_path)]) == 0
    folder, installed = tmp_path / "acme-cloud", tmp_path / "installed"
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(folder / path) for path in sorted(files_of("acme-cloud"))]
    assert f"cd {folder} && pip install -e '.[dev]' && pytest" in said.err
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    done = in_process(*pip, "--no-deps", "--no-build-isolation", "--target", str(installed), ".", cwd=folder)
    assert done.returncode == 0, done.stderr
    tests = in_process("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, path=installed)
    assert tests.returncode == 0, tests.stdout
    assert "15 passed, 2 skipped" in tests.stdout  # its own test, and the kit's
    found = in_process("-c", FOUND, cwd=tmp_path, path=installed)
    assert "AcmeCloud::Note" in json.loads(found.stdout), found.stderr


def test_its_tests_fail_when_its_type_is_broken(tmp_path: Path) -> None:
    run(["provider", "new", "acme", "--dir", str(tmp_path)])
    module = tmp_path / "acme" / package_of("acme") / "note.py"
    broken = module.read_text().replace("api.find(token=context.key)", "None")
    module.write_text(broken)
    tests = in_process("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path / "acme", path=tmp_path / "acme")
    assert tests.returncode == 1
    assert "after a create whose answer was lost and the attempt that followed, 2 new objects exist" in tests.stdout


def test_what_it_makes_is_tidy(tmp_path: Path) -> None:
    run(["provider", "new", "acme", "--dir", str(tmp_path)])
    ruff = Path(sys.executable).parent / "ruff"
    for check in (["format", "--check"], ["check", "--select", "E,F,W,I,B,UP"]):
        line: list[str | Path] = [ruff, *check, "--no-cache", "--isolated", "--line-length", "120", "."]
        done = subprocess.run(line, cwd=tmp_path / "acme", capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Acme", "1acme", "acme_cloud", "acme cloud", "../acme", "acme-", "", "a" * 41, "ä"])
def test_a_bad_name_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["provider", "new", "--dir", str(tmp_path), "--", name]) == 1
    assert "is no name for a provider" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_says_firebrick_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["provider", "new", "firebrick-acme", "--dir", str(tmp_path)]) == 1
    assert "begins with firebrick" in capsys.readouterr().err


def test_what_is_there_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "mine").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("acme", "link"):
        assert run(["provider", "new", name, "--dir", str(tmp_path)]) == 1
        assert "is there already, and is left as it is" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "acme").iterdir()] == ["mine"]


def test_a_place_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["provider", "new", "acme", "--dir", str(tmp_path / "missing")]) == 1
    assert f"there is no folder {tmp_path}/missing" in capsys.readouterr().err
