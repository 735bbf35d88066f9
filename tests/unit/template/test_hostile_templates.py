"""Templates of full size made to hurt where functions are computed: each ends within seconds of work and 256 MB."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HOT = "heat_template_version: 2018-08-31\n"
CFN = "AWSTemplateFormatVersion: 2010-09-09\n"
SECONDS = 5
MEGABYTES = 256


def outputs(count: int, value: Callable[[int], str]) -> str:
    return HOT + "outputs:\n" + "".join(f"  o{number}: {{value: {value(number)}}}\n" for number in range(count))


def with_parameter(items: list[object], count: int, value: str) -> str:
    parameter = f"parameters: {{p: {{type: json, default: {json.dumps(items)}}}}}\n"
    return outputs(count, lambda _: value).replace(HOT, HOT + parameter)


MAPPING = ",".join(f"k{number}: {{a: 1}}" for number in range(10_000))
CASES: dict[str, str] = {
    "many expressions": outputs(6000, lambda n: f"{{yaql: {{expression: '$.data + {n}', data: 1}}}}"),
    "long expressions": outputs(50, lambda n: f"{{yaql: {{expression: '1{'+1' * 4900}+{n}', data: 1}}}}"),
    "busy expressions": outputs(
        3000, lambda _: "{yaql: {expression: 'range(150).select(range(150).sum()).sum()', data: 1}}"
    ),
    "slow patterns": outputs(3000, lambda _: f"{{yaql: {{expression: \"'{'a' * 40}' =~ '(a+)+b'\", data: 1}}}}"),
    "conditions": HOT
    + "conditions:\n"
    + "".join(f"  c{number}: {{yaql: {{expression: '$.data > {number}', data: 1}}}}\n" for number in range(6000)),
    "unique": with_parameter(list(range(20_000)), 3000, "{list_concat_unique: [{get_param: p}, {get_param: p}]}"),
    "filter": with_parameter(list(range(20_000)), 3000, "{filter: [{get_param: p}, {get_param: p}]}"),
    "contains": with_parameter([[1]] * 20_000, 5000, "{contains: [zz, {get_param: p}]}"),
    "mappings": CFN
    + f"Mappings: {{M: {{{MAPPING}}}}}\nOutputs:\n"
    + "".join(f"  o{number}: {{Value: {{'Fn::FindInMap': [M, z{number}, a]}}}}\n" for number in range(5000)),
    "placeholders": HOT
    + f"outputs: {{o: {{value: {{str_replace_strict: {{template: '{'a' * 100_000}', params: {{"
    + ",".join(f"k{number}: b" for number in range(15_000))
    + "}}}}}",
    "repetitions": outputs(
        500,
        lambda _: (
            "{repeat: {template: {repeat: {template: xaaaaaaaaaaaaaaaa, for_each: {a: [aa, b, c, d, e]}}}, "
            "for_each: {x: [a, b, c, d, e, f, g, h], c: [a, b, c, d, e, f, g], d: [a, b, c, d, e, f]}}}"
        ),
    ),
    "a long list": outputs(1, lambda _: "[" + "1," * 250_000 + "]"),
}
PROGRAM = """
import sys
from firebrick.diagnostics import InvalidInput
from firebrick.template import StackIdentity, define, parse_environment, parse_template
from firebrick.template.explain import AnyTypes

try:
    made = define(parse_template(sys.stdin.read()), parse_environment(""), parameters={},
                  identity=StackIdentity("s", "i", "p"), types=AnyTypes())
    for output in made.outputs.values():
        output.freeze()
except InvalidInput as refused:
    assert refused.diagnostics[0].code
# Not ru_maxrss: that counts what the process was before it became this program, a copy of the tests' own.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_template_ends_soon_and_stays_small(name: str) -> None:
    text = CASES[name]
    assert len(text) <= 524_288
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=text, capture_output=True, text=True, preexec_fn=bounded, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < MEGABYTES
