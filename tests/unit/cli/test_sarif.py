"""SARIF 2.1.0: what other tools rely on; and every code documented."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firebrick.template.codes import CODES
from starter.cli.app import run

DOCS = Path(__file__).parents[3] / "docs" / "template-language.md"


@pytest.fixture
def sarif(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Validates texts by their file names."""
    monkeypatch.chdir(tmp_path)

    def validated(**texts: str) -> Any:
        for name, text in texts.items():
            Path(name).write_text(text, "utf-8")
        run(["template", "validate", *texts, "-f", "sarif"])
        return json.loads(capsys.readouterr().out)

    return validated


def test_the_report_keeps_the_rules_of_its_form(sarif: Callable[..., Any]) -> None:
    texts = {
        "a b é.yaml": "heat_template_version: rocky\nresources: {a: {type: No::Such}}\n"
        "outputs: {o: {value: {get_param: x}}}",
        "c.yaml": "a: [",
        "d.yaml": "",
    }
    report = sarif(**texts)
    assert (report["version"], report["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (only,) = report["runs"]
    rules = {rule["id"]: rule["shortDescription"]["text"] for rule in only["tool"]["driver"]["rules"]}
    assert only["tool"]["driver"]["name"] == "firebrick"
    assert len(only["results"]) == 4
    for result in only["results"]:
        assert result["ruleId"] in rules
        assert result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", place["artifactLocation"]["uri"])
        assert place["region"]["startLine"] >= 1
        assert place["region"]["startColumn"] >= 1
    assert "a%20b%20%C3%A9.yaml" in json.dumps(only["results"])


def test_every_code_is_documented() -> None:
    rows = re.findall(r"^\| ([a-z]+(?:-[a-z]+)+) \| (.+) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == CODES


def test_a_template_as_a_type_is_not_looked_into_and_an_output_that_names_nothing_is_an_error(
    sarif: Callable[..., Any],
) -> None:
    text = """\
heat_template_version: rocky
resources: {a: {type: other.yaml, properties: {x: 1}}}
outputs:
  one: {value: {get_attr: [a, anything]}}
  two: {value: {get_resource: zz}}
"""
    other = "heat_template_version: rocky\n"
    found = sarif(**{"t.yaml": text, "other.yaml": other})["runs"][0]["results"]
    assert [(one["ruleId"], one["level"]) for one in found] == [("unknown-reference", "error")]
    assert found[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
