"""Every function meets arguments of every shape: a value or a diagnostic, nothing else."""

import itertools
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.template import resolve
from firebrick.template.functions import functions_of

VERSIONS = ("2013-05-23", "2021-04-16")
SCALARS: list[Any] = [True, None, 0, -1, 1.5, "", "one", "sha256", {}, [], {"a": 1}, [True], ["one"]]
PAIRS: list[Any] = [list(pair) for pair in itertools.product(SCALARS, repeat=2)]
MAPS: list[Any] = [
    {key: one, other: two}
    for key, other in [("template", "params"), ("template", "for_each"), ("keys", "values"), ("expression", "data")]
    for one in SCALARS
    for two in SCALARS
]
WORDS = [("scheme", "port"), ("host", "query"), ("path", "fragment")]
PARTS: list[Any] = [{key: one, other: two} for key, other in WORDS for one in SCALARS for two in SCALARS]
ARGUMENTS = [*SCALARS, *PAIRS, *MAPS, *PARTS]


class Nowhere:
    def reference_id(self, resource: str) -> str | None:
        return None

    def attribute(self, resource: str, attribute: str) -> Any:
        return None


@pytest.mark.parametrize("version", VERSIONS)
def test_every_function_gives_a_value_or_a_diagnostic_for_any_argument(language: Any, version: str) -> None:
    tried = 0
    for name in sorted(functions_of(version)):
        for argument in ARGUMENTS:
            tried += 1
            template = {"heat_template_version": version, "outputs": {"o": {"value": {name: argument}}}}
            try:
                made = language.define(template)
                resolve(made.outputs["o"].value, Nowhere())
            except InvalidInput as refused:
                assert refused.diagnostics[0].summary
            except Exception as error:
                pytest.fail(f"{name}: {argument!r}: {type(error).__name__}: {error}")
    assert tried > 10_000
