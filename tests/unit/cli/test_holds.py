"""What the commands say of a stack whose run somebody holds in Temporal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from starter.cli import follow
from starter.holds import Hold
from tests.unit.cli.conftest import ApiServer
from tests.unit.cli.test_stack_commands import DONE, TEMPLATE

HELD = Hold("web", "stack/default/web/1", "", "paused", 1_796_000_000.0, "lunch")
UNPAUSE = "temporal workflow unpause --workflow-id stack/default/web/1"


@pytest.fixture
def web(api: ApiServer, firebrick: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack that nobody works on."""
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 0
    capsys.readouterr()
    api.starter.held = [HELD]


@pytest.mark.usefixtures("web")
def test_stack_show_says_what_is_held_and_the_command_that_lets_it_go_on(
    firebrick: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert firebrick("stack", "show", "web", "-f", "json") == 0
    reason = json.loads(capsys.readouterr().out)["stack_status_reason"]
    assert "paused stack/default/web/1" in reason and "since 2026-11-30T00:53:20Z (lunch)" in reason
    assert UNPAUSE in reason


@pytest.mark.usefixtures("web")
def test_a_follower_is_told_once_why_nothing_happens(
    api: ApiServer,
    firebrick: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(follow, "QUIET", 0.3)
    api.starter.let_go = {"CREATE web": DONE}
    assert firebrick("stack", "wait", "web") == 0
    told = capsys.readouterr().err
    assert told.count(UNPAUSE) == 1 and "Stack web CREATE_COMPLETE" in told
