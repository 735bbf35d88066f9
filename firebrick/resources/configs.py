"""What the types of software configs share: a config is stored once, under a UUID, and never changes.

The content is the attribute ``config``; what belongs to it (group, inputs, outputs, options) is in the resource's
data, complete: whoever delivers a config to a server finds everything there. Nothing outside is asked.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType
from firebrick.resources.identifiers import uuid_of
from firebrick.resources.vocabulary import OneOf

UNGROUPED = "Heat::Ungrouped"
VALUE_TYPES = ("String", "Number", "CommaDelimitedList", "Json", "Boolean")

Group = Annotated[str, Field(description="Name of the tool or hook that a server hands the config to.")]
Options = Annotated[dict[str, Any] | None, Field(description="Options for the tool that applies the config.")]


class ConfigInput(ResourceProperties):
    name: Annotated[str, Field(description="The input's name.")]
    description: Annotated[str | None, Field(description="What it is for.")] = None
    type: Annotated[str, OneOf(*VALUE_TYPES), Field(description="What its value must be.")] = "String"
    default: Annotated[Any, Field(description="Its value where a deployment gives none.")] = None
    replace_on_change: Annotated[bool, Field(description="Whether another value replaces the deployment.")] = False


class ConfigOutput(ResourceProperties):
    name: Annotated[str, Field(description="The output's name.")]
    description: Annotated[str | None, Field(description="What it is for.")] = None
    type: Annotated[str, OneOf(*VALUE_TYPES), Field(description="What its value is.")] = "String"
    error_output: Annotated[bool, Field(description="Whether a value in it means that the deployment failed.")] = False


Inputs = Annotated[list[ConfigInput] | None, Field(description="What the config needs to be told.")]
Outputs = Annotated[list[ConfigOutput] | None, Field(description="What the config will tell.")]


class ConfigType(ResourceType):
    """The base of these types. A config may be looked into by others of the project that hold its id (readable)."""

    attributes = {"config": "The content of the config."}
    attribute_kinds = {"config": "string"}
    instant = True
    inline = True
    idempotent_create = True
    readable = True


def stored_config(
    context: Context,
    config: Any,
    *,
    group: str = UNGROUPED,
    inputs: Sequence[ConfigInput] | None = None,
    outputs: Sequence[ConfigOutput] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Done:
    """The created config. Its id is its physical and its reference id, the same in every attempt."""
    return Done(
        physical_id=uuid_of(context.key),
        attributes={"config": config},
        data={
            "name": context.physical_name,
            "group": group,
            "inputs": [one.model_dump(mode="json") for one in inputs or ()],
            "outputs": [one.model_dump(mode="json") for one in outputs or ()],
            "options": dict(options or {}),
        },
    )
