"""Functions that are names only: removed from the language, or not built yet. Using one is an error, never data."""

from typing import Any, ClassVar

from firebrick.template.functions.base import Misuse, Scope


class Absent:
    """One name that cannot be used."""

    name: ClassVar[str]

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        raise NotImplementedError


def removed(name: str, instead: str) -> type[Absent]:
    """A function of older versions. Heat refuses it as well."""

    class Removed(Absent):
        @classmethod
        def build(cls, raw: Any, scope: Scope) -> Any:
            raise Misuse(
                f"the function {name} does not exist any more in this version of the language",
                heat=f"The template version is invalid: The function {name} is not supported in this version of HOT.",
                detail=f"Use {instead}." if instead else "There is nothing in its place.",
                code="unknown-function",
            )

    Removed.name = name
    return Removed


def not_built(name: str) -> type[Absent]:
    """A function of the language that Firebrick does not have yet."""

    class NotBuilt(Absent):
        @classmethod
        def build(cls, raw: Any, scope: Scope) -> Any:
            raise Misuse(
                f"the function {name} is not supported yet",
                detail="Write the value out, or make it a parameter.",
                code="function-not-supported",
            )

    NotBuilt.name = name
    return NotBuilt
