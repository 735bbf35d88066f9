"""A template as a resource type: the resource is a nested stack. The worker makes and follows it
(activities/nested.py)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from firebrick.resources.base import Context, ResourceType


class TemplateResource(ResourceType):
    """Stands for every template that is named as a type; its properties are that template's parameters.

    Attributes: the nested stack's outputs; ``outputs`` is all of them.
    """

    type_name = "OS::Heat::TemplateResource"
    description = "A stack in the place of a resource."
    hidden = True
    any_property = True
    any_attribute = True
    nested: ClassVar[bool] = True

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> Any:
        return dict(stored) if name == "outputs" else stored.get(name)
