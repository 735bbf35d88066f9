"""The registry knows this package's types, plug-ins' types, and nothing else."""

import importlib
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
    install(folder, "three = fire_plugin_three")
    assert Registry.default({}).find("Example::Three") is not None


def module(folder: Path, source: str, name: str = "fire_plugin_broken") -> Registry:
    """A registry with what this module of somebody's has."""
    sys.modules.pop(name, None)
    importlib.invalidate_caches()
    (folder / f"{name}.py").write_text(source)
    return Registry.default({"FIREBRICK_PLUGINS": name})


HEAD = "from firebrick.resources.base import ResourceProperties, ResourceType\n"


@pytest.mark.parametrize(
    ("source", "line", "cause"),
    [
        ("\n\nraise OSError('no such device')", 3, "cannot be loaded: OSError: no such device"),
        ("import sys\nsys.exit('bye')", 2, "cannot be loaded: SystemExit: bye"),
        ("import no_such_library", 1, "cannot be loaded: ModuleNotFoundError: No module named 'no_such_library'"),
        (
            "from firebrick.resources.base import Nothing",
            1,
            "cannot be loaded: ImportError: cannot import name 'Nothing'",
        ),
        ("a = 1\nb = = 2", 2, "cannot be loaded: SyntaxError: invalid syntax"),
        ("def f():\n    raise KeyError('x')\n\nf()", 2, "cannot be loaded: KeyError: 'x'"),
        ("TYPES = []", None, "has no RESOURCE_TYPES in its module"),
        ("RESOURCE_TYPES = 7", None, "cannot be loaded: TypeError: 'int' object is not iterable"),
        ("RESOURCE_TYPES = 'Note'", None, "cannot be loaded: TypeError: RESOURCE_TYPES is no list of classes"),
        ("RESOURCE_TYPES = ['x']", None, "has a value of class str in RESOURCE_TYPES"),
        ("class A: ...\nRESOURCE_TYPES = [A]", 1, "has A in RESOURCE_TYPES, which is no class of resource types"),
        (HEAD + "class A(ResourceType): ...\nRESOURCE_TYPES = [A]", 2, "is left out: TypeError: it has no type_name"),
        (
            HEAD + "class A(ResourceType):\n    type_name = ''\nRESOURCE_TYPES = [A]",
            2,
            "is left out: ValueError: type_name and aliases are texts of 1 to 255 characters",
        ),
        (
            HEAD + "class A(ResourceType):\n    type_name = 'X::A'\n    class Properties(ResourceProperties):\n"
            "        a: complex = 1j\nRESOURCE_TYPES = [A]",
            2,
            "is left out: TypeError: X::A: no kind of property is written",
        ),
        (
            HEAD + "class A(ResourceType):\n    type_name = 'X::A'\n    attributes = {'a': 1}\nRESOURCE_TYPES = [A]",
            2,
            "is left out: TypeError: attributes is a map of names to descriptions",
        ),
        (
            HEAD
            + "class A(ResourceType):\n    type_name = 'X::A'\n    call_timeout = float('nan')\nRESOURCE_TYPES = [A]",
            2,
            "is left out: ValueError: call_timeout is a number of seconds above 0",
        ),
        (
            HEAD + "class A(ResourceType):\n    type_name = 'X::A'\n    def __init__(self):\n        1 / 0\n"
            "RESOURCE_TYPES = [A]",
            2,
            "is left out: ZeroDivisionError: division by zero",
        ),
        (
            HEAD + "class A(ResourceType):\n    type_name = 'OS::Heat::Value'\nRESOURCE_TYPES = [A]",
            2,
            "OS::Heat::Value is defined by firebrick.resources.heat.value.Value and by fire_plugin_broken.A",
        ),
    ],
)
def test_what_is_wrong_in_a_package_is_told_with_its_place_and_costs_its_own_types_only(
    folder: Path, source: str, line: int | None, cause: str
) -> None:
    registry = module(folder, source)
    (fault,) = registry.faults
    assert fault.code == "plugin-broken" and fault.detail
    assert fault.summary.startswith("the module fire_plugin_broken of $FIREBRICK_PLUGINS ") and cause in fault.summary
    if line is not None:
        assert (fault.file, fault.line) == (str(folder / "fire_plugin_broken.py"), line)
    assert registry.names() == Registry.default({}).names()
    assert type(registry.type("OS::Heat::Value")).__module__ == "firebrick.resources.heat.value"


def test_the_good_types_of_a_package_are_there_beside_its_bad_ones(folder: Path) -> None:
    registry = module(
        folder,
        HEAD
        + "class A(ResourceType): ...\nclass B(ResourceType):\n    type_name = 'X::B'\nRESOURCE_TYPES = [A, 7, B, B]",
    )
    assert len(registry.faults) == 2
    assert registry.find("X::B") is not None and "X::B" in registry.implementations


def test_of_two_packages_that_claim_a_name_the_second_is_left_out_and_both_are_named(folder: Path) -> None:
    source = HEAD + "class {0}(ResourceType):\n    type_name = 'X::Same'\nRESOURCE_TYPES = [{0}]"
    (folder / "fire_plugin_first.py").write_text(source.format("First"))
    (folder / "fire_plugin_second.py").write_text(source.format("Second"))
    registry = Registry.default({"FIREBRICK_PLUGINS": "fire_plugin_first,fire_plugin_second"})
    assert type(registry.type("X::Same")).__name__ == "First"
    (fault,) = registry.faults
    assert "fire_plugin_first.First and by fire_plugin_second.Second" in fault.summary


def test_a_plug_in_that_does_not_exist_is_named() -> None:
    (fault,) = Registry.default({"FIREBRICK_PLUGINS": "fire_plugin_missing"}).faults
    assert "there is no module fire_plugin_missing" in fault.summary and "$PYTHONPATH" in fault.detail


def install(folder: Path, points: str) -> None:
    installed = folder / "fire_plugin-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: fire-plugin\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[firebrick.resource_types]\n{points}\n")


def test_an_entry_point_whose_module_is_gone_is_its_packages(folder: Path) -> None:
    install(folder, "acme = fire_plugin_gone.types")
    (fault,) = Registry.default({}).faults
    assert fault.summary == (
        "the package fire-plugin 1.0 (entry point acme = fire_plugin_gone.types) cannot be loaded: there is no module "
        "fire_plugin_gone"
    )
    assert "pip install --force-reinstall fire-plugin" in fault.detail and "pip uninstall fire-plugin" in fault.detail


def test_a_library_that_a_package_lacks_is_named(folder: Path) -> None:
    install(folder, "acme = fire_plugin_lacking")
    (folder / "fire_plugin_lacking.py").write_text("import no_such_library\n")
    (fault,) = Registry.default({}).faults
    assert fault.detail.startswith("Install no_such_library, which it needs.")
    assert (fault.file, fault.line) == (str(folder / "fire_plugin_lacking.py"), 1)


def test_who_asks_for_a_type_that_is_not_there_is_told_of_broken_packages(folder: Path) -> None:
    registry = module(folder, "raise OSError('no such device')")
    with pytest.raises(InvalidInput) as caught:
        registry.type("Acme::Note")
    assert "the module fire_plugin_broken of $FIREBRICK_PLUGINS cannot be loaded" in caught.value.first.detail
    assert str(folder) not in caught.value.first.detail


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
