"""Expressions with arguments of the wrong kind, functions in their places, keys too many: what a real Heat (27.0.1)
made of each. A refusal is a refusal here, an output that fails an output that fails, a value that value.

Each case of heat_probes.json has what it adds to a base of heat_results.json (conditions from 2016-10-14), which is put
to a stack named mystack with the file f.txt.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.resources.registry import Registry
from firebrick.template import StackIdentity, define, parse_environment, parse_template, resolve

PROBES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "heat_probes.json").read_text("utf-8"))
SHARED = ("parameters", "conditions", "Parameters", "Conditions", "Mappings")


class NotCreated:
    """No resource has an attribute yet."""

    def reference_id(self, resource: str) -> str:
        return resource

    def attribute(self, resource: str, attribute: str) -> None:
        return None


def outcome(added: dict[str, Any], heat_results: dict[str, Any]) -> list[Any]:
    hot = "heat_template_version" in added
    base = heat_results["hot_base" if hot else "cfn_base"]
    version = str(added.get("heat_template_version", "2021"))
    sections = [name for name in SHARED if name in base]
    if (hot and version < "2016-10-14") or "HeatTemplateFormatVersion" in added:
        sections = [name for name in sections if name.lower() != "conditions"]
    template = dict(added)
    for name in sections:
        own = added.get(name, {})
        template[name] = {**base[name], **own} if isinstance(own, dict) else own
    try:
        definition = define(
            parse_template(template),
            parse_environment(""),
            parameters={},
            identity=StackIdentity("mystack", "None", "p1"),
            types=Registry.default(),
            files={"f.txt": "file text\n"},
        )
    except InvalidInput:
        return ["refused"]
    (output,) = definition.outputs.values()
    try:
        return ["value", resolve(output.value, NotCreated())]
    except InvalidInput:
        return ["error"]


@pytest.mark.parametrize("start", range(0, len(PROBES), 50))
def test_probes_come_to_what_heat_made_of_them(heat_results: dict[str, Any], start: int) -> None:
    wrong = []
    for probe in PROBES[start : start + 50]:
        got = outcome(probe["template"], heat_results)
        if json.dumps(got, sort_keys=True) != json.dumps(probe["result"], sort_keys=True):
            wrong.append((probe, got))
    assert wrong == []
