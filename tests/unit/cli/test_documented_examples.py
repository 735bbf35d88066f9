"""The examples of docs/template-language.md say what really comes out."""

import re
import shlex
from pathlib import Path

import pytest

from starter.cli.app import run

TEXT = (Path(__file__).parents[3] / "docs" / "template-language.md").read_text("utf-8")
BLOCKS = re.findall(r"```([^\n]*)\n(.*?)```", TEXT, flags=re.DOTALL)
FILES = {info.split()[1]: body for info, body in BLOCKS if " " in info}
EXAMPLES = [body for info, body in BLOCKS if info == "console"]


@pytest.mark.parametrize("example", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_an_example_says_what_comes_out(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in FILES.items():
        (tmp_path / name).write_text(body)
    monkeypatch.chdir(tmp_path)
    command, _, expected = example.partition("\n")
    assert command.startswith("$ firebrick ")
    run(shlex.split(command)[2:])
    assert capsys.readouterr().out == expected


def test_there_are_ten() -> None:
    assert len(EXAMPLES) == 10
