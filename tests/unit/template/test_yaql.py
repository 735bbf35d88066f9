"""yaql: what expressions make of data, and thirty that want more than data or than their share."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import resolve

DATA = {"l": ["a", "b", "c"], "n": [3, 1, 2], "m": {"k": "v", "x": 1}, "text": "a" * 60}


def value(language: Any, expression: str, data: Any = DATA) -> Any:
    return language.value({"yaql": {"expression": expression, "data": data}})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.data.l.len()", 3),
        ("$.data.n.orderBy($)", [1, 2, 3]),
        ("$.data.l.select($ + '!')", ["a!", "b!", "c!"]),
        ("$.data.l.where($ in [a, c])", ["a", "c"]),
        ("$.data.m.keys().orderBy($)", ["k", "x"]),
        ("dict($.data.l.select([$, 1]))", {"a": 1, "b": 1, "c": 1}),
        ("$.data.m.set(y, 2).get(y)", 2),
        ("$.data.n.toDict(str($), $ * 2)", {"3": 6, "1": 2, "2": 4}),
        ("$.data.n.toDict($, $)", {"3": 3, "1": 1, "2": 2}),
        ("set(b, a, b)", ["a", "b"]),
        ("$.data.n.sum() / 4.0", 1.5),
        ("'a1b22'.split('b')", ["a1", "22"]),
        ("regex('[0-9]+').matches('x12')", True),
        ("regex('([0-9]+)').replace('a1b22', '-')", "a-b-"),
        ("'abc' =~ '[a-c]+'", True),
        ("'10.0.0.1' =~ '([0-9]+[.]){3}[0-9]+$'", True),
        ("null", None),
    ],
)
def test_what_an_expression_comes_to(language: Any, expression: str, expected: Any) -> None:
    assert value(language, expression) == expected


def test_what_is_not_in_the_data_is_an_error(language: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        value(language, "$.data.nope")
    assert caught.value.first.code == "yaql-failed"


HOSTILE = [
    "range(1000000000000).len()",
    "range(1000000000000).toList()",
    "sequence().len()",
    "sequence().sum()",
    "[1].cycle().len()",
    "1.repeat().len()",
    "generate(1, true, $ + 1).len()",
    "generateMany(1, [$, $]).len()",
    "range(200).select(range(200).select(range(200).sum()).sum()).sum()",
    "range(190).aggregate($1 + range(190).aggregate($1 + range(190).sum(), 0), 0)",
    "range(190).accumulate([$1, $1], 1).last()",
    "range(190).aggregate([$1, $1], 1)",
    "str(range(190).aggregate([$1, $1], 1))",
    "range(190).aggregate([$1, $1], 1) = range(190).aggregate([$1, $1], 1)",
    "range(190).aggregate([$1, $1], 1) in set(range(190).aggregate([$1, $1], 1))",
    "range(190).aggregate($1.select($), $.data.l)",
    "'x' * 1000000000",
    "[1] * 1000000000",
    "range(60).aggregate($1 + $1, 'xxxxxxxxxx')",
    "range(60).aggregate($1 * $1, 99999)",
    "pow(10, 1000000000)",
    "pow(pow(10, 999), 999)",
    "shiftBitsLeft(1, 1000000000000)",
    "round(1, -1000000000)",
    "round(12345, -100000000)",
    "def(f, f($)) -> f(1)",
    "def(f, [f($), f($)]) -> f(1)",
    "regex('(a+)+b').matches($.data.text)",
    "$.data.text =~ '(a|a)*b'",
    "regex('(x+x+)+y').search('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')",
    "now()",
    "random()",
    "localtz()",
    "$.__class__",
    "$.data.l.__class__.__mro__",
    "call(open, ['x'], {})",
    "call('__import__', ['os'], {})",
    "'{0.__class__}'.format($)",
    "getattr($, '__class__')",
    "$.data.l.append",
    "(" * 4000 + "1" + ")" * 4000,
    "[" * 2000 + "]" * 2000,
    "1" + " + 1" * 2400,
    "x" * 20_000,
    "float('inf') - float('inf')",
    "datetime(2020, 1, 1)",
    "regex('a')",
    "$",
    "$.data.select($)",
    "dict([[$.data.l, 1]])",
]


@pytest.mark.parametrize("expression", HOSTILE, ids=[one[:40] for one in HOSTILE])
def test_no_expression_reaches_beyond_its_data_or_its_share(language: Any, expression: str) -> None:
    started = time.process_time()
    try:
        got = value(language, expression)
    except InvalidInput as refused:
        assert refused.first.code in ("yaql-failed", "result-too-large", "bad-function-arguments"), refused
    else:
        assert expression in ("$",) or "data" not in repr(got)
        assert "class" not in repr(got) and "object at" not in repr(got)
    assert time.process_time() - started < 20


def test_all_expressions_of_a_definition_share_one_bound(language: Any) -> None:
    busy = {"yaql": {"expression": "range(80).select(range(80).select($ + 1).sum()).sum()", "data": {}}}
    template = {"heat_template_version": "2018-08-31", "resources": {}}
    template["resources"] = {"a": {"type": "OS::Heat::None", "metadata": {"one": busy}}}
    language.define(template)
    template["resources"] = {"a": {"type": "OS::Heat::None", "metadata": {"many": [busy] * 2000}}}
    started = time.process_time()
    assert {one.code for one in language.refusal(template)} == {"result-too-large", "more-problems"}
    assert time.process_time() - started < 20


def test_the_sizes_that_heat_bounds_are_bounded(language: Any) -> None:
    assert value(language, "range(200).toList().len()", {}) == 200
    for expression, data in (
        ("$.data.select($)", list(range(201))),
        ("$.data.len()", "x" * 10_001),
        ("range(201).toList()", {}),
        ("range(201)", {}),
    ):
        with pytest.raises(InvalidInput) as caught:
            value(language, expression, data)
        assert caught.value.first.code == "yaql-failed"


def test_nothing_of_the_data_is_changed(language: Any) -> None:
    data = {"l": [1], "m": {"a": 1}}
    assert value(language, "$.data.m.set(a, 2)", data) == {"a": 2}
    assert value(language, "$.data.l.append(2)", data) == [1, 2]
    assert data == {"l": [1], "m": {"a": 1}}


def test_a_bad_expression_is_refused_when_the_template_is_read(language: Any) -> None:
    problem = language.only_problem({"heat_template_version": "2018-08-31", "outputs": {"o": {"value": EXPRESSION}}})
    assert (problem.code, problem.path) == ("bad-function-arguments", "outputs.o.value.yaql.expression")
    assert problem.message == "outputs.o.value.yaql: Bad expression Parse error: unexpected end of statement."


EXPRESSION = {"yaql": {"expression": "1 +", "data": {}}}


def test_an_expression_waits_for_its_data(language: Any, world: Any) -> None:
    template = {
        "heat_template_version": "2018-08-31",
        "resources": {"a": {"type": "OS::Heat::None"}},
        "outputs": {"o": {"value": {"yaql": {"expression": "$.data.len()", "data": {"get_attr": ["a", "list"]}}}}},
    }
    output = language.define(template).outputs["o"].value
    assert resolve(output, world(a={"list": [1, 2]})) == 2


def test_the_language_loads_yaql_only_when_an_expression_is_met() -> None:
    program = "import sys, firebrick.template; print('yaql' in sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "False"


def test_a_set_of_lists_is_an_error_as_in_heat(language: Any) -> None:
    with pytest.raises(InvalidInput):
        language.value({"yaql": {"expression": "$.data.items()", "data": {"a": 1}}})
    listed = {"yaql": {"expression": "$.data.items().select($)", "data": {"a": 1}}}
    assert language.value(listed) == [["a", 1]]
