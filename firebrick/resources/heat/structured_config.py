"""OS::Heat::StructuredConfig: a config that is a map, not a text."""

from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, SupportStatus
from firebrick.resources.configs import UNGROUPED, ConfigType, Group, Inputs, Options, Outputs, stored_config


class StructuredConfig(ConfigType):
    """The attribute is the map itself, as in Heat, whatever Heat's schema says of its kind."""

    type_name = "OS::Heat::StructuredConfig"
    description = "A map that configures servers."
    support_status = SupportStatus(version="2014.1")

    class Properties(ResourceProperties):
        group: Group = UNGROUPED
        options: Options = None
        inputs: Inputs = None
        outputs: Outputs = None
        config: Annotated[dict[str, Any] | None, Field(description="The configuration, as data.")] = None

    def create(self, context: Context) -> Done:
        given = context.properties
        return stored_config(
            context,
            given.config,
            group=given.group,
            inputs=given.inputs,
            outputs=given.outputs,
            options=given.options,
        )
