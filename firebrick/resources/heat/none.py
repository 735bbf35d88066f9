"""OS::Heat::None: stands in for any type and does nothing; an environment maps other types to it."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from firebrick.resources.base import Context, Done, ResourceType, SupportStatus


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
        """Its physical id is a UUID like a random one, drawn from the key: the same in every attempt."""
        digest = hashlib.sha256(context.key.encode()).digest()
        return Done(physical_id=str(uuid.UUID(bytes=digest[:16], version=4)))

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> None:
        return None
