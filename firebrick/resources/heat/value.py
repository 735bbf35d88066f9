"""OS::Heat::Value: gives a value a name, and a type if told."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType, SupportStatus
from firebrick.resources.kinds import READERS, Kind
from firebrick.resources.vocabulary import UPDATABLE, OneOf, Rule

KINDS = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "comma_delimited_list": Kind.LIST,
    "json": Kind.MAP,
    "boolean": Kind.BOOLEAN,
}


def as_told(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The value as one of the type that is named beside it; as it is when none is."""
    if "type" in given and given.get("value") is not None:
        return {"value": READERS[KINDS[given["type"]]](given["value"])}
    return None


class Value(ResourceType):
    type_name = "OS::Heat::Value"
    description = "A value under a name."
    support_status = SupportStatus(version="7.0.0")
    attributes = {"value": 'The property "value", converted to the type that "type" names.'}
    instant = True
    inline = True
    idempotent_create = True
    rules = (Rule(needs=("type", "value"), apply=as_told, at="value"),)

    class Properties(ResourceProperties):
        value: Annotated[Any, UPDATABLE, Field(description='What the attribute "value" gives.')]
        type: Annotated[str | None, OneOf(*KINDS), UPDATABLE, Field(description="What it is to be.")] = None

    def create(self, context: Context) -> Done:
        return Done(physical_id=context.physical_name, attributes={"value": context.properties.value})

    def update(self, context: Context) -> Done:
        return Done(attributes={"value": context.properties.value})
