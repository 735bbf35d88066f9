"""Resources: keys, types, properties, what they need, circles."""

from typing import Any

import pytest


def needs(language: Any, template: Any, **more: Any) -> dict[str, tuple[str, ...]]:
    return {name: one.requires for name, one in language.define(template, **more).resources.items()}


def test_what_a_resource_needs_comes_from_depends_on_properties_and_metadata(language: Any) -> None:
    assert needs(
        language,
        """
        parameters: {name: {type: string, default: e}}
        resources:
          a: {type: OS::Heat::None}
          b: {type: OS::Heat::None, depends_on: a}
          c: {type: OS::Heat::None, depends_on: [b, a, b]}
          d: {type: OS::Heat::None, properties: {x: [{k: {get_resource: c}}, {get_attr: [a, y, {get_attr: [b, z]}]}]}}
          e: {type: OS::Heat::None, metadata: {x: {get_attr: [d, y]}}}
          f: {type: OS::Heat::None, properties: {x: {str_replace: {template: t, params: {t: {get_resource: a}}}}}}
          g: {type: OS::Heat::None, properties: {x: {get_resource: {get_param: name}}}}
        """,
    ) == {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("a", "b", "c"), "e": ("d",), "f": ("a",), "g": ("e",)}


def test_only_the_chosen_branch_of_an_if_counts(language: Any) -> None:
    template = """
    parameters: {big: {type: boolean, default: true}}
    conditions: {big: {get_param: big}}
    resources:
      a: {type: OS::Heat::None}
      b: {type: OS::Heat::None}
      c: {type: OS::Heat::None, properties: {x: {if: [big, {get_resource: a}, {get_attr: [b, x]}]}}}
    """
    assert needs(language, template)["c"] == ("a",)
    assert needs(language, template, big=False)["c"] == ("b",)


def test_a_disabled_resource_is_not_there_and_depends_on_ignores_it(language: Any) -> None:
    definition = language.define(
        """
        conditions: {never: false}
        resources:
          a: {type: OS::Heat::None, condition: never}
          b: {type: OS::Heat::None, depends_on: [a]}
          c: {type: OS::Heat::None, properties: {x: {if: [never, {get_resource: a}, y]}}}
        """
    )
    assert list(definition.resources) == ["b", "c"]
    assert definition.resources["b"].requires == ()


def test_what_is_in_a_disabled_resource_is_not_looked_at(language: Any) -> None:
    language.define("resources: {a: {type: No::Such, condition: false, properties: {x: {get_resource: zz}}}}")


@pytest.mark.parametrize(
    ("where", "path", "heat_type", "message"),
    [
        (
            "resources: {a: {type: OS::Heat::None, condition: false}, b: {type: OS::Heat::None, "
            "properties: {x: {y: [{get_resource: a}]}}}}",
            "resources.b.properties.x.y[0].get_resource",
            "InvalidTemplateReference",
            'The specified reference "a" (in b.Properties.x.y[0]) is incorrect.',
        ),
        (
            "resources: {a: {type: OS::Heat::None, condition: false}}\noutputs: {b: {value: {get_attr: [a, x]}}}",
            "outputs.b.value.get_attr",
            "StackValidationFailed",
            'outputs.b.value.get_attr: The specified reference "a" (in unknown) is incorrect.',
        ),
    ],
)
def test_a_reference_to_a_disabled_resource_is_refused(
    language: Any, where: str, path: str, heat_type: str, message: str
) -> None:
    problem = language.only_problem(where)
    assert (problem.path, problem.heat_type, problem.message) == (path, heat_type, message)
    assert "condition" in problem.summary
    assert "if" in problem.detail


def test_a_reference_to_nothing_is_refused_in_heats_words(language: Any) -> None:
    problem = language.only_problem(
        "resources:\n  box:\n    type: Test::Box\n"
        "  a: {type: OS::Heat::Value, properties: {value: {get_resource: bix}}}"
    )
    assert (problem.code, problem.line, problem.column) == ("unknown-reference", 5, 51)
    assert problem.heat_type == "InvalidTemplateReference"
    assert problem.message == 'The specified reference "bix" (in a.Properties.value) is incorrect.'
    assert problem.detail == "Did you mean box?"
    problem = language.only_problem("resources: {a: {type: OS::Heat::None, depends_on: zz}}")
    assert (problem.path, problem.message) == (
        "resources.a.depends_on",
        'The specified reference "zz" (in a) is incorrect.',
    )


def test_a_circle_is_named_with_all_its_members_in_order(language: Any) -> None:
    problem = language.only_problem(
        """
        resources:
          a: {type: OS::Heat::None, depends_on: c}
          b: {type: OS::Heat::None, properties: {x: {get_resource: a}}}
          c: {type: OS::Heat::None, metadata: {x: {get_attr: [b, y]}}}
          d: {type: OS::Heat::None, depends_on: a}
        """
    )
    assert (problem.code, problem.path, problem.line) == ("dependency-cycle", "resources.a", 4)
    assert problem.summary == "resources need each other in a circle: a -> c -> b -> a"
    assert problem.heat_type == "CircularDependencyException"


def test_each_knot_of_circles_is_one_problem(language: Any) -> None:
    problems = language.refusal(
        """
        resources:
          a: {type: OS::Heat::None, depends_on: a}
          b: {type: OS::Heat::None, depends_on: [c, d]}
          c: {type: OS::Heat::None, depends_on: b}
          d: {type: OS::Heat::None, depends_on: b}
        """
    )
    assert [one.summary for one in problems] == [
        "resources need each other in a circle: a -> a",
        "resources need each other in circles: b, c, d",
    ]


def test_what_needs_a_resource_that_is_wrong_is_not_complained_about(language: Any) -> None:
    problem = language.only_problem(
        "resources: {a: x, b: {type: OS::Heat::None, depends_on: a}, c: {type: OS::Heat::None,"
        " properties: {x: {get_attr: [a, y]}}}}"
    )
    assert problem.path == "resources.a"


def test_a_circle_of_thousands_costs_no_recursion(language: Any) -> None:
    resources = {f"r{n}": {"type": "OS::Heat::None", "depends_on": f"r{(n + 1) % 5000}"} for n in range(5000)}
    problem = language.only_problem({"heat_template_version": "2021-04-16", "resources": resources})
    assert "r0, r1, r2" in problem.summary
    assert problem.summary.endswith("and 4500 more")


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("{}", "resources.a", "Each resource must contain a type key."),
        ("{type: }", "resources.a.type", 'Resource "a" has no type'),
        ("{type: ''}", "resources.a.type", 'Resource "a" has no type'),
        ("{type: [x]}", "resources.a.type", "Resource a type type must be string"),
        ("{type: No::Such}", "resources.a.type", "The Resource Type (No::Such) could not be found."),
        ("x", "resources.a", "Resources must contain Resource. Found a [str] instead"),
        (
            "{type: Test::Box, bogus: 1}",
            "resources.a.bogus",
            '"bogus" is not a valid keyword inside a resource definition',
        ),
        ("{type: Test::Box, properties: x}", "resources.a.properties", "Resource a properties type must be object"),
        ("{type: Test::Box, metadata: [1]}", "resources.a.metadata", "Resource a metadata type must be object"),
        (
            "{type: Test::Box, update_policy: 1}",
            "resources.a.update_policy",
            "Resource a update_policy type must be obje",
        ),
        (
            "{type: Test::Box, depends_on: 5}",
            "resources.a.depends_on",
            "Resource a depends_on type must be list or string",
        ),
        (
            "{type: Test::Box, depends_on: [5]}",
            "resources.a.depends_on[0]",
            "Resource a depends_on type must be list or s",
        ),
        (
            "{type: Test::Box, description: [5]}",
            "resources.a.description",
            "Resource a description type must be string",
        ),
        (
            "{type: Test::Box, external_id: {a: 1}}",
            "resources.a.external_id",
            "Resource a external_id type must be string",
        ),
        (
            "{type: Test::Box, deletion_policy: Retian}",
            "resources.a.deletion_policy",
            'Invalid deletion policy "Retian"',
        ),
        (
            "{type: Test::Box, properties: {bogus: 1}}",
            "resources.a.properties.bogus",
            "Property error: : resources.a.properties: : Unknown Property bogus",
        ),
        (
            "{type: Test::Box, properties: {size: 10}}",
            "resources.a.properties.size",
            "Property error: : resources.a.properties.size: : 10 is out of range (min: 1, max: 9)",
        ),
        (
            "{type: OS::Heat::Value}",
            "resources.a.properties",
            "Property error: : resources.a.properties: : Property value not assigned",
        ),
    ],
)
def test_a_wrong_resource_is_refused_in_heats_words(language: Any, body: str, path: str, message: str) -> None:
    problem = language.only_problem("resources:\n  a: " + body)
    assert (problem.path, problem.line) == (path, 3)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        ("{type: Test::Bx}", "Did you mean Test::Box?"),
        ("{type: Test::Box, propertis: {}}", "Did you mean properties?"),
        ("{type: Test::Box, properties: {lable: x}}", "Did you mean label?"),
        ("{type: Test::Box, deletion_policy: Retian}", "Did you mean Retain?"),
        ("{type: Test::Box, metadata: {x: {get_attr: [a, insde]}}}", "Did you mean inside?"),
    ],
)
def test_a_slip_gets_the_likely_word(language: Any, wrong: str, detail: str) -> None:
    assert [one.detail for one in language.refusal(f"resources: {{a: {wrong}}}")][0] == detail


def test_a_resource_name_may_not_have_a_slash(language: Any) -> None:
    problem = language.only_problem("resources: {a/b: {type: OS::Heat::None}}")
    assert problem.message == 'Resource name may not contain "/"'


def test_a_parameter_and_a_resource_may_not_share_a_name(language: Any) -> None:
    problem = language.only_problem(
        "parameters: {a: {type: string, default: x}}\nresources: {a: {type: OS::Heat::None}}"
    )
    assert (problem.code, problem.message) == ("duplicate-name", "Duplicate names {'a'}")


def test_deletion_policies_may_be_lower_case_since_their_version_and_computed(language: Any) -> None:
    template = (
        "parameters: {p: {type: string, default: retain}}\nresources: {a: {type: Test::Box, deletion_policy: %s}}"
    )
    for written, policy in (("Retain", "Retain"), ("snapshot", "Snapshot"), ("{get_param: p}", "Retain")):
        assert language.define(template % written).resources["a"].deletion_policy == policy
    old = "heat_template_version: 2015-04-30\nresources: {a: {type: Test::Box, deletion_policy: retain}}"
    assert language.only_problem(old).message == 'Invalid deletion policy "retain"'


def test_what_must_be_known_early_may_not_wait_for_a_resource(language: Any) -> None:
    for key in ("deletion_policy", "external_id"):
        problem = language.only_problem(
            f"resources: {{a: {{type: OS::Heat::None}}, b: {{type: OS::Heat::None, {key}: {{get_attr: [a, x]}}}}}}"
        )
        assert (problem.code, problem.path) == ("late-value", f"resources.b.{key}")


def test_beside_an_external_id_properties_may_be_missing_and_what_does_not_fit_is_a_warning(language: Any) -> None:
    for properties, warned in (
        ("", []),
        (", properties: {value: 1}", []),
        (", properties: {nope: 1}", [("unknown-property", "resources.a.properties.nope", "warning")]),
    ):
        definition = language.define(f"resources: {{a: {{type: OS::Heat::Value, external_id: x{properties}}}}}")
        assert [(one.code, one.path, one.severity) for one in definition.warnings] == warned
    slip = "resources: {a: {type: OS::Heat::Value, external_id: x, properties: {value: {get_attr: [b, c]}}}}"
    assert language.only_problem(slip).code == "unknown-reference"
    assert language.only_problem("resources: {a: {type: OS::Heat::Value}}").code == "property-required"


def test_run_time_values_are_never_a_problem_of_a_property(language: Any) -> None:
    language.define(
        "resources: {a: {type: OS::Heat::None}, b: {type: Test::Box, properties: {size: {get_attr: [a, x]}}}}"
    )


def test_all_fields_arrive_in_the_definition(language: Any) -> None:
    definition = language.define(
        """
        parameters: {p: {type: number, default: 3}}
        resources:
          a:
            type: Test::Box
            description: a box
            external_id: ext-1
            deletion_policy: retain
            properties: {size: {get_param: p}}
            metadata: {role: {list_join: ['-', [a, b]]}}
            update_policy: {wait: {get_param: p}}
        """
    ).resources["a"]
    assert (definition.type, definition.declared_type, definition.description) == ("Test::Box", "Test::Box", "a box")
    assert definition.properties == {"size": 3}
    assert definition.metadata == {"role": "a-b"}
    assert definition.update_policy == {"wait": 3}
    assert (definition.external_id, definition.deletion_policy) == ("ext-1", "Retain")


def test_equal_requirements_are_one_object(language: Any) -> None:
    resources: dict[str, Any] = {f"a{number}": {"type": "OS::Heat::None"} for number in range(3)}
    resources |= {f"b{n}": {"type": "OS::Heat::None", "depends_on": ["a2", "a0", "a1"]} for n in range(3)}
    found = language.define({"heat_template_version": "2021-04-16", "resources": resources}).resources
    assert found["b0"].requires == ("a0", "a1", "a2")
    assert found["b0"].requires is found["b1"].requires is found["b2"].requires


def test_outputs_are_kept_in_order_and_disabled_ones_are_null(language: Any) -> None:
    outputs = language.define(
        "outputs:\n  z: {value: 1, description: last}\n"
        "  b: {value: {get_attr: [nope, x]}, condition: false}\n  a: {value: }"
    ).outputs
    assert [(one.key, one.description, one.value) for one in outputs.values()] == [
        ("z", "last", 1),
        ("b", "No description given", None),
        ("a", "No description given", None),
    ]


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("{}", "outputs.o", "Output validation error: outputs.o: Each output definition must contain a value key."),
        ("x", "outputs.o", "Output validation error: outputs.o: "),
        ("{value: 1, condition: {a: b}}", "outputs.o.condition", "outputs.o.condition: Invalid condition"),
    ],
)
def test_a_wrong_output_is_refused_in_heats_words(language: Any, body: str, path: str, message: str) -> None:
    problem = language.only_problem("outputs:\n  o: " + body)
    assert problem.path == path
    assert problem.message.startswith(message)


def test_a_key_that_outputs_do_not_have_is_a_warning_as_heat_takes_no_notice_of_it(language: Any) -> None:
    (warning,) = language.define("outputs:\n  o: {value: 1, valeu: 2}").warnings
    assert (warning.code, warning.path, warning.line) == ("unknown-key", "outputs.o.valeu", 3)
    assert warning.message == '"valeu" is not a valid keyword inside a output definition'


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("properties", "object"),
        ("metadata", "object"),
        ("update_policy", "object"),
        ("depends_on", "list or string"),
        ("deletion_policy", "string"),
        ("description", "string"),
        ("external_id", "string"),
        ("condition", "string or boolean"),
    ],
)
def test_a_key_with_nothing_behind_it_is_refused(language: Any, key: str, wanted: str) -> None:
    problem = language.only_problem(f"resources:\n  a:\n    type: OS::Heat::None\n    {key}:\n")
    assert (problem.path, problem.line) == (f"resources.a.{key}", 5)
    assert problem.message == f"Resource a {key} type must be {wanted}"


@pytest.mark.parametrize("key", ["description", "external_id"])
def test_numbers_are_no_text_there(language: Any, key: str) -> None:
    problem = language.only_problem(f"resources: {{a: {{type: OS::Heat::None, {key}: 5}}}}")
    assert problem.message == f"Resource a {key} type must be string"
