"""Resource types with faults of their own, loaded by the acceptance tests' server: what does a person see then?"""

from collections.abc import Mapping
from typing import Any, NoReturn

from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType
from firebrick.resources.vocabulary import Rule


def _broken_rule(values: Mapping[str, Any]) -> NoReturn:
    raise RuntimeError(f"the plug-in's fault, with {values['word']}")


class FaultySchema(ResourceType):
    """Its check of properties has a bug."""

    type_name = "Test::Faulty::Schema"
    rules = (Rule(needs=("word",), apply=_broken_rule),)

    class Properties(ResourceProperties):
        word: str = ""

    def create(self, context: Context) -> Done:
        return Done(physical_id=context.physical_name)

    def delete(self, context: Context) -> Done:
        return Done()


class FaultyHandler(ResourceType):
    """Its create has a bug."""

    type_name = "Test::Faulty::Handler"

    class Properties(ResourceProperties):
        word: str = ""

    def create(self, context: Context) -> Done:
        words: dict[str, str] = {}
        return Done(physical_id=words[context.properties.word])

    def delete(self, context: Context) -> Done:
        return Done()


RESOURCE_TYPES = [FaultySchema, FaultyHandler]
