"""Names of hosts that a server is told to answer to."""

import pytest

from starter.cli.app import run


@pytest.mark.parametrize("name", ["https://firebrick.example.com", "a.test/path", ":8004", "a.test, http://b.test"])
def test_what_is_no_name_is_refused_before_anything_starts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["server", "--allowed-host", name]) == 2
    assert "names of hosts like firebrick.example.com, not" in capsys.readouterr().err
