"""OS::Heat::SoftwareComponent: one config for each action of a piece of software's life."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, SupportStatus
from firebrick.resources.configs import ConfigType, Inputs, Options, Outputs, stored_config
from firebrick.resources.vocabulary import Length, Rule

GROUP = "component"  # fixed: the hook on the server that knows what a component is
DEFAULT_ACTIONS = ["CREATE", "UPDATE"]


class ComponentConfig(ResourceProperties):
    actions: Annotated[list[str], Length(1), Field(description="Actions of the stack that this config is for.")] = (
        DEFAULT_ACTIONS
    )
    config: Annotated[str | None, Field(description="The script or manifest.")] = None
    tool: Annotated[str, Field(description="The tool that applies it on the server.")]


def one_config_for_an_action(given: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for one in given.get("configs") or ():
        actions = one.get("actions", DEFAULT_ACTIONS)
        if not seen.isdisjoint(actions):
            raise ValueError(
                "Defining more than one configuration for the same action in SoftwareComponent "
                '"{resource}" is not allowed.'
            )
        seen.update(actions)


class SoftwareComponent(ConfigType):
    """Stored, and given by its attribute, as a map with the list "configs". Heat's attribute is null: it answers to a
    name that its schema does not have."""

    type_name = "OS::Heat::SoftwareComponent"
    description = "The configs of a piece of software, by action."
    support_status = SupportStatus(version="2014.2")
    rules = (Rule(needs=("configs",), apply=one_config_for_an_action),)

    class Properties(ResourceProperties):
        configs: Annotated[list[ComponentConfig], Length(1), Field(description="A config for each action or several.")]
        inputs: Inputs = None
        outputs: Outputs = None
        options: Options = None

    def create(self, context: Context) -> Done:
        given = context.properties
        configs = [one.model_dump(mode="json") for one in given.configs]
        return stored_config(
            context,
            {"configs": configs},
            group=GROUP,
            inputs=given.inputs,
            outputs=given.outputs,
            options=given.options,
        )
