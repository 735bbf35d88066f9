"""What is committed can be used by anybody, anywhere: no package registry, no machine's folders, nothing generated."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Built from parts, so that this file does not contain what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("registry", "hub", "docker", "com"),
    )
]
INDEX_OPTIONS = ["--" + "index-url", "--" + "extra-index-url", "--" + "find-links", "--" + "trusted-host"]
MACHINE_FOLDERS = [f"/{folder}/" for folder in ("work", "farm", "home", "root", "Users")]


def committed() -> list[Path]:
    """Files that git knows; in a tree without git (a source archive) there is nothing to check."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def lines_with(words: list[str], *, whole: bool) -> list[str]:
    """file:line of each line that holds one of the words; whole: not as a later part of a longer path."""
    pattern = re.compile("|".join((r"(?<![\w.$}~-])" if whole else "") + re.escape(word) for word in words))
    found = []
    for path in committed():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return found


def test_no_committed_file_names_a_package_registry() -> None:
    assert lines_with(REGISTRIES + INDEX_OPTIONS, whole=False) == []


def test_no_committed_file_names_a_folder_of_somebodys_machine() -> None:
    assert lines_with(MACHINE_FOLDERS, whole=True) == []


def test_the_search_for_folders_sees_a_path_and_not_a_part_of_one() -> None:
    pattern = r"(?<![\w.$}~-])" + re.escape(MACHINE_FOLDERS[0])
    assert re.search(pattern, f"cd {MACHINE_FOLDERS[0]}x") and re.search(pattern, f'"{MACHINE_FOLDERS[0]}x"')
    assert not re.search(pattern, f"docs{MACHINE_FOLDERS[0]}x")


@pytest.mark.parametrize("suffix", [".db", ".db-wal", ".db-shm", ".log", ".pyc", ".orig", ".rej"])
def test_nothing_generated_is_committed(suffix: str) -> None:
    assert [path.name for path in committed() if path.suffix == suffix] == []


def test_constraints_are_names_and_versions_and_nothing_else() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines and all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)


def test_scripts_that_ci_runs_are_executable() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_readme_names_only_files_that_are_there() -> None:
    text = (ROOT / "README.md").read_text()
    linked = re.findall(r"\]\(([^)#:]+)\)", text)
    named = re.findall(r"\b(?:tests|examples|docs|tools|bench)/[\w./-]+\w", text)
    assert linked and named
    assert [name for name in sorted({*linked, *named}) if not (ROOT / name).exists()] == []


def test_the_package_says_which_python_it_needs_where_the_makefile_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "Makefile").read_text()
