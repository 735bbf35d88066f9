"""The distribution: its name, what it says of itself, and which versions a package made with it takes."""

import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

from firebrick.distribution import NAME, compatible, compatible_versions, installed_version
from starter.cli.app import run
from starter.cli.provider_files import files_of

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_name_is_one_that_nobody_else_has_on_the_index() -> None:
    assert NAME == PROJECT["name"] == metadata(NAME)["Name"] == "firebrick-stacks"


def test_it_has_a_licence_and_no_addresses() -> None:
    assert PROJECT["license"] == "Apache-2.0" and PROJECT["license-files"] == ["LICENSE"] and "urls" not in PROJECT
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text and "APPENDIX" in text
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("installed", "versions"),
    [
        ("0.1.0", ">=0.1,<0.2"),
        ("0.12.7", ">=0.12,<0.13"),
        ("0.3.0rc1", ">=0.3,<0.4"),
        ("0.3.dev4+g12", ">=0.3,<0.4"),
        ("1.4.2", ">=1.4,<2"),
        ("2", ">=2.0,<3"),
    ],
)
def test_versions_that_break_nothing(installed: str, versions: str) -> None:
    assert compatible_versions(installed) == versions


def test_what_is_no_version_is_none() -> None:
    with pytest.raises(ValueError, match="not a version"):
        compatible_versions("new")


def test_the_command_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"firebrick {installed_version()}\n"


def test_a_generated_package_requires_this_distribution_within_bounds() -> None:
    required = tomllib.loads(files_of("acme")["pyproject.toml"])["project"]["dependencies"]
    assert required == [compatible()] == [f"firebrick-stacks{compatible_versions(PROJECT['version'])}"]
