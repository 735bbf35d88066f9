"""What the parser yields beside an independent loader: PyYAML's own in Python, without dates. Values, order, places.

Texts come from two sides: what yaml.dump makes of generated trees, and styles that people write by hand.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.template import StackIdentity, define, parse_environment, parse_template
from firebrick.template.explain import AnyTypes

ROOT = Path(__file__).parents[3]
FEW = settings(max_examples=60, deadline=None)


class Independent(yaml.SafeLoader):
    """Pure Python; a date is text."""


Independent.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

WORDS = [
    "yes",
    "No",
    "on",
    "~",
    "null",
    "014",
    "0x1F",
    "0b11",
    "1_000",
    "190:20:30",
    "1e3",
    "1.5e+3",
    "+12",
    "-0",
    ".5",
    "2013-05-23",
    "2001-12-14t21:59:43.10-05:00",
    "12:30",
    "08",
    "y",
    "n",
    "text",
    "two words",
    "a#b",
    "-x",
    "::",
    "grün",
    "",
]
characters = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff")
texts = st.one_of(
    st.sampled_from(WORDS),
    st.text(characters, max_size=12),
    st.text(st.sampled_from("ab :#'\"\\\n-{}[],&*!|>%@`\t"), max_size=12),
    st.lists(st.sampled_from(["long", "words", "in", "a row:", "#x", "\n", "  "]), min_size=30, max_size=60).map(
        " ".join
    ),
)
scalars = st.one_of(
    texts, st.integers(-(10**20), 10**20), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)
trees = st.dictionaries(
    texts,
    st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
        max_leaves=12,
    ),
    min_size=1,
    max_size=5,
)
plain = st.sampled_from([word for word in WORDS if word not in ("", "::")])


@st.composite
def hand_made(draw: st.DrawFn) -> str:
    """A map of lines as people write them: every style of scalar, flow and block below each other."""
    lines: list[str] = ["# a comment"] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 6))):
        lines += _entry(draw, f"k{number}", "", 0)
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n", "\n\n# end\n"]))


def _entry(draw: st.DrawFn, key: str, indent: str, depth: int) -> list[str]:
    key = draw(st.sampled_from([key, f"'{key} yes'", f'"{key}\\u00e9"', f"{key}-2013-05-23"]))
    lead = f"{indent}{key}:{draw(st.sampled_from([' ', '   ']))}"
    step = indent + draw(st.sampled_from(["  ", "    "]))
    style = draw(
        st.sampled_from(["plain", "quoted", "flow", "block", "spread", *(["map", "list", "rows"] * (depth < 3))])
    )
    words = draw(st.lists(plain, min_size=1, max_size=6))
    if style == "plain":
        return [lead + words[0] + draw(st.sampled_from(["", "  # why"]))]
    if style == "quoted":
        text = " ".join(words)
        return [lead + draw(st.sampled_from([single_quoted(text), json.dumps(text)]))]
    if style == "flow":
        inner = ", ".join(words)
        return [
            lead
            + draw(st.sampled_from([f"[{inner}]", f"{{a: {words[0]}, 'b': [{inner}], c: {{}}}}", f"[[{inner}], []]"]))
        ]
    if style == "block":
        marker = draw(st.sampled_from(["|", ">", "|-", ">-", "|+", ">+"]))
        body = draw(st.lists(st.one_of(plain, st.just(""), st.just("  deeper"), st.just("# no comment")), max_size=6))
        return [lead + marker, step + "first", *((step + line) if line else "" for line in body)]
    if style == "spread":
        return [lead + '"some ' + words[0], step + words[-1], step + 'end"']
    if style == "map":
        return [lead.rstrip(), *(line for n in range(2) for line in _entry(draw, f"m{n}", step, depth + 1))]
    if style == "list":
        return [lead.rstrip(), *(f"{step}- {word}" for word in words), f"{step}- - {words[0]}", f"{step}-"]
    rows = _entry(draw, "r", step + "  ", depth + 1)
    return [lead.rstrip(), f"{step}- {rows[0].lstrip()}", *rows[1:], f"{step}  last: {words[0]}"]


def single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def exact(value: Any) -> Any:
    """The value with its types and the order of its keys."""
    if isinstance(value, dict):
        return [(key, exact(item)) for key, item in value.items()]
    return [exact(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)


def places(
    node: yaml.Node, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], tuple[int, int]]]:
    """Where each key and each item stands, by the independent loader's marks."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), (key.start_mark.line + 1, key.start_mark.column + 1)
            yield from places(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), (value.start_mark.line + 1, value.start_mark.column + 1)
            yield from places(value, (*path, index))


def agree(text: str) -> None:
    document = parse_template(text)
    assert exact(document.tree) == exact(yaml.load(text, Independent))
    root = yaml.compose(text, Independent)
    assert root is not None
    found = dict(places(root))
    assert {path: document.locate(path) for path in found} == found


@FEW
@given(
    trees,
    st.sampled_from([None, True, False]),
    st.sampled_from([20, 80, 1000]),
    st.sampled_from([None, "'", '"', "|", ">"]),
)
def test_a_dumped_tree_is_read_as_an_independent_loader_reads_it(
    tree: dict[str, Any], flow: bool | None, width: int, style: str | None
) -> None:
    agree(yaml.safe_dump(tree, default_flow_style=flow, width=width, allow_unicode=True, sort_keys=False))
    # A style asked for goes to numbers too, as tags; so texts alone.
    agree(yaml.safe_dump({"of": _texts(tree)}, default_style=style, width=width))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in _texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


@settings(FEW, max_examples=200)
@given(hand_made())
def test_what_people_write_is_read_as_an_independent_loader_reads_it(text: str) -> None:
    agree(text)


@pytest.mark.parametrize("word", [word for word in WORDS if word])
def test_every_plain_word_means_the_same(word: str) -> None:
    if word == "::":
        word = "::x"
    agree(f"a: {word}\nb: [{word.replace('::', 'c')}]\n'c': \"{word}\"\n")


MERGED = """base: &base {b: 1, a: 2, c: 3}
other: &other
  c: 9
  d: yes
one:
  z: 0
  <<: *base
  a: mine
two:
  <<: [*other, *base]
  y: 014
"""


def test_merged_maps_have_the_same_values_in_the_same_order() -> None:
    assert exact(parse_template(MERGED).tree) == exact(yaml.load(MERGED, Independent))
    assert parse_template(MERGED).locate(("two", "d")) == (4, 3)
    assert parse_template(MERGED).locate(("one", "a")) == (8, 3)


names = st.lists(st.sampled_from([f"n{number}" for number in range(12)]), min_size=1, max_size=6, unique=True)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Resources that refer to earlier ones through functions of every kind that makes dependencies."""
    chosen = draw(names)
    resources: dict[str, Any] = {}
    for index, name in enumerate(chosen):
        before = chosen[:index]
        uses: list[Any] = [{"get_param": "p"}, "text", 3]
        for one in before:
            uses += [{"get_resource": one}, {"get_attr": [one, "x"]}, {"if": ["c", {"get_resource": one}, "none"]}]
        picked = draw(st.lists(st.sampled_from(uses), max_size=4))
        resources[name] = {
            "type": "My::Type",
            "properties": {
                "list": picked,
                "text": {"str_replace": {"template": "$a-$b", "params": {"$a": picked[:1], "$b": "b"}}},
            },
            "depends_on": draw(st.lists(st.sampled_from(before), unique=True)) if before else [],
        }
    return {
        "heat_template_version": "2018-08-31",
        "parameters": {"p": {"type": "json", "default": {"k": [1, "yes"], "a": None}}},
        "conditions": {"c": draw(st.booleans()), "d": {"not": "c"}},
        "resources": resources,
        "outputs": {f"o_{name}": {"value": {"get_attr": [name, "y"]}} for name in chosen},
    }


def frozen(text: str) -> str:
    """The definition of a template, frozen: keys in their order, not sorted."""
    definition = define(
        parse_template(text),
        parse_environment({}),
        parameters={"p": {"z": 1, "b": 2}},
        identity=StackIdentity("00000000-0000-4000-8000-000000000000", "s", "p"),
        types=AnyTypes(),
    )
    return json.dumps(
        [
            [one.freeze() for one in definition.resources.values()],
            [one.freeze() for one in definition.outputs.values()],
            definition.shown_parameters(),
            [repr(one) for one in definition.warnings],
        ]
    )


@FEW
@given(templates())
def test_a_template_is_defined_the_same_twice(template: dict[str, Any]) -> None:
    text = yaml.safe_dump(template, sort_keys=False)
    assert frozen(text) == frozen(text)


PROGRAM = """
import json, runpy, sys
frozen = runpy.run_path(sys.argv[1])["frozen"]
print(json.dumps([frozen(text) for text in json.load(sys.stdin)]))
"""


@settings(max_examples=1, deadline=None)
@given(st.lists(templates(), min_size=20, max_size=20))
def test_a_template_is_defined_the_same_in_another_process_with_another_hash_seed(made: list[dict[str, Any]]) -> None:
    wide = {
        "heat_template_version": "2018-08-31",
        "parameters": {"p": {"type": "json"}},
        "resources": {
            **{f"r{number}": {"type": "My::Type"} for number in range(30)},
            "last": {
                "type": "My::Type",
                "properties": {f"p{n}": {"get_attr": [f"r{n}", "x"]} for n in range(29, 0, -1)},
            },
        },
    }
    texts = [yaml.safe_dump(one, sort_keys=False) for one in (*made, wide)]
    here = [frozen(text) for text in texts]
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, __file__],
            input=json.dumps(texts),
            text=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == here
