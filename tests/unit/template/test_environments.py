"""Environments: sections, and what the registry makes of a type's name."""

from typing import Any

import pytest

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template import parse_environment


def resolved(registry: str, type_name: str, resource: str = "a") -> str:
    return parse_environment("resource_registry:\n" + registry).resolve_type(type_name, resource)[0]


def problems(source: Any) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        parse_environment(source)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("registry", "type_name", "target"),
    [
        ("  A: B", "A", "B"),
        ("  A: B", "C", "C"),
        ("  A: B\n  B: C", "A", "C"),
        ("  'A::*': 'B::*'", "A::x::y", "B::x::y"),
        ("  'A::*': B", "A::x", "B"),
        ("  'A::*': 'A::x'", "A::x", "A::x"),
        ("  'A::*': 'A::x'", "A::y", "A::x"),
        ("  'A::*': 'B::*'\n  'B::x': C", "A::x", "C"),
        ("  'A::*': B\n  'A::x': C", "A::x", "B"),  # alphabetical: * comes first
        ("  'A::b*': B\n  'A::a*': C\n  'A*': D", "A::a1", "D"),
        ("  A: B\n  resources: {a: {A: C}}", "A", "C"),
        ("  A: B\n  resources: {z: {A: C}}", "A", "B"),
        ("  resources: {a: {'A*': 'C*'}}", "A1", "C1"),
        ("  A: B\n  'A*': null", "A", "A"),
        ("  'A*': null\n  A: B", "A", "B"),
        ("  A: null", "A", "A"),
        ("  A: some.yaml", "A", "some.yaml"),
    ],
)
def test_what_a_type_name_stands_for(registry: str, type_name: str, target: str) -> None:
    assert resolved(registry, type_name) == target


def test_the_definition_has_both_names(language: Any) -> None:
    environment = "resource_registry: {'OS::Nova::*': OS::Heat::None, resources: {b: {'OS::Nova::Server': Test::Box}}}"
    template = "resources: {a: {type: OS::Nova::Server, properties: {x: 1}}, b: {type: OS::Nova::Server}}"
    found = language.define(template, environment).resources
    assert (found["a"].type, found["a"].declared_type) == ("OS::Heat::None", "OS::Nova::Server")
    assert (found["b"].type, found["b"].declared_type) == ("Test::Box", "OS::Nova::Server")


@pytest.mark.parametrize("registry", ["{A: B, B: A}", "{A: A}", "{'A*': 'AA*'}"])
def test_a_registry_that_goes_in_a_circle_is_refused(language: Any, registry: str) -> None:
    problem = language.only_problem("resources: {a: {type: A}}", f"resource_registry: {registry}")
    assert (problem.code, problem.file, problem.line) == ("type-cycle", "environment", 1)


def test_a_mapping_to_nothing_names_both_types(language: Any) -> None:
    problem = language.only_problem("resources: {a: {type: A}}", "resource_registry: {A: Test::Bx}")
    assert "Test::Bx" in problem.summary
    assert "maps A" in problem.summary
    assert problem.detail == "Did you mean Test::Box?"


def test_a_template_as_a_type_must_have_been_sent(language: Any) -> None:
    for template, environment in (("a.yaml", ""), ("A", "resource_registry: {A: a.template}")):
        problem = language.only_problem(f"resources: {{a: {{type: {template}}}}}", environment)
        assert problem.code == "missing-file"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("foo: {}", "foo", 'environment has wrong section "foo"'),
        ("parameters:", "parameters", 'environment has empty section "parameters"'),
        ("parameters: [a]", "parameters", "the section parameters must be a map, and is a list"),
        ("event_sinks: {}", "event_sinks", "the section event_sinks must be a list, and is a map"),
        ("resource_registry: {A: 5}", "resource_registry.A", "a type must be mapped to the name of a type"),
        ("resource_registry: {resources: []}", "resource_registry.resources", "resources must be a map"),
        (
            "resource_registry: {resources: {a: {hooks: pre-crate}}}",
            "resource_registry.resources.a.hooks",
            'Invalid hook type "pre-crate" for resource breakpoint, acceptable hook types are: ',
        ),
        (
            "resource_registry: {resources: {a: {b: {restricted_actions: [update, x]}}}}",
            "resource_registry.resources.a.b.restricted_actions",
            'Invalid restricted_action type "x" for resource',
        ),
        ("[1]", "", "The environment is not a valid YAML mapping data type."),
        ("text", "", "The environment is not a valid YAML mapping data type."),
    ],
)
def test_a_wrong_environment_is_refused_in_heats_words(text: str, path: str, message: str) -> None:
    (problem,) = problems(text)
    assert (problem.path, problem.file, problem.line) == (path, "environment", 1)
    assert problem.message.startswith(message)


def test_a_misspelt_section_gets_the_likely_name() -> None:
    assert problems("parameter: {}")[0].detail == "Did you mean parameters?"


def test_all_sections_are_known_and_all_problems_told() -> None:
    parse_environment(
        "parameters: {}\nparameter_defaults: {}\nparameter_merge_strategies: {}\nresource_registry: {}\n"
        "event_sinks: []\nencrypted_param_names: []"
    )
    assert [one.code for one in problems("a: 1\nb: 2\nparameters:")] == ["unknown-section"] * 2 + ["empty-section"]


def test_an_empty_environment_is_none() -> None:
    sources: tuple[str | dict[str, Any], ...] = ("", "{}", {}, "# nothing")
    for source in sources:
        assert not parse_environment(source).registry


def test_thousands_of_mappings_are_looked_up_in_no_time(language: Any) -> None:
    registry: dict[str, Any] = {f"Z{number}*": "AA*" for number in range(3000)}
    registry |= {f"A{number}": f"A{number + 1}" for number in range(3000)} | {"A3000": "OS::Heat::None"}
    resources = {f"r{number}": {"type": f"A{number}"} for number in range(0, 3000, 3)}
    template = {"heat_template_version": "2021-04-16", "resources": {"r0": resources["r0"], "r9": {"type": "A2990"}}}
    assert language.define(template, {"resource_registry": registry}).resources["r0"].type == "OS::Heat::None"
