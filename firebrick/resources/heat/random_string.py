"""OS::Heat::RandomString: a secret that is drawn once and stays."""

import secrets
import string
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType, SupportStatus
from firebrick.resources.vocabulary import HIDDEN, OneOf, Range, Rule

CLASSES = {
    "lettersdigits": string.ascii_letters + string.digits,
    "letters": string.ascii_letters,
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "digits": string.digits,
    "hexdigits": string.digits + "ABCDEF",
    "octdigits": string.octdigits,
}
Minimum = Annotated[int, Range(1, 512), Field(description="How many of these characters there must be, at least.")]


class CharacterClass(ResourceProperties):
    class_: Annotated[
        str, OneOf(*CLASSES), Field(alias="class", description="Characters to take, by the name of their class.")
    ] = "lettersdigits"
    min: Minimum = 1


class CharacterSequence(ResourceProperties):
    sequence: Annotated[str, Field(description="Characters to take, one after the other.")]
    min: Minimum = 1


DEFAULT_CLASSES = [CharacterClass()]


def sources(given: Mapping[str, Any]) -> list[tuple[str, int]]:
    """(characters, how many of them at least) of all classes and sequences of the given properties.

    The old property `sequence` is one more class; the default class counts where neither is given.
    """
    classes = given.get("character_classes")
    if classes is None:
        classes = [] if given.get("sequence") else [one.model_dump(by_alias=True) for one in DEFAULT_CLASSES]
    if given.get("sequence"):
        classes = [*classes, {"class": given["sequence"]}]
    found = [(CLASSES[one.get("class", "lettersdigits")], one.get("min", 1)) for one in classes]
    found += [(one["sequence"], one.get("min", 1)) for one in given.get("character_sequences") or ()]
    return found


def enough_room(given: Mapping[str, Any]) -> None:
    found = sources(given)
    if any(not characters for characters, _ in found) or not found:
        raise ValueError("There are no characters to choose from")
    if sum(minimum for _, minimum in found) > given.get("length", 32):
        raise ValueError(
            "Length property cannot be smaller than combined character class and character sequence minimums"
        )


def draw(length: int, wanted: list[tuple[str, int]]) -> str:
    """A random text: at least so many of each source, the rest from all of them, in random order."""
    system = secrets.SystemRandom()
    characters = [secrets.choice(source) for source, minimum in wanted for _ in range(minimum)]
    union = "".join(dict.fromkeys("".join(source for source, _ in wanted)))
    characters += system.choices(union, k=max(0, length - len(characters)))
    system.shuffle(characters)
    return "".join(characters)


class RandomString(ResourceType):
    """The string is its reference id and its attribute; it lives in the resource's data. A create whose answer was
    lost may draw again: nothing outside has seen the first one."""

    type_name = "OS::Heat::RandomString"
    description = "A random text that is drawn once."
    support_status = SupportStatus(version="2014.1")
    attributes = {"value": "The text. A reference to the resource gives it too."}
    attribute_kinds = {"value": "string"}
    secret_attributes = frozenset({"value"})
    instant = True
    inline = True
    idempotent_create = True
    rules = (Rule(needs=("length", "sequence", "character_classes", "character_sequences"), apply=enough_room),)

    class Properties(ResourceProperties):
        length: Annotated[int, Range(1, 512), Field(description="Number of characters.")] = 32
        sequence: Annotated[str | None, OneOf(*CLASSES), HIDDEN] = None
        character_classes: Annotated[
            list[CharacterClass], Field(description="Classes of characters to take, and how many of each at least.")
        ] = DEFAULT_CLASSES
        character_sequences: Annotated[
            list[CharacterSequence] | None,
            Field(description="Characters to take, and how many of each sequence at least."),
        ] = None
        salt: Annotated[str | None, Field(description="A change of it replaces the text; it has no other use.")] = None

    def create(self, context: Context) -> Done:
        properties = context.properties
        given = properties.model_dump(by_alias=True, exclude_unset=True)
        value = draw(properties.length, sources(given))
        return Done(
            physical_id=context.physical_name, reference_id=value, attributes={"value": value}, data={"value": value}
        )
