"""The 145 public example templates of Heat: all parse; all but five, which need each other in circles, are valid with
their types mapped to OS::Heat::None; mistakes put into them are found at their line."""

import io
import lzma
import re
import tarfile
from collections.abc import Mapping
from typing import Any

import pytest

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template import parse_environment, parse_template
from firebrick.template.define import read
from tests.unit.template.conftest import IDENTITY, TEMPLATES, Schema

CIRCLES = {
    "cfn/F17/invalid/AutoScalingMultiAZSample.template",
    "cfn/F17/invalid/AutoScalingMultiAZSample.yaml",
    "cfn/F17/invalid/WordPress_Single_Instance_With_HA.template",
    "cfn/F17/invalid/WordPress_Single_Instance_With_HA_AccessPolicy.template",
    "cfn/F17/invalid/WordPress_Single_Instance_With_IHA.template",
}
NOTHING = "resource_registry: {'OS::*': 'OS::Heat::None', 'AWS::*': 'OS::Heat::None', '*': 'OS::Heat::None'}"


class OnlyNone:
    """A catalogue with one type."""

    def find(self, name: str, *, declared: str = "", resource: str = "") -> Schema | None:
        return Schema(name, {}, any_attribute=True) if name == "OS::Heat::None" else None

    def names(self) -> list[str]:
        return ["OS::Heat::None"]


@pytest.fixture(scope="module")
def corpus() -> dict[str, str]:
    """path -> text, of every file."""
    packed = lzma.decompress((TEMPLATES / "corpus.tar.xz").read_bytes())
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            assert content is not None
            found[member.name] = content.read().decode("utf-8")
    return found


def templates(corpus: Mapping[str, str]) -> dict[str, str]:
    known = re.compile("heat_template_version|FormatVersion")
    ends = (".yaml", ".template", ".json")
    return {path: text for path, text in corpus.items() if path.endswith(ends) and known.search(text)}


class EveryFile(dict[str, str]):
    """Whatever get_file names is there."""

    def get(self, key: str, default: Any = None) -> Any:
        return "content"


def wrong_with(text: str, environment: str = NOTHING) -> list[Diagnostic]:
    try:
        reading = read(
            parse_template(text),
            parse_environment(environment),
            parameters={},
            identity=IDENTITY,
            types=OnlyNone(),
            files=EveryFile(),
            complete=False,
        )
    except InvalidInput as refused:
        return list(refused.diagnostics)
    return reading.problems.diagnostics()


def test_every_template_is_valid(corpus: dict[str, str]) -> None:
    found = templates(corpus)
    assert len(found) == 145
    wrong = {path: [one.code for one in problems] for path, text in found.items() if (problems := wrong_with(text))}
    assert wrong == dict.fromkeys(CIRCLES, ["dependency-cycle"])


def test_every_environment_is_valid(corpus: dict[str, str]) -> None:
    found = {
        path: text for path, text in corpus.items() if re.search(r"env[^/]*\.yaml$", path) and path.endswith("env.yaml")
    }
    assert len(found) > 5
    for text in found.values():
        parse_environment(text)


SERVER = "hot/servers_in_new_neutron_net.yaml"
MEMBERS = "hot/F20/WordPress_Native.yaml"
MEMBER = "cfn/F17/WordPress_Single_Instance.template"

MISTAKES: list[tuple[str, str, str, str]] = [
    # (template, what is there, what stands there instead, code)
    (
        SERVER,
        "network_id: { get_resource: private_net }",
        "network_id: { get_resource: private_ne }",
        "unknown-reference",
    ),
    (SERVER, "get_param: private_net_cidr }", "get_param: private_net_cid }", "unknown-parameter"),
    (SERVER, "get_param: public_net }", "get_parm: public_net }", "unknown-function"),
    (SERVER, "type: OS::Neutron::Net\n", "tpye: OS::Neutron::Net\n", "unknown-key"),
    (SERVER, "type: OS::Neutron::Subnet\n", "type: [OS::Neutron::Subnet]\n", "bad-resource"),
    (SERVER, "  private_subnet:\n    type", "  private/subnet:\n    type", "bad-resource-name"),
    (SERVER, "parameters:\n", "paramters:\n", "unknown-section"),
    (SERVER, "heat_template_version: 2013-05-23", "heat_template_version: 2013-05-24", "unknown-version"),
    (SERVER, "  private_net_cidr:\n    type: string", "  private_net_cidr:\n    type: sting", "unknown-type"),
    (SERVER, "  private_net_cidr:\n    type: string\n", "  private_net_cidr:\n   type: string\n", "broken-yaml"),
    (SERVER, "      network_id: { get_resource", "       network_id: { get_resource", "broken-yaml"),
    (
        SERVER,
        "{ get_attr: [ server1, first_address ] }",
        "{ get_attr: [ server3, first_address ] }",
        "unknown-reference",
    ),
    (MEMBERS, "length: { min: 1, max: 64 }", "length: { mni: 1, max: 64 }", "bad-constraint"),
    (MEMBERS, "- allowed_pattern:", "- allowed_patern:", "bad-constraint"),
    (MEMBERS, "str_replace:\n", "str_repalce:\n", "unknown-function"),
    (MEMBERS, "          params:", "          parms:", "bad-function-arguments"),
    (MEMBER, '"Type" : "String"', '"Type" : "Strng"', "unknown-type"),
    (MEMBER, '"MinLength": "1",', '"MinLength": "one",', "bad-constraint"),
    (MEMBER, '"Fn::FindInMap" : [', '"Fn::FindInMa" : [', "unknown-function"),
    (MEMBER, '"Ref" : "InstanceType"', '"Ref" : "InstanceTyp"', "unknown-reference"),
    (MEMBER, '"Resources" : {', '"Resource" : {', "unknown-section"),
    (MEMBER, '"AWSInstanceType2Arch", {', '"AWSInstanceType2Arc", {', "unknown-mapping"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{number}-{one[3]}" for number, one in enumerate(MISTAKES)])
def test_a_mistake_is_found_at_its_line(corpus: dict[str, str], mistake: tuple[str, str, str, str]) -> None:
    path, there, instead, code = mistake
    text = corpus[path]
    assert there in text, "the template has changed"
    start = text.index(there)
    changed = text[:start] + instead + text[start + len(there) :]
    difference = next(place for place, (a, b) in enumerate(zip(there, instead, strict=False)) if a != b)
    line = text.count("\n", 0, start + difference) + 1
    problems = wrong_with(changed)
    near = (0, 1) if code == "broken-yaml" else (0,)  # a wrong indent shows in the line below
    assert any(one.code == code and (one.line or 0) - line in near for one in problems), (line, problems)
