"""What is told of nested stacks, and what they are told: as a real Heat answered the same requests."""

import asyncio
import json
from typing import Any

import pytest

HEAD = "heat_template_version: 2018-08-31\n"
CHILD = f"""{HEAD}
parameters:
  v: {{type: string, default: x}}
resources:
  r: {{type: OS::Heat::TestResource, properties: {{value: {{get_param: v}}}}}}
outputs:
  out: {{value: {{get_attr: [r, output]}}}}
  bad: {{value: {{list_join: [',', {{get_attr: [r, output]}}]}}}}
"""
PARENT = f"""{HEAD}
parameters:
  v: {{type: string, default: deep}}
resources:
  m: {{type: child.yaml, properties: {{v: {{get_param: v}}}}}}
"""
FILES = {"child.yaml": CHILD, "parent.yaml": PARENT}


def outer(resources: str, outputs: str = "") -> str:
    return f"{HEAD}resources:\n{resources}{'outputs:' if outputs else ''}\n{outputs}"


# --- resource.NAME.ATTRIBUTE ----------------------------------------------------------------------------------------

LOOKING_INSIDE = outer(
    """
  c: {type: child.yaml, properties: {v: q}}
  p: {type: parent.yaml}
  user: {type: OS::Heat::Value, properties: {value: {get_attr: [c, resource.r, output]}}}
  deep_user: {type: OS::Heat::Value, properties: {value: {get_attr: [p, resource.m, resource.r, output]}}}
""",
    """
  id: {value: {get_attr: [c, resource.r]}}
  attribute: {value: {get_attr: [c, resource.r, output]}}
  dotted: {value: {get_attr: [c, resource.r.output]}}
  part: {value: {get_attr: [c, resource.r, output, 0]}}
  deep_id: {value: {get_attr: [p, resource.m, resource.r]}}
  deep: {value: {get_attr: [p, resource.m, resource.r, output]}}
  deep_dotted: {value: {get_attr: [p, resource.m.resource.r.output]}}
  user: {value: {get_attr: [user, value]}}
  deep_user: {value: {get_attr: [deep_user, value]}}
  nobody: {value: {get_attr: [c, resource.zz]}}
  nothing: {value: {get_attr: [c, resource.r, zz]}}
""",
)


async def test_get_attr_looks_into_nested_stacks_at_any_depth(api: Any) -> None:
    path = await api.create("s", LOOKING_INSIDE, files=FILES)
    outputs = await api.outputs(path)
    inner = await api.inner(path, "c")
    physical_id = (await api.body(f"{inner}/resources/r"))["resource"]["physical_resource_id"]
    assert outputs.pop("id") == physical_id and physical_id.startswith("s-c-")
    assert outputs.pop("deep_id").startswith("s-p-")
    assert outputs == {
        "attribute": "q",
        "dotted": "q",
        "part": "q",
        "deep": "deep",
        "deep_dotted": "deep",
        "user": "q",
        "deep_user": "deep",
        "nobody": "Member 'zz' not found in group resource 'c'.",
        "nothing": "The Referenced Attribute (c resource.r.zz) is incorrect.",
    }


async def test_what_looks_into_a_nested_stack_follows_when_only_the_inside_changes(api: Any) -> None:
    path = await api.create("s", LOOKING_INSIDE, files=FILES)
    changed = {**FILES, "child.yaml": CHILD.replace("{get_param: v}}}", "{list_join: ['', [{get_param: v}, '2']]}}}")}
    await api.update(path, LOOKING_INSIDE, files=changed)
    outputs = await api.outputs(path)
    assert (outputs["user"], outputs["deep_user"], outputs["deep"]) == ("q2", "deep2", "deep2")


async def test_in_the_first_version_a_path_leads_into_the_reference_id(api: Any) -> None:
    template = outer("  c: {type: child.yaml}\n", "  o: {value: {get_attr: [c, resource.r, output]}}\n")
    path = await api.create("s", template.replace("2018-08-31", "2013-05-23"), files=FILES)
    assert await api.outputs(path) == {"o": None}


async def test_a_property_that_looks_for_nobody_fails_its_resource_in_heats_words(api: Any) -> None:
    template = outer(
        "  c: {type: child.yaml}\n  user: {type: OS::Heat::Value, properties: {value: {get_attr: [c, resource.zz]}}}\n"
    )
    path = await api.create("s", template, files=FILES)
    stack = await api.stack(path)
    assert stack["stack_status"] == "CREATE_FAILED"
    assert "resources.user: Member 'zz' not found in group resource 'c'." in stack["stack_status_reason"]


# --- outputs as attributes ------------------------------------------------------------------------------------------


async def test_an_output_that_cannot_be_computed_fails_nothing_but_who_asks_for_it(api: Any) -> None:
    template = outer(
        "  c: {type: child.yaml}\n",
        "  out: {value: {get_attr: [c, out]}}\n  bad: {value: {get_attr: [c, bad]}}\n  all: {value: {get_attr: [c]}}\n",
    )
    path = await api.create("s", template, files=FILES)
    assert await api.state(path) == "CREATE_COMPLETE"
    why = await api.outputs(await api.inner(path, "c"))
    assert "list_join" in why["bad"]
    assert await api.outputs(path) == {
        "out": "x",
        "bad": f"Error in c output bad: {why['bad']}",
        "all": f"Error in c output bad: {why['bad']}",
    }
    user = template.replace(
        "outputs:", "  u: {type: OS::Heat::Value, properties: {value: {get_attr: [c, bad]}}}\noutputs:"
    )
    await api.update(path, user, files=FILES)
    stack = await api.stack(path)
    assert stack["stack_status"] == "UPDATE_FAILED"
    assert f"resources.u: Error in c output bad: {why['bad']}" in stack["stack_status_reason"]


async def test_the_attributes_of_a_nested_stack_are_its_outputs(api: Any) -> None:
    template = outer("  c: {type: child.yaml}\n  f: {type: OS::Heat::TestResource, properties: {fail: true}}\n")
    path = await api.create("s", template + "  d: {type: child.yaml, depends_on: f}\n", files=FILES)
    shown = (await api.body(f"{path}/resources/c"))["resource"]
    assert shown["attributes"] == {"out": "x", "bad": None}
    never_made = (await api.body(f"{path}/resources/d"))["resource"]
    assert never_made["attributes"] == {"out": None, "bad": None}
    listed = {
        one["resource_name"]: one for one in (await api.body(f"{path}/resources", with_detail="true"))["resources"]
    }
    assert listed["c"]["attributes"] == shown["attributes"]


async def test_a_nested_stack_has_no_attribute_show(api: Any) -> None:
    template = outer("  c: {type: child.yaml}\n", "  o: {value: {get_attr: [c, show]}}\n")
    path = await api.create("s", template, files=FILES)
    assert await api.outputs(path) == {"o": "The Referenced Attribute (c show) is incorrect."}


# --- what the environment says --------------------------------------------------------------------------------------

WRAPPER = f"""{HEAD}
parameters: {{length: {{type: number, default: 5}}}}
resources:
  inside: {{type: OS::Heat::RandomString, properties: {{length: {{get_param: length}}}}}}
outputs:
  value: {{value: {{get_attr: [inside, value]}}}}
"""


@pytest.mark.parametrize(
    "registry",
    [
        {"OS::Heat::RandomString": "wrapper.yaml"},
        {"resources": {"a": {"OS::Heat::RandomString": "wrapper.yaml"}}},
        {"My::Text": "OS::Heat::RandomString", "OS::Heat::RandomString": "wrapper.yaml"},
    ],
)
async def test_a_template_may_wrap_the_type_that_it_is_mapped_to(api: Any, registry: dict[str, Any]) -> None:
    name = "My::Text" if "My::Text" in registry else "OS::Heat::RandomString"
    template = outer(f"  a: {{type: '{name}', properties: {{length: 7}}}}\n", "  o: {value: {get_attr: [a, value]}}\n")
    files, environment = {"wrapper.yaml": WRAPPER}, {"resource_registry": registry}
    path = await api.create("s", template, files=files, environment=environment)
    assert await api.state(path) == "CREATE_COMPLETE"
    assert len((await api.outputs(path))["o"]) == 7
    inner = await api.inner(path, "a")
    (inside,) = (await api.body(f"{inner}/resources"))["resources"]
    assert inside["resource_type"] == "OS::Heat::RandomString"
    assert [one["rel"] for one in inside["links"]] == ["self", "stack"]  # and no nested stack
    await api.update(path, template.replace("length: 7", "length: 9"), files=files, environment=environment)
    assert len((await api.outputs(path))["o"]) == 9


async def test_two_templates_may_wrap_two_types_by_turns(api: Any) -> None:
    by_turns = WRAPPER.replace("OS::Heat::RandomString", "My::Text")
    files = {"wrapper.yaml": by_turns, "text.yaml": WRAPPER}
    environment = {"resource_registry": {"OS::Heat::RandomString": "wrapper.yaml", "My::Text": "text.yaml"}}
    template = outer("  a: {type: OS::Heat::RandomString}\n", "  o: {value: {get_attr: [a, value]}}\n")
    path = await api.create("s", template, files=files, environment=environment)
    assert len((await api.outputs(path))["o"]) == 5


async def test_parameter_defaults_reach_nested_templates(api: Any) -> None:
    child = CHILD.replace("{type: string, default: x}", "{type: string}\n  w: {type: string, default: own}").replace(
        "{get_param: v}}}", "{list_join: ['-', [{get_param: v}, {get_param: w}]]}}}"
    )
    environment = {"parameter_defaults": {"v": "dflt", "w": "dflt2"}}
    for name, properties, said in (("a", "", "dflt-dflt2"), ("b", ", properties: {w: given}", "dflt-given")):
        template = outer(f"  c: {{type: child.yaml{properties}}}\n", "  o: {value: {get_attr: [c, out]}}\n")
        path = await api.create(name, template, files={"child.yaml": child}, environment=environment)
        assert await api.outputs(path) == {"o": said}
    refused = await api.refused("c", outer("  c: {type: child.yaml}\n"), files={"child.yaml": child})
    assert "Property v not assigned" in refused


FACADE = f"""{HEAD}
resources:
  r:
    type: OS::Heat::Value
    deletion_policy: {{resource_facade: deletion_policy}}
    metadata: {{resource_facade: metadata}}
    properties:
      value: [{{resource_facade: metadata}}, {{resource_facade: deletion_policy}}, {{resource_facade: update_policy}}]
outputs:
  out: {{value: {{get_attr: [r, value]}}}}
  metadata: {{value: {{resource_facade: metadata}}}}
"""


async def test_a_nested_template_reads_what_its_resource_says(api: Any) -> None:
    template = outer(
        """
  x: {type: OS::Heat::Value, properties: {value: late}}
  c: {type: child.yaml, metadata: {m: {get_attr: [x, value]}, n: [1]}, deletion_policy: retain}
  d: {type: child.yaml}
""",
        """
  c: {value: {get_attr: [c, out]}}
  metadata: {value: {get_attr: [c, metadata]}}
  d: {value: {get_attr: [d, out]}}
""",
    )
    path = await api.create("s", template, files={"child.yaml": FACADE})
    metadata = {"m": "late", "n": [1]}
    assert await api.outputs(path) == {
        "c": [metadata, "Retain", {}],
        "metadata": metadata,
        "d": [{}, "Delete", {}],
    }
    inner = await api.inner(path, "c")
    assert await api.body(f"{inner}/resources/r/metadata") == {"metadata": metadata}
    await api.update(path, template.replace("value: late", "value: later"), files={"child.yaml": FACADE})
    assert (await api.outputs(path))["metadata"] == {"m": "later", "n": [1]}


# --- the type that a template stands for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "properties", "said"),
    [
        (
            WRAPPER.replace("  value: {value", "  other: {value"),
            "",
            "Attribute value for facade {type} missing in provider",
        ),
        (
            WRAPPER.replace("parameters: {", "parameters: {need: {type: string}, "),
            "need: x",
            "Provider requires property need unknown in facade {type}",
        ),
        (
            WRAPPER.replace("{type: number, default: 5}", "{type: string, default: '5'}"),
            "",
            "Property length type mismatch between facade {type} (Integer) and provider (String)",
        ),
        (
            WRAPPER.replace("parameters: {", "parameters: {character_classes: {type: json, default: {}}, "),
            "",
            "Property character_classes type mismatch between facade {type} (List) and provider (Map)",
        ),
        (
            WRAPPER.replace("parameters: {", "parameters: {need: {type: string}, "),
            "",
            "Property error: : resources.a.properties: : Property need not assigned",
        ),
    ],
)
async def test_a_template_that_does_not_fit_the_type_it_stands_for_is_refused(
    api: Any, provider: str, properties: str, said: str
) -> None:
    name = "OS::Heat::RandomString"
    template = outer(f"  a: {{type: '{name}', properties: {{{properties}}}}}\n")
    environment = {"resource_registry": {name: "wrapper.yaml"}}
    refused = await api.refused("s", template, files={"wrapper.yaml": provider}, environment=environment)
    assert refused == said.format(type=name)


async def test_a_template_must_have_what_its_type_requires(api: Any) -> None:
    provider = f"{HEAD}resources: {{}}\noutputs:\n  value: {{value: 1}}\n"
    template = outer("  a: {type: OS::Heat::Value}\n")
    environment = {"resource_registry": {"OS::Heat::Value": "value.yaml"}}
    refused = await api.refused("s", template, files={"value.yaml": provider}, environment=environment)
    assert refused == "Required property value for facade OS::Heat::Value missing in provider"


async def test_a_name_that_is_no_type_and_a_type_behind_an_alias_ask_nothing_of_a_template(api: Any) -> None:
    provider = f"{HEAD}resources: {{}}\n"
    for name, registry in (
        ("a", {"My::T": "value.yaml"}),
        ("b", {"My::T": "OS::Heat::Value", "OS::Heat::Value": "value.yaml"}),
    ):
        template = outer("  a: {type: 'My::T'}\n")
        environment = {"resource_registry": registry}
        path = await api.create(name, template, files={"value.yaml": provider}, environment=environment)
        assert await api.state(path) == "CREATE_COMPLETE"


@pytest.mark.parametrize("kind", ["hot", "cfn"])
async def test_a_template_generated_of_a_type_stands_for_it_and_takes_its_lists(api: Any, kind: str) -> None:
    name = "OS::Heat::RandomString"
    provider = json.dumps(await api.body(f"/resource_types/{name}/template", template_type=kind))
    properties = "length: 9, salt: s, character_sequences: [{sequence: abc, min: 9}], character_classes: []"
    template = outer(f"  a: {{type: '{name}', properties: {{{properties}}}}}\n", "  o: {value: {get_resource: a}}\n")
    environment = {"resource_registry": {name: "wrapper.yaml"}}
    path = await api.create("s", template, files={"wrapper.yaml": provider}, environment=environment)
    value = (await api.outputs(path))["o"]
    assert len(value) == 9 and set(value) <= set("abc")
    inner = await api.inner(path, "a")
    assert (await api.stack(inner))["parameters"]["character_sequences"] == '{"sequence": "abc", "min": 9}'


# --- failures -------------------------------------------------------------------------------------------------------


async def test_a_failure_inside_is_told_with_its_own_class_and_path_on_every_level(api: Any) -> None:
    files = {
        "m.yaml": f"{HEAD}resources:\n  mid: {{type: f.yaml}}\n",
        "f.yaml": f"{HEAD}resources:\n  '0': {{type: OS::Heat::TestResource, properties: {{fail: true}}}}\n",
    }
    path = await api.create("s", outer("  c: {type: m.yaml}\n"), files=files)
    text = "resources.c.resources.mid.resources[0]: Test Resource failed 0"
    assert (await api.stack(path))["stack_status_reason"] == f"Resource CREATE failed: ValueError: {text}"
    listed = (await api.body(f"{path}/resources", nested_depth=3))["resources"]
    assert {one["resource_name"]: one["resource_status_reason"] for one in listed} == {
        "c": f"ValueError: {text}",
        "mid": "ValueError: resources.mid.resources[0]: Test Resource failed 0",
        "0": "ValueError: resources[0]: Test Resource failed 0",
    }


async def test_events_have_the_name_of_what_is_to_be_made_until_it_has_an_id(api: Any) -> None:
    path = await api.create("s", outer("  c: {type: child.yaml}\n"), files=FILES)
    inner = (await api.inner(path, "c")).split("/")
    events = (await api.body(f"{path}/events", nested_depth=2, sort_dir="asc"))["events"]
    r = (await api.body(f"{'/'.join(inner)}/resources/r"))["resource"]["physical_resource_id"]
    assert [(one["resource_name"], one["resource_status"], one["physical_resource_id"]) for one in events[1:-1]] == [
        ("c", "CREATE_IN_PROGRESS", inner[2]),
        (inner[2], "CREATE_IN_PROGRESS", inner[3]),
        ("r", "CREATE_IN_PROGRESS", r),
        ("r", "CREATE_COMPLETE", r),
        (inner[2], "CREATE_COMPLETE", inner[3]),
        ("c", "CREATE_COMPLETE", inner[3]),
    ]


async def test_a_nested_stack_that_was_stopped_has_no_class_but_its_reason(api: Any) -> None:
    files = {"slow.yaml": f"{HEAD}resources:\n  a: {{type: OS::Heat::TestResource, properties: {{wait_secs: -1}}}}\n"}
    body = {"stack_name": "s", "template": outer("  c: {type: slow.yaml}\n"), "files": files}
    path = f"/stacks/s/{(await api.ask('POST', '/stacks', body)).json()['stack']['id']}"
    while not (inner := [one for one in (await api.body("/stacks", show_nested="true"))["stacks"] if one["parent"]]):
        await asyncio.sleep(0.02)
    stop = {"cancel_without_rollback": None}
    inside = f"/stacks/{inner[0]['stack_name']}/{inner[0]['id']}"
    while (await api.ask("POST", f"{inside}/actions", stop)).status_code != 200:  # its run has not begun yet
        await asyncio.sleep(0.02)
    await api.settled(path)
    why = (await api.stack(inside))["stack_status_reason"]
    assert not why.startswith("Resource CREATE failed")
    assert (await api.body(f"{path}/resources/c"))["resource"]["resource_status_reason"] == f"resources.c: {why}"
    assert (await api.stack(path))["stack_status_reason"] == f"Resource CREATE failed: resources.c: {why}"
