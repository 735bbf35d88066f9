"""The registry knows this package's types, plug-ins' types, and nothing else."""

import sys
from pathlib import Path

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import ResourceType
from firebrick.resources.registry import Registry

PLUGIN = """
from firebrick.resources.base import ResourceType

class {name}(ResourceType):
    type_name = "Example::{name}"

RESOURCE_TYPES = [{name}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that modules can be imported from."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_every_type_of_this_package_is_there_and_listed_in_order() -> None:
    assert Registry.default({}).names() == [
        "Firebrick::Exec",
        "Firebrick::File",
        "Firebrick::HTTP::Resource",
        "Firebrick::Postgres::Database",
        "Firebrick::Postgres::Role",
        "OS::Heat::CloudConfig",
        "OS::Heat::Delay",
        "OS::Heat::MultipartMime",
        "OS::Heat::None",
        "OS::Heat::RandomString",
        "OS::Heat::SoftwareComponent",
        "OS::Heat::SoftwareConfig",
        "OS::Heat::StructuredConfig",
        "OS::Heat::TestResource",
        "OS::Heat::Value",
    ]


def test_each_type_has_a_file_of_its_own() -> None:
    registry = Registry.default({})
    modules = [type(registry.type(name)).__module__ for name in registry.names()]
    assert len(set(modules)) == len(modules)


def test_instant_types_are_those_that_call_nobody() -> None:
    registry = Registry.default({})
    assert {name for name in registry.names() if registry.type(name).instant} == {
        "OS::Heat::CloudConfig",
        "OS::Heat::MultipartMime",
        "OS::Heat::None",
        "OS::Heat::RandomString",
        "OS::Heat::SoftwareComponent",
        "OS::Heat::SoftwareConfig",
        "OS::Heat::StructuredConfig",
        "OS::Heat::Value",
    }


def test_an_alias_is_found_under_its_own_name_and_not_listed() -> None:
    registry = Registry.default({})
    restarter = registry.find("OS::Heat::HARestarter")
    assert restarter is not None
    assert restarter.name == "OS::Heat::HARestarter"
    assert type(registry.type("OS::Heat::HARestarter")) is type(registry.type("OS::Heat::None"))
    assert "OS::Heat::HARestarter" not in registry.names()


def test_an_unknown_type_is_refused_in_heats_words_with_a_near_name() -> None:
    registry = Registry.default({})
    assert registry.find("OS::Heat::RandomStrin") is None
    with pytest.raises(InvalidInput) as caught:
        registry.type("OS::Heat::RandomStrin")
    assert caught.value.first.message == "The Resource Type (OS::Heat::RandomStrin) could not be found."
    assert caught.value.first.detail == "Did you mean OS::Heat::RandomString?"


def test_plug_ins_come_from_the_environment(folder: Path) -> None:
    (folder / "fire_plugin_one.py").write_text(PLUGIN.format(name="One"))
    (folder / "fire_plugin_two.py").write_text(PLUGIN.format(name="Two"))
    registry = Registry.default({"FIREBRICK_PLUGINS": "fire_plugin_one, fire_plugin_two,"})
    assert [name for name in registry.names() if name.startswith("Example::")] == ["Example::One", "Example::Two"]


def test_plug_ins_come_from_entry_points_of_installed_packages(folder: Path) -> None:
    (folder / "fire_plugin_three.py").write_text(PLUGIN.format(name="Three"))
    installed = folder / "fire_plugin-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: fire-plugin\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[firebrick.resource_types]\nthree = fire_plugin_three\n")
    assert Registry.default({}).find("Example::Three") is not None


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("raise OSError('no such device')", "OSError: no such device"),
        ("TYPES = []", "RESOURCE_TYPES"),
        ("RESOURCE_TYPES = ['x']", "has 'x', not a resource type"),
    ],
)
def test_a_broken_plug_in_is_named_with_its_cause(folder: Path, source: str, cause: str) -> None:
    sys.modules.pop("fire_plugin_broken", None)
    (folder / "fire_plugin_broken.py").write_text(source)
    with pytest.raises(InvalidInput) as caught:
        Registry.default({"FIREBRICK_PLUGINS": "fire_plugin_broken"})
    assert "FIREBRICK_PLUGINS names fire_plugin_broken" in str(caught.value)
    assert cause in str(caught.value)


def test_a_plug_in_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidInput, match="No module named 'fire_plugin_missing'"):
        Registry.default({"FIREBRICK_PLUGINS": "fire_plugin_missing"})


def test_two_types_cannot_have_one_name() -> None:
    class First(ResourceType):
        type_name = "Example::Same"

    class Second(ResourceType):
        type_name = "Example::Other"
        aliases = ("Example::Same",)

    with pytest.raises(ValueError, match="Example::Same is defined by .*First and by .*Second"):
        Registry([First, Second])


def test_hidden_types_work_but_are_not_listed() -> None:
    class Secret(ResourceType):
        type_name = "Example::Secret"
        hidden = True

    registry = Registry([Secret])
    assert registry.names() == []
    assert registry.find("Example::Secret") is not None
