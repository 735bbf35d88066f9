"""What an environment says of single resources: hooks, restricted actions, and what nested stacks get of it."""

import pytest

from firebrick.template import parse_environment

ENVIRONMENT = parse_environment("""
parameters: {a: 1}
parameter_defaults: {d: 2}
event_sinks: [{type: zaqar-queue, target: q}]
encrypted_param_names: [secret]
resource_registry:
  A: B
  resources:
    web: {hooks: pre-create, A: C, inner: {hooks: [pre-delete], A: D, deep: {restricted_actions: replace}}}
    'w*': {hooks: [post-create], restricted_actions: [update, replace], inner: {A: E}, other: {hooks: pre-update}}
    '*_b': {restricted_actions: update}
""")


@pytest.mark.parametrize(
    ("resource", "hooks", "actions"),
    [
        ("web", {"pre-create", "post-create"}, {"update", "replace"}),
        ("wb", {"post-create"}, {"update", "replace"}),
        ("x_b", set(), {"update"}),
        ("x", set(), set()),
        ("Web", set(), set()),
    ],
)
def test_hooks_and_restricted_actions_of_a_resource(resource: str, hooks: set[str], actions: set[str]) -> None:
    assert ENVIRONMENT.hooks_of(resource) == hooks
    assert ENVIRONMENT.restricted_actions_of(resource) == actions


def test_a_nested_stack_gets_what_is_said_of_its_resources() -> None:
    nested = ENVIRONMENT.below("web", "T")
    assert nested.hooks_of("inner") == {"pre-delete"}  # of web itself, which goes before the pattern w*
    assert nested.hooks_of("other") == {"pre-update"}
    assert nested.resolve_type("A", "inner")[0] == "D"
    assert nested.resolve_type("A", "z")[0] == "B"
    assert nested.below("inner", "T").restricted_actions_of("deep") == {"replace"}
    assert nested.hooks_of("web") == frozenset()


def test_a_nested_stack_gets_defaults_and_sinks_and_no_parameters() -> None:
    nested = ENVIRONMENT.below("other", "T")
    assert nested.parameters == {}
    assert nested.parameter_defaults == {"d": 2}
    assert nested.event_sinks == ({"type": "zaqar-queue", "target": "q"},)
    assert nested.resources == {}
    assert ENVIRONMENT.encrypted_param_names == ("secret",)
