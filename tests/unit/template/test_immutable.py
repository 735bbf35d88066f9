"""Parameters that an update may not change."""

from typing import Any

import pytest

from firebrick.template import check_immutable

TEMPLATE = """
    parameters:
      fixed: {type: number, default: 5, immutable: true}
      other: {type: string, default: a, immutable: true, label: Other, description: Some text., tags: [x, y]}
      free: {type: string, default: a}
    resources: {}
"""


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, ""),
        ({"free": "z"}, ""),
        ({"fixed": 5, "other": "a"}, ""),
        ({"fixed": None}, ""),
        ({"fixed": 6}, "fixed"),
        ({"fixed": "5"}, "fixed"),  # compared as it is given, as in Heat
        ({"fixed": 6, "other": "b", "free": "z"}, "fixed, other"),
    ],
)
def test_what_an_update_may_not_change(language: Any, given: dict[str, Any], changed: str) -> None:
    definition = language.define(TEMPLATE, **given)
    problems = check_immutable(
        {"fixed": 5, "other": "a", "free": "a"}, given, definition.parameters, definition.schemas
    )
    assert [one.message for one in problems] == (
        [f"The following parameters are immutable and may not be updated: {changed}"] if changed else []
    )
    assert all(one.heat_type == "ImmutableParameterModified" for one in problems)


def test_another_default_changes_it_too_and_a_new_parameter_is_no_change(language: Any) -> None:
    definition = language.define(TEMPLATE)
    assert check_immutable({"fixed": 4}, {}, definition.parameters, definition.schemas)
    assert not check_immutable({"free": "z"}, {}, definition.parameters, definition.schemas)


def test_the_definition_keeps_what_the_template_says_of_its_parameters(language: Any) -> None:
    schemas = language.define(TEMPLATE).schemas
    assert [name for name, one in schemas.items() if one.immutable] == ["fixed", "other"]
    other = schemas["other"]
    assert (other.label, other.description, other.tags) == ("Other", "Some text.", ("x", "y"))
    assert (schemas["free"].label, schemas["free"].tags) == (None, None)
