"""OS::Heat::SoftwareConfig: a script or manifest, for a server to apply."""

from typing import Annotated

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, SupportStatus
from firebrick.resources.configs import UNGROUPED, ConfigType, Group, Inputs, Options, Outputs, stored_config


class SoftwareConfig(ConfigType):
    """Without the property "config" the attribute is null, as in Heat."""

    type_name = "OS::Heat::SoftwareConfig"
    description = "A text that configures servers."
    support_status = SupportStatus(version="2014.1")

    class Properties(ResourceProperties):
        group: Group = UNGROUPED
        config: Annotated[str | None, Field(description="The script or manifest.")] = None
        options: Options = None
        inputs: Inputs = None
        outputs: Outputs = None

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
