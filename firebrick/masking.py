"""Texts of others without the secrets they quote: what a provider, a plug-in or a library says of a failure.

Such a text is stored with the resource and shown in events and lists; what it was sent may be in it. Secrets are the
values of the stack's hidden parameters, what its resources have drawn (ResourceType.secret_attributes), and its files
as wholes. Used by the activities before a failure is stored. What was changed beyond recognition (a digest, a part) is
not found.
"""

import html
import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from firebrick.diagnostics import InvalidInput
from firebrick.template import parse_environment, parse_template
from firebrick.template.parameters import SHOWN_HIDDEN

SHORT = 4
"""A secret with fewer characters is hidden where it stands as a word of its own only: it is in every other word."""
UNQUOTED = ("", "/", "!'()*", "!'()*;,/?:@&=+$#")
"""Characters that stand in a URL as they are: strictly, by Python, by JavaScript for a part and for a whole."""
LINE = 8
"""Lines of a secret of several (a private key) are secrets, too, when they have so many characters."""


def masked(text: str, secrets: Iterable[str], wholes: Iterable[str] = ()) -> str:
    """The text with ``******`` for each secret in it: as it is, or as JSON, a Python literal, a URL, HTML, SQL, a shell
    or base64 would have it; upper and lower case count as the same. Of `wholes`, a line alone is no secret."""
    lower = text.lower()
    forms = {form for secret in secrets for form in _forms(secret) if form.lower() in lower}
    forms |= {
        form
        for whole in wholes
        if len(whole.strip()) <= len(text)
        for form in _same(whole.strip())
        if form.lower() in lower  # of many long secrets few are there, and an alternation of all would take seconds
    }
    words = sorted((form for form in forms if SHORT <= len(form) <= len(text)), key=lambda word: (-len(word), word))
    words += sorted(form for form in forms if 0 < len(form) < SHORT)
    if not words:
        return text
    return re.sub("|".join(map(_pattern, words)), SHOWN_HIDDEN, text, flags=re.IGNORECASE)


def hidden_values(template: str, environment: str, parameters: Mapping[str, Any], hidden: Iterable[str]) -> set[str]:
    """The texts in the values of hidden parameters, whoever gives them: request, environment or template's default.

    hidden: the parameters' names. All that a name has been given counts, whichever comes first.
    """
    names = sorted(hidden)
    if not names:
        return set()
    given: list[Mapping[str, Any]] = [parameters]
    try:
        read = parse_environment(environment)
        given += [read.parameters, read.parameter_defaults]
        tree = parse_template(template).tree
    except InvalidInput:  # stored by a program with other rules; what the request gave is known all the same
        tree = {}
    schemas = tree.get("parameters", tree.get("Parameters", {}))
    given.append(
        {name: schemas[name].get("default", schemas[name].get("Default")) for name in names if name in schemas}
    )
    return {text for one in given for name in names if name in one for text in texts_in(one[name])}


def texts_in(value: Any) -> Iterator[str]:
    """All scalars of a value as texts; a text that is a JSON list or map, or has commas, counts in its parts, too."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            try:
                yield from texts_in(json.loads(value))
            except ValueError:
                pass
        elif "," in value:
            yield from (part for part in value.split(",") if len(part) >= SHORT)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _forms(secret: str) -> Iterator[str]:
    if not secret.strip():
        return
    lines = [line.strip() for line in secret.splitlines()]
    for one in (secret, secret.strip(), *(line for line in lines if len(lines) > 1 and len(line) >= LINE)):
        yield from _same(one)


def _same(text: str) -> Iterator[str]:
    """A text as others write it."""
    raw = text.encode("utf-8", "surrogatepass")
    yield text
    yield repr(text)[1:-1]
    for in_json in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield in_json
        yield in_json.replace("/", "\\/")
        yield json.dumps(in_json)[1:-1]
        yield re.sub("[&<>]", lambda match: f"\\u{ord(match[0]):04x}", in_json)  # as Go writes it
        if len(text) >= SHORT and in_json != text:
            yield from _base64(in_json.encode("utf-8", "surrogatepass"))
    for safe in UNQUOTED:
        yield quote(raw, safe=safe)
        yield quote(raw, safe=safe).replace("%20", "+")
    in_html = html.escape(text)
    yield in_html
    yield html.escape(text, quote=False)
    yield in_html.replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    yield in_html.replace("&#x27;", "&#39;")
    yield in_html.replace("&#x27;", "&apos;")
    yield re.sub(r"([\\'\"])", r"\\\1", text)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
    yield text.replace("'", "''")
    yield text.replace("'", "'\\''")
    yield shlex.quote(text)[1:-1] if "'" in text else text
    if len(text) >= SHORT:
        yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[str]:
    """As it stands in the base64 of a text that holds it (user:password), at each of the three places it may have."""
    for before in range(3):
        coded = b64encode(b"\0" * before + raw).decode().rstrip("=")
        whole = coded[-(-8 * before // 6) : (before + len(raw)) * 8 // 6]
        if len(whole) >= SHORT:
            yield whole
            yield whole.replace("+", "-").replace("/", "_")  # as URLs and tokens have it


def _pattern(word: str) -> str:
    escaped = re.escape(word)
    return escaped if len(word) >= SHORT else rf"(?<!\w){escaped}(?!\w)"
