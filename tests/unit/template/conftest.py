"""A language to test: `define` a template, or ask for the `refusal` of one; types that need no registry."""

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template import (
    PropertyProblem,
    StackDefinition,
    StackIdentity,
    TypeSchema,
    define,
    parse_environment,
    parse_template,
    resolve,
)

HEAT_RESULTS = Path(__file__).parent / "heat_results.json"
TEMPLATES = Path(__file__).parents[2] / "templates"


@dataclass(frozen=True)
class Schema:
    """A type whose properties are named and have a Python type; a `size` above 9 breaks a constraint."""

    name: str
    properties: Mapping[str, type | tuple[type, ...]]
    attributes: Mapping[str, str] = field(default_factory=dict)
    any_attribute: bool = False
    required: tuple[str, ...] = ()
    nested: bool = False

    def check(self, properties: Mapping[str, Any], *, unknown: object) -> list[PropertyProblem]:
        found = []
        for name, value in properties.items():
            if self.any_attribute or value is unknown or value is None:
                continue
            if name not in self.properties:
                found.append(PropertyProblem((), "unknown-property", f"Unknown Property {name}"))
            elif not isinstance(value, self.properties[name]):
                found.append(PropertyProblem((name,), "property-type", f"'{value}' is of the wrong kind"))
            elif name == "size" and isinstance(value, int) and value > 9:
                text = f"{value} is out of range (min: 1, max: 9)"
                found.append(PropertyProblem((name,), "property-constraint", text))
        for name in self.required:
            if name not in properties:
                found.append(PropertyProblem((), "property-required", f"Property {name} not assigned"))
        return found


ANY = (str, int, float, bool, list, dict)
CATALOGUE = {
    "OS::Heat::TestResource": Schema("OS::Heat::TestResource", {"value": str, "wait_secs": int}, {"output": "It."}),
    "OS::Heat::RandomString": Schema("OS::Heat::RandomString", {"length": (int, str)}, {"value": "The text."}),
    "OS::Heat::Value": Schema("OS::Heat::Value", {"value": ANY}, {"value": "The value."}, required=("value",)),
    "OS::Heat::None": Schema("OS::Heat::None", {}, any_attribute=True),
    "Test::Box": Schema("Test::Box", {"size": int, "things": ANY, "label": str}, {"size": "", "inside": ""}),
}


class Types:
    def find(self, name: str, *, declared: str = "", resource: str = "") -> TypeSchema | None:
        return CATALOGUE.get(name)

    def names(self) -> Sequence[str]:
        return sorted(CATALOGUE)


IDENTITY = StackIdentity(name="mystack", id="6a1c2b0e-1111-4222-8333-444455556666", project="p1")
VERSION = "heat_template_version: 2021-04-16\n"


class World:
    """What resources have come to."""

    def __init__(self, **attributes: Any) -> None:
        self.attributes = attributes

    def reference_id(self, resource: str) -> str | None:
        return f"id-of-{resource}"

    def attribute(self, resource: str, attribute: str) -> Any:
        all_of_it = self.attributes.get(resource, {})
        return all_of_it.get(attribute) if attribute else all_of_it


class Language:
    """template: text (the newest version is put in front when it names none) or an object."""

    version = VERSION
    identity = IDENTITY
    types = Types()

    def define(
        self, template: Any, environment: Any = "", files: Mapping[str, str] | None = None, **parameters: Any
    ) -> StackDefinition:
        if isinstance(template, str):
            template = textwrap.dedent(template)
            if "version" not in template.lower():
                template = VERSION + template
        return self.define_raw(template, environment, files or {}, parameters)

    def define_raw(self, template: Any, environment: Any, files: Mapping[str, str], given: Any) -> StackDefinition:
        """The inputs as they are."""
        return define(
            parse_template(template),
            parse_environment(environment),
            parameters=given,
            identity=IDENTITY,
            types=self.types,
            files=files,
        )

    def tree_of(self, text: str) -> dict[str, Any]:
        return parse_template(text).tree

    def refusal(self, template: Any, environment: Any = "", **more: Any) -> list[Diagnostic]:
        """All problems of an input that must be refused."""
        with pytest.raises(InvalidInput) as caught:
            self.define(template, environment, **more)
        return list(caught.value.diagnostics)

    def only_problem(self, template: Any, environment: Any = "", **more: Any) -> Diagnostic:
        problems = self.refusal(template, environment, **more)
        assert len(problems) == 1, [str(one) for one in problems]
        return problems[0]

    def value(self, expression: Any, *, version: str = "2021-04-16", world: World | None = None, **more: Any) -> Any:
        """What an expression in an output comes to. more: further sections, or parameters given."""
        sections: dict[str, Any] = {
            name: more.pop(name) for name in ("parameters", "conditions", "resources") if name in more
        }
        template: dict[str, Any] = {
            "heat_template_version": version,
            **sections,
            "outputs": {"o": {"value": expression}},
        }
        definition = self.define(template, **more)
        return resolve(definition.outputs["o"].value, world or World())


@pytest.fixture
def language() -> Language:
    return Language()


@pytest.fixture
def world() -> Callable[..., World]:
    return World


@pytest.fixture
def template_text() -> Callable[[str], str]:
    """The text of a template of tests/templates."""
    return lambda name: (TEMPLATES / name).read_text("utf-8")


@pytest.fixture(scope="session")
def heat_results() -> dict[str, Any]:
    """Expressions and what a real Heat made of them."""
    loaded: dict[str, Any] = json.loads(HEAT_RESULTS.read_text("utf-8"))
    return loaded
