"""OS::Heat::None: stands in for any type and does nothing; an environment maps other types to it."""

from collections.abc import Mapping
from typing import Any

from firebrick.resources.base import Context, Done, ResourceType, SupportStatus
from firebrick.resources.identifiers import uuid_of


class NoneResource(ResourceType):
    """Takes any property, has any attribute (null). OS::Heat::HARestarter, long gone, is a synonym."""

    type_name = "OS::Heat::None"
    aliases = ("OS::Heat::HARestarter",)
    description = "Does nothing, in the place of another type."
    support_status = SupportStatus(version="5.0.0")
    instant = True
    inline = True
    any_property = True
    any_attribute = True
    idempotent_create = True

    def create(self, context: Context) -> Done:
        return Done(physical_id=uuid_of(context.key))

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> None:
        return None
