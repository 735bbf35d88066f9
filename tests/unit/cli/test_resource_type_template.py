"""`firebrick resource type template`: what it writes is a template that `firebrick template` takes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Command = Callable[..., int]
NAME = "OS::Heat::TestResource"


@pytest.mark.parametrize(("form", "load"), [("yaml", yaml.safe_load), ("json", json.loads)])
@pytest.mark.parametrize(
    ("options", "key"),
    [((), "HeatTemplateFormatVersion"), (("--template-type", "hot"), "heat_template_version")],
)
def test_the_template_of_a_type_is_written(
    firebrick: Command,
    capsys: pytest.CaptureFixture[str],
    form: str,
    load: Callable[[str], dict[str, object]],
    options: tuple[str, ...],
    key: str,
) -> None:
    assert firebrick("resource", "type", "template", NAME, *options, "-f", form) == 0
    assert key in load(capsys.readouterr().out)


def test_it_can_be_validated_as_it_is(
    firebrick: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert firebrick("resource", "type", "template", "OS::Heat::Delay", "--template-type", "hot") == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made.yaml").write_text(capsys.readouterr().out)
    assert firebrick("template", "validate", "made.yaml") == 0


def test_a_type_that_is_not_there_and_a_language_that_is_none_are_refused(
    firebrick: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert firebrick("resource", "type", "template", "OS::No::Such") == 1
    assert "The Resource Type (OS::No::Such) could not be found." in capsys.readouterr().err
    assert firebrick("resource", "type", "template", NAME, "--template-type", "tosca") == 2
