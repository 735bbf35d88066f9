"""Versions and sections of a template."""

from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import check_stack_name

ALL_VERSIONS = (
    "2013-05-23 2014-10-16 2015-04-30 2015-10-15 2016-04-08 2016-10-14 2017-02-24 2017-09-01 2018-03-02 2018-08-31 "
    "2021-04-16"
).split()
ALIASES = {
    "newton": "2016-10-14",
    "ocata": "2017-02-24",
    "pike": "2017-09-01",
    "queens": "2018-03-02",
    "rocky": "2018-08-31",
    "wallaby": "2021-04-16",
}


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_every_version_is_taken(language: Any, version: str) -> None:
    assert language.define(f"heat_template_version: {version}").version == version


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_is_taken(language: Any, alias: str) -> None:
    assert language.define(f"heat_template_version: {alias}").version == ALIASES[alias]


def test_an_unknown_version_is_refused_with_all_that_there_are(language: Any) -> None:
    problem = language.only_problem("heat_template_version: 1999-01-01\nresources: {}")
    assert problem.code == "unknown-version"
    assert (problem.line, problem.path, problem.heat_type) == (1, "heat_template_version", "InvalidTemplateVersion")
    listed = ", ".join([*ALL_VERSIONS, *sorted(ALIASES)])
    assert problem.message == (
        'The template version is invalid: "heat_template_version: 1999-01-01". '
        f'"heat_template_version" should be one of: {listed}'
    )


def test_a_template_without_a_version_is_refused(language: Any) -> None:
    problem = language.only_problem({"resources": {}})
    assert problem.message == "The template version is invalid: Template version was not provided"
    assert "heat_template_version" in problem.detail


def test_a_misspelt_version_key_is_recognised(language: Any) -> None:
    problem = language.only_problem("heat_templte_version: 2021-04-16")
    assert problem.detail == "Did you mean heat_template_version instead of heat_templte_version?"


def test_two_version_keys_are_ambiguous(language: Any) -> None:
    problem = language.only_problem("heat_template_version: 2021-04-16\nAWSTemplateFormatVersion: 2010-09-09")
    assert problem.message == (
        "The template version is invalid: Ambiguous versions (heat_template_version, AWSTemplateFormatVersion)"
    )


def test_an_unknown_section_is_refused_and_its_likely_name_told(language: Any) -> None:
    problem = language.only_problem("resource:\n  a: {type: OS::Heat::None}")
    assert (problem.code, problem.path, problem.line) == ("unknown-section", "resource", 2)
    assert problem.detail == "Did you mean resources?"
    assert problem.message == "The template section is invalid: resource"


def test_conditions_are_an_unknown_section_before_their_time(language: Any) -> None:
    problem = language.only_problem("heat_template_version: 2016-04-08\nconditions: {a: true}")
    assert problem.code == "unknown-section"
    assert "2016-10-14" in problem.detail


@pytest.mark.parametrize("section", ["parameters", "conditions", "resources", "outputs"])
@pytest.mark.parametrize("body", ["[1]", "x", "5", "false"])
def test_a_section_that_is_no_map_is_refused(language: Any, section: str, body: str) -> None:
    problem = language.only_problem(f"{section}: {body}")
    assert (problem.code, problem.path) == ("bad-section", section)


def test_empty_and_missing_sections_are_empty_maps(language: Any) -> None:
    definition = language.define("parameters:\nresources:\noutputs:\nparameter_groups:\ndescription:\n")
    assert not definition.resources
    assert not definition.outputs
    assert definition.description == "No description"


def test_an_empty_list_is_an_empty_section_and_descriptions_may_be_anything(language: Any) -> None:
    definition = language.define("parameters: []\nresources: []\noutputs: []\nparameter_groups: {}\ndescription: [a]")
    assert (definition.resources, definition.description) == ({}, "['a']")


@pytest.mark.parametrize("body", ["", "[]"])
def test_only_the_section_of_conditions_must_be_a_map_when_it_is_there(language: Any, body: str) -> None:
    problem = language.only_problem(f"conditions: {body}")
    assert problem.message.startswith("Conditions validation error: Condition definitions must be a map. Found a ")


def test_all_problems_are_told_at_once_in_heats_order(language: Any) -> None:
    problems = language.refusal(
        """
        parameters:
          p: {type: strin}
        foo: {}
        conditions:
          c: maybe
        resources:
          a: {type: No::Such}
          b: {type: Test::Box, properties: {size: 10, nope: 1}, depends_on: zz}
        outputs:
          o: {description: nothing}
        """,
        q=1,
    )
    assert [one.code for one in problems] == [
        "unknown-section",
        "unknown-type",
        "unknown-parameter",
        "bad-condition",
        "unknown-type",
        "property-constraint",
        "unknown-property",
        "unknown-reference",
        "missing-value",
    ]
    assert all(one.line for one in problems if one.code != "unknown-parameter")


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "x" * 255])
def test_good_stack_names_pass(name: str) -> None:
    check_stack_name(name)


@pytest.mark.parametrize("name", ["", "1bad", "a/b", "a b", "x" * 256, "ä", "a\n", None, 5, "-a"])
def test_bad_stack_names_are_refused_in_heats_words(name: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_stack_name(name)
    assert caught.value.first.code == "bad-stack-name"
    assert 'must contain only alphanumeric or "_-." characters' in caught.value.first.message


def test_parameter_groups_name_each_parameter_once(language: Any) -> None:
    language.define("parameters: {a: {type: string, default: x}}\nparameter_groups: [{label: g, parameters: [a]}]")
    problems = language.refusal(
        "parameters: {a: {type: string, default: x}}\nparameter_groups: [{parameters: [a, zz]}, {parameters: [a]}, {}]"
    )
    assert [one.path for one in problems] == [
        "parameter_groups[0].parameters[1]",
        "parameter_groups[1].parameters[0]",
        "parameter_groups[2]",
    ]
    assert problems[0].message == (
        "Parameter Groups error: parameter_groups.: The grouped parameter zz does not reference a valid parameter."
    )
