"""What a template names is read from the user's disk and sent along; what cannot be read is refused with its place."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from firebrick.diagnostics import Diagnostic, InvalidInput
from starter.cli.documents import read_environments, read_template
from starter.cli.template_files import collect_files
from tests.unit.cli.conftest import ApiServer

HEAD = "heat_template_version: 2021-04-16\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**files: str | bytes) -> None:
    """Files by their path, in which / is written as __ and . as _DOT_."""
    for name, content in files.items():
        path = Path(name.replace("__", "/").replace("_DOT_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def collect(template: str = "t.yaml", environments: Sequence[str] = ()) -> dict[str, Any]:
    body = {"template": read_template(template), **read_environments(environments)}
    return collect_files(body, template, environments)


def refused(template: str = "t.yaml", environments: Sequence[str] = ()) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        collect(template, environments)
    return list(caught.value.diagnostics)


def value(name: str) -> str:
    return f"resources:\n  a:\n    type: OS::Heat::Value\n    properties:\n      value: {{get_file: {name}}}\n"


def test_a_template_that_names_nothing_is_sent_as_it_is() -> None:
    write(t_DOT_yaml=HEAD + "# nothing\n")
    assert collect() == {"template": HEAD + "# nothing\n"}


def test_names_as_they_are_written_are_the_keys_and_the_text_stays(here: Path) -> None:
    text = HEAD + value("../sh/a.sh") + "outputs: {o: {value: {get_file: 'b ö.txt'}}}\n"
    write(folder__t_DOT_yaml=text, sh__a_DOT_sh="#!/bin/sh\r\n", **{"folder__b ö_DOT_txt": "\ufeffb"})
    assert collect("folder/t.yaml") == {
        "template": text,
        "files": {"../sh/a.sh": "#!/bin/sh\r\n", "b ö.txt": "\ufeffb"},
    }


def test_a_name_may_be_an_absolute_path_or_a_file_address(here: Path) -> None:
    address = (here / "x y.sh").as_uri()
    write(t_DOT_yaml=HEAD + value(address) + f"outputs: {{o: {{value: {{get_file: {here}/x y.sh}}}}}}\n")
    write(**{"x y_DOT_sh": "x"})
    assert collect()["files"] == {address: "x", f"{here}/x y.sh": "x"}


def test_a_file_that_only_a_value_names_which_does_not_count_is_not_looked_for() -> None:
    write(t_DOT_yaml=HEAD + "outputs:\n  o: {value: {get_file: gone}}\n  o: {value: {get_file: there}}\n", there="x")
    assert collect()["files"] == {"there": "x"}


def test_what_is_no_text_goes_in_base64() -> None:
    write(t_DOT_yaml=HEAD + value("a.bin"), a_DOT_bin=bytes(range(256)))
    lines = collect()["files"]["a.bin"].splitlines()
    assert lines[0] == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4"


@pytest.mark.parametrize(
    "text",
    [
        "a: {get_file: [x]}",
        "a: {get_file: 5}",
        "a: {get_file: {get_param: p}}",
        "a: {get_file: x, and: more}",
        "get_files: x",
        "resources: {a: {type: 'OS::Heat::Value', properties: {type: x.yaml}}}",
        "outputs: {type: x.yaml}",
        "a: [",
    ],
)
def test_only_what_the_language_takes_for_a_name_is_one(text: str) -> None:
    write(t_DOT_yaml=HEAD + text)
    assert "files" not in collect()


def test_every_file_that_cannot_be_read_is_told_with_its_place(here: Path) -> None:
    (here / "folder").mkdir()
    (here / "locked").write_text("x" * 1_048_577)
    names = ["missing.sh", "folder", "locked", "http://example.com/a.sh", '"a\\0b"']
    lines = [f"  o{index}: {{value: {{get_file: {name}}}}}\n" for index, name in enumerate(names)]
    write(t_DOT_yaml=HEAD + "outputs:\n" + "".join(lines))
    problems = refused()
    assert [(one.file, one.line, one.column, one.path) for one in problems] == [
        ("template", 3 + index, 16, f"outputs.o{index}.value.get_file") for index in range(5)
    ]
    assert [one.summary for one in problems[:4]] == [
        "the file missing.sh cannot be read: No such file or directory",
        "the file folder cannot be read: it is not a file",
        "the file locked cannot be read: it is larger than 1048576 bytes",
        "the file http://example.com/a.sh cannot be read: files are not fetched from addresses",
    ]
    assert str(here / "missing.sh") in problems[0].detail
    assert problems[3].detail == "Download it and name the file."


def test_files_that_together_are_larger_than_a_request_are_refused_where_it_is_too_much() -> None:
    write(a="x" * 600_000, b="x" * 600_000)
    write(t_DOT_yaml=HEAD + "a: {get_file: a}\nb: {get_file: b}\nc: {get_file: a}\n")
    [problem] = refused()
    assert problem.line == 3 and "larger than 1048576 bytes" in problem.summary


def test_nested_templates_and_what_they_name_come_along_however_deep() -> None:
    nested = HEAD + "resources: {b: {type: deeper.template}}\noutputs: {o: {value: {get_file: n.sh}}}\n"
    write(t_DOT_yaml=HEAD + "resources: {a: {type: nested.yaml}, me: {type: t.yaml}}\n", n_DOT_sh="n")
    write(nested_DOT_yaml=nested, deeper_DOT_template=HEAD + "resources: {c: {type: nested.yaml}}\n")
    sent = collect()
    assert list(sent["files"]) == ["nested.yaml", "t.yaml", "deeper.template", "n.sh"]
    assert sent["files"]["nested.yaml"] == nested


@pytest.mark.parametrize(
    "properties",
    ["{resource_def: {type: n.yaml}}", "{resource: {type: n.yaml}}", "{more: [{resource: {type: n.yaml}}]}"],
)
def test_the_members_of_groups_are_templates_too(properties: str) -> None:
    write(t_DOT_yaml=HEAD + f"resources: {{g: {{type: 'OS::G', properties: {properties}}}}}\n", n_DOT_yaml=HEAD)
    assert collect()["files"] == {"n.yaml": HEAD}


def test_one_name_for_two_files_becomes_an_address_in_the_later_document(here: Path) -> None:
    nested = HEAD + "outputs:\n  # ö\n  o: {value: {get_file: &x x.sh}} # after\n  p: {value: {get_file: own.sh}}\n"
    write(t_DOT_yaml=HEAD + value("x.sh") + "  b: {type: sub/n.yaml}\n", x_DOT_sh="outer")
    write(sub__n_DOT_yaml=nested, sub__x_DOT_sh="inner", sub__own_DOT_sh="own")
    sent = collect()
    address = (here / "sub" / "x.sh").as_uri()
    assert sent["template"] == Path("t.yaml").read_text()
    assert sent["files"] == {
        "x.sh": "outer",
        "sub/n.yaml": nested.replace("&x x.sh", f'&x "{address}"'),
        address: "inner",
        "own.sh": "own",
    }


def test_the_types_of_a_registry_begin_at_their_environment() -> None:
    environment = (
        "resource_registry:\n  Heat::A: templates/a.yaml\n  Heat::B: OS::Heat::Value\n"
        "  resources:\n    db:\n      Heat::A: templates/db.template\n      hooks: pre-create\n"
    )
    write(t_DOT_yaml=HEAD, env__e_DOT_yaml=environment, env__templates__a_DOT_yaml=HEAD + value("x.sh"))
    write(env__templates__db_DOT_template=HEAD, env__templates__x_DOT_sh="x")
    sent = collect(environments=["env/e.yaml"])
    assert sent["environment"] == environment
    assert sorted(sent["files"]) == ["templates/a.yaml", "templates/db.template", "x.sh"]


def test_of_several_environments_each_has_its_own_names(here: Path) -> None:
    text = "resource_registry: {Heat::A: n.yaml}\n"
    write(
        t_DOT_yaml=HEAD, one__e_DOT_yaml=text, two__e_DOT_yaml=text, one__n_DOT_yaml=HEAD, two__n_DOT_yaml=HEAD + "#\n"
    )
    sent = collect(environments=["one/e.yaml", "two/e.yaml"])
    address = (here / "two" / "n.yaml").as_uri()
    assert sent["files"] == {
        "one/e.yaml": text,
        "two/e.yaml": f'resource_registry: {{Heat::A: "{address}"}}\n',
        "n.yaml": HEAD,
        address: HEAD + "#\n",
    }


def test_a_file_named_as_an_environment_is_does_not_take_its_place(here: Path) -> None:
    write(sub__t_DOT_yaml=HEAD + value("e.yaml"), sub__e_DOT_yaml="inner", e_DOT_yaml="{}\n", f_DOT_yaml="{}\n")
    sent = collect("sub/t.yaml", ["e.yaml", "f.yaml"])
    address = (here / "sub" / "e.yaml").as_uri()
    assert sent["files"] == {"e.yaml": "{}\n", "f.yaml": "{}\n", address: "inner"}
    assert f'get_file: "{address}"' in sent["template"]


def test_what_a_nested_template_lacks_is_told_in_its_own_text(
    firebrick: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write(t_DOT_yaml=HEAD + "resources: {a: {type: sub/n.yaml}}\n", sub__n_DOT_yaml=HEAD + value("gone.sh"))
    assert firebrick("stack", "create", "web", "-t", "t.yaml") == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "error: sub/n.yaml:6:15: resources.a.properties.value.get_file: "
        "the file gone.sh cannot be read: No such file or directory [unreadable-file]\n"
        "  6 |       value: {get_file: gone.sh}\n"
    )


def test_the_server_has_the_files_and_places_its_problems_in_the_users_text(
    api: ApiServer, firebrick: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write(t_DOT_yaml=HEAD + value("a.sh"), a_DOT_sh="#!/bin/sh\n")
    assert firebrick("stack", "create", "web", "-t", "t.yaml", "-f", "json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["stack_name"] == "web"
    write(t_DOT_yaml=HEAD + value("a.sh").replace("Value", "RandomString").replace("value:", "length:"))
    assert firebrick("stack", "create", "other", "-t", "t.yaml") == 1
    said = capsys.readouterr().err
    assert said.startswith("error: t.yaml:6:7: resources.a.properties.length: OS::Heat::RandomString: Value '#!/bin/sh")
    assert "  6 |       length: {get_file: a.sh}\n    |       ^\n" in said
