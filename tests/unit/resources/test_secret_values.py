"""The value of a SECRET property stands in no message about it, whatever is wrong with it."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import ResourceProperties, ResourceType
from firebrick.resources.schema import validate
from firebrick.resources.vocabulary import SECRET, Custom, Length, OneOf, Pattern, Range

WORD = "hunter2hunter2"
NUMBER = 987654


def never(value: Any) -> None:
    raise ValueError(f"{value} is not allowed")


class Entry(ResourceProperties):
    port: Annotated[int | None, Range(1, 10), Field(description="A number inside.")] = None


class Keeper(ResourceType):
    type_name = "Tests::Keeper"
    description = "Keeps secrets."

    class Properties(ResourceProperties):
        pattern: Annotated[str | None, SECRET, Pattern("^x$"), Field(description="Text.")] = None
        choice: Annotated[str | None, SECRET, OneOf("p", "q"), Field(description="One of two.")] = None
        custom: Annotated[str | None, SECRET, Custom("never", never), Field(description="An address.")] = None
        length: Annotated[str | None, SECRET, Length(0, 3), Field(description="Short.")] = None
        number: Annotated[int | None, SECRET, Range(1, 2), Field(description="A number.")] = None
        many: Annotated[list[Annotated[str, Pattern("^x$")]] | None, SECRET, Field(description="Texts.")] = None
        entries: Annotated[list[Entry] | None, SECRET, Field(description="Maps.")] = None
        open: Annotated[dict[str, int] | None, SECRET, Field(description="Any keys.")] = None
        plain: Annotated[str | None, Pattern("^x$"), Field(description="No secret.")] = None


@pytest.mark.parametrize(
    "properties",
    [
        {"pattern": WORD},
        {"pattern": {WORD: 1}},
        {"choice": WORD},
        {"custom": WORD},
        {"length": WORD},
        {"number": NUMBER},
        {"number": WORD},
        {"many": [WORD]},
        {"many": WORD},
        {"entries": [{"port": NUMBER}]},
        {"entries": [{"port": WORD}]},
        {"entries": WORD},
        {"open": {"a": WORD}},
    ],
    ids=lambda properties: next(iter(properties)),
)
@pytest.mark.parametrize("quoting", [True, False])
def test_no_message_quotes_a_secret_value(properties: dict[str, Any], quoting: bool) -> None:
    with pytest.raises(InvalidInput) as told:
        validate(Keeper(), properties, name="it", quoting=quoting)
    text = str(told.value)
    assert f"resources.it.properties.{next(iter(properties))}" in text
    assert WORD not in text and str(NUMBER) not in text


def test_others_are_quoted_as_before() -> None:
    with pytest.raises(InvalidInput, match='"visible" does not match pattern'):
        validate(Keeper(), {"plain": "visible"}, name="it")
