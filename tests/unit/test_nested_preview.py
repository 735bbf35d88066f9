"""What a plan says of nested stacks that are to be made: what is known, what is not, and what is not to be seen."""

from collections.abc import Mapping
from typing import Any

from firebrick.nested_preview import NestedPreviews
from firebrick.preview import UNDECIDED, preview
from firebrick.preview_result import Preview, ResourcePreview, Will
from firebrick.template import UNKNOWN
from tests.unit.test_preview import REGISTRY, wanted

HEAD = "heat_template_version: 2018-08-31\n"
LEAF = f"""{HEAD}
parameters:
  word: {{type: string, default: none}}
  full: {{type: boolean, default: true}}
conditions: {{full: {{get_param: full}}}}
resources:
  always: {{type: OS::Heat::Value, properties: {{value: {{list_join: [-, [a, {{get_param: word}}]]}}}}}}
  perhaps: {{type: OS::Heat::Value, condition: full, properties: {{value: x}}}}
  chosen: {{type: OS::Heat::Value, properties: {{value: {{if: [full, x, y]}}}}}}
  own: {{type: OS::Heat::Value, properties: {{value: {{get_param: OS::stack_id}}}}}}
outputs:
  said: {{value: {{get_param: word}}}}
  fixed: {{value: here}}
  drawn: {{value: {{get_attr: [always, value]}}}}
"""
MIDDLE = f"""{HEAD}
parameters: {{word: {{type: string}}}}
resources:
  leaf: {{type: leaf.yaml, properties: {{word: {{get_param: word}}}}}}
outputs:
  said: {{value: {{get_attr: [leaf, said]}}}}
"""
FILES = {"leaf.yaml": LEAF, "middle.yaml": MIDDLE}


def foreseen(resources: str, *, parameters: str = "", files: Mapping[str, str] = FILES) -> Preview:
    nested = NestedPreviews(REGISTRY, "p", "s", "", files)
    new = wanted(resources, parameters=parameters, files=files)
    return preview((), new, REGISTRY, nested=nested, stack_name="s", marks=nested.marks())


def at(found: Preview, address: str) -> ResourcePreview:
    head, _, rest = address.partition(".")
    (one,) = [one for one in found.resources if one.name == head]
    if not rest:
        return one
    assert one.inside is not None
    return at(one.inside.preview, rest)


def value(found: Preview, address: str) -> Any:
    return {each.name: each.after for each in at(found, address).properties}["value"]


def test_a_nested_stack_is_listed_with_everything_in_it() -> None:
    found = foreseen("  nest: {type: middle.yaml, properties: {word: hello}}\n")
    for address in ("nest", "nest.leaf", "nest.leaf.always", "nest.leaf.perhaps"):
        assert (at(found, address).will, at(found, address).certain) == (Will.CREATE, True)
    assert value(found, "nest.leaf.always") == "a-hello"
    assert value(found, "nest.leaf.chosen") == "x"


def test_nobody_knows_the_id_of_a_stack_that_is_not_made() -> None:
    assert value(foreseen("  nest: {type: leaf.yaml}\n"), "nest.own") is UNKNOWN


def test_outputs_that_are_known_are_known_to_whoever_refers_to_them() -> None:
    found = foreseen(
        "  nest: {type: middle.yaml, properties: {word: hello}}\n"
        "  flat: {type: leaf.yaml, properties: {word: bye}}\n"
        "  a: {type: OS::Heat::Value, properties: {value: {get_attr: [nest, said]}}}\n"
        "  b: {type: OS::Heat::Value, properties: {value: {get_attr: [flat, drawn]}}}\n"
        "  c: {type: OS::Heat::Value, properties: {value: {get_attr: [flat, outputs]}}}\n"
        "  d: {type: OS::Heat::Value, properties: {value: {get_resource: flat}}}\n"
        "  e: {type: OS::Heat::Value, properties: {value: {get_attr: [flat, fixed]}}}\n"
    )
    assert value(found, "a") == "hello" and value(found, "e") == "here"
    assert value(found, "b") is UNKNOWN and value(found, "c") is UNKNOWN and value(found, "d") is UNKNOWN


def test_what_depends_on_an_unknown_parameter_is_unknown_and_the_rest_is_not() -> None:
    found = foreseen(
        "  first: {type: OS::Heat::TestResource, properties: {value: hello}}\n"
        "  nest:\n"
        "    type: leaf.yaml\n"
        "    properties: {word: {get_attr: [first, output]}, full: {get_attr: [first, output]}}\n"
        "  after: {type: OS::Heat::Value, properties: {value: {get_attr: [nest, fixed]}}}\n"
    )
    assert value(found, "nest.always") is UNKNOWN and value(found, "nest.chosen") is UNKNOWN
    assert at(found, "nest.always").certain and value(found, "after") == "here"
    perhaps = at(found, "nest.perhaps")
    assert (perhaps.will, perhaps.certain, perhaps.because) == (Will.CREATE, False, UNDECIDED)


def test_an_unknown_parameter_is_not_its_default() -> None:
    found = foreseen(
        "  first: {type: OS::Heat::TestResource}\n"
        "  nest: {type: leaf.yaml, properties: {word: {get_attr: [first, output]}}}\n"
    )
    assert value(found, "nest.always") is UNKNOWN
    assert at(found, "nest.perhaps").certain


def secret(found: Preview, address: str) -> bool:
    return any(each.secret for each in at(found, address).properties)


def test_a_secret_that_is_handed_in_stays_one_at_every_level() -> None:
    found = foreseen(
        "  nest: {type: middle.yaml, properties: {word: {get_param: key}}}\n"
        "  after: {type: OS::Heat::Value, properties: {value: {get_attr: [nest, said]}}}\n",
        parameters="parameters: {key: {type: string, default: s3cret, hidden: true}}",
    )
    for address in ("nest", "nest.leaf", "nest.leaf.always", "after"):
        assert secret(found, address), address
    assert not secret(found, "nest.leaf.perhaps")


def test_what_a_nested_stack_draws_is_a_secret_to_whoever_refers_to_it() -> None:
    drawing = f"{HEAD}resources: {{r: {{type: OS::Heat::RandomString}}}}\n"
    drawing += "outputs: {r: {value: {get_attr: [r, value]}}}\n"
    around = f"{HEAD}resources: {{d: {{type: draws.yaml}}}}\noutputs: {{r: {{value: {{get_attr: [d, r]}}}}}}\n"
    found = foreseen(
        "  nest: {type: around.yaml}\n  after: {type: OS::Heat::Value, properties: {value: {get_attr: [nest, r]}}}\n",
        files={"draws.yaml": drawing, "around.yaml": around},
    )
    assert secret(found, "after")
