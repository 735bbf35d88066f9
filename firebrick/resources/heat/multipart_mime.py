"""OS::Heat::MultipartMime: several configs in one message, as cloud-init takes them at a server's first boot."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, SupportStatus
from firebrick.resources.configs import UNGROUPED, ConfigType, Group, stored_config
from firebrick.resources.errors import PermanentError
from firebrick.resources.identifiers import uuid_of
from firebrick.resources.mime import Part, message_of, parts_of
from firebrick.resources.vocabulary import OneOf, Rule

TEXT, MULTIPART = "text", "multipart"


class MessagePart(ResourceProperties):
    config: Annotated[str, Field(description="The content, or the id of a software config whose content it is.")]
    filename: Annotated[str | None, Field(description="Name of the file that the part is attached as.")] = None
    type: Annotated[
        str,
        OneOf(TEXT, MULTIPART),
        Field(description="Whether the content is a text or a message whose parts to take."),
    ] = TEXT
    subtype: Annotated[str | None, Field(description="What kind of text it is, as the second half of a type.")] = None


NO_PARTS: list[MessagePart] = []


def headers_on_one_line(given: Mapping[str, Any]) -> None:
    for index, part in enumerate(given.get("parts") or ()):
        for name in ("filename", "subtype"):
            if any(not character.isprintable() for character in part.get(name) or ""):
                raise ValueError(f"the {name} of part {index} has a line break or another character without a form")


def config_id(text: str) -> str | None:
    """The id, in lower case, if the text is a UUID and nothing else."""
    if len(text) == 36:
        try:
            return str(uuid.UUID(text)) if str(uuid.UUID(text)) == text.lower() else None
        except ValueError:
            return None
    return None


class MultipartMime(ConfigType):
    """A part whose content is a UUID is the content of that config, of this stack or another of the project; where
    there is no such config it is the text itself (Heat's rule). The message is the same in every attempt."""

    type_name = "OS::Heat::MultipartMime"
    description = "Several configs in one MIME message."
    support_status = SupportStatus(version="2014.1")
    rules = (Rule(needs=("parts",), apply=headers_on_one_line, at="parts"),)

    class Properties(ResourceProperties):
        group: Group = UNGROUPED
        parts: Annotated[list[MessagePart], Field(description="The parts, in their order.")] = NO_PARTS

    def reads(self, properties: Any) -> Sequence[str]:
        return [found for part in properties.parts if (found := config_id(part.config))]

    def create(self, context: Context) -> Done:
        """PermanentError: a part's config is no text."""
        given = context.properties
        parts: list[Part] = []
        for index, one in enumerate(given.parts):
            text = content(one.config, index, context)
            if one.type == TEXT:
                parts.append(Part(text, one.subtype or "", one.filename or ""))
                continue
            try:
                parts += parts_of(text)
            except ValueError as error:
                raise PermanentError(f"parts[{index}]: {error}") from None
        message = message_of(parts, token=uuid_of(context.key).replace("-", ""))
        return stored_config(context, message, group=given.group)


def content(config: str, index: int, context: Context) -> str:
    """What a part says: the content of the config it names, or itself."""
    other = context.others.get(config_id(config) or "")
    if other is None:
        return config
    found = other.get("config")
    if found is None:
        return ""
    if not isinstance(found, str):
        raise PermanentError(
            f"parts[{index}]: the config {config} is a map, not a text; a message takes those of SoftwareConfig, "
            "CloudConfig and MultipartMime"
        )
    return found
