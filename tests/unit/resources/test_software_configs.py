"""The types of software configs: what they store, what they show, and what they refuse."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from firebrick.diagnostics import InvalidInput
from firebrick.resources.heat.cloud_config import CloudConfig
from firebrick.resources.heat.software_component import SoftwareComponent
from firebrick.resources.heat.software_config import SoftwareConfig
from firebrick.resources.heat.structured_config import StructuredConfig
from firebrick.resources.registry import Registry
from firebrick.testing.rehearsal import Rehearsal

SCHEMAS = Path(__file__).with_name("schemas")
UNKNOWN = object()
INPUT = {"name": "x", "description": None, "type": "String", "default": None, "replace_on_change": False}
OUTPUT = {"name": "result", "description": None, "type": "String", "error_output": False}


def without_descriptions(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: without_descriptions(item)
            for key, item in value.items()
            if not (key == "description" and isinstance(item, str))
        }
    return [without_descriptions(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["SoftwareConfig", "StructuredConfig", "SoftwareComponent", "MultipartMime"])
def test_the_schema_is_heats_in_everything_but_descriptions(name: str) -> None:
    shown = Registry.default({}).schema(f"OS::Heat::{name}").shown()
    assert without_descriptions(shown) == json.loads((SCHEMAS / f"{name}.json").read_text())


@pytest.mark.parametrize(
    "name", ["CloudConfig", "MultipartMime", "SoftwareComponent", "SoftwareConfig", "StructuredConfig"]
)
def test_any_change_replaces_a_config(name: str) -> None:
    properties = Registry.default({}).schema(f"OS::Heat::{name}").shown()["properties"]
    assert {(one["update_allowed"], one["immutable"]) for one in properties.values()} == {(False, False)}


def test_a_software_config_keeps_its_text_to_the_letter_and_all_that_belongs_to_it() -> None:
    text = "#!/bin/sh\r\necho $x\tä\n\n"
    resource = Rehearsal(
        SoftwareConfig(),
        {
            "group": "script",
            "config": text,
            "inputs": [{"name": "x", "default": ["d"], "type": "Json"}],
            "outputs": [{"name": "result"}],
            "options": {"o": 1},
        },
        name="c",
    )
    resource.create()
    assert resource.attribute("config") == text
    assert resource.data == {
        "name": "stack-c-abcdefghijkl",
        "group": "script",
        "inputs": [INPUT | {"default": ["d"], "type": "Json"}],
        "outputs": [OUTPUT],
        "options": {"o": 1},
    }
    assert resource.pauses == []


def test_a_config_is_known_by_a_uuid_that_every_attempt_of_one_create_gives() -> None:
    first, again, other = (Rehearsal(SoftwareConfig(), {}, key=key) for key in ("one", "one", "two"))
    for resource in (first, again, other):
        resource.create()
    assert first.physical_id == first.reference_id == again.physical_id != other.physical_id
    assert first.physical_id == str(uuid.UUID(first.physical_id, version=4))


def test_a_software_config_without_a_text_has_none() -> None:
    resource = Rehearsal(SoftwareConfig())
    resource.create()
    assert resource.attribute("config") is None
    assert (resource.data["group"], resource.data["inputs"], resource.data["options"]) == ("Heat::Ungrouped", [], {})


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        (SoftwareConfig, {"config": {"a": 1}}, "Value must be a string; got {'a': 1}"),
        (SoftwareConfig, {"inputs": [{}]}, "Property name not assigned"),
        (SoftwareConfig, {"inputs": [{"name": "x", "error_output": True}]}, "Unknown Property error_output"),
        (
            SoftwareConfig,
            {"outputs": [{"name": "x", "type": "text"}]},
            '"text" is not an allowed value ["String", "Number", "CommaDelimitedList", "Json", "Boolean"]',
        ),
        (StructuredConfig, {"config": "text"}, '"text" is not a map'),
        (CloudConfig, {"cloud_config": "#cloud-config"}, '"#cloud-config" is not a map'),
        (SoftwareComponent, {}, "Property configs not assigned"),
        (SoftwareComponent, {"configs": []}, "length (0) is out of range (min: 1, max: None)"),
        (
            SoftwareComponent,
            {"configs": [{"tool": "script", "actions": []}]},
            "length (0) is out of range (min: 1, max: None)",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_heats_words(kind: Any, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Rehearsal(kind(), properties)
    assert caught.value.first.summary == message


def test_a_structured_config_gives_its_map() -> None:
    config = {"deep": [{"a": None}, 1.5], "text": "x"}
    resource = Rehearsal(StructuredConfig(), {"config": config, "group": "os-apply-config"})
    resource.create()
    assert resource.attribute("config") == config
    assert resource.data["group"] == "os-apply-config"


def test_a_cloud_config_is_yaml_below_its_first_line() -> None:
    shared = {"name": "ä", "shell": "yes"}
    config = {"write_files": [{"path": "/a", "permissions": "0755", "content": "x\ny\n"}], "b": shared, "a": shared}
    resource = Rehearsal(CloudConfig(), {"cloud_config": config})
    resource.create()
    text = resource.attribute("config")
    first, _, rest = text.partition("\n")
    assert first == "#cloud-config"
    assert yaml.safe_load(rest) == config
    assert "&" not in rest and [line[0] for line in rest.splitlines() if line[:1].isalpha()] == ["a", "b", "w"]


def test_a_cloud_config_of_nothing_is_an_empty_map() -> None:
    resource = Rehearsal(CloudConfig())
    resource.create()
    assert resource.attribute("config") == "#cloud-config\n{}\n"


def test_a_component_keeps_a_config_for_each_action_for_the_hook_that_knows_components() -> None:
    configs = [
        {"tool": "script", "config": "install"},
        {"tool": "script", "config": "remove", "actions": ["DELETE", "SUSPEND"]},
    ]
    resource = Rehearsal(SoftwareComponent(), {"configs": configs, "inputs": [{"name": "x"}]})
    resource.create()
    assert resource.attribute("config") == {
        "configs": [
            {"actions": ["CREATE", "UPDATE"], "config": "install", "tool": "script"},
            {"actions": ["DELETE", "SUSPEND"], "config": "remove", "tool": "script"},
        ]
    }
    assert resource.data["group"] == "component"
    assert resource.data["inputs"] == [INPUT]


@pytest.mark.parametrize(
    "configs",
    [
        [{"tool": "script"}, {"tool": "script", "actions": ["DELETE", "UPDATE"]}],
        [{"tool": "a", "actions": ["RESUME"]}, {"tool": "b", "actions": ["RESUME"]}],
    ],
)
def test_two_configs_for_one_action_of_a_component_are_refused_with_its_name(configs: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidInput) as caught:
        Rehearsal(SoftwareComponent(), {"configs": configs}, name="web")
    assert caught.value.first.summary == (
        'Defining more than one configuration for the same action in SoftwareComponent "web" is not allowed.'
    )


def test_a_components_configs_that_are_not_known_yet_are_not_judged() -> None:
    schema = Registry.default({}).schema("OS::Heat::SoftwareComponent")
    assert schema.check({"configs": [{"tool": "a"}, {"tool": UNKNOWN}]}, unknown=UNKNOWN) == []
