"""Data on standard output."""

import json

import click
import pytest
import yaml

from starter.cli.render import printable, show_listing, show_record, width

HEADINGS = ("ID", "Stack Name")
ROWS: list[list[str | None]] = [["1", "web"], ["2", None]]


def test_a_listing_as_a_table_is_framed(capsys: pytest.CaptureFixture[str]) -> None:
    show_listing(HEADINGS, ROWS, "table")
    assert capsys.readouterr().out.splitlines() == [
        "+----+------------+",
        "| ID | Stack Name |",
        "+----+------------+",
        "| 1  | web        |",
        "| 2  | None       |",
        "+----+------------+",
    ]


def test_a_listing_as_json_and_as_yaml_has_objects_under_the_headings(capsys: pytest.CaptureFixture[str]) -> None:
    expected = [{"ID": "1", "Stack Name": "web"}, {"ID": "2", "Stack Name": None}]
    show_listing(HEADINGS, ROWS, "json")
    assert json.loads(capsys.readouterr().out) == expected
    show_listing(HEADINGS, ROWS, "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == expected


def test_bare_values_stand_one_row_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_listing(HEADINGS, ROWS, "value")
    assert capsys.readouterr().out == "1 web\n2 \n"


def test_a_record_keeps_nested_values_in_json_and_writes_them_as_json_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = {"id": "1", "outputs": [{"k": "é"}]}
    show_record(record, "json")
    assert json.loads(capsys.readouterr().out) == record
    show_record(record, "value")
    assert capsys.readouterr().out == '1\n[{"k": "é"}]\n'


@pytest.mark.parametrize("name", ["Stack Name", "stack_name", "STACK NAME"])
def test_a_column_is_chosen_in_any_spelling(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_listing(HEADINGS, ROWS[:1], "value", [name])
    assert capsys.readouterr().out == "web\n"


def test_an_unknown_column_is_wrong_usage_and_names_those_there_are() -> None:
    with pytest.raises(click.UsageError, match="no column size; there are: ID, Stack Name"):
        show_listing(HEADINGS, ROWS, "table", ["size"])


def test_text_from_elsewhere_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\r") == "a\\x1b[2Jb\nc\\x0d"


def test_a_wide_character_takes_two_places_and_a_combining_one_none() -> None:
    assert width("日本") == 4
    assert width("e\u0301") == 1
