"""Random templates with nested ones, what an update did to everything, and whether that is what its plan said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from firebrick.preview_result import Preview, ResourcePreview, Will
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.resources.schema import is_known
from firebrick.store.rows import EventRow, ResourceRow, StackRow
from firebrick.template import UNKNOWN

VERSION = "2018-08-31"
NAMES = ("a", "b", "c")
TEST, VALUE = "OS::Heat::TestResource", "OS::Heat::Value"
OUTPUT = {TEST: "output", VALUE: "value", "child.yaml": "said", "leaf.yaml": "said"}
POSSIBLE = {  # what may come of what a plan is not certain of
    Will.NOTHING: {Will.NOTHING},
    Will.CREATE: {Will.NOTHING, Will.CREATE},
    Will.UPDATE: {Will.NOTHING, Will.UPDATE},
    Will.REPLACE: {Will.NOTHING, Will.UPDATE, Will.REPLACE},
    Will.DELETE: {Will.NOTHING, Will.UPDATE, Will.REPLACE, Will.DELETE},
}


# --- templates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """A template with the files that it names."""

    template: str
    files: Mapping[str, str]


@st.composite
def versions(draw: st.DrawFn) -> Version:
    """A template of up to three resources and a flag; one that is nested in it, in which another one may be."""
    files = {"leaf.yaml": draw(_templates((), below=True)), "child.yaml": draw(_templates(("leaf.yaml",), below=True))}
    return Version(draw(_templates(("child.yaml", "leaf.yaml"), below=False)), files)


@st.composite
def _templates(draw: st.DrawFn, nested: tuple[str, ...], *, below: bool) -> str:
    """below: it has the parameters `word` and `on`, a condition, and an output. Resources refer to earlier ones."""
    values: list[Any] = ["x", "y", *([{"get_param": "word"}] * 2 if below else ())]
    switches: list[Any] = [{"get_param": "on"}] if below else [True, False, {"get_attr": ["flag", "value"]}]
    resources: dict[str, Any] = {}
    if not below:
        resources["flag"] = {"type": VALUE, "properties": {"type": "boolean", "value": draw(st.booleans())}}
    for name in NAMES:
        if draw(st.integers(0, 3)) == 0:
            continue
        kind = draw(st.sampled_from((TEST, TEST, VALUE, *nested)))
        body: dict[str, Any] = {"type": kind}
        if kind in nested:
            body["properties"] = {"word": draw(st.sampled_from(values)), "on": draw(st.sampled_from(switches))}
        else:
            body["properties"] = {"value": draw(st.sampled_from(values))}
        if kind == TEST and draw(st.booleans()):
            body["properties"]["update_replace_value"] = draw(st.sampled_from(values))
        if kind == TEST and draw(st.integers(0, 3)) == 0:
            body["properties"]["update_replace"] = True
        if below and draw(st.integers(0, 3)) == 0:
            body["condition"] = "on"
        elif draw(st.integers(0, 3)) == 0:
            body["metadata"] = {"at": draw(st.sampled_from(values[:3]))}
        if draw(st.integers(0, 5)) == 0:
            body["deletion_policy"] = "Retain"
        resources[name] = body
        if "condition" not in body:
            values += [{"get_resource": name}, {"get_attr": [name, OUTPUT[kind]]}]
    tree: dict[str, Any] = {"heat_template_version": VERSION, "resources": resources}
    if below:
        tree["parameters"] = {"word": {"type": "string", "default": "z"}, "on": {"type": "boolean", "default": True}}
        tree["conditions"] = {"on": {"equals": [{"get_param": "on"}, True]}}
        tree["outputs"] = {"said": {"value": draw(st.sampled_from(values))}}
    return json.dumps(tree)


# --- what was done --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A stack with everything in it. addresses: of each stack, by id, "" for the outermost one."""

    addresses: Mapping[str, str]
    events: Mapping[str, list[EventRow]]
    rows: Mapping[str, ResourceRow]


async def look(lab: Any, name: str, before: Seen | None = None) -> Seen:
    """before: where stacks were whose resources may be gone now."""
    project = lab.store.project("lab")
    outer = await project.stack(name)
    summaries = await project.stacks(include_nested=True, include_deleted=True)
    stacks: list[StackRow] = [await project.stack(one.id, include_deleted=True) for one in summaries]
    living = {one.id for one in stacks if one.deleted_at is None}
    addresses = {outer.id: ""} if before is None else dict(before.addresses)
    events, rows = {}, {}
    for _ in range(4):  # levels
        for one in stacks:
            if one.id not in addresses and one.owner_id in addresses and one.owner_id in living:
                above = addresses[one.owner_id]
                rows_above = (await project.plan_base(one.owner_id)).rows
                owner = next((row.name for row in rows_above if row.id == one.owner_row), None)
                if owner is not None:
                    addresses[one.id] = f"{above}{owner}."
    for stack_id, address in addresses.items():
        events[stack_id] = await project.events(stack_id)
        for row in await project.resources(stack_id):
            rows[f"{address}{row.name}"] = row
    return Seen(addresses, events, rows)


def done_to(events: list[EventRow]) -> dict[str, Will]:
    """What events say was done, by resource."""
    states: dict[str, set[str]] = {}
    for one in events:
        if one.resource_id is not None:
            states.setdefault(one.resource_name, set()).add(one.state)
    done = {}
    for name, found in states.items():
        if {"CREATE_COMPLETE", "DELETE_COMPLETE"} <= found:
            done[name] = Will.REPLACE
        elif "CREATE_COMPLETE" in found:
            done[name] = Will.CREATE
        elif "DELETE_COMPLETE" in found:
            done[name] = Will.DELETE
        else:
            done[name] = Will.UPDATE
    return done


def done_between(before: Seen, after: Seen) -> dict[str, list[Will]]:
    """By address: what was done; twice where another nested stack took the place of one."""
    done: dict[str, list[Will]] = {}
    for stack_id, events in after.events.items():
        address = after.addresses[stack_id]
        for name, will in done_to(events[len(before.events.get(stack_id, ())) :]).items():
            done.setdefault(f"{address}{name}", []).append(will)
    return done


# --- whether it was said --------------------------------------------------------------------------------------------


def flat(preview: Preview, above: str = "") -> list[tuple[str, ResourcePreview]]:
    found = []
    for one in preview.resources:
        found.append((f"{above}{one.name}", one))
        if one.inside is not None:
            found += flat(one.inside.preview, f"{above}{one.name}.")
    return found


def check(lab: Any, plan: Preview, before: Seen, after: Seen) -> None:
    """AssertionError: something happened that was not said, or was said for certain and did not happen."""
    said: dict[str, list[ResourcePreview]] = {}
    for address, one in flat(plan):
        said.setdefault(address, []).append(one)
    done = done_between(before, after)
    assert set(done) <= set(said), (set(done) - set(said), done)
    for address, ones in said.items():
        did = list(done.get(address, ()))
        for one in ones:
            if one.inside is not None and one.will is Will.NOTHING:
                _check_untouched(address, before, after)
                assert did == [Will.UPDATE], (address, did)
                did = []
        for one in ones:
            if one.certain and one.will is not Will.NOTHING:
                assert one.will in did, (address, one.will, did)
                did.remove(one.will)
        possible = {
            will
            for one in ones
            if not one.certain
            for will in (*POSSIBLE[one.will], *((Will.REPLACE,) if one.because else ()))
        }
        assert set(did) <= possible, (address, ones, done[address])
        for one in ones:
            _check_values(lab, address, one, after)


def _check_untouched(address: str, before: Seen, after: Seen) -> None:
    """A nested stack in which nothing was to happen looks as before to whoever refers to it."""
    old, new = before.rows[address], after.rows[address]
    assert (old.id, old.physical_id, old.reference_id) == (new.id, new.physical_id, new.reference_id), address
    assert (old.attributes, old.properties) == (new.attributes, new.properties), address


def _check_values(lab: Any, address: str, one: ResourcePreview, after: Seen) -> None:
    """What a property was said to become is what it is."""
    row = after.rows.get(address)
    if one.will is Will.DELETE or row is None or row.action == "DELETE" or one.wanted is None:
        return
    if row.implementation == TemplateResource.type_name:
        properties = row.properties or {}
    else:
        properties = lab.registry.schema(row.implementation).converted(row.properties or {})
    for each in one.properties:
        if is_known(each.after, UNKNOWN):
            assert properties.get(each.name) == each.after, (address, each, properties)
    if one.inside is not None:
        for key, value in one.inside.outputs.items():
            if is_known(value, UNKNOWN):
                assert row.attributes.get(key) == value, (address, key, value, row.attributes)
