"""Size limits are settings: what is raised is read, what is lowered refused, and nonsense named."""

from pathlib import Path

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.size_limits import BODY_DEFAULT, BODY_SETTING, most_body
from firebrick.size_limits import TEMPLATE_DEFAULT as DEFAULT
from firebrick.size_limits import TEMPLATE_SETTING as SETTING
from firebrick.template import parse_template
from starter.cli.documents import read_document, read_template

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


def test_a_body_is_bounded_as_in_heat_unless_the_setting_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(BODY_SETTING, raising=False)
    assert most_body() == BODY_DEFAULT == 1_048_576
    file = tmp_path / "long"
    file.write_text("x" * (BODY_DEFAULT + 1))
    with pytest.raises(InvalidInput) as caught:
        read_document(str(file), "environment")
    assert BODY_SETTING in caught.value.first.detail
    monkeypatch.setenv(BODY_SETTING, "2000000")
    assert len(read_document(str(file), "environment")) == BODY_DEFAULT + 1
    monkeypatch.setenv(BODY_SETTING, "2 MB")
    with pytest.raises(InvalidInput, match="FIREBRICK_MAX_BODY_SIZE is not a positive number"):
        most_body()
