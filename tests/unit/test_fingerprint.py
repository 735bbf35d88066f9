"""Which requests are one request: what an operation id that comes again is compared by."""

import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from firebrick.contract import (
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    Frozen,
    Requester,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.fingerprint import Fingerprint
from firebrick.store.requests import Expected

TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2018-08-31",
    "parameters": {"v": {"type": "string", "default": "one"}},
    "resources": {
        "a": {"type": "OS::Heat::TestResource", "properties": {"value": {"get_param": "v"}, "update_replace": False}},
        "b": {"type": "OS::Heat::Value", "depends_on": "a", "properties": {"value": 1.5}},
    },
}
YAML = yaml.safe_dump(TEMPLATE)
ENVIRONMENT = {"parameters": {"v": "two"}, "resource_registry": {"My::Type": "OS::Heat::Value"}}


def of(request: Frozen) -> str:
    return Fingerprint.of(request).text


def update(**fields: Any) -> UpdateStackRequest:
    return UpdateStackRequest(**{"stack": "s", "template": TEMPLATE, **fields})


def create(**fields: Any) -> CreateStackRequest:
    return CreateStackRequest(**{"name": "s", "template": TEMPLATE, **fields})


SAME: dict[str, tuple[Frozen, Frozen]] = {
    "a template as text and as an object": (create(), create(template=YAML)),
    "in YAML and in JSON": (create(template=YAML), create(template=json.dumps(TEMPLATE, indent=4))),
    "with a comment and without": (create(template=YAML), create(template=f"# mine\n{YAML}")),
    "an environment as text and as an object": (
        create(environment=ENVIRONMENT),
        create(environment=yaml.safe_dump(ENVIRONMENT)),
    ),
    "an environment that is empty, and none": (update(environment={}), update()),
    "sections that are empty": (update(environment={"parameters": {}, "resource_registry": {}}), update()),
    "no files, and none said": (update(files={}), update()),
    "what is so by default": (update(roll_back_to="previous", converge=False, existing=False), update()),
    "another who asks": (
        update(requested_by=Requester(user="one", request_id="r1")),
        update(requested_by=Requester(user="two", request_id="r2")),
    ),
    "a stack by its name and by its id": (update(stack="s"), update(stack="7d4fb1ab-7b9f-4d5a-b9a6-2bb1d1f2a8a1")),
    "parameters in another order": (update(parameters={"a": 1, "b": 2}), update(parameters={"b": 2, "a": 1})),
    "names in another order": (
        DeleteStackRequest(stack="s", retain=("a", "b")),
        DeleteStackRequest(stack="s", retain=("b", "a")),
    ),
}
OTHER: dict[str, tuple[Frozen, Frozen]] = {
    "another template": (update(), update(template=TEMPLATE | {"description": "other"})),
    "another default": (update(), update(template=YAML.replace("default: one", "default: two"))),
    "another value": (update(parameters={"v": "two"}), update(parameters={"v": "three"})),
    "another type of value": (update(parameters={"v": "1"}), update(parameters={"v": 1})),
    "another environment": (update(environment=ENVIRONMENT), update()),
    "another file": (update(files={"f": "one"}), update(files={"f": "two"})),
    "tags": (create(tags=("a",)), create(tags=("b",))),
    "no tags where they are kept otherwise": (update(existing=True, tags=()), update(existing=True)),
    "what is left out is kept": (update(existing=True), update()),
    "a parameter is forgotten": (update(existing=True, clear_parameters=("v",)), update(existing=True)),
    "another time limit": (create(timeout_mins=1), create(timeout_mins=2)),
    "another rollback setting": (update(disable_rollback=True), update(disable_rollback=False)),
    "what a failure leads to": (create(on_failure="delete"), create(on_failure="rollback")),
    "what it goes back to": (update(roll_back_to="complete"), update()),
    "it looks at all": (update(converge=True), update()),
    "it goes on beside a failure": (update(continue_independent=True), update()),
    "an update and going on": (UpdateStackRequest(stack="s", existing=True), ContinueStackRequest(stack="s")),
    "what is retained": (DeleteStackRequest(stack="s", retain=("a",)), DeleteStackRequest(stack="s")),
    "what is skipped": (RollbackStackRequest(stack="s", skip=("a",)), RollbackStackRequest(stack="s")),
    "a rollback's aim": (RollbackStackRequest(stack="s", to="complete"), RollbackStackRequest(stack="s")),
    "a template that cannot be read": (update(), update(template="{")),
}


@pytest.mark.parametrize("how", SAME)
def test_requests_that_say_the_same_are_one(how: str) -> None:
    one, again = SAME[how]
    assert of(one) == of(again)


@pytest.mark.parametrize("how", OTHER)
def test_requests_that_say_something_else_are_two(how: str) -> None:
    one, other = OTHER[how]
    assert of(one) != of(other)


def test_each_field_of_each_request_is_compared_or_says_why_not() -> None:
    """A field that is added is compared: what is not is named here."""
    apart = {"operation_id", "requested_by", "project", "stack", "name"}
    for kind in (
        CreateStackRequest,
        UpdateStackRequest,
        RollbackStackRequest,
        ContinueStackRequest,
        DeleteStackRequest,
    ):
        compared = {
            name
            for pair in OTHER.values()
            for name in kind.model_fields
            if isinstance(pair[0], kind)
            and isinstance(pair[1], kind)
            and getattr(pair[0], name) != getattr(pair[1], name)
        }
        shared = {"template", "environment", "parameters", "files", "tags", "timeout_mins", "disable_rollback"}
        shared |= {"on_failure", "continue_independent"}  # tried with one of the two kinds that have them
        assert set(kind.model_fields) - apart - compared <= shared, kind


def test_a_plan_is_part_of_the_request_that_applies_it() -> None:
    first, later = (Fingerprint.of(update(), Expected(one, 1)).text for one in (1, 2))
    assert len({first, later, of(update())}) == 3


def test_the_template_is_read_once() -> None:
    asked = Fingerprint.of(create(template=YAML))
    assert asked.template is not None and asked.template.tree == TEMPLATE


def test_it_holds_nothing_of_what_was_asked() -> None:
    form, _, digest = of(update(parameters={"v": "s3cret"})).partition(":")
    assert form == "1" and len(digest) == 64 and int(digest, 16)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def turned(value: Any, order: random.Random) -> Any:
    """The same, its keys in another order."""
    if isinstance(value, list):
        return [turned(one, order) for one in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    order.shuffle(names)
    return {name: turned(value[name], order) for name in names}


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.randoms(use_true_random=False))
def test_no_order_of_keys_counts(values: dict[str, Any], order: random.Random) -> None:
    again = json.loads(json.dumps(turned(values, order)))  # as a client's retry would send it
    assert of(update(parameters=values)) == of(update(parameters=again))
