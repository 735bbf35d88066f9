"""Definitions survive being frozen to JSON and thawed, and what they come to stays the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.diagnostics import InvalidInput
from firebrick.template import OutputDefinition, ResourceDefinition, references, resolve, resolve_properties
from firebrick.template.functions.base import Function
from firebrick.template.functions.inputs import GetParam
from firebrick.template.functions.references import GetAttrAll, GetResource
from firebrick.template.functions.text import ListJoinMany, StrReplaceJson

keys = st.one_of(st.text(max_size=4), st.sampled_from(["$", "$$", "$$$", "get_attr", ""]))
names = st.sampled_from(["a", "b", "c"])
plain = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-2, 2), st.text(max_size=5))


def functions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(GetResource, names),
        st.builds(lambda name, path: GetAttrAll([name, "x", *path]), names, st.lists(inner, max_size=2)),
        st.builds(lambda items: ListJoinMany(["-", items]), st.lists(inner, max_size=3)),
        st.builds(lambda value: StrReplaceJson({"template": "k", "params": {"k": value}}), inner),
        st.builds(lambda key: GetParam([{"p": {"k": 1}}, "p", key]), inner),
    )


trees = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3), functions(inner)),
    max_leaves=12,
)


class Here:
    def reference_id(self, resource: str) -> str | None:
        return f"id-{resource}"

    def attribute(self, resource: str, attribute: str) -> Any:
        return {"k": [resource, attribute]}


def outcome(value: Any) -> Any:
    try:
        return resolve(value, Here())
    except InvalidInput as error:
        return error.diagnostics


@given(trees)
def test_a_value_tree_survives_freezing(value: Any) -> None:
    frozen = json.loads(json.dumps(OutputDefinition("o", "", value).freeze()))
    thawed = OutputDefinition.thaw(frozen).value
    assert thawed == value
    assert references(thawed) == references(value)
    assert outcome(thawed) == outcome(value)


@given(st.dictionaries(keys, trees, max_size=3), st.dictionaries(keys, trees, max_size=2))
def test_a_resource_survives_freezing(properties: Any, metadata: Any) -> None:
    definition = ResourceDefinition(
        name="r",
        type="T",
        declared_type="D",
        properties=properties,
        metadata=metadata,
        requires=("a", "b"),
        deletion_policy="Retain",
        update_policy={"$": 1},
        description="d",
        external_id="e",
    )
    assert ResourceDefinition.thaw(json.loads(json.dumps(definition.freeze()))) == definition


def has_function(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_function(item) for item in value.values())
    if isinstance(value, list):
        return any(has_function(item) for item in value)
    return isinstance(value, Function)


def test_a_static_resource_is_frozen_as_it_is(language: Any) -> None:
    (definition,) = language.define(
        "resources: {a: {type: OS::Heat::None, properties: {x: {$: [get_param, p]}}}}"
    ).resources.values()
    assert not definition.dynamic
    frozen = definition.freeze()
    assert frozen == {"name": "a", "type": "OS::Heat::None", "properties": {"x": {"$": ["get_param", "p"]}}}
    assert ResourceDefinition.thaw(frozen) == definition
    assert resolve_properties(definition, Here()) == {"x": {"$": ["get_param", "p"]}}


def test_dynamic_says_whether_something_waits(language: Any) -> None:
    found = language.define(
        """
        resources:
          a: {type: OS::Heat::None}
          b: {type: OS::Heat::None, metadata: {x: {get_resource: a}}}
          c: {type: OS::Heat::None, properties: {x: [{get_resource: a}]}, update_policy: {y: 1}}
          d: {type: OS::Heat::None, update_policy: {y: {get_resource: a}}}
        """
    ).resources
    assert {name: one.dynamic for name, one in found.items()} == {"a": False, "b": True, "c": True, "d": True}
    for one in found.values():
        assert one.dynamic == any(has_function(tree) for tree in (one.properties, one.metadata, one.update_policy))


def test_properties_that_vanished_are_not_there_and_null_stays(language: Any) -> None:
    (definition,) = language.define(
        "resources: {a: {type: OS::Heat::None, properties: {gone: {if: [false, 1]}, nothing: null, x: 1}}}"
    ).resources.values()
    assert resolve_properties(ResourceDefinition.thaw(definition.freeze()), Here()) == {"nothing": None, "x": 1}


def test_properties_that_come_to_no_map_are_an_error_at_run_time(language: Any) -> None:
    definition = language.define(
        "resources: {a: {type: OS::Heat::None}, b: {type: OS::Heat::None, properties: {get_attr: [a, x, k]}}}"
    ).resources["b"]
    with pytest.raises(InvalidInput) as caught:
        resolve_properties(definition, Here())
    assert caught.value.first.path == "resources.b.properties"


def test_resources_that_require_the_same_share_one_tuple(language: Any) -> None:
    resources = {
        f"r{number}": {
            "type": "Test::Box",
            "properties": {"size": 1, "label": {"get_param": "OS::stack_name"}},
            "depends_on": [f"r{other}" for other in range(max(0, number - number % 50 - 50), number - number % 50)],
        }
        for number in range(1000)
    }
    template = {"heat_template_version": "2021-04-16", "resources": resources}
    found = language.define(template).resources
    assert len({id(one.requires) for one in found.values()}) == 20
