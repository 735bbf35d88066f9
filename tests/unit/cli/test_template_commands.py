"""`firebrick template ...`: explain, evaluate, validate and the lists, run as a person runs them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from starter.cli.app import run
from tests.processor import processor_time

ROOT = Path(__file__).parents[3]
Run = Callable[..., tuple[int, str, str]]

GOOD = """\
heat_template_version: 2018-08-31
parameters:
  size: {type: number}
  name: {type: string, default: web}
conditions:
  named: {equals: [{get_param: name}, web]}
  big: {equals: [{get_param: size}, 9]}
resources:
  a: {type: No::Such::Type, properties: {x: {get_param: size}}}
  b: {type: OS::Heat::None, depends_on: a, properties: {x: {get_attr: [c, anything]}}}
  c: {type: OS::Heat::None, condition: named}
  d: {type: OS::Heat::None, condition: big}
outputs:
  one: {value: {str_replace: {template: <n>, params: {n: {get_param: name}}}}}
  two: {value: {list_join: [',', [1]]}}
  three: {value: [{get_resource: a}, {get_attr: [a, x]}, {get_param: 'OS::stack_name'}]}
"""
BAD = GOOD.replace("[c, anything]", "[zz, anything]").replace("type: string", "type: strin")


@pytest.fixture
def firebrick(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "broken.yaml").write_text("a: [")
    return tmp_path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_explain_says_what_is_in_each_template(firebrick: Run, folder: Path) -> None:
    code, out, err = firebrick("template", "explain", "good.yaml", "bad.yaml", "missing.yaml", "-f", "jsonl")
    assert (code, err) == (0, "")
    good, bad, missing = lines(out)
    assert good == {
        "file": "good.yaml",
        "ok": True,
        "parameters": {
            "size": {"type": "number", "has_default": False},
            "name": {"type": "string", "has_default": True},
        },
        "conditions": {"named": True, "big": False},
        "resources": {"a": "No::Such::Type", "b": "OS::Heat::None", "c": "OS::Heat::None"},
        "edges": [["b", "a"], ["b", "c"]],
        "outputs": ["one", "two", "three"],
    }
    assert set(bad) == {"file", "ok", "diagnostics"}
    assert [(one["code"], one["path"], one["line"]) for one in bad["diagnostics"]] == [
        ("unknown-type", "parameters.name.type", 4),
        ("unknown-reference", "resources.b.properties.x.get_attr", 10),
    ]
    assert set(bad["diagnostics"][0]) == {"code", "summary", "detail", "path", "line", "column"}
    assert (missing["ok"], missing["diagnostics"][0]["code"]) == (False, "unreadable-file")


COMPUTED_PATHS = """\
heat_template_version: 2018-08-31
parameters:
  net: {type: string}
  names: {type: comma_delimited_list}
resources:
  server: {type: No::Such::Type}
  path: {type: No::Such::Type, properties: {x: {get_attr: [server, addresses, {get_param: net}, 0]}}}
  name: {type: No::Such::Type, properties: {x: {get_attr: [server, {get_param: net}]}}}
  inside:
    type: No::Such::Type
    properties:
      x: {str_replace: {template: a, params: {a: {get_attr: [path, {get_param: net}]}, b: {get_param: net}}}}
      y: {repeat: {template: {get_attr: [name, a, <%i%>]}, for_each: {<%i%>: {get_param: names}}}}
  known: {type: No::Such::Type, properties: {x: {get_attr: [{get_param: net}, y]}}}
"""


def test_an_edge_is_kept_where_the_path_is_computed_of_a_parameter_without_a_value(
    firebrick: Run, folder: Path
) -> None:
    (folder / "t.yaml").write_text(COMPUTED_PATHS)
    _, out, _ = firebrick("template", "explain", "t.yaml")
    edges = [["path", "server"], ["name", "server"], ["inside", "name"], ["inside", "path"]]
    assert lines(out)[0]["edges"] == edges, "whom `known` needs nobody can tell"
    _, out, _ = firebrick("template", "explain", "t.yaml", "--parameter", "net=server", "--parameter", "names=a")
    assert lines(out)[0]["edges"] == [*edges, ["known", "server"]]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("{get_attr: [sevrer, addresses, {get_param: net}]}", "unknown-reference"),
        ("{get_attr: [sevrer, {get_param: net}]}", "unknown-reference"),
        ("{get_attr: [server, valeu, {get_param: net}]}", "unknown-attribute"),
    ],
)
def test_a_slip_is_told_where_the_path_is_computed_of_a_parameter_without_a_value(
    firebrick: Run, folder: Path, call: str, code: str
) -> None:
    (folder / "t.yaml").write_text(
        "heat_template_version: 2018-08-31\nparameters: {net: {type: string}}\nresources:\n"
        "  server: {type: OS::Heat::Value, properties: {value: 1}}\n"
        f"  member:\n    type: OS::Heat::Value\n    properties: {{value: {call}}}\n"
        f"outputs:\n  o: {{value: {call}}}\n"
    )
    exit_code, out, _ = firebrick("template", "validate", "t.yaml", "-f", "json")
    found = [(one["severity"], one["code"], one["line"]) for one in json.loads(out)]
    assert (exit_code, found) == (1, [("error", code, 7), ("error", code, 9)])


def test_explain_takes_parameters_and_environments(firebrick: Run, folder: Path) -> None:
    (folder / "env.yaml").write_text("parameters: {name: db}")
    _, out, _ = firebrick("template", "explain", "good.yaml", "--parameter", "size=9", "-e", "env.yaml")
    (line,) = lines(out)
    assert not line["ok"], "b refers to c, which is not there then"
    assert "its condition does not hold" in line["diagnostics"][0]["summary"]
    _, out, _ = firebrick("template", "explain", "good.yaml", "--parameter", "size=9")
    (line,) = lines(out)
    assert line["conditions"] == {"named": True, "big": True}
    assert list(line["resources"]) == ["a", "b", "c", "d"]


def test_evaluate_computes_outputs_one_by_one(firebrick: Run, folder: Path) -> None:
    code, out, _ = firebrick("template", "evaluate", "good.yaml", "--parameter", "size=1", "--stack-name", "mystack")
    assert code == 0
    (line,) = lines(out)
    assert line["outputs"] == {"one": "<web>", "three": ["a", None, "mystack"]}
    assert list(line["errors"]) == ["two"]
    assert (line["errors"]["two"]["path"], line["errors"]["two"]["line"]) == ("outputs.two.value.list_join", 15)
    assert set(line) == {"file", "outputs", "errors"}


def test_evaluate_of_a_refused_template_says_why_for_each_output(firebrick: Run, folder: Path) -> None:
    (folder / "outputs.yaml").write_text(
        "heat_template_version: 2018-08-31\noutputs:\n  a: {value: {get_attr: [zz, x]}}\n  b: {value: 1}\n"
    )
    _, out, _ = firebrick("template", "evaluate", "outputs.yaml", "good.yaml", "broken.yaml")
    refused, without_value, broken = lines(out)
    assert refused["outputs"] == {}
    assert refused["errors"]["a"]["code"] == "unknown-reference"
    assert refused["errors"]["b"]["path"] == "outputs.a.value.get_attr"
    assert without_value["errors"]["one"]["code"] == "missing-parameter"
    assert (broken["errors"], broken["diagnostics"][0]["code"]) == ({}, "broken-yaml")


def test_files_are_read_and_several_environments_merged(firebrick: Run, folder: Path) -> None:
    (folder / "script.sh").write_text("echo %x%")
    (folder / "one.yaml").write_text("parameters: {l: 'a'}\nparameter_merge_strategies: {default: merge}")
    (folder / "two.yaml").write_text("parameters: {l: 'b'}")
    (folder / "t.yaml").write_text(
        "heat_template_version: 2018-08-31\nparameters: {l: {type: comma_delimited_list}}\n"
        "outputs: {o: {value: [{get_file: script.sh}, {get_param: l}]}}"
    )
    _, out, _ = firebrick("template", "evaluate", "t.yaml", "-e", "one.yaml", "-e", "two.yaml")
    assert lines(out)[0]["outputs"] == {"o": ["echo %x%", ["a", "b"]]}


def test_validate_as_text_json_and_sarif(firebrick: Run, folder: Path) -> None:
    code, out, _ = firebrick("template", "validate", "bad.yaml")
    assert code == 1
    assert "error: bad.yaml:4:10: parameters.name.type: there is no parameter type strin [unknown-type]" in out
    assert out.splitlines()[-1] == "3 errors, 1 warning"
    code, out, _ = firebrick("template", "validate", "bad.yaml", "-f", "json")
    found = json.loads(out)
    assert [(one["severity"], one["code"], one["line"]) for one in found] == [
        ("error", "unknown-type", 4),
        ("error", "unknown-type", 9),
        ("error", "unknown-reference", 10),
        ("warning", "bad-function-arguments", 15),
    ]
    code, out, _ = firebrick("template", "validate", "bad.yaml", "broken.yaml", "-f", "sarif")
    run_ = json.loads(out)["runs"][0]
    assert json.loads(out)["version"] == "2.1.0"
    assert {rule["id"] for rule in run_["tool"]["driver"]["rules"]} == {one["ruleId"] for one in run_["results"]}
    place = run_["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "bad.yaml"}, "region": {"startLine": 4, "startColumn": 10}}


TWICE = "heat_template_version: 2018-08-31\nparameters:\n  p: {type: string}\n  p: {type: string, default: x}\n"


def test_validate_warns_of_a_key_that_is_given_twice_and_refuses_it_when_it_is_strict(
    firebrick: Run, folder: Path
) -> None:
    (folder / "twice.yaml").write_text(TWICE)
    line = (
        "warning: twice.yaml:4:3: parameters.p: the key p is given twice, in lines 3 and 4: the last value counts "
        "[duplicate-key]"
    )
    end = ["  Remove one of them, or give one another name.", "0 errors, 1 warning"]
    code, out, _ = firebrick("template", "validate", "twice.yaml")
    assert (code, out.splitlines()) == (0, [line, *end])
    code, out, _ = firebrick("template", "validate", "twice.yaml", "--strict")
    assert (code, out.splitlines()) == (1, [line, *end])
    code, out, _ = firebrick("template", "validate", "twice.yaml", "--strict", "-f", "json")
    assert (code, json.loads(out)[0]["severity"]) == (1, "warning")
    (folder / "fine.yaml").write_text("heat_template_version: 2018-08-31\n")
    assert firebrick("template", "validate", "fine.yaml", "--strict")[0] == 0


def test_validate_warns_of_environments_whether_there_is_one_or_several(firebrick: Run, folder: Path) -> None:
    (folder / "fine.yaml").write_text("heat_template_version: 2018-08-31\nparameters: {p: {type: string}}\n")
    (folder / "twice.yaml").write_text("parameters: {p: a, p: b}")
    (folder / "other.yaml").write_text("parameters: {}")
    for environments in (["-e", "twice.yaml"], ["-e", "twice.yaml", "-e", "other.yaml"]):
        code, out, _ = firebrick("template", "validate", "fine.yaml", "-f", "json", *environments)
        (found,) = json.loads(out)
        assert (code, found["code"], found["file"], found["severity"]) == (0, "duplicate-key", "twice.yaml", "warning")


def test_explain_and_evaluate_warn_on_standard_error(firebrick: Run, folder: Path) -> None:
    (folder / "twice.yaml").write_text(TWICE)
    for command in ("explain", "evaluate"):
        code, out, err = firebrick("template", command, "twice.yaml")
        assert code == 0 and len(lines(out)) == 1
        assert err.startswith("warning: twice.yaml:4:3: parameters.p: the key p is given twice, in lines 3 and 4")


def test_validate_is_content_when_types_are_mapped(firebrick: Run, folder: Path) -> None:
    (folder / "none.yaml").write_text("resource_registry: {'No::*': 'OS::Heat::None'}")
    code, out, _ = firebrick("template", "validate", "good.yaml", "-e", "none.yaml")
    assert code == 0
    assert out.splitlines()[-1] == "0 errors, 1 warning"
    (folder / "fine.yaml").write_text("heat_template_version: 2018-08-31\n")
    assert firebrick("template", "validate", "fine.yaml")[:2] == (0, "nothing is wrong\n")


@pytest.mark.parametrize(
    ("version", "there", "not_there"),
    [
        ("heat_template_version.2013-05-23", {"get_param", "Ref", "Fn::Join"}, {"repeat", "yaql", "equals"}),
        ("2014-10-16", {"get_param", "Fn::Select"}, {"Fn::Join", "digest"}),
        ("rocky", {"yaql", "contains", "if"}, {"Ref", "Fn::Select", "equals"}),
        ("AWSTemplateFormatVersion.2010-09-09", {"Fn::If", "Fn::FindInMap"}, {"get_param"}),
        ("HeatTemplateFormatVersion.2012-12-12", {"Fn::GetAtt"}, {"Fn::If"}),
    ],
)
def test_function_list(firebrick: Run, version: str, there: set[str], not_there: set[str]) -> None:
    code, out, _ = firebrick("template", "function", "list", version, "-f", "json")
    names = {row["Functions"] for row in json.loads(out)}
    assert code == 0 and there <= names and not names & not_there
    assert all(row["Description"].endswith(".") for row in json.loads(out))


def test_function_list_with_conditions(firebrick: Run) -> None:
    _, out, _ = firebrick("template", "function", "list", "2021-04-16", "--with_conditions", "-f", "json")
    assert len(json.loads(out)) == 25
    code, _, err = firebrick("template", "function", "list", "2021-04-17")
    assert code == 1 and "Did you mean" in err


def test_version_list(firebrick: Run) -> None:
    _, out, _ = firebrick("template", "version", "list", "-f", "json")
    rows = json.loads(out)
    assert len(rows) == 13
    assert rows[0] == {"Version": "AWSTemplateFormatVersion.2010-09-09", "Type": "cfn", "Aliases": ""}
    assert rows[-1]["Aliases"] == "heat_template_version.wallaby"


def test_explain_loads_nothing_heavy_and_is_quick(folder: Path) -> None:
    program = (
        "import sys\nfrom starter.cli.app import run\nrun(['template', 'explain', 'good.yaml'])\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    started = processor_time()
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert processor_time() - started < 5, "it takes a fifth of a second"
    loaded = set(eval(done.stdout.splitlines()[-1]))
    assert not loaded & {"sqlalchemy", "fastapi", "temporalio", "pydantic", "yaql", "rich", "uvicorn"}
