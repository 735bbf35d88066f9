"""OS::Heat::CloudConfig: a map, as the YAML text that cloud-init reads."""

from typing import Annotated, Any

import yaml
from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, SupportStatus
from firebrick.resources.configs import ConfigType, stored_config

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):  # type: ignore[misc]
    """Values that occur twice are written twice: an alias would be of our making, not the author's."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def cloud_config_text(config: dict[str, Any]) -> str:
    """``#cloud-config`` and the map below it, its keys sorted (as Heat's dumper does)."""
    return "#cloud-config\n" + str(yaml.dump(config, Dumper=_Dumper))


class CloudConfig(ConfigType):
    type_name = "OS::Heat::CloudConfig"
    description = "A configuration for cloud-init."
    support_status = SupportStatus(version="2014.1")

    class Properties(ResourceProperties):
        cloud_config: Annotated[dict[str, Any] | None, Field(description="The configuration, as data.")] = None

    def create(self, context: Context) -> Done:
        return stored_config(context, cloud_config_text(context.properties.cloud_config or {}))
