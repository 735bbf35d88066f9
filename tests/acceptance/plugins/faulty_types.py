"""Resource types with faults of their own, loaded by the acceptance tests' server: what does a person see then?"""

from collections.abc import Mapping
from typing import Any, NoReturn

from firebrick.resources.base import Context, Done, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError, TransientError
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


class TalkativeProvider(ResourceType):
    """Its provider quotes what it was sent when it says no. when: create, retry (not now), delete, attribute."""

    type_name = "Test::Faulty::Talkative"
    attributes = {"answer": "What the provider said last."}

    class Properties(ResourceProperties):
        word: str = ""
        when: str = "create"

    def create(self, context: Context) -> Done:
        word, when = context.properties.word, context.properties.when
        if when == "create":
            raise PermanentError(f"401 Unauthorized: the password {word!r} is wrong")
        if when == "retry":
            raise TransientError(f"503: cannot store {word} now", delay=3600)
        return Done(physical_id=context.physical_name, attributes={"answer": word}, data={"when": when})

    def delete(self, context: Context) -> Done:
        if context.properties.when == "delete":
            raise PermanentError(f"403 Forbidden: {context.properties.word} may not delete")
        return Done()

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> Any:
        if context.data["when"] == "attribute":
            raise RuntimeError(f"the plug-in's fault, with {stored[name]}")
        return stored.get(name)


RESOURCE_TYPES = [FaultySchema, FaultyHandler, TalkativeProvider]
