"""docs/writing-a-resource-type.md is a path that can be followed: its commands and its code are run, in its order."""

import os
import re
import subprocess
import sys
from pathlib import Path

from firebrick.resources.errors import RETRY_RULES
from starter.cli.provider_files import files_of

TEXT = (Path(__file__).parents[3] / "docs" / "writing-a-resource-type.md").read_text("utf-8")
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


def test_a_stranger_can_follow_it(tmp_path: Path) -> None:
    """Files are written and commands run as they come; only pip is left out: the package is imported as it stands."""
    folder, ran = tmp_path, []
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FIREBRICK_PLUGINS": "firebrick_acme",
        "PYTHONPATH": str(tmp_path / "acme"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for info, body in BLOCKS:
        if info.startswith(("python ", "yaml ")):
            (folder / info.split()[1]).write_text(body)
        if info != "console":
            continue
        for command in re.findall(r"^\$ (.*)$", body, flags=re.MULTILINE):
            if command.startswith("cd "):
                folder /= command.removeprefix("cd ")
            elif not command.startswith("pip "):
                done = subprocess.run(
                    ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                ran.append(command.split()[0])
    assert ran == ["firebrick", "pytest", "pytest", "firebrick"]


def test_what_it_shows_first_is_what_is_made() -> None:
    made = files_of("acme")
    shown = {info.split()[1]: body for info, body in reversed(BLOCKS) if " " in info}  # the first of each name
    assert shown["firebrick_acme/note.py"] == made["firebrick_acme/note.py"]
    assert shown["pyproject.toml"] in made["pyproject.toml"]


def test_it_names_all_errors_and_only_files_that_are_there() -> None:
    for kind in ("Transient", "Throttled", "Conflict", "Quota", "Permanent"):
        assert f"{kind}Error" in TEXT and kind.lower() in RETRY_RULES
    linked = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert len(linked) >= 4 and all((Path(__file__).parents[3] / "docs" / name).exists() for name in linked)
