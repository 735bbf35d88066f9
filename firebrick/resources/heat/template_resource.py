"""A template as a resource type: the resource is a nested stack. The worker makes and follows it
(activities/nested.py)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.base import Context, ResourceType

OUTPUT_ERRORS = "output_errors"
"""In the data of a resource: by output of its stack, why that cannot be computed."""


class TemplateResource(ResourceType):
    """Stands for every template that is named as a type; its properties are that template's parameters.

    Attributes: the nested stack's outputs; ``outputs`` is all of them. One that could not be computed is an error for
    whoever asks for it, and so is ``show``, which no nested stack has (as in Heat).
    """

    type_name = "OS::Heat::TemplateResource"
    description = "A stack in the place of a resource."
    hidden = True
    any_property = True
    any_attribute = True
    nested: ClassVar[bool] = True

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> Any:
        if why := context.data.get(OUTPUT_ERRORS, {}).get(name):
            raise InvalidInput(
                Diagnostic(
                    code="output-failed",
                    summary=f"the output {name} of the nested stack {context.name} cannot be computed: {why}",
                    heat_type="TemplateOutputError",
                    heat_message=f"Error in {context.name} output {name}: {why}",
                )
            )
        if name == "show":
            raise InvalidInput(
                Diagnostic(
                    code="unknown-attribute",
                    summary=f"the nested stack {context.name} has no attribute show",
                    heat_type="InvalidTemplateAttribute",
                    heat_message=f"The Referenced Attribute ({context.name} show) is incorrect.",
                )
            )
        return dict(stored) if name == "outputs" else stored.get(name)
