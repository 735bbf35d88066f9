"""The size limit is a setting: what is raised is read, what is lowered refused, and nonsense named."""

from pathlib import Path

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import parse_template
from firebrick.template_size import DEFAULT, SETTING
from starter.cli.documents import read_template

LONG = "a: " + "x" * DEFAULT


def test_a_raised_limit_lets_a_longer_template_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(LONG)
    monkeypatch.delenv(SETTING, raising=False)
    for read in (lambda: parse_template(LONG), lambda: read_template(str(file))):
        with pytest.raises(InvalidInput, match=str(DEFAULT)):
            read()
    monkeypatch.setenv(SETTING, str(len(LONG)))
    assert parse_template(read_template(str(file))).tree == {"a": "x" * DEFAULT}


def test_a_lowered_limit_is_named_in_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "10")
    assert parse_template("a: 1234567").tree == {"a": 1234567}
    with pytest.raises(InvalidInput) as caught:
        parse_template("a: 12345678")
    assert caught.value.diagnostics[0].summary == "the text has 11 characters, 10 are the most"


@pytest.mark.parametrize("value", ["0", "-1", "many", "1e6", "٣", "9" * 5000])
def test_a_setting_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(SETTING, value)
    with pytest.raises(InvalidInput) as caught:
        parse_template("a: 1")
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.path) == ("bad-setting", SETTING)
