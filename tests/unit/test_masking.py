"""What is left of a text that quotes secrets."""

import base64
import html
import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.masking import hidden_values, masked, texts_in
from tests.processor import processor_time

SECRET = "pa'ss \"wörd/7+"


@pytest.mark.parametrize(
    "said",
    [SECRET, repr(SECRET), json.dumps({"a": SECRET}), quote(SECRET, safe=""), quote_plus(SECRET), SECRET.upper()],
)
def test_a_secret_is_hidden_however_it_is_written(said: str) -> None:
    left = masked(f"401: {said} is wrong", [SECRET])
    assert left.startswith("401: ") and left.endswith(" is wrong") and "******" in left
    assert "ss" not in left.partition(" ")[2].removesuffix("is wrong")


WAYS: dict[str, Callable[[str], str]] = {
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of Unicode": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON with escaped slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "Python": repr,
    "quote": quote,
    "quote, all": lambda text: quote(text, safe=""),
    "quote, lower case": lambda text: re.sub("%..", lambda match: match[0].lower(), quote(text)),
    "encodeURIComponent": lambda text: quote(text, safe="!'()*"),
    "a form": quote_plus,
    "a shell": shlex.quote,
    "another shell": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "SQL": lambda text: "'" + text.replace("'", "''") + "'",
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "URLs' base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("way", WAYS)
@given(secret=st.text(st.characters(codec="utf-8"), min_size=12, max_size=24).filter(lambda one: len(one.strip()) > 8))
def test_no_way_to_write_a_secret_shows_it(way: str, secret: str) -> None:
    left = masked(f"401: [{WAYS[way](secret)}] is wrong", [secret])
    # What stands beside it may stay: quotes, white space that was around it, base64's digits that it shares.
    assert re.fullmatch(r"401: \[.{0,12}\*{6}.{0,12}\] is wrong", left, re.DOTALL), left


@pytest.mark.parametrize(
    "said",
    [
        r"Pa\u0026ss\u003cw'or\u003ed\"1/2",  # Go's JSON
        "Pa&amp;ss&lt;w&#39;or&gt;d&#34;1/2",  # HTML by Jinja and Go
        "Pa&amp;ss&lt;w&#39;or&gt;d&quot;1/2",
        "Pa&amp;ss&lt;w&apos;or&gt;d&quot;1/2",
        "Pa&amp;ss&lt;w'or&gt;d\"1/2",
        r"Pa&ss<w\'or>d\"1/2",  # MySQL
        r"Pa\&ss\<w\'or\>d\"1/2",  # a shell, by backslashes
        r"""'Pa&ss<w'"'"'or>d"1/2'""",  # and by quotes
        "Pa%26ss%3Cw%27or%3Ed%221/2",
        "Pa%26ss%3cw'or%3ed%221%2f2",
        "UGEmc3M8dydvcj5kIjEvMg==",
        "UGEmc3M8dydvcj5kXCIxLzI=",  # of its JSON
    ],
)
def test_a_secret_as_others_really_write_it_is_hidden(said: str) -> None:
    left = masked(f"said {said}!", ["Pa&ss<w'or>d\"1/2"])
    assert "******" in left and "ss" not in left.removeprefix("said") and len(left) < 25, left


def test_many_secrets_take_no_time() -> None:
    secrets = [f"line {number} of a key: {'x' * number}&'{number}" for number in range(1_000)]
    began = processor_time()
    for number in (1, 500, 999):
        assert masked(f"bad: {secrets[number]}!", ["\n".join(secrets)]) == "bad: ******!"
    assert processor_time() - began < 20.0


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_in_the_base64_of_a_header_no_whole_digit_of_it_is_left(before: bytes, after: bytes) -> None:
    header = base64.b64encode(before + SECRET.encode() + after).decode()
    left = masked(f"Basic {header}", [SECRET])
    assert "******" in left and len(left.replace("******", "")) <= len(f"Basic {header}") - len(SECRET) * 8 // 6 + 3


def test_a_key_of_many_lines_is_hidden_by_the_line_and_a_file_as_a_whole_only() -> None:
    key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n-----END KEY-----\n"
    assert masked("cannot read 'MIIEpAIBAAKCAQEA'", [key]) == "cannot read '******'"
    script = "#!/bin/sh\napt-get update\n"
    assert masked("apt-get update failed", [], [script]) == "apt-get update failed"
    assert masked(f"bad script {script.strip()}!", [], [script]) == "bad script ******!"


def test_a_short_secret_is_hidden_where_it_is_a_word() -> None:
    assert masked("port 12 of 120 at x12, 12.", ["12"]) == "port ****** of 120 at x12, ******."


@given(st.text(max_size=40))
def test_without_secrets_a_text_stays(text: str) -> None:
    assert masked(text, ["", "  \n"], [""]) == text


def test_of_overlapping_secrets_the_longest_counts() -> None:
    assert masked("user:secret-word-2!", ["secret-word", "secret-word-2"]) == "user:******!"


def test_hidden_values_are_those_of_all_sources() -> None:
    template = """
heat_template_version: 2018-08-31
parameters:
  a: {type: string, hidden: true, default: from-template}
  b: {type: json, hidden: true}
  c: {type: string, default: not hidden}
"""
    environment = "parameters: {a: from-environment}\nparameter_defaults: {b: {x: [deep, 7]}}\n"
    found = hidden_values(template, environment, {"a": "from-request", "c": "x"}, ["a", "b"])
    assert found == {"from-template", "from-environment", "from-request", "deep", "7"}
    cfn = '{"AWSTemplateFormatVersion": "2010-09-09", "Parameters": {"P": {"Type": "String", "Default": "of cfn"}}}'
    assert hidden_values(cfn, "", {}, ["P"]) == {"of cfn"}
    assert hidden_values("[not: a: template", "", {"a": "x"}, ["a"]) == {"x"}


def test_a_text_counts_in_its_parts() -> None:
    assert set(texts_in('{"a": ["one", {"b": 2}]}')) == {'{"a": ["one", {"b": 2}]}', "one", "2"}
    assert set(texts_in("first,second,3")) == {"first,second,3", "first", "second"}
    assert set(texts_in({"a": [True, None, 1.5]})) == {"1.5"}
