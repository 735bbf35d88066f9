"""Previews, pure: which values are known, which are never shown, and what follows for what refers to them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.intake import define_stack, new_resources
from firebrick.nested_preview import NestedPreviews
from firebrick.preview import preview
from firebrick.preview_result import Preview, Will
from firebrick.preview_values import secrets_of_templates
from firebrick.resources.changes import Decision, Effect, PropertyChange, Standing, Verdict, decide, outright
from firebrick.resources.registry import Registry
from firebrick.selection import input_hash
from firebrick.standing import Seen
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow
from firebrick.template import UNKNOWN, StackIdentity, parse_environment

REGISTRY = Registry.default({})


def wanted(resources: str, *, parameters: str = "", files: Mapping[str, str] | None = None) -> list[NewResource]:
    text = f"heat_template_version: 2018-08-31\n{parameters}\nresources:\n{resources}"
    definition = define_stack(
        REGISTRY,
        template=text,
        environment={},
        parameters={},
        files=files or {},
        tags=(),
        timeout_mins=None,
        identity=StackIdentity(name="s", id="4e9ff1a2-6d0c-4bd6-9c2b-2f4ef8e8a4d1", project="p"),
    )
    return new_resources(REGISTRY, definition)


def made(resources: list[NewResource], properties: Mapping[str, Any]) -> list[ResourceRow]:
    """Rows as a complete create leaves them. properties: of each, as resolved; attributes are the same."""
    ids = {one.name: place for place, one in enumerate(resources, 1)}
    return [
        ResourceRow(
            id=ids[one.name],
            stack_id="s",
            uuid=one.uuid,
            name=one.name,
            type=one.type,
            implementation=one.implementation,
            instant=one.instant,
            concurrency="",
            definition=one.definition,
            requires=tuple(ids[name] for name in one.requires),
            action="CREATE",
            status="COMPLETE",
            status_reason="",
            physical_id=f"p-{one.name}",
            reference_id=None,
            attributes={"value": properties[one.name].get("value"), "output": properties[one.name].get("value")},
            data={},
            properties=properties[one.name],
            progress={},
            polling=False,
            retries=0,
            key="k",
            create_key="k",
            create_unsettled=False,
            created_at=0.0,
            updated_at=0.0,
            template_id="t",
            input_hash=input_hash(one.base, [(name, ids[name], 1) for name in sorted(one.requires)]),
            revision=1,
        )
        for one in resources
    ]


def foreseen(
    rows: list[ResourceRow], new: list[NewResource], *, files: Mapping[str, str] | None = None, **more: Any
) -> Preview:
    nested = NestedPreviews(REGISTRY, "p", "s", "", files or {})
    return preview(rows, new, REGISTRY, nested=nested, stack_name="s", previous="t", marks=nested.marks(), **more)


def told(found: Preview) -> dict[str, tuple[Will, bool]]:
    return {one.name: (one.will, one.certain) for one in found.resources}


A = "  a: {type: OS::Heat::TestResource, properties: {value: %s}}\n"
B = "  b: {type: OS::Heat::Value, properties: {value: {x: 1, y: {get_attr: [a, output]}}}}\n"


def test_what_depends_on_a_changed_attribute_is_known_after_apply() -> None:
    rows = made(wanted(A % "one" + B), {"a": {"value": "one"}, "b": {"value": {"x": 1, "y": "one"}}})
    found = foreseen(rows, wanted(A % "two" + B))
    assert told(found) == {"a": (Will.UPDATE, True), "b": (Will.UPDATE, False)}
    assert found.resources[1].properties[0].after == {"x": 1, "y": UNKNOWN}


def test_a_new_resources_reference_is_unknown_and_a_changed_ones_is_not() -> None:
    c = "  c: {type: OS::Heat::TestResource, properties: {update_replace_value: {get_resource: a}}}\n"
    rows = made(wanted(A % "one" + c), {"a": {"value": "one"}, "c": {"update_replace_value": "p-a"}})
    assert told(foreseen(rows, wanted(A % "two" + c)))["c"] == (Will.NOTHING, True)
    replaced = "  a: {type: OS::Heat::Value, properties: {value: one}}\n"
    assert told(foreseen(rows, wanted(replaced + c))) == {"a": (Will.REPLACE, True), "c": (Will.REPLACE, False)}


def test_a_row_that_goes_says_whether_its_object_stays() -> None:
    rows = made(wanted(A % "one" + B), {"a": {"value": "one"}, "b": {"value": {"x": 1, "y": "one"}}})
    rows[0] = replace(rows[0], definition={**rows[0].definition, "deletion_policy": "Retain"})
    found = foreseen(rows, [])
    assert [(one.name, one.will, one.kept) for one in found.resources] == [
        ("a", Will.DELETE, True),
        ("b", Will.DELETE, False),
    ]


def test_a_wrong_value_that_is_known_refuses_the_plan_without_quoting_it() -> None:
    text = "  n: {type: OS::Heat::RandomString, properties: {length: {get_attr: [a, output]}}}\n"
    rows = made(wanted(A % "7" + text), {"a": {"value": "7"}, "n": {"length": "7"}})
    rows[0] = replace(rows[0], attributes={"output": "many-s3cret"})
    with pytest.raises(InvalidInput) as refused:
        foreseen(rows, wanted(A % "7" + text), look_at_all=True)
    assert "n: " in str(refused.value) and "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("forbidden", "refused"), [("update", True), ("replace", False)])
def test_what_the_environment_forbids_has_no_plan(forbidden: str, refused: bool) -> None:
    rows = made(wanted(A % "one"), {"a": {"value": "one"}})
    (new,) = wanted(A % "two")
    new = replace(new, definition={**new.definition, "restricted": [forbidden]})
    if not refused:
        assert told(foreseen(rows, [new])) == {"a": (Will.UPDATE, True)}
        return
    with pytest.raises(InvalidInput, match="update is restricted"):
        foreseen(rows, [new])


@pytest.mark.parametrize(
    ("resources", "secret"),
    [
        ("  r: {type: OS::Heat::Value, properties: {value: {get_param: key}}}\n", True),
        ("  r: {type: OS::Heat::Value, properties: {value: {digest: [md5, {get_param: key}]}}}\n", True),
        ("  r: {type: OS::Heat::Value, properties: {value: [x, {a: {list_join: ['', [{get_param: key}]]}}]}}\n", True),
        ("  r: {type: OS::Heat::Value, properties: {value: {get_param: open}}}\n", False),
        (
            "  q: {type: OS::Heat::Value, properties: {value: {get_param: key}}}\n"
            "  r: {type: OS::Heat::Value, properties: {value: {get_attr: [q, value]}}}\n",
            True,
        ),
        (
            "  q: {type: OS::Heat::RandomString}\n"
            "  r: {type: OS::Heat::Value, properties: {value: {get_attr: [q, value]}}}\n",
            True,
        ),
        ("  r: {type: OS::Heat::RandomString, properties: {sequence: digits}}\n", True),
    ],
)
def test_what_comes_from_something_hidden_is_secret(resources: str, secret: bool) -> None:
    parameters = "parameters: {key: {type: string, default: s, hidden: true}, open: {type: string, default: s}}"
    found = foreseen([], wanted(resources, parameters=parameters))
    (r,) = [one for one in found.resources if one.name == "r"]
    assert [each.secret for each in r.properties] == [secret]


F = "  f: {type: Firebrick::File, properties: {path: a}}\n"
SIZE = "  s: {type: OS::Heat::Value, properties: {value: {get_attr: [f, size]}}}\n"


def test_an_attribute_that_was_never_stored_is_known_once_it_was_seen() -> None:
    """A later version of the type has it; the update asks for it, and whoever refers to it is looked at."""
    rows = made(wanted(F + SIZE), {"f": {"path": "a"}, "s": {"value": None}})
    rows[0] = replace(rows[0], attributes={"path": "/r/a"}, input_hash="of another schema")
    found = foreseen(rows, wanted(F + SIZE))
    assert told(found) == {"f": (Will.NOTHING, True), "s": (Will.UPDATE, False)}
    seen = {1: Seen({"path": "a"}, {"size": 3, "path": "/r/a"})}
    found = foreseen(rows, wanted(F + SIZE), look_at_all=True, live=seen)
    assert told(found) == {"f": (Will.NOTHING, True), "s": (Will.UPDATE, True)}
    assert found.resources[1].properties[0].after == 3


def test_an_object_that_is_gone_is_replaced_and_its_reference_unknown() -> None:
    c = "  c: {type: OS::Heat::TestResource, properties: {update_replace_value: {get_resource: a}}}\n"
    rows = made(wanted(A % "one" + c), {"a": {"value": "one"}, "c": {"update_replace_value": "p-a"}})
    found = foreseen(rows, wanted(A % "one" + c), look_at_all=True, live={1: Seen(None)})
    assert told(found) == {"a": (Will.REPLACE, True), "c": (Will.REPLACE, False)}


def test_somebody_elses_object_is_left_alone_and_no_other_takes_its_place() -> None:
    text = "  a: {type: OS::Heat::TestResource, external_id: EXT, properties: {value: %s}}\n"
    one, two = (text.replace("EXT", each) for each in ("x-1", "x-2"))
    rows = made(wanted(one % "a"), {"a": {}})
    rows[0] = replace(rows[0], action="CHECK", create_key="")
    assert told(foreseen(rows, wanted(one % "b"))) == {"a": (Will.NOTHING, True)}
    with pytest.raises(InvalidInput, match="external_id of a"):
        foreseen(rows, wanted(two % "a"))
    assert [(each.will, each.kept) for each in foreseen(rows, []).resources] == [(Will.DELETE, True)]


def test_values_of_secret_properties_are_not_shown() -> None:
    found = foreseen([], wanted("  r: {type: Firebrick::File, properties: {path: a, content: my-word}}\n"))
    assert {each.name: each.secret for each in found.resources[0].properties} == {"path": False, "content": True}


def test_a_hidden_parameter_of_a_nested_template_is_a_secret_property() -> None:
    inner = (
        "heat_template_version: 2018-08-31\n"
        "parameters: {key: {type: string, hidden: true}, open: {type: string}}\n"
        "resources: {}\n"
    )
    files = {"inner.yaml": inner}
    assert secrets_of_templates(files, REGISTRY, parse_environment({})) == {"inner.yaml": frozenset({"key"})}
    new = wanted("  n: {type: inner.yaml, properties: {key: word, open: word}}\n", files=files)
    found = foreseen([], new, files=files)
    assert {each.name: each.secret for each in found.resources[0].properties} == {"key": True, "open": False}


ROW = Standing("CREATE", "COMPLETE", "T", {})
UPDATE, REPLACE, REFUSED = (
    PropertyChange(name, 1, 2, effect)
    for name, effect in (("u", Effect.UPDATE), ("r", Effect.REPLACE), ("i", Effect.REFUSED))
)


@pytest.mark.parametrize(
    ("row", "changes", "failed", "forces", "verdict"),
    [
        (ROW, (), False, False, Verdict.LEAVE),
        (ROW, (UPDATE,), False, False, Verdict.UPDATE),
        (ROW, (UPDATE,), False, True, Verdict.REPLACE),
        (ROW, (), False, True, Verdict.LEAVE),
        (ROW, (UPDATE, REPLACE, REFUSED), False, False, Verdict.REPLACE),
        (ROW, (UPDATE, REFUSED), False, False, Verdict.REFUSE),
        (ROW, (), True, False, Verdict.LEAVE),
        (replace(ROW, status="FAILED"), (), True, False, Verdict.REPLACE),
        (replace(ROW, status="FAILED"), (), False, False, Verdict.LEAVE),
        (replace(ROW, action="UPDATE", status="FAILED"), (), False, False, Verdict.UPDATE),
        (replace(ROW, drift="it was skipped"), (), False, False, Verdict.UPDATE),
        (replace(ROW, definition={"metadata": {"a": 1}}), (), False, False, Verdict.UPDATE),
        (replace(ROW, definition={"description": "other"}), (), False, False, Verdict.LEAVE),
    ],
)
def test_the_order_of_the_questions(
    row: Standing, changes: tuple[PropertyChange, ...], failed: bool, forces: bool, verdict: Verdict
) -> None:
    assert decide(row, {}, changes, failed=failed, forces=lambda: forces).verdict is verdict


def test_another_type_and_a_half_deleted_row_need_no_questions() -> None:
    assert outright(ROW, "T") is None
    assert outright(ROW, "U") == Decision(Verdict.REPLACE, "its type changes")
    assert outright(replace(ROW, action="DELETE", status="FAILED"), "T") is not None
