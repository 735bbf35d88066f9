"""Whatever is done to valid inputs: a definition, or one InvalidInput; never anything else."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firebrick.diagnostics import InvalidInput
from firebrick.template import (
    OutputDefinition,
    ResourceDefinition,
    StackDefinition,
    references,
    resolve,
    resolve_properties,
)
from firebrick.template.functions import ALL_NAMES
from firebrick.template.versions import HOT_VERSIONS

TEXT = """\
heat_template_version: 2021-04-16
description: All there is.
parameter_groups:
- {label: g, parameters: [name, count]}
parameters:
  name:
    type: string
    default: web
    constraints:
    - length: {min: 1, max: 20}
    - allowed_pattern: '[a-z]+'
      description: lower case
  count: {type: number, default: 2, constraints: [{range: {min: 1, max: 9}}, {modulo: {step: 1, offset: 0}}]}
  zones: {type: comma_delimited_list, default: 'a,b', constraints: [{allowed_values: [a, b, c]}]}
  extra: {type: json, default: {k: {d: [1, 2]}}, hidden: true}
  big: {type: boolean, default: yes, tags: [x], label: Big, immutable: false}
conditions:
  big: {get_param: big}
  other: {not: big}
  both: {and: [big, {or: [other, {equals: [{get_param: name}, web]}]}]}
resources:
  one: &one
    type: OS::Heat::TestResource
    properties: {value: {get_param: name}, wait_secs: 0}
    metadata: {role: [a, {get_param: [extra, k, d, 0]}]}
  two:
    <<: *one
    condition: both
    depends_on: [one]
    deletion_policy: retain
    update_policy: {x: 1}
  three:
    type: Test::Box
    properties:
      size: {get_param: count}
      label:
        str_replace: {template: 'a-b', params: {a: {get_resource: one}, b: {get_attr: [one, output]}}}
      things: [{if: [other, {get_attr: [two, output]}]}, {list_join: [',', {get_param: zones}]}]
  four: {type: My::Type, external_id: {get_param: name}, description: mapped}
outputs:
  o: {value: {get_attr: [three, size, 0]}, description: it, condition: big}
  p: {value: {if: [both, {get_resource: two}, none]}}
  q: {value: {get_file: f}}
"""
CLOUDFORMATION = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  name: {Type: String, Default: web, MinLength: 1, AllowedPattern: '[a-z]+', NoEcho: 'true'}
  count: {Type: Number, Default: '2', MaxValue: 9}
  zones: {Type: CommaDelimitedList, Default: 'a,b'}
Mappings: {m: {a: {x: 1}, b: {x: 2}}}
Conditions:
  big: {'Fn::Equals': [{Ref: count}, 2]}
  other: {'Fn::Or': [{'Fn::Not': [big]}, {'Fn::Equals': [{'Fn::FindInMap': [m, a, x]}, 1]}]}
Resources:
  one: {Type: OS::Heat::TestResource, Properties: {value: {Ref: name}, wait_secs: 0}, DeletionPolicy: Retain}
  two:
    Type: Test::Box
    Condition: other
    DependsOn: [one]
    Properties: {label: {'Fn::Join': ['-', [a, {Ref: one}]]}, size: {'Fn::FindInMap': [m, b, x]}}
    Metadata: {a: {'Fn::Select': ['0', {Ref: zones}]}, b: {'Fn::Replace': [{x: {'Fn::GetAtt': [one, output]}}, xy]}}
Outputs:
  o: {Value: {'Fn::GetAtt': [two, size]}, Condition: big}
  p: {Value: {'Fn::If': [other, {'Fn::Split': [',', 'a,b']}, {'Fn::Base64': x}]}}
"""
ENVIRONMENT = """\
parameters: {name: web}
parameter_defaults: {count: 3, unknown: 1}
resource_registry:
  My::Type: OS::Heat::None
  'Your::*': 'My::*'
  resources: {four: {My::Type: Test::Box}, five: {restricted_actions: update}}
event_sinks: []
"""
WORDS = sorted(
    ALL_NAMES
    | {"one", "two", "three", "big", "both", "name", "extra", "o", "OS::stack_name", "OS::Heat::None", "Test::Box"}
    | {"type", "properties", "metadata", "depends_on", "value", "condition", "default", "constraints", "hidden", "<<"}
    | {"range", "length", "allowed_pattern", "allowed_values", "custom_constraint", "min", "max", "resources", "$"}
    | {"string", "number", "json", "boolean", "comma_delimited_list", "size", "label", "", "(", "[a", "x" * 300, "\0"}
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=6),
    st.sampled_from([10**400, -1, 0, 2, "true", "a,b", "{", "1e999", "[1]", "\ud800"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=3)), inner, max_size=2),
        st.builds(lambda name, arguments: {name: arguments}, st.sampled_from(sorted(ALL_NAMES)), inner),
        st.builds(lambda name, one, two: {name: [one, two]}, st.sampled_from(WORDS), inner, inner),
    ),
    max_leaves=6,
)


class Living:
    """Resources that have come to all sorts of things."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def reference_id(self, resource: str) -> str | None:
        return resource

    def attribute(self, resource: str, attribute: str) -> Any:
        return self.value


def use(definition: StackDefinition, living: Living) -> None:
    """What the rest of the project does with a definition."""
    definition.shown_parameters()
    definition.has_hidden_values()
    for one in definition.resources.values():
        thawed = ResourceDefinition.thaw(json.loads(json.dumps(one.freeze())))
        assert thawed == one
        assert set(one.requires) <= set(definition.resources)
        needed = {ref.resource for tree in (one.properties, one.metadata) for ref in references(tree)}
        assert needed <= set(one.requires)
        try:
            resolve_properties(thawed, living)
            resolve(thawed.metadata, living)
        except InvalidInput:
            pass
    for output in definition.outputs.values():
        thawed_output = OutputDefinition.thaw(json.loads(json.dumps(output.freeze())))
        assert thawed_output == output
        try:
            resolve(thawed_output.value, living)
        except InvalidInput:
            pass


def attempt(language: Any, template: Any, environment: Any, given: Any, living: Living) -> None:
    try:
        definition = language.define_raw(template, environment, {"f": "content"}, given)
    except InvalidInput as error:
        for one in error.diagnostics:
            assert one.code
            assert one.summary
            assert len(str(one)) < 5000
            str(one).encode("utf-8", "surrogatepass")
    else:
        use(definition, living)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths(item, (*path, index))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, Mapping):
        return {key: replaced(item, tuple(rest), new) if key == first else item for key, item in value.items()}
    return [replaced(item, tuple(rest), new) if index == first else item for index, item in enumerate(value)]


def renamed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The last key of the path becomes `new` (its place and value stay)."""
    *above, last = path
    target = value
    for part in above:
        target = target[part]
    if not isinstance(target, dict):
        return value
    return replaced(value, tuple(above), {new if key == last else key: item for key, item in target.items()})


KEPT = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@KEPT
@given(data=st.data())
def test_changed_trees(language: Any, data: st.DataObject) -> None:
    tree = language.tree_of(data.draw(st.sampled_from([TEXT, CLOUDFORMATION])))
    environment = language.tree_of(ENVIRONMENT)
    if "heat_template_version" in tree and data.draw(st.integers(0, 4)) == 0:
        tree["heat_template_version"] = data.draw(st.sampled_from(HOT_VERSIONS))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(paths(tree)))
        if path and data.draw(st.booleans()):
            tree = renamed(tree, path, data.draw(st.sampled_from(WORDS)))
        else:
            tree = replaced(tree, path, data.draw(values))
        if not isinstance(tree, dict):
            break
    if data.draw(st.booleans()):
        environment = replaced(environment, data.draw(st.sampled_from(paths(environment))), data.draw(values))
    given_parameters = data.draw(st.dictionaries(st.sampled_from(["name", "count", "zones", "extra", "big"]), values))
    attempt(language, tree, environment, given_parameters, Living(data.draw(values)))


@KEPT
@given(data=st.data())
def test_changed_texts(language: Any, data: st.DataObject) -> None:
    text = TEXT
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 30))
        new = data.draw(
            st.one_of(
                st.text(max_size=4),
                st.sampled_from(list("[]{}:,&*!|>'\"%@`#?-\n\t \0") + ["*one", "&one ", "<<: *one", "---\n", "!!int "]),
                st.sampled_from(WORDS),
                st.builds(lambda place: TEXT[place : place + 25], st.integers(0, len(TEXT))),
            )
        )
        text = text[:start] + new + text[start + length :]
    attempt(language, text, ENVIRONMENT, {}, Living(None))
    attempt(language, TEXT, text, {}, Living(None))


def test_what_is_changed_is_valid_before(language: Any) -> None:
    definition = language.define_raw(TEXT, ENVIRONMENT, {"f": "content"}, {})
    assert list(definition.resources) == ["one", "two", "three", "four"]
    use(definition, Living([1]))
    definition = language.define_raw(CLOUDFORMATION, "", {}, {})
    assert list(definition.resources) == ["one", "two"]
    use(definition, Living([1]))
